//! The table `[[alarm]]`: an alarm on a metric.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Reading;
use super::actions::{Common, yes};
use super::condition::{ConditionTable, read_condition};
use super::reading::named;
use crate::alarm::definition::{
    AlarmKind, CALLER_STEP_SECONDS, Condition, Keys, MetricAlarm, TreatMissingData, Watched,
};
use crate::alarm::state::Severity;
use crate::domain::{KeyArn, Operation, Outcome};

const DAY_SECONDS: u32 = 86_400;

/// `[[alarm]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmTable {
    name: Spanned<String>,
    description: Option<Spanned<String>>,
    #[serde(default)]
    severity: Severity,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default = "yes")]
    actions_enabled: bool,
    #[serde(default)]
    ok_actions: Vec<Spanned<String>>,
    #[serde(default)]
    alarm_actions: Vec<Spanned<String>>,
    #[serde(default)]
    insufficient_data_actions: Vec<Spanned<String>>,
    metric: Option<Spanned<String>>,
    #[serde(default)]
    operations: Vec<Spanned<String>>,
    key: Option<Spanned<String>>,
    every_series: Option<Spanned<bool>>,
    caller: Option<Spanned<String>>,
    resource: Option<Spanned<String>>,
    comparison_operator: Option<Spanned<String>>,
    threshold: Option<Spanned<f64>>,
    band: Option<Spanned<f64>>,
    quota_share: Option<Spanned<f64>>,
    quota_pool: Option<Spanned<String>>,
    account: Option<Spanned<String>>,
    region: Option<Spanned<String>>,
    spend_per_hour: Option<Spanned<f64>>,
    period: Option<Spanned<String>>,
    evaluation_periods: Option<Spanned<i64>>,
    datapoints_to_alarm: Option<Spanned<i64>>,
    treat_missing_data: Option<Spanned<String>>,
}

/// Reads one table.
pub(super) fn read(table: AlarmTable, reading: &mut Reading) {
    let before = reading.errors.len();
    let name_span = table.name.span();
    reading.name(&table.name);
    let watched = read_watched(&table, reading);
    let condition = read_condition(
        ConditionTable {
            name_span: name_span.clone(),
            comparison_operator: table.comparison_operator.clone(),
            threshold: table.threshold.clone(),
            band: table.band.clone(),
            quota_share: table.quota_share.clone(),
            quota_pool: table.quota_pool.clone(),
            account: table.account.clone(),
            region: table.region.clone(),
            spend_per_hour: table.spend_per_hour.clone(),
        },
        reading,
    );
    let period = read_period(table.period.as_ref(), &name_span, reading);
    let (m, n) = read_m_of_n(&table, reading);
    let treat_missing_data = table.treat_missing_data.as_ref().and_then(|treat| read_treatment(treat, reading));
    if let (Some(period), Some(n)) = (period, n) {
        let of_period = || table.period.as_ref().map_or(name_span.clone(), Spanned::span);
        let span = table.evaluation_periods.as_ref().map_or_else(of_period, Spanned::span);
        check_range(period, n, span, reading);
    }
    if let (Some(condition), Some(period)) = (&condition, period) {
        check_together(condition, &table, period, reading);
    }
    let (Some(condition), Some(period_seconds), Some(evaluation_periods)) = (condition, period, n) else { return };
    let metric = MetricAlarm {
        watched,
        condition,
        period_seconds,
        evaluation_periods,
        datapoints_to_alarm: m,
        treat_missing_data,
    };
    let common = Common {
        name: table.name,
        description: table.description,
        severity: table.severity,
        tags: table.tags,
        actions_enabled: table.actions_enabled,
        ok_actions: table.ok_actions,
        alarm_actions: table.alarm_actions,
        insufficient_data_actions: table.insufficient_data_actions,
    };
    if metric.is_multi_series()
        && let Some(action) = common.insufficient_data_actions.first()
    {
        // CloudWatch's text.
        let text =
            "InsufficientData actions are not supported for contributor-level action types in Multi Time Series alarms";
        reading.wrong(action.span(), text);
    }
    let alarm = common.read(AlarmKind::Metric(metric), reading);
    if reading.errors.len() == before {
        reading.definitions.alarms.push(alarm);
    }
}

fn read_watched(table: &AlarmTable, reading: &mut Reading) -> Watched {
    let metric = table.metric.as_ref().map_or(Outcome::Successful, |metric| {
        let found = Outcome::ALL.into_iter().find(|outcome| outcome.metric() == metric.get_ref());
        found.unwrap_or_else(|| {
            let known = named(Outcome::ALL.iter().map(|outcome| outcome.metric()));
            reading.wrong(metric.span(), format!("there is no metric `{}`; there are {known}", metric.get_ref()));
            Outcome::Successful
        })
    });
    let operations = table.operations.iter().filter_map(|operation| {
        let known = Operation::parse(operation.get_ref()).filter(|known| known.uses_key());
        if known.is_none() {
            let all = named(Operation::ALL.iter().filter(|known| known.uses_key()).map(|known| known.name()));
            let message = format!("there is no operation `{}` on keys; there are {all}", operation.get_ref());
            reading.wrong(operation.span(), message);
        }
        known
    });
    let operations = operations.collect();
    let keys = read_keys(table, reading);
    let caller = table.caller.as_ref().and_then(|caller| reading.pattern(caller));
    let resource = table.resource.as_ref().and_then(|resource| reading.pattern(resource));
    Watched { metric, operations, keys, caller, resource }
}

