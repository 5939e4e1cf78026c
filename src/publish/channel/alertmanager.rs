//! Prometheus Alertmanager, through its API v2. Source: `api/v2/openapi.yaml` of prometheus/alertmanager.

use std::collections::BTreeMap;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::http::{Address, Http};
use super::webhook::headers;
use super::{Failure, is_over};
use crate::alarm::{Notice, Subject};
use crate::publish::page::{page, subject};
use crate::publish::secret::Secret;
use crate::publish::text::text;
use crate::publish::words::stamp;

/// An alert without an end is dropped by Alertmanager within minutes (its `resolve_timeout`), since Prometheus repeats
/// what still burns. Keytide says it once, so the end lies far ahead until it is known.
const FAR: i64 = 30 * 86_400;
/// An end that isn't in the past when Alertmanager gets it ends nothing: the end that it knows, [`FAR`] ahead, stays.
/// So where only the time of deciding is known, the end lies so much before it, more than clocks differ.
const BEFORE: i64 = 15 * 60;
/// So long is a test message shown.
const TEST: i64 = 300;

/// The Alertmanagers of a cluster. They tell each other, so one is enough.
pub(in crate::publish) struct Cluster {
    pub(in crate::publish) urls: Vec<Url>,
    /// Addresses that are kept as secrets.
    pub(in crate::publish) secret_urls: Vec<Secret>,
    pub(in crate::publish) headers: BTreeMap<String, Secret>,
    /// The operator's own page about alarms.
    pub(in crate::publish) link: Option<Url>,
}

impl Cluster {
    /// Posts to all: a member may be cut off from the others. The message is delivered when one has it.
    pub(super) async fn send(&self, notice: &Notice, http: &Http) -> Result<(), Failure> {
        let Some(body) = body(notice, self.link.as_ref()) else {
            return Err(Failure::never("Alertmanager carries alarms and no reports; name another route for them"));
        };
        let mut headers = headers(&self.headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let secrets: Vec<Secret> = self.headers.values().chain(&self.secret_urls).cloned().collect();
        let mut posts = JoinSet::new();
        for url in &self.urls {
            let url = api(url).ok_or_else(|| Failure::never("the address of Alertmanager can't have a path"))?;
            let (http, headers, body, secrets) = (http.clone(), headers.clone(), body.to_string(), secrets.clone());
            posts.spawn(async move {
                let secrets: Vec<&Secret> = secrets.iter().collect();
                http.post(&Address { url: &url, secrets: &secrets }, headers, body.into_bytes()).await
            });
        }
        let mut outcomes = posts.join_all().await;
        if outcomes.iter().any(Result::is_ok) {
            return Ok(());
        }
        // One that may take it later is worth another attempt.
        outcomes.sort_by_key(|outcome| !matches!(outcome, Err(Failure::Later { .. })));
        outcomes.into_iter().next().unwrap_or(Ok(()))
    }
}

/// `api/v2/alerts` below an address.
fn api(url: &Url) -> Option<Url> {
    let mut url = url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(["api", "v2", "alerts"]);
    Some(url)
}

/// The body, a list of one alert; none of a report.
///
/// An alert is known by its labels, so they hold only what is the same from its begin to its end.
pub(super) fn body(notice: &Notice, link: Option<&Url>) -> Option<Value> {
    let mut labels = Map::new();
    for (tag, value) in &notice.tags {
        labels.entry(label_name(tag)).or_insert(value.as_str().into());
    }
    let (name, from, to, extra) = match &notice.subject {
        Subject::Report(_) => return None,
        Subject::Test { at, .. } => ("KeytideTest", *at, *at + TEST, Vec::new()),
        Subject::StateChange(change) => {
            let from = change.incident.as_ref().map_or(change.changed_at, |incident| incident.onset);
            let ended_at = || change.incident.as_ref().and_then(|incident| incident.resolved_at);
            let to = match is_over(notice) {
                true => ended_at().unwrap_or(change.changed_at - BEFORE),
                false => from + FAR,
            };
            // An alert that ends before it begins is refused.
            let from = from.min(to - 1);
            let extra = vec![("region", change.region.as_str()), ("account", change.account.as_str())];
            (change.alarm_name.as_str(), from, to, extra)
        }
    };
    labels.extend(extra.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    labels.insert("alertname".to_owned(), name.into());
    labels.insert("severity".to_owned(), notice.severity.name().into());
    labels.insert("keytide_dedup_key".to_owned(), notice.dedup_key.as_str().into());
    // An empty label is none.
    labels.retain(|_, value| value.as_str().is_some_and(|value| !value.is_empty()));
    let mut annotations = Map::new();
    annotations.insert("summary".to_owned(), subject(notice).into());
    annotations.insert("description".to_owned(), text(notice).into());
    for fact in page(notice).facts {
        annotations.insert(label_name(&fact.label.to_lowercase()), fact.lines.join("\n").into());
    }
    if !notice.keys.is_empty() {
        annotations.insert("keys".to_owned(), notice.keys.join("\n").into());
    }
    let mut alert = json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": stamp(from),
        "endsAt": stamp(to),
    });
    if let Some(link) = link {
        alert["generatorURL"] = link.as_str().into();
    }
    Some(json!([alert]))
}

