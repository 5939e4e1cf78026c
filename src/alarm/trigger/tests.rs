//! The documents that subscribers of CloudWatch's notifications read.

use serde_json::{Value, json};

use super::trigger;
use crate::alarm::AlarmTables;

fn of(settings: &str) -> Value {
    let text = format!("[[alarm]]\nname = 'a'\nperiod = '5m'\n{settings}");
    let tables: AlarmTables = toml::from_str(&text).unwrap();
    trigger(tables.read().unwrap().alarms[0].metric().unwrap())
}

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/a";

#[test]
fn one_key_and_operation_are_a_plain_metric() {
    let plain = of(&format!(
        "key = '{KEY}'\noperations = ['Decrypt']\nthreshold = 50\ncomparison_operator = 'GreaterThanThreshold'\n\
         evaluation_periods = 3\ndatapoints_to_alarm = 2\n"
    ));
    let expected = json!({
        "MetricName": "SuccessfulRequest", "Namespace": "AWS/KMS", "StatisticType": "Statistic", "Statistic": "SUM",
        "Unit": null, "Dimensions": [{"value": KEY, "name": "KeyArn"}, {"value": "Decrypt", "name": "Operation"}],
        "Period": 300, "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 50.0, "TreatMissingData": "", "EvaluateLowSampleCountPercentile": "",
    });
    assert_eq!(plain, expected);
    let denied = of(&format!(
        "key = '{KEY}'\nmetric = 'DeniedRequest'\noperations = ['Decrypt']\nthreshold = 50\n\
         comparison_operator = 'GreaterThanThreshold'\n"
    ));
    assert_eq!(denied["Namespace"], "Keytide/KMS");
    assert_eq!(denied.get("DatapointsToAlarm"), None);
}

#[test]
fn a_band_names_its_expression_and_has_no_threshold() {
    // The document of a band alarm in CloudWatch's notifications.
    let band = of(&format!(
        "key = '{KEY}'\noperations = ['Decrypt']\nband = 2\nevaluation_periods = 3\ndatapoints_to_alarm = 2\n\
         treat_missing_data = 'missing'\n"
    ));
    let expected = json!({
        "Period": 300, "EvaluationPeriods": 3, "DatapointsToAlarm": 2,
        "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold", "ThresholdMetricId": "ad1",
        "TreatMissingData": "missing", "EvaluateLowSampleCountPercentile": "",
        "Metrics": [
            {"Id": "m1", "MetricStat": {
                "Metric": {
                    "Dimensions": [{"value": KEY, "name": "KeyArn"}, {"value": "Decrypt", "name": "Operation"}],
                    "MetricName": "SuccessfulRequest", "Namespace": "AWS/KMS",
                },
                "Period": 300, "Stat": "Sum",
            }, "ReturnData": true},
            {"Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "Id": "ad1", "Label": "SuccessfulRequest (expected)", "ReturnData": true},
        ],
    });
    assert_eq!(band, expected);
}

#[test]
fn several_series_are_a_query() {
    let expression = |settings: &str| {
        let trigger = of(&format!("comparison_operator = 'GreaterThanThreshold'\n{settings}"));
        trigger["Metrics"][0]["Expression"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        expression("threshold = 1\n"),
        "SELECT SUM(SuccessfulRequest) FROM SCHEMA(\"AWS/KMS\", KeyArn, Operation)"
    );
    assert_eq!(
        expression("threshold = 1\nkey = '*'\noperations = ['Sign']\n"),
        "SELECT SUM(SuccessfulRequest) FROM SCHEMA(\"AWS/KMS\", KeyArn, Operation) WHERE Operation = 'Sign' \
         GROUP BY KeyArn ORDER BY MAX() DESC"
    );
    assert_eq!(
        expression("threshold = 1\nevery_series = true\n"),
        "SELECT SUM(SuccessfulRequest) FROM SCHEMA(\"AWS/KMS\", KeyArn, Operation) \
         GROUP BY KeyArn, Operation ORDER BY MAX() DESC"
    );
    // The language has no OR: all other operations are left out.
    let two = expression(&format!("threshold = 1\nkey = '{KEY}'\noperations = ['Sign', 'Verify']\n"));
    assert!(two.contains(&format!("WHERE KeyArn = '{KEY}' AND Operation != 'Decapsulate' AND ")), "{two}");
    assert_eq!(two.matches("Operation != ").count(), 12, "{two}");
    assert!(!two.contains("'Sign'") && !two.contains("'Verify'") && !two.contains("GenerateRandom"), "{two}");
    assert_eq!(
        expression("threshold = 1\ncaller = 'arn:aws:iam::111122223333:role/etl'\n"),
        "SELECT SUM(CallerRequest) FROM SCHEMA(\"Keytide/KMS\", Account, Principal, Service, Resource, VpcEndpoint, \
         KeyArn, Operation) WHERE Principal = 'arn:aws:iam::111122223333:role/etl'"
    );
    assert_eq!(
        expression("quota_share = 0.8\nquota_pool = 'Symmetric'\naccount = '111122223333'\nregion = 'eu-west-1'\n"),
        "SELECT MAX(QuotaRequest) FROM SCHEMA(\"Keytide/KMS\", Account, Region, QuotaPool) \
         WHERE QuotaPool = 'Symmetric' AND Account = '111122223333' AND Region = 'eu-west-1'"
    );
}
