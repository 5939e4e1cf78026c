//! What is whole: each envelope gives its records.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Shape, Unreadable};
use super::{Outcome, all, envelopes, event_bridge, lines, record, subscription, unreadable, walk};
use crate::cloudtrail::RejectReason;

#[test]
fn every_envelope_is_recognised_and_gives_its_records_in_order() {
    let records: Vec<_> = (0..3).map(record).collect();
    for (shape, document) in envelopes(&records) {
        assert_eq!(walk(&document), (shape, all(&records)), "{document}");
    }
    assert_eq!(walk(record(1).to_string()), (Shape::Record, vec![Ok(record(1))]));
    assert_eq!(walk(format!("{:#}\n", record(1))), (Shape::Record, vec![Ok(record(1))]));
}

#[test]
fn a_record_is_known_by_its_version_or_by_source_name_and_time() {
    let bare = json!({"eventName": "Decrypt", "eventSource": "kms.amazonaws.com", "eventTime": "2026-01-05T10:00:00Z"});
    let sorted = json!({"awsRegion": "r", "eventVersion": "1.0"});
    let insight = json!({"eventVersion": "1.07", "eventCategory": "Insight", "insightDetails": {"eventSource": "x"}});
    let records = [bare, sorted, insight];
    assert_eq!(walk(json!({ "Records": records }).to_string()), (Shape::Trail, all(&records)));

    let two_marks = json!({"eventName": "Decrypt", "eventSource": "kms.amazonaws.com"});
    let document = json!([record(0), two_marks, record(1)]).to_string();
    assert_eq!(walk(document).1, [Ok(record(0)), Err(RejectReason::NotARecord), Ok(record(1))]);
}

#[test]
fn a_trail_file_may_be_empty_or_have_null_for_records() {
    for document in [r#"{"Records":[]}"#, r#"{"Records":null}"#, " { \"Records\" : [ ] } \n", r#"{"x":1,"Records":[]}"#]
    {
        assert_eq!(walk(document), (Shape::Trail, vec![]), "{document}");
    }
    assert_eq!(walk("[]"), (Shape::List, vec![]));
    // Two files that were put together.
    let document = format!("{}{}", json!({"Records": [record(0)]}), json!({"Records": [record(1)]}));
    assert_eq!(walk(document), (Shape::Trail, all(&[record(0), record(1)])));
}

#[test]
fn digests_control_messages_and_other_services_events_are_known_and_hold_no_record() {
    // As AWS's documentation of CloudTrail Lake has it, shortened.
    let sign = json!({"version": "1.0", "region": "us-east-1", "files": [{"fileHashValue": "ab", "fileName": "r.csv.gz"}],
        "hashAlgorithm": "SHA-256", "signatureAlgorithm": "SHA256withRSA", "queryCompleteTime": "2026-01-05T10:00:00Z",
        "hashSignature": "cd", "publicKeyFingerprint": "ef"});
    assert_eq!(walk(sign.to_string()), (Shape::Digest, vec![]));
    assert_eq!(walk("Permission Check Successful"), (Shape::WriteTest, vec![]));
    let digest = json!({"awsAccountId": "1", "digestStartTime": "t", "logFiles": [{"s3Object": "x"}]});
    let control = json!({"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL CONTROL MESSAGE"}]});
    let sorted = r#"{"logEvents":[{"message":"CWL CONTROL MESSAGE"}],"messageType":"CONTROL_MESSAGE"}"#;
    let event = json!({"detail-type": "KMS CMK Rotation", "source": "aws.kms", "detail": {"key-id": "k"}});
    assert_eq!(walk(digest.to_string()), (Shape::Digest, vec![]));
    assert_eq!(walk(control.to_string()), (Shape::LogsSubscription, vec![]));
    assert_eq!(walk(sorted), (Shape::LogsSubscription, vec![]));
    assert_eq!(walk(event.to_string()), (Shape::EventBridge, vec![]));
}

