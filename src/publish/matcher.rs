//! Which notices a route accepts.

use std::collections::BTreeMap;

use crate::alarm::{Notice, Severity, StateValue, Subject};
use crate::domain::Pattern;

/// Which notices a route accepts. A list that isn't given accepts all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// Patterns of keys: ARN, id or alias; one key that matches is enough.
    pub keys: Option<Vec<Pattern>>,
    /// Patterns of accounts; one account that matches is enough.
    pub accounts: Option<Vec<Pattern>>,
    /// Patterns of tags' values by the tag's name; all have to match.
    pub tags: BTreeMap<String, Pattern>,
    /// Severities.
    pub severities: Option<Vec<Severity>>,
    /// New states.
    pub states: Vec<StateValue>,
    /// Whether it carries reports that name no route.
    pub reports: bool,
}

impl Default for Matcher {
    /// Every alarm and its end; no reports.
    fn default() -> Self {
        Matcher {
            keys: None,
            accounts: None,
            tags: BTreeMap::new(),
            severities: None,
            states: vec![StateValue::Alarm, StateValue::Ok],
            reports: false,
        }
    }
}

impl Matcher {
    /// Whether the route carries this.
    pub fn accepts(&self, notice: &Notice) -> bool {
        let state = match &notice.subject {
            Subject::Report(_) => return self.reports,
            Subject::Test { .. } => return true,
            Subject::StateChange(change) => change.new_state,
        };
        let any = |patterns: &Option<Vec<Pattern>>, names: &[&str]| {
            let matches = |pattern: &Pattern| names.iter().any(|name| pattern.matches(name));
            patterns.as_ref().is_none_or(|patterns| patterns.iter().any(matches))
        };
        let accounts: Vec<&str> = notice.accounts.iter().map(String::as_str).collect();
        self.states.contains(&state)
            && self.severities.as_ref().is_none_or(|severities| severities.contains(&notice.severity))
            && self.tags.iter().all(|(tag, pattern)| notice.tags.get(tag).is_some_and(|value| pattern.matches(value)))
            && any(&self.accounts, &accounts)
            && any(&self.keys, &names_of_keys(notice))
    }
}

/// ARNs, ids and aliases of the keys.
fn names_of_keys(notice: &Notice) -> Vec<&str> {
    let arns = notice.keys.iter().map(String::as_str);
    let ids = notice.keys.iter().filter_map(|arn| arn.split_once(":key/")).map(|(_, id)| id);
    arns.chain(ids).chain(notice.aliases.iter().map(String::as_str)).collect()
}
