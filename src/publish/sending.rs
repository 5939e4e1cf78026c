//! One route at work: its messages one after the other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::backoff::{GIVEN_UP_AFTER, delay};
use super::channel::Failure;
use super::channel::http::Http;
use super::counters::Counters;
use super::limit::Pace;
use super::outbox::{Owed, Settled};
use super::route::Route;

/// After a failure a route rests, but no longer than this unless the receiver asks for it: another message may pass
/// where one doesn't.
const REST_LONGEST: TimeDelta = TimeDelta::seconds(30);

/// What time it is.
pub(super) type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What a route's task tells.
pub(super) enum Told {
    /// What became of a message of the route.
    Settled { id: i64, route: String, outcome: Settled },
    /// The route takes nothing more until then.
    Rests { route: String, since: DateTime<Utc>, until: DateTime<Utc> },
    /// The route's task has ended.
    Done { route: String },
}

/// One route at work.
pub(super) struct Sending {
    pub(super) route: Arc<Route>,
    pub(super) http: Http,
    pub(super) paces: Arc<Mutex<BTreeMap<String, Pace>>>,
    pub(super) counters: Counters,
    pub(super) now: Now,
    pub(super) told: mpsc::UnboundedSender<Told>,
    pub(super) stop: CancellationToken,
    /// The message that is being sent, its attempts with this one, and since when.
    pub(super) at: Option<(i64, u32, DateTime<Utc>)>,
}

impl Sending {
    /// Sends messages one after the other, until one fails in a way that may pass.
    pub(super) async fn all(mut self, messages: Vec<Owed>) {
        for owed in messages {
            if self.stop.is_cancelled() || !self.has_room() {
                break;
            }
            self.at = Some((owed.id, owed.attempts.saturating_add(1), (self.now)()));
            let may_go_on = self.one(owed).await;
            self.at = None;
            if !may_go_on {
                break;
            }
        }
    }

    fn has_room(&self) -> bool {
        let Some(limit) = self.route.limit else { return true };
        let now = (self.now)();
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        match paces.entry(self.route.name.clone()).or_default().take(limit, now) {
            Ok(()) => true,
            Err(until) => {
                self.counters.with(&self.route.name, |counts| counts.limited += 1);
                self.tell(Told::Rests { route: self.route.name.clone(), since: now, until });
                false
            }
        }
    }

    /// Sends a message; whether the next may be sent.
    async fn one(&self, owed: Owed) -> bool {
        let sent = self.route.channel.send(&owed.notice, &self.route.name, &self.http, (self.now)()).await;
        let now = (self.now)();
        let attempts = owed.attempts.saturating_add(1);
        let (outcome, rests_until) = match sent {
            Ok(()) => (Settled::Delivered { at: now }, None),
            Err(Failure::Never { error }) => (Settled::Dead { at: now, error }, None),
            Err(Failure::Later { error, .. }) if now - owed.owed_at >= GIVEN_UP_AFTER => {
                let error =
                    format!("given up after {} days and {attempts} attempts: {error}", GIVEN_UP_AFTER.num_days());
                (Settled::Dead { at: now, error }, Some(now + REST_LONGEST))
            }
            Err(Failure::Later { error, wait }) => {
                let own = now + delay(owed.id, attempts);
                let asked = wait.map(|wait| wait.end(now));
                let at = asked.map_or(own, |asked| asked.max(own));
                (Settled::Retry { at, error }, Some(asked.unwrap_or(own.min(now + REST_LONGEST))))
            }
        };
        let route = self.route.name.clone();
        self.tell(Told::Settled { id: owed.id, route: route.clone(), outcome });
        match rests_until {
            None => true,
            Some(until) => {
                self.tell(Told::Rests { route, since: now, until });
                false
            }
        }
    }

    fn tell(&self, told: Told) {
        // Whoever listens is gone only when the program ends.
        let _ = self.told.send(told);
    }
}

impl Drop for Sending {
    /// However the task ends, the route is free again. Of a message at which it panicked nobody has told what became of
    /// it: it has failed, and the route rests, as after any failure.
    fn drop(&mut self) {
        let route = self.route.name.clone();
        if let Some((id, attempts, since)) = self.at.take() {
            let at = since + delay(id, attempts);
            let error = "a defect in Keytide: sending it ended without an outcome".to_owned();
            self.tell(Told::Settled { id, route: route.clone(), outcome: Settled::Retry { at, error } });
            self.tell(Told::Rests { route: route.clone(), since, until: at.min(since + REST_LONGEST) });
        }
        self.tell(Told::Done { route });
    }
}
