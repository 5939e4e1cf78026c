//! What is set.

use core::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;

use super::error::Place;
use crate::alarm::{Alarm, MuteRule};
use crate::publish::RouteTable;
use crate::report::ReportSchedule;
use crate::tariff::{PriceList, QuotaList};
use crate::watch::WatchSettings;

/// All that is set, with its defaults where nothing is said.
#[derive(Clone, Debug)]
pub struct Config {
    /// The store's folder; without it the platform's data folder. As written: relative to the file's folder.
    pub data_dir: Option<PathBuf>,
    /// The time zone of days, weeks and of times without one.
    pub timezone: Tz,
    /// Where log files come from.
    pub sources: Vec<SourceSettings>,
    /// The watch over every series; its zone is `timezone`, its maintenance that of `maintenance`.
    pub watch: WatchSettings,
    /// Ranges in which nothing is learned and nothing pages.
    pub maintenance: Vec<Maintenance>,
    /// The schedule, and how long counts are kept.
    pub daemon: DaemonSettings,
    /// Where health and metrics are answered; none: nowhere.
    pub serve: Option<SocketAddr>,
    /// The log lines.
    pub log: LogSettings,
    /// When something is wrong with Keytide itself.
    pub health: HealthSettings,
    /// The configured alarms, each composite one after those that it names.
    pub alarms: Vec<Alarm>,
    /// When nobody is told.
    pub mutes: Vec<MuteRule>,
    /// The keys that alarms name in full: whether they were ever seen is for others to know.
    pub named_keys: Vec<NamedKey>,
    /// The routes, checked: `publish::routes` makes them, with their secrets, which are not kept here.
    pub routes: Vec<RouteTable>,
    /// The scheduled reports.
    pub reports: Vec<ReportSchedule>,
    /// What requests cost.
    pub prices: PriceList,
    /// How many requests a second are allowed.
    pub quotas: QuotaList,
}

/// A key that an alarm names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedKey {
    /// The key.
    pub arn: String,
    /// Where.
    pub place: Place,
}

impl Default for Config {
    /// No source; every series watched.
    fn default() -> Self {
        Config {
            data_dir: None,
            timezone: Tz::UTC,
            sources: Vec::new(),
            watch: WatchSettings::default(),
            maintenance: Vec::new(),
            daemon: DaemonSettings::default(),
            serve: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9632))),
            log: LogSettings::default(),
            health: HealthSettings::default(),
            alarms: Vec::new(),
            mutes: Vec::new(),
            named_keys: Vec::new(),
            routes: Vec::new(),
            reports: Vec::new(),
            prices: PriceList::default(),
            quotas: QuotaList::default(),
        }
    }
}

/// Where log files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSettings {
    /// A folder, with all in it.
    Folder {
        /// The folder. As written: relative to the file's folder.
        path: PathBuf,
    },
}

/// A range in which nothing is learned and nothing pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// Its first second since 1970.
    pub start: i64,
    /// The second after its last.
    pub end: i64,
    /// What is done meanwhile.
    pub reason: Option<String>,
}

/// How long counts are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// For ever.
    #[default]
    All,
    /// So many days.
    Days(u32),
}

/// The schedule, and how long counts are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonSettings {
    /// How often what has arrived is read.
    pub ingest_every: Duration,
    /// How often folders are walked for files that nobody told of.
    pub rescan_every: Duration,
    /// How long a file that nobody closed must have kept its size and time of change.
    pub settle_for: Duration,
    /// How often series are evaluated when nothing arrives.
    pub evaluate_every: Duration,
    /// How often days are merged and what is past its time is dropped.
    pub compact_every: Duration,
    /// Counts by minute, with their roll-ups.
    pub keep_minutes: Keep,
    /// Counts by caller.
    pub keep_callers: Keep,
    /// Counts by second and quota.
    pub keep_seconds: Keep,
}

impl Default for DaemonSettings {
    fn default() -> Self {
        DaemonSettings {
            ingest_every: Duration::from_secs(10),
            rescan_every: Duration::from_secs(300),
            settle_for: Duration::from_secs(3),
            evaluate_every: Duration::from_secs(60),
            compact_every: Duration::from_secs(3600),
            keep_minutes: Keep::All,
            keep_callers: Keep::All,
            keep_seconds: Keep::All,
        }
    }
}

/// The log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSettings {
    /// How much is said.
    pub level: LogLevel,
    /// In which form.
    pub format: LogFormat,
}

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what may fail soon.
    Warn,
    /// And a line a round.
    #[default]
    Info,
    /// And details.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The name as written.
    pub const fn name(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// When something is wrong with Keytide itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthSettings {
    /// Nothing was committed for so long.
    pub no_data_for: Duration,
    /// So many objects more could not be read within an hour.
    pub quarantine_growth: u64,
    /// A message has been owed for so long.
    pub outbox_stuck_for: Duration,
}

impl Default for HealthSettings {
    fn default() -> Self {
        HealthSettings {
            no_data_for: Duration::from_secs(1800),
            quarantine_growth: 10,
            outbox_stuck_for: Duration::from_secs(600),
        }
    }
}
