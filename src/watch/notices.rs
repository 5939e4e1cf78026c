//! Incidents as state changes: what the outbox is owed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stored::incident_name;
use crate::alarm::{
    Incident, Notice, Point, Severity, StateChange, StateValue, Subject, alarm_arn, band_reason, cloudwatch_stamp,
};
use crate::domain::{Arn, format_second};

/// What is owed when an incident begins (ALARM) or is over (OK). `store` tells stores apart.
pub(super) fn notice(incident: &Incident, store: &str, at: i64) -> Notice {
    let over = incident.resolved_at.is_some();
    // The series that began it: what receivers tell alarms apart by must be the same when it is over.
    let began = incident.series.iter().min_by_key(|series| (series.onset, &series.key_arn, &series.operation));
    let key_arn = began.map_or("", |series| series.key_arn.as_str());
    let (account, region) = Arn::parse(key_arn).map_or(("", ""), |arn| (arn.account, arn.region));
    let name = incident_name(incident.number);
    let mut accounts: Vec<String> = incident.series.iter().filter_map(|series| owner(&series.key_arn)).collect();
    accounts.extend(incident.attribution.iter().map(|of| of.account.clone()).filter(|account| !account.is_empty()));
    let mut keys: Vec<String> = incident.series.iter().map(|series| series.key_arn.clone()).collect();
    let mut aliases: Vec<String> = incident.series.iter().filter_map(|series| series.alias.clone()).collect();
    for list in [&mut accounts, &mut keys, &mut aliases] {
        list.sort_unstable();
        list.dedup();
    }
    let (old_state, new_state) = match over {
        true => (StateValue::Alarm, StateValue::Ok),
        false => (StateValue::Ok, StateValue::Alarm),
    };
    let change = StateChange {
        alarm_arn: alarm_arn(&name, region, account),
        alarm_name: name,
        alarm_description: Some(description(incident)),
        account: account.to_owned(),
        region: region.to_owned(),
        configured_at: incident.onset,
        old_state,
        new_state,
        reason: reason(incident),
        reason_data: reason_data(incident, at),
        changed_at: at,
        ends_episode: over,
        again: false,
        after_mute_window: false,
        ok_actions: Vec::new(),
        alarm_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        trigger: Some(trigger(incident)),
        alarm_rule: None,
        triggering_children: Vec::new(),
        incident: Some(incident.clone()),
        contributor: None,
    };
    Notice {
        dedup_key: dedup_key(store, incident.number),
        severity: Severity::Critical,
        keys,
        aliases,
        accounts,
        tags: BTreeMap::new(),
        subject: Subject::StateChange(Box::new(change)),
    }
}

/// What the messages about an incident share. `store` tells stores apart.
pub(super) fn dedup_key(store: &str, number: u64) -> String {
    format!("keytide/{store}/{}", incident_name(number))
}

/// A notice of an incident as it is kept, for someone who asks.
pub fn incident_notice(incident: &Incident, severity: Severity, at: i64) -> Notice {
    Notice { severity, ..notice(incident, "asked", at) }
}

fn owner(key_arn: &str) -> Option<String> {
    Arn::parse(key_arn).map(|arn| arn.account.to_owned())
}

fn description(incident: &Incident) -> String {
    let way = if incident.excess < 0.0 { "Fewer" } else { "More" };
    match &incident.series[..] {
        [one] => format!("{way} {} than usual on {}", one.operation, named(one)),
        [first, rest @ ..] => {
            format!("{way} {} than usual on {} and {} more series", first.operation, named(first), rest.len())
        }
        [] => String::new(),
    }
}

fn named(series: &crate::alarm::IncidentSeries) -> &str {
    series.alias.as_deref().unwrap_or(&series.key_arn)
}

/// CloudWatch's words for a band when it begins; our own when it is over.
fn reason(incident: &Incident) -> String {
    if let Some(over) = incident.resolved_at {
        return format!(
            "Its series have been as expected since {}; from {} on {} calls came, {} were expected.",
            format_second(over),
            format_second(incident.onset),
            incident.observed.round(),
            incident.expected.round()
        );
    }
    let first = incident.picture.iter().find(|point| point.at >= incident.onset);
    let (start, value) = first.map_or((incident.onset, incident.observed), |point| (point.at, point.value));
    let band = first.and_then(|point| point.band).map_or((0.0, 0.0), |(_, lower, upper)| (lower, upper));
    band_reason(start, Point { value, band: Some(band) })
}

