//! Any bytes as a document: the walk ends, and what it hands out is as promised.
#![no_main]

use keytide::cloudtrail::RECORD_BYTES_MAX;
use keytide::cloudtrail::shape::{Found, each_record, recognise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &[u8]| {
    let mut found = 0;
    let _ = each_record(document, recognise(document), &mut |position, item| {
        assert_eq!(position, found);
        found += 1;
        match item {
            Found::Text(text) => assert!(text.len() <= RECORD_BYTES_MAX && text.starts_with(b"{")),
            Found::Value(value) => assert!(value.is_object()),
            Found::Reject { detail, .. } => assert!(!detail.to_string().is_empty()),
        }
    });
});
