//! What becomes of a message is written down with the daemon's time.

use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use chrono::{DateTime, TimeZone, Utc};
use keytide::config::{Outside, parse};
use keytide::daemon::{Publish, Sending, Tell, Telling};
use keytide::publish::sample;
use keytide::store::{NewMessage, Store, WatchRound};

use crate::publish::receiver::{Receiver, status};
use crate::support::stores::passing_folder;

/// Long before any machine that runs this.
fn at(minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2020, 1, 1, 10, minute, 0).unwrap()
}

fn owe(dir: &Path, message: NewMessage) {
    let round = WatchRound { owed: vec![message], ..WatchRound::default() };
    Store::open_for_writing(dir).unwrap().commit_round(&round, at(0)).unwrap();
}

#[tokio::test]
async fn a_message_is_given_up_at_the_daemons_time() {
    let dir = passing_folder();
    let notice = serde_json::to_string(&sample::page()).unwrap();
    owe(dir.path(), NewMessage { route: "former".to_owned(), dedup_key: "a".to_owned(), notice });
    let config = parse("", "keytide.toml", &Outside::NOTHING).unwrap();
    let mut sending = Sending::open(dir.path(), &config, true, || at(7)).unwrap();
    let done = sending.round(at(7)).await.unwrap();
    assert_eq!((done.failed, done.given_up, done.owed, done.dead_letters), (0, 1, 0, 1));
    let dead = Store::open_for_reading(dir.path()).unwrap().dead_letters().unwrap();
    assert_eq!(DateTime::from_timestamp(dead[0].dead_at, 0), Some(at(7)), "{dead:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_answer_that_is_still_to_come_is_waited_for_at_the_end() {
    let (answer, told) = channel::<()>();
    let told = Mutex::new(told);
    let mut receiver = Receiver::start(move |_, _| {
        // The runtime's other work on this thread goes on.
        tokio::task::block_in_place(|| told.lock().unwrap().recv().unwrap());
        status(200)
    })
    .await;
    let dir = passing_folder();
    let notice = serde_json::to_string(&sample::page()).unwrap();
    owe(dir.path(), NewMessage { route: "hook".to_owned(), dedup_key: "a".to_owned(), notice });
    let route = format!("[[route]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n", receiver.url("/"));
    let config = parse(&route, "keytide.toml", &Outside::NOTHING).unwrap();
    let mut sending = Sending::open(dir.path(), &config, false, || at(7)).unwrap();
    // A turn of the schedule ends without it.
    let done = sending.round(at(7)).await.unwrap();
    assert_eq!((done.sent, done.owed), (0, 1));
    let finish = tokio::spawn(async move { sending.finish().await });
    answer.send(()).unwrap();
    finish.await.unwrap().unwrap();
    assert_eq!(Store::open_for_reading(dir.path()).unwrap().outbox_depth().unwrap().owed, 0);
    // The next process has nothing to send.
    drop(answer);
    let mut next = Sending::open(dir.path(), &config, true, || at(8)).unwrap();
    assert_eq!(next.round(at(8)).await.unwrap().sent, 0);
    receiver.next().await;
    assert_eq!(receiver.got().len(), 1);
}

#[test]
fn one_round_ends_with_a_failure_if_a_message_was_given_up_and_the_next_tells_of_it() {
    let place = super::Place::new();
    place.set("[watch]\nevery_series = false\n[[route]]\nname = \"out\"\nkind = \"stdout\"\n");
    let notice = serde_json::to_string(&sample::page()).unwrap();
    owe(&place.store(), NewMessage { route: "former".to_owned(), dedup_key: "a".to_owned(), notice });
    let once = || crate::support::program::run(place.command().arg("--once"));
    let ran = once();
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("messages given up: 1; `keytide status` lists them"), "{}", ran.err);
    let ran = once();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    // However its lines are broken.
    let page = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("ALARM: keytide-page-given-up") && page.contains("there is no route `former`"), "{page}");
}

#[tokio::test]
async fn a_former_route_sends_what_is_owed_to_it_until_it_is_let_go() {
    let dir = passing_folder();
    let route = |name: &str| {
        let path = dir.path().join(name);
        let text = format!("[[route]]\nname = \"{name}\"\nkind = \"file\"\npath = {path:?}\n");
        parse(&text, "keytide.toml", &Outside::NOTHING).unwrap()
    };
    let owe_to = |name: &str| {
        let notice = serde_json::to_string(&sample::page()).unwrap();
        owe(dir.path(), NewMessage { route: name.to_owned(), dedup_key: "a".to_owned(), notice });
    };
    owe_to("new");
    owe_to("old");
    let mut sending = Sending::open(dir.path(), &route("old"), true, || at(7)).unwrap();
    sending.reload(&route("new")).unwrap();
    let done = sending.round(at(7)).await.unwrap();
    assert_eq!((done.sent, done.given_up), (2, 0));
    sending.let_go();
    owe_to("new");
    owe_to("old");
    let done = sending.round(at(8)).await.unwrap();
    assert_eq!((done.sent, done.given_up), (1, 1));
}

#[test]
fn notices_of_health_take_the_routes_of_the_newest_settings() {
    let config = |route: &str| {
        let text = format!("[[route]]\nname = \"{route}\"\nkind = \"stdout\"\n");
        parse(&text, "keytide.toml", &Outside::NOTHING).unwrap()
    };
    let mut telling = Telling::new(&config("old")).unwrap();
    let routes = |telling: &mut Telling| -> Vec<String> {
        telling.messages(&sample::page()).unwrap().into_iter().map(|message| message.route).collect()
    };
    assert_eq!(routes(&mut telling), ["old"]);
    telling.reload(&config("new")).unwrap();
    assert_eq!(routes(&mut telling), ["new"]);
}