#[test]
fn a_record_beside_or_under_the_name_of_a_list_that_is_none_is_found() {
    let [one, two] = [record(0), record(1)];
    for name in ["Records", "Events", "events", "QueryResultRows"] {
        for (document, expected) in [
            (json!({(name): null, "record": one}), vec![&one]),
            (json!({(name): [], "record": one}), vec![&one]),
            (json!({(name): one}), vec![&one]),
            (json!({(name): {"0": one, "1": two}}), vec![&one, &two]),
        ] {
            let expected: Vec<Outcome> = expected.into_iter().cloned().map(Ok).collect();
            assert_eq!(walk(format!("{document}\n{document}\n")).1, [&expected[..], &expected].concat(), "{document}");
        }
        let nothing = walk(format!("{}\n{one}\n", json!({(name): {"level": "info"}}))).1;
        assert_eq!(nothing, [Err(RejectReason::NotARecord), Ok(one.clone())], "{name}");
    }
    let both = json!({"Records": [one], "record": two}).to_string();
    assert_eq!(walk(both).1, all(&[one.clone(), two]));
    assert_eq!(walk(json!({"messageType": "other", "record": one}).to_string()).1, all(&[one]));
}

#[test]
fn a_record_that_a_tool_read_from_its_text_is_found_in_the_texts_place() {
    let records: Vec<_> = (0..3).map(record).collect();
    let each = |form: &dyn Fn(&Value) -> Value| records.iter().map(form).collect::<Vec<_>>();
    let messages = each(&|record| json!({"@timestamp": 1, "message": record}));
    let details = each(&|record| json!({"account": "1", "detail": record}));
    let lookup = each(&|record| json!({"EventId": "x", "Resources": [{"a": "b"}], "CloudTrailEvent": record}));
    for document in [
        lines(&messages),
        lines(&details),
        json!(messages).to_string(),
        json!(each(&|record| json!({"message": [record]}))).to_string(),
        json!({ "Events": lookup }).to_string(),
        json!({ "events": messages }).to_string(),
        subscription(&[]).to_string().replace("[]", &json!(messages).to_string()),
    ] {
        assert_eq!(walk(&document).1, all(&records), "{document}");
    }
}

#[test]
fn records_are_found_after_however_much_of_another_kind() {
    let records: Vec<_> = (0..3).map(record).collect();
    let wrapped: Vec<_> = records.iter().map(|record| json!({"ts": 1, "record": record})).collect();
    let other = json!({"level": "info", "n": [{"a": 1}]});
    for (other, reason) in [
        (other.to_string(), RejectReason::NotARecord),
        (other.to_string().replace("]}", "]"), RejectReason::Malformed),
        ("7".to_owned(), RejectReason::NotAnObject),
    ] {
        for more in [lines(&records), lines(&wrapped)] {
            let found = walk(format!("{}{more}", format!("{other}\n").repeat(500))).1;
            let rejects = found.iter().filter(|outcome| **outcome == Err(reason)).count();
            assert!(rejects >= 500, "{other}: {rejects}");
            assert_eq!(found[found.len() - 3..], all(&records), "{other}");
        }
    }
    // In a list too.
    let list = json!([other, records[0], {"x": records[1]}]).to_string();
    assert_eq!(walk(list).1, [Err(RejectReason::NotARecord), Ok(records[0].clone()), Ok(records[1].clone())]);
}

#[test]
fn a_stream_may_mix_its_shapes() {
    let records: Vec<_> = (0..5).map(record).collect();
    let document = format!(
        "{}\n{}{}\n{}\n2023-07-10T11:42:36.000Z {}\n",
        event_bridge(&records[0]),
        subscription(&records[1..2]),
        records[2],
        json!([records[3]]),
        records[4],
    );
    assert_eq!(walk(document), (Shape::EventBridge, all(&records)));
}

