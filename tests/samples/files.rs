//! Log files and envelopes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ingested;
use crate::support::files;
use crate::support::record::Record;

#[test]
fn gzip_files_of_several_members_and_plain_ones_are_read_whole() {
    let line = |id: &str| format!("{}\n", Record::decrypt(id).value()).into_bytes();
    let members = [files::gzip(&line("1")), files::gzip(&line("2"))].concat();
    let gave = ingested(&[("a.ndjson.gz", members), ("b.ndjson", line("3")), ("c.json", line("1"))]);
    assert_eq!(gave.minutes, ["10:00 key Decrypt 3 0 0 0 0"]);
}

#[test]
fn a_log_file_without_records_is_no_problem() {
    for content in [r#"{"Records":null}"#, r#"{"Records":[]}"#, r#"[]"#] {
        let gave = ingested(&[("log.json", content.into())]);
        assert_eq!((gave.minutes, gave.rejects, gave.quarantined), (vec![], BTreeMap::new(), vec![]), "{content}");
    }
}

#[test]
fn a_huge_list_of_records_is_read_to_its_end() {
    let records: Vec<Value> = (0..20_000).map(|id| Record::decrypt(&id.to_string()).value()).collect();
    let gave = ingested(&[("log.json.gz", files::gzip(&files::log_file(&records)))]);
    assert_eq!(gave.minutes, ["10:00 key Decrypt 20000 0 0 0 0"]);
}

#[test]
fn a_record_counts_alike_in_every_envelope() {
    let record = Record::decrypt("1").value();
    let text = record.to_string();
    let event = json!({"EventId": "1", "EventTime": 1_767_607_200, "CloudTrailEvent": text});
    let bridge =
        json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.kms", "detail": record});
    let logs = json!({"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1, "message": text}]});
    let contents: Vec<(&str, Vec<u8>)> = vec![
        ("array.json", json!([record]).to_string().into()),
        ("lookup.json", json!({"Events": [event]}).to_string().into()),
        ("bridge.json", bridge.to_string().into()),
        ("logs.json", logs.to_string().into()),
        ("export.log", format!("2026-01-05T10:00:01.000Z {text}\n").into()),
        ("pretty.json", serde_json::to_string_pretty(&json!({"Records": [record]})).unwrap().into()),
    ];
    for one in &contents {
        let gave = ingested(std::slice::from_ref(one));
        assert_eq!(gave.minutes, ["10:00 key Decrypt 1 0 0 0 0"], "{}", one.0);
    }
    assert_eq!(ingested(&contents).minutes, ["10:00 key Decrypt 1 0 0 0 0"], "all of them");
}
