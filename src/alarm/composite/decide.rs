//! Whether a composite alarm's rule holds, and which alarms decided it.

use super::super::state::StateValue;
use super::rule::{CompositeRule, Node};

impl CompositeRule {
    /// OK or ALARM, and the alarms whose states suffice for that, each once, in order of appearance. `state_of` gives
    /// the state of an alarm; one that it doesn't know counts as INSUFFICIENT_DATA.
    pub fn decide<'a>(&'a self, state_of: &impl Fn(&str) -> Option<StateValue>) -> (StateValue, Vec<&'a str>) {
        let (holds, mut deciding) = self.tree.decide(state_of);
        let mut seen = std::collections::HashSet::new();
        deciding.retain(|name| seen.insert(*name));
        (if holds { StateValue::Alarm } else { StateValue::Ok }, deciding)
    }
}

impl Node {
    fn decide<'a>(&'a self, state_of: &impl Fn(&str) -> Option<StateValue>) -> (bool, Vec<&'a str>) {
        let state = |name: &str| state_of(name).unwrap_or(StateValue::InsufficientData);
        match self {
            Node::Constant(value) => (*value, Vec::new()),
            Node::Is(wanted, name) => (state(name) == *wanted, vec![name]),
            Node::Not(part) => {
                let (holds, deciding) = part.decide(state_of);
                (!holds, deciding)
            }
            Node::All(parts) => decide_parts(parts, state_of, false),
            Node::Any(parts) => decide_parts(parts, state_of, true),
            Node::AtLeast { least, negated, state: wanted, names } => {
                let (fit, unfit): (Vec<&str>, Vec<&str>) =
                    names.iter().map(String::as_str).partition(|name| (state(name) == *wanted) != *negated);
                let holds = fit.len() >= least.of(names.len());
                (holds, if holds { fit } else { unfit })
            }
        }
    }
}

/// Parts of which one with the value `decisive` decides; without one all of them do.
fn decide_parts<'a>(
    parts: &'a [Node],
    state_of: &impl Fn(&str) -> Option<StateValue>,
    decisive: bool,
) -> (bool, Vec<&'a str>) {
    let decided: Vec<_> = parts.iter().map(|part| part.decide(state_of)).collect();
    let holds = decided.iter().any(|(holds, _)| *holds == decisive) == decisive;
    let deciding = decided.into_iter().filter(|part| part.0 == holds).flat_map(|part| part.1);
    (holds, deciding.collect())
}
