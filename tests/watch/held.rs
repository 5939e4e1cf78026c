//! What is held back: it is told when its time has come, whether or not counts go on.

use keytide::alarm::{Notice, StateValue};
use keytide::publish::text;
use keytide::store::Store;
use keytide::watch::Watch;

use super::{now, setup, take, time_text};
use crate::support::files;
use crate::support::record::{KEY, KEY_2, Record};
use crate::support::stores::passing_folder;
use crate::support::watched::{Watched, change};

const BUSY: &str = "[[alarm]]\nname = 'busy'\nkey = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-*'\n\
    threshold = 10\nperiod = '1m'\ncomparison_operator = 'GreaterThanThreshold'\n";

/// A composite alarm on the busy one, which waits so long for one on calls of another key to suppress it.
fn suppressed_after(wait: &str) -> String {
    format!(
        "{BUSY}actions_enabled = false\n[[alarm]]\nname = 'deploy'\nkey = '{KEY_2}'\noperations = ['Sign']\n\
         threshold = 0\nperiod = '1m'\nactions_enabled = false\ncomparison_operator = 'GreaterThanThreshold'\n\
         [[composite_alarm]]\nname = 'trouble'\nalarm_rule = 'ALARM(busy)'\nactions_suppressor = 'deploy'\n\
         actions_suppressor_wait_period = '{wait}'\nactions_suppressor_extension_period = '5m'\n"
    )
}

#[test]
fn what_a_mute_window_held_is_told_at_its_end_though_no_file_comes_any_more() {
    let mute = "[[mute]]\nname = 'quiet'\nschedule = 'at(2026-01-05T10:00)'\nduration = '1h'\nalarms = ['busy']\n";
    let mut watched = Watched::new(&format!("{BUSY}{mute}"), |_| {});
    watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
    watched.calls("10:20", 20, &Record::call("Decrypt").key(KEY));
    watched.round("10:21");
    assert_eq!(watched.told(), [] as [&str; 0]);
    watched.round_at("10:59");
    assert_eq!(watched.told(), [] as [&str; 0]);
    watched.round_at("11:00");
    let owed = watched.owed();
    let [notice] = &owed[..] else { panic!("{owed:?}") };
    assert_eq!((change(notice).new_state, change(notice).after_mute_window), (StateValue::Alarm, true));
    // With who is behind it, as any page.
    assert_eq!(change(notice).incident.as_ref().map(|incident| incident.observed), Some(20.0));
    watched.round_at("11:01");
    assert_eq!(watched.told(), [] as [&str; 0]);
}

#[test]
fn what_a_suppressor_held_is_told_after_its_wait_though_no_file_comes_any_more() {
    let rules = suppressed_after("20m");
    let mut watched = Watched::new(&rules, |_| {});
    watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
    watched.round("10:01");
    watched.round_at("10:40");
    assert!(watched.told().iter().all(|told| !told.contains("-> ALARM")));
    watched.calls("10:25", 20, &Record::call("Decrypt").key(KEY));
    // Judged at 10:41.
    watched.round("10:26");
    watched.round_at("11:00");
    assert_eq!(watched.told(), [] as [&str; 0]);
    watched.round_at("11:01");
    let told = watched.told();
    assert!(told.len() == 1 && told[0].starts_with("trouble OK -> ALARM"), "{told:?}");
}

#[test]
fn a_suppressor_is_waited_for_by_the_time_of_the_counts_however_many_minutes_are_judged_at_once() {
    let rules = suppressed_after("5m");
    let told = |busy: std::ops::Range<u32>, deploy: Option<&str>| {
        let mut watched = Watched::new(&rules, |_| {});
        watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
        for minute in busy {
            watched.calls(&format!("10:{minute}"), 20, &Record::call("Decrypt").key(KEY));
        }
        if let Some(minute) = deploy {
            watched.calls(minute, 1, &Record::call("Sign").key(KEY_2));
        }
        watched.round("11:00");
        let states = watched.told().into_iter().map(|told| told.split(':').next().unwrap().to_owned());
        states.filter(|told| told.starts_with("trouble")).collect::<Vec<_>>()
    };
    let first = "trouble INSUFFICIENT_DATA -> OK";
    // In ALARM from 10:21 to 10:31; the wait is over at 10:26.
    assert_eq!(told(20..30, None), [first, "trouble OK -> ALARM", "trouble ALARM -> OK"]);
    assert_eq!(told(20..24, None), [first]);
    // The suppressor goes to ALARM at 10:25 and leaves it at 10:26; its extension ends with the alarm.
    assert_eq!(told(20..30, Some("10:24")), [first]);
}

