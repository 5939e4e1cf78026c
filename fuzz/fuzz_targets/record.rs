//! Any JSON object as one record of a trail file: it is handed out whole or set aside, and never called malformed.
#![no_main]

use keytide::cloudtrail::RejectReason;
use keytide::cloudtrail::shape::{Found, each_record, recognise};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|members: &[u8]| {
    let record = [b"{\"eventVersion\":\"1.11\",", members, b"}"].concat();
    let Ok(Value::Object(_)) = serde_json::from_slice(&record) else { return };
    let document = [b"{\"Records\":[", &record[..], b"]}"].concat();
    let mut found = 0;
    let walked = each_record(&document, recognise(&document), &mut |_, item| {
        found += 1;
        match item {
            Found::Text(text) => assert_eq!(text, record),
            Found::Value(value) => panic!("put together: {value}"),
            Found::Reject { reason, .. } => {
                assert_eq!(reason, RejectReason::TooLarge);
            }
        }
    });
    assert!(walked.is_ok() && found == 1);
});
