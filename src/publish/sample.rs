//! Notices with every field filled, against which templates are checked before the first real one comes.

use std::collections::BTreeMap;

use serde_json::json;

use crate::alarm::{
    Contribution, Contributor, Incident, IncidentSeries, Notice, Novelty, PicturePoint, QuotaUse, ReportForms,
    Severity, StateChange, StateValue, Subject, contributor_id,
};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ALARM: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:keytide-watch";
/// 2026-11-24T02:40:00Z.
const ONSET: i64 = 1_795_488_000;

/// An alarm about an incident.
pub fn page() -> Notice {
    notice(Subject::StateChange(Box::new(change(StateValue::Ok, StateValue::Alarm))))
}

/// The end of [`page`]'s incident.
pub fn resolved() -> Notice {
    let mut change = change(StateValue::Alarm, StateValue::Ok);
    change.changed_at = ONSET + 5_100;
    if let Some(incident) = &mut change.incident {
        incident.resolved_at = Some(ONSET + 5_100);
        incident.known_until = ONSET + 6_900;
    }
    notice(Subject::StateChange(Box::new(change)))
}

/// A report.
pub fn report() -> Notice {
    notice(Subject::Report(ReportForms {
        title: "Keytide weekly report, 2026-11-16 to 2026-11-22".to_owned(),
        markdown: "# Top keys\n\n| key | calls |\n|---|---:|\n| alias/data-lake-raw | 1,234 |\n".to_owned(),
        html: "<!doctype html><html lang=\"en\"><title>Keytide</title><h1>Top keys</h1></html>".to_owned(),
        json: json!({ "top_keys": [] }),
    }))
}

/// A test message.
pub fn test() -> Notice {
    notice(Subject::Test { text: "Someone tries out this route.".to_owned(), at: ONSET })
}

fn notice(subject: Subject) -> Notice {
    Notice {
        dedup_key: "keytide/incident/17".to_owned(),
        severity: Severity::Critical,
        keys: vec![KEY.to_owned()],
        aliases: vec!["alias/data-lake-raw".to_owned()],
        accounts: vec!["111122223333".to_owned()],
        tags: BTreeMap::from([("team".to_owned(), "data".to_owned())]),
        subject,
    }
}

fn change(old_state: StateValue, new_state: StateValue) -> StateChange {
    StateChange {
        alarm_name: "keytide-watch".to_owned(),
        alarm_description: Some("Every active series. Runbook: wiki/kms-runaway".to_owned()),
        alarm_arn: ALARM.to_owned(),
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        configured_at: ONSET - 86_400,
        old_state,
        new_state,
        reason: "Thresholds Crossed: 1 out of the last 1 datapoints [415230.0 (24/11/26 02:40:00)] was less than the lower thresholds [2100.0] or greater than the upper thresholds [4600.0] (minimum 1 datapoint for OK -> ALARM transition).".to_owned(),
        reason_data: json!({ "version": "1.0", "period": 300 }),
        changed_at: ONSET + 1_620,
        ends_episode: new_state == StateValue::Ok,
        again: false,
        after_mute_window: false,
        ok_actions: Vec::new(),
        alarm_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        trigger: Some(trigger()),
        alarm_rule: None,
        triggering_children: vec![(ALARM.to_owned(), StateValue::Alarm, ONSET)],
        incident: Some(incident()),
        contributor: Some(contributor()),
    }
}

fn trigger() -> serde_json::Value {
    json!({
        "Period": 300,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
        "ThresholdMetricId": "ad1",
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
        "Metrics": [
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {
                        "Dimensions": [{ "value": KEY, "name": "KeyArn" }],
                        "MetricName": "SuccessfulRequest",
                        "Namespace": "AWS/KMS",
                    },
                    "Period": 300,
                    "Stat": "Sum",
                },
                "ReturnData": true,
            },
            {
                "Expression": "ANOMALY_DETECTION_BAND(m1, 2)",
                "Id": "ad1",
                "Label": "SuccessfulRequest (expected)",
                "ReturnData": true,
            },
        ],
    })
}

fn contributor() -> Contributor {
    // Those of every kind of alarm, which one alarm never has together.
    let names = [("KeyArn", KEY), ("Operation", "Decrypt"), ("Account", "111122223333"), ("Region", "us-east-1")];
    let names = names.into_iter().chain([("QuotaPool", "Symmetric")]);
    let attributes = names.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Contributor { id: contributor_id(&attributes), attributes }
}

fn incident() -> Incident {
    let own = |text: &str| text.to_owned();
    let expected = |at: i64| (1_077.0 + 40.0 * (at as f64 / 7.0).sin()).round();
    Incident {
        number: 17,
        onset: ONSET,
        paged_at: ONSET + 1_620,
        resolved_at: None,
        known_until: ONSET + 900,
        counted_until: None,
        series: vec![IncidentSeries {
            key_arn: own(KEY),
            alias: Some(own("alias/data-lake-raw")),
            operation: own("Decrypt"),
            metric: own("SuccessfulRequest"),
            onset: ONSET,
            observed: 415_230.0,
            expected: 3_230.0,
            excess: 412_000.0,
            alarms_last_month: 2,
        }],
        observed: 415_230.0,
        expected: 3_230.0,
        excess: 412_000.0,
        attribution: vec![
            Contribution {
                caller: own("arn:aws:iam::111122223333:role/etl-nightly"),
                account: own("111122223333"),
                service: own("s3.amazonaws.com"),
                resource: own("arn:aws:s3:::data-lake-raw"),
                excess: 403_760.0,
                share: 0.98,
            },
            Contribution {
                caller: String::new(),
                account: String::new(),
                service: String::new(),
                resource: String::new(),
                excess: 8_240.0,
                share: 0.02,
            },
        ],
        attribution_range: None,
        new: vec![Novelty {
            what: own("caller"),
            name: own("arn:aws:iam::111122223333:role/etl-nightly"),
            key_arn: own(KEY),
            known_seconds: None,
        }],
        cost_per_hour: Some(4.944),
        cost_note: own("list price of 2026-11-01, estimated"),
        quota: Some(QuotaUse {
            account: own("111122223333"),
            region: own("us-east-1"),
            pool: own("Symmetric"),
            peak_per_second: 4_120,
            peak_at: ONSET + 733,
            quota_per_second: 10_000.0,
            note: own("default quota of 2026-11-01"),
        }),
        picture: (0..39)
            .map(|period| {
                let value = if period < 36 { expected(period) } else { 110_000.0 + 28_410.0 * (period - 36) as f64 };
                let band = Some((expected(period), 700.0, 1_530.0));
                PicturePoint { at: ONSET + 300 * (period - 36), value, band, anomalous: period >= 36 }
            })
            .collect(),
        period_seconds: 300,
        picture_path: Some(own("pictures/incident-17.svg")),
    }
}
