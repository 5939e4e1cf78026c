//! PagerDuty's Events API v2. Source: *Send an Alert Event* and *Send a Change Event*, PagerDuty developer
//! documentation.

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::http::{Address, Http};
use super::{Failure, is_over};
use crate::alarm::{Notice, Severity, StateChange, StateValue, Subject};
use crate::publish::page::{page, subject};
use crate::publish::secret::Secret;
use crate::publish::text::text;
use crate::publish::words::{cut, stamp};

/// PagerDuty's limits, in characters.
const SUMMARY_MAX: usize = 1_024;
const DEDUP_KEY_MAX: usize = 255;

/// A service in PagerDuty.
pub(in crate::publish) struct Service {
    /// Its integration key.
    pub(in crate::publish) routing_key: Secret,
    /// Where events are taken: alarms at `v2/enqueue` below it, all else at `v2/change/enqueue`.
    pub(in crate::publish) url: Url,
    /// The operator's own page about alarms.
    pub(in crate::publish) link: Option<Url>,
}

impl Service {
    pub(super) async fn send(&self, notice: &Notice, http: &Http) -> Result<(), Failure> {
        let url = below(&self.url, is_event(notice))
            .ok_or_else(|| Failure::never("the address of PagerDuty can't have a path"))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = body(notice, self.routing_key.reveal(), self.link.as_ref()).to_string();
        http.post(&Address { url: &url, secrets: &[&self.routing_key] }, headers, body.into_bytes()).await
    }
}

/// Where events or changes are taken, below an address.
fn below(url: &Url, is_event: bool) -> Option<Url> {
    let mut url = url.clone();
    let path: &[&str] = if is_event { &["v2", "enqueue"] } else { &["v2", "change", "enqueue"] };
    url.path_segments_mut().ok()?.pop_if_empty().extend(path);
    Some(url)
}

/// Whether a notice is an event that may page. Reports and tests are changes: they are shown, and wake no one.
fn is_event(notice: &Notice) -> bool {
    matches!(notice.subject, Subject::StateChange(_))
}

/// The body of an event or a change.
pub(super) fn body(notice: &Notice, routing_key: &str, link: Option<&Url>) -> Value {
    let links: Vec<Value> = link.map(|link| json!({ "href": link.as_str(), "text": "Keytide" })).into_iter().collect();
    let summary = cut(&subject(notice), SUMMARY_MAX);
    let mut body = match &notice.subject {
        Subject::StateChange(change) if is_over(notice) => json!({
            "routing_key": routing_key,
            "event_action": "resolve",
            "dedup_key": dedup_key(notice),
            "payload": payload(notice, change, &summary),
        }),
        Subject::StateChange(change) => json!({
            "routing_key": routing_key,
            "event_action": "trigger",
            "dedup_key": dedup_key(notice),
            "client": "Keytide",
            "payload": payload(notice, change, &summary),
        }),
        Subject::Report(report) => json!({
            "routing_key": routing_key,
            "payload": {
                "summary": summary,
                "source": "keytide",
                "custom_details": { "report": report.markdown },
            },
        }),
        Subject::Test { at, .. } => json!({
            "routing_key": routing_key,
            "payload": {
                "summary": summary,
                "timestamp": stamp(*at),
                "source": "keytide",
                "custom_details": { "page": text(notice) },
            },
        }),
    };
    if !links.is_empty() {
        if is_event(notice) && !is_over(notice) {
            body["client_url"] = links[0]["href"].clone();
        }
        body["links"] = links.into();
    }
    body
}

fn payload(notice: &Notice, change: &StateChange, summary: &str) -> Value {
    let page = page(notice);
    let mut details = Map::new();
    details.insert("What".to_owned(), page.lead.into());
    for fact in page.facts {
        details.insert(fact.label.to_owned(), fact.lines.join("\n").into());
    }
    if let Some(next) = page.next {
        details.insert("Next".to_owned(), next.into());
    }
    if !notice.tags.is_empty() {
        details.insert("Tags".to_owned(), json!(notice.tags));
    }
    let series = change.incident.as_ref().and_then(|incident| incident.series.first());
    // An alarm that knows too little isn't as bad as it would be.
    let severity = match change.new_state {
        StateValue::InsufficientData => notice.severity.min(Severity::Warning),
        _ => notice.severity,
    };
    let mut payload = json!({
        "summary": summary,
        "source": series.map_or(change.alarm_arn.as_str(), |series| &series.key_arn),
        "severity": severity.name(),
        "timestamp": stamp(change.incident.as_ref().map_or(change.changed_at, |incident| incident.onset)),
        "group": change.alarm_name,
        "class": "keytide",
        "custom_details": details,
    });
    if let Some(series) = series {
        payload["component"] = series.operation.as_str().into();
        payload["class"] = series.metric.as_str().into();
    }
    payload
}

/// The deduplication key as PagerDuty takes it: a longer one is known by its hash.
fn dedup_key(notice: &Notice) -> String {
    match notice.dedup_key.chars().count() <= DEDUP_KEY_MAX {
        true => notice.dedup_key.clone(),
        false => Sha256::digest(notice.dedup_key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sample;

    #[test]
    fn an_alarm_triggers_and_its_end_resolves_the_same_key() {
        let (begun, over) = (body(&sample::page(), "key", None), body(&sample::resolved(), "key", None));
        assert_eq!((&begun["event_action"], &over["event_action"]), (&json!("trigger"), &json!("resolve")));
        assert_eq!(begun["dedup_key"], over["dedup_key"]);
        assert_eq!(begun["payload"]["severity"], "critical");
        assert_eq!(begun["payload"]["timestamp"], "2026-11-24T02:40:00Z");
        let who = begun["payload"]["custom_details"]["Who"].as_str().expect("who did it");
        assert!(who.starts_with("role etl-nightly through S3, bucket data-lake-raw: 98 %"), "{who}");
    }

    #[test]
    fn a_key_that_is_too_long_stays_the_same_from_begin_to_end() {
        let long = |mut notice: Notice| {
            notice.dedup_key = "k".repeat(300);
            body(&notice, "key", None)["dedup_key"].clone()
        };
        assert_eq!(long(sample::page()), long(sample::resolved()));
        assert_eq!(long(sample::page()).as_str().map(str::len), Some(64));
    }

    #[test]
    fn the_api_lies_below_the_whole_of_the_given_address() {
        let below = |url: &str| below(&Url::parse(url).expect("an address"), true).expect("a path").to_string();
        assert_eq!(below("https://events.pagerduty.com"), "https://events.pagerduty.com/v2/enqueue");
        assert_eq!(below("https://proxy.example.com/pagerduty"), "https://proxy.example.com/pagerduty/v2/enqueue");
        assert_eq!(below("https://proxy.example.com/pagerduty/"), "https://proxy.example.com/pagerduty/v2/enqueue");
    }

    #[test]
    fn reports_and_tests_page_no_one() {
        for notice in [sample::report(), sample::test()] {
            let body = body(&notice, "key", None);
            assert!(!is_event(&notice) && body.get("event_action").is_none() && body["payload"]["summary"].is_string());
        }
    }
}
