//! The names that CloudTrail gives to log files.

use chrono::NaiveDateTime;

use super::Minute;

/// What the name of a log file says: `111122223333_CloudTrail_us-east-1_20260105T1005Z_UNIQUE.json.gz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFileName<'n> {
    /// The account whose events are in it: the one that recorded them.
    pub account: &'n str,
    /// The Region that they happened in.
    pub region: &'n str,
    /// When it was delivered.
    pub delivered: Minute,
}

impl<'n> LogFileName<'n> {
    /// Reads a name, with folders or an archive before it or without; `None` if it isn't one that CloudTrail gives.
    pub fn parse(name: &'n str) -> Option<Self> {
        let name = name.rsplit(['/', '\\']).next()?;
        let mut parts = name.split('_');
        let account = parts.next().filter(|part| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        let region = parts.next().filter(|part| *part == "CloudTrail").and(parts.next())?;
        let time = NaiveDateTime::parse_from_str(parts.next()?, "%Y%m%dT%H%MZ").ok()?;
        let delivered = Minute::of_second(time.and_utc().timestamp())?;
        parts.next().is_some().then_some(LogFileName { account, region, delivered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_account_region_and_minute() {
        let name = "111122223333_CloudTrail_us-gov-east-1_20260105T1005Z_Mu0KsOhtH1ar15ZZ.json.gz";
        // `date -u -d '2026-01-05 10:05' +%s` / 60.
        let expected = LogFileName { account: "111122223333", region: "us-gov-east-1", delivered: Minute(29_460_125) };
        let folder = "AWSLogs/111122223333/CloudTrail/us-gov-east-1/2026/01/05/";
        for before in ["", folder, "trail.zip/a_b/"] {
            assert_eq!(LogFileName::parse(&format!("{before}{name}")), Some(expected));
        }
    }

    #[test]
    fn other_names_tell_nothing() {
        for name in [
            "a.json",
            "",
            "111122223333_CloudTrail-Digest_us-east-1_trail_us-east-1_20260105T100500Z.json.gz",
            "111122223333_CloudTrail_us-east-1_20261305T1005Z_a.json.gz",
            "11112222333_CloudTrail_us-east-1_20260105T1005Z_a.json.gz",
            "again-111122223333_CloudTrail_us-east-1_20260105T1005Z_a.json.gz",
            "111122223333_CloudTrail_us-east-1_20260105T1005Z.json.gz",
        ] {
            assert_eq!(LogFileName::parse(name), None, "{name}");
        }
    }
}
