//! Local times to moments.

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The moment of a local time. One that occurs twice is the first, one that a clock change skips is the moment of the
/// change.
pub fn local_time(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    const QUARTER: TimeDelta = TimeDelta::minutes(15);
    let mut tried = local;
    // No clock change skips more than a day (Samoa, 2011).
    for _ in 0..=96 {
        if let Some(time) = zone.from_local_datetime(&tried).earliest() {
            return time.to_utc();
        }
        tried += QUARTER;
    }
    local.and_utc()
}
