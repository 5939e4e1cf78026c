//! One alarm that holds back what a composite alarm would send.
//!
//! Source: CloudWatch User Guide, *Composite alarm action suppression*. A change of state waits for the suppressor to
//! go to ALARM, for at most the wait period. While the suppressor is in ALARM, and for the extension period after that,
//! nothing is sent. Then the state of that moment is told if it isn't the one that was told last.
//!
//! Periods pass in the counts' own time, so that it doesn't matter how many minutes are judged at once, nor how long
//! after each other counts come. Once they are overdue periods pass by the clock.

use serde::{Deserialize, Serialize};

use super::super::state::StateValue;

/// Counts that fell back by so much more behind the clock are overdue: log files come every five minutes, some of them
/// ten minutes later than others.
const OVERDUE_SECONDS: i64 = 15 * 60;

/// The alarm that holds actions back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressor {
    /// Its name.
    pub alarm: String,
    /// Seconds that a change waits for it.
    pub wait_seconds: u32,
    /// Seconds that actions are held after it left ALARM.
    pub extension_seconds: u32,
}

/// What holds actions back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SuppressedBy {
    /// The suppressor may still go to ALARM.
    WaitPeriod,
    /// The suppressor is in ALARM.
    Alarm,
    /// The suppressor left ALARM a short while ago.
    ExtensionPeriod,
}

/// A moment, by both times in which periods pass; seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passing {
    /// By the clock.
    pub now: i64,
    /// Up to when counts are judged.
    pub as_of: i64,
    /// Whether a minute of counts is being judged, rather than that time has passed without any.
    pub judges: bool,
}

impl Passing {
    /// Whether a period that began at a time (by the clock, and as of which counts) still lasts.
    fn within(self, now: i64, as_of: Option<i64>, seconds: u32) -> bool {
        let by_clock = self.now - now;
        let by_counts = as_of.map(|as_of| self.as_of - as_of);
        let passed = by_counts.filter(|passed| self.judges || by_clock - passed <= OVERDUE_SECONDS);
        passed.unwrap_or(by_clock) < i64::from(seconds)
    }
}

/// What is remembered of a composite alarm's suppression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// What holds actions back now.
    pub by: Option<SuppressedBy>,
    /// The state that was told last.
    told: StateValue,
    /// When the change happened that is still to be told, seconds since 1970.
    owed_since: Option<i64>,
    /// As of which counts.
    #[serde(default)]
    owed_as_of: Option<i64>,
    /// Whether that change has met the suppressor, so that the wait is over.
    has_met: bool,
    /// Whether the suppressor was in ALARM.
    was_alarm: bool,
    /// When it left ALARM.
    left_at: Option<i64>,
    /// As of which counts.
    #[serde(default)]
    left_as_of: Option<i64>,
}

impl Default for Suppression {
    /// Of an alarm that was just made.
    fn default() -> Self {
        Suppression {
            by: None,
            told: StateValue::InsufficientData,
            owed_since: None,
            owed_as_of: None,
            has_met: false,
            was_alarm: false,
            left_at: None,
            left_as_of: None,
        }
    }
}

impl Suppression {
    /// What happens at a time in a state. `has_changed`: it was entered just now; `suppressor_is_alarm`: the suppressor
    /// is in ALARM. The answer is whether actions run now.
    pub fn step(
        &mut self,
        suppressor: &Suppressor,
        at: Passing,
        state: StateValue,
        has_changed: bool,
        suppressor_is_alarm: bool,
    ) -> bool {
        if suppressor_is_alarm {
            (self.left_at, self.left_as_of) = (None, None);
        } else if self.was_alarm {
            (self.left_at, self.left_as_of) = (Some(at.now), Some(at.as_of));
        }
        self.was_alarm = suppressor_is_alarm;
        if has_changed {
            (self.owed_since, self.owed_as_of) = (Some(at.now), Some(at.as_of));
            self.has_met = false;
        }
        let Some(since) = self.owed_since else {
            self.by = None;
            return false;
        };
        let is_extended = |left: i64| at.within(left, self.left_as_of, suppressor.extension_seconds);
        let waits = at.within(since, self.owed_as_of, suppressor.wait_seconds);
        self.by = if suppressor_is_alarm {
            Some(SuppressedBy::Alarm)
        } else if self.left_at.is_some_and(is_extended) {
            Some(SuppressedBy::ExtensionPeriod)
        } else if !self.has_met && waits {
            Some(SuppressedBy::WaitPeriod)
        } else {
            None
        };
        match self.by {
            Some(by) => {
                self.has_met |= by != SuppressedBy::WaitPeriod;
                false
            }
            None => {
                (self.owed_since, self.owed_as_of) = (None, None);
                std::mem::replace(&mut self.told, state) != state
            }
        }
    }

    /// The state that was told last.
    pub(in super::super) const fn told(&self) -> StateValue {
        self.told
    }

    /// The alarm has no suppressor: every change is told at once.
    pub(in super::super) fn is_told(&mut self, state: StateValue) {
        *self = Suppression { told: state, ..Suppression::default() };
    }
}
