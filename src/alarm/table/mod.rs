//! Alarms as an operator writes them: the tables `[[alarm]]`, `[[composite_alarm]]` and `[[mute]]`.

mod actions;
mod composite;
mod condition;
mod metric;
mod mute;
mod reading;
mod time;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;

use serde::Deserialize;

pub use composite::CompositeAlarmTable;
pub use metric::AlarmTable;
pub use mute::MuteTable;
pub use reading::duration;
pub use time::TimeSetting;

use super::definition::Alarm;
use super::mute::MuteRule;
use crate::domain::SettingError;

/// The tables of one or more files.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmTables {
    /// `[[alarm]]`
    #[serde(default)]
    pub alarm: Vec<AlarmTable>,
    /// `[[composite_alarm]]`
    #[serde(default)]
    pub composite_alarm: Vec<CompositeAlarmTable>,
    /// `[[mute]]`
    #[serde(default)]
    pub mute: Vec<MuteTable>,
}

/// What the tables say.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// Metric alarms as written, then composite alarms, each after the alarms that it names.
    pub alarms: Vec<Alarm>,
    /// Windows in which nothing is sent.
    pub mutes: Vec<MuteRule>,
    /// Every name of a route, and where it stands; whether there is such a route is for others to know.
    pub routes: Vec<(String, Range<usize>)>,
    /// Every key that is named in full, and where; whether it was ever seen is for others to know.
    pub keys: Vec<(String, Range<usize>)>,
}

/// What is read so far.
#[derive(Default)]
struct Reading {
    definitions: Definitions,
    errors: Vec<SettingError>,
    /// The names that are taken.
    names: HashSet<String>,
}

impl AlarmTables {
    /// Reads the tables; every error that there is, with its place in the text.
    pub fn read(self) -> Result<Definitions, Vec<SettingError>> {
        self.read_beside(&[])
    }

    /// As [`Self::read`], where composite alarms and mute rules may also name alarms that are defined elsewhere, and
    /// none here may have their names.
    pub fn read_beside(self, others: &[&str]) -> Result<Definitions, Vec<SettingError>> {
        let mut reading = Reading::default();
        reading.names.extend(others.iter().map(|name| (*name).to_owned()));
        for table in self.alarm {
            metric::read(table, &mut reading);
        }
        composite::read_all(self.composite_alarm, &mut reading);
        let mut names = HashSet::new();
        for table in self.mute {
            mute::read(table, &mut names, &mut reading);
        }
        reading.errors.sort_by_key(|error| error.span.start);
        if reading.errors.is_empty() { Ok(reading.definitions) } else { Err(reading.errors) }
    }
}

impl Reading {
    /// Notes an error.
    fn wrong(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.errors.push(SettingError::at(span, message));
    }
}
