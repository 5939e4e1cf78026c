//! The caller that an incident was given to is named first, with nearly all of the excess.

use std::path::Path;

use keytide::alarm::{CallerWindow, Contribution, KnownOfKey, Question, SeenNow, attribute, novelties, usual_windows};
use keytide::domain::{Minute, MinuteRange, Outcome, parse_event_time};
use keytide::series::{CallerWindows, CountKind, Counts, caller_windows, callers_seen, key_operations};
use keytide::store::Store;

use super::MADE;
use crate::support::stores::passing_folder;

/// A row of `truth/incidents.csv`.
struct Incident {
    key: String,
    window: MinuteRange,
    principal: String,
    resource: String,
    /// Throttled calls are in it.
    excess: f64,
}

fn incidents(truth: &Path) -> Vec<Incident> {
    let mut reader = csv::Reader::from_path(truth.join("incidents.csv")).unwrap();
    let minute = |text: &str| Minute::of_second(parse_event_time(text).unwrap()).unwrap();
    let read = |row: csv::StringRecord| Incident {
        key: row[1].to_owned(),
        window: MinuteRange { start: minute(&row[3]), end: minute(&row[4]) },
        principal: row[6].to_owned(),
        resource: row[7].to_owned(),
        excess: row[8].parse().unwrap(),
    };
    reader.records().map(|row| read(row.unwrap())).collect()
}

fn decrypt_series(counts: &dyn Counts, key: &str) -> Vec<u32> {
    let all = key_operations(counts).unwrap();
    all.into_iter().find(|of| of.key_arn == key && of.operation == "Decrypt").unwrap().numbers
}

/// What is said of a window of the key's Decrypt calls.
fn said(counts: &dyn Counts, key: &str, window: MinuteRange) -> (CallerWindows, Vec<Contribution>) {
    let since = counts.covered(CountKind::Callers, MinuteRange::ALL).unwrap().unwrap().start;
    let others = usual_windows(window, 14, chrono_tz::UTC, since);
    let ranges: Vec<MinuteRange> = others.iter().map(|other| other.range).collect();
    let read = caller_windows(counts, &decrypt_series(counts, key), Outcome::Successful, window, &ranges).unwrap();
    let usual = read.usual.iter().zip(&others);
    let usual: Vec<CallerWindow> =
        usual.map(|(calls, of)| CallerWindow { calls: calls.clone(), like_today: of.like_today }).collect();
    let now = CallerWindow { calls: read.now_by_caller(), like_today: true };
    let question =
        Question { callers: &read.callers, window: &now, usual: &usual, shortfall: false, total_expected: None };
    let told = attribute(&question);
    (read, told)
}

#[test]
fn the_caller_that_an_incident_was_given_to_is_named_first_with_all_of_the_excess() {
    let store = Store::open_for_reading(&MADE.store).unwrap();
    let incidents = incidents(&MADE.truth);
    assert_eq!(incidents.len(), 3);
    for incident in incidents {
        let (_, told) = said(&store.counts(), &incident.key, incident.window);
        let first = told.first().unwrap();
        assert_eq!((&first.caller, &first.resource), (&incident.principal, &incident.resource), "{told:?}");
        assert!(first.share >= 0.98, "{told:?}");
        // A few of the excess calls failed or were throttled.
        let part = first.excess / incident.excess;
        assert!((0.95..=1.0).contains(&part), "{part} of {}", incident.excess);
    }
}

#[test]
fn its_first_five_minutes_are_enough() {
    let store = Store::open_for_reading(&MADE.store).unwrap();
    for incident in incidents(&MADE.truth) {
        let start = incident.window.start;
        let (_, told) = said(&store.counts(), &incident.key, MinuteRange { start, end: Minute(start.0 + 5) });
        let first = told.first().unwrap();
        assert_eq!((&first.caller, &first.resource), (&incident.principal, &incident.resource), "{told:?}");
        assert!(first.share >= 0.98, "{told:?}");
    }
}

#[test]
fn by_the_hour_the_same_caller_is_named() {
    let folder = passing_folder();
    let store = folder.path().join("store");
    std::fs::create_dir(&store).unwrap();
    for part in ["", "segments", "ledger"] {
        let (from, to) = (MADE.store.join(part), store.join(part));
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
    }
    let long_after = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    Store::open_for_writing(&store).unwrap().compact(1, long_after).unwrap();
    let store = Store::open_for_reading(&store).unwrap();
    for incident in incidents(&MADE.truth) {
        let (read, told) = said(&store.counts(), &incident.key, incident.window);
        assert_eq!((read.range.start.0 % 60, read.range.end.0 % 60), (0, 0));
        let first = told.first().unwrap();
        assert_eq!((&first.caller, &first.resource), (&incident.principal, &incident.resource), "{told:?}");
        assert!(first.share >= 0.98, "{told:?}");
    }
}

#[test]
fn what_is_new_of_a_key_is_told_when_it_is_new() {
    let store = Store::open_for_reading(&MADE.store).unwrap();
    let counts = store.counts();
    let incidents = incidents(&MADE.truth);
    // The first incident of its key, and a later one of the same caller and bucket.
    let of_key: Vec<&Incident> = incidents.iter().filter(|incident| incident.key == incidents[0].key).collect();
    assert_eq!(of_key.len(), 2);
    let told: Vec<Vec<String>> = of_key
        .iter()
        .map(|incident| {
            let series = decrypt_series(&counts, &incident.key);
            let before = MinuteRange { start: Minute(0), end: incident.window.start };
            let mut known = KnownOfKey::default();
            for (caller, _) in callers_seen(&counts, &series, before).unwrap() {
                known.add(&caller, "Decrypt");
            }
            let (read, _) = said(&counts, &incident.key, incident.window);
            let seen = read.now.iter().map(|(caller, _, calls)| SeenNow {
                caller: &read.callers[*caller as usize],
                operation: "Decrypt",
                calls: *calls,
            });
            let new = novelties(&incident.key, &known, &seen.collect::<Vec<_>>());
            new.into_iter().map(|new| new.name).collect()
        })
        .collect();
    assert!(told[0].contains(&of_key[0].principal) && told[0].contains(&of_key[0].resource), "{told:?}");
    assert!(!told[1].contains(&of_key[0].principal) && !told[1].contains(&of_key[0].resource), "{told:?}");
}
