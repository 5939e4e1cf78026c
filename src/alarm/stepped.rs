//! When and where an evaluation of an alarm is, and what it brings.

use serde::{Deserialize, Serialize};

use super::memory::HistoryItem;
use super::mute::MuteRule;
use super::notice::{Contributor, Notice, Subject};
use super::state::StateValue;

/// When and where an alarm is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Now, seconds since 1970.
    pub now: i64,
    /// Up to when counts are known and judged, seconds since 1970: where the newest period ends.
    pub as_of: i64,
    /// All mute rules.
    pub mutes: &'a [MuteRule],
    /// The account that alarms are said to be in.
    pub account: &'a str,
    /// The Region that alarms are said to be in.
    pub region: &'a str,
    /// When the alarm's definition last changed, seconds since 1970.
    pub configured_at: i64,
}

/// What an evaluation brought. Empty if nothing changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stepped {
    /// Whether the memory is another one, and has to be kept.
    pub has_changed: bool,
    /// What goes into the history.
    pub history: Vec<HistoryItem>,
    /// What is to be told.
    pub owed: Vec<Owed>,
}

/// A message that is owed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Owed {
    /// What is to be told, without an incident, and without what the store must be asked for: aliases, callers.
    pub notice: Notice,
    /// Of an alarm on several series the one that it is about.
    pub contributor: Option<Contributor>,
    /// The mute window that held it back: rule, start and end in seconds since 1970.
    pub muted: Option<(String, i64, i64)>,
}

impl Owed {
    pub(super) fn set_children(&mut self, children: impl Iterator<Item = (String, StateValue, i64)>) {
        if let Subject::StateChange(change) = &mut self.notice.subject {
            change.triggering_children = children.collect();
        }
    }
}
