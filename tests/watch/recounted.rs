//! Counts that come late while an incident is open: what is told of it is counted again, wherever models go back to.

use keytide::store::{Outbox, Store};
use keytide::watch::{Watch, incident};

use super::storm::{STORM, Storm};
use super::{now, setup};
use crate::support::watched::{at, change};

/// How the watch is run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Run {
    /// Models are saved every six hours: they go back to before the incident.
    Lasting,
    /// Models are saved once as of its twentieth minute: they go back to its middle.
    Saving,
    /// As with `keytide run --once`.
    Once,
    /// As if the process died after each round.
    Dying,
}

fn round(storm: &mut Storm, watch: &mut Watch, run: Run) {
    watch.round(&mut storm.store, now()).unwrap();
    if run == Run::Once {
        watch.save(&mut storm.store).unwrap();
    }
    if matches!(run, Run::Once | Run::Dying) {
        *watch = Watch::open(&storm.store, setup()).unwrap();
    }
}

fn observed(store: &Store) -> f64 {
    incident(store, 1).unwrap().unwrap().observed
}

#[test]
fn an_open_incident_counts_what_came_late_whatever_was_saved_and_however_often_it_was_restarted() {
    for run in [Run::Lasting, Run::Saving, Run::Once, Run::Dying] {
        let mut storm = Storm::coming();
        let mut watch = Watch::open(&storm.store, setup()).unwrap();
        round(&mut storm, &mut watch, run);
        // An hour of six refused calls a minute, and the files of ten minutes of it are late.
        for start in (0..60).step_by(5) {
            let refused = if (20..30).contains(&start) { 0 } else { 6 };
            storm.deliver(STORM + start..STORM + start + 5, refused);
            round(&mut storm, &mut watch, run);
            if run == Run::Saving && start == 30 {
                watch.save(&mut storm.store).unwrap();
                let saved = storm.store.saved_models().unwrap()[0].until;
                assert_eq!(saved.first_second(), at("2026-01-19T12:20").timestamp());
            }
        }
        // The watermark is a quarter of an hour before the newest minute's end.
        assert_eq!(observed(&storm.store), f64::from((45 - 10) * 6), "{run:?}");
        storm.deliver(STORM + 25..STORM + 30, 6);
        round(&mut storm, &mut watch, run);
        assert_eq!(observed(&storm.store), f64::from((45 - 5) * 6), "{run:?}");
        storm.deliver(STORM + 20..STORM + 25, 6);
        round(&mut storm, &mut watch, run);
        assert_eq!(observed(&storm.store), f64::from(45 * 6), "{run:?}");
        storm.passes(60);
        round(&mut storm, &mut watch, run);
        let owed = Outbox::open(storm.store.dir()).unwrap().due(now(), 100).unwrap();
        let notices: Vec<_> = owed.iter().map(|message| serde_json::from_str(&message.notice).unwrap()).collect();
        let [_, over] = &notices[..] else { panic!("{run:?}: {notices:?}") };
        let told = change(over).incident.as_ref().unwrap();
        let minutes = told.resolved_at.map(|over| (over - told.onset) / 60);
        assert_eq!((minutes, told.observed), (Some(60), 360.0), "{run:?}");
    }
}