fn read_keys(table: &AlarmTable, reading: &mut Reading) -> Keys {
    let every_series = table.every_series.as_ref().filter(|every| *every.get_ref());
    match (&table.key, every_series) {
        (Some(key), Some(_)) => {
            reading.wrong(key.span(), "`key` and `every_series` exclude each other; write `key = \"*\"` for each key");
            Keys::EverySeries
        }
        (None, Some(_)) => Keys::EverySeries,
        (None, None) => Keys::Together,
        (Some(key), None) => match reading.pattern(key) {
            Some(pattern) if !pattern.is_plain() => Keys::Matching(pattern),
            _ => {
                if !key.get_ref().is_empty() && KeyArn::parse(key.get_ref()).is_none() {
                    let message = format!(
                        "`{}` is no key; write its ARN, arn:aws:kms:REGION:ACCOUNT:key/ID, or a pattern with *",
                        key.get_ref()
                    );
                    reading.wrong(key.span(), message);
                }
                reading.definitions.keys.push((key.get_ref().clone(), key.span()));
                Keys::One(key.get_ref().clone())
            }
        },
    }
}

fn read_period(period: Option<&Spanned<String>>, name: &std::ops::Range<usize>, reading: &mut Reading) -> Option<u32> {
    let Some(text) = period else {
        let message = "PutMetricAlarm request should have a Period parameter: write `period = \"5m\"` in this alarm";
        reading.wrong(name.clone(), message);
        return None;
    };
    let seconds = reading.duration(text)?;
    if [10, 20, 30].contains(&seconds) {
        let message = format!(
            "a period of {seconds} s needs counts by the second; calls are counted by the minute: write 1m or more"
        );
        reading.wrong(text.span(), message);
        return None;
    }
    if seconds == 0 || !seconds.is_multiple_of(60) {
        // CloudWatch's text.
        reading.wrong(text.span(), "Period must be 10, 20, 30 or a multiple of 60");
        return None;
    }
    Some(seconds)
}

/// M, if it is written, and N: how many of the newest N periods must be bad.
fn read_m_of_n(table: &AlarmTable, reading: &mut Reading) -> (Option<u32>, Option<u32>) {
    let n = match &table.evaluation_periods {
        Some(number) => reading.count(number, "evaluation_periods"),
        None => Some(1),
    };
    let Some(number) = &table.datapoints_to_alarm else { return (None, n) };
    let m = reading.count(number, "datapoints_to_alarm");
    if let (Some(m), Some(n)) = (m, n)
        && m > n
    {
        let message = format!("datapoints_to_alarm is {m}, more than the {n} evaluation_periods; M of N needs M <= N");
        reading.wrong(number.span(), message);
    }
    (m, n)
}

fn read_treatment(treat: &Spanned<String>, reading: &mut Reading) -> Option<TreatMissingData> {
    let found = TreatMissingData::ALL.into_iter().find(|known| known.name() == treat.get_ref());
    if found.is_none() {
        // CloudWatch's text.
        let values = "Supported values for TreatMissingData are breaching, notBreaching, ignore, and missing.";
        reading.wrong(treat.span(), values);
    }
    found
}

fn check_range(period: u32, n: u32, span: std::ops::Range<usize>, reading: &mut Reading) {
    let (most, span_of_time, kind) = match period {
        ..3_600 => (86_400, "a day", "period < 3600"),
        _ => (604_800, "a week", "period >= 3600"),
    };
    if u64::from(period) * u64::from(n) > most {
        // CloudWatch's text.
        let message = format!(
            "Metrics cannot be checked across more than {span_of_time} (EvaluationPeriods * Period must be <= {most}) for alarms using {kind}"
        );
        reading.wrong(span, message);
    }
}

/// What doesn't go together.
fn check_together(condition: &Condition, table: &AlarmTable, period: u32, reading: &mut Reading) {
    let of_callers = [("caller", &table.caller), ("resource", &table.resource)];
    let of_callers = of_callers.into_iter().find_map(|(word, value)| Some((word, value.as_ref()?.span())));
    if let Some((word, span)) = &of_callers
        && !period.is_multiple_of(CALLER_STEP_SECONDS)
    {
        let message = format!(
            "counts by {word} are kept by five minutes, so the period must be a multiple of 300s, not {period}s"
        );
        reading.wrong(span.clone(), message);
    }
    let of_period = table.period.as_ref().map(Spanned::span);
    if let (Condition::Band { .. }, Some(span)) = (condition, of_period)
        && !DAY_SECONDS.is_multiple_of(period)
    {
        let message = "a band learns from periods of the clock, so the period must divide a day: 5m, 15m, 1h …";
        reading.wrong(span, message);
    }
    if matches!(condition, Condition::QuotaShare { .. }) {
        let every = table.every_series.as_ref().filter(|every| *every.get_ref()).map(Spanned::span);
        let calls = [
            table.key.as_ref().map(Spanned::span),
            of_callers.map(|(_, span)| span),
            table.metric.as_ref().map(Spanned::span),
            table.operations.first().map(Spanned::span),
            every,
        ];
        if let Some(span) = calls.into_iter().flatten().next() {
            let message = "a request quota belongs to an account and Region, not to a key, caller, metric or operation; \
                           leave this out and set `account`, `region` or `quota_pool`";
            reading.wrong(span, message);
        }
    }
}
