//! How far saved models reach back: counts that come late are learned, and paged for, whoever saved models how often.

use keytide::domain::{Minute, MinuteRange};
use keytide::watch::Watch;

use super::storm::{STORM, Storm};
use super::{now, setup};

/// The watch over the calm two weeks, judged once.
fn watching() -> (Storm, Watch) {
    let mut storm = Storm::coming();
    let mut watch = Watch::open(&storm.store, setup()).unwrap();
    watch.round(&mut storm.store, now()).unwrap();
    (storm, watch)
}

#[test]
fn an_incident_that_comes_an_hour_late_is_paged_for_though_models_were_saved_after_each_round() {
    for restarts in [false, true] {
        let (mut storm, mut watch) = watching();
        for start in (STORM..STORM + 120).step_by(5) {
            storm.deliver(start..start + 5, 0);
            watch.round(&mut storm.store, now()).unwrap();
            watch.save(&mut storm.store).unwrap();
            if restarts {
                watch = Watch::open(&storm.store, setup()).unwrap();
            }
        }
        storm.deliver(STORM + 2..STORM + 42, 6);
        let report = watch.round(&mut storm.store, now()).unwrap();
        assert_eq!((report.looked_again, &report.begun[..]), (true, &[1][..]), "restarts: {restarts}");
    }
}

#[test]
fn an_incident_that_comes_late_after_the_first_round_of_all_is_paged_for() {
    let (mut storm, mut watch) = watching();
    storm.deliver(STORM - 102..STORM - 62, 6);
    let report = watch.round(&mut storm.store, now()).unwrap();
    assert_eq!((report.looked_again, &report.begun[..]), (true, &[1][..]));
}

#[test]
fn where_counts_come_late_in_every_round_models_go_back_no_further_than_eighteen_hours() {
    let (mut storm, mut watch) = watching();
    let mut again = 0;
    for start in (STORM..STORM + 1_440).step_by(15) {
        storm.deliver(start..start + 15, 0);
        // One call more of more than an hour ago.
        storm.deliver(start - 64..start - 63, 1);
        again += u32::from(watch.round(&mut storm.store, now()).unwrap().looked_again);
        let saved = storm.store.saved_models().unwrap();
        let oldest = saved.last().map_or(Minute(0), |saved| saved.until);
        let reach = storm.store.watermark(MinuteRange::ALL.end).unwrap().unwrap().0 - oldest.0;
        assert!(saved.len() <= 3 && (360..=1_080).contains(&reach), "{reach} minutes, {} savings", saved.len());
    }
    assert!(again > 80, "{again} rounds looked again");
}
