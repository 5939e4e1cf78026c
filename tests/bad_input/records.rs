//! Records that can't be read, between records that can.

use serde_json::{Value, json};

use super::{Place, assert_says};
use crate::support::files;
use crate::support::record::{KEY, Record};

/// A log file and the same as lines, with texts in the place of records between two good ones.
fn around(bad: &[Vec<u8>]) -> [(&'static str, Vec<u8>); 2] {
    let good = |id: &str| Record::decrypt(id).value().to_string().into_bytes();
    let list = |ids: [&str; 2]| -> Vec<Vec<u8>> { [vec![good(ids[0])], bad.to_vec(), vec![good(ids[1])]].concat() };
    let file = [b"{\"Records\":[", &list(["b", "c"]).join(&b",\n"[..])[..], b"]}"].concat();
    [("m.json", file), ("n.ndjson", list(["d", "e"]).join(&b'\n'))]
}

/// Asserts that each text is set aside for that reason with these words, in a log file and as a line, and that the good
/// records around them are counted.
fn assert_set_aside(bad: &[(Vec<u8>, &str, &str)]) {
    let texts: Vec<Vec<u8>> = bad.iter().map(|(text, _, _)| text.clone()).collect();
    for (name, content) in around(&texts) {
        let place = Place::with_good_files();
        let path = place.put(name, &content);
        let ran = place.ingest();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_says(&ran.err, &[" set aside: ", "status --rejects"]);
        let rejects = place.rejects();
        assert_eq!(rejects.len(), bad.len(), "{name}: {rejects:#?}");
        for (number, (reject, (_, reason, detail))) in rejects.iter().zip(bad).enumerate() {
            assert_eq!(reject["object"], path.to_str().unwrap());
            assert_eq!(reject["position"], number + 1, "{name}: {reject}");
            assert_eq!(reject["reason"], *reason, "{name}: {reject}");
            assert_says(reject["detail"].as_str().unwrap(), &[detail]);
        }
        assert_eq!(place.decrypts(), 6, "{name}");
        // Again, nothing is listed or counted twice.
        place.ingest();
        assert_eq!((place.rejects().len(), place.decrypts()), (bad.len(), 6), "{name}");
        let fresh = Place { trail: place.trail, store: crate::support::stores::passing_folder() };
        assert_eq!(fresh.run(&["ingest", "--strict", fresh.trail().to_str().unwrap()]).code, Some(3));
    }
}

fn text(record: &Record) -> Vec<u8> {
    record.value().to_string().into_bytes()
}

#[test]
fn what_is_no_object_is_no_record() {
    let of = |text: &str| (text.as_bytes().to_vec(), "not-an-object", "");
    assert_set_aside(&[of("42"), of("null"), of("true"), of("\"a text\"")]);
}

#[test]
fn an_object_of_another_kind_is_no_record() {
    assert_set_aside(&[(br#"{"name":"x","age":1}"#.to_vec(), "not-a-record", "")]);
}

#[test]
fn times_outside_of_cloudtrails_are_set_aside() {
    let at = |time: &str| Record::decrypt(time).with("eventTime", time);
    assert_set_aside(&[
        (text(&at("1970-01-01T00:00:00Z")), "time-out-of-range", "1970-01-01T00:00:00Z"),
        (text(&at("2999-12-31T23:59:59Z")), "time-out-of-range", "2999-12-31T23:59:59Z"),
        (text(&at("2099-01-01T00:00:00Z")), "time-in-future", "2099-01-01T00:00:00Z"),
        (text(&at("yesterday")), "no-time", "yesterday"),
        (text(&at("")), "no-time", "missing"),
        (text(&Record::decrypt("x").without("eventTime")), "no-time", "missing"),
    ]);
}

#[test]
fn texts_that_are_no_utf_8_are_set_aside_where_they_would_be_kept() {
    let broken = |name: &str, record: Record| {
        let text = text(&record.with(name, "INVALID"));
        let at = text.windows(7).position(|window| window == b"INVALID").unwrap();
        [&text[..at], b"\xff\xfe\xc0", &text[at + 7..]].concat()
    };
    let records = [
        broken("awsRegion", Record::decrypt("r")),
        broken("eventTime", Record::decrypt("t")),
        broken("recipientAccountId", Record::decrypt("a").without("userIdentity")),
    ];
    assert_set_aside(&records.map(|record| (record, "invalid-utf8", "")));
}

#[test]
fn nesting_ten_thousand_deep_is_set_aside() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    let with = |name: &str, value: &str| {
        let text = Record::decrypt(name).with(name, "DEEP").value().to_string();
        text.replace("\"DEEP\"", value).into_bytes()
    };
    assert_set_aside(&[
        (with("eventName", &deep("[", "]")), "nested-too-deep", ""),
        (with("eventID", &deep("{\"a\":", "}")), "nested-too-deep", ""),
    ]);
}

#[test]
fn what_no_count_needs_may_be_of_any_depth_and_in_any_encoding_in_a_log_file_and_in_a_line() {
    let with = |name: &str, value: &[u8]| {
        let text = Record::decrypt(name).with(name, "ODD").value().to_string();
        let at = text.find("\"ODD\"").unwrap();
        [&text.as_bytes()[..at], value, &text.as_bytes()[at + 5..]].concat()
    };
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let odd = [with("responseElements", deep.as_bytes()), with("userAgent", b"\"\xff\xfe\x80\"")];
    for (name, content) in around(&odd) {
        let place = Place::with_good_files();
        place.put(name, &content);
        assert_eq!(place.ingest().code, Some(0));
        assert_eq!((place.decrypts(), place.rejects()), (8, vec![]), "{name}");
    }
}

#[test]
fn a_text_of_a_hundred_megabytes_is_set_aside() {
    let huge = "x".repeat(100 << 20);
    for name in ["eventName", "userAgent"] {
        assert_set_aside(&[(text(&Record::decrypt("huge").with(name, huge.as_str())), "too-large", "bytes")]);
    }
}

#[test]
fn a_record_cut_short_is_set_aside_and_what_came_before_is_counted() {
    let place = Place::with_good_files();
    let [(name, file), _] = around(&[]);
    let path = place.put(name, &file[..file.len() - 60]);
    assert_eq!(place.ingest().code, Some(0));
    let rejects = place.rejects();
    assert_eq!((&rejects[0]["object"], &rejects[0]["reason"]), (&json!(path.to_str().unwrap()), &json!("truncated")));
    assert_eq!(place.decrypts(), 5);
}

/// Every field that counting reads, as `a.b.c`, and whether it is a text.
const FIELDS: &[(&str, bool)] = &[
    ("eventTime", true),
    ("eventSource", true),
    ("eventName", true),
    ("eventVersion", true),
    ("eventType", true),
    ("eventCategory", true),
    ("eventID", true),
    ("sharedEventID", true),
    ("errorCode", true),
    ("awsRegion", true),
    ("recipientAccountId", true),
    ("vpcEndpointId", true),
    ("addendum", false),
    ("addendum.originalEventID", true),
    ("userIdentity", false),
    ("userIdentity.type", true),
    ("userIdentity.arn", true),
    ("userIdentity.accountId", true),
    ("userIdentity.invokedBy", true),
    ("userIdentity.sessionContext", false),
    ("userIdentity.sessionContext.sessionIssuer", false),
    ("userIdentity.sessionContext.sessionIssuer.arn", true),
    ("requestParameters", false),
    ("requestParameters.keyId", true),
    ("requestParameters.sourceKeyId", true),
    ("requestParameters.destinationKeyId", true),
    ("requestParameters.encryptionAlgorithm", true),
    ("requestParameters.signingAlgorithm", true),
    ("requestParameters.macAlgorithm", true),
    ("requestParameters.keyAgreementAlgorithm", true),
    ("requestParameters.sourceEncryptionAlgorithm", true),
    ("requestParameters.keyPairSpec", true),
    ("requestParameters.encryptionContext", false),
    ("requestParameters.encryptionContext.SecretARN", true),
    ("requestParameters.sourceEncryptionContext", false),
    ("requestParameters.sourceEncryptionContext.SecretARN", true),
    ("resources", false),
    ("resources.0", false),
    ("resources.0.type", true),
    ("resources.0.ARN", true),
];

/// A Decrypt whose field is another value; what lies on the way is made.
fn with_field(path: &str, value: &Value) -> Value {
    let mut record = Record::decrypt(path).value();
    let mut at = &mut record;
    for name in path.split('.') {
        at = match name.parse::<usize>() {
            Ok(number) => &mut at[number],
            Err(_) => &mut at[name],
        };
    }
    *at = value.clone();
    record
}

#[test]
fn a_field_of_another_type_sets_its_record_aside_and_is_named() {
    for (path, is_text) in FIELDS {
        let mut wrong = vec![json!(42), json!(true), json!([1, "x"])];
        wrong.push(if *is_text { json!({"x": 1}) } else { json!("a text") });
        // A list is what resources are, and CloudTrail Lake writes the context as a text.
        wrong.retain(|value| *path != "resources" || !value.is_array());
        wrong.retain(|value| !path.ends_with("ncryptionContext") || !value.is_string());
        let place = Place::with_good_files();
        let texts: Vec<Vec<u8>> = wrong.iter().map(|value| with_field(path, value).to_string().into_bytes()).collect();
        let [(name, file), _] = around(&texts);
        place.put(name, &file);
        let ran = place.ingest();
        assert_eq!(ran.code, Some(0), "{path}: {}", ran.err);
        let rejects = place.rejects();
        assert_eq!(rejects.len(), wrong.len(), "{path}: {rejects:#?}");
        let field = path.split('.').rfind(|name| name.parse::<usize>().is_err() && *name != "SecretARN").unwrap();
        for reject in &rejects {
            assert_eq!(reject["reason"], "wrong-type", "{path}: {reject}");
            assert_says(reject["detail"].as_str().unwrap(), &[field]);
        }
        assert_eq!(place.decrypts(), 6, "{path}");
    }
}

#[test]
fn a_field_that_is_null_is_absent() {
    let needed = ["eventTime", "eventSource", "eventName", "resources.0"];
    let others = FIELDS.iter().filter(|(path, _)| !needed.contains(path));
    let records: Vec<Value> = others.map(|(path, _)| with_field(path, &Value::Null)).collect();
    let place = Place::with_good_files();
    place.put("m.json", &files::log_file(&records));
    place.ingest();
    assert_eq!(place.rejects(), [Value::Null; 0]);
    // Without resources, or without an ARN in them, the key is not told; without an id a record is nobody's copy.
    let export = place.run(&["export", "unattributed"]);
    assert_eq!(export.out.lines().skip(1).collect::<Vec<_>>(), ["2026-01-05T10:00:00Z,,Decrypt,none,2"]);
    assert_eq!(place.decrypts(), 4 + records.len() as u64 - 2);
}

#[test]
fn a_lone_surrogate_and_a_number_too_large_are_read_or_set_aside() {
    let with = |value: &str| {
        let text = Record::decrypt(value).with("sourceIPAddress", "ODD").value().to_string();
        text.replace("\"ODD\"", value).into_bytes()
    };
    let place = Place::with_good_files();
    let [(name, file), _] = around(&[with("\"\\ud800\""), with("1e999"), with("123456789012345678901234567890")]);
    place.put(name, &file);
    assert_eq!(place.ingest().code, Some(0));
    assert_eq!(place.decrypts() + place.rejects().len() as u64, 6 + 3);
    assert_says(&place.run(&["export", "minutes"]).out, &[KEY]);
}

#[test]
fn what_a_caller_names_as_a_key_and_can_be_none_is_no_key() {
    let place = Place::with_good_files();
    let made_up = [
        "arn:aws:kms:us-east-1:111122223333:key/$(reboot)",
        "arn:aws:kms:us-east-1:111122223333:key/a\nb\u{1b}[2J",
        "arn:aws:kms:us-east-1:42:key/a",
        "arn:aws:kms:us east:111122223333:key/a",
    ];
    let records = made_up.iter().enumerate().map(|(number, name)| {
        let id = format!("{number:08x}-0000-4000-8000-00000000ffff");
        Record::call("Decrypt").id(&id).error("AccessDenied").parameter("keyId", *name).value()
    });
    let path = place.put("made-up.json", &files::log_file(&records.collect::<Vec<_>>()));
    assert_eq!(place.run(&["ingest", path.to_str().unwrap()]).code, Some(0));
    let minutes = place.run(&["export", "minutes"]).out;
    assert!(!minutes.contains("reboot") && !minutes.contains(":42:") && !minutes.contains("us east"), "{minutes}");
    let unattributed = place.run(&["export", "unattributed", "--all-outcomes"]).out;
    assert!(unattributed.contains("$(reboot)") && unattributed.contains(":42:key/a"), "{unattributed}");
}
