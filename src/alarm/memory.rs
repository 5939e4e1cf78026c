//! What is remembered of an alarm from one evaluation to the next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::composite::Suppression;
use super::past::Past;
use super::reason::UNCHECKED;
use super::state::StateValue;
use super::tell::episode_key;

/// What is remembered of an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmMemory {
    /// Its state.
    pub state: StateValue,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// CloudWatch's StateReasonData; null before the first evaluation.
    pub reason_data: Value,
    /// Since when, seconds since 1970: CloudWatch's StateTransitionedTimestamp.
    pub since: i64,
    /// What was never told, or is to be told later.
    pub owed: Owing,
    /// Of an alarm on several series those in ALARM, by [`super::contributor_id`]. All others are OK.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contributors: BTreeMap<String, ContributorMemory>,
    /// Of a composite alarm what holds its actions back.
    #[serde(default)]
    pub suppression: Suppression,
    /// Of a composite alarm the alarms that decided its state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggering: Vec<String>,
    /// Its states by the time that they are about, for as long as they may be judged again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<Past>,
}

/// What is remembered of one series of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContributorMemory {
    /// What it is: `KeyArn`, `Operation` …
    pub attributes: BTreeMap<String, String>,
    /// Its state. One that is OK is kept only while it owes a message.
    pub state: StateValue,
    /// Why.
    pub reason: String,
    /// Since when, seconds since 1970.
    pub since: i64,
    /// What was never told, or is to be told later.
    pub owed: Owing,
}

/// The messages of an alarm, or of one series of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Owing {
    /// When the episode began that was not told to be over, seconds since 1970: when the alarm left OK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode: Option<i64>,
    /// The states that messages about this episode announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<StateValue>,
    /// A change that a mute window holds back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// The state before a change that was made in this step.
    #[serde(skip)]
    pub(super) entered_from: Option<StateValue>,
}

/// A change of state that is not told yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The state that was told last.
    pub old_state: StateValue,
    /// The mute rule.
    pub rule: String,
    /// Its window, seconds since 1970.
    pub window_start: i64,
    /// See `window_start`.
    pub window_end: i64,
}

impl AlarmMemory {
    /// Of an alarm that is made at a time, seconds since 1970: INSUFFICIENT_DATA, never evaluated.
    pub fn new(at: i64) -> Self {
        AlarmMemory {
            state: StateValue::InsufficientData,
            reason: UNCHECKED.to_owned(),
            reason_data: Value::Null,
            since: at,
            owed: Owing::default(),
            contributors: BTreeMap::new(),
            suppression: Suppression::default(),
            triggering: Vec::new(),
            past: None,
        }
    }

    /// The deduplication keys of the episodes of an alarm of this name that were not told to be over.
    pub fn open_episodes(&self, name: &str) -> impl Iterator<Item = String> {
        let series = self.contributors.iter().map(|(id, contributor)| (Some(id.as_str()), &contributor.owed));
        let all = std::iter::once((None, &self.owed)).chain(series);
        all.filter_map(move |(id, owing)| Some(episode_key(name, id, owing.episode?)))
    }
}

/// An entry of an alarm's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryItem {
    /// When, seconds since 1970.
    pub at: i64,
    /// What kind.
    pub kind: HistoryKind,
    /// `Alarm updated from OK to ALARM`.
    pub summary: String,
    /// CloudWatch's HistoryData.
    pub data: Value,
}

/// CloudWatch's HistoryItemType.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HistoryKind {
    /// Its state changed.
    StateUpdate,
    /// The state of one series of several changed.
    AlarmContributorStateUpdate,
    /// Counts that came late changed what the states had been. CloudWatch has no such entry.
    StateRevision,
}

impl HistoryKind {
    /// CloudWatch's name.
    pub const fn name(self) -> &'static str {
        match self {
            HistoryKind::StateUpdate => "StateUpdate",
            HistoryKind::AlarmContributorStateUpdate => "AlarmContributorStateUpdate",
            HistoryKind::StateRevision => "StateRevision",
        }
    }
}
