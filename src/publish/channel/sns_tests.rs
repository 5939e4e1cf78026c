//! The messages of an SNS topic, against what CloudWatch sends.

use super::*;
use crate::alarm::StateValue;
use crate::publish::sample;

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alarms";

fn change(notice: &mut Notice) -> &mut StateChange {
    let Subject::StateChange(change) = &mut notice.subject else { panic!("a change") };
    change
}

/// Names of an object's fields in the order of the text, by a reader of its own.
fn names(text: &str) -> Vec<String> {
    let (mut names, mut depth, mut chars) = (Vec::new(), 0, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' if depth == 1 => break,
            '}' | ']' => depth -= 1,
            '"' => {
                let mut word = String::new();
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => word.extend(chars.next()),
                        '"' => break,
                        c => word.push(c),
                    }
                }
                if depth == 1 && chars.peek() == Some(&':') {
                    names.push(word);
                }
            }
            _ => {}
        }
    }
    names
}

/// The text of a field that is an object.
fn inner<'a>(text: &'a str, field: &str) -> &'a str {
    let start = text.find(&format!("\"{field}\":{{")).expect(field) + field.len() + 3;
    &text[start..]
}

#[test]
fn fields_come_in_the_order_in_which_cloudwatch_sends_them() {
    let text = body(&sample::page(), "ops", TOPIC).unwrap();
    let expect = "AlarmName AlarmDescription AWSAccountId AlarmConfigurationUpdatedTimestamp NewStateValue \
                  NewStateReason StateChangeTime Region AlarmArn OldStateValue AlarmContributorId \
                  AlarmContributorAttributes ActionExecutedAfterMuteWindow OKActions AlarmActions \
                  InsufficientDataActions Trigger Keytide";
    assert_eq!(names(&text).join(" "), expect);
    // The band alarm of CloudWatch's own documentation, to the letter.
    let trigger = "{\"Period\":300,\"EvaluationPeriods\":3,\"DatapointsToAlarm\":2,\
         \"ComparisonOperator\":\"LessThanLowerOrGreaterThanUpperThreshold\",\"ThresholdMetricId\":\"ad1\",\
         \"TreatMissingData\":\"missing\",\"EvaluateLowSampleCountPercentile\":\"\",\
         \"Metrics\":[{\"Id\":\"m1\",\"MetricStat\":{\"Metric\":{\"Dimensions\":[{\"value\":\"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\",\"name\":\"KeyArn\"}],\
         \"MetricName\":\"SuccessfulRequest\",\"Namespace\":\"AWS/KMS\"},\"Period\":300,\"Stat\":\"Sum\"},\"ReturnData\":true},\
         {\"Expression\":\"ANOMALY_DETECTION_BAND(m1, 2)\",\"Id\":\"ad1\",\"Label\":\"SuccessfulRequest (expected)\",\"ReturnData\":true}]}";
    assert!(inner(&text, "Trigger").starts_with(trigger), "{}", inner(&text, "Trigger"));
}

#[test]
fn a_scalar_trigger_is_in_cloudwatchs_order_too() {
    let mut notice = sample::page();
    change(&mut notice).trigger = Some(json!({
        "Dimensions": [{ "name": "KeyArn", "value": "k" }], "Namespace": "AWS/KMS", "MetricName": "SuccessfulRequest",
        "Unit": null, "Statistic": "SUM", "StatisticType": "Statistic", "Period": 60, "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold", "Threshold": 50.0, "TreatMissingData": "",
        "EvaluateLowSampleCountPercentile": "",
    }));
    let text = body(&notice, "ops", TOPIC).unwrap();
    let expect = "MetricName Namespace StatisticType Statistic Unit Dimensions Period EvaluationPeriods \
                  ComparisonOperator Threshold TreatMissingData EvaluateLowSampleCountPercentile";
    assert_eq!(names(inner(&text, "Trigger")).join(" "), expect);
    assert!(
        text.contains("\"Dimensions\":[{\"value\":\"k\",\"name\":\"KeyArn\"}]") && text.contains("\"Threshold\":50.0")
    );
}

