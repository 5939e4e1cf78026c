//! What becomes of a message, whatever its receiver does.

use super::outbox::Memory;
use super::receiver::{Receiver, nobody, status};
use super::{Clock, IMPATIENT, alarm, dispatcher, over};
use chrono::TimeDelta;

fn hook(name: &str, url: &str) -> String {
    format!("[[route]]\nname = \"{name}\"\nkind = \"webhook\"\nurl = \"{url}\"\n")
}

#[tokio::test]
async fn a_message_that_fails_is_tried_again_later_under_the_same_key() {
    let receiver = Receiver::start(|number, _| status(if number < 3 { 500 } else { 204 })).await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&hook("ops", &receiver.url("/")), &[], &clock);
    let id = outbox.owe("ops", alarm("a"), clock.now());
    for most in [2, 4, 8] {
        dispatcher.run_once(&mut outbox).await.unwrap();
        let (at, error) = outbox.retry(id);
        assert!(error.contains("500"), "{error}");
        let wait = at - clock.now();
        assert!(wait >= TimeDelta::seconds(1) && wait <= TimeDelta::seconds(most), "{wait}");
        assert_eq!(dispatcher.run_once(&mut outbox).await.unwrap().failed, 0, "nothing is due yet");
        clock.forward(most);
    }
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert!(outbox.is_delivered(id));
    let keys: Vec<String> = receiver.got().iter().map(|got| got.header("idempotency-key").to_owned()).collect();
    assert_eq!(keys, ["a:ALARM"; 4]);
    let counts = dispatcher.counters().snapshot()["ops"].clone();
    assert_eq!((counts.delivered, counts.failed, counts.dead, counts.last_error), (1, 3, 0, None));
}

#[tokio::test]
async fn retry_after_is_obeyed_in_seconds_and_as_a_date_for_the_whole_route() {
    // 2026-11-24T03:17:00Z is ten minutes after the clock's start.
    for (value, seconds) in [("600", 600), ("Tue, 24 Nov 2026 03:17:00 GMT", 600)] {
        let receiver = Receiver::start(move |number, _| {
            if number > 0 { status(200) } else { Some((429, vec![("retry-after", value.to_owned())], String::new())) }
        })
        .await;
        let (clock, mut outbox) = (Clock::new(), Memory::default());
        let mut dispatcher = dispatcher(&hook("ops", &receiver.url("/")), &[], &clock);
        let (first, second) = (outbox.owe("ops", alarm("a"), clock.now()), outbox.owe("ops", alarm("b"), clock.now()));
        dispatcher.run_once(&mut outbox).await.unwrap();
        assert_eq!(outbox.retry(first).0 - clock.now(), TimeDelta::seconds(seconds));
        clock.forward(seconds - 1);
        dispatcher.run_once(&mut outbox).await.unwrap();
        assert_eq!(receiver.got().len(), 1, "the receiver asked to be left alone");
        clock.forward(1);
        dispatcher.run_once(&mut outbox).await.unwrap();
        assert!(outbox.is_delivered(first) && outbox.is_delivered(second));
    }
}

#[tokio::test]
async fn an_unreachable_receiver_is_tried_again() {
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&hook("ops", &nobody()), &[], &clock);
    let id = outbox.owe("ops", alarm("a"), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    let (_, error) = outbox.retry(id);
    assert_eq!(error, "can't connect: Connection refused (os error 111)");
}

#[tokio::test]
async fn a_receiver_that_answers_nothing_holds_up_no_other() {
    let (silent, willing) = (Receiver::start(|_, _| None).await, Receiver::willing().await);
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let tables = hook("a-silent", &silent.url("/")) + &hook("b-willing", &willing.url("/"));
    let mut dispatcher = dispatcher(&tables, &[], &clock).with_timeout(IMPATIENT).unwrap();
    let stuck: Vec<i64> = ["1", "2", "3"].map(|key| outbox.owe("a-silent", alarm(key), clock.now())).into();
    let sent: Vec<i64> = ["1", "2", "3"].map(|key| outbox.owe("b-willing", alarm(key), clock.now())).into();
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert_eq!(outbox.retry(stuck[0]).1, "no answer within 0.3 s");
    assert_eq!(silent.got().len(), 1, "a route whose receiver doesn't answer rests");
    let order: Vec<i64> = outbox.told.iter().map(|(id, _)| *id).collect();
    assert_eq!(order, [sent.as_slice(), &stuck[..1]].concat(), "the others came first");
}

