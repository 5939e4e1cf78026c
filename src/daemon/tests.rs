//! The daemon without its surroundings: which files are ready, what is wrong, how work that fails is tried again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::files::{Files, Sight, Stamp};
use super::memory::Memory;
use super::tasks::{Task, Tasks};
use super::{CONDITIONS, Condition, Facts, Failing, dedup_key, health, notice};
use crate::alarm::{StateValue, Subject};
use crate::config::HealthSettings;
use crate::serve::Metrics;
use crate::store::GivenUp;
use crate::watch::SilentStream;

const SETTLE: Duration = Duration::from_secs(3);

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A look at a file of this size, a moment after it was changed at this second.
const fn young(size: u64, changed: i64, seen_at: u64) -> Sight {
    let stamp = Stamp { size, changed: changed * 1_000_000_000 };
    Sight { stamp, at: at(seen_at), age: Duration::ZERO, is_closed: false }
}

fn take(files: &mut Files, seconds: u64) -> Vec<PathBuf> {
    files.take_ready(at(seconds), SETTLE).into_iter().map(|ready| ready.path).collect()
}

/// Takes what is ready and has it read.
fn read(files: &mut Files, seconds: u64) -> usize {
    let ready = files.take_ready(at(seconds), SETTLE);
    files.took(&ready, at(seconds), |_| false);
    ready.len()
}

#[test]
fn a_file_is_ready_once_it_has_kept_still() {
    let (mut files, path) = (Files::default(), Path::new("a.json"));
    files.saw(path, young(10, 100, 0));
    assert_eq!(take(&mut files, 2), [] as [PathBuf; 0]);
    // It grew: the time begins anew, also if the clock of the file system stood still.
    files.saw(path, young(20, 100, 2));
    files.saw(path, young(20, 100, 4));
    assert_eq!(take(&mut files, 4), [] as [PathBuf; 0]);
    assert_eq!(take(&mut files, 5), [path]);
}

#[test]
fn a_file_is_ready_at_once_when_it_was_closed_or_is_old() {
    let mut files = Files::default();
    files.saw(Path::new("closed"), Sight { is_closed: true, ..young(10, 100, 0) });
    files.saw(Path::new("old"), Sight { age: at(3), ..young(10, 50, 0) });
    files.saw(Path::new("young"), young(10, 100, 0));
    assert_eq!(take(&mut files, 0), [Path::new("old"), Path::new("closed")]);
}

#[test]
fn a_file_that_was_read_is_met_again_only_when_it_has_changed() {
    let (mut files, path) = (Files::default(), Path::new("a.json"));
    files.saw(path, young(10, 100, 0));
    assert_eq!(read(&mut files, 10), 1);
    files.saw(path, young(10, 100, 20));
    assert_eq!(read(&mut files, 30), 0);
    files.saw(path, young(10, 101, 40));
    assert_eq!(read(&mut files, 50), 1);
    // So does the next process, by what it is given.
    let mut next = Files::remembering(files.memory());
    next.saw(path, young(10, 101, 0));
    assert_eq!(read(&mut next, 10), 0);
}

#[test]
fn a_file_that_cannot_be_read_is_tried_again_after_a_pause_that_doubles() {
    let (mut files, path) = (Files::default(), Path::new("damaged"));
    let mut tried = Vec::new();
    for minute in 0..100 {
        files.saw(path, Sight { age: SETTLE, ..young(10, 100, minute * 60) });
        let ready = files.take_ready(at(minute * 60), SETTLE);
        files.took(&ready, at(minute * 60), |_| true);
        tried.extend(ready.iter().map(|_| minute));
    }
    assert_eq!(tried, [0, 5, 15, 35, 75]);
    assert_eq!(files.memory().count(), 0);
}

#[test]
fn files_that_are_gone_are_forgotten() {
    let mut files = Files::default();
    for name in ["a", "b"] {
        files.saw(Path::new(name), Sight { is_closed: true, ..young(10, 100, 0) });
    }
    assert_eq!(read(&mut files, 0), 2);
    files.walk_begins();
    files.saw(Path::new("b"), young(10, 100, 1));
    files.walk_ended();
    assert_eq!(files.memory().count(), 1);
}

