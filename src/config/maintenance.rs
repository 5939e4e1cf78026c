//! Maintenance ranges as people write them.

use chrono_tz::Tz;
use serde::Deserialize;
use toml::Spanned;

use super::settings::Maintenance;
use crate::alarm::TimeSetting;
use crate::domain::SettingError;

/// `[[maintenance]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct MaintenanceTable {
    start: Spanned<TimeSetting>,
    end: Spanned<TimeSetting>,
    reason: Option<String>,
}

impl MaintenanceTable {
    /// The range, with times without a zone in `zone`.
    pub(super) fn check(self, zone: Tz, errors: &mut Vec<SettingError>) -> Option<Maintenance> {
        let mut second = |written: &Spanned<TimeSetting>| {
            let read = written.get_ref().second(zone);
            read.map_err(|message| errors.push(SettingError::at(written.span(), message))).ok()
        };
        let (start, end) = (second(&self.start), second(&self.end));
        let (start, end) = (start?, end?);
        if end <= start {
            errors.push(SettingError::at(self.end.span(), "the end is not after the start"));
            return None;
        }
        Some(Maintenance { start, end, reason: self.reason })
    }
}
