//! What can be asked for.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::error::SynthError;
use super::incident::IncidentSpec;
use crate::domain::{WrittenTime, unit_seconds};

/// What trail to make. The default is two weeks of four accounts at a call a second.
#[derive(Clone, Debug, Serialize)]
pub struct SynthOptions {
    /// The same seed and options give the same bytes.
    pub seed: u64,
    /// The first second; cut to its minute.
    pub start: DateTime<Utc>,
    /// How long, in seconds; rounded up to whole minutes.
    pub seconds: u64,
    /// Mean cryptographic calls to KMS a second.
    pub rate: f64,
    /// Keys that are used (a few more are being retired).
    pub keys: usize,
    /// Accounts.
    pub accounts: usize,
    /// Regions.
    pub regions: usize,
    /// Share of the calls to all services that are KMS's, above 0 and up to 1.
    pub kms_share: f64,
    /// The folders of an organization trail instead of account trails.
    pub organization: bool,
    /// Share of the objects delivered twice, and of the records repeated in another object.
    pub duplicate_share: f64,
    /// Share of the records that are delivered hours late.
    pub late_share: f64,
    /// Share of the keys' use that comes from other accounts.
    pub cross_account_share: f64,
    /// Whether keys are created, rotated, imported, tagged …
    pub lifecycle: bool,
    /// Whether there are hourly digest files. They list no log files.
    pub digests: bool,
    /// Threads that write objects; the bytes don't depend on it.
    pub threads: usize,
    /// Keys whose use runs away.
    pub incidents: Vec<IncidentSpec>,
}

impl Default for SynthOptions {
    fn default() -> Self {
        Self {
            seed: 7,
            start: DateTime::from_timestamp(1_767_571_200, 0).expect("2026-01-05 is a day"),
            seconds: 14 * 86_400,
            rate: 1.0,
            keys: 40,
            accounts: 4,
            regions: 2,
            kms_share: 0.6,
            organization: false,
            duplicate_share: 0.01,
            late_share: 0.001,
            cross_account_share: 0.08,
            lifecycle: true,
            digests: true,
            threads: 2,
            incidents: Vec::new(),
        }
    }
}

impl SynthOptions {
    /// The first minute since 1970, and the one after the last.
    pub(super) fn minutes(&self) -> Result<(u32, u32), SynthError> {
        let refuse = |option, value: String, expected: &str| {
            Err(SynthError::Option { option, value, expected: expected.to_owned() })
        };
        let start = self.start.timestamp().div_euclid(60);
        let length = self.seconds.div_ceil(60);
        if !(22_616_640..68_374_080).contains(&start) {
            return refuse("--start", self.start.to_rfc3339(), "a trail begins between 2013 and 2099");
        }
        if length == 0 || length > 10 * 366 * 1440 {
            return refuse("--duration", format!("{} s", self.seconds), "a trail lasts from a minute to ten years");
        }
        let start = u32::try_from(start).expect("checked above");
        Ok((start, start + u32::try_from(length).expect("checked above")))
    }

    /// Refuses values that make no trail.
    pub(super) fn check(&self) -> Result<(), SynthError> {
        let refuse = |option, value: String, expected: &str| {
            Err(SynthError::Option { option, value, expected: expected.to_owned() })
        };
        self.minutes()?;
        if !(self.rate > 0.0 && self.rate <= 1_000_000.0) {
            return refuse("--rate", self.rate.to_string(), "give calls a second above 0 and up to a million");
        }
        if !(1..=1_000_000).contains(&self.keys) {
            return refuse("--keys", self.keys.to_string(), "give 1 to a million keys");
        }
        if !(1..=1000).contains(&self.accounts) {
            return refuse("--accounts", self.accounts.to_string(), "give 1 to 1000 accounts");
        }
        if !(1..=super::population::REGIONS.len()).contains(&self.regions) {
            return refuse("--regions", self.regions.to_string(), "give 1 to 12 Regions");
        }
        if !(self.kms_share > 0.0 && self.kms_share <= 1.0) {
            return refuse("--kms-share", self.kms_share.to_string(), "give a share above 0 and up to 1");
        }
        let shares = [
            ("--duplicate-share", self.duplicate_share),
            ("--late-share", self.late_share),
            ("--cross-account-share", self.cross_account_share),
        ];
        for (option, share) in shares {
            if !(0.0..=0.5).contains(&share) {
                return refuse(option, share.to_string(), "give a share from 0 to 0.5");
            }
        }
        Ok(())
    }
}

/// Seconds of a length of time such as `90m`, `12d18h`, `0.5d`.
pub fn parse_duration(text: &str) -> Result<u64, String> {
    let problem = || format!("{text:?} is no length of time; write 45s, 90m, 3h, 2d or 12d18h");
    let (mut rest, mut seconds) = (text, 0.0);
    if rest.is_empty() {
        return Err(problem());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(problem)?;
        let number: f64 = rest[..end].parse().map_err(|_| problem())?;
        let unit = unit_seconds(char::from(rest.as_bytes()[end])).ok_or_else(problem)?;
        seconds += number * unit as f64;
        rest = &rest[end + 1..];
    }
    if seconds.is_finite() && (0.0..1e12).contains(&seconds) { Ok(seconds.round() as u64) } else { Err(problem()) }
}

/// A moment, of UTC where it has no offset.
pub fn parse_start(text: &str) -> Result<DateTime<Utc>, String> {
    text.parse::<WrittenTime>().map(|written| written.in_zone(Tz::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read() {
        for (text, seconds) in [("90m", 5400), ("12d18h", 1_101_600), ("0.5d", 43_200), ("45s", 45), ("2w", 1_209_600)]
        {
            assert_eq!(parse_duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "3", "h", "3x", "-3h", "1e99d", "é"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_that_makes_no_trail_is_refused_by_name() {
        let refused = |change: fn(&mut SynthOptions)| {
            let mut options = SynthOptions::default();
            change(&mut options);
            options.check().expect_err("refused").to_string()
        };
        assert!(refused(|o| o.rate = 0.0).starts_with("--rate is 0"));
        assert!(refused(|o| o.rate = f64::NAN).starts_with("--rate"));
        assert!(refused(|o| o.kms_share = 0.0).starts_with("--kms-share"));
        assert!(refused(|o| o.keys = 0).starts_with("--keys"));
        assert!(refused(|o| o.regions = 99).starts_with("--regions"));
        assert!(refused(|o| o.seconds = 0).starts_with("--duration"));
        assert!(SynthOptions::default().check().is_ok());
    }
}
