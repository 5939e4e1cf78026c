//! A real SNS topic, as moto has it: what is published arrives in a queue that is subscribed to it.

use keytide::publish::{sample, text};
use serde_json::Value;

use super::outbox::Memory;
use super::servers::{Server, in_own_process};
use super::{Clock, alarm, dispatcher, over};

#[test]
fn alarms_arrive_through_the_topic_as_cloudwatch_sends_them() {
    let (mut server, ready) = Server::script("sns.py", &[]);
    let text_of = |name: &str| ready[name].as_str().unwrap();
    let variables = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("KEYTIDE_TEST_SNS", text_of("endpoint")),
        ("KEYTIDE_TEST_TOPIC", text_of("topic")),
        ("KEYTIDE_TEST_FIFO", text_of("fifo")),
    ];
    in_own_process("publish::topic::published_with_credentials", &variables);

    let mut receive = |queue: &str| {
        server.ask(queue);
        server.line()
    };
    let begun = receive("topic");
    assert_eq!(begun["Type"], "Notification");
    assert_eq!(begun["Subject"], "ALARM: \"keytide-watch\" in EU (Ireland)");
    let message = begun["Message"].as_str().unwrap();
    assert!(message.starts_with("{\"AlarmName\":\"keytide-watch\",\"AlarmDescription\":"), "{message}");
    let message: Value = serde_json::from_str(message).unwrap();
    assert_eq!((&message["NewStateValue"], &message["OldStateValue"]), (&"ALARM".into(), &"OK".into()));
    assert_eq!(message["Trigger"]["ThresholdMetricId"], "ad1");
    assert_eq!(message["AlarmActions"], serde_json::json!([text_of("topic")]));
    let ended = receive("topic");
    assert_eq!(ended["Subject"], "OK: \"keytide-watch\" in EU (Ireland)");
    assert_eq!(receive("topic")["Message"], text(&sample::test()));
    // Sent twice under one identity, as after a crash: a FIFO topic keeps one, and the order.
    let order: Vec<Value> = ["fifo", "fifo"].map(|queue| receive(queue)["Subject"].clone()).into();
    assert_eq!(order, ["ALARM: \"keytide-watch\" in EU (Ireland)", "OK: \"keytide-watch\" in EU (Ireland)"]);
}

#[tokio::test]
#[ignore = "run by alarms_arrive_through_the_topic_as_cloudwatch_sends_them, which starts moto"]
async fn published_with_credentials() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let (endpoint, topic, fifo) =
        (variable("KEYTIDE_TEST_SNS"), variable("KEYTIDE_TEST_TOPIC"), variable("KEYTIDE_TEST_FIFO"));
    let table = |name: &str, arn: &str| {
        format!("[[route]]\nname = \"{name}\"\nkind = \"sns\"\ntopic_arn = \"{arn}\"\nendpoint_url = \"{endpoint}\"\n")
    };
    let missing = format!("{topic}-that-is-not-there");
    let tables = table("topic", &topic) + &table("fifo", &fifo) + &table("missing", &missing);
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&tables, &[], &clock);
    let in_ireland = |mut notice: keytide::alarm::Notice| {
        if let keytide::alarm::Subject::StateChange(change) = &mut notice.subject {
            change.region = "eu-west-1".to_owned();
            change.alarm_actions = vec!["topic".to_owned()];
        }
        notice
    };
    let mut sent = Vec::new();
    for notice in [in_ireland(alarm("a")), in_ireland(over("a")), sample::test()] {
        sent.push(outbox.owe("topic", notice, clock.now()));
    }
    for notice in [in_ireland(alarm("a")), in_ireland(alarm("a")), in_ireland(over("a"))] {
        sent.push(outbox.owe("fifo", notice, clock.now()));
    }
    let refused = outbox.owe("missing", alarm("a"), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert!(sent.iter().all(|id| outbox.is_delivered(*id)), "{:?}", outbox.told);
    // Someone may make the topic.
    assert!(outbox.retry(refused).1.contains("NotFound"), "{}", outbox.retry(refused).1);
}

#[test]
fn a_region_that_cannot_be_reached_and_credentials_that_are_missing_are_tried_again() {
    let gone = super::receiver::nobody();
    for (test, key) in [("publish::topic::unreachable", "test"), ("publish::topic::without_credentials", "")] {
        let variables = [
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", key),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("KEYTIDE_TEST_SNS", &gone),
        ];
        in_own_process(test, &variables);
    }
}

async fn failed() -> String {
    let endpoint = std::env::var("KEYTIDE_TEST_SNS").unwrap();
    let arn = "arn:aws:sns:eu-west-1:111122223333:alarms";
    let table =
        format!("[[route]]\nname = \"it\"\nkind = \"sns\"\ntopic_arn = \"{arn}\"\nendpoint_url = \"{endpoint}\"\n");
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&table, &[], &clock);
    let id = outbox.owe("it", alarm("a"), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    outbox.retry(id).1.to_owned()
}

#[tokio::test]
#[ignore = "run by a_region_that_cannot_be_reached_and_credentials_that_are_missing_are_tried_again"]
async fn unreachable() {
    let error = failed().await;
    assert!(error.contains("can't reach SNS") && error.contains("refused"), "{error}");
}

#[tokio::test]
#[ignore = "run by a_region_that_cannot_be_reached_and_credentials_that_are_missing_are_tried_again"]
async fn without_credentials() {
    let error = failed().await;
    assert!(error.contains("credential"), "{error}");
}
