//! Errors: a key that never had any has learned that; a key that was never called before has not.

use std::path::Path;

use keytide::alarm::{Notice, Subject};
use keytide::store::{Outbox, Store};
use keytide::watch::Watch;

use super::rounds::{assert_same, known};
use super::{now, setup, take, time_text};
use crate::support::files;
use crate::support::record::{KEY, KEY_2, Record};
use crate::support::stores::passing_folder;

/// Minutes since 2026-01-05T00:00:00Z: noon of the fifteenth day.
const STORM: u32 = 14 * 1440 + 720;

/// A call to Decrypt of a key with a number, at a minute.
fn call(key: &str, minute: u32, number: u32) -> Record {
    let id = format!("{minute:08x}-0000-4000-8000-{number:012x}");
    Record::call("Decrypt").key(key).id(&id).with("eventTime", time_text(minute, number % 60))
}

/// Takes in the calls of a key every five minutes, and so many refused ones of another key or the same in each minute
/// of a range.
fn deliver(store: &mut Store, folder: &Path, calls: std::ops::Range<u32>, refused: (&str, std::ops::Range<u32>, u32)) {
    let (key, minutes, each) = refused;
    let clean = calls.clone().step_by(5).map(|minute| call(KEY, minute, 0).value());
    let denied = minutes.flat_map(|minute| (1..=each).map(move |number| (minute, number)));
    let denied = denied.map(|(minute, number)| call(key, minute, number).error("AccessDenied").value());
    let records: Vec<_> = clean.chain(denied).collect();
    take(store, vec![files::write(folder, &format!("{}.json", calls.start), &files::log_file(&records))]);
}

/// The metrics of the series of each page that is owed.
fn paged(dir: &Path) -> Vec<Vec<String>> {
    let owed = Outbox::open(dir).unwrap().due(now(), 100).unwrap();
    let metrics = |text: &str| {
        let notice: Notice = serde_json::from_str(text).unwrap();
        let Subject::StateChange(change) = notice.subject else { panic!("a change of state") };
        change.incident.unwrap().series.into_iter().map(|series| series.metric).collect()
    };
    owed.iter().map(|message| metrics(&message.notice)).collect()
}

#[test]
fn a_storm_of_refusals_on_a_key_that_never_had_one_is_paged_with_its_first_five_minutes() {
    let (dir, folder) = (passing_folder(), passing_folder());
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    let mut watch = Watch::open(&store, setup()).unwrap();
    deliver(&mut store, folder.path(), 0..STORM, (KEY, 0..0, 0));
    assert_eq!(watch.round(&mut store, now()).unwrap().begun, [0_u64; 0]);
    // As far as the watermark lets the first five minutes of the storm be known, and no further.
    deliver(&mut store, folder.path(), STORM..STORM + 20, (KEY, STORM..STORM + 20, 6));
    assert_eq!(watch.round(&mut store, now()).unwrap().begun, [1]);
    assert_eq!(paged(dir.path()), [["DeniedRequest"]]);
}

#[test]
fn the_first_errors_of_a_key_that_is_new_and_a_few_of_an_old_one_page_nobody() {
    for (key, each) in [(KEY_2, 6), (KEY, 1)] {
        let (dir, folder) = (passing_folder(), passing_folder());
        let mut store = Store::open_for_writing(dir.path()).unwrap();
        let mut watch = Watch::open(&store, setup()).unwrap();
        deliver(&mut store, folder.path(), 0..STORM, (KEY, 0..0, 0));
        deliver(&mut store, folder.path(), STORM..STORM + 60, (key, STORM..STORM + each * 20 / 6, each));
        assert_eq!(watch.round(&mut store, now()).unwrap().begun, [0_u64; 0], "{each} a minute of {key}");
    }
}

#[test]
fn a_restart_between_the_clean_weeks_and_the_first_error_changes_nothing() {
    let fares = [false, true].map(|restarts| {
        let (dir, folder) = (passing_folder(), passing_folder());
        let mut store = Store::open_for_writing(dir.path()).unwrap();
        let mut watch = Watch::open(&store, setup()).unwrap();
        for start in [0, STORM, STORM + 60, STORM + 120] {
            let end = if start == 0 { STORM } else { start + 60 };
            deliver(&mut store, folder.path(), start..end, (KEY, start.max(STORM)..end.max(STORM), 2));
            watch.round(&mut store, now()).unwrap();
            if restarts {
                watch.save(&mut store).unwrap();
                watch = Watch::open(&store, setup()).unwrap();
            }
        }
        known(&mut watch, &mut store)
    });
    assert!(!fares[0].1.is_empty());
    assert_same(&fares[1], &fares[0]);
}

