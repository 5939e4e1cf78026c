//! Any bytes as a document: the walk ends, and what it hands out is as promised.
#![no_main]

use keytide::cloudtrail::shape::{Found, MAX_RECORD_BYTES, each_record, recognise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &[u8]| {
    let (mut records, mut rejects) = (0, 0);
    let walked = each_record(document, recognise(document), &mut |position, found| {
        assert_eq!(position, records + rejects);
        match found {
            Found::Text(text) => {
                assert!(text.len() <= MAX_RECORD_BYTES && text.starts_with(b"{"));
                assert!(std::str::from_utf8(text).is_ok());
                records += 1;
            }
            Found::Value(value) => {
                assert!(value.is_object());
                records += 1;
            }
            Found::Reject { detail, .. } => {
                assert!(!detail.is_empty());
                rejects += 1;
            }
        }
    });
    if let Ok(walked) = walked {
        assert_eq!((walked.records, walked.rejects), (records, rejects));
    }
});
