//! What `[[route]]` tables may hold, and what is said of those that don't.

use super::*;
use crate::publish::secret::{Secret, SecretSource};

#[derive(serde::Deserialize)]
struct File {
    route: Vec<RouteTable>,
}

fn resolve(source: &SecretSource) -> Result<Secret, String> {
    match source {
        SecretSource::Env(name) if name == "UNSET" => Err("the environment variable UNSET is not set".to_owned()),
        SecretSource::Env(name) if name == "HOOK" => Ok(Secret::new("https://hooks.slack.com/services/T0/B0/s3cret")),
        SecretSource::Env(name) if name == "NO_URL" => Ok(Secret::new("s3cret")),
        _ => Ok(Secret::new("s3cret")),
    }
}

fn read(text: &str) -> Result<Vec<Route>, Vec<SettingError>> {
    let file: File = toml::from_str(text).expect("tables");
    routes(&file.route, &resolve)
}

/// The one error of a table, and the text where it stands.
fn error(settings: &str) -> (String, String) {
    let text = format!("[[route]]\nname = \"ops\"\n{settings}\n");
    let errors = read(&text).expect_err(settings);
    assert_eq!(errors.len(), 1, "{errors:?}");
    (errors[0].message.clone(), text[errors[0].span.clone()].to_owned())
}

const EVERY_KIND: &str = r#"
[[route]]
name = "topic"
kind = "sns"
topic_arn = "arn:aws:sns:eu-central-1:111122223333:alarms"
endpoint_url = "http://127.0.0.1:5000"
[[route]]
name = "duty"
kind = "pagerduty"
routing_key = { env = "KEY" }
severities = ["critical"]
link = "https://keytide.example.com/"
[[route]]
name = "chat"
kind = "slack"
url = { env = "HOOK" }
keys = ["alias/prod-*"]
accounts = ["1111*"]
tags = { team = "data*" }
subject = "{{ title }}"
reports = true
[[route]]
name = "am"
kind = "alertmanager"
urls = ["http://127.0.0.1:9093", "http://127.0.0.1:9094/am/"]
[[route]]
name = "hook"
kind = "webhook"
url = "https://example.com/hook"
secret = { file = "/run/secrets/hook" }
headers = { Authorization = { env = "TOKEN" }, X-Team = "data" }
states = ["ALARM", "OK", "INSUFFICIENT_DATA"]
[[route]]
name = "mail"
kind = "email"
server = "smtp.example.com"
username = "keytide"
password = { env = "MAIL" }
from = "Keytide <keytide@example.com>"
to = ["oncall@example.com"]
rate_limit = "20/1h"
[[route]]
name = "file"
kind = "file"
path = "/var/log/keytide/alarms.jsonl"
[[route]]
name = "out"
kind = "stdout"
format = "text"
"#;

#[test]
fn every_kind_is_read() {
    let routes = read(EVERY_KIND).expect("routes");
    let kinds: Vec<&str> = routes.iter().map(|route| route.kind().name()).collect();
    assert_eq!(kinds, ["sns", "pagerduty", "slack", "alertmanager", "webhook", "email", "file", "stdout"]);
    assert!(routes[2].matcher().reports && !routes[3].matcher().reports);
    assert_eq!(routes[3].matcher().states, [StateValue::Alarm, StateValue::Ok]);
    assert_eq!(routes[5].limit.map(|limit| limit.messages), Some(20));
}

#[test]
fn nothing_shows_a_secret() {
    let file: File = toml::from_str(EVERY_KIND).expect("tables");
    let shown = format!("{:?} {:?}", routes(&file.route, &resolve).expect("routes"), file.route);
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(format!("{:?}", Secret::new("s3cret")), "***");
}

#[test]
fn a_setting_of_another_kind_is_named_with_those_there_are() {
    let (message, place) = error("kind = \"slack\"\nurl = { env = \"HOOK\" }\ntopic_arn = \"arn\"");
    assert!(
        message.contains("`topic_arn` is no setting of a route of kind slack") && message.contains("url"),
        "{message}"
    );
    assert_eq!(place, "\"arn\"");
}

