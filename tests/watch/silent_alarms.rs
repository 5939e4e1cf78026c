//! Alarms and incidents of an account whose log files stop: its calls are missing, not zero.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use keytide::alarm::StateValue;
use keytide::store::Store;
use keytide::watch::{Watch, alarm_pages, evaluate, states};

use super::take;
use crate::support::files;
use crate::support::record::{GUEST, GUEST_KEY, KEY, OWNER, Record};
use crate::support::stores::passing_folder;
use crate::support::watched::{at, setup};

/// Two days at five calls a minute and account are known; then the files of one account stop.
pub(super) const STOPS: &str = "2026-01-07T10:00";

fn rules(more: &str) -> String {
    let dead = |name: &str, more: &str| {
        format!(
            "[[alarm]]\nname = '{name}'\nthreshold = 1\nperiod = '1m'\nevaluation_periods = 2\n\
             comparison_operator = 'LessThanThreshold'\n{more}\n"
        )
    };
    [
        dead("owner", &format!("key = '{KEY}'")),
        dead("each", "key = 'arn:aws:kms:*:key/*'"),
        dead("guest", &format!("key = '{GUEST_KEY}'")),
        dead("both", "").replace("threshold = 1\n", "threshold = 8\n"),
        more.to_owned(),
    ]
    .concat()
}

/// The log files of five minutes of an account, as CloudTrail names them; without calls to KMS if there are none.
fn deliver(store: &mut Store, folder: &Path, since: DateTime<Utc>, minutes: i64, accounts: &[(&str, &str, usize)]) {
    deliver_after(0, store, folder, since, minutes, accounts);
}

/// The same, delivered so many minutes after the last of what they tell.
pub(super) fn deliver_after(
    lag: i64,
    store: &mut Store,
    folder: &Path,
    since: DateTime<Utc>,
    minutes: i64,
    accounts: &[(&str, &str, usize)],
) {
    let mut paths = Vec::new();
    for start in (0..minutes).step_by(5).map(|minute| since + TimeDelta::minutes(minute)) {
        for (account, key, each) in accounts {
            let calls = (0..(minutes - (start - since).num_minutes()).min(5)).flat_map(|minute| {
                (0..*each).map(move |call| start + TimeDelta::minutes(minute) + TimeDelta::seconds(call as i64))
            });
            let record = |time: DateTime<Utc>| {
                let id = format!("{:08x}-0000-4000-8000-{account}", time.timestamp());
                let time = time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
                Record::call("Decrypt").key(key).id(&id).identity("accountId", *account).with("eventTime", time).value()
            };
            let mut records: Vec<_> = calls.map(record).collect();
            if records.is_empty() {
                let id = format!("{:08x}-0000-4000-8000-{account}", start.timestamp());
                records.push(Record::call("GetObject").with("eventSource", "s3.amazonaws.com").id(&id).value());
            }
            let delivered = (start + TimeDelta::minutes(5 + lag)).format("%Y%m%dT%H%MZ");
            let name = format!("{account}_CloudTrail_us-east-1_{delivered}_a.json");
            paths.push(files::write(folder, &name, &files::log_file(&records)));
        }
    }
    take(store, paths);
}

const BOTH: [(&str, &str, usize); 2] = [(OWNER, KEY, 5), (GUEST, GUEST_KEY, 5)];

/// The states of the alarms, those that were ever told ALARM, after the files of the owner stop or come without a call.
fn after(owner: Option<usize>) -> (Vec<(String, StateValue)>, Store, tempfile::TempDir) {
    let (dir, folder) = (passing_folder(), passing_folder());
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    let open =
        |store: &Store| Watch::open(store, setup(&rules(""), |setup| setup.settings.every_series = true)).unwrap();
    let mut watch = open(&store);
    let begin = at(STOPS) - TimeDelta::days(2);
    deliver(&mut store, folder.path(), begin, 2 * 1440, &BOTH);
    watch.round(&mut store, at(STOPS)).unwrap();
    // The watermark moves by three minutes: it comes to lie within periods of five, too.
    for minutes in (0..60).step_by(3) {
        let since = at(STOPS) + TimeDelta::minutes(minutes);
        let owner = owner.map(|each| (OWNER, KEY, each));
        let accounts: Vec<_> = owner.into_iter().chain([(GUEST, GUEST_KEY, 5)]).collect();
        deliver(&mut store, folder.path(), since, 3, &accounts);
        if minutes == 30 {
            watch.save(&mut store).unwrap();
            watch = open(&store);
        }
        watch.round(&mut store, since + TimeDelta::minutes(3)).unwrap();
        for state in states(&store).unwrap().into_iter().filter(|_| owner.is_none()) {
            assert_ne!(state.state, StateValue::Alarm, "{} at {since}: {}", state.name, state.reason);
        }
    }
    let states = states(&store).unwrap().into_iter().map(|state| (state.name, state.state)).collect();
    (states, store, dir)
}