#[test]
fn what_follows_a_lake_csv_is_read_for_what_it_is() {
    let records: Vec<_> = (0..4).map(record).collect();
    let csv = format!("eventid,eventJson\n1,\"{}\"\n", records[0].to_string().replace('"', "\"\""));
    let more = format!("{}\n{}{}\n", records[1], subscription(&records[2..3]), records[3]);
    for between in ["", "\n", "\r\n"] {
        assert_eq!(walk(format!("{csv}{between}{more}")), (Shape::LakeCsv, all(&records)), "{between:?}");
    }
}

#[test]
fn records_on_one_line_may_have_a_comma_between_them() {
    let records: Vec<_> = (0..4).map(|number| json!({"eventVersion": "1.11", "number": number, "x": [{}]})).collect();
    for separator in [",", " , ", ",\t"] {
        let line = records[..3].iter().map(Value::to_string).collect::<Vec<_>>().join(separator);
        let document = format!("{line}\n{}\n", records[3]);
        assert_eq!(walk(document), (Shape::Lines, all(&records)), "{separator:?}");
    }
}

#[test]
fn lake_columns_make_a_record() {
    let expected = json!({
        "eventID": "e", "eventTime": "2023-07-10T11:57:36Z", "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt", "readOnly": true, "sharedEventID": "s",
        "requestParameters": {"keyId": "alias/a", "encryptionContext": {"aws:s3:arn": "arn:aws:s3:::b, c"}},
        "resources": [{"accountId": "1", "type": "AWS::KMS::Key", "ARN": "arn:k", "ARNPrefix": null}],
    });
    let columns = [
        ("eventid", "e"),
        ("eventtime", "2023-07-10 11:57:36.000"),
        ("eventsource", "kms.amazonaws.com"),
        ("eventname", "Decrypt"),
        ("errorcode", ""),
        ("readonly", "true"),
        ("sharedeventid", "s"),
        ("requestparameters", r#"{keyid=alias/a, encryptioncontext={"aws:s3:arn": "arn:aws:s3:::b, c"}}"#),
        ("resources", "[{accountid=1, type=AWS::KMS::Key, arn=arn:k, arnprefix=null}]"),
    ];
    let row: Vec<_> = columns.iter().map(|(name, value)| json!({ (*name): value })).collect();
    let rows = json!({"QueryResultRows": [row]}).to_string();
    assert_eq!(walk(&rows), (Shape::LakeRows, vec![Ok(expected.clone())]));

    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let values: Vec<_> = columns.iter().map(|(_, value)| format!("\"{}\"", value.replace('"', "\"\""))).collect();
    let csv = format!("{}\n{}\n\"e\",\"cut", names.join(","), values.join(","));
    assert_eq!(walk(&csv), (Shape::LakeCsv, vec![Ok(expected), Err(RejectReason::Truncated)]));

    let error = Unreadable::ColumnsMissing { missing: "eventsource, eventtime".to_owned() };
    assert_eq!(unreadable("eventid,eventname\ne,Decrypt\n"), error);
    let rows = json!({"QueryResultRows": [[{"eventname": "Decrypt"}], "x"]}).to_string();
    assert_eq!(walk(rows).1, [Err(RejectReason::NotARecord), Err(RejectReason::NotAnObject)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_records_come_out_of_any_envelope_as_they_went_in(
        contents in prop::collection::vec((any::<bool>(), "\\PC{0,20}", any::<i64>()), 2..6),
    ) {
        let records: Vec<_> = contents
            .into_iter()
            .map(|(mark, text, number)| {
                let inner = json!({"text": &text, "list": [number, null, {"eventVersion": &text}]});
                if mark {
                    json!({"eventVersion": &text, "a": inner})
                } else {
                    json!({"eventTime": number, "eventSource": &text, "eventName": null, "a": inner})
                }
            })
            .collect();
        for (_, document) in envelopes(&records) {
            prop_assert_eq!(walk(&document).1, all(&records), "{}", document);
        }
    }
}
