//! What PagerDuty, Slack and webhooks are sent, against their documented schemas.

use hmac::{Hmac, KeyInit, Mac};
use keytide::alarm::{Notice, Subject};
use keytide::publish::sample;
use serde_json::Value;
use sha2::Sha256;

use super::outbox::Memory;
use super::receiver::{Got, Receiver, status};
use super::{Clock, dispatcher};

/// Sends notices over one route; what the receiver got.
async fn sent(tables: &str, secrets: &[(&str, &str)], receiver: &Receiver, notices: &[Notice]) -> Vec<Got> {
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(tables, secrets, &clock);
    let ids: Vec<i64> = notices.iter().map(|notice| outbox.owe("it", notice.clone(), clock.now())).collect();
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert!(ids.iter().all(|id| outbox.is_delivered(*id)), "{:?}", outbox.told);
    receiver.got()
}

fn all() -> [Notice; 4] {
    [sample::page(), sample::resolved(), sample::report(), sample::test()]
}

/// PagerDuty's answer: 202 to what its documentation allows, 400 to all else.
fn pagerduty(got: &Got) -> Result<(), String> {
    let body = got.json();
    let need = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
    let text =
        |value: &Value, most: usize| value.as_str().is_some_and(|text| (1..=most).contains(&text.chars().count()));
    let fields = |value: &Value, known: &[&str]| {
        value.as_object().is_some_and(|map| map.keys().all(|key| known.contains(&key.as_str())))
    };
    let stamp = |value: &Value| value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok());
    need(got.method == "POST" && got.header("content-type") == "application/json", "method or content type")?;
    need(body["routing_key"].as_str() == Some("0123456789abcdef0123456789abcdef"), "routing_key, 32 characters")?;
    let links = body.get("links").and_then(Value::as_array).cloned().unwrap_or_default();
    need(links.iter().all(|link| fields(link, &["href", "text"]) && link["href"].is_string()), "links")?;
    let payload = &body["payload"];
    match got.path.as_str() {
        "/v2/enqueue" => {
            let known =
                ["routing_key", "event_action", "dedup_key", "payload", "images", "links", "client", "client_url"];
            need(fields(&body, &known), "fields of an event")?;
            need(
                ["trigger", "acknowledge", "resolve"].map(Value::from).contains(&body["event_action"]),
                "event_action",
            )?;
            need(text(&body["dedup_key"], 255), "dedup_key, at most 255 characters")?;
            let known = ["summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"];
            need(fields(payload, &known), "fields of a payload")?;
            need(["critical", "error", "warning", "info"].map(Value::from).contains(&payload["severity"]), "severity")?;
            need(stamp(&payload["timestamp"]), "timestamp")?;
        }
        "/v2/change/enqueue" => {
            need(fields(&body, &["routing_key", "payload", "images", "links"]), "fields of a change event")?;
            need(
                fields(payload, &["summary", "source", "timestamp", "custom_details"]),
                "fields of a change's payload",
            )?;
            need(payload.get("timestamp").is_none_or(stamp), "timestamp of a change")?;
        }
        _ => return Err("path".to_owned()),
    }
    need(text(&payload["summary"], 1_024), "summary, at most 1,024 characters")?;
    need(text(&payload["source"], 1_024), "source")?;
    need(payload["custom_details"].is_object(), "custom_details")
}

#[tokio::test]
async fn pagerduty_takes_what_its_events_api_documents() {
    let checked = |_, got: &Got| match pagerduty(got) {
        Ok(()) => Some((202, Vec::new(), "{\"status\":\"success\"}".to_owned())),
        Err(error) => Some((400, Vec::new(), error)),
    };
    let receiver = Receiver::start(checked).await;
    let tables = format!(
        "[[route]]\nname = \"it\"\nkind = \"pagerduty\"\nrouting_key = {{ env = \"KEY\" }}\nurl = \"{}\"\n\
         link = \"https://keytide.example.com/\"\n",
        receiver.url("")
    );
    let got = sent(&tables, &[("KEY", "0123456789abcdef0123456789abcdef")], &receiver, &all()).await;
    let told: Vec<(&str, Value)> =
        got.iter().map(|got| (got.path.as_str(), got.json()["event_action"].clone())).collect();
    assert_eq!(told[0], ("/v2/enqueue", "trigger".into()));
    assert_eq!(told[1], ("/v2/enqueue", "resolve".into()));
    assert_eq!((told[2].0, told[3].0), ("/v2/change/enqueue", "/v2/change/enqueue"), "reports and tests page no one");
    assert_eq!(got[0].json()["dedup_key"], got[1].json()["dedup_key"]);
}

