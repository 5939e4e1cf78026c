//! Scheduled reports: each is owed once, whatever happens to the process, and arrives in its route's form.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeZone, Utc};
use keytide::config::{Config, Outside, SourceSettings, parse};
use keytide::daemon::{Evaluate, Parts, Publish, Sending, Telling, Watching, once};
use keytide::domain::Clock;
use keytide::serve::Metrics;
use keytide::store::{Store, WatchRound};
use serde_json::Value;

use super::Place;
use crate::publish::receiver::Receiver;
use crate::support::files;
use crate::support::program::run;
use crate::support::record::{KEY, Record};

/// A clock that is set.
#[derive(Clone)]
struct Set(Arc<AtomicI64>);

impl Set {
    /// A day of January 2026, and a time of it.
    fn to(&self, day: u32, hour: u32, minute: u32) {
        let time = Utc.with_ymd_and_hms(2026, 1, day, hour, minute, 0).unwrap();
        self.0.store(time.timestamp(), Ordering::SeqCst);
    }
}

impl Clock for Set {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::SeqCst), 0).unwrap()
    }
}

/// A file with calls of a minute, as `2026-01-06T12:00`.
fn deliver(place: &Place, minute: &str, calls: usize) {
    let call = |call: usize| {
        let id = format!("{}{}-0000-4000-8000-{call:012x}", &minute[8..10], minute[11..16].replace(':', "00"));
        Record::decrypt(&id).with("eventTime", format!("{minute}:{call:02}Z")).value()
    };
    let records: Vec<Value> = (0..calls).map(call).collect();
    files::write(&place.logs(), &format!("{}.json", minute.replace(':', "")), &files::log_file(&records));
}

/// A place with a daily report at 08:00 to a receiver, and the calls of four days, at noon: 1 on the 4th, 2 on the
/// 5th, 5 on the 6th, 1 on the 7th.
fn place(receiver: &Receiver) -> (Place, Config) {
    place_with(receiver, "every = \"daily\"\nat = \"08:00\"")
}

/// The same, with a report on another schedule.
fn place_with(receiver: &Receiver, schedule: &str) -> (Place, Config) {
    let place = Place::new();
    for (day, calls) in [(4, 1), (5, 2), (6, 5), (7, 1)] {
        deliver(&place, &format!("2026-01-{day:02}T12:00"), calls);
    }
    let text = format!(
        "[watch]\nevery_series = false\n[health]\nno_data_for = \"30d\"\n\
         [[route]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         [[report]]\nname = \"day\"\n{schedule}\nroutes = [\"hook\"]\n",
        receiver.url("/")
    );
    let mut config = parse(&text, "keytide.toml", &Outside::NOTHING).unwrap();
    config.sources = vec![SourceSettings::Folder { path: place.logs() }];
    (place, config)
}

/// A process that does one round: what `keytide run --once` is.
async fn one_round(store: &Path, config: &Config, clock: &Set) {
    let opened = Store::open_for_writing(store).unwrap();
    let now = clock.clone();
    let parts = Parts {
        evaluate: Box::new(Watching::open(&opened, config, clock.now()).unwrap()),
        publish: Box::new(Sending::open(store, config, true, move || now.now()).unwrap()),
        tell: Box::new(Telling::new(config).unwrap()),
        store: opened,
        config: config.clone(),
        clock: Arc::new(clock.clone()),
        server: None,
        metrics: Arc::new(Metrics::new("0.0.0")),
    };
    assert_eq!(once(parts, Arc::default()).await, Ok(()));
}

fn reports(receiver: &Receiver) -> Vec<(String, String)> {
    let got = receiver.got();
    let of_reports = got.iter().filter(|got| got.header("idempotency-key").starts_with("keytide/report/"));
    let each = of_reports.map(|got| {
        let title = got.json()["subject"]["title"].as_str().unwrap().to_owned();
        (got.header("idempotency-key").to_owned(), title)
    });
    each.collect()
}

