//! The tables of a file of tests, as written.

use serde::Deserialize;
use toml::Spanned;

use crate::alarm::table::{AlarmTable, CompositeAlarmTable, MuteTable, TimeSetting};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileTable {
    #[serde(default)]
    pub(super) rules: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) alarm: Vec<AlarmTable>,
    #[serde(default)]
    pub(super) composite_alarm: Vec<CompositeAlarmTable>,
    #[serde(default)]
    pub(super) mute: Vec<MuteTable>,
    #[serde(default)]
    pub(super) case: Vec<CaseTable>,
    #[serde(default)]
    pub(super) test: Vec<TestTable>,
}

/// What matters of a rule file, which may be the whole configuration.
#[derive(Deserialize)]
pub(super) struct RulesTable {
    #[serde(default)]
    pub(super) alarm: Vec<AlarmTable>,
    #[serde(default)]
    pub(super) composite_alarm: Vec<CompositeAlarmTable>,
    #[serde(default)]
    pub(super) mute: Vec<MuteTable>,
}

/// `[[case]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseTable {
    pub(super) data: Spanned<String>,
    pub(super) name: Option<String>,
    pub(super) evaluation_periods: Option<u32>,
    pub(super) datapoints_to_alarm: Option<Spanned<u32>>,
    pub(super) missing: Option<Spanned<String>>,
    pub(super) ignore: Option<Spanned<String>>,
    pub(super) breaching: Option<Spanned<String>>,
    pub(super) not_breaching: Option<Spanned<String>>,
}

/// `[[test]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestTable {
    pub(super) name: Spanned<String>,
    pub(super) period: Option<Spanned<String>>,
    pub(super) start: Option<Spanned<TimeSetting>>,
    #[serde(default)]
    pub(super) maintenance: Vec<RangeTable>,
    pub(super) series: Vec<SeriesTable>,
    pub(super) expect: Vec<ExpectTable>,
}

/// An entry of `maintenance`: times after the start.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RangeTable {
    pub(super) from: Spanned<String>,
    pub(super) until: Spanned<String>,
}

/// An entry of `series`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesTable {
    #[serde(default)]
    pub(super) key: String,
    pub(super) operation: Option<Spanned<String>>,
    pub(super) metric: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) caller: String,
    #[serde(default)]
    pub(super) resource: String,
    #[serde(default)]
    pub(super) account: String,
    #[serde(default)]
    pub(super) region: String,
    #[serde(default)]
    pub(super) quota_pool: String,
    pub(super) values: Spanned<String>,
    pub(super) band: Option<Spanned<String>>,
}

/// An entry of `expect`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectTable {
    pub(super) at: Spanned<String>,
    pub(super) alarm: Spanned<String>,
    pub(super) state: Option<Spanned<String>>,
    pub(super) reason: Option<String>,
    pub(super) sends: Option<bool>,
    pub(super) contributors: Option<Vec<String>>,
}
