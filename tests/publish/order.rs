//! In which order messages go, and how the dispatcher runs on and ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use keytide::publish::{Outbox, Owed, Round, Settled};
use tokio::sync::Notify;

use super::outbox::Memory;
use super::receiver::{Receiver, status};
use super::{Clock, alarm, dispatcher, dispatcher_at, over};

fn hook(url: &str) -> String {
    format!("[[route]]\nname = \"ops\"\nkind = \"webhook\"\nurl = \"{url}\"\n")
}

fn keys(receiver: &Receiver) -> Vec<String> {
    receiver.got().iter().map(|got| got.header("idempotency-key").to_owned()).collect()
}

#[tokio::test]
async fn an_end_never_overtakes_its_alarm() {
    let receiver = Receiver::start(|number, _| status(if number < 2 { 503 } else { 200 })).await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&hook(&receiver.url("/")), &[], &clock);
    outbox.owe("ops", alarm("a"), clock.now());
    outbox.owe("ops", over("a"), clock.now());
    for _ in 0..8 {
        dispatcher.run_once(&mut outbox).await.unwrap();
        clock.forward(1);
    }
    assert_eq!(keys(&receiver), ["a:ALARM", "a:ALARM", "a:ALARM", "a:OK"]);
}

#[tokio::test]
async fn another_message_passes_where_one_fails_again_and_again() {
    let receiver =
        Receiver::start(|_, got| status(if got.header("idempotency-key") == "a:ALARM" { 500 } else { 200 })).await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&hook(&receiver.url("/")), &[], &clock);
    outbox.owe("ops", alarm("a"), clock.now());
    let other = outbox.owe("ops", alarm("b"), clock.now());
    let mut seconds = 0;
    while !outbox.is_delivered(other) {
        dispatcher.run_once(&mut outbox).await.unwrap();
        clock.forward(1);
        seconds += 1;
        assert!(seconds <= 120, "the other message waits for two minutes");
    }
}

#[tokio::test]
async fn messages_of_a_route_go_in_the_order_in_which_they_are_owed() {
    let receiver = Receiver::willing().await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&hook(&receiver.url("/")), &[], &clock);
    let names: Vec<String> = (0..200).map(|at| format!("k{at:03}")).collect();
    for name in &names {
        outbox.owe("ops", alarm(name), clock.now());
    }
    // However many they are.
    assert_eq!(dispatcher.run_once(&mut outbox).await.unwrap().delivered, 200);
    let expect: Vec<String> = names.iter().map(|name| format!("{name}:ALARM")).collect();
    assert_eq!(keys(&receiver), expect);
}

#[tokio::test]
async fn turns_of_a_schedule_are_short_and_hear_later_what_took_longer() {
    let open = Arc::new(Notify::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow = listener.local_addr().unwrap();
    let app = axum::Router::new().fallback({
        let open = Arc::clone(&open);
        move || async move { open.notified().await }
    });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let willing = Receiver::willing().await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let tables = hook(&willing.url("/")) + &hook(&format!("http://{slow}/")).replace("\"ops\"", "\"slow\"");
    let mut dispatcher = dispatcher(&tables, &[], &clock);
    let late = outbox.owe("slow", alarm("a"), clock.now());
    let first = outbox.owe("ops", alarm("b"), clock.now());
    let turn = Duration::from_millis(200);
    while !outbox.is_delivered(first) {
        dispatcher.turn(&mut outbox, turn).await.unwrap();
    }
    let second = outbox.owe("ops", alarm("c"), clock.now());
    while !outbox.is_delivered(second) {
        dispatcher.turn(&mut outbox, turn).await.unwrap();
    }
    assert_eq!(outbox.last(late), None, "it was sent once, and its answer is still to come");
    open.notify_one();
    let round = dispatcher.finish(&mut outbox).await.unwrap();
    assert_eq!((round.delivered, outbox.is_delivered(late)), (1, true));
    assert_eq!(dispatcher.run_once(&mut outbox).await.unwrap(), Round::default());
}

/// An outbox that can't be written to at first.
struct Locked {
    inner: Memory,
    refusals: usize,
}

impl Outbox for Locked {
    type Error = &'static str;

    fn due(&mut self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Owed>, Self::Error> {
        self.inner.due(now, limit).map_err(|never| match never {})
    }

    fn settle(&mut self, id: i64, outcome: Settled) -> Result<(), Self::Error> {
        if self.refusals > 0 {
            self.refusals -= 1;
            return Err("the store is locked");
        }
        self.inner.settle(id, outcome).map_err(|never| match never {})
    }

    fn delivered(&mut self, route: &str, since: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, Self::Error> {
        self.inner.delivered(route, since).map_err(|never| match never {})
    }
}

#[tokio::test]
async fn a_receipt_that_could_not_be_written_down_is_not_forgotten() {
    let receiver = Receiver::willing().await;
    let (clock, mut inner) = (Clock::new(), Memory::default());
    let ids = ["a", "b", "c"].map(|key| inner.owe("ops", alarm(key), clock.now()));
    let mut outbox = Locked { inner, refusals: 2 };
    let mut dispatcher = dispatcher(&hook(&receiver.url("/")), &[], &clock);
    for _ in 0..2 {
        assert_eq!(dispatcher.run_once(&mut outbox).await, Err("the store is locked"));
    }
    let mut delivered = 0;
    while !ids.iter().all(|id| outbox.inner.is_delivered(*id)) {
        delivered += dispatcher.run_once(&mut outbox).await.unwrap().delivered;
    }
    assert_eq!((keys(&receiver), delivered), (vec!["a:ALARM".into(), "b:ALARM".into(), "c:ALARM".into()], 3));
}

#[tokio::test]
async fn a_defect_while_a_message_is_sent_is_a_failure_that_holds_up_nothing_for_ever() {
    let receiver = Receiver::willing().await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let (asked, at) = (Arc::new(AtomicUsize::new(0)), clock.clone());
    // The time is asked for when the turn begins, before the message, when it is sent, and when its answer is there.
    let defect = move || {
        assert_ne!(asked.fetch_add(1, Ordering::SeqCst), 3, "a test's defect");
        at.now()
    };
    let mut dispatcher = dispatcher_at(&hook(&receiver.url("/")), &[], defect);
    let id = outbox.owe("ops", alarm("a"), clock.now());
    let round = dispatcher.run_once(&mut outbox).await.unwrap();
    assert_eq!((round.failed, receiver.got().len()), (1, 1));
    let (again, error) = outbox.retry(id);
    assert!(error.contains("defect in Keytide") && again > clock.now(), "{error}");
    clock.forward(2);
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert!(outbox.is_delivered(id));
}
