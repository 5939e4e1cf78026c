//! The parts of the work, and how they fare: a part that fails or panics is tried again after a growing pause.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::health::Failing;
use super::parts::TaskError;
use crate::serve::Metrics;

/// Failures in a row that make the daemon not ready.
pub(super) const FAILURES_MAX: u32 = 3;
/// The first pause after a failure, doubled with each further one.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// A part that has been at it for so long without a sign of progress is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(600);

/// A part of the work. Errors are listed in this order, that of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    Compact,
    Evaluate,
    /// The last round of publishing. It is a part of its own: a round that has just failed holds up no end.
    Finish,
    Health,
    Ingest,
    Publish,
    Report,
    Save,
    Serve,
}

impl Task {
    /// Its name in logs and figures.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Task::Compact => "compact",
            Task::Evaluate => "evaluate",
            Task::Finish => "finish",
            Task::Health => "health",
            Task::Ingest => "ingest",
            Task::Publish => "publish",
            Task::Report => "report",
            Task::Save => "save",
            Task::Serve => "serve",
        }
    }

    /// Whether it is done as soon as the daemon begins. A save or a merge of what was just opened is worth nothing.
    pub(super) const fn is_done_at_start(self) -> bool {
        !matches!(self, Task::Compact | Task::Save)
    }

    /// Whether it comes to an end. Answering questions never does.
    const fn ends(self) -> bool {
        !matches!(self, Task::Serve)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the parts of the work fare.
pub(super) struct Tasks {
    metrics: Arc<Metrics>,
    fares: Mutex<BTreeMap<Task, Fare>>,
}

#[derive(Default)]
struct Fare {
    /// In a row.
    failures: u32,
    failing_since: i64,
    error: String,
    not_before: Option<Instant>,
    /// The last sign of progress of what is being done.
    busy_since: Option<Instant>,
}

impl Tasks {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, fares: Mutex::default() }
    }

    /// Does a part of the work, unless it has just failed. A failure or a panic is logged and counted; `None` then.
    pub(super) fn attempt<T>(
        &self,
        task: Task,
        now: DateTime<Utc>,
        work: impl FnOnce() -> Result<T, TaskError>,
    ) -> Option<T> {
        if !self.begins(task) {
            return None;
        }
        // What a panic leaves half done is mended by who does the work again: the store by its transactions, an
        // evaluation by its `reopen`.
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(done) => self.ended(task, now, done),
            Err(panic) => self.ended(task, now, Err(panic_text(&*panic).into())),
        }
    }

    /// As [`Tasks::attempt`], for what waits.
    pub(super) async fn attempt_later<T: Send + 'static>(
        &self,
        task: Task,
        now: impl Fn() -> DateTime<Utc>,
        work: impl Future<Output = Result<T, TaskError>> + Send + 'static,
    ) -> Option<T> {
        if !self.begins(task) {
            return None;
        }
        let done = match tokio::spawn(work).await {
            Ok(done) => done,
            Err(error) if error.is_panic() => Err(panic_text(&*error.into_panic()).into()),
            Err(error) => Err(error.into()),
        };
        self.ended(task, now(), done)
    }

    fn begins(&self, task: Task) -> bool {
        let mut fares = self.fares();
        let fare = fares.entry(task).or_default();
        let now = Instant::now();
        if fare.not_before.is_some_and(|time| now < time) {
            return false;
        }
        fare.busy_since = Some(now);
        true
    }

    fn ended<T>(&self, task: Task, now: DateTime<Utc>, done: Result<T, TaskError>) -> Option<T> {
        let mut fares = self.fares();
        let fare = fares.entry(task).or_default();
        fare.busy_since = None;
        let error = match done {
            Ok(done) => {
                if fare.failures > 0 {
                    tracing::info!(task = task.name(), failures = fare.failures, "works again");
                }
                *fare = Fare::default();
                return Some(done);
            }
            Err(error) => with_causes(&*error),
        };
        if fare.failures == 0 {
            fare.failing_since = now.timestamp();
        }
        fare.failures += 1;
        let pause = PAUSE_MIN.saturating_mul(1 << (fare.failures - 1).min(10)).min(PAUSE_MAX);
        fare.not_before = Some(Instant::now() + pause);
        self.metrics.add_task_failure(task.name());
        tracing::error!(task = task.name(), error, failures = fare.failures, again_in = ?pause, "failed");
        fare.error = error;
        None
    }

    /// What is being done goes on.
    pub(super) fn progress(&self, task: Task) {
        if let Some(fare) = self.fares().get_mut(&task) {
            fare.busy_since = Some(Instant::now());
        }
    }

    /// The part's pause, if it has just failed.
    pub(super) fn pause(&self, task: Task) -> Option<Duration> {
        let time = self.fares().get(&task)?.not_before?;
        time.checked_duration_since(Instant::now())
    }

    /// The last errors of parts that have failed since their last success.
    pub(super) fn errors(&self) -> Vec<(Task, String)> {
        let fares = self.fares();
        let failed = fares.iter().filter(|(_, fare)| fare.failures > 0);
        failed.map(|(task, fare)| (*task, fare.error.clone())).collect()
    }

    /// The parts that keep failing.
    pub(super) fn failing(&self) -> Vec<Failing> {
        let fares = self.fares();
        let failing = fares.iter().filter(|(_, fare)| fare.failures >= FAILURES_MAX);
        let each = failing.map(|(task, fare)| Failing {
            task: task.name().to_owned(),
            since: fare.failing_since,
            error: fare.error.clone(),
        });
        each.collect()
    }

    /// The parts that are stuck.
    pub(super) fn stuck(&self) -> Vec<Task> {
        let fares = self.fares();
        let is_stuck = |fare: &Fare| fare.busy_since.is_some_and(|since| since.elapsed() > STUCK_AFTER);
        fares.iter().filter(|(task, fare)| task.ends() && is_stuck(fare)).map(|(task, _)| *task).collect()
    }

    fn fares(&self) -> MutexGuard<'_, BTreeMap<Task, Fare>> {
        self.fares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error with what caused it, in one line.
pub(super) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a defect in Keytide: {}", text.unwrap_or("no message"))
}
