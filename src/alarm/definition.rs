//! What an operator wants to be told of: alarms on a metric, and alarms on other alarms.

use std::collections::BTreeMap;

use super::composite::{CompositeRule, Suppressor};
use super::evaluate::{Comparison, Rule};
use super::operator::{BandOperator, Operator};
use super::state::{Severity, StateValue};
use crate::domain::{Caller, Operation, Outcome, Pattern, partition};

/// Counts by caller are kept by so many seconds.
pub(super) const CALLER_STEP_SECONDS: u32 = 300;

/// An alarm, with CloudWatch's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// Its name: 1 to 255 characters, unique among metric and composite alarms.
    pub name: String,
    /// What its owner says of it, at most 1,024 characters.
    pub description: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// For routing, and for receivers that have labels.
    pub tags: BTreeMap<String, String>,
    /// Whether a change of state sends anything. States change either way.
    pub actions_enabled: bool,
    /// Routes that learn of a change to OK.
    pub ok_actions: Vec<String>,
    /// Routes that learn of a change to ALARM.
    pub alarm_actions: Vec<String>,
    /// Routes that learn of a change to INSUFFICIENT_DATA.
    pub insufficient_data_actions: Vec<String>,
    /// What it watches.
    pub kind: AlarmKind,
}

impl Alarm {
    /// Routes that learn of a change to a state.
    pub fn actions(&self, state: StateValue) -> &[String] {
        match state {
            StateValue::Ok => &self.ok_actions,
            StateValue::Alarm => &self.alarm_actions,
            StateValue::InsufficientData => &self.insufficient_data_actions,
        }
    }

    /// Its name in CloudWatch's form, in a Region and account.
    pub fn arn(&self, region: &str, account: &str) -> String {
        alarm_arn(&self.name, region, account)
    }

    /// The alarm on a metric, if it is one.
    pub fn metric(&self) -> Option<&MetricAlarm> {
        match &self.kind {
            AlarmKind::Metric(metric) => Some(metric),
            AlarmKind::Composite(_) => None,
        }
    }

    /// The alarm on other alarms, if it is one.
    pub fn composite(&self) -> Option<&CompositeAlarm> {
        match &self.kind {
            AlarmKind::Metric(_) => None,
            AlarmKind::Composite(composite) => Some(composite),
        }
    }
}

/// `arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:NAME`, in the Region's partition.
pub fn alarm_arn(name: &str, region: &str, account: &str) -> String {
    format!("arn:{}:cloudwatch:{region}:{account}:alarm:{name}", partition(region))
}

/// What an alarm watches.
#[derive(Clone, Debug, PartialEq)]
pub enum AlarmKind {
    /// A metric's values.
    Metric(MetricAlarm),
    /// The states of other alarms.
    Composite(CompositeAlarm),
}

/// An alarm on a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricAlarm {
    /// Which calls.
    pub watched: Watched,
    /// When a value is bad.
    pub condition: Condition,
    /// Length of a period in seconds: a multiple of 60.
    pub period_seconds: u32,
    /// N: over how many periods it is judged.
    pub evaluation_periods: u32,
    /// M: how many of them must be bad; N if absent.
    pub datapoints_to_alarm: Option<u32>,
    /// What a missing value stands for; [`TreatMissingData::Missing`] if absent.
    pub treat_missing_data: Option<TreatMissingData>,
}

impl MetricAlarm {
    /// What an evaluation needs of it. Cheap: nothing is allocated.
    pub fn rule(&self) -> Rule {
        Rule {
            comparison: self.condition.comparison(),
            period_seconds: self.period_seconds,
            evaluation_periods: self.evaluation_periods,
            datapoints_to_alarm: self.datapoints_to_alarm,
            treat_missing_data: self.treat_missing_data.unwrap_or_default(),
            is_statistic: matches!(self.condition, Condition::Threshold { .. }) && !self.is_multi_series(),
        }
    }

    /// Whether it is evaluated when its newest period ends at a second since 1970. Usually at every minute; at full
    /// hours where it looks back more than a day, and every five minutes where counts by caller are kept by them.
    pub fn is_due(&self, end: i64) -> bool {
        let every = match self.watched.is_by_caller() {
            _ if self.looks_back_seconds() > 86_400 => 3_600,
            true => CALLER_STEP_SECONDS,
            false => 60,
        };
        end.rem_euclid(i64::from(every)) == 0
    }

    /// How long its N periods are together, in seconds.
    pub fn looks_back_seconds(&self) -> u64 {
        u64::from(self.period_seconds) * u64::from(self.evaluation_periods)
    }

