//! Work that fails: it is tried again, counted, and told of.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use keytide::alarm::{Notice, StateValue, Subject};
use keytide::config::Config;
use keytide::daemon::{
    Ended, Evaluate, Idle, Later as Coming, Parts, Publish, PublishSummary, RoundSummary, Signal, TaskError, Tell,
    once, run,
};
use keytide::domain::Clock;
use keytide::serve::{Metrics, Server};
use keytide::store::{NewMessage, Store};
use keytide::watch::SilentStream;

use super::Place;
use crate::support::files;
use crate::support::stores::Still;
use crate::support::wait::until;

/// Fails or panics as long as it is told to.
#[derive(Clone, Default)]
struct Failing {
    fails: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
    reopened: Arc<AtomicU64>,
    saved: Arc<AtomicU64>,
    times: Arc<Mutex<Vec<DateTime<Utc>>>>,
    silent: Arc<Mutex<Vec<SilentStream>>>,
}

impl Evaluate for Failing {
    fn round(&mut self, _store: &mut Store, now: DateTime<Utc>) -> Result<RoundSummary, TaskError> {
        self.times.lock().unwrap().push(now);
        assert!(!self.panics.load(Ordering::SeqCst), "a test's defect");
        match self.fails.load(Ordering::SeqCst) {
            true => Err("a test's failure".into()),
            false => {
                let silent = self.silent.lock().unwrap().clone();
                Ok(RoundSummary { series: 7, silent, ..RoundSummary::default() })
            }
        }
    }

