//! How far a series has strayed since it began to is known over a restart.

use keytide::store::Store;
use keytide::watch::Watch;

use super::{now, setup, take, time_text};
use crate::support::files;
use crate::support::record::Record;
use crate::support::stores::passing_folder;

/// Minutes since 2026-01-05T00:00:00Z: noon of the tenth day.
const STRAYS: u32 = 9 * 1440 + 720;

/// A log file with so many calls in each five minutes of a range.
fn log(minutes: std::ops::Range<u32>, each: u32) -> Vec<u8> {
    let calls = minutes.step_by(5).flat_map(|minute| (0..each).map(move |number| (minute, number)));
    let record = |(minute, number): (u32, u32)| {
        let id = format!("{minute:08x}-0000-4000-8000-{number:012x}");
        Record::decrypt(&id).with("eventTime", time_text(minute + number % 5, number)).value()
    };
    files::log_file(&calls.map(record).collect::<Vec<_>>())
}

#[test]
fn little_by_little_too_much_is_paged_as_early_however_often_the_watch_is_taken_up_again() {
    let begun_after = [false, true].map(|restarts| {
        let (dir, folder) = (passing_folder(), passing_folder());
        let mut store = Store::open_for_writing(dir.path()).unwrap();
        let mut watch = Watch::open(&store, setup()).unwrap();
        take(&mut store, vec![files::write(folder.path(), "usual.json", &log(0..STRAYS, 1))]);
        watch.round(&mut store, now()).unwrap();
        // Five calls too many in five minutes are too few to wake anyone, ten are enough.
        let mut periods = (STRAYS..STRAYS + 120).step_by(5);
        periods.position(|minute| {
            if restarts {
                watch.save(&mut store).unwrap();
                watch = Watch::open(&store, setup()).unwrap();
            }
            let file = files::write(folder.path(), &format!("{minute}.json"), &log(minute..minute + 5, 6));
            take(&mut store, vec![file]);
            !watch.round(&mut store, now()).unwrap().begun.is_empty()
        })
    });
    assert!(begun_after[0].is_some(), "it is paged at all");
    assert_eq!(begun_after[1], begun_after[0]);
}
