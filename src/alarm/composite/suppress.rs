//! One alarm that holds back what a composite alarm would send.
//!
//! Source: CloudWatch User Guide, *Composite alarm action suppression*. A change of state waits for the suppressor to
//! go to ALARM, for at most the wait period. While the suppressor is in ALARM, and for the extension period after that,
//! nothing is sent. Then the state of that moment is told if it isn't the one that was told last.

use serde::{Deserialize, Serialize};

use super::super::state::StateValue;

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

/// What is remembered of a composite alarm's suppression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// What holds actions back now.
    pub by: Option<SuppressedBy>,
    /// The state that was told last.
    told: StateValue,
    /// When the change happened that is still to be told, seconds since 1970.
    owed_since: Option<i64>,
    /// Whether that change has met the suppressor, so that the wait is over.
    has_met: bool,
    /// Whether the suppressor was in ALARM.
    was_alarm: bool,
    /// When it left ALARM.
    left_at: Option<i64>,
}

impl Default for Suppression {
    /// Of an alarm that was just made.
    fn default() -> Self {
        Suppression {
            by: None,
            told: StateValue::InsufficientData,
            owed_since: None,
            has_met: false,
            was_alarm: false,
            left_at: None,
        }
    }
}

impl Suppression {
    /// What happens at a time (seconds since 1970) in a state. `has_changed`: it was entered just now;
    /// `suppressor_is_alarm`: the suppressor is in ALARM. The answer is whether actions run now.
    pub fn step(
        &mut self,
        suppressor: &Suppressor,
        now: i64,
        state: StateValue,
        has_changed: bool,
        suppressor_is_alarm: bool,
    ) -> bool {
        if suppressor_is_alarm {
            self.left_at = None;
        } else if self.was_alarm {
            self.left_at = Some(now);
        }
        self.was_alarm = suppressor_is_alarm;
        if has_changed {
            self.owed_since = Some(now);
            self.has_met = false;
        }
        let Some(since) = self.owed_since else {
            self.by = None;
            return false;
        };
        let lasts = |from: i64, seconds: u32| now < from + i64::from(seconds);
        self.by = if suppressor_is_alarm {
            Some(SuppressedBy::Alarm)
        } else if self.left_at.is_some_and(|left| lasts(left, suppressor.extension_seconds)) {
            Some(SuppressedBy::ExtensionPeriod)
        } else if !self.has_met && lasts(since, suppressor.wait_seconds) {
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
                self.owed_since = None;
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
