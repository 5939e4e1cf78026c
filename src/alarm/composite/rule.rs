//! The tree of a composite alarm's rule.

use super::super::state::StateValue;

/// A rule as written and as understood.
#[derive(Clone, Debug, PartialEq)]
pub struct CompositeRule {
    /// As written.
    pub text: String,
    /// As understood.
    pub tree: Node,
}

/// A part of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `TRUE` or `FALSE`.
    Constant(bool),
    /// An alarm is in a state: `ALARM(name)`.
    Is(StateValue, String),
    /// `NOT …`
    Not(Box<Node>),
    /// `… AND …`, two or more.
    All(Vec<Node>),
    /// `… OR …`, two or more.
    Any(Vec<Node>),
    /// `AT_LEAST(2, ALARM, (a, b, c))`
    AtLeast {
        /// How many.
        least: Least,
        /// Whether they must be in another state.
        negated: bool,
        /// The state.
        state: StateValue,
        /// The alarms.
        names: Vec<String>,
    },
}

/// How many of the alarms of an AT_LEAST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// So many.
    Count(u32),
    /// So many of a hundred.
    Percent(u32),
}

impl Least {
    /// How many of a number of alarms that is: a part counts as a whole one.
    pub fn of(self, alarms: usize) -> usize {
        match self {
            Least::Count(count) => count as usize,
            Least::Percent(percent) => (alarms * percent as usize).div_ceil(100),
        }
    }
}

impl CompositeRule {
    /// The alarms that it names, each once, in order of appearance.
    pub fn children(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.tree.visit(&mut |node| match node {
            Node::Is(_, name) => names.push(name.as_str()),
            Node::AtLeast { names: several, .. } => names.extend(several.iter().map(String::as_str)),
            _ => {}
        });
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }

    /// How many operators, states, constants and alarms it is made of.
    pub fn elements(&self) -> usize {
        let mut count = 0;
        self.tree.visit(&mut |node| {
            count += match node {
                Node::AtLeast { names, .. } => 1 + names.len(),
                Node::All(parts) | Node::Any(parts) => parts.len() - 1,
                _ => 1,
            };
        });
        count
    }
}

impl Node {
    fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Node)) {
        see(self);
        match self {
            Node::Not(part) => part.visit(see),
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| part.visit(see)),
            Node::Constant(_) | Node::Is(..) | Node::AtLeast { .. } => {}
        }
    }
}
