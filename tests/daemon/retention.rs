//! Counts that are past their time.

use keytide::domain::{Minute, MinuteRange};
use keytide::series::{CountKind, Counts};
use keytide::store::{KeptFrom, Store};

use super::log_of;
use crate::support::files;
use crate::support::program::keytide_with;
use crate::support::record::Record;
use crate::support::stores::{ingest_path, passing_folder};

/// 2026-01-05 and the day after, since 1970: `date -u -d 2026-01-05 +%s` / 86400.
const DAY: u32 = 20_458;

/// A store with three calls on the first day and one on the second.
fn two_days() -> (tempfile::TempDir, tempfile::TempDir) {
    let (folder, dir) = (passing_folder(), passing_folder());
    files::write(folder.path(), "a.json", &log_of(0..3));
    let later = Record::decrypt("ffffffff-0000-4000-8000-000000000000").with("eventTime", "2026-01-06T10:00:00Z");
    files::write(folder.path(), "b.json", &files::log_file(&[later.value()]));
    ingest_path(dir.path(), folder.path().to_owned());
    (folder, dir)
}

fn days(store: &Store) -> [usize; 3] {
    let counts = store.counts();
    let all = MinuteRange::ALL;
    [counts.minutes(all), counts.callers(all), counts.seconds(all)].map(|days| days.unwrap().count())
}

#[test]
fn each_kind_of_counts_is_dropped_by_its_own_age() {
    let (_folder, dir) = two_days();
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    assert_eq!(days(&store), [2, 2, 2]);
    assert_eq!(store.expire_counts(&KeptFrom::default()).unwrap(), 0);
    store.expire_counts(&KeptFrom { callers: Some(DAY + 1), ..KeptFrom::default() }).unwrap();
    assert_eq!(days(&store), [2, 1, 2]);
    store.expire_counts(&KeptFrom { seconds: Some(DAY + 2), ..KeptFrom::default() }).unwrap();
    assert_eq!(days(&store), [2, 1, 0]);
}

#[test]
fn counts_begin_with_the_first_records_hour_or_with_the_first_day_that_is_kept() {
    let (_folder, dir) = two_days();
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    let begin = |store: &Store| {
        let counts = store.counts();
        [CountKind::Minutes, CountKind::Callers, CountKind::Seconds].map(|kind| counts.stored_from(kind).unwrap())
    };
    let midnight = |day: u32| Some(Minute((DAY + day) * Minute::PER_DAY));
    let ten = Some(Minute(DAY * Minute::PER_DAY + 600));
    assert_eq!(begin(&store), [ten, ten, ten]);
    store.expire_counts(&KeptFrom { callers: Some(DAY + 1), ..KeptFrom::default() }).unwrap();
    assert_eq!(begin(&store), [ten, midnight(1), ten]);
    store.expire_counts(&KeptFrom { minutes: Some(DAY + 1), ..KeptFrom::default() }).unwrap();
    // That nothing was there to be dropped is no reason to know less.
    store.expire_counts(&KeptFrom { seconds: Some(DAY), ..KeptFrom::default() }).unwrap();
    assert_eq!(begin(&store), [midnight(1), midnight(1), ten]);
    let covered = store.counts().covered(CountKind::Callers, MinuteRange::ALL).unwrap().unwrap();
    assert_eq!(Some(covered.start), midnight(1));
    // All is gone, and when more is kept from now on it doesn't come back.
    for day in [2, 0] {
        store.expire_counts(&KeptFrom { callers: Some(DAY + day), ..KeptFrom::default() }).unwrap();
        assert_eq!(begin(&store), [midnight(1), midnight(2), ten]);
    }
    assert_eq!(store.counts().covered(CountKind::Callers, MinuteRange::ALL).unwrap(), None);
}

#[test]
fn an_empty_store_has_no_beginning() {
    let dir = passing_folder();
    let store = Store::open_for_writing(dir.path()).unwrap();
    assert_eq!(store.counts().stored_from(CountKind::Minutes).unwrap(), None);
    assert_eq!(store.counts().covered(CountKind::Minutes, MinuteRange::ALL).unwrap(), None);
}

#[test]
fn a_ranking_of_callers_says_what_is_kept_of_them() {
    let (_folder, dir) = two_days();
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    store.expire_counts(&KeptFrom { callers: Some(DAY + 1), ..KeptFrom::default() }).unwrap();
    drop(store);
    let keys = keytide_with(dir.path(), &["top"]).out;
    assert!(keys.contains("2026-01-05 10:00 to 2026-01-06 10:01\n4 calls in all"), "{keys}");
    let callers = keytide_with(dir.path(), &["top", "--by", "caller"]).out;
    assert!(callers.contains("2026-01-06 00:00 to 2026-01-06 10:05\n1 call in all"), "{callers}");
    let dropped = ["top", "--by", "caller", "--since", "2026-01-05", "--until", "2026-01-06"];
    let none = keytide_with(dir.path(), &dropped).out;
    assert!(none.contains("Nothing is stored in this range: counts by caller begin at 2026-01-06 00:00."), "{none}");
}

#[test]
fn what_was_dropped_with_its_roll_ups_is_not_counted_again() {
    let (folder, dir) = two_days();
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    store.compact(1, chrono::Utc::now()).unwrap();
    store.expire_counts(&KeptFrom { minutes: Some(DAY + 1), ..KeptFrom::default() }).unwrap();
    let first = Minute((DAY + 1) * Minute::PER_DAY + 600);
    assert_eq!(store.minutes_covered().unwrap().map(|range| range.start), Some(first));
    drop(store);
    // Under another name, with another record: another object.
    files::write(folder.path(), "c.json", &log_of(1..3));
    assert_eq!(ingest_path(dir.path(), folder.path().to_owned()).new_requests, 0);
    let store = Store::open_for_reading(dir.path()).unwrap();
    assert_eq!(store.minutes_covered().unwrap().map(|range| range.start), Some(first));
}