    fn save(&mut self, _store: &mut Store) -> Result<(), TaskError> {
        self.saved.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn reopen(&mut self, _store: &mut Store) -> Result<(), TaskError> {
        self.reopened.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn reload(&mut self, _store: &mut Store, _config: &Config) -> Result<(), TaskError> {
        Ok(())
    }
}

/// Keeps what it is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(String, StateValue)>>>, Arc<AtomicU64>);

impl Tell for Told {
    fn messages(&mut self, notice: &Notice) -> Result<Vec<NewMessage>, TaskError> {
        let Subject::StateChange(change) = &notice.subject else { panic!("a condition is a change of state") };
        self.0.lock().unwrap().push((notice.dedup_key.clone(), change.new_state));
        Ok(Vec::new())
    }

    fn reload(&mut self, _config: &Config) -> Result<(), TaskError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

impl Told {
    /// The keys and states of what was told of a condition.
    fn of(&self, condition: &str) -> Vec<(String, StateValue)> {
        let about = format!("/{condition}/");
        self.0.lock().unwrap().iter().filter(|(key, _)| key.contains(&about)).cloned().collect()
    }

    fn states(&self, condition: &str) -> Vec<StateValue> {
        self.of(condition).into_iter().map(|(_, state)| state).collect()
    }
}

fn parts(place: &Place, evaluate: &Failing, told: &Told, clock: Arc<dyn Clock>) -> Parts {
    let text = "[daemon]\ningest_every = \"1s\"\nsettle_for = \"1s\"\nevaluate_every = \"1s\"\n";
    let mut config = keytide::config::parse(text, "keytide.toml", &keytide::config::Outside::NOTHING).unwrap();
    config.sources = vec![keytide::config::SourceSettings::Folder { path: place.logs() }];
    Parts {
        store: Store::open_for_writing(&place.store()).unwrap(),
        config,
        clock,
        evaluate: Box::new(evaluate.clone()),
        publish: Box::new(Idle),
        tell: Box::new(told.clone()),
        server: Some(Server::bind(([127, 0, 0, 1], 0).into()).unwrap()),
        metrics: Arc::new(Metrics::new("0.0.0")),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn what_fails_three_times_in_a_row_is_told_of_and_works_again_from_what_is_committed() {
    let place = Place::new();
    let (evaluate, told) = (Failing::default(), Told::default());
    evaluate.fails.store(true, Ordering::SeqCst);
    let parts = parts(&place, &evaluate, &told, Arc::new(Still));
    let (metrics, address) = (Arc::clone(&parts.metrics), parts.server.as_ref().unwrap().address());
    let ready = || super::get(&address.to_string(), "/readyz").0;
    let figures = || metrics.text();
    let (signals, receiver) = tokio::sync::mpsc::channel(1);
    let runtime = runtime();
    let running = runtime.spawn(run(parts, receiver, Box::new(|| Err("nothing to reload".to_owned()))));
    let is_told = |state| told.states("task-failing").contains(&state);
    until("the alarm", figures, || is_told(StateValue::Alarm).then_some(()));
    assert_eq!(ready(), 503);
    assert!(figures().contains("keytide_task_failures_total{task=\"evaluate\"} 3\n"), "{}", figures());
    evaluate.fails.store(false, Ordering::SeqCst);
    until("its end", figures, || is_told(StateValue::Ok).then_some(()));
    assert_eq!(ready(), 200);
    assert!(evaluate.reopened.load(Ordering::SeqCst) >= 3);
    assert!(figures().contains("keytide_series_watched 7\n"));
    signals.blocking_send(Signal::Stop).unwrap();
    assert_eq!(runtime.block_on(running).unwrap().unwrap(), Ended::InTime);
    assert_eq!(evaluate.saved.load(Ordering::SeqCst), 1);
    // Each was told once.
    assert_eq!(told.states("task-failing"), [StateValue::Alarm, StateValue::Ok]);
    let of = told.of("task-failing");
    assert!(told.0.lock().unwrap().len() == 2 && of[0].0 == of[1].0, "under one key: {of:?}");
}

#[test]
fn who_is_told_of_the_programs_health_learns_of_new_settings() {
    let place = Place::new();
    let (evaluate, told) = (Failing::default(), Told::default());
    let parts = parts(&place, &evaluate, &told, Arc::new(Still));
    let config = parts.config.clone();
    let (signals, receiver) = tokio::sync::mpsc::channel(1);
    let runtime = runtime();
    let running = runtime.spawn(run(parts, receiver, Box::new(move || Ok(config.clone()))));
    signals.blocking_send(Signal::Reload).unwrap();
    until("the reload", String::new, || (told.1.load(Ordering::SeqCst) == 1).then_some(()));
    signals.blocking_send(Signal::Stop).unwrap();
    assert_eq!(runtime.block_on(running).unwrap().unwrap(), Ended::InTime);
}

#[test]
fn a_panic_is_a_failure_that_names_itself_and_the_rest_is_done() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    let (evaluate, told) = (Failing::default(), Told::default());
    evaluate.panics.store(true, Ordering::SeqCst);
    let parts = parts(&place, &evaluate, &told, Arc::new(Still));
    let done = runtime().block_on(once(parts, Arc::default()));
    let failed = done.expect_err("it panics");
    assert_eq!(failed, ["evaluate failed: a defect in Keytide: a test's defect"]);
    assert_eq!(place.status().unwrap()["requests"], 3);
}

/// A clock that goes an hour back each time it is asked.
#[derive(Default)]
struct Backwards(AtomicU64);

impl Clock for Backwards {
    fn now(&self) -> DateTime<Utc> {
        Still.now() - chrono::TimeDelta::hours(self.0.fetch_add(1, Ordering::SeqCst) as i64)
    }
}

#[test]
fn a_clock_that_jumps_back_gives_no_time_twice_and_stops_nothing() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    let (evaluate, told) = (Failing::default(), Told::default());
    let parts = parts(&place, &evaluate, &told, Arc::new(Backwards::default()));
    assert_eq!(runtime().block_on(once(parts, Arc::default())), Ok(()));
    assert_eq!(place.status().unwrap()["requests"], 3);
    let times = evaluate.times.lock().unwrap();
    assert!(!times.is_empty() && times.iter().all(|time| *time == Still.now()), "{times:?}");
}

#[test]
fn an_account_that_is_silent_is_told_of_once_until_an_evaluation_finds_that_its_files_come() {
    let place = Place::new();
    let (evaluate, told) = (Failing::default(), Told::default());
    let states = |told: &Told| told.states("no-data/111122223333/us-east-1");
    // Each round is a process of its own.
    let round = || runtime().block_on(once(parts(&place, &evaluate, &told, Arc::new(Still)), Arc::default()));
    let since = Still.now().timestamp() - 1_800;
    let stream = SilentStream { account: "111122223333".to_owned(), region: "us-east-1".to_owned(), since };
    evaluate.silent.lock().unwrap().push(stream);
    assert_eq!((round(), round()), (Ok(()), Ok(())));
    assert_eq!(states(&told), [StateValue::Alarm]);
    evaluate.silent.lock().unwrap().clear();
    evaluate.fails.store(true, Ordering::SeqCst);
    assert!(round().is_err());
    assert_eq!(states(&told), [StateValue::Alarm], "nobody knows whether it is over");
    evaluate.fails.store(false, Ordering::SeqCst);
    assert_eq!(round(), Ok(()));
    assert_eq!(states(&told), [StateValue::Alarm, StateValue::Ok]);
}

#[test]
fn each_episode_of_a_condition_has_a_key_of_its_own_on_every_machine() {
    let keys = [Place::new(), Place::new()].map(|place| {
        let (evaluate, told) = (Failing::default(), Told::default());
        let stream = SilentStream {
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            since: Still.now().timestamp() - 1_800,
        };
        for minutes in 0..6 {
            let later: Arc<dyn Clock> = Arc::new(Later(minutes));
            *evaluate.silent.lock().unwrap() = if minutes % 2 == 0 { vec![stream.clone()] } else { Vec::new() };
            assert_eq!(runtime().block_on(once(parts(&place, &evaluate, &told, later), Arc::default())), Ok(()));
            // Files that were read may be forgotten, what was told may not.
            drop(std::fs::remove_file(place.store().join("watched")));
        }
        let of = told.of("no-data/111122223333/us-east-1");
        assert!(of.chunks(2).all(|pair| pair[0].0 == pair[1].0), "{of:?}");
        of.into_iter().map(|(key, _)| key).step_by(2).collect::<Vec<_>>()
    });
    let mut all = keys.concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 6, "{keys:?}");
}

/// One round, so many minutes after [`Still`].
fn round_at(place: &Place, told: &Told, minutes: i64) {
    let mut parts = parts(place, &Failing::default(), told, Arc::new(Later(minutes)));
    parts.config.health.quarantine_growth = 2;
    assert_eq!(runtime().block_on(once(parts, Arc::default())), Ok(()));
}

#[test]
fn single_rounds_tell_that_no_log_file_comes_any_more() {
    let (place, told) = (Place::new(), Told::default());
    place.deliver("a.json", 0..3);
    round_at(&place, &told, 0);
    // Half an hour is what `no_data_for` says.
    round_at(&place, &told, 29);
    assert_eq!(told.states("no-data"), []);
    round_at(&place, &told, 31);
    round_at(&place, &told, 36);
    assert_eq!(told.states("no-data"), [StateValue::Alarm]);
    place.deliver("b.json", 3..5);
    round_at(&place, &told, 41);
    assert_eq!(told.states("no-data"), [StateValue::Alarm, StateValue::Ok]);
}

#[test]
fn an_object_that_cannot_be_read_counts_once_however_often_it_is_tried() {
    let (place, told) = (Place::new(), Told::default());
    let damaged = |name: &str| {
        let log = files::gzip(&super::log_of(0..4));
        files::write(&place.logs(), name, &log[..log.len() / 2]);
    };
    damaged("a.json.gz");
    round_at(&place, &told, 0);
    damaged("b.json.gz");
    round_at(&place, &told, 20);
    assert_eq!(told.states("quarantine-growing"), [StateValue::Alarm], "two within an hour, in two rounds");
    round_at(&place, &told, 59);
    assert_eq!(told.states("quarantine-growing"), [StateValue::Alarm]);
    // Both are tried again, and neither is new.
    round_at(&place, &told, 61);
    assert_eq!(told.states("quarantine-growing"), [StateValue::Alarm, StateValue::Ok]);
}

/// Takes note of who is given new settings, in order.
#[derive(Clone, Default)]
struct Order(Arc<Mutex<Vec<&'static str>>>);

impl Evaluate for Order {
    fn round(&mut self, _store: &mut Store, _now: DateTime<Utc>) -> Result<RoundSummary, TaskError> {
        Ok(RoundSummary::default())
    }

    fn save(&mut self, _store: &mut Store) -> Result<(), TaskError> {
        Ok(())
    }

    fn reopen(&mut self, _store: &mut Store) -> Result<(), TaskError> {
        Ok(())
    }

    fn reload(&mut self, _store: &mut Store, _config: &Config) -> Result<(), TaskError> {
        self.0.lock().unwrap().push("evaluate");
        Ok(())
    }
}

impl Publish for Order {
    fn round(&mut self, _now: DateTime<Utc>) -> Coming<'_, PublishSummary> {
        Box::pin(async { Ok(PublishSummary::default()) })
    }

    fn reload(&mut self, _config: &Config) -> Result<(), TaskError> {
        self.0.lock().unwrap().push("publish");
        Ok(())
    }

    fn let_go(&mut self) {
        self.0.lock().unwrap().push("let go");
    }
}

#[test]
fn who_sends_has_the_new_routes_before_and_the_old_ones_until_everyone_else_has_changed() {
    let (place, order) = (Place::new(), Order::default());
    let mut parts = parts(&place, &Failing::default(), &Told::default(), Arc::new(Still));
    (parts.evaluate, parts.publish) = (Box::new(order.clone()), Box::new(order.clone()));
    let config = parts.config.clone();
    let (signals, receiver) = tokio::sync::mpsc::channel(1);
    let runtime = runtime();
    let running = runtime.spawn(run(parts, receiver, Box::new(move || Ok(config.clone()))));
    signals.blocking_send(Signal::Reload).unwrap();
    let done = || order.0.lock().unwrap().clone();
    until("the reload", || format!("{:?}", done()), || (done().len() == 3).then_some(()));
    assert_eq!(done(), ["publish", "evaluate", "let go"]);
    signals.blocking_send(Signal::Stop).unwrap();
    assert_eq!(runtime.block_on(running).unwrap().unwrap(), Ended::InTime);
}

/// A clock that stands still so many minutes later.
struct Later(i64);

impl Clock for Later {
    fn now(&self) -> DateTime<Utc> {
        // Two machines are not begun in the same microsecond.
        static MICROS: AtomicU64 = AtomicU64::new(0);
        let micros = MICROS.fetch_add(1, Ordering::SeqCst) as i64;
        Still.now() + chrono::TimeDelta::minutes(self.0) + chrono::TimeDelta::microseconds(micros)
    }
}
