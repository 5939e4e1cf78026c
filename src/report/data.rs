//! What a report says. As JSON its fields are promises (`docs/output.md`).

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use crate::alarm::{Contribution, ReportForms};
use crate::tariff::QuotaOrigin;

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportData {
    /// `Keytide weekly report, 2026-11-16 to 2026-11-22`.
    pub title: String,
    /// What it is about.
    pub range: Span,
    /// What it is compared with; none if nothing can be.
    pub previous: Option<Span>,
    /// The range in whole slots, which callers and resources are counted in, as far as these counts are stored.
    pub callers_range: Span,
    /// Calls of the range, each once.
    pub totals: Totals,
    /// The keys with most successful calls.
    pub keys: Vec<Ranked>,
    /// The keys whose successful calls changed most, either way; none without a range before.
    pub changes: Vec<Ranked>,
    /// The operations with most successful calls.
    pub operations: Vec<Ranked>,
    /// The callers with most successful calls.
    pub callers: Vec<Ranked>,
    /// The resources with most successful calls, of those that an encryption context names.
    pub resources: Vec<Ranked>,
    /// What requests cost, estimated.
    pub spend: Spend,
    /// The busiest second of each quota, the largest share first; those of a single request come last.
    pub quotas: Vec<QuotaLine>,
    /// What went wrong in the range, in order of time; none if nothing watches.
    pub incidents: Option<Vec<IncidentLine>>,
    /// From when on counts are stored.
    pub stored_from: StoredFrom,
    /// Sentences: what isn't stored of the range or of the one before, and so isn't compared; what had not come yet.
    pub notes: Vec<String>,
}

/// From when on counts are stored, by kind: the hour of the first record, or the first day that is kept. None if
/// nothing was ever read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StoredFrom {
    /// Counts by minute, which `totals`, `keys`, `changes` and `operations` are of.
    pub minutes: Option<Moment>,
    /// Counts by caller, which `callers` and `resources` are of.
    pub callers: Option<Moment>,
    /// Counts by second, which `spend` and `quotas` are of.
    pub seconds: Option<Moment>,
}

/// A range of time, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Span {
    /// Its first moment.
    pub start: Moment,
    /// The moment after its last.
    pub end: Moment,
}

/// A moment, in the report's time zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Seconds since 1970.
    pub at: i64,
    /// Where people read it.
    pub zone: Tz,
}

impl Moment {
    /// By the clocks there.
    pub(super) fn local(self) -> DateTime<Tz> {
        DateTime::from_timestamp(self.at, 0).unwrap_or(DateTime::UNIX_EPOCH).with_timezone(&self.zone)
    }
}

/// `2026-01-05T10:00:00Z`, or with the zone's offset.
impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.local().to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

/// Calls, and those of the range before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Change {
    /// Of the range.
    pub calls: u64,
    /// Of the range before; none if there is none to compare with, or if it isn't stored in full.
    pub previous: Option<u64>,
    /// By how many percent there are more; none without calls before.
    #[serde(serialize_with = "hundredths_of_some")]
    pub growth: Option<f64>,
}

impl Change {
    pub(super) fn new(calls: u64, previous: Option<u64>) -> Self {
        let growth = previous.filter(|previous| *previous > 0);
        let growth = growth.map(|previous| (calls as f64 / previous as f64 - 1.0) * 100.0);
        Change { calls, previous, growth }
    }
}

/// Calls by how they ended, each call once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// What CloudWatch counts.
    pub successful: Change,
    /// Refused for their rate.
    pub throttled: Change,
    /// Refused by a policy.
    pub denied: Change,
    /// Failed otherwise.
    pub failed: Change,
    /// Dry runs.
    pub dry_run: Change,
    /// Successful calls that name no key ARN: they are in no key's count, and not in `successful`.
    pub unattributed: Change,
}

/// One of the busiest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ranked {
    /// A key's ARN, a role's or user's ARN, an operation, a resource.
    pub name: String,
    /// A key's alias; none if none is known, or if this is no key.
    pub alias: Option<String>,
    /// Its successful calls.
    #[serde(flatten)]
    pub change: Change,
    /// Its calls in percent of all successful calls, of callers and resources those of `callers_range`. A ReEncrypt
    /// counts for both its keys.
    #[serde(serialize_with = "hundredths")]
    pub share: f64,
}

/// What requests cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spend {
    /// US dollars for the range.
    pub dollars: f64,
    /// US dollars for the range before, if that is stored in full.
    pub previous: Option<f64>,
    /// `list price of 2026-08-07, estimated`.
    pub label: String,
    /// By calling account, which pays, the largest amount first.
    pub accounts: Vec<AccountSpend>,
}

/// What an account's requests cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountSpend {
    /// The calling account; empty where a service called with its own authority.
    pub account: String,
    /// Requests that were let in.
    pub requests: u64,
    /// US dollars.
    pub dollars: f64,
    /// US dollars for the range before, if that is stored in full.
    pub previous: Option<f64>,
    /// Requests without a known price; not in the amount.
    pub unpriced: u64,
}

/// How much of a request quota was used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuotaLine {
    /// The calling account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The quota: `Symmetric`, `RSA` …
    pub pool: String,
    /// Requests that were let in in the busiest second.
    pub peak_per_second: u32,
    /// The first second that was as busy.
    pub peak_at: Moment,
    /// Requests a second that are allowed; none if that isn't known.
    pub quota_per_second: Option<f64>,
    /// The peak in percent of the quota.
    #[serde(serialize_with = "hundredths_of_some")]
    pub share: Option<f64>,
    /// Where the quota is from, in words.
    pub note: String,
    /// The same; none if the quota isn't known.
    #[serde(skip)]
    pub origin: Option<QuotaOrigin>,
    /// Requests that were throttled in the range.
    pub throttled: u64,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncidentLine {
    /// Its number in this store.
    pub number: u64,
    /// When it began.
    pub onset: Moment,
    /// When it was over; none if it goes on.
    pub resolved_at: Option<Moment>,
    /// The key of its largest series.
    pub key_arn: String,
    /// That key's alias.
    pub alias: Option<String>,
    /// The operation of its largest series.
    pub operation: String,
    /// How many series went wrong together.
    pub series: usize,
    /// Calls since the onset.
    pub observed: f64,
    /// Calls that were expected.
    pub expected: f64,
    /// The difference; negative when calls are missing.
    pub excess: f64,
    /// Who made up most of it.
    pub cause: Option<Contribution>,
    /// US dollars an hour that the excess cost.
    pub cost_per_hour: Option<f64>,
}

fn hundredths<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    hundredths_of_some(&Some(*value), serializer)
}

/// Percent are written to hundredths, as everywhere.
fn hundredths_of_some<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|value| (value * 100.0).round() / 100.0).serialize(serializer)
}

impl ReportData {
    /// The report in every form.
    pub fn forms(&self) -> ReportForms {
        ReportForms { title: self.title.clone(), markdown: self.markdown(), html: self.html(), json: self.json() }
    }

    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("texts, numbers and lists are JSON")
    }
}