#[tokio::test]
async fn a_refusal_for_good_is_dead_and_the_next_message_goes() {
    for code in [400, 405, 413] {
        let refusing = move |number, _: &_| match number {
            0 => Some((code, Vec::new(), "no such\nservice".to_owned())),
            _ => status(200),
        };
        let receiver = Receiver::start(refusing).await;
        let (clock, mut outbox) = (Clock::new(), Memory::default());
        let mut dispatcher = dispatcher(&hook("ops", &receiver.url("/")), &[], &clock);
        let (dead, next) = (outbox.owe("ops", alarm("a"), clock.now()), outbox.owe("ops", alarm("b"), clock.now()));
        dispatcher.run_once(&mut outbox).await.unwrap();
        let error = outbox.dead(dead);
        assert!(error.contains(&code.to_string()) && error.contains("no such service"), "{error}");
        assert!(outbox.is_delivered(next));
    }
}

#[tokio::test]
async fn a_refusal_that_someone_may_mend_is_tried_again() {
    for code in [401, 403, 404] {
        let receiver = Receiver::start(move |number, _| status(if number == 0 { code } else { 200 })).await;
        let (clock, mut outbox) = (Clock::new(), Memory::default());
        let mut dispatcher = dispatcher(&hook("ops", &receiver.url("/")), &[], &clock);
        let id = outbox.owe("ops", alarm("a"), clock.now());
        dispatcher.run_once(&mut outbox).await.unwrap();
        assert!(outbox.retry(id).1.contains(&code.to_string()));
        clock.forward(2);
        dispatcher.run_once(&mut outbox).await.unwrap();
        assert!(outbox.is_delivered(id));
    }
}

#[tokio::test]
async fn a_route_that_is_gone_leaves_its_messages_dead_with_that_reason() {
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&hook("ops", &nobody()), &[], &clock);
    let id = outbox.owe("former", alarm("a"), clock.now());
    let round = dispatcher.run_once(&mut outbox).await.unwrap();
    assert_eq!((round.dead, outbox.dead(id)), (1, "there is no route `former` any more"));
    assert_eq!(dispatcher.counters().snapshot()["former"].dead, 1);
}

#[tokio::test]
async fn after_three_days_a_message_is_given_up() {
    let receiver = Receiver::start(|_, _| status(503)).await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&hook("ops", &receiver.url("/")), &[], &clock);
    let id = outbox.owe("ops", alarm("a"), clock.now());
    clock.forward(3 * 86_400 - 1);
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert!(outbox.retry(id).1.contains("503"));
    clock.forward(3);
    dispatcher.run_once(&mut outbox).await.unwrap();
    let error = outbox.dead(id);
    assert!(error.contains("3 days") && error.contains("503"), "{error}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Receiver::willing().await;
    let target = elsewhere.url("/");
    for code in [301, 302, 307, 308] {
        let target = target.clone();
        let leading = move |_, _: &_| Some((code, vec![("location", target.clone())], String::new()));
        let receiver = Receiver::start(leading).await;
        let (clock, mut outbox) = (Clock::new(), Memory::default());
        let mut dispatcher = dispatcher(&hook("ops", &receiver.url("/")), &[], &clock);
        let id = outbox.owe("ops", alarm("a"), clock.now());
        dispatcher.run_once(&mut outbox).await.unwrap();
        assert!(outbox.dead(id).contains("redirects are not followed"));
    }
    assert!(elsewhere.got().is_empty());
}