#[test]
fn values_are_written_as_cloudwatch_writes_them() {
    let mut notice = sample::page();
    change(&mut notice).alarm_description = None;
    change(&mut notice).alarm_actions = vec!["ops".to_owned(), "mail".to_owned()];
    let message: Value = serde_json::from_str(&body(&notice, "ops", TOPIC).unwrap()).expect("JSON");
    assert_eq!(message["AlarmDescription"], Value::Null);
    assert_eq!(message["NewStateValue"], "ALARM");
    assert_eq!(message["OldStateValue"], "OK");
    assert_eq!(message["Region"], "US East (N. Virginia)");
    assert_eq!(message["StateChangeTime"], "2026-11-24T03:07:00.000+0000");
    assert_eq!(message["AlarmActions"], json!([TOPIC, "mail"]));
    assert_eq!(message["ActionExecutedAfterMuteWindow"], false);
    assert_eq!(message["Keytide"]["Incident"]["Attribution"][0]["Share"], 0.98);
}

#[test]
fn the_series_of_an_alarm_on_several_is_named_as_cloudwatch_names_contributors() {
    let mut notice = sample::page();
    let message: Value = serde_json::from_str(&body(&notice, "ops", TOPIC).unwrap()).expect("JSON");
    let key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    assert_eq!(message["AlarmContributorAttributes"]["KeyArn"], key);
    assert_eq!(message["AlarmContributorAttributes"]["Operation"], "Decrypt");
    let id = message["AlarmContributorId"].as_str().expect("an id");
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    // An alarm on one series has no such fields.
    change(&mut notice).contributor = None;
    assert!(!body(&notice, "ops", TOPIC).unwrap().contains("AlarmContributor"));
}

#[test]
fn a_composite_alarm_has_its_rule_and_children_instead_of_a_trigger() {
    let mut notice = sample::page();
    change(&mut notice).alarm_rule = Some("ALARM(a)".to_owned());
    let text = body(&notice, "ops", TOPIC).unwrap();
    let names = names(&text);
    assert!(!names.contains(&"Trigger".to_owned()));
    assert!(names.windows(2).any(|pair| pair == ["AlarmRule", "TriggeringChildren"]));
    let child = "\"State\":{\"Value\":\"ALARM\",\"Timestamp\":\"2026-11-24T02:40:00.000+0000\"}}]";
    assert!(text.contains("\"TriggeringChildren\":[{\"Arn\":") && text.contains(child));
}

#[test]
fn subjects_are_ascii_of_at_most_100_characters() {
    let subject = |name: &str, state| {
        let mut notice = sample::page();
        change(&mut notice).alarm_name = name.to_owned();
        change(&mut notice).new_state = state;
        topic_subject(&notice)
    };
    assert_eq!(subject("high", StateValue::Alarm), "ALARM: \"high\" in US East (N. Virginia)");
    assert_eq!(
        subject("Zürich–große Schlüssel", StateValue::Ok),
        "OK: \"Z_rich_gro_e Schl_ssel\" in US East (N. Virginia)"
    );
    let long = subject(&"n".repeat(255), StateValue::InsufficientData);
    assert_eq!(long.len(), 100);
    assert!(
        long.starts_with("INSUFFICIENT_DATA: \"nnn") && long.ends_with("n...\" in US East (N. Virginia)"),
        "{long}"
    );
    let report = topic_subject(&sample::report());
    assert_eq!(report, "Keytide weekly report, 2026-11-16 to 2026-11-22");
}

#[test]
fn a_message_fits_into_what_sns_takes() {
    let mut notice = sample::page();
    let incident = change(&mut notice).incident.as_mut().expect("an incident");
    let series = incident.series[0].clone();
    incident.series = vec![series; 5_000];
    assert!(body(&notice, "ops", TOPIC).unwrap().len() < 256 * 1_024);
    let incident = change(&mut notice).incident.as_mut().expect("an incident");
    incident.series[0].alias = Some("x".repeat(300_000));
    let text = body(&notice, "ops", TOPIC).unwrap();
    assert!(text.len() < 256 * 1_024 && text.contains("\"Trigger\"") && !text.contains("\"Keytide\""));
}

#[test]
fn a_subject_has_at_most_a_hundred_characters_whatever_the_region() {
    let mut notice = sample::page();
    let Subject::StateChange(change) = &mut notice.subject else { panic!("a change") };
    change.region = "é\u{1b}x".repeat(100);
    let subject = topic_subject(&notice);
    assert!(subject.len() <= 100 && subject.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{subject}");
}