#[test]
fn a_suppressor_that_comes_with_the_next_counts_is_waited_for_though_its_wait_is_shorter_than_they_are_apart() {
    let rules = suppressed_after("1m");
    for deploys in [true, false] {
        let mut watched = Watched::new(&rules, |_| {});
        watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
        watched.round("10:10");
        watched.owed();
        for minute in 20..26 {
            watched.calls(&format!("10:{minute}"), 20, &Record::call("Decrypt").key(KEY));
        }
        watched.round("10:21");
        for minute in 37..41 {
            watched.round_at(&format!("10:{minute}"));
        }
        assert_eq!(watched.told(), [] as [&str; 0]);
        if deploys {
            watched.calls("10:21", 1, &Record::call("Sign").key(KEY_2));
        }
        watched.round("10:26");
        let told = watched.told();
        match deploys {
            true => assert_eq!(told, [] as [&str; 0]),
            false => assert!(told.len() == 1 && told[0].starts_with("trouble OK -> ALARM"), "{told:?}"),
        }
    }
}

/// Minutes since 2026-01-05T00:00:00Z: noon of the fifteenth day.
const STORM: u32 = 14 * 1440 + 720;

#[test]
fn that_an_incident_is_over_waits_for_the_end_of_a_mute_window() {
    let (dir, folder) = (passing_folder(), passing_folder());
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    let deliver = |store: &mut Store, minutes: std::ops::Range<u32>, each: u32| {
        let calls = minutes.clone().flat_map(|minute| (0..each).map(move |number| (minute, number)));
        let calm = minutes.clone().step_by(5).map(|minute| (minute, 59));
        let records: Vec<_> = calls
            .map(|(minute, number)| (minute, number, "AccessDenied"))
            .chain(calm.map(|(minute, number)| (minute, number, "")))
            .map(|(minute, number, error)| {
                let id = format!("{minute:08x}-0000-4000-8000-{number:012x}");
                let call = Record::call("Decrypt").key(KEY).id(&id).with("eventTime", time_text(minute, number));
                if error.is_empty() { call.value() } else { call.error(error).value() }
            })
            .collect();
        let name = format!("{}.json", minutes.start);
        take(store, vec![files::write(folder.path(), &name, &files::log_file(&records))]);
    };
    let with = |mutes: &str| {
        let mut setup = setup();
        let tables = toml::from_str::<keytide::alarm::AlarmTables>(mutes).unwrap();
        setup.mutes = tables.read().unwrap().mutes;
        setup
    };
    deliver(&mut store, 0..STORM, 0);
    deliver(&mut store, STORM..STORM + 20, 6);
    let mut watch = Watch::open(&store, with("")).unwrap();
    assert_eq!(watch.round(&mut store, now()).unwrap().owed, 1);
    watch.save(&mut store).unwrap();
    // It is over while everything is muted: `now` is 2026-02-01T00:00.
    let muted = "[[mute]]\nname = 'night'\nschedule = 'at(2026-01-31T23:00)'\nduration = '2h'\nalarms = ['*']\n";
    let mut watch = Watch::open(&store, with(muted)).unwrap();
    deliver(&mut store, STORM + 20..STORM + 120, 0);
    let report = watch.round(&mut store, now()).unwrap();
    assert_eq!((&report.ended[..], report.owed), (&[1][..], 0));
    let mut watch = Watch::open(&store, with(muted)).unwrap();
    assert_eq!(watch.round(&mut store, now() + chrono::TimeDelta::minutes(59)).unwrap().owed, 0);
    assert_eq!(watch.round(&mut store, now() + chrono::TimeDelta::minutes(60)).unwrap().owed, 1);
    assert_eq!(watch.round(&mut store, now() + chrono::TimeDelta::minutes(61)).unwrap().owed, 0);
}

#[test]
fn of_a_hundred_alarms_at_once_the_first_fifty_say_who_is_behind_them() {
    let rules = "[[alarm]]\nname = 'busy'\nkey = 'arn:aws:kms:us-east-1:111122223333:key/*'\nthreshold = 2\n\
                 period = '1m'\ncomparison_operator = 'GreaterThanThreshold'\n";
    let mut watched = Watched::new(rules, |_| {});
    for number in 0..60 {
        let key = format!("arn:aws:kms:us-east-1:111122223333:key/{number:08x}-12ab-34cd-56ef-1234567890ab");
        watched.calls("10:00", 1, &Record::call("Decrypt").key(&key));
        watched.calls("10:05", 3, &Record::call("Decrypt").key(&key));
    }
    watched.round("10:06");
    let owed = watched.owed();
    let (with, without): (Vec<_>, Vec<_>) = owed.iter().partition(|notice| change(notice).incident.is_some());
    assert_eq!((with.len(), without.len()), (50, 10));
    let says = |notice: &Notice| {
        let page = text(notice).split_whitespace().collect::<Vec<_>>().join(" ");
        page.contains("Who is behind it was not looked up: more than 50 alarms went off at once.")
    };
    assert!(without.into_iter().all(says) && !with.into_iter().any(says));
}