fn reason_data(incident: &Incident, at: i64) -> Value {
    let points: Vec<_> = incident.picture.iter().filter(|point| point.at >= incident.onset).collect();
    let edge = |which: fn(&(f64, f64, f64)) -> f64| -> Vec<Option<f64>> {
        points.iter().map(|point| point.band.as_ref().map(which)).collect()
    };
    json!({
        "version": "1.0",
        "queryDate": cloudwatch_stamp(at),
        "startDate": cloudwatch_stamp(incident.onset),
        "statistic": "Sum",
        "period": incident.period_seconds,
        "recentDatapoints": points.iter().map(|point| point.value).collect::<Vec<f64>>(),
        "recentLowerThresholds": edge(|band| band.1),
        "recentUpperThresholds": edge(|band| band.2),
    })
}

/// CloudWatch's `Trigger` of an alarm on a band, for the series with the largest excess.
fn trigger(incident: &Incident) -> Value {
    let Some(series) = incident.series.first() else { return Value::Null };
    let period = incident.period_seconds;
    let namespace = if series.metric == "SuccessfulRequest" { "AWS/KMS" } else { "Keytide/KMS" };
    json!({
        "Period": period,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
        "ThresholdMetricId": "ad1",
        "TreatMissingData": "ignore",
        "EvaluateLowSampleCountPercentile": "",
        "Metrics": [
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {
                        "Dimensions": [
                            {"value": series.key_arn, "name": "KeyArn"},
                            {"value": series.operation, "name": "Operation"},
                        ],
                        "MetricName": series.metric,
                        "Namespace": namespace,
                    },
                    "Period": period,
                    "Stat": "Sum",
                },
                "ReturnData": true,
            },
            {
                "Expression": "ANOMALY_DETECTION_BAND(m1, 2)",
                "Id": "ad1",
                "Label": format!("{} (expected)", series.metric),
                "ReturnData": true,
            },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::IncidentSeries;

    #[test]
    fn the_reason_of_an_incident_is_that_of_cloudwatch_for_a_band() {
        // 2026-09-14T05:51:00Z, by `date -u -d '2026-09-14 05:51' +%s`.
        let onset = 1789365060;
        let before = json!({"at": onset - 60, "value": 7.0, "band": [7.0, 6.5, 7.5], "anomalous": false});
        let band = [0.1, 0.020599444741798756, 0.3006915352732461];
        let first = json!({"at": onset, "value": 0.0, "band": band, "anomalous": true});
        let incident = json!({
            "number": 1, "onset": onset, "paged_at": onset, "resolved_at": null, "known_until": onset, "series": [],
            "observed": 0.0, "expected": 0.1, "excess": -0.1, "attribution": [], "new": [], "cost_per_hour": null,
            "cost_note": "", "quota": null, "picture": [before, first], "period_seconds": 60, "picture_path": null,
        });
        // The reason of a message that CloudWatch sent.
        let expected = "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (14/09/26 05:51:00)] was less than the lower thresholds [0.020599444741798756] or greater than the upper thresholds [0.3006915352732461] (minimum 1 datapoint for OK -> ALARM transition).";
        assert_eq!(reason(&serde_json::from_value(incident).unwrap()), expected);
    }

    #[test]
    fn an_incidents_alarm_is_of_its_keys_partition() {
        let series = IncidentSeries {
            key_arn: "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/k".to_owned(),
            alias: None,
            operation: "Decrypt".to_owned(),
            metric: "SuccessfulRequest".to_owned(),
            onset: 60,
            observed: 500.0,
            expected: 10.0,
            excess: 490.0,
            alarms_last_month: 0,
        };
        let incident = Incident {
            number: 7,
            onset: 60,
            paged_at: 360,
            resolved_at: None,
            known_until: 360,
            counted_until: None,
            series: vec![series],
            observed: 500.0,
            expected: 10.0,
            excess: 490.0,
            attribution: Vec::new(),
            attribution_range: None,
            new: Vec::new(),
            cost_per_hour: None,
            cost_note: String::new(),
            quota: None,
            picture: Vec::new(),
            period_seconds: 300,
            picture_path: None,
        };
        let Subject::StateChange(change) = notice(&incident, "store", 360).subject else { panic!("a change of state") };
        assert_eq!(change.alarm_arn, "arn:aws-us-gov:cloudwatch:us-gov-west-1:111122223333:alarm:keytide-incident-7");
    }
}
