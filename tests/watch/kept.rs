//! What the store keeps for the watch: all of a round or nothing, models, and the outbox.

use std::io;
use std::path::Path;

use chrono::{DateTime, TimeZone, Utc};
use keytide::domain::Minute;
use keytide::store::{HistoryItem, IncidentRow, NewMessage, Outbox, Probe, Store, StoreError, WatchRound};

use crate::support::stores::passing_folder;

fn at(second: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(second, 0).unwrap()
}

fn message(route: &str, dedup_key: &str) -> NewMessage {
    NewMessage { route: route.to_owned(), dedup_key: dedup_key.to_owned(), notice: "{}".to_owned() }
}

fn round() -> WatchRound {
    WatchRound {
        memories: vec![("position".to_owned(), b"7".to_vec())],
        history: vec![HistoryItem {
            at: 5,
            alarm: "a".to_owned(),
            kind: "StateUpdate".to_owned(),
            summary: "s".to_owned(),
            data: "{}".to_owned(),
        }],
        incidents: vec![IncidentRow {
            number: 1,
            onset: 5,
            resolved_at: None,
            body: "{}".to_owned(),
            series: Vec::new(),
        }],
        owed: vec![message("hook", "one")],
        ..WatchRound::default()
    }
}

/// Fails at the step of that number, and at all after it.
struct Crash(usize);

impl Probe for Crash {
    fn before(&mut self, step: &'static str) -> io::Result<()> {
        match self.0.checked_sub(1) {
            Some(left) => self.0 = left,
            None => return Err(io::Error::other(format!("crashed before: {step}"))),
        }
        Ok(())
    }
}

fn commit_and_save(dir: &Path, steps: usize) -> Result<(), StoreError> {
    let mut store = Store::open_with_probe(dir, Box::new(Crash(steps)))?;
    store.commit_round(&round(), at(10))?;
    let models = [("one", b"model".to_vec())];
    store.save_models(Minute(60), None, models.into_iter().map(Ok))
}

#[test]
fn a_crash_at_any_step_leaves_all_of_a_round_or_nothing_and_whole_models_or_none() {
    let mut steps = 0;
    loop {
        let dir = passing_folder();
        let ended = commit_and_save(dir.path(), steps).is_ok();
        let store = Store::open_for_writing(dir.path()).unwrap();
        let committed = store.memory("position").unwrap().is_some();
        let kept = [
            store.alarm_history(None, 0, 100, 10).unwrap().len(),
            store.incidents_since(0).unwrap().len(),
            usize::try_from(store.outbox_depth().unwrap().owed).unwrap(),
        ];
        assert_eq!(kept, [usize::from(committed); 3], "crashed after {steps} steps");
        let mut read = Vec::new();
        for saved in store.saved_models().unwrap() {
            store.read_models(&saved, |name, bytes| read.push((name.to_owned(), bytes.to_vec()))).unwrap();
        }
        let whole = vec![("one".to_owned(), b"model".to_vec())];
        assert_eq!(read, if ended { whole } else { Vec::new() }, "crashed after {steps} steps");
        let files = std::fs::read_dir(dir.path().join("models")).unwrap().count();
        assert_eq!(files, usize::from(ended), "crashed after {steps} steps: litter");
        if ended {
            break;
        }
        steps += 1;
    }
    // Before the round, before the file and before its name.
    assert_eq!(steps, 3);
}

