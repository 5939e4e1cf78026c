//! Documents made here: every envelope around small records, and every way in which one can be damaged.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod alike;
mod damage;
mod envelopes;
mod joined;

use std::io::Write;

use base64::Engine as _;
use flate2::Compression;
use serde_json::{Value, json};

use super::{Found, Shape, Unreadable, each_record, recognise};
use crate::cloudtrail::RejectReason;

/// What a walk gives: a record, or why there is none.
type Outcome = Result<Value, RejectReason>;

fn walk(document: impl AsRef<[u8]>) -> (Shape, Vec<Outcome>) {
    let (shape, found, walked) = try_walk(document.as_ref());
    walked.unwrap();
    (shape, found)
}

fn try_walk(document: &[u8]) -> (Shape, Vec<Outcome>, Result<(), Unreadable>) {
    let shape = recognise(document);
    let mut found = Vec::new();
    let walked = each_record(document, shape, &mut |position, item| {
        assert_eq!(position, found.len() as u64);
        found.push(match item {
            Found::Text(text) => serde_json::from_slice(text).map_err(|_| RejectReason::Malformed),
            Found::Value(value) => Ok(value.clone()),
            Found::Reject { reason, .. } => Err(reason),
        });
    });
    (shape, found, walked)
}

fn details(document: impl AsRef<[u8]>) -> Vec<String> {
    let mut details = Vec::new();
    each_record(document.as_ref(), recognise(document.as_ref()), &mut |_, found| {
        if let Found::Reject { detail, .. } = found {
            details.push(detail.to_string());
        }
    })
    .unwrap();
    details
}

fn unreadable(document: impl AsRef<[u8]>) -> Unreadable {
    let shape = recognise(document.as_ref());
    each_record(document.as_ref(), shape, &mut |_, _| panic!("nothing can be found")).unwrap_err()
}

fn record(number: u32) -> Value {
    json!({"eventVersion": "1.11", "eventName": "Decrypt", "number": number,
        "text": "quotes \" and {brackets]} and \\ é", "insightDetails": {"eventVersion": "0", "eventSource": "inner"}})
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

fn all(records: &[Value]) -> Vec<Outcome> {
    records.iter().cloned().map(Ok).collect()
}

fn subscription(records: &[Value]) -> Value {
    let events: Vec<_> = records.iter().map(|record| json!({"id": "1", "message": record.to_string()})).collect();
    json!({"messageType": "DATA_MESSAGE", "owner": "1", "logEvents": events})
}

fn lambda(payload: &Value) -> Value {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(payload.to_string().as_bytes()).unwrap();
    json!({"awslogs": {"data": base64::engine::general_purpose::STANDARD.encode(encoder.finish().unwrap())}})
}

fn event_bridge(record: &Value) -> Value {
    json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "resources": [], "detail": record})
}

fn lake_rows(records: &[Value], column: &str) -> Value {
    let row = |record: &Value| json!([{"eventID": "1"}, {(column): record.to_string()}]);
    json!({"QueryStatus": "FINISHED", "QueryResultRows": records.iter().map(row).collect::<Vec<_>>()})
}

/// Every envelope around the records, with what it should be recognised as when there is more than one record.
fn envelopes(records: &[Value]) -> Vec<(Shape, String)> {
    let messages: Vec<_> = records.iter().map(|record| json!({"message": record.to_string()})).collect();
    let lookup: Vec<_> = records
        .iter()
        .map(|record| json!({"EventId": "x", "EventTime": 1.0, "Resources": [], "CloudTrailEvent": record.to_string()}))
        .collect();
    let texts: Vec<_> = records.iter().map(Value::to_string).collect();
    let csv = records.iter().fold("eventid,eventJson\r\n".to_owned(), |text, record| {
        format!("{text}1,\"{}\"\r\n", record.to_string().replace('"', "\"\""))
    });
    let each = |form: &dyn Fn(&Value) -> String| records.iter().map(form).collect::<String>();
    let trail = json!({ "Records": records });
    vec![
        (Shape::Trail, trail.to_string()),
        (Shape::Trail, format!("\u{feff}  {trail:#}\n")),
        (Shape::Trail, json!({"A": [{"x": 1}], "Records": records, "z": null}).to_string()),
        (Shape::List, json!(records).to_string()),
        (Shape::List, format!("{:#}", json!(records))),
        (Shape::List, json!(texts).to_string()),
        (Shape::Lines, lines(records)),
        (Shape::Lines, lines(records).replace('\n', "\r\n\r\n")),
        (Shape::Lines, each(&|record| record.to_string())),
        (Shape::Lines, each(&|record| format!("{record}\t"))),
        (Shape::Lines, each(&|record| format!("{record:#}\n"))),
        (Shape::Lines, each(&|record| format!("{}\n", json!(record.to_string())))),
        (Shape::LookupEvents, json!({"Events": lookup, "NextToken": "t"}).to_string()),
        (Shape::LookupEvents, lines(&lookup)),
        (Shape::LakeRows, lake_rows(records, "eventJson").to_string()),
        (Shape::LakeRows, lake_rows(records, "EVENTJSON").to_string()),
        (Shape::LakeCsv, csv),
        (Shape::EventBridge, each(&|record| format!("{}\n", event_bridge(record)))),
        (Shape::EventBridge, each(&|record| event_bridge(record).to_string())),
        (Shape::EventBridge, json!(records.iter().map(event_bridge).collect::<Vec<_>>()).to_string()),
        (Shape::LogsSubscription, subscription(records).to_string()),
        // Members sorted by name, as `jq -S` does: the type comes last.
        (Shape::LogsSubscription, format!(r#"{{"logEvents":{},"messageType":"DATA_MESSAGE"}}"#, json!(messages))),
        (Shape::LogsSubscription, each(&|record| subscription(std::slice::from_ref(record)).to_string())),
        (Shape::LogsLambda, lambda(&subscription(records)).to_string()),
        (Shape::LogsEvents, json!({"events": messages, "searchedLogStreams": []}).to_string()),
        (
            Shape::LogsEvents,
            json!({"events": records.iter().map(|record| {
            json!({"message": event_bridge(record).to_string()})
        }).collect::<Vec<_>>()})
            .to_string(),
        ),
        (Shape::LogsExport, each(&|record| format!("2023-07-10T11:42:36.000Z {record}\n"))),
        (Shape::LogsExport, each(&|record| format!("2023-07-10T11:42:36.000000+00:00 a_CloudTrail_b {record}\n"))),
        (
            Shape::Wrapped,
            json!(
                records
                    .iter()
                    .map(|record| { json!({"@timestamp": "t", "message": "text", "aws": {"cloudtrail": record}}) })
                    .collect::<Vec<_>>()
            )
            .to_string(),
        ),
    ]
}