#[tokio::test]
async fn no_error_tells_a_secret_even_if_the_receiver_repeats_it() {
    let repeating = |_, got: &super::receiver::Got| {
        let said = format!("{} {} {}", got.path, got.header("authorization"), String::from_utf8_lossy(&got.body));
        Some((400, Vec::new(), said))
    };
    let receiver = Receiver::start(repeating).await;
    let url = receiver.url("/services/T0/s3cret-path");
    let base = receiver.url("");
    let tables = format!(
        "[[route]]\nname = \"slack\"\nkind = \"slack\"\nurl = {{ env = \"HOOK\" }}\n\
         [[route]]\nname = \"duty\"\nkind = \"pagerduty\"\nrouting_key = {{ env = \"KEY\" }}\nurl = \"{base}\"\n\
         [[route]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{base}\"\nheaders = {{ Authorization = {{ env = \"TOKEN\" }} }}\n\
         [[route]]\nname = \"gone\"\nkind = \"slack\"\nurl = {{ env = \"GONE\" }}\n"
    );
    let gone = format!("{}s3cret-path", nobody());
    let secrets = [("HOOK", url.as_str()), ("KEY", "s3cret-key"), ("TOKEN", "Bearer s3cret"), ("GONE", gone.as_str())];
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&tables, &secrets, &clock);
    let dead = ["slack", "duty", "hook"].map(|route| outbox.owe(route, alarm(route), clock.now()));
    let retried = outbox.owe("gone", alarm("gone"), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    for id in dead {
        assert!(!outbox.dead(id).contains("s3cret"), "{}", outbox.dead(id));
    }
    assert!(!outbox.retry(retried).1.contains("s3cret"), "{}", outbox.retry(retried).1);
    assert_eq!(receiver.got().len(), 3);
}

#[tokio::test]
async fn a_limit_makes_messages_wait_and_drops_none() {
    let receiver = Receiver::willing().await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let tables = hook("ops", &receiver.url("/")) + "rate_limit = \"2/1h\"\n";
    let mut dispatcher = dispatcher(&tables, &[], &clock);
    let ids: Vec<i64> = ["a", "b", "c", "d", "e"].map(|key| outbox.owe("ops", alarm(key), clock.now())).into();
    for sent in [2, 2, 4, 4, 5] {
        dispatcher.run_once(&mut outbox).await.unwrap();
        let delivered = ids.iter().filter(|id| outbox.is_delivered(**id)).count();
        assert_eq!((delivered, receiver.got().len()), (sent, sent));
        clock.forward(1_800);
    }
    assert!(outbox.told.iter().all(|(_, outcome)| matches!(outcome, keytide::publish::Settled::Delivered { .. })));
    assert!(dispatcher.counters().snapshot()["ops"].limited > 0);
}

#[tokio::test]
async fn a_limit_holds_from_one_process_to_the_next() {
    let receiver = Receiver::willing().await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let tables = hook("ops", &receiver.url("/")) + "rate_limit = \"2/1h\"\n";
    for key in ["a", "b", "c", "d", "e"] {
        outbox.owe("ops", alarm(key), clock.now());
    }
    for sent in [2, 2, 4, 4, 5] {
        dispatcher(&tables, &[], &clock).run_once(&mut outbox).await.unwrap();
        assert_eq!(receiver.got().len(), sent);
        clock.forward(1_800);
    }
}

#[tokio::test]
async fn a_clock_that_jumps_back_holds_no_route_up() {
    let receiver = Receiver::start(|number, _| status(if number == 0 { 503 } else { 200 })).await;
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let tables = hook("ops", &receiver.url("/")) + "rate_limit = \"1/1d\"\n";
    let mut dispatcher = dispatcher(&tables, &[], &clock);
    outbox.owe("ops", alarm("a"), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    clock.forward(-86_400);
    let id = outbox.owe("ops", over("b"), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert!(outbox.is_delivered(id));
}

#[tokio::test]
async fn a_route_can_be_tried_out_past_the_outbox() {
    let receiver = Receiver::start(|number, _| status(if number == 0 { 200 } else { 500 })).await;
    let dispatcher = dispatcher(&hook("ops", &receiver.url("/")), &[], &Clock::new());
    let test = keytide::publish::sample::test();
    assert_eq!(dispatcher.send_now("ops", &test).await, Ok(()));
    assert!(dispatcher.send_now("ops", &test).await.is_err_and(|error| error.contains("500")));
    assert_eq!(dispatcher.send_now("oops", &test).await, Err("there is no route `oops`".to_owned()));
}
