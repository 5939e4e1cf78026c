//! The schedule: who is called when, until a signal ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::engine::{Engine, Tidy};
use super::manager;
use super::on_store::{OnStore, Step};
use super::parts::{Parts, Publish, PublishSummary, TaskError};
use super::shared::Shared;
use super::signals::Signal;
use super::tasks::Task;
use crate::config::Config;
use crate::serve::Server;

/// Reads the settings again: the new ones, or why they can't be.
pub type Reload = Box<dyn FnMut() -> Result<Config, String> + Send>;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All in hand was finished and saved.
    InTime,
    /// Something was still being done when the time was over. What is committed stays.
    Late,
}

/// How long the end may take: half of what systemd waits, and less than what containers do.
const END_WITHIN: Duration = Duration::from_secs(20);
/// How often the outbox is looked at when nothing says when.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);
/// How often memory and models are saved.
const SAVE_EVERY: Duration = Duration::from_secs(600);

/// Runs until a stop signal, or until nobody can send one any more.
///
/// # Errors
/// The store can't be read at the start. What fails later is tried again.
pub async fn run(parts: Parts, mut signals: Receiver<Signal>, reload: Reload) -> Result<Ended, TaskError> {
    let Parts { store, config, clock, evaluate, publish, tell, server, metrics } = parts;
    let shared = Arc::new(Shared::new(config, clock, metrics));
    let stop = Arc::new(AtomicBool::new(false));
    let engine = Engine::new(store, evaluate, tell, Arc::clone(&shared), Arc::clone(&stop))?;
    let work = Work {
        store: OnStore::new(Arc::clone(&shared), engine),
        shared,
        publish: Arc::new(tokio::sync::Mutex::new(publish)),
        end: CancellationToken::new(),
    };
    // The newest settings are read, however often that was asked for meanwhile.
    let (reloads, asked) = tokio::sync::mpsc::channel(1);
    let tasks = work.begin(server, reload, asked);
    manager::ready();
    work.heed(&mut signals, &reloads).await;
    tracing::info!("ending after the batch in hand");
    manager::stopping();
    stop.store(true, Ordering::Relaxed);
    work.end.cancel();
    Ok(work.finish(tasks, &mut signals).await)
}

/// What every task has a hand on.
#[derive(Clone)]
struct Work {
    shared: Arc<Shared>,
    store: OnStore,
    publish: Arc<tokio::sync::Mutex<Box<dyn Publish>>>,
    end: CancellationToken,
}

impl Work {
    /// Begins every task.
    fn begin(&self, server: Option<Server>, reload: Reload, asked: Receiver<()>) -> JoinSet<()> {
        let evaluate: Step = |engine| {
            engine.evaluate();
            engine.check_health()
        };
        let tidy: Step = |engine| engine.tidy(Tidy::All);
        let mut tasks = JoinSet::new();
        tasks.spawn(self.clone().on_store(Task::Ingest, |config| config.daemon.ingest_every, Engine::read));
        tasks.spawn(self.clone().on_store(Task::Health, |config| config.daemon.evaluate_every, evaluate));
        tasks.spawn(self.clone().on_store(Task::Compact, |config| config.daemon.compact_every, tidy));
        tasks.spawn(self.clone().on_store(Task::Save, |_| SAVE_EVERY, Engine::save));
        tasks.spawn(self.clone().publishing());
        if let Some(server) = server {
            tasks.spawn(self.clone().serving(Arc::new(server)));
        }
        tasks.spawn(self.clone().reloading(reload, asked));
        tasks
    }