#[test]
fn files_come_in_the_order_in_which_they_were_delivered() {
    let mut files = Files::default();
    let names = [
        "z/111122223333_CloudTrail_us-east-1_20260105T1000Z_b.json.gz",
        "a/111122223333_CloudTrail_eu-west-1_20260105T1005Z_a.json.gz",
        "b/no-time-in-its-name.json",
    ];
    // 2026-01-05T10:02:00Z.
    let changed = [0, 0, 1_767_607_320];
    for (name, changed) in names.iter().zip(changed) {
        files.saw(Path::new(name), Sight { is_closed: true, ..young(10, changed, 0) });
    }
    assert_eq!(take(&mut files, 0), [names[0], names[2], names[1]].map(Path::new));
}

fn names(facts: &Facts, now: i64) -> Vec<&'static str> {
    health(facts, &HealthSettings::default(), now).iter().map(|condition| condition.name).collect()
}

#[test]
fn each_condition_begins_when_its_setting_says() {
    // Half an hour without data, ten objects in an hour, ten minutes in the outbox.
    let well = Facts { started_at: Some(0), last_data_at: Some(10_000), ..Facts::default() };
    assert_eq!(names(&well, 11_799), [] as [&str; 0]);
    assert_eq!(names(&well, 11_800), ["no-data"]);
    let quarantined = |count: usize| Facts { quarantined_at: vec![9_000; count], ..well.clone() };
    assert_eq!(names(&quarantined(9), 10_000), [] as [&str; 0]);
    assert_eq!(names(&quarantined(10), 10_000), ["quarantine-growing"]);
    assert_eq!(names(&Facts { last_data_at: Some(12_000), ..quarantined(10) }, 12_600), [] as [&str; 0]);
    let owed = Facts { outbox_depth: 2, oldest_owed_at: Some(10_000), ..well.clone() };
    assert_eq!((names(&owed, 10_599), names(&owed, 10_600)), (vec![], vec!["outbox-stuck"]));
    let gone = Facts { folders_gone: vec![("logs".into(), 9_990)], ..well.clone() };
    assert_eq!(names(&gone, 10_000), ["source-gone"]);
    let failing = Failing { task: "evaluate".to_owned(), since: 9_000, error: "no disk".to_owned() };
    assert_eq!(names(&Facts { failing: vec![failing], ..well.clone() }, 10_000), ["task-failing"]);
    let given_up = GivenUp { messages: 2, since: 9_000, route: "ops".to_owned(), error: "403".to_owned() };
    assert_eq!(names(&Facts { given_up: Some(given_up), ..well.clone() }, 10_000), ["page-given-up"]);
    assert_eq!(names(&Facts { unwatched: 1, ..well }, 10_000), ["series-limit"]);
}

#[test]
fn a_daemon_that_just_began_waits_for_data_before_it_complains() {
    let facts = Facts { started_at: Some(100_000), last_data_at: Some(0), ..Facts::default() };
    assert_eq!(names(&facts, 101_799), [] as [&str; 0]);
    let conditions = health(&facts, &HealthSettings::default(), 101_800);
    assert_eq!((conditions[0].name, conditions[0].since), ("no-data", 100_000));
    assert!(conditions[0].text.contains("the last log file came at 1970-01-01T00:00:00Z"), "{}", conditions[0].text);
}

#[test]
fn one_round_goes_by_what_was_remembered_alone() {
    let facts = |last_data_at| Facts { started_at: None, last_data_at, ..Facts::default() };
    // Half an hour.
    assert_eq!(names(&facts(Some(10_000)), 11_799), [] as [&str; 0]);
    assert_eq!(names(&facts(Some(10_000)), 11_800), ["no-data"]);
    assert_eq!(names(&facts(None), 11_800), [] as [&str; 0], "nobody knows since when");
    let is_known = |last_data_at| super::health::is_known("no-data", &facts(last_data_at));
    assert_eq!((is_known(Some(10_000)), is_known(None)), (true, false));
}

#[test]
fn an_account_and_region_that_is_silent_is_a_condition_of_its_own_while_others_go_on() {
    let silent = |since| SilentStream { account: "111122223333".to_owned(), region: "us-east-1".to_owned(), since };
    let facts = |silent| Facts { started_at: Some(0), last_data_at: Some(10_000), silent, ..Facts::default() };
    // Half an hour.
    assert_eq!(names(&facts(Some(vec![silent(8_300)])), 10_099), [] as [&str; 0]);
    let conditions = health(&facts(Some(vec![silent(8_300)])), &HealthSettings::default(), 10_100);
    let told: Vec<_> = conditions.iter().map(|condition| (condition.id(), condition.since)).collect();
    assert_eq!(told, [("no-data/111122223333/us-east-1".to_owned(), 8_300)]);
    assert!(conditions[0].text.contains("account 111122223333 in us-east-1"), "{}", conditions[0].text);
    let notice = notice("key".to_owned(), &told[0].0, Some(&conditions[0]), 10_100);
    let Subject::StateChange(change) = notice.subject else { panic!("a change of state") };
    assert_eq!((change.account.as_str(), change.region.as_str()), ("111122223333", "us-east-1"));
    assert_eq!(change.alarm_name, "keytide-no-data-111122223333-us-east-1");
}

