//! What explains an excess and what is reported, against the truth of a synthetic trail.

mod attribution;
mod top;

use std::sync::LazyLock;

use chrono::{DateTime, TimeZone, Utc};
use keytide::domain::Clock;
use keytide::synth::SynthOptions;

use crate::support::stores::Made;

/// A clock that stands still after the trail's end, before counts by caller are rolled up to hours.
struct NextDay;

impl Clock for NextDay {
    fn now(&self) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 1, 12, 0, 0, 0).unwrap()
    }
}

/// Six days of keys with callers of several accounts, and incidents. One for all tests of this folder: none of them
/// changes it.
static MADE: LazyLock<Made> = LazyLock::new(|| {
    // At Friday noon, on Saturday afternoon and at night; weak ones, and one that is not.
    let incidents = ["runaway:0:4d12h:60m:3", "runaway:1:5d15h25m:45m:3", "runaway:0:5d2h10m:20m:40"];
    let options = SynthOptions {
        seconds: 6 * 86_400,
        rate: 0.5,
        keys: 6,
        kms_share: 1.0,
        digests: false,
        cross_account_share: 0.15,
        incidents: incidents.map(|incident| incident.parse().unwrap()).to_vec(),
        ..SynthOptions::default()
    };
    Made::of(&options, &NextDay)
});
