//! A store with a watch over configured alarms: records in, messages out.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, NaiveDateTime, Utc};
use keytide::alarm::{AlarmTables, Notice, StateChange, StateValue, Subject};
use keytide::domain::{Clock, MinuteRange};
use keytide::ingest::{IngestOptions, Silent, ingest};
use keytide::store::{HistoryItem, Outbox, Store};
use keytide::watch::{RoundReport, Setup, Watch, WatchSettings};
use serde_json::Value;

use super::record::{KEY_2, Record};
use super::stores::passing_folder;
use super::{files, record};

/// Minutes between the newest minute stored and the watermark.
const LAG: &str = "the newest minute stored must be 14 minutes past the watermark: it ends a minute later";

/// Everything that is watched.
pub struct Watched {
    folder: tempfile::TempDir,
    pub store: Store,
    pub watch: Watch,
    files: usize,
    calls: usize,
    /// What is still to arrive.
    records: Vec<Value>,
    seen: usize,
}

/// A clock that stands still after all that a test writes.
struct Later;

impl Clock for Later {
    fn now(&self) -> DateTime<Utc> {
        at("2026-02-01T00:00")
    }
}

/// The instant of `2026-01-05T10:00` or `10:00` on that day.
pub fn at(time: &str) -> DateTime<Utc> {
    let text = if time.contains('T') { time.to_owned() } else { format!("2026-01-05T{time}") };
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M").unwrap().and_utc()
}

impl Watched {
    /// With the alarms of a text; other settings as a test wants them.
    pub fn new(rules: &str, set: impl FnOnce(&mut Setup)) -> Self {
        let folder = passing_folder();
        let store = Store::open_for_writing(&folder.path().join("store")).unwrap();
        let watch = Watch::open(&store, setup(rules, set)).unwrap();
        Self { folder, store, watch, files: 0, calls: 0, records: Vec::new(), seen: 0 }
    }

    /// Where the store is.
    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// A folder beside it.
    pub fn beside(&self) -> &Path {
        self.folder.path()
    }

    /// Calls within the minute that begins at a time, each at a second of its own as far as there are any.
    pub fn calls(&mut self, time: &str, count: usize, record: &Record) {
        self.calls_within(time, count, 60, record);
    }

    /// Calls spread over so many seconds from a time on.
    pub fn calls_within(&mut self, time: &str, count: usize, seconds: usize, record: &Record) {
        for call in 0..count {
            self.calls += 1;
            let second = at(time) + chrono::Duration::seconds((call % seconds) as i64);
            let id = format!("00000000-0000-4000-8000-{:012x}", self.calls);
            let record = record.clone().id(&id).with("eventTime", second.format("%Y-%m-%dT%H:%M:%SZ").to_string());
            self.records.push(record.into());
        }
    }

    /// Reads what is still to arrive as one log file, without moving the watermark.
    pub fn arrive(&mut self) {
        let records = std::mem::take(&mut self.records);
        self.files += 1;
        let path = files::write(self.folder.path(), &format!("{:04}.json", self.files), &files::log_file(&records));
        let options = IngestOptions::of(vec![path]);
        let report = ingest(&mut self.store, &options, &Later, &Silent, &AtomicBool::new(false)).unwrap();
        assert_eq!(report.new_requests, records.len() as u64, "{:?}", report.rejects);
    }

    /// Reads what is still to arrive and a call that moves the watermark to a time; judges, a quarter of an hour after
    /// the watermark.
    pub fn round(&mut self, watermark: &str) -> RoundReport {
        let newest = at(watermark) + chrono::Duration::minutes(14);
        self.calls(&newest.format("%Y-%m-%dT%H:%M").to_string(), 1, &beat());
        self.arrive();
        let reached = self.store.watermark(MinuteRange::ALL.end).unwrap();
        assert_eq!(reached.map(|minute| minute.first_second()), Some(at(watermark).timestamp()), "{LAG}");
        self.watch.round(&mut self.store, at(watermark) + chrono::Duration::minutes(15)).unwrap()
    }

    /// Judges without moving the watermark.
    pub fn round_at(&mut self, now: &str) -> RoundReport {
        self.watch.round(&mut self.store, at(now)).unwrap()
    }

    /// What was owed since it was last asked for.
    pub fn owed(&mut self) -> Vec<Notice> {
        let mut outbox = Outbox::open(&self.dir()).unwrap();
        let all = outbox.due(at("2026-06-01T00:00"), 10_000).unwrap();
        let new = all[self.seen..].iter().map(|message| serde_json::from_str(&message.notice).unwrap()).collect();
        self.seen = all.len();
        new
    }

    /// The same as lines: alarm, states, reason.
    pub fn told(&mut self) -> Vec<String> {
        let told = |notice: &Notice| {
            let change = change(notice);
            format!("{} {} -> {}: {}", change.alarm_name, change.old_state, change.new_state, change.reason)
        };
        self.owed().iter().map(told).collect()
    }

    /// The alarm's history, the oldest entry first.
    pub fn history(&self, alarm: &str) -> Vec<HistoryItem> {
        let mut items = self.store.alarm_history(Some(alarm), 0, i64::MAX, 1_000).unwrap();
        items.reverse();
        items
    }

    /// The alarm's state.
    pub fn state(&self, alarm: &str) -> StateValue {
        let states = keytide::watch::states(&self.store).unwrap();
        states.iter().find(|state| state.name == alarm).unwrap().state
    }
}

/// The setup of alarms: no watch over every series, one route.
pub fn setup(rules: &str, set: impl FnOnce(&mut Setup)) -> Setup {
    let definitions = toml::from_str::<AlarmTables>(rules).unwrap().read().unwrap();
    let mut setup = Setup::silent(WatchSettings { every_series: false, ..WatchSettings::default() });
    (setup.alarms, setup.mutes) = (definitions.alarms, definitions.mutes);
    set(&mut setup);
    setup.with_routes(|_| vec!["hook".to_owned()])
}

/// What a notice of a change says.
pub fn change(notice: &Notice) -> &StateChange {
    match &notice.subject {
        Subject::StateChange(change) => change,
        other => panic!("{other:?}"),
    }
}

/// A call that no test's alarm counts: an Encrypt under another key, by a role of its own in another account.
fn beat() -> Record {
    Record::call("Encrypt")
        .key(KEY_2)
        .identity("accountId", record::GUEST)
        .identity("arn", format!("arn:aws:sts::{}:assumed-role/beat/session", record::GUEST))
}