#[test]
fn an_account_whose_files_stop_is_in_no_alarm_and_one_whose_calls_stop_is() {
    let of = |states: &[(String, StateValue)], name: &str| {
        states.iter().find(|(of, _)| of == name).map(|(_, state)| *state).unwrap()
    };
    let (silent, store, _dir) = after(None);
    assert_eq!(of(&silent, "owner"), StateValue::InsufficientData);
    assert_eq!(of(&silent, "both"), StateValue::InsufficientData, "the sum over both accounts isn't known either");
    assert_eq!((of(&silent, "guest"), of(&silent, "each")), (StateValue::Ok, StateValue::Ok));
    // So says a replay.
    let all = keytide::domain::MinuteRange::ALL;
    let setup = setup(&rules(""), |setup| setup.settings.every_series = true);
    let found = evaluate(&store, &setup, all, all.end).unwrap();
    assert_eq!(alarm_pages(&store, &setup, &found, (all, all.end), false).unwrap(), []);

    let (dead, _store, _dir) = after(Some(0));
    for name in ["owner", "each", "both"] {
        assert_eq!(of(&dead, name), StateValue::Alarm, "{name}");
    }
    assert_eq!(of(&dead, "guest"), StateValue::Ok);
}

#[test]
fn the_last_files_of_an_account_tell_nothing_of_what_came_after_their_calls_however_late_they_were_delivered() {
    for lag in [0, 3, 5, 8, 10, 13] {
        let (dir, folder) = (passing_folder(), passing_folder());
        let mut store = Store::open_for_writing(dir.path()).unwrap();
        let rules = rules("").replace("period = '1m'", "period = '5m'").replace("threshold = 8", "threshold = 40");
        let mut watch = Watch::open(&store, setup(&rules, |setup| setup.settings.every_series = true)).unwrap();
        let stops = at(STOPS);
        deliver_after(lag, &mut store, folder.path(), stops - TimeDelta::days(2), 2 * 1440, &BOTH);
        watch.round(&mut store, stops).unwrap();
        for minutes in (0..60).step_by(5) {
            let since = stops + TimeDelta::minutes(minutes);
            deliver_after(lag, &mut store, folder.path(), since, 5, &[(GUEST, GUEST_KEY, 5)]);
            let report = watch.round(&mut store, since + TimeDelta::minutes(5 + lag)).unwrap();
            for state in states(&store).unwrap() {
                assert_ne!(state.state, StateValue::Alarm, "lag {lag}: {} at {since}: {}", state.name, state.reason);
            }
            if minutes == 55 {
                let since = report.silent.iter().map(|stream| stream.since).collect::<Vec<_>>();
                assert_eq!(since, [stops.timestamp()], "lag {lag}");
            }
        }
    }
}

#[test]
fn an_incident_is_not_over_because_the_log_files_of_its_account_stop() {
    let (dir, folder) = (passing_folder(), passing_folder());
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    let open = |setup: &mut keytide::watch::Setup| setup.settings.every_series = true;
    let mut watch = Watch::open(&store, setup("", open)).unwrap();
    let stops = at(STOPS);
    deliver(&mut store, folder.path(), stops - TimeDelta::days(2), 2 * 1440, &BOTH);
    let mut time = stops;
    let mut round = |minutes: i64, accounts: &[(&str, &str, usize)]| {
        deliver(&mut store, folder.path(), time, minutes, accounts);
        time += TimeDelta::minutes(minutes);
        watch.round(&mut store, time).unwrap()
    };
    let report = round(40, &[(OWNER, KEY, 60), (GUEST, GUEST_KEY, 5)]);
    assert_eq!((&report.begun[..], report.open), (&[1][..], 1));
    // Nothing of the owner's for two hours.
    let report = round(120, &[(GUEST, GUEST_KEY, 5)]);
    assert_eq!((&report.ended[..], report.open, report.silent.len()), (&[][..], 1, 1));
    // They come again, as ever. Half an hour of them is known when three quarters have passed.
    let report = round(30, &BOTH);
    assert_eq!((&report.ended[..], report.open), (&[][..], 1));
    let report = round(30, &BOTH);
    assert_eq!((&report.ended[..], report.open, report.silent.len()), (&[1][..], 0, 0));
}
