//! The states of configured alarms, for those who ask.

use std::collections::BTreeMap;

use super::error::WatchError;
use super::memories::memories;
use crate::alarm::{AlarmMemory, StateValue};
use crate::store::Store;

/// An alarm's state as it is remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmState {
    /// The alarm.
    pub name: String,
    /// Its state.
    pub state: StateValue,
    /// Why.
    pub reason: String,
    /// Since when, seconds since 1970.
    pub since: i64,
    /// Its series in ALARM, each by what tells it from others.
    pub contributors: Vec<BTreeMap<String, String>>,
}

impl AlarmState {
    fn of(name: &str, memory: &AlarmMemory) -> Self {
        let in_alarm = memory.contributors.values().filter(|contributor| contributor.state == StateValue::Alarm);
        AlarmState {
            name: name.to_owned(),
            state: memory.state,
            reason: memory.reason.clone(),
            since: memory.since,
            contributors: in_alarm.map(|contributor| contributor.attributes.clone()).collect(),
        }
    }
}

/// The states of configured alarms, as far as they were ever judged.
pub fn states(store: &Store) -> Result<Vec<AlarmState>, WatchError> {
    Ok(memories(store)?.iter().map(|(name, memory)| AlarmState::of(name, memory)).collect())
}
