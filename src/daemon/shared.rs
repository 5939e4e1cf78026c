//! What all parts of the work know of each other: settings, facts, and whether all is well.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::health::{Condition, Facts};
use super::tasks::Tasks;
use crate::config::Config;
use crate::domain::Clock;
use crate::serve::{Live, Metrics};

/// What all parts of the work know.
pub(super) struct Shared {
    clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) tasks: Tasks,
    known: Mutex<Known>,
}

/// What is known at the moment.
pub(super) struct Known {
    pub(super) config: Arc<Config>,
    pub(super) facts: Facts,
    /// Whether all folders have been read once since the start.
    pub(super) first_round_done: bool,
    /// Seconds since 1970.
    pub(super) watermark: Option<i64>,
    /// The earliest time of change of a file that waits, seconds since 1970.
    pub(super) waiting_since: Option<i64>,
    pub(super) conditions: Vec<Condition>,
    /// The latest time that was given.
    latest: DateTime<Utc>,
    /// Whether the clock is well behind it.
    is_set_back: bool,
}

/// Less is how clocks are kept right.
const SET_BACK: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

impl Shared {
    pub(super) fn new(config: Config, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Self {
        let latest = clock.now();
        let known = Known {
            config: Arc::new(config),
            facts: Facts { started_at: Some(latest.timestamp()), ..Facts::default() },
            first_round_done: false,
            watermark: None,
            waiting_since: None,
            conditions: Vec::new(),
            latest,
            is_set_back: false,
        };
        Self { clock, tasks: Tasks::new(Arc::clone(&metrics)), metrics, known: Mutex::new(known) }
    }

    /// Now, never earlier than it was before.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        let mut known = self.known();
        let is_behind = known.latest - now > SET_BACK;
        if is_behind && !known.is_set_back {
            let latest = known.latest.to_rfc3339();
            tracing::warn!(%now, latest, "the clock was set back; times stand still until it has caught up");
        }
        known.is_set_back = is_behind;
        known.latest = known.latest.max(now);
        known.latest
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.known().config)
    }
}

impl Clock for Shared {
    fn now(&self) -> DateTime<Utc> {
        Shared::now(self)
    }
}

impl Live for Shared {
    fn ready(&self) -> Result<(), Vec<String>> {
        let mut reasons = Vec::new();
        if !self.known().first_round_done {
            reasons.push("the first round is not done".to_owned());
        }
        reasons.extend(
            self.tasks.failing().into_iter().map(|failing| format!("{} fails: {}", failing.task, failing.error)),
        );
        reasons.extend(self.tasks.stuck().into_iter().map(|task| format!("{task} makes no progress")));
        if reasons.is_empty() { Ok(()) } else { Err(reasons) }
    }

    fn refresh(&self, metrics: &Metrics) {
        let now = self.now().timestamp();
        let known = self.known();
        let age = |since: Option<i64>| since.map_or(0.0, |since| now.saturating_sub(since).max(0) as f64);
        metrics.ingest_lag.set(age(known.waiting_since));
        metrics.watermark.set(known.watermark.unwrap_or(0) as f64);
        metrics.watermark_age.set(age(known.watermark));
        metrics.outbox_oldest_age.set(age(known.facts.oldest_owed_at));
    }
}
