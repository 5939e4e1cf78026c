//! Files that are read again: what is over is told no more, and what was counted stays counted.

use chrono::{DateTime, TimeDelta, Utc};
use keytide::domain::Clock;
use keytide::ingest::{IngestOptions, Silent, ingest};
use keytide::store::Store;
use serde_json::{Value, json};
use std::sync::atomic::AtomicBool;

use super::{Place, assert_says};
use crate::support::files;
use crate::support::record::{KEY, Record};
use crate::support::stores::Still;

/// A clock that stands still at some moment.
struct At(DateTime<Utc>);

impl Clock for At {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

fn ingest_at(place: &Place, now: DateTime<Utc>) {
    let mut store = Store::open_for_writing(place.store()).unwrap();
    let options = IngestOptions::of(vec![place.trail().to_owned()]);
    ingest(&mut store, &options, &At(now), &Silent, &AtomicBool::new(false)).unwrap();
}

#[test]
fn a_record_of_the_future_is_listed_until_its_day_has_come() {
    let place = Place::with_good_files();
    let now = Still.now();
    let later = (now + TimeDelta::days(3)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let alias = json!({"aliasName": "alias/app", "targetKeyId": KEY});
    let records: Vec<Value> = [
        Record::decrypt("call"),
        Record::call("CreateAlias").key(KEY).id("fact").with("requestParameters", alias),
        // A fact that is no request to KMS.
        Record::call("PutBucketPolicy").with("eventSource", "s3.amazonaws.com").id("other"),
    ]
    .map(|record| record.with("eventTime", later.as_str()).value())
    .into();
    place.put("m.json", &files::log_file(&records));
    ingest_at(&place, now);
    assert_eq!(place.rejects().iter().map(|reject| &reject["reason"]).collect::<Vec<_>>(), ["time-in-future"; 3]);
    assert_eq!((place.status()["lifecycle_facts"].clone(), place.decrypts()), (json!(0), 4));

    ingest_at(&place, now + TimeDelta::days(3));
    assert_eq!(place.rejects(), [Value::Null; 0]);
    assert_eq!(place.status()["records_set_aside"], json!({}));
    assert_eq!((place.status()["lifecycle_facts"].clone(), place.decrypts()), (json!(2), 5));
}

#[test]
fn a_file_that_is_taken_in_two_ranges_has_the_requests_of_both() {
    let place = Place::with_good_files();
    let records: Vec<Value> = (0..60)
        .map(|minute| {
            Record::decrypt(&format!("m{minute}")).with("eventTime", format!("2026-01-05T12:{minute:02}:00Z"))
        })
        .map(|record| record.value())
        .collect();
    let path = place.put("m.json", &files::log_file(&records));
    let path = path.to_str().unwrap();
    assert_eq!(place.run(&["ingest", path, "--until", "2026-01-05T12:50:00Z"]).code, Some(0));
    assert_eq!(place.run(&["ingest", path, "--since", "2026-01-05T12:50:00Z"]).code, Some(0));
    let status = place.status();
    let said = ["objects", "records", "requests", "calls", "duplicates"].map(|name| status[name].as_u64().unwrap());
    assert_eq!((said, place.decrypts()), ([1, 60, 60, 60, 0], 60));
    // What is read once more is a copy.
    assert_eq!(place.run(&["ingest", path, "--since", "2026-01-05T12:50:00Z"]).code, Some(0));
    let status = place.status();
    let said = ["requests", "duplicates"].map(|name| status[name].as_u64().unwrap());
    assert_eq!((said, place.decrypts()), ([70, 10], 60));
}

#[test]
fn a_file_of_noise_is_counted_to_the_end_and_listed_in_part() {
    let place = Place::with_good_files();
    // The last record's day has not come: the file is to be read again, though its reject is not listed.
    let future = Record::decrypt("future").with("eventTime", "2098-01-01T00:00:00Z").value();
    place.put("m.json", format!("{{\"Records\":[{}{future}]}}", "1,".repeat(25_000)).as_bytes());
    let ran = place.ingest();
    assert_says(&ran.err, &["25,001 records set aside: 25000 not-an-object, 1 time-in-future"]);
    let status = place.status();
    assert_eq!(status["records_set_aside"], json!({"not-an-object": 10_000, "not-listed": 15_001}));
    assert_eq!((&status["records"], &status["objects_in_part"]), (&json!(25_005), &json!(1)));
    assert_eq!(place.rejects().len(), 10_000);
    assert_eq!(place.decrypts(), 4);
}

#[test]
fn one_stray_byte_in_a_log_file_loses_one_record() {
    let records: Vec<String> = (0..100).map(|id| Record::decrypt(&format!("m{id}")).value().to_string()).collect();
    let good = &records[10];
    // Two commas, a bracket too few and one too many, a quote in a text: what can be read of the file is counted.
    for (bad, counted) in [
        (String::new(), 99),
        (good[..good.len() - 1].to_owned(), 99),
        (format!("{good}}}"), 100),
        (good.replace("192.0.2.1", "192\".0.2.1"), 99),
    ] {
        for [begin, end] in [["{\"Records\":[", "]}"], ["[", "]"]] {
            let place = Place::with_good_files();
            let mut records = records.clone();
            records[10].clone_from(&bad);
            place.put("m.json", [begin, &records.join(","), end].concat().as_bytes());
            assert_says(&place.ingest().err, &["1 record set aside: 1 malformed"]);
            assert_eq!(place.decrypts(), 4 + counted, "{begin} {bad}");
        }
    }
}
