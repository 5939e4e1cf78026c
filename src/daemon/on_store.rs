//! Work on the store, done away from those who wait: it reads files and computes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::engine::Engine;
use super::parts::TaskError;
use super::shared::Shared;
use super::tasks::Task;

/// Something done with the store.
pub(super) type Step = fn(&mut Engine) -> Result<(), TaskError>;

/// The engine, in reach of everyone who has something done with it.
#[derive(Clone)]
pub(super) struct OnStore {
    shared: Arc<Shared>,
    engine: Arc<Mutex<Engine>>,
}

impl OnStore {
    pub(super) fn new(shared: Arc<Shared>, engine: Engine) -> Self {
        Self { shared, engine: Arc::new(Mutex::new(engine)) }
    }

    /// The engine, as soon as nobody else is at work with it.
    pub(super) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a part of the work on a thread that may block, unless that part has just failed.
    pub(super) async fn attempt(&self, task: Task, step: Step) {
        let on_store = self.clone();
        let attempt = move || {
            let mut engine = on_store.engine();
            let shared = &on_store.shared;
            shared.tasks.attempt(task, shared.now(), || step(&mut engine));
        };
        // A panic is caught inside. A thread that could not even begin shows in what is missing afterwards.
        drop(tokio::task::spawn_blocking(attempt).await);
    }
}
