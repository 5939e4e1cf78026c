//! The figures, with their names and units.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::text::plain_text;

/// A gauge of seconds.
type Seconds = Gauge<f64, AtomicU64>;

/// Counters, one a name of something.
pub type Named<L> = Family<L, Counter>;

/// What became of records or files.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    outcome: Text,
}

/// Why records were set aside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Reason {
    reason: Text,
}

/// A task of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Task {
    task: Text,
}

/// A way to reach someone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Route {
    route: Text,
}

/// A condition of Keytide itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Condition {
    condition: Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: Text,
}

/// A label's text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Text(String);

impl EncodeLabelValue for Text {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.as_str().encode(encoder)
    }
}

/// The figures. Whoever does something sets them; all are safe to set from any thread.
pub struct Metrics {
    registry: Registry,
    records: Named<Outcome>,
    rejects: Named<Reason>,
    files: Named<Outcome>,
    task_failures: Named<Task>,
    conditions: Family<Condition, Gauge>,
    /// How long commits took, in seconds.
    pub commit_seconds: Histogram,
    /// How long rounds of evaluation took, in seconds.
    pub evaluation_seconds: Histogram,
    /// Seconds since the oldest file that waits to be read was written; 0 if none waits.
    pub ingest_lag: Seconds,
    /// Files that wait to be read.
    pub files_waiting: Gauge,
    /// Seconds between the watermark and now; 0 before anything is known.
    pub watermark_age: Seconds,
    /// The watermark, seconds since 1970; 0 before anything is known.
    pub watermark: Seconds,
    /// Series that are watched.
    pub series_watched: Gauge,
    /// Incidents that are not over.
    pub incidents_open: Gauge,
    /// Messages that are owed.
    pub outbox_depth: Gauge,
    /// Seconds since the oldest message that is owed was owed; 0 if none is.
    pub outbox_oldest_age: Seconds,
    /// Messages that were given up.
    pub dead_letters: Gauge,
    notices_sent: Named<Route>,
    notice_failures: Named<Route>,
    notices_given_up: Named<Route>,
}

impl Metrics {
    /// All at nothing. `version` is the program's.
    pub fn new(version: &str) -> Self {
        let mut registry = Registry::with_prefix("keytide");
        let build = Info::new(Build { version: Text(version.to_owned()) });
        registry.register("build", "The program; always 1", build);
        // 1 ms to about a minute.
        let histogram = || Histogram::new(exponential_buckets(0.001, 3.0, 11));
        let metrics = Metrics {
            registry: Registry::default(),
            records: Family::default(),
            rejects: Family::default(),
            files: Family::default(),
            task_failures: Family::default(),
            conditions: Family::default(),
            commit_seconds: histogram(),
            evaluation_seconds: histogram(),
            ingest_lag: Gauge::default(),
            files_waiting: Gauge::default(),
            watermark_age: Gauge::default(),
            watermark: Gauge::default(),
            series_watched: Gauge::default(),
            incidents_open: Gauge::default(),
            outbox_depth: Gauge::default(),
            outbox_oldest_age: Gauge::default(),
            dead_letters: Gauge::default(),
            notices_sent: Family::default(),
            notice_failures: Family::default(),
            notices_given_up: Family::default(),
        };
        metrics.register_counters(&mut registry);
        metrics.register_gauges(&mut registry);
        Metrics { registry, ..metrics }
    }

