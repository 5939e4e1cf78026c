//! Messages as receivers get them.
//!
//! `delivery` holds what the dispatcher promises whatever a receiver does, `forms` what PagerDuty, Slack and webhooks
//! are sent, against a receiver on this machine that plays them. `alertmanager`, `mail` and `topic` talk to the real
//! thing: Alertmanager, an SMTP server with STARTTLS and AUTH, and moto's SNS and SQS. `documents` holds
//! docs/publishing.md to what is.

mod alertmanager;
mod delivery;
mod documents;
mod files;
mod forms;
mod mail;
mod order;
mod outbox;
pub mod receiver;
mod servers;
mod topic;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use keytide::alarm::{Notice, Subject};
use keytide::publish::{Dispatcher, RouteTable, Secret, SecretSource, routes, sample};

/// A clock that tests set.
#[derive(Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// At the time of the sample notices: 2026-11-24T03:07:00Z.
    pub fn new() -> Self {
        Clock(Arc::new(AtomicI64::new(1_795_489_620)))
    }

    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::SeqCst), 0).unwrap()
    }

    pub fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// A dispatcher over `[[route]]` tables. A secret `{ env = "NAME" }` is what `secrets` has for that name.
pub fn dispatcher(tables: &str, secrets: &[(&str, &str)], clock: &Clock) -> Dispatcher {
    let clock = clock.clone();
    dispatcher_at(tables, secrets, move || clock.now())
}

/// The same with a time of its own.
pub fn dispatcher_at(
    tables: &str,
    secrets: &[(&str, &str)],
    now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
) -> Dispatcher {
    #[derive(serde::Deserialize)]
    struct File {
        route: Vec<RouteTable>,
    }
    let file: File = toml::from_str(tables).unwrap();
    let resolve = |source: &SecretSource| {
        let kept = secrets.iter().find(|(name, _)| *source == SecretSource::Env((*name).to_owned()));
        kept.map(|(_, value)| Secret::new(value)).ok_or_else(|| format!("{source} is not set"))
    };
    let routes = routes(&file.route, &resolve).unwrap();
    Dispatcher::new(routes, now).unwrap()
}

/// Not so patient, for receivers that don't answer.
pub const IMPATIENT: Duration = Duration::from_millis(300);

/// So long a test waits for what has to come; it fails after that.
pub const PATIENT: Duration = Duration::from_secs(60);

/// The sample's alarm under another deduplication key.
pub fn alarm(dedup_key: &str) -> Notice {
    Notice { dedup_key: dedup_key.to_owned(), ..sample::page() }
}

/// The end of [`alarm`].
pub fn over(dedup_key: &str) -> Notice {
    Notice { dedup_key: dedup_key.to_owned(), ..sample::resolved() }
}

/// A notice as if it had happened just now: real receivers look at their own clock.
pub fn just_now(mut notice: Notice) -> Notice {
    static NOW: OnceLock<i64> = OnceLock::new();
    let now = *NOW.get_or_init(|| Utc::now().timestamp());
    let Subject::StateChange(change) = &mut notice.subject else { return notice };
    let incident = change.incident.as_mut().unwrap();
    let by = now - 10 - incident.resolved_at.unwrap_or(change.changed_at);
    change.changed_at += by;
    incident.paged_at += by;
    incident.onset = now - 3_600;
    incident.resolved_at = incident.resolved_at.map(|at| at + by);
    notice
}