/// A name as Prometheus takes it, `[a-zA-Z_][a-zA-Z0-9_]*`: `cost-center` becomes `cost_center`.
fn label_name(name: &str) -> String {
    let mut label: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !label.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        label.insert(0, '_');
    }
    // Two of these at the start are Prometheus' own.
    if label.starts_with("__") { format!("tag{label}") } else { label }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sample;

    #[test]
    fn an_alert_begins_and_ends_under_the_same_labels() {
        let alert = |notice: &Notice| body(notice, None).expect("an alert")[0].clone();
        let (begun, over) = (alert(&sample::page()), alert(&sample::resolved()));
        assert_eq!(begun["labels"], over["labels"]);
        assert_eq!(begun["startsAt"], over["startsAt"]);
        assert_eq!(begun["startsAt"], "2026-11-24T02:40:00Z");
        assert_eq!(over["endsAt"], "2026-11-24T04:05:00Z");
        assert_eq!(begun["endsAt"], "2026-12-24T02:40:00Z");
        assert_eq!(begun["labels"]["team"], "data");
    }

    #[test]
    fn the_end_of_an_alarm_that_is_no_incident_lies_before_it_was_known_and_after_its_begin() {
        let mut over = sample::resolved();
        let Subject::StateChange(change) = &mut over.subject else { panic!("a change of state") };
        change.incident = None;
        let alert = body(&over, None).expect("an alert")[0].clone();
        assert_eq!(alert["endsAt"], "2026-11-24T03:50:00Z");
        assert_eq!(alert["startsAt"], "2026-11-24T03:49:59Z");
    }

    #[test]
    fn tags_become_names_that_prometheus_takes() {
        for (tag, label) in
            [("team", "team"), ("cost-center", "cost_center"), ("1st", "_1st"), ("__name__", "tag__name__"), ("ä", "_")]
        {
            assert_eq!(label_name(tag), label);
        }
        let mut notice = sample::page();
        notice.tags.insert("alertname".to_owned(), "another".to_owned());
        assert_eq!(body(&notice, None).expect("an alert")[0]["labels"]["alertname"], "keytide-watch");
    }

    #[test]
    fn the_api_lies_below_the_given_address() {
        let api = |url: &str| api(&Url::parse(url).expect("an address")).expect("a path").to_string();
        assert_eq!(api("http://am:9093"), "http://am:9093/api/v2/alerts");
        assert_eq!(api("http://host/alertmanager/"), "http://host/alertmanager/api/v2/alerts");
    }
}