#[tokio::test]
async fn a_report_comes_at_its_time_once_and_once_after_days_of_downtime() {
    let receiver = Receiver::willing().await;
    let (place, config) = place(&receiver);
    let clock = Set(Arc::default());
    let round = async || one_round(&place.store(), &config, &clock).await;
    // A schedule that is new waits for its first time.
    clock.to(6, 9, 0);
    round().await;
    clock.to(7, 7, 59);
    round().await;
    assert_eq!(reports(&receiver), []);
    // Each round is a new process.
    for minute in [0, 1, 30] {
        clock.to(7, 8, minute);
        round().await;
    }
    // 08:00 of 2026-01-07: `date -u -d '2026-01-07 08:00' +%s`.
    let first = ("keytide/report/day/1767772800:REPORT".to_owned(), "Keytide daily report, 2026-01-06".to_owned());
    assert_eq!(reports(&receiver), std::slice::from_ref(&first));
    // Away over the 8th and 9th: of what was missed the latest.
    clock.to(10, 9, 30);
    round().await;
    round().await;
    let second = ("keytide/report/day/1768032000:REPORT".to_owned(), "Keytide daily report, 2026-01-09".to_owned());
    assert_eq!(reports(&receiver), [first, second]);
    assert_eq!(Store::open_for_reading(&place.store()).unwrap().outbox_depth().unwrap().owed, 0);
}

#[tokio::test]
async fn a_report_waits_for_the_calls_of_its_last_minutes_and_says_what_had_not_come_within_an_hour() {
    let receiver = Receiver::willing().await;
    let (place, config) = place_with(&receiver, "schedule = \"cron(0 * * * *)\"");
    let clock = Set(Arc::default());
    let round = async |day, hour, minute| {
        clock.to(day, hour, minute);
        one_round(&place.store(), &config, &clock).await;
    };
    round(6, 12, 30).await;
    round(6, 13, 0).await;
    // Files come up to a quarter of an hour late.
    deliver(&place, "2026-01-06T12:58", 2);
    round(6, 13, 14).await;
    assert_eq!(reports(&receiver), []);
    round(6, 13, 15).await;
    // 13:00 of 2026-01-06: `date -u -d '2026-01-06 13:00' +%s`.
    let title = "Keytide report day, 2026-01-06 12:00 to 2026-01-06 13:00".to_owned();
    let first = ("keytide/report/day/1767704400:REPORT".to_owned(), title);
    assert_eq!(reports(&receiver), std::slice::from_ref(&first));
    let json = |place: usize| receiver.got()[place].json()["subject"]["json"].clone();
    assert_eq!((&json(0)["totals"]["successful"]["calls"], &json(0)["notes"]), (&7.into(), &serde_json::json!([])));
    // The newest call is of 12:00 on the 7th; nothing comes after it.
    round(7, 12, 59).await;
    round(7, 13, 0).await;
    let title = "Keytide report day, 2026-01-07 11:00 to 2026-01-07 12:00".to_owned();
    let second = ("keytide/report/day/1767787200:REPORT".to_owned(), title);
    assert_eq!(reports(&receiver)[2..], [second]);
    let note = "When this was made, counts were complete up to 2026-01-07 11:46 only.";
    assert_eq!(json(2)["notes"], serde_json::json!([note]));
}

#[tokio::test]
async fn a_clock_that_was_ahead_once_keeps_no_report_back() {
    let receiver = Receiver::willing().await;
    let (place, config) = place(&receiver);
    let clock = Set(Arc::default());
    for (day, hour) in [(6, 9), (25, 8), (6, 10), (7, 7), (7, 8), (7, 9)] {
        clock.to(day, hour, 0);
        one_round(&place.store(), &config, &clock).await;
    }
    // 08:00 of 2026-01-25 and 2026-01-07: `date -u -d '2026-01-25 08:00' +%s`.
    let expected = [(1_769_328_000, "2026-01-24"), (1_767_772_800, "2026-01-06")]
        .map(|(at, day)| (format!("keytide/report/day/{at}:REPORT"), format!("Keytide daily report, {day}")));
    assert_eq!(reports(&receiver), expected);
}

