//! One round and the end, for cron and systemd timers.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::engine::{Engine, Tidy};
use super::on_store::{OnStore, Step};
use super::parts::{Parts, TaskError};
use super::shared::Shared;
use super::tasks::{Task, with_causes};

/// Reads, evaluates, publishes, compacts and saves, each once. `stop` ends the reading after the batch in hand.
///
/// # Errors
/// What failed, a line each, messages that were given up among it; the rest was done.
pub async fn once(parts: Parts, stop: Arc<AtomicBool>) -> Result<(), Vec<String>> {
    let Parts { store, config, clock, evaluate, mut publish, tell, server: _, metrics } = parts;
    let shared = Arc::new(Shared::new(config, clock, metrics));
    // It has never waited long: how long no data came, earlier runs know.
    shared.known().facts.started_at = None;
    let failed = |error: TaskError| vec![with_causes(&*error)];
    let engine = Engine::new(store, evaluate, tell, Arc::clone(&shared), stop).map_err(failed)?;
    let on_store = OnStore::new(Arc::clone(&shared), engine);
    on_store.attempt(Task::Ingest, Engine::read).await;
    if on_store.engine().has_backlog() {
        // What has just been written, or bears a time to come, is read if it keeps still.
        tokio::time::sleep(shared.config().daemon.settle_for).await;
        on_store.attempt(Task::Ingest, Engine::read).await;
    }
    // What was read is evaluated; without anything new, time alone may change a state.
    let evaluate: Step = |engine| {
        engine.evaluate();
        engine.check_health()
    };
    on_store.attempt(Task::Health, evaluate).await;
    let now = || shared.now();
    let began = now();
    let published = shared.tasks.attempt_later(Task::Publish, now, async move { publish.round(began).await }).await;
    on_store.attempt(Task::Compact, |engine| engine.tidy(Tidy::Urgent)).await;
    on_store.attempt(Task::Save, Engine::save).await;
    let gone = on_store.engine().folders_gone();
    let gone = gone.into_iter().map(|path| format!("the folder {} can't be found", path.display()));
    let errors = shared.tasks.errors().into_iter().map(|(task, error)| format!("{task} failed: {error}"));
    let given_up = published.map_or(0, |summary| summary.given_up);
    let given_up = (given_up > 0).then(|| format!("messages given up: {given_up}; `keytide status` lists them"));
    let failed: Vec<String> = errors.chain(gone).chain(given_up).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed) }
}
