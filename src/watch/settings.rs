//! What an operator sets of the watch over every series.

use chrono_tz::Tz;

use crate::domain::Outcome;

/// Settings of the watch.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchSettings {
    /// Whether every active series is watched; off where only configured alarms shall page.
    pub every_series: bool,
    /// Length of a period in seconds: a multiple of 60 that divides a day.
    pub period_seconds: u32,
    /// The time zone of days and weeks.
    pub zone: Tz,
    /// False pages a week over all series together.
    pub false_pages_per_week: f64,
    /// The metrics that are watched.
    pub metrics: Vec<Outcome>,
    /// Ranges that no model learns from and nothing pages in: half-open, seconds since 1970.
    pub maintenance: Vec<(i64, i64)>,
    /// An incident is over when its series have been as expected for so many seconds.
    pub quiet_seconds: u32,
    /// Anomalies of one key or caller that begin within so many seconds of each other are one incident.
    pub together_seconds: u32,
    /// An incident that was over for longer than this when it could first be told, as in a backlog that is read after
    /// days, is written down but pages nobody; nor are configured alarms judged by older counts.
    pub page_back_seconds: u32,
    /// At most so many series are watched.
    pub series_max: usize,
}

/// More series than these are not watched: their models would take gigabytes.
pub const SERIES_MAX: usize = 100_000;

impl Default for WatchSettings {
    /// Every series, in periods of five minutes, one false page a week.
    fn default() -> Self {
        WatchSettings {
            every_series: true,
            period_seconds: 300,
            zone: Tz::UTC,
            false_pages_per_week: 1.0,
            metrics: vec![Outcome::Successful, Outcome::Throttled, Outcome::Denied],
            maintenance: Vec::new(),
            quiet_seconds: 1_800,
            together_seconds: 1_800,
            page_back_seconds: 86_400,
            series_max: SERIES_MAX,
        }
    }
}
