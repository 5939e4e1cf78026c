//! Maintenance ranges as people write them.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;
use toml::value::Datetime;

use super::settings::Maintenance;
use crate::domain::{SettingError, local_time};

/// `[[maintenance]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct MaintenanceTable {
    start: Spanned<Moment>,
    end: Spanned<Moment>,
    reason: Option<String>,
}

impl MaintenanceTable {
    /// The range, with times without a zone in `zone`.
    pub(super) fn check(self, zone: Tz, errors: &mut Vec<SettingError>) -> Option<Maintenance> {
        let mut moment = |written: &Spanned<Moment>| {
            let second = written.get_ref().second(zone);
            if second.is_none() {
                let text = &written.get_ref().0;
                let message =
                    format!("`{text}` is no time; write 2026-11-01, 2026-11-01 09:30 or 2026-11-01T09:30:00Z");
                errors.push(SettingError::at(written.span(), message));
            }
            second
        };
        let (start, end) = (moment(&self.start), moment(&self.end));
        let (start, end) = (start?, end?);
        if end <= start {
            errors.push(SettingError::at(self.end.span(), "the end is not after the start"));
            return None;
        }
        Some(Maintenance { start, end, reason: self.reason })
    }
}

/// A time, as text or as TOML's own.
#[derive(Debug)]
struct Moment(String);

impl Moment {
    fn second(&self, zone: Tz) -> Option<i64> {
        let text = self.0.trim();
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Some(instant.timestamp());
        }
        let formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
        let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
        let midnight = || Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN));
        local.or_else(midnight).map(|local| local_time(local, zone).timestamp())
    }
}

impl<'d> Deserialize<'d> for Moment {
    fn deserialize<D: Deserializer<'d>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MomentVisitor)
    }
}

struct MomentVisitor;

impl<'d> Visitor<'d> for MomentVisitor {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time")
    }

    fn visit_str<E>(self, text: &str) -> Result<Moment, E> {
        Ok(Moment(text.to_owned()))
    }

    // TOML's own times come as a map with one entry.
    fn visit_map<A: MapAccess<'d>>(self, map: A) -> Result<Moment, A::Error> {
        Datetime::deserialize(MapAccessDeserializer::new(map)).map(|time| Moment(time.to_string()))
    }
}
