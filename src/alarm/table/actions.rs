//! What an alarm does in which state: the settings that both kinds of alarms have.

use std::collections::BTreeMap;

use toml::Spanned;

use super::Reading;
use crate::alarm::definition::{Alarm, AlarmKind};
use crate::alarm::state::Severity;

/// Characters of a description.
const DESCRIPTION_MAX: usize = 1_024;
/// Actions of a state.
const ACTIONS_MAX: usize = 5;

/// What both kinds of alarms have.
pub(super) struct Common {
    pub(super) name: Spanned<String>,
    pub(super) description: Option<Spanned<String>>,
    pub(super) severity: Severity,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) actions_enabled: bool,
    pub(super) ok_actions: Vec<Spanned<String>>,
    pub(super) alarm_actions: Vec<Spanned<String>>,
    pub(super) insufficient_data_actions: Vec<Spanned<String>>,
}

impl Common {
    /// Reads all of it but the name.
    pub(super) fn read(self, kind: AlarmKind, reading: &mut Reading) -> Alarm {
        if let Some(description) = &self.description {
            let length = description.get_ref().chars().count();
            if length > DESCRIPTION_MAX {
                let message = format!("a description has at most {DESCRIPTION_MAX} characters, not {length}");
                reading.wrong(description.span(), message);
            }
        }
        let mut actions = |state: &str, list: Vec<Spanned<String>>| -> Vec<String> {
            if let Some(surplus) = list.get(ACTIONS_MAX) {
                reading.wrong(surplus.span(), format!("{state} has at most {ACTIONS_MAX} routes"));
            }
            let routes = list.into_iter().map(|route| {
                reading.definitions.routes.push((route.get_ref().clone(), route.span()));
                route.into_inner()
            });
            routes.collect()
        };
        Alarm {
            name: self.name.into_inner(),
            description: self.description.map(Spanned::into_inner),
            severity: self.severity,
            tags: self.tags,
            actions_enabled: self.actions_enabled,
            ok_actions: actions("ok_actions", self.ok_actions),
            alarm_actions: actions("alarm_actions", self.alarm_actions),
            insufficient_data_actions: actions("insufficient_data_actions", self.insufficient_data_actions),
            kind,
        }
    }
}

pub(super) const fn yes() -> bool {
    true
}
