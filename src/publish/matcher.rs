//! Which notices a route accepts.

use std::collections::BTreeMap;

use crate::alarm::{Notice, Severity, StateValue, Subject};

/// Which notices a route accepts. A list that isn't given accepts all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// Patterns of keys: ARN, id or alias; one key that matches is enough.
    pub keys: Option<Vec<String>>,
    /// Patterns of accounts; one account that matches is enough.
    pub accounts: Option<Vec<String>>,
    /// Patterns of tags' values by the tag's name; all have to match.
    pub tags: BTreeMap<String, String>,
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
        let any = |patterns: &Option<Vec<String>>, names: &[&str]| {
            let matches = |pattern: &String| names.iter().any(|name| like(pattern, name));
            patterns.as_ref().is_none_or(|patterns| patterns.iter().any(matches))
        };
        let accounts: Vec<&str> = notice.accounts.iter().map(String::as_str).collect();
        self.states.contains(&state)
            && self.severities.as_ref().is_none_or(|severities| severities.contains(&notice.severity))
            && self.tags.iter().all(|(tag, pattern)| notice.tags.get(tag).is_some_and(|value| like(pattern, value)))
            && any(&self.accounts, &accounts)
            && any(&self.keys, &names_of_keys(notice))
    }
}

/// ARNs, ids and aliases of the keys.
fn names_of_keys(notice: &Notice) -> Vec<&str> {
    let arns = notice.keys.iter().map(String::as_str);
    let ids = notice.keys.iter().filter_map(|arn| arn.split_once(":key/")).map(|(_, id)| id);
    let incident = match &notice.subject {
        Subject::StateChange(change) => change.incident.as_ref(),
        _ => None,
    };
    let aliases =
        incident.into_iter().flat_map(|incident| &incident.series).filter_map(|series| series.alias.as_deref());
    arns.chain(ids).chain(aliases).collect()
}

/// Whether a text matches a pattern, in which each `*` stands for any characters.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    // Never empty: splitting gives at least one part.
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("*", "", true),
            ("*", "anything", true),
            ("prod", "prod", true),
            ("prod", "production", false),
            ("prod*", "production", true),
            ("*:111122223333:*", "arn:aws:kms:us-east-1:111122223333:key/a", true),
            ("arn:*:key/mrk-*", "arn:aws:kms:us-east-1:111122223333:key/mrk-1", true),
            ("arn:*:key/mrk-*", "arn:aws:kms:us-east-1:111122223333:key/1", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab", "aab", true),
            ("a*b*c", "a-c-b", false),
            ("ä*", "ä", true),
        ] {
            assert_eq!(like(pattern, text), matches, "{pattern} and {text}");
        }
    }
}
