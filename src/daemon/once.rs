//! One round and the end, for cron and systemd timers.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use super::engine::{Engine, Tidy};
use super::parts::{Parts, TaskError};
use super::shared::Shared;
use super::tasks::with_causes;

/// Reads, evaluates, publishes, compacts and saves, each once. `stop` ends the reading after the batch in hand.
///
/// # Errors
/// What failed, a line each, messages that were given up among it; the rest was done.
pub async fn once(parts: Parts, stop: Arc<AtomicBool>) -> Result<(), Vec<String>> {
    let Parts { store, config, clock, evaluate, mut publish, tell, server: _, metrics } = parts;
    let shared = Arc::new(Shared::new(config, clock, metrics));
    let failed = |error: TaskError| vec![with_causes(&*error)];
    let engine = Engine::new(store, evaluate, tell, Arc::clone(&shared), stop).map_err(failed)?;
    let engine = Arc::new(Mutex::new(engine));
    let on_store = |name: &'static str, work: fn(&mut Engine) -> Result<(), TaskError>| {
        let (shared, engine) = (Arc::clone(&shared), Arc::clone(&engine));
        // A thread that could not even begin shows in what is missing afterwards.
        async move {
            let attempt = move || {
                let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
                shared.tasks.attempt(name, shared.now(), || work(&mut engine));
            };
            drop(tokio::task::spawn_blocking(attempt).await);
        }
    };
    on_store("ingest", Engine::read).await;
    if engine.lock().unwrap_or_else(PoisonError::into_inner).has_backlog() {
        // What has just been written, or bears a time to come, is read if it keeps still.
        tokio::time::sleep(shared.config().daemon.settle_for).await;
        on_store("ingest", Engine::read).await;
    }
    on_store("health", |engine| {
        // What was read is evaluated; without anything new, time alone may change a state.
        engine.evaluate();
        engine.check_health()
    })
    .await;
    let now = || shared.now();
    let began = now();
    let published = shared.tasks.attempt_later("publish", now, async move { publish.round(began).await }).await;
    on_store("compact", |engine| engine.tidy(Tidy::Urgent)).await;
    on_store("save", Engine::save).await;
    let gone = engine.lock().unwrap_or_else(PoisonError::into_inner).folders_gone();
    let gone = gone.into_iter().map(|path| format!("the folder {} can't be found", path.display()));
    let errors = shared.tasks.errors().into_iter().map(|(task, error)| format!("{task} failed: {error}"));
    let given_up = published.map_or(0, |summary| summary.given_up);
    let given_up = (given_up > 0).then(|| format!("messages given up: {given_up}; `keytide status` lists them"));
    let failed: Vec<String> = errors.chain(gone).chain(given_up).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed) }
}
