//! The watch over every series is switched off while an incident is open: whoever was paged is told that nobody looks
//! at it any more.

use chrono::TimeDelta;
use keytide::alarm::{Notice, StateValue};
use keytide::publish::subject;
use keytide::store::Outbox;
use keytide::watch::{Setup, Watch, incident};

use super::storm::Storm;
use super::{now, setup};
use crate::support::watched::change;

fn owed(storm: &Storm) -> Vec<Notice> {
    let all = Outbox::open(storm.store.dir()).unwrap().due(now() + TimeDelta::days(1), 100).unwrap();
    all.iter().map(|message| serde_json::from_str(&message.notice).unwrap()).collect()
}

/// `every_series = false`, with mute windows.
fn off(mutes: &str) -> Setup {
    let mut setup = setup();
    setup.settings.every_series = false;
    setup.mutes = toml::from_str::<keytide::alarm::AlarmTables>(mutes).unwrap().read().unwrap().mutes;
    setup
}

#[test]
fn an_incident_that_is_open_when_the_watch_is_switched_off_is_ended_and_says_why() {
    let mut storm = Storm::new(40);
    let mut watch = Watch::open(&storm.store, setup()).unwrap();
    assert_eq!(watch.round(&mut storm.store, now()).unwrap().begun, [1]);
    let mut watch = Watch::open(&storm.store, off("")).unwrap();
    let report = watch.round(&mut storm.store, now()).unwrap();
    assert_eq!((&report.ended[..], report.open, report.owed), (&[1][..], 0, 1));
    let notices = owed(&storm);
    let [begun, over] = &notices[..] else { panic!("{notices:?}") };
    assert_eq!((change(over).new_state, &over.dedup_key), (StateValue::Ok, &begun.dedup_key));
    assert!(change(over).ends_episode && change(over).reason.contains("every_series = false"), "{over:?}");
    assert_eq!(subject(over), "OK: keytide-incident-1");
    // It went on as far as it was looked at: up to 12:25. `date -u -d '2026-01-19 12:25' +%s`.
    assert_eq!(incident(&storm.store, 1).unwrap().unwrap().resolved_at, Some(1_768_825_500));
    assert_eq!(watch.round(&mut storm.store, now()).unwrap().owed, 0);
}

#[test]
fn that_the_watch_was_switched_off_waits_for_the_end_of_a_mute_window_and_begins_no_page() {
    // `now` is 2026-02-01T00:00.
    let muted = "[[mute]]\nname = 'm'\nschedule = 'at(2026-01-31T23:00)'\nduration = '2h'\n\
                 alarms = ['keytide-incident-*']\n";
    let mut storm = Storm::new(40);
    let mut watch = Watch::open(&storm.store, setup()).unwrap();
    watch.round(&mut storm.store, now()).unwrap();
    let mut watch = Watch::open(&storm.store, off(muted)).unwrap();
    assert_eq!(watch.round(&mut storm.store, now()).unwrap().owed, 0);
    assert_eq!(watch.round(&mut storm.store, now() + TimeDelta::minutes(60)).unwrap().owed, 1);
    assert!(change(&owed(&storm)[1]).reason.contains("every_series = false"));

    // Nobody was told that it began.
    let mut storm = Storm::new(40);
    let mut silent = setup();
    silent.mutes = off(muted).mutes;
    let mut watch = Watch::open(&storm.store, silent).unwrap();
    assert_eq!(watch.round(&mut storm.store, now()).unwrap().owed, 0);
    let mut watch = Watch::open(&storm.store, off("")).unwrap();
    assert_eq!(watch.round(&mut storm.store, now()).unwrap().owed, 0);
}
