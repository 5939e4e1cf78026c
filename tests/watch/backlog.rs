//! A backlog: what was over, or is known of only from, more than a page's reach before now is written down and wakes
//! nobody, wherever the counts end.

use chrono::{DateTime, TimeDelta, Utc};
use keytide::alarm::StateValue;
use keytide::watch::{RoundReport, Setup, Watch, WatchSettings};

use super::storm::{STORM, Storm};
use crate::support::record::{KEY, Record};
use crate::support::watched::{Watched, at, change};

fn setup() -> Setup {
    Setup::silent(WatchSettings::default()).with_routes(|_| vec!["hook".to_owned()])
}

/// So long after the storm began.
fn after(span: TimeDelta) -> DateTime<Utc> {
    at("00:00") + TimeDelta::minutes(i64::from(STORM)) + span
}

#[test]
fn an_incident_of_a_backlog_pages_if_it_goes_on_within_the_reach_of_a_page_and_else_nobody() {
    let began = |report: &RoundReport| (report.begun.len(), report.open, report.owed);
    // Read up to the storm, weeks after it.
    let mut storm = Storm::new(40);
    let mut watch = Watch::open(&storm.store, setup()).unwrap();
    let weeks = after(TimeDelta::days(21));
    assert_eq!(began(&watch.round(&mut storm.store, weeks).unwrap()), (0, 1, 0));
    let history = storm.store.alarm_history(Some("keytide-incident-1"), 0, i64::MAX, 10).unwrap();
    assert!(history.len() == 1 && history[0].summary.starts_with("Is known only from long ago"), "{history:?}");
    storm.passes(40);
    let report = watch.round(&mut storm.store, weeks).unwrap();
    assert_eq!((began(&report), &report.ended[..]), ((0, 0, 0), &[1][..]));
    // The same counts in time.
    let mut storm = Storm::new(40);
    let mut watch = Watch::open(&storm.store, setup()).unwrap();
    assert_eq!(began(&watch.round(&mut storm.store, after(TimeDelta::minutes(40))).unwrap()), (1, 1, 1));
    // It is known to go on up to 12:25: a day and an hour before the one is 12:27, before the other 12:24.
    let mut storm = Storm::new(40);
    let mut watch = Watch::open(&storm.store, setup()).unwrap();
    let later = after(TimeDelta::hours(25) + TimeDelta::minutes(27));
    assert_eq!(began(&watch.round(&mut storm.store, later).unwrap()), (0, 1, 0));
    let sooner = after(TimeDelta::hours(25) + TimeDelta::minutes(24));
    assert_eq!(began(&watch.round(&mut storm.store, sooner).unwrap()), (1, 1, 1));
}

#[test]
fn configured_alarms_tell_of_a_backlog_what_lies_within_the_reach_of_a_page() {
    let rules = format!(
        "[[alarm]]\nname = 'busy'\nkey = '{KEY}'\nthreshold = 10\nperiod = '1m'\n\
         comparison_operator = 'GreaterThanThreshold'\n"
    );
    let told = |now: &str| {
        let mut watched = Watched::new(&rules, |_| {});
        watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
        watched.calls("10:20", 20, &Record::call("Decrypt").key(KEY));
        watched.calls("10:45", 1, &Record::call("Decrypt").key(KEY));
        watched.arrive();
        watched.round_at(now);
        watched.owed().iter().filter(|notice| change(notice).new_state == StateValue::Alarm).count()
    };
    let times = ["11:00", "2026-01-06T11:15", "2026-01-06T11:25", "2026-01-26T10:00"];
    assert_eq!(times.map(told), [1, 1, 0, 0]);
}