#[test]
fn what_is_missing_is_named_with_an_example() {
    for (settings, setting) in [
        ("kind = \"sns\"", "`topic_arn`"),
        ("kind = \"pagerduty\"", "`routing_key`"),
        ("kind = \"slack\"", "`url`"),
        ("kind = \"alertmanager\"", "`urls`"),
        ("kind = \"webhook\"", "`url`"),
        ("kind = \"email\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]", "`server`"),
        ("kind = \"email\"\nserver = \"localhost\"\nto = [\"b@example.com\"]", "`from`"),
        ("kind = \"email\"\nserver = \"localhost\"\nfrom = \"a@example.com\"", "`to`"),
        ("kind = \"file\"", "`path`"),
    ] {
        let (message, _) = error(settings);
        assert!(message.contains(setting), "{settings}: {message}");
    }
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    for settings in [
        "kind = \"pagerduty\"\nrouting_key = \"s3cret\"",
        "kind = \"slack\"\nurl = \"https://hooks.slack.com/services/s3cret\"",
        "kind = \"webhook\"\nurl = \"https://example.com\"\nsecret = \"s3cret\"",
        "kind = \"webhook\"\nurl = \"https://user:s3cret@example.com\"",
        "kind = \"webhook\"\nurl = \"https://example.com\"\nheaders = { Authorization = \"Bearer s3cret\" }",
        "kind = \"webhook\"\nurl = \"https://example.com\"\nheaders = { cookie = \"s3cret\" }",
        "kind = \"alertmanager\"\nurls = [\"https://example.com\"]\nheaders = { X-Api-Key = \"s3cret\" }",
    ] {
        let (message, _) = error(settings);
        assert!(message.contains("{ env = ") && !message.contains("s3cret"), "{message}");
    }
}

#[test]
fn a_secret_that_cannot_be_had_is_an_error_where_it_is_named() {
    let (message, place) = error("kind = \"pagerduty\"\nrouting_key = { env = \"UNSET\" }");
    assert!(message.contains("UNSET is not set"), "{message}");
    assert_eq!(place, "{ env = \"UNSET\" }");
    let (message, _) = error("kind = \"slack\"\nurl = { env = \"NO_URL\" }");
    assert!(message.contains("http") && !message.contains("s3cret"), "{message}");
}

#[test]
fn values_that_cannot_be_are_told_where_they_stand() {
    for (settings, told, place) in [
        (
            "kind = \"sns\"\ntopic_arn = \"arn:aws:sqs:eu-west-1:1:q\"",
            "no ARN of an SNS topic",
            "\"arn:aws:sqs:eu-west-1:1:q\"",
        ),
        ("kind = \"webhook\"\nurl = \"ftp://example.com\"", "http", "\"ftp://example.com\""),
        ("kind = \"stdout\"\nrate_limit = \"often\"", "20/1h", "\"often\""),
        ("kind = \"stdout\"\nkeys = []", "empty", "[]"),
        ("kind = \"stdout\"\nbody = \"{{ nope }}\"", "`body` of route `ops`", "\"{{ nope }}\""),
        (
            "kind = \"pagerduty\"\nrouting_key = { env = \"K\" }\nurl = \"http://example.com\"",
            "https",
            "\"http://example.com\"",
        ),
        ("kind = \"alertmanager\"\nurls = [\"http://a\"]\nreports = true", "no reports", "true"),
        (
            "kind = \"email\"\nserver = \"localhost\"\nfrom = \"a@example.com\"\nto = [\"b\"]",
            "no mail address",
            "[\"b\"]",
        ),
        (
            "kind = \"email\"\nserver = \"localhost\"\ntls = \"none\"\nusername = \"u\"\npassword = { env = \"P\" }\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]",
            "without encryption",
            "{ env = \"P\" }",
        ),
    ] {
        let (message, at) = error(settings);
        assert!(message.contains(told) && at == place, "{settings}: {message} at {at}");
    }
}

#[test]
fn a_name_is_given_once_and_all_errors_are_told() {
    let text = "[[route]]\nname = \"a\"\nkind = \"stdout\"\n[[route]]\nname = \"a\"\nkind = \"file\"\n";
    let errors = read(text).expect_err("two routes");
    assert_eq!(errors.len(), 2);
    assert!(errors[0].message.contains("two routes `a`"));
}

#[test]
fn secrets_go_over_https_unless_to_the_same_machine() {
    let tables = |url: &str| {
        let headers = "headers = { Authorization = { env = \"TOKEN\" } }";
        [
            format!("kind = \"webhook\"\nurl = \"{url}\"\n{headers}"),
            format!("kind = \"alertmanager\"\nurls = [\"https://example.com\", \"{url}\"]\n{headers}"),
        ]
    };
    for settings in tables("http://example.com/hook") {
        assert!(error(&settings).0.contains("https://"), "{settings}");
    }
    for url in ["https://example.com/hook", "http://127.0.0.1:9093"] {
        for settings in tables(url) {
            assert!(read(&format!("[[route]]\nname = \"ops\"\n{settings}\n")).is_ok(), "{settings}");
        }
    }
    // Without a secret that is the operator's own choice.
    let plain = "[[route]]\nname = \"ops\"\nkind = \"webhook\"\nurl = \"http://example.com\"\nheaders = { X-Team = \"data\" }\n";
    assert!(read(plain).is_ok());
}
