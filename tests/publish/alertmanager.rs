//! The real Alertmanager: alerts begin and end there, and reach what it notifies.

use super::outbox::Memory;
use super::receiver::Receiver;
use super::servers::Server;
use super::{Clock, alarm, dispatcher, just_now, over};
use keytide::alarm::{Notice, Subject};
use keytide::publish::sample;

fn config(hook: &str) -> String {
    format!(
        "route: {{receiver: hook, group_wait: 0s, group_interval: 1s, group_by: [alertname, keytide_dedup_key]}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: '{hook}'}}]}}]\n"
    )
}

#[tokio::test]
async fn an_alarm_burns_there_until_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut notified = Receiver::willing().await;
    let (_server, address) = Server::alertmanager(&config(&notified.url("/")), folder.path());
    let tables = format!(
        "[[route]]\nname = \"am\"\nkind = \"alertmanager\"\nurls = [\"{address}\"]\nlink = \"https://keytide.example.com/\"\n"
    );
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&tables, &[], &clock);
    let mut begun = just_now(alarm("a"));
    begun.tags.insert("cost-center".to_owned(), "42".to_owned());
    let mut ended = just_now(over("a"));
    ended.tags = begun.tags.clone();

    outbox.owe("am", begun, clock.now());
    let round = dispatcher.run_once(&mut outbox).await.unwrap();
    assert_eq!(round.delivered, 1, "{:?}", outbox.told);
    let firing = notified.next().await.json();
    let alert = &firing["alerts"][0];
    assert_eq!((&firing["status"], &alert["status"]), (&"firing".into(), &"firing".into()));
    assert_eq!(alert["labels"]["alertname"], "keytide-watch");
    assert_eq!(alert["labels"]["severity"], "critical");
    assert_eq!(alert["labels"]["cost_center"], "42");
    assert_eq!(alert["annotations"]["summary"], "ALARM: 415,230 Decrypt on alias/data-lake-raw, 3,230 expected");
    assert_eq!(alert["generatorURL"], "https://keytide.example.com/");

    outbox.owe("am", ended, clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    let resolved = notified.next().await.json();
    assert_eq!(resolved["status"], "resolved");
    assert_eq!(resolved["alerts"][0]["labels"], alert["labels"]);
}

#[tokio::test]
async fn an_alarm_that_is_no_incident_ends_there_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut notified = Receiver::willing().await;
    let (_server, address) = Server::alertmanager(&config(&notified.url("/")), folder.path());
    let tables = format!("[[route]]\nname = \"am\"\nkind = \"alertmanager\"\nurls = [\"{address}\"]\n");
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&tables, &[], &clock);
    // Each is told in the second in which it was decided; even a minute later, by a clock that runs ahead.
    let told = |notice: Notice, ahead: i64| {
        let mut notice = notice;
        let Subject::StateChange(change) = &mut notice.subject else { panic!("a change of state") };
        (change.incident, change.changed_at) = (None, chrono::Utc::now().timestamp() + ahead);
        notice
    };
    for (key, ahead) in [("exact", 0), ("ahead", 60)] {
        outbox.owe("am", told(alarm(key), ahead), clock.now());
        dispatcher.run_once(&mut outbox).await.unwrap();
        assert_eq!(notified.next().await.json()["status"], "firing", "{key}");
        outbox.owe("am", told(over(key), ahead), clock.now());
        dispatcher.run_once(&mut outbox).await.unwrap();
        assert_eq!(notified.next().await.json()["status"], "resolved", "{key}");
    }
}

#[tokio::test]
async fn one_member_of_a_cluster_is_enough_and_reports_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let notified = Receiver::willing().await;
    let (_server, address) = Server::alertmanager(&config(&notified.url("/")), folder.path());
    let gone = super::receiver::nobody();
    let tables = format!("[[route]]\nname = \"am\"\nkind = \"alertmanager\"\nurls = [\"{gone}\", \"{address}\"]\n");
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&tables, &[], &clock);
    let sent = outbox.owe("am", just_now(alarm("a")), clock.now());
    let refused = outbox.owe("am", sample::report(), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert!(outbox.is_delivered(sent), "{:?}", outbox.told);
    assert!(outbox.dead(refused).contains("no reports"));
}
