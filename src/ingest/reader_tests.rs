//! Objects that are more than is taken at once.

use std::collections::BTreeSet;
use std::io::Write;

use super::*;
use crate::domain::Second;
use crate::store::Store;

/// A trail's file of one call.
fn document(id: usize) -> String {
    let record = format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AWSAccount","accountId":"111122223333"}},
        "eventTime":"2026-01-05T10:00:00Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt",
        "awsRegion":"us-east-1","eventID":"{id:032x}","requestID":"{id:032x}"}}"#
    );
    format!(r#"{{"Records":[{}]}}"#, record.replace("\n        ", ""))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).expect("written");
    gzip.finish().expect("written")
}

/// Reads an object with a limit of 4,000 bytes: its parts.
fn read(content: &[u8]) -> Vec<Taken> {
    let dir = tempfile::tempdir().expect("a folder");
    drop(Store::open_for_writing(dir.path()).expect("a store"));
    let profiles = Profiles::new(crate::tally::Dictionaries::default());
    let scope =
        Scope { since: Second(0), until: Second(u32::MAX), not_after: Second(u32::MAX), closed_hours: Vec::new() };
    let quarantined = BTreeSet::new();
    let mut reader = Reader::open(dir.path(), &quarantined, &profiles, &scope).expect("a reader");
    reader.limits.member_bytes = 4000;
    reader.piece_limits = PieceLimits { piece: 1000, whole: 4000 };
    let mut parts = Vec::new();
    let mut send = |taken| {
        parts.push(taken);
        Ok(())
    };
    assert!(reader.object("day.json.gz", content, content.len() as u64, &mut send).is_ok());
    parts
}

#[test]
fn a_gzip_file_that_inflates_to_more_than_is_taken_at_once_is_read_in_pieces() {
    let text: String = (0..50).map(document).collect();
    let content = gzip(text.as_bytes());
    let parts = read(&content);
    assert!(parts.len() > 10);
    assert!(parts.iter().all(|part| part.quarantined.is_none()));
    let objects: Vec<&ObjectRecord> = parts.iter().filter_map(|part| part.object.as_ref()).collect();
    assert_eq!(objects.iter().map(|object| object.counts.calls).sum::<u64>(), 50);
    // The first has the file's name: that releases it if it could not be read before.
    assert_eq!((objects[0].name.as_str(), objects[1].name.as_str()), ("day.json.gz", "day.json.gz (piece 2)"));
    assert_eq!(parts.iter().map(|part| part.bytes).sum::<u64>(), content.len() as u64);
}

#[test]
fn one_document_that_is_too_large_is_refused_with_what_to_do() {
    let whole = document(1);
    let record = &whole[r#"{"Records":["#.len()..whole.len() - "]}".len()];
    let text = format!("{{\"Records\":[{}]}}", vec![record; 50].join(","));
    let parts = read(&gzip(text.as_bytes()));
    assert_eq!(parts.len(), 1);
    let quarantined = parts[0].quarantined.as_ref().expect("quarantined");
    assert_eq!(quarantined.reason, "too-large");
    assert!(quarantined.detail.contains("split it"), "{}", quarantined.detail);
}

#[test]
fn a_name_that_begins_with_another_is_a_part_of_it_only_after_a_mark() {
    for part in ["a.json", "a.json!inner.json", "a.json (piece 2)"] {
        assert!(is_part_of(part, "a.json"), "{part}");
    }
    for other in ["a.json.gz", "a.json.gz!inner.json", "a.jso", "b/a.json"] {
        assert!(!is_part_of(other, "a.json"), "{other}");
    }
}