#[tokio::test]
async fn a_report_has_the_counts_of_its_day_in_every_form() {
    let receiver = Receiver::willing().await;
    let (place, config) = place(&receiver);
    let clock = Set(Arc::default());
    for (day, hour) in [(6, 9), (7, 8)] {
        clock.to(day, hour, 0);
        one_round(&place.store(), &config, &clock).await;
    }
    let got = receiver.got();
    let [got] = &got[..] else { panic!("one message: {got:?}") };
    assert_eq!((got.method.as_str(), got.header("content-type")), ("POST", "application/json"));
    let notice = got.json();
    assert_eq!((&notice["severity"], &notice["keys"]), (&"info".into(), &serde_json::json!([])));
    let subject = &notice["subject"];
    let id = KEY.rsplit('/').next().unwrap();
    for form in ["markdown", "html"] {
        let text = subject[form].as_str().unwrap();
        assert!(text.contains(id) && text.contains("+150"), "from 2 to 5 calls:\n{text}");
    }
    let successful = &subject["json"]["totals"]["successful"];
    assert_eq!((&successful["calls"], &successful["previous"]), (&5.into(), &2.into()), "{}", subject["json"]);
}

#[tokio::test]
async fn a_report_is_not_compared_with_a_day_that_is_stored_in_part() {
    let receiver = Receiver::willing().await;
    let (place, config) = place(&receiver);
    let clock = Set(Arc::default());
    for (day, hour) in [(5, 9), (6, 8)] {
        clock.to(day, hour, 0);
        one_round(&place.store(), &config, &clock).await;
    }
    let got = receiver.got();
    let [got] = &got[..] else { panic!("one message: {got:?}") };
    let subject = &got.json()["subject"];
    for form in ["markdown", "html"] {
        let text = subject[form].as_str().unwrap();
        assert!(text.contains("Counts begin at 2026-01-04 12:00; no comparison."), "{text}");
        assert!(!text.contains("+100"), "from 1 to 2 calls, as if all of the 4th were stored:\n{text}");
    }
    let successful = &subject["json"]["totals"]["successful"];
    assert_eq!((&successful["calls"], &successful["previous"]), (&2.into(), &Value::Null), "{}", subject["json"]);
}

#[test]
fn a_damaged_memory_of_a_report_is_told_of_and_the_report_waits_for_its_next_time() {
    let place = Place::new();
    place.set(
        "[daemon]\nsettle_for = \"1s\"\n[[report]]\nname = \"day\"\nevery = \"daily\"\n\
         routes = [\"printed\"]\n[[route]]\nname = \"printed\"\nkind = \"stdout\"\n",
    );
    let mut store = Store::open_for_writing(&place.store()).unwrap();
    let memories = vec![("report/day".to_owned(), b"yesterday".to_vec())];
    store.commit_round(&WatchRound { memories, ..WatchRound::default() }, Utc::now()).unwrap();
    drop(store);
    let rounds = [(); 2].map(|()| run(place.command().arg("--once")));
    assert!(rounds.iter().all(|ran| ran.code == Some(0)), "{} {}", rounds[0].err, rounds[1].err);
    let says = |err: &str| err.contains("memory of this report is damaged") && err.contains("\"report\":\"day\"");
    // The next time is remembered.
    assert!(says(&rounds[0].err) && !says(&rounds[1].err), "{} {}", rounds[0].err, rounds[1].err);
}

// A report's queries want a runtime of several threads.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_before_a_crash_is_sent_by_the_next_process() {
    let receiver = Receiver::willing().await;
    let (place, config) = place(&receiver);
    let clock = Set(Arc::default());
    clock.to(6, 9, 0);
    one_round(&place.store(), &config, &clock).await;
    clock.to(7, 8, 0);
    let store: PathBuf = place.store();
    let mut opened = Store::open_for_writing(&store).unwrap();
    let mut watching = Watching::open(&opened, &config, clock.now()).unwrap();
    assert_eq!(watching.report(&mut opened, clock.now()).unwrap(), 1);
    assert_eq!(watching.report(&mut opened, clock.now()).unwrap(), 0);
    // It ends before anything is sent.
    drop((watching, opened));
    assert_eq!(reports(&receiver), []);
    let mut opened = Store::open_for_writing(&store).unwrap();
    let mut watching = Watching::open(&opened, &config, clock.now()).unwrap();
    assert_eq!(watching.report(&mut opened, clock.now()).unwrap(), 0);
    let now = clock.clone();
    let mut sending = Sending::open(&store, &config, true, move || now.now()).unwrap();
    assert_eq!(sending.round(clock.now()).await.unwrap().sent, 1);
    assert_eq!(reports(&receiver).len(), 1);
}