    fn register_counters(&self, registry: &mut Registry) {
        let records = "Records read, by what became of them: counted, copy, set-aside, or other (no request to KMS)";
        registry.register("records", records, self.records.clone());
        registry.register("rejects", "Records set aside, by reason", self.rejects.clone());
        let files = "Log objects met, by what became of them: read, known, quarantined";
        registry.register("objects", files, self.files.clone());
        registry.register("task_failures", "Failures of the daemon's tasks", self.task_failures.clone());
        registry.register("notices_sent", "Messages delivered, by route", self.notices_sent.clone());
        let failures = "Tries to deliver a message that failed and are made again, by route";
        registry.register("notice_failures", failures, self.notice_failures.clone());
        registry.register("notices_given_up", "Messages given up, by route", self.notices_given_up.clone());
        let commit = "Time that a commit of counts took";
        registry.register_with_unit("commit", commit, Unit::Seconds, self.commit_seconds.clone());
        let evaluation = "Time that a round of evaluation took";
        registry.register_with_unit("evaluation", evaluation, Unit::Seconds, self.evaluation_seconds.clone());
    }

    fn register_gauges(&self, registry: &mut Registry) {
        let lag = "Age of the oldest file that waits to be read; 0 if none waits";
        registry.register_with_unit("ingest_lag", lag, Unit::Seconds, self.ingest_lag.clone());
        registry.register("files_waiting", "Files that wait to be read", self.files_waiting.clone());
        let age = "Time since the watermark, up to which counts are complete; 0 before anything is stored";
        registry.register_with_unit("watermark_age", age, Unit::Seconds, self.watermark_age.clone());
        let watermark = "The watermark since 1970; 0 before anything is stored";
        registry.register_with_unit("watermark_timestamp", watermark, Unit::Seconds, self.watermark.clone());
        registry.register("series_watched", "Series that are watched", self.series_watched.clone());
        registry.register("incidents_open", "Incidents that are not over", self.incidents_open.clone());
        registry.register("outbox_depth", "Messages that are owed", self.outbox_depth.clone());
        let oldest = "Age of the oldest message that is owed; 0 if none is";
        registry.register_with_unit("outbox_oldest_age", oldest, Unit::Seconds, self.outbox_oldest_age.clone());
        registry.register("dead_letters", "Messages that were given up", self.dead_letters.clone());
        let conditions = "What is wrong with Keytide itself: 1 while it is";
        registry.register("condition_active", conditions, self.conditions.clone());
    }

    /// Adds records with an outcome: `counted`, `duplicate`, `set-aside` or `other`.
    pub fn add_records(&self, outcome: &str, count: u64) {
        self.records.get_or_create(&Outcome { outcome: Text(outcome.to_owned()) }).inc_by(count);
    }

    /// Adds records set aside for a reason.
    pub fn add_rejects(&self, reason: &str, count: u64) {
        self.rejects.get_or_create(&Reason { reason: Text(reason.to_owned()) }).inc_by(count);
    }

    /// Adds log objects with an outcome: `read`, `known` or `quarantined`.
    pub fn add_objects(&self, outcome: &str, count: u64) {
        self.files.get_or_create(&Outcome { outcome: Text(outcome.to_owned()) }).inc_by(count);
    }

    /// A task failed.
    pub fn add_task_failure(&self, task: &str) {
        self.task_failures.get_or_create(&Task { task: Text(task.to_owned()) }).inc();
    }

    /// What became of a route's messages since the start.
    pub fn set_route(&self, route: &str, delivered: u64, failed: u64, given_up: u64) {
        let of = [(&self.notices_sent, delivered), (&self.notice_failures, failed), (&self.notices_given_up, given_up)];
        for (family, count) in of {
            let counter = family.get_or_create(&Route { route: Text(route.to_owned()) });
            counter.inner().store(count, Ordering::Relaxed);
        }
    }

    /// Whether a condition of Keytide itself holds.
    pub fn set_condition(&self, condition: &str, holds: bool) {
        self.conditions.get_or_create(&Condition { condition: Text(condition.to_owned()) }).set(i64::from(holds));
    }

    /// Prometheus' text format, version 0.0.4.
    pub fn text(&self) -> String {
        let mut open_metrics = String::new();
        prometheus_client::encoding::text::encode(&mut open_metrics, &self.registry)
            .expect("writing to a text doesn't fail");
        plain_text(&open_metrics)
    }
}