    /// Whether it judges several series, each a contributor with its own state: CloudWatch's multi time series alarm.
    pub fn is_multi_series(&self) -> bool {
        match &self.condition {
            // A pool of an account and Region is a series; only a full name makes it one.
            Condition::QuotaShare { pool, account, region, .. } => {
                pool.is_none()
                    || ![account, region].into_iter().all(|part| part.as_ref().is_some_and(Pattern::is_plain))
            }
            _ => matches!(self.watched.keys, Keys::Matching(_) | Keys::EverySeries),
        }
    }
}

/// Which calls an alarm counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// How they ended.
    pub metric: Outcome,
    /// Which operations, added up (with [`Keys::EverySeries`] each for itself); all if empty.
    pub operations: Vec<Operation>,
    /// Which keys.
    pub keys: Keys,
    /// Only calls of callers whose ARN matches.
    pub caller: Option<Pattern>,
    /// Only calls for resources (from the encryption context) whose name matches.
    pub resource: Option<Pattern>,
}

impl Watched {
    /// Whether an operation is counted.
    pub fn has_operation(&self, operation: Operation) -> bool {
        self.operations.is_empty() || self.operations.contains(&operation)
    }

    /// Whether a key is counted.
    pub fn has_key(&self, key_arn: &str) -> bool {
        match &self.keys {
            Keys::Together | Keys::EverySeries => true,
            Keys::One(arn) => arn == key_arn,
            Keys::Matching(pattern) => pattern.matches(key_arn),
        }
    }

    /// Whether a caller's calls are counted.
    pub fn has_caller(&self, caller: &Caller) -> bool {
        self.caller.as_ref().is_none_or(|pattern| pattern.matches(&caller.principal))
            && self.resource.as_ref().is_none_or(|pattern| pattern.matches(&caller.resource))
    }

    /// Whether counts by caller are needed, which are kept by five minutes.
    pub fn is_by_caller(&self) -> bool {
        self.caller.is_some() || self.resource.is_some()
    }
}

/// Which keys an alarm watches.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// All keys, added up to one series.
    Together,
    /// The key with this ARN.
    One(String),
    /// Every key whose ARN matches, each a contributor of its own.
    Matching(Pattern),
    /// Every active series of a key and an operation, each a contributor of its own.
    EverySeries,
}

/// When a value is bad.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Calls in a period against a number.
    Threshold {
        /// How they compare.
        operator: Operator,
        /// The number.
        threshold: f64,
    },
    /// Calls in a period against what is expected of the series.
    Band {
        /// Which edges count.
        operator: BandOperator,
        /// The band's half width in standard deviations.
        deviations: f64,
    },
    /// The busiest second of a period as a part of the request quota.
    QuotaShare {
        /// How they compare.
        operator: Operator,
        /// The part: 0.8 is 80 %.
        share: f64,
        /// The quota's pool, as `Symmetric`; all if absent.
        pool: Option<String>,
        /// The calling account; all if absent.
        account: Option<Pattern>,
        /// The Region; all if absent.
        region: Option<Pattern>,
    },
    /// What the calls of a period would cost an hour at list price.
    SpendPerHour {
        /// How they compare.
        operator: Operator,
        /// US dollars an hour.
        dollars: f64,
    },
}

impl Condition {
    /// What a value is compared with.
    pub fn comparison(&self) -> Comparison {
        match *self {
            Condition::Threshold { operator, threshold } => Comparison::Value { operator, threshold },
            Condition::Band { operator, .. } => Comparison::Band { operator },
            Condition::QuotaShare { operator, share, .. } => Comparison::Value { operator, threshold: share },
            Condition::SpendPerHour { operator, dollars } => Comparison::Value { operator, threshold: dollars },
        }
    }
}

/// What a missing value stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TreatMissingData {
    /// A bad value.
    Breaching,
    /// A good value.
    NotBreaching,
    /// The state stays as it is.
    Ignore,
    /// Nothing; with no value at all the state is INSUFFICIENT_DATA.
    #[default]
    Missing,
}

impl TreatMissingData {
    /// All of them.
    pub const ALL: [TreatMissingData; 4] = [
        TreatMissingData::Breaching,
        TreatMissingData::NotBreaching,
        TreatMissingData::Ignore,
        TreatMissingData::Missing,
    ];

    /// CloudWatch's name.
    pub const fn name(self) -> &'static str {
        match self {
            TreatMissingData::Breaching => "breaching",
            TreatMissingData::NotBreaching => "notBreaching",
            TreatMissingData::Ignore => "ignore",
            TreatMissingData::Missing => "missing",
        }
    }
}

/// An alarm on the states of other alarms.
#[derive(Clone, Debug, PartialEq)]
pub struct CompositeAlarm {
    /// When it is in ALARM.
    pub rule: CompositeRule,
    /// The alarm that holds its actions back, if there is one.
    pub suppressor: Option<Suppressor>,
}