#[test]
fn what_an_earlier_process_told_of_is_over_only_when_that_is_known() {
    let fresh = Facts { started_at: Some(100), last_data_at: Some(50), ..Facts::default() };
    let is_known = |id, facts: &Facts| super::health::is_known(id, facts);
    assert_eq!((is_known("no-data", &fresh), is_known("source-gone", &fresh)), (false, true));
    assert!(!is_known("no-data/111122223333/us-east-1", &fresh));
    let evaluated = Facts { last_data_at: Some(100), silent: Some(Vec::new()), ..fresh };
    assert!(is_known("no-data", &evaluated) && is_known("no-data/111122223333/us-east-1", &evaluated));
}

#[test]
fn a_notice_of_a_condition_and_of_its_end_are_alarm_and_ok() {
    let condition = Condition { name: CONDITIONS[0], about: None, since: 60, text: "no new log file".to_owned() };
    let key = dedup_key("1a2b3c4d", "no-data", 90);
    assert_eq!(key, "keytide/health/1a2b3c4d/no-data/90");
    let Subject::StateChange(change) = notice(key.clone(), "no-data/111122223333/cn-north-1", None, 90).subject else {
        panic!("a change of state")
    };
    let arn = "arn:aws-cn:cloudwatch:cn-north-1:111122223333:alarm:keytide-no-data-111122223333-cn-north-1";
    assert_eq!(change.alarm_arn, arn);
    let begin = notice(key.clone(), "no-data", Some(&condition), 90);
    let end = notice(key, "no-data", None, 120);
    let states = [begin, end].map(|notice| match notice.subject {
        Subject::StateChange(change) => (change.old_state, change.new_state, change.changed_at),
        other => panic!("{other:?}"),
    });
    assert_eq!(states, [(StateValue::Ok, StateValue::Alarm, 90), (StateValue::Alarm, StateValue::Ok, 120)]);
}

#[test]
fn work_that_failed_or_panicked_is_not_tried_before_its_pause_is_over() {
    let tasks = Tasks::new(Arc::new(Metrics::new("0")));
    let now = chrono::DateTime::UNIX_EPOCH;
    assert_eq!(tasks.attempt(Task::Ingest, now, || Ok(1)), Some(1));
    assert_eq!(tasks.attempt::<()>(Task::Evaluate, now, || panic!("a test's {}", "defect")), None);
    assert_eq!(tasks.attempt(Task::Evaluate, now, || Ok(1)), None, "within the pause");
    assert!(tasks.pause(Task::Evaluate).is_some() && tasks.pause(Task::Ingest).is_none());
    assert_eq!(tasks.errors(), [(Task::Evaluate, "a defect in Keytide: a test's defect".to_owned())]);
    assert_eq!(tasks.failing(), [], "once is not three times");
}

#[test]
fn what_is_remembered_is_used_unless_the_store_is_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let write = || Memory { batch: 7, last_data_at: Some(5), seen: vec![(1, Stamp { size: 2, changed: 3 })] };
    let read = |batch, now| Memory::read(dir.path(), batch, now);
    write().write(dir.path());
    assert_eq!(read(7, 5), write());
    assert_eq!(read(8, 5), write());
    assert_eq!(read(6, 5), Memory::default());
    std::fs::write(dir.path().join("watched"), "keytide watched 2\nnonsense").unwrap();
    assert_eq!(read(7, 5), Memory::default());
}

#[test]
fn a_log_file_that_came_while_the_clock_was_ahead_came_just_now() {
    let dir = tempfile::tempdir().unwrap();
    Memory { batch: 7, last_data_at: Some(700_000), seen: Vec::new() }.write(dir.path());
    let last_data_at = |now| Memory::read(dir.path(), 7, now).last_data_at;
    assert_eq!((last_data_at(100_000), last_data_at(700_001)), (Some(100_000), Some(700_000)));
}
