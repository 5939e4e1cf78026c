//! CloudWatch's `Trigger`: what a metric alarm is, as its notifications say it.
//!
//! An alarm on one key and operation is a plain metric to CloudWatch; any other is a Metrics Insights query, a band is
//! one with `ThresholdMetricId`.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::definition::{Condition, Keys, MetricAlarm, Watched};
use super::operator::{BandOperator, Operator};
use crate::domain::{Operation, Outcome};

/// The `Trigger` of an alarm.
pub fn trigger(alarm: &MetricAlarm) -> Value {
    let mut object = Map::new();
    object.insert("Period".into(), alarm.period_seconds.into());
    object.insert("EvaluationPeriods".into(), alarm.evaluation_periods.into());
    if let Some(m) = alarm.datapoints_to_alarm {
        object.insert("DatapointsToAlarm".into(), m.into());
    }
    object.insert("TreatMissingData".into(), alarm.treat_missing_data.map_or("", |treat| treat.name()).into());
    object.insert("EvaluateLowSampleCountPercentile".into(), "".into());
    match &alarm.condition {
        Condition::Threshold { operator, threshold } => {
            compared(&mut object, *operator, *threshold);
            calls(&mut object, &alarm.watched);
        }
        Condition::Band { operator, deviations } => band(&mut object, &alarm.watched, *operator, *deviations),
        Condition::QuotaShare { operator, share, pool, account, region } => {
            compared(&mut object, *operator, *share);
            let all = [("QuotaPool", pool.as_deref()), ("Account", account.as_ref().map(|a| a.as_str()))];
            let all = all.into_iter().chain([("Region", region.as_ref().map(|r| r.as_str()))]);
            let plain = all.filter_map(|(name, value)| Some((name, value?))).filter(|(_, value)| !has_wildcard(value));
            let conditions = plain.map(|(name, value)| format!("{name} = {}", quoted(value))).collect::<Vec<_>>();
            let from = "SELECT MAX(QuotaRequest) FROM SCHEMA(\"Keytide/KMS\", Account, Region, QuotaPool)";
            let group =
                if alarm.is_multi_series() { " GROUP BY Account, Region, QuotaPool ORDER BY MAX() DESC" } else { "" };
            query(&mut object, format!("{from}{}{group}", where_all(&conditions)), "part of the request quota");
        }
        Condition::SpendPerHour { operator, dollars } => {
            compared(&mut object, *operator, *dollars);
            query(&mut object, select(&alarm.watched), "US dollars an hour, list price, estimated");
        }
    }
    Value::Object(object)
}

fn compared(object: &mut Map<String, Value>, operator: Operator, threshold: f64) {
    object.insert("ComparisonOperator".into(), operator.name().into());
    object.insert("Threshold".into(), threshold.into());
}

/// Calls of one series as a metric, of several as a query.
fn calls(object: &mut Map<String, Value>, watched: &Watched) {
    let Some((key, operation)) = one_series(watched) else {
        return query(object, select(watched), watched.metric.metric());
    };
    object.insert("MetricName".into(), watched.metric.metric().into());
    object.insert("Namespace".into(), namespace(watched).into());
    object.insert("StatisticType".into(), "Statistic".into());
    object.insert("Statistic".into(), "SUM".into());
    object.insert("Unit".into(), Value::Null);
    object.insert("Dimensions".into(), dimensions(key, operation));
}

fn band(object: &mut Map<String, Value>, watched: &Watched, operator: BandOperator, deviations: f64) {
    object.insert("ComparisonOperator".into(), operator.name().into());
    object.insert("ThresholdMetricId".into(), "ad1".into());
    let name = watched.metric.metric();
    let m1 = match one_series(watched) {
        Some((key, operation)) => {
            let metric = json!({
                "Dimensions": dimensions(key, operation), "MetricName": name, "Namespace": namespace(watched),
            });
            // Elsewhere in the notification it is SUM, here it isn't.
            let stat = json!({"Metric": metric, "Period": object["Period"], "Stat": "Sum"});
            json!({"Id": "m1", "MetricStat": stat, "ReturnData": true})
        }
        None => {
            json!({"Expression": select(watched), "Id": "m1", "Label": name, "Period": object["Period"], "ReturnData": true})
        }
    };
    let ad1 = json!({
        "Expression": format!("ANOMALY_DETECTION_BAND(m1, {deviations})"),
        "Id": "ad1", "Label": format!("{name} (expected)"), "ReturnData": true,
    });
    object.insert("Metrics".into(), json!([m1, ad1]));
}

fn query(object: &mut Map<String, Value>, expression: String, label: &str) {
    let period = object["Period"].clone();
    let q1 = json!({"Expression": expression, "Id": "q1", "Label": label, "Period": period, "ReturnData": true});
    object.insert("Metrics".into(), json!([q1]));
}

/// The key and operation, if the alarm is on exactly one of each.
fn one_series(watched: &Watched) -> Option<(&str, Operation)> {
    match (&watched.keys, watched.operations.as_slice()) {
        (Keys::One(key), [operation]) if !watched.is_by_caller() => Some((key, *operation)),
        _ => None,
    }
}

fn namespace(watched: &Watched) -> &'static str {
    match watched.metric {
        Outcome::Successful if !watched.is_by_caller() => "AWS/KMS",
        _ => "Keytide/KMS",
    }
}

/// With names in lower case, as notifications have them.
fn dimensions(key: &str, operation: Operation) -> Value {
    json!([{"value": key, "name": "KeyArn"}, {"value": operation.name(), "name": "Operation"}])
}

/// The calls as a query. Patterns of keys, callers and resources can't be said in it.
fn select(watched: &Watched) -> String {
    let (metric, dimensions) = match watched.is_by_caller() {
        true => ("CallerRequest", "Account, Principal, Service, Resource, VpcEndpoint, KeyArn, Operation"),
        false => (watched.metric.metric(), "KeyArn, Operation"),
    };
    let mut conditions = Vec::new();
    if let Keys::One(key) = &watched.keys {
        conditions.push(format!("KeyArn = {}", quoted(key)));
    }
    let plain = [("Principal", &watched.caller), ("Resource", &watched.resource)];
    for (name, pattern) in plain.into_iter().filter_map(|(name, pattern)| Some((name, pattern.as_ref()?))) {
        if pattern.is_plain() {
            conditions.push(format!("{name} = {}", quoted(pattern.as_str())));
        }
    }
    match watched.operations.as_slice() {
        [] => {}
        [one] => conditions.push(format!("Operation = '{one}'")),
        // The language has no OR.
        some => {
            let others = Operation::ALL.iter().filter(|other| other.uses_key() && !some.contains(other));
            conditions.extend(others.map(|other| format!("Operation != '{other}'")));
        }
    }
    let group = match watched.keys {
        Keys::Together | Keys::One(_) => "",
        Keys::Matching(_) => " GROUP BY KeyArn ORDER BY MAX() DESC",
        Keys::EverySeries => " GROUP BY KeyArn, Operation ORDER BY MAX() DESC",
    };
    let from = format!("SELECT SUM({metric}) FROM SCHEMA(\"{}\", {dimensions})", namespace(watched));
    format!("{from}{}{group}", where_all(&conditions))
}

fn where_all(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "\\'"))
}

fn has_wildcard(value: &str) -> bool {
    value.contains(['*', '?'])
}