/// Slack's answer: `ok` to what its documentation of blocks allows.
fn slack(got: &Got) -> Result<(), String> {
    let body = got.json();
    let need = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("invalid_blocks: {what}")) };
    let blocks = body["blocks"].as_array().cloned().unwrap_or_default();
    need(got.method == "POST" && got.header("content-type") == "application/json", "method or content type")?;
    need(body["text"].as_str().is_some_and(|text| !text.is_empty()), "text, for notifications")?;
    need((1..=50).contains(&blocks.len()), "1 to 50 blocks")?;
    let long = |text: &Value| text["text"].as_str().map_or(0, |text| text.chars().count());
    for block in &blocks {
        match block["type"].as_str() {
            Some("header") => {
                need(block["text"]["type"] == "plain_text" && (1..=150).contains(&long(&block["text"])), "header")?;
            }
            Some("section") => {
                need(block["text"]["type"] == "mrkdwn" && (1..=3_000).contains(&long(&block["text"])), "section")?;
            }
            Some("context") => {
                let elements = block["elements"].as_array().cloned().unwrap_or_default();
                need((1..=10).contains(&elements.len()), "1 to 10 elements")?;
                need(elements.iter().all(|each| each["type"] == "mrkdwn" && long(each) > 0), "elements")?;
            }
            _ => return Err("invalid_blocks: type".to_owned()),
        }
    }
    Ok(())
}

#[tokio::test]
async fn slack_takes_what_its_documentation_of_blocks_allows() {
    let checked = |_, got: &Got| match slack(got) {
        Ok(()) => Some((200, Vec::new(), "ok".to_owned())),
        Err(error) => Some((400, Vec::new(), error)),
    };
    let receiver = Receiver::start(checked).await;
    let url = receiver.url("/services/T00000000/B00000000/XXXX");
    let tables = "[[route]]\nname = \"it\"\nkind = \"slack\"\nurl = { env = \"HOOK\" }\n";
    let mut long = sample::report();
    let Subject::Report(report) = &mut long.subject else { panic!("a report") };
    report.markdown = format!("# Keys\n{}", "| alias/key | 1,234 |\n".repeat(2_000));
    let notices = [all().as_slice(), &[long]].concat();
    let got = sent(tables, &[("HOOK", &url)], &receiver, &notices).await;
    let page = got[0].json().to_string();
    assert!(page.contains("role etl-nightly through S3, bucket data-lake-raw: 98 % of the excess"), "{page}");
}

#[tokio::test]
async fn a_webhook_gets_the_notice_and_can_check_who_sent_it() {
    let receiver = Receiver::start(|_, _| status(204)).await;
    let tables = format!(
        "[[route]]\nname = \"it\"\nkind = \"webhook\"\nurl = \"{}\"\nsecret = {{ env = \"KEY\" }}\n\
         headers = {{ Authorization = {{ env = \"TOKEN\" }}, X-Team = \"data\" }}\n",
        receiver.url("/hook?x=1")
    );
    let got = sent(&tables, &[("KEY", "whsec"), ("TOKEN", "Bearer t0ken")], &receiver, &all()).await;
    for (got, notice) in got.iter().zip(all()) {
        assert_eq!(serde_json::from_slice::<Notice>(&got.body).unwrap(), notice);
        assert_eq!((got.header("authorization"), got.header("x-team")), ("Bearer t0ken", "data"));
        assert_eq!(got.header("content-type"), "application/json");
        // As docs/publishing.md tells receivers to check it.
        let (stamp, signature) = got.header("x-keytide-signature").split_once(',').unwrap();
        let (stamp, signature) = (stamp.strip_prefix("t=").unwrap(), signature.strip_prefix("v1=").unwrap());
        assert_eq!(stamp, Clock::new().now().timestamp().to_string());
        let mut mac = Hmac::<Sha256>::new_from_slice(b"whsec").unwrap();
        mac.update(&[stamp.as_bytes(), b".", &got.body].concat());
        let bytes: Vec<u8> =
            (0..64).step_by(2).map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap()).collect();
        mac.verify_slice(&bytes).unwrap();
    }
    let keys: Vec<&str> = got.iter().map(|got| got.header("idempotency-key")).collect();
    let key = &sample::page().dedup_key;
    assert_eq!(keys, [format!("{key}:ALARM"), format!("{key}:OK"), format!("{key}:REPORT"), format!("{key}:TEST")]);
}

#[tokio::test]
async fn a_webhooks_body_may_be_a_template() {
    let receiver = Receiver::willing().await;
    let tables = format!(
        "[[route]]\nname = \"it\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         body = '{{\"text\": {{{{ title|tojson }}}}, \"calls\": {{{{ incident.excess|int }}}}}}'\n",
        receiver.url("/")
    );
    let got = sent(&tables, &[], &receiver, &[sample::page()]).await;
    assert_eq!(got[0].json()["calls"], 412_000);
    assert_eq!(got[0].json()["text"], "ALARM: 415,230 Decrypt on alias/data-lake-raw, 3,230 expected");
    assert_eq!(got[0].header("content-type"), "application/json");
}
