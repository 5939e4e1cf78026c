//! An alarm's state and how much it matters.

use std::fmt;

use serde::{Deserialize, Serialize};

/// CloudWatch's states of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StateValue {
    /// Nothing is wrong.
    Ok,
    /// The condition holds.
    Alarm,
    /// Too little is known.
    InsufficientData,
}

impl StateValue {
    /// CloudWatch's name.
    pub const fn name(self) -> &'static str {
        match self {
            StateValue::Ok => "OK",
            StateValue::Alarm => "ALARM",
            StateValue::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

impl fmt::Display for StateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How much an alarm matters, in PagerDuty's words.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For the record.
    Info,
    /// To be looked at in working hours.
    Warning,
    /// To be looked at today.
    Error,
    /// To wake someone.
    #[default]
    Critical,
}

impl Severity {
    /// The name as written in settings and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Critical => "critical",
        }
    }
}
