//! What someone is to be told.
//!
//! A notice holds all that a message may say, so that it can be sent, and sent again, without asking the store. It is
//! what the outbox keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::state::{Severity, StateValue};

/// What someone is to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The same in every message about one episode of one alarm: receivers drop what repeats it, and the message that
    /// ends the episode names it.
    pub dedup_key: String,
    /// How much it matters.
    pub severity: Severity,
    /// The keys concerned, for routing.
    pub keys: Vec<String>,
    /// Aliases of these keys, for routing.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The accounts concerned: owners and callers, for routing.
    pub accounts: Vec<String>,
    /// The tags of the alarm, for routing and for receivers that have labels.
    pub tags: BTreeMap<String, String>,
    /// What happened.
    pub subject: Subject,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Subject {
    /// An alarm changed its state; that an incident began or ended is one too.
    StateChange(Box<StateChange>),
    /// A scheduled report is ready.
    Report(ReportForms),
    /// Someone tries out whether messages arrive. Never an alarm.
    Test {
        /// What to say.
        text: String,
        /// When it was asked for, seconds since 1970.
        at: i64,
    },
}

/// A change of state, as CloudWatch tells it, and what caused it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateChange {
    /// The alarm.
    pub alarm_name: String,
    /// What its owner says of it.
    pub alarm_description: Option<String>,
    /// `arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:NAME`, after CloudWatch's manner.
    pub alarm_arn: String,
    /// The account of the alarm.
    pub account: String,
    /// Its Region, as `us-east-1`.
    pub region: String,
    /// When its definition last changed, seconds since 1970.
    pub configured_at: i64,
    /// The state before.
    pub old_state: StateValue,
    /// The state now.
    pub new_state: StateValue,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// CloudWatch's StateReasonData.
    pub reason_data: serde_json::Value,
    /// When the state changed, seconds since 1970.
    pub changed_at: i64,
    /// Whether this ends what an ALARM or INSUFFICIENT_DATA that was sent began, by whatever states it went. Receivers
    /// close what they opened.
    #[serde(default)]
    pub ends_episode: bool,
    /// Whether a message about this episode announced this state before, and another one since.
    #[serde(default)]
    pub again: bool,
    /// Whether this was held back by a mute window that is over now.
    pub after_mute_window: bool,
    /// What the alarm does in which state: names of routes.
    pub ok_actions: Vec<String>,
    /// See `ok_actions`.
    pub alarm_actions: Vec<String>,
    /// See `ok_actions`.
    pub insufficient_data_actions: Vec<String>,
    /// CloudWatch's `Trigger` of a metric alarm.
    pub trigger: Option<serde_json::Value>,
    /// A composite alarm's rule.
    pub alarm_rule: Option<String>,
    /// Of a composite alarm the children that decided: ARN, state, since when (seconds since 1970).
    pub triggering_children: Vec<(String, StateValue, i64)>,
    /// What is wrong, and who does it. Of anomalies and of thresholds on calls.
    pub incident: Option<Incident>,
    /// Of an alarm on several series the one that changed its state.
    #[serde(default)]
    pub contributor: Option<Contributor>,
}

/// One series of an alarm on several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributor {
    /// [`super::contributor_id`] of its attributes.
    pub id: String,
    /// What it is: `KeyArn`, `Operation` …
    pub attributes: BTreeMap<String, String>,
}

/// Series that went wrong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number in this store, from 1.
    pub number: u64,
    /// When it began: the first period that strayed, seconds since 1970.
    pub onset: i64,
    /// When the page was owed, seconds since 1970.
    pub paged_at: i64,
    /// When it was over.
    pub resolved_at: Option<i64>,
    /// Up to when counts are known (the watermark), seconds since 1970.
    pub known_until: i64,
    /// The series, the one with the largest excess first.
    pub series: Vec<IncidentSeries>,
    /// Of an incident that is over the end of what is counted: it is known to be over only later.
    #[serde(default)]
    pub counted_until: Option<i64>,
    /// Calls since the onset, over all series.
    pub observed: f64,
    /// Calls that were expected.
    pub expected: f64,
    /// The difference; negative when calls are missing.
    pub excess: f64,
    /// Who makes up the excess, the largest share first. Shares add up to 1; the last may be what no one caller of
    /// note makes up.
    pub attribution: Vec<Contribution>,
    /// From when and to when `attribution` is, seconds since 1970, where that is more than the incident: calls are
    /// counted by caller in slots of five minutes, older ones of an hour.
    #[serde(default)]
    pub attribution_range: Option<[i64; 2]>,
    /// What was never seen of these keys before.
    pub new: Vec<Novelty>,
    /// What the excess costs an hour at list price, estimated, in US dollars.
    pub cost_per_hour: Option<f64>,
    /// Where the price is from: `list price of 2026-11-01, estimated`.
    pub cost_note: String,
    /// The request quota that the calls use most of.
    pub quota: Option<QuotaUse>,
    /// The series with the largest excess around the onset, to be drawn.
    pub picture: Vec<PicturePoint>,
    /// Seconds of a period of the picture and of the series.
    pub period_seconds: u32,
    /// Where the picture lies on the machine that watches.
    pub picture_path: Option<String>,
}

/// One series of an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentSeries {
    /// The key.
    pub key_arn: String,
    /// The key's alias at the onset, if one is known.
    pub alias: Option<String>,
    /// The operation.
    pub operation: String,
    /// The metric: `SuccessfulRequest`, `ThrottledRequest` …
    pub metric: String,
    /// When this series first strayed, seconds since 1970.
    pub onset: i64,
    /// Calls since then.
    pub observed: f64,
    /// Calls that were expected.
    pub expected: f64,
    /// The difference.
    pub excess: f64,
    /// How often this series went wrong in the thirty days before.
    pub alarms_last_month: u32,
}

/// A part of an excess.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Role or user as an ARN; empty if the records don't tell, or for the rest.
    pub caller: String,
    /// The calling account.
    pub account: String,
    /// The AWS service that forwarded the calls; empty for direct ones.
    pub service: String,
    /// What the encryption context names: a bucket, a function …
    pub resource: String,
    /// Calls beyond this caller's own usual level.
    pub excess: f64,
    /// Its part of the whole excess, 0 to 1.
    pub share: f64,
}

/// Something that was never seen of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Novelty {
    /// `caller`, `account`, `service`, `resource` or `operation`.
    pub what: String,
    /// Its name.
    pub name: String,
    /// The key.
    pub key_arn: String,
    /// Of so many seconds before it is known what the key saw, where that is less than all that is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_seconds: Option<i64>,
}

/// How much of a request quota is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuotaUse {
    /// The calling account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The quota: `Symmetric`, `RSA` …
    pub pool: String,
    /// The busiest second since the onset.
    pub peak_per_second: u32,
    /// When that was, seconds since 1970.
    pub peak_at: i64,
    /// Requests a second that are allowed.
    pub quota_per_second: f64,
    /// Where that figure is from.
    pub note: String,
}

/// A point of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PicturePoint {
    /// The period's first second.
    pub at: i64,
    /// Calls.
    pub value: f64,
    /// Expected, lower and upper edge, if there was a band.
    pub band: Option<(f64, f64, f64)>,
    /// Whether the alarm was on.
    pub anomalous: bool,
}

/// A report in every form that a route may want.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportForms {
    /// `Keytide weekly report, 2026-11-16 to 2026-11-22`.
    pub title: String,
    /// As Markdown.
    pub markdown: String,
    /// As a page of its own.
    pub html: String,
    /// As JSON.
    pub json: serde_json::Value,
}