#[test]
fn a_store_from_before_the_watch_is_given_room_for_it() {
    let dir = passing_folder();
    drop(Store::open_for_writing(dir.path()).unwrap());
    let catalog = rusqlite::Connection::open(dir.path().join("catalog.sqlite")).unwrap();
    // What format 2 added, taken away again.
    catalog
        .execute_batch(
            "DROP TABLE memories; DROP TABLE model_files; DROP TABLE alarm_history; DROP TABLE incidents;
             DROP TABLE incident_series; DROP TABLE outbox;
             ALTER TABLE batches DROP COLUMN minute_first; ALTER TABLE batches DROP COLUMN minute_last;
             INSERT INTO batches VALUES (1, 5); PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(catalog);
    // A reader changes nothing, and finds nothing.
    let reader = Store::open_for_reading(dir.path()).unwrap();
    assert_eq!(reader.memory("position").unwrap(), None);
    assert_eq!(reader.outbox_depth().unwrap().owed, 0);
    drop(reader);
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    store.commit_round(&round(), at(10)).unwrap();
    assert_eq!(store.outbox_depth().unwrap().owed, 1);
    // Of the batch from before nobody knows which minutes it brought.
    assert_eq!(store.revised_since(0, Minute(0)).unwrap(), (None, 1));
}

fn save(store: &mut Store, minute: u32) {
    store.save_models(Minute(minute), None, [("one", vec![1, 2, 3])].into_iter().map(Ok)).unwrap();
}

fn saved_minutes(store: &Store) -> Vec<u32> {
    store.saved_models().unwrap().iter().map(|saved| saved.until.0).collect()
}

#[test]
fn a_saving_from_before_a_gap_is_kept_for_a_week_and_no_older_one() {
    const WEEK: u32 = 7 * 1440;
    let dir = passing_folder();
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    let gap = Minute(20_000);
    for minute in (10_000..=40_000).step_by(100) {
        store.save_models(Minute(minute), Some(gap), [("one", vec![1])].into_iter().map(Ok)).unwrap();
        let saved = saved_minutes(&store);
        let before = saved.iter().copied().filter(|minute| *minute <= gap.0).max();
        assert_eq!(before, (minute <= gap.0 + WEEK).then_some(minute.min(gap.0)), "{minute}: {saved:?}");
        assert!(saved.len() <= if minute <= gap.0 + WEEK { 4 } else { 3 }, "{minute}: {saved:?}");
    }
}

#[test]
fn however_often_models_are_saved_three_savings_reach_back_between_six_hours_and_twelve() {
    for apart in [5, 7, 60, 360, 500] {
        let dir = passing_folder();
        let mut store = Store::open_for_writing(dir.path()).unwrap();
        for minute in (1_000..4_000).step_by(apart) {
            save(&mut store, minute);
            let minutes = saved_minutes(&store);
            assert!(minutes[0] == minute && minutes.len() <= 3, "{minutes:?}");
            let reach = minute - minutes[minutes.len() - 1];
            let most = 720 + apart as u32;
            assert!(reach <= most && (reach >= 360 || minute - 1_000 < 360), "each {apart}: {minutes:?}");
        }
        let files = std::fs::read_dir(dir.path().join("models")).unwrap().count();
        assert_eq!(files, saved_minutes(&store).len(), "no litter");
    }
}

#[test]
fn models_are_forgotten_from_a_minute_on_and_a_damaged_file_is_named() {
    let dir = passing_folder();
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    for minute in [120, 180] {
        save(&mut store, minute);
    }
    assert_eq!(saved_minutes(&store), [180, 120]);
    store.forget_models_after(Minute(150)).unwrap();
    assert_eq!(saved_minutes(&store), [120]);
    let path = std::fs::read_dir(dir.path().join("models")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = store.read_models(&store.saved_models().unwrap()[0], |_, _| {}).unwrap_err().to_string();
    assert!(error.contains(&path.display().to_string()), "{error}");
}

/// The outbox of a new store with these messages, owed at second 100.
fn outbox(dir: &Path, messages: &[NewMessage]) -> Outbox {
    let round = WatchRound { owed: messages.to_vec(), ..WatchRound::default() };
    Store::open_for_writing(dir).unwrap().commit_round(&round, at(100)).unwrap();
    Outbox::open(dir).unwrap()
}

fn due(outbox: &mut Outbox, now: i64, limit: usize) -> Vec<i64> {
    outbox.due(at(now), limit).unwrap().iter().map(|message| message.id).collect()
}

#[test]
fn messages_are_due_in_order_and_no_route_hides_another() {
    let dir = passing_folder();
    let messages = [message("a", "1"), message("a", "2"), message("a", "3"), message("b", "1")];
    let mut outbox = outbox(dir.path(), &messages);
    assert_eq!(due(&mut outbox, 100, 2), [1, 2, 4]);
    outbox.delivered(1, at(101)).unwrap();
    outbox.dead(2, at(101), "refused").unwrap();
    assert_eq!(due(&mut outbox, 101, 2), [3, 4]);
    let depth = outbox.depth().unwrap();
    assert_eq!((depth.owed, depth.oldest_owed_at, depth.dead), (2, Some(100), 1));
    let dead = Store::open_for_reading(dir.path()).unwrap().dead_letters().unwrap();
    assert_eq!((dead.len(), dead[0].id, dead[0].error.as_str()), (1, 2, "refused"));
}

#[test]
fn what_ends_an_episode_waits_for_its_beginning_and_others_do_not() {
    let dir = passing_folder();
    let mut outbox = outbox(dir.path(), &[message("a", "1"), message("a", "1"), message("a", "2"), message("b", "1")]);
    outbox.retry(1, at(160), "busy").unwrap();
    assert_eq!(due(&mut outbox, 159, 9), [3, 4]);
    assert_eq!(due(&mut outbox, 160, 9), [1, 2, 3, 4]);
}

#[test]
fn what_was_never_tried_is_due_though_the_clock_jumped_back() {
    let dir = passing_folder();
    let mut outbox = outbox(dir.path(), &[message("a", "1"), message("a", "1")]);
    assert_eq!(due(&mut outbox, 40, 9), [1, 2]);
}

#[test]
fn what_was_delivered_a_month_ago_or_given_up_three_is_forgotten_and_what_is_owed_never() {
    let dir = passing_folder();
    let mut outbox = outbox(dir.path(), &[message("a", "1"), message("a", "2"), message("a", "3")]);
    outbox.delivered(1, at(100)).unwrap();
    outbox.dead(3, at(100), "refused").unwrap();
    let rows = || {
        let catalog = rusqlite::Connection::open(dir.path().join("catalog.sqlite")).unwrap();
        catalog.query_row("SELECT count(*) FROM outbox", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    outbox.expire(at(100 + 30 * 86_400)).unwrap();
    assert_eq!(rows(), 3);
    outbox.expire(at(101 + 30 * 86_400)).unwrap();
    assert_eq!(rows(), 2);
    outbox.expire(at(100 + 90 * 86_400)).unwrap();
    assert_eq!(rows(), 2);
    outbox.expire(at(101 + 90 * 86_400)).unwrap();
    assert_eq!(rows(), 1);
    assert_eq!(due(&mut outbox, 101 + 30 * 86_400, 9), [2]);
}

#[test]
fn history_and_incidents_that_were_over_are_dropped_after_four_hundred_days() {
    let dir = passing_folder();
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    let over = |number| IncidentRow { number, resolved_at: Some(5), ..round().incidents[0].clone() };
    let mut round = round();
    round.incidents.push(over(2));
    store.commit_round(&round, at(10)).unwrap();
    let kept = |store: &Store| {
        let numbers: Vec<u64> = store.incidents_since(0).unwrap().iter().map(|row| row.number).collect();
        (store.alarm_history(None, 0, 100, 10).unwrap().len(), numbers)
    };
    store.expire_watching(at(5 + 400 * 86_400)).unwrap();
    assert_eq!(kept(&store), (1, vec![2, 1]));
    store.expire_watching(at(6 + 400 * 86_400)).unwrap();
    // One that is not over stays.
    assert_eq!(kept(&store), (0, vec![1]));
}