/// So many refused calls of made-up keys, one each, in a minute.
fn made_up(store: &mut Store, folder: &Path, minute: u32, keys: u32) {
    let refused = (0..keys).map(|number| {
        let key = format!("arn:aws:kms:us-east-1:111122223333:key/{number:08x}-12ab-34cd-56ef-1234567890ab");
        call(&key, minute, number).error("AccessDenied").value()
    });
    let records: Vec<_> = refused.collect();
    take(store, vec![files::write(folder, &format!("made-up-{minute}.json"), &files::log_file(&records))]);
}

#[test]
fn keys_that_a_caller_makes_up_are_not_watched_and_take_no_part_of_the_budget() {
    let fares = [0, 500].map(|keys| {
        let (dir, folder) = (passing_folder(), passing_folder());
        let mut store = Store::open_for_writing(dir.path()).unwrap();
        let mut watch = Watch::open(&store, setup()).unwrap();
        deliver(&mut store, folder.path(), 0..STORM, (KEY, 0..0, 0));
        if keys > 0 {
            made_up(&mut store, folder.path(), STORM - 2 * 1440 + 1, keys);
        }
        watch.round(&mut store, now()).unwrap();
        deliver(&mut store, folder.path(), STORM..STORM + 60, (KEY_2, STORM..STORM + 60, 1));
        let report = watch.round(&mut store, now()).unwrap();
        (report.series, report.unwatched, known(&mut watch, &mut store))
    });
    assert_eq!((fares[0].0, fares[0].1), (1, 0), "one key with successes, and one without any");
    assert_eq!((fares[1].0, fares[1].1), (1, 0));
    assert_same(&fares[1].2, &fares[0].2);
}

#[test]
fn no_more_series_are_watched_than_may_be_and_what_is_beyond_is_told() {
    let (dir, folder) = (passing_folder(), passing_folder());
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    let mut few = setup();
    few.settings.series_max = 1;
    let mut watch = Watch::open(&store, few).unwrap();
    deliver(&mut store, folder.path(), 0..600, (KEY, 60..70, 1));
    let report = watch.round(&mut store, now()).unwrap();
    assert_eq!((report.series, report.unwatched), (1, 1), "successes are watched, errors of the same key came later");
}

#[test]
fn series_beyond_those_that_may_be_are_counted_by_the_day_over_rounds_restarts_and_midnights() {
    let (dir, folder) = (passing_folder(), passing_folder());
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    let few = || {
        let mut few = setup();
        few.settings.series_max = 1;
        few
    };
    let mut watch = Watch::open(&store, few()).unwrap();
    let unwatched = |watch: &mut Watch, store: &mut Store| watch.round(store, now()).unwrap().unwatched;
    deliver(&mut store, folder.path(), 0..600, (KEY, 60..70, 1));
    assert_eq!(unwatched(&mut watch, &mut store), 1);
    // Another one, in another round.
    let other = [call(KEY_2, 605, 7).value()];
    take(&mut store, vec![files::write(folder.path(), "other.json", &files::log_file(&other))]);
    deliver(&mut store, folder.path(), 600..700, (KEY, 0..0, 0));
    assert_eq!(unwatched(&mut watch, &mut store), 2);
    // A restart, then a round in which neither is called.
    watch.save(&mut store).unwrap();
    let mut watch = Watch::open(&store, few()).unwrap();
    deliver(&mut store, folder.path(), 700..800, (KEY, 0..0, 0));
    assert_eq!(unwatched(&mut watch, &mut store), 2);
    // The next day knows of none by itself until it is over.
    deliver(&mut store, folder.path(), 800..1440 + 60, (KEY, 0..0, 0));
    assert_eq!(unwatched(&mut watch, &mut store), 2);
    deliver(&mut store, folder.path(), 1440 + 60..2 * 1440 + 60, (KEY, 0..0, 0));
    assert_eq!(unwatched(&mut watch, &mut store), 0);
}
