//! What was delivered and what was not, route by route, since the program started.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// Counts of every route. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Mutex<BTreeMap<String, RouteCounts>>>);

/// Counts of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteCounts {
    /// Messages that the receiver has.
    pub delivered: u64,
    /// Attempts that failed and are made again.
    pub failed: u64,
    /// Messages given up.
    pub dead: u64,
    /// How often a message waited for the route's rate limit.
    pub limited: u64,
    /// When a message was last delivered.
    pub last_delivered: Option<DateTime<Utc>>,
    /// What the last attempt failed with; none when it was delivered. Holds no secret.
    pub last_error: Option<String>,
}

impl Counters {
    /// All counts, by route.
    pub fn snapshot(&self) -> BTreeMap<String, RouteCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows a route before anything was sent to it.
    pub(super) fn name(&self, route: &str) {
        self.with(route, |_| {});
    }

    pub(super) fn with(&self, route: &str, change: impl FnOnce(&mut RouteCounts)) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(counts.entry(route.to_owned()).or_default());
    }
}
