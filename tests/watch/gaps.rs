//! Gaps: log files that come hours later than others, or never. What is in them is paged for once; that nothing is in
//! them is no news.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use keytide::alarm::{Notice, StateValue};
use keytide::domain::MinuteRange;
use keytide::store::{Outbox, Store};
use keytide::watch::{RoundReport, Setup, Watch, alarm_pages, evaluate, states};

use super::silent_alarms::{STOPS, deliver_after};
use crate::support::record::{GUEST, GUEST_KEY, KEY, OWNER};
use crate::support::stores::passing_folder;
use crate::support::watched::{at, change, setup};

/// Alarms on more than a hundred calls in five minutes, and on none.
fn rules() -> String {
    let alarm = |name: &str, comparison: &str, threshold: u32| {
        format!(
            "[[alarm]]\nname = '{name}'\nkey = '{KEY}'\nthreshold = {threshold}\nperiod = '5m'\n\
             comparison_operator = '{comparison}'\n"
        )
    };
    [alarm("busy", "GreaterThanThreshold", 100), alarm("dead", "LessThanThreshold", 1)].concat()
}

fn watching() -> Setup {
    setup(&rules(), |setup| setup.settings.every_series = true)
}

/// A store whose files come some minutes after the last of what they tell, and the watch over it.
struct Gap {
    dir: tempfile::TempDir,
    folder: tempfile::TempDir,
    store: Store,
    watch: Watch,
    lag: i64,
}

impl Gap {
    fn new(lag: i64) -> Self {
        let (dir, folder) = (passing_folder(), passing_folder());
        let store = Store::open_for_writing(dir.path()).unwrap();
        let watch = Watch::open(&store, watching()).unwrap();
        Gap { dir, folder, store, watch, lag }
    }

    /// The files of the owner from so many minutes after they stopped until others, with so many calls a minute.
    fn come(&mut self, from: i64, until: i64, each: usize) {
        let since = at(STOPS) + TimeDelta::minutes(from);
        deliver_after(self.lag, &mut self.store, self.folder.path(), since, until - from, &[(OWNER, KEY, each)]);
    }

    /// The same of another account.
    fn others_come(&mut self, from: i64, until: i64) {
        let since = at(STOPS) + TimeDelta::minutes(from);
        deliver_after(self.lag, &mut self.store, self.folder.path(), since, until - from, &[(GUEST, GUEST_KEY, 3)]);
    }

    fn now(&self, minutes: i64) -> DateTime<Utc> {
        at(STOPS) + TimeDelta::minutes(minutes + self.lag)
    }

    fn round(&mut self, minutes: i64) -> RoundReport {
        let now = self.now(minutes);
        self.watch.round(&mut self.store, now).unwrap()
    }

    /// As after each `keytide run --once`.
    fn restart(&mut self) {
        self.watch.save(&mut self.store).unwrap();
        self.watch = Watch::open(&self.store, watching()).unwrap();
    }

    /// What was paged: incidents and alarms, by name.
    fn paged(&self) -> Vec<String> {
        let due = Outbox::open(self.dir.path()).unwrap().due(at("2026-06-01T00:00"), 10_000).unwrap();
        let notices = due.iter().map(|message| serde_json::from_str::<Notice>(&message.notice).unwrap());
        let changes = notices.map(|notice| change(&notice).clone());
        let paged = changes.filter(|change| change.new_state == StateValue::Alarm);
        let mut names: Vec<String> = paged.map(|change| change.alarm_name).collect();
        names.sort_unstable();
        names
    }
}

const DAY: i64 = 1_440;
const HOUR: i64 = 60;

/// Calls a minute with which an account's silence is seen, and with which nobody can tell it from chance.
const MUCH: usize = 3;
const LITTLE: usize = 1;

/// Two days, a gap of so many hours whose newest half hour comes first, then the gap by hours, in or against the order
/// of time; in the second hour ten times as many calls as ever. What was paged.
fn backlog(hours: i64, each: usize, is_known: bool, restarts: bool, backwards: bool) -> Vec<String> {
    backlog_with(1..2, hours, each, is_known, restarts, backwards)
}