    /// Does what signals ask for until one says stop, or nobody can send one any more; meanwhile the manager hears that
    /// all is well.
    async fn heed(&self, signals: &mut Receiver<Signal>, reloads: &Sender<()>) {
        let mut watchdog = manager::watchdog();
        loop {
            let alive = async {
                match &mut watchdog {
                    Some(ticks) => drop(ticks.tick().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                signal = signals.recv() => match signal {
                    Some(Signal::Reload) => drop(reloads.try_send(())),
                    Some(Signal::Stop) | None => return,
                },
                () = alive => {
                    // A stuck round is what the watchdog is for.
                    if self.shared.tasks.stuck().is_empty() {
                        manager::alive();
                    }
                }
            }
        }
    }

    /// Waits for what is in hand and saves; not for longer than there is time, nor after a second stop signal.
    async fn finish(&self, mut tasks: JoinSet<()>, signals: &mut Receiver<Signal>) -> Ended {
        let finish = async {
            while tasks.join_next().await.is_some() {}
            tokio::join!(self.store.attempt(Task::Save, Engine::save), self.finish_publishing());
        };
        tokio::select! {
            () = finish => Ended::InTime,
            () = tokio::time::sleep(END_WITHIN) => {
                tracing::error!(seconds = END_WITHIN.as_secs(), "could not end in time; what is committed stays");
                Ended::Late
            }
            Some(Signal::Stop) = signals.recv() => Ended::Late,
        }
    }

    /// Does something with the store every so often.
    async fn on_store(self, task: Task, every: fn(&Config) -> Duration, step: Step) {
        let mut is_due = task.is_done_at_start();
        loop {
            if is_due {
                self.store.attempt(task, step).await;
            }
            is_due = true;
            let pause = self.shared.tasks.pause(task).unwrap_or_else(|| every(&self.shared.config()));
            if !self.waits(pause).await {
                return;
            }
        }
    }

    /// Whether the time has passed; else the end has come.
    async fn waits(&self, pause: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(pause) => true,
            () = self.end.cancelled() => false,
        }
    }

    async fn publishing(self) {
        loop {
            let (publish, shared) = (Arc::clone(&self.publish), Arc::clone(&self.shared));
            let now = shared.now();
            let round = async move { publish.lock().await.round(now).await };
            let done = self.shared.tasks.attempt_later(Task::Publish, || shared.now(), round).await;
            let pause = self.shared.tasks.pause(Task::Publish).unwrap_or(PUBLISH_EVERY);
            if let Some(summary) = done {
                let metrics = &self.shared.metrics;
                for (route, counts) in &summary.routes {
                    metrics.set_route(route, counts.delivered, counts.failed, counts.dead);
                }
                metrics.outbox_depth.set(summary.owed as i64);
                metrics.dead_letters.set(summary.dead_letters as i64);
                let mut known = self.shared.known();
                known.facts.outbox_depth = summary.owed;
                known.facts.oldest_owed_at = summary.oldest_owed_at;
                drop(known);
                if summary.sent + summary.failed + summary.given_up > 0 {
                    let PublishSummary { sent, failed, given_up, owed, .. } = summary;
                    tracing::info!(sent, failed, given_up, owed, "published");
                }
            }
            if !self.waits(pause).await {
                return;
            }
        }
    }

    async fn finish_publishing(&self) {
        let publish = Arc::clone(&self.publish);
        let finish = async move { publish.lock().await.finish().await };
        self.shared.tasks.attempt_later(Task::Finish, || self.shared.now(), finish).await;
    }

    async fn serving(self, server: Arc<Server>) {
        loop {
            let (server, shared, end) = (Arc::clone(&server), Arc::clone(&self.shared), self.end.clone());
            let serve = async move {
                let live = Arc::clone(&shared);
                tokio::select! {
                    served = server.serve(Arc::clone(&shared.metrics), live) => served.map_err(TaskError::from),
                    () = end.cancelled() => Ok(()),
                }
            };
            self.shared.tasks.attempt_later(Task::Serve, || self.shared.now(), serve).await;
            let pause = self.shared.tasks.pause(Task::Serve).unwrap_or_default();
            if !self.waits(pause).await || self.end.is_cancelled() {
                return;
            }
        }
    }

    /// Reads the settings again whenever that is asked for. What is at work on the store is waited for.
    async fn reloading(self, mut reload: Reload, mut asked: Receiver<()>) {
        loop {
            tokio::select! {
                Some(()) = asked.recv() => {}
                () = self.end.cancelled() => return,
            }
            manager::reloading();
            self.reload(&mut reload).await;
            if !self.end.is_cancelled() {
                manager::ready();
            }
        }
    }

    async fn reload(&self, reload: &mut Reload) {
        let new = match reload() {
            Ok(new) => new,
            Err(error) => {
                tracing::error!("the old settings stay in force, since the new ones can't be:\n{error}");
                return;
            }
        };
        let old = self.shared.config();
        let fixed = [
            ("data_dir", old.data_dir != new.data_dir),
            ("source", old.sources != new.sources),
            ("serve", old.serve != new.serve),
            ("log.format", old.log.format != new.log.format),
        ];
        for (setting, _) in fixed.iter().filter(|(_, is_changed)| *is_changed) {
            tracing::warn!(setting, "takes effect at the next start only");
        }
        let new = Arc::new(new);
        // Who sends knows of a route before anything is owed to it, and of a former one until nothing is any more.
        if let Err(error) = self.publish.lock().await.reload(&new) {
            tracing::error!(%error, "the old settings stay in force, since the new routes can't be used");
            return;
        }
        let (store, config) = (self.store.clone(), Arc::clone(&new));
        let evaluated: Result<(), TaskError> = tokio::task::spawn_blocking(move || store.engine().reload(&config))
            .await
            .unwrap_or_else(|error| Err(error.into()));
        match evaluated {
            Ok(()) => self.publish.lock().await.let_go(),
            Err(error) => tracing::error!(part = "evaluate", %error, "keeps its old settings"),
        }
        self.shared.known().config = new;
        tracing::info!("the settings were read again");
    }
}
