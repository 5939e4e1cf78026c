//! Times in tables.

use std::fmt;

use chrono_tz::Tz;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::value::Datetime;

use crate::domain::WrittenTime;

/// A time in a table: a text, or TOML's own.
#[derive(Clone, Debug)]
pub struct TimeSetting(String);

impl TimeSetting {
    /// Seconds since 1970, in a time zone if the time has none of its own.
    pub fn second(&self, zone: Tz) -> Result<i64, String> {
        self.0.parse::<WrittenTime>().map(|written| written.in_zone(zone).timestamp())
    }
}

impl<'d> Deserialize<'d> for TimeSetting {
    fn deserialize<D: Deserializer<'d>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl<'d> Visitor<'d> for TimeVisitor {
    type Value = TimeSetting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time")
    }

    fn visit_str<E>(self, text: &str) -> Result<TimeSetting, E> {
        Ok(TimeSetting(text.to_owned()))
    }

    // TOML's own times come as a map with one entry.
    fn visit_map<A: MapAccess<'d>>(self, map: A) -> Result<TimeSetting, A::Error> {
        Datetime::deserialize(MapAccessDeserializer::new(map)).map(|time| TimeSetting(time.to_string()))
    }
}
