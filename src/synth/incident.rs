//! Keys whose use runs away, on request.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::error::SynthError;
use super::options::{parse_duration, parse_start};
use super::population::Population;
use super::spec::Spec;

/// When an incident begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// Seconds after the trail's start.
    After(u64),
    /// A moment.
    At(DateTime<Utc>),
}

/// An incident as asked for: `runaway:KEY:START:DURATION:FACTOR`. KEY's Decrypt calls are multiplied by FACTOR, and one
/// role makes the excess, reading one bucket through S3.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentSpec {
    text: String,
    key: String,
    start: Start,
    seconds: u64,
    factor: f64,
}

impl FromStr for IncidentSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let problem = |what: &str| {
            format!("{what} in {text:?}; write runaway:KEY:START:DURATION:FACTOR, as in runaway:0:12d18h:90m:30")
        };
        let rest = text.strip_prefix("runaway:").ok_or_else(|| problem("no known kind of incident"))?;
        // KEY may be an ARN and START a moment, so colons are taken from the right.
        let (rest, factor) = rest.rsplit_once(':').ok_or_else(|| problem("no FACTOR"))?;
        let factor: f64 = factor.parse().map_err(|_| problem("FACTOR is no number"))?;
        let (rest, duration) = rest.rsplit_once(':').ok_or_else(|| problem("no DURATION"))?;
        let seconds = parse_duration(duration).map_err(|_| problem("DURATION is no length of time"))?;
        if !(factor > 1.0 && factor <= 1e6) || seconds == 0 {
            return Err(problem("FACTOR isn't between 1 and a million, or DURATION is nothing"));
        }
        let colons = rest.char_indices().rev().filter(|(_, c)| *c == ':').map(|(at, _)| at);
        for at in colons.take(4) {
            let (key, start) = (&rest[..at], &rest[at + 1..]);
            let start = parse_duration(start).map(Start::After).or_else(|_| parse_start(start).map(Start::At));
            if let (Ok(start), false) = (start, key.is_empty()) {
                return Ok(Self { text: text.to_owned(), key: key.to_owned(), start, seconds, factor });
            }
        }
        Err(problem("no KEY and START"))
    }
}

impl serde::Serialize for IncidentSpec {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// An incident in a trail.
pub(super) struct Incident {
    /// The key, as an index.
    pub key: usize,
    /// The first second.
    pub start: u32,
    /// The second after the last.
    pub end: u32,
    /// How many times the usual number of Decrypt calls there are.
    pub factor: f64,
    /// The flow of the excess, as an index.
    pub flow: usize,
    /// Calls in excess so far.
    pub excess: u64,
}

impl Incident {
    /// Finds the key and the moment that a request means.
    pub(super) fn new(
        spec: &IncidentSpec,
        population: &Population,
        (start, end): (u32, u32),
    ) -> Result<Self, SynthError> {
        let refuse = |expected: String| SynthError::Option { option: "--incident", value: spec.text.clone(), expected };
        let used = &population.keys[..population.used];
        // A number is one even if an ARN has its digits.
        let is_number = spec.key.bytes().all(|byte| byte.is_ascii_digit());
        let key = match is_number {
            true => spec.key.parse().ok().filter(|&at: &usize| at < used.len()),
            false => used.iter().position(|key| key.arn.contains(&spec.key)),
        };
        let key = key.ok_or_else(|| {
            refuse(format!(
                "no key {:?}; give a number below {} or a part of an ARN in truth/keys.csv",
                spec.key,
                used.len()
            ))
        })?;
        if used[key].spec != Spec::Symmetric {
            return Err(refuse(format!(
                "{} is no symmetric key, S3 can't use it; choose another, such as 0",
                used[key].arn
            )));
        }
        let begins = match spec.start {
            Start::After(seconds) => i64::from(start) + i64::try_from(seconds).unwrap_or(i64::MAX / 2),
            Start::At(time) => time.timestamp(),
        };
        let begins = u32::try_from(begins).ok().filter(|begins| (start..end).contains(begins));
        let begins = begins.ok_or_else(|| refuse("START lies outside the trail; give one within it".to_owned()))?;
        let length = u32::try_from(spec.seconds).unwrap_or(u32::MAX);
        let ends = begins.saturating_add(length).min(end);
        Ok(Self { key, start: begins, end: ends, factor: spec.factor, flow: usize::MAX, excess: 0 })
    }

    /// The share of a minute (seconds since 1970) that lies in the incident.
    pub(super) fn share_of_minute(&self, minute_start: u32) -> f64 {
        let (from, to) = (self.start.max(minute_start), self.end.min(minute_start + 60));
        f64::from(to.saturating_sub(from)) / 60.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_be_an_arn_and_a_start_a_moment() {
        let plain: IncidentSpec = "runaway:0:12d18h:90m:30".parse().unwrap();
        assert_eq!((plain.key.as_str(), plain.seconds, plain.factor), ("0", 5400, 30.0));
        assert_eq!(plain.start, Start::After(1_101_600));
        let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        for start in ["2026-01-17T18:00:00Z", "2026-01-17T20:00:00+02:00"] {
            let spec: IncidentSpec = format!("runaway:{arn}:{start}:90m:2.5").parse().unwrap();
            assert_eq!(spec.key, arn);
            assert_eq!(spec.start, Start::At(parse_start("2026-01-17T18:00:00Z").unwrap()));
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, what) in [
            ("outage:0:1d:1h:2", "kind of incident"),
            ("runaway:0:1d:1h:often", "FACTOR"),
            ("runaway:0:1d:long:2", "DURATION"),
            ("runaway:0:soon:1h:2", "START"),
            ("runaway:0:1d:1h:1", "FACTOR"),
        ] {
            let message = text.parse::<IncidentSpec>().expect_err(text);
            assert!(message.contains(what), "{message}");
        }
    }
}