/// The same with ten times as many calls as ever in some of the hours.
fn backlog_with(
    busy: Range<i64>,
    hours: i64,
    each: usize,
    is_known: bool,
    restarts: bool,
    backwards: bool,
) -> Vec<String> {
    let mut gap = Gap::new(5);
    let end = hours * HOUR;
    gap.come(-2 * DAY, 0, each);
    if is_known {
        // Else the watch begins when there is a gap already.
        gap.round(0);
    }
    gap.come(end - 30, end, each);
    gap.round(end);
    let mut parts: Vec<i64> = (0..hours).collect();
    if backwards {
        parts.reverse();
    }
    for hour in parts {
        if restarts {
            gap.restart();
        }
        let much = if busy.contains(&hour) { 10 * each } else { each };
        gap.come(hour * HOUR, (hour * HOUR + HOUR).min(end - 30), much);
        gap.round(end);
    }
    gap.paged()
}

#[test]
fn an_incident_in_a_backlog_that_comes_newest_first_is_paged_for_once_by_the_watch_and_by_alarms() {
    for (hours, restarts, backwards) in [(9, false, false), (9, true, true), (20, true, false), (20, false, true)] {
        let paged = backlog(hours, MUCH, true, restarts, backwards);
        assert_eq!(paged, ["busy", "keytide-incident-1"], "{hours} h, restarts {restarts}, backwards {backwards}");
    }
}

#[test]
fn an_incident_of_hours_in_a_backlog_that_comes_newest_first_is_paged_for_once() {
    for restarts in [false, true] {
        assert_eq!(backlog_with(1..5, 9, MUCH, true, restarts, true), ["busy", "keytide-incident-1"]);
    }
}

#[test]
fn an_incident_in_a_backlog_of_an_account_with_few_calls_is_paged_for_by_the_watch() {
    let paged = backlog(9, LITTLE, true, true, false);
    // Nobody knows that its files are missing: `dead` takes the gap for zero.
    assert_eq!(paged, ["dead", "keytide-incident-1"]);
}

#[test]
fn an_incident_in_a_gap_that_was_there_when_the_watch_began_is_paged_for_when_it_comes() {
    for backwards in [false, true] {
        let paged = backlog(20, MUCH, false, true, backwards);
        assert_eq!(paged, ["busy", "keytide-incident-1"], "backwards: {backwards}");
    }
}

#[test]
fn an_account_whose_files_come_again_after_hours_is_not_paged_for_what_it_did_not_log() {
    for (lag, has_others) in [(0, false), (2, false), (5, false), (5, true), (10, true)] {
        let mut gap = Gap::new(lag);
        let back = 3 * HOUR;
        // The watch believes that calls are too few when it has seen a week.
        let days = if lag == 5 { 9 } else { 2 };
        gap.come(-days * DAY, 0, MUCH);
        if has_others {
            gap.others_come(-days * DAY, back);
        }
        gap.round(back);
        for start in (back..back + 2 * HOUR).step_by(5) {
            gap.come(start, start + 5, MUCH);
            if has_others {
                gap.others_come(start, start + 5);
            }
            let report = gap.round(start + 5);
            let told = format!("lag {lag}, others {has_others}, minute {start}");
            assert_eq!(report.begun, [0_u64; 0], "{told}");
            for state in states(&gap.store).unwrap() {
                assert_ne!(state.state, StateValue::Alarm, "{told}: {}: {}", state.name, state.reason);
            }
        }
        assert_eq!(gap.round(back + 2 * HOUR).silent, []);
        // So says a replay.
        let found = evaluate(&gap.store, &watching(), MinuteRange::ALL, MinuteRange::ALL.end).unwrap();
        assert_eq!(found.incidents, [], "lag {lag}, others {has_others}");
        let pages =
            alarm_pages(&gap.store, &watching(), &found, (MinuteRange::ALL, MinuteRange::ALL.end), false).unwrap();
        assert_eq!(pages, [], "lag {lag}, others {has_others}");
    }
}

#[test]
fn an_account_whose_files_come_again_without_a_call_is_dead() {
    let mut gap = Gap::new(5);
    let back = 3 * HOUR;
    gap.come(-2 * DAY, 0, MUCH);
    gap.others_come(-2 * DAY, back);
    gap.round(back);
    let both = [(OWNER, KEY, 0), (GUEST, GUEST_KEY, MUCH)];
    deliver_after(5, &mut gap.store, gap.folder.path(), at(STOPS) + TimeDelta::minutes(back), HOUR, &both);
    let report = gap.round(back + HOUR);
    assert_eq!((report.silent, gap.paged()), (Vec::new(), vec!["dead".to_owned()]));
}
