//! Sending what is owed: routes beside each other, each in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::channel::http::Http;
use super::counters::Counters;
use super::limit::Pace;
use super::outbox::{Outbox, Owed, Settled};
use super::route::Route;
use super::sending::{Now, Sending, Told};

/// So long is an answer waited for.
const TIMEOUT: Duration = Duration::from_secs(10);
/// So many messages of a route are taken at once.
const AT_ONCE: usize = 64;
/// How often the outbox is asked when no one says that something is owed.
const EVERY: Duration = Duration::from_secs(1);
/// Sends what is owed.
pub struct Dispatcher {
    routes: BTreeMap<String, Arc<Route>>,
    http: Http,
    counters: Counters,
    /// When each route last took messages.
    paces: Arc<Mutex<BTreeMap<String, Pace>>>,
    /// Routes that rest: since when, until when.
    rests: BTreeMap<String, (DateTime<Utc>, DateTime<Utc>)>,
    now: Now,
}

/// HTTPS can't be set up, for want of root certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetUpError(String);

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Messages delivered.
    pub delivered: usize,
    /// Attempts that failed.
    pub failed: usize,
    /// Messages given up.
    pub dead: usize,
}

impl Round {
    fn add(&mut self, outcome: &Settled) {
        match outcome {
            Settled::Delivered { .. } => self.delivered += 1,
            Settled::Retry { .. } => self.failed += 1,
            Settled::Dead { .. } => self.dead += 1,
        }
    }
}

impl Dispatcher {
    /// A dispatcher over routes. `now` is asked whenever a message is sent.
    pub fn new(
        routes: Vec<Route>,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Result<Self, SetUpError> {
        let http = Http::new(TIMEOUT).map_err(SetUpError)?;
        let mut dispatcher = Dispatcher {
            routes: BTreeMap::new(),
            http,
            counters: Counters::default(),
            paces: Arc::default(),
            rests: BTreeMap::new(),
            now: Arc::new(now),
        };
        dispatcher.set_routes(routes);
        Ok(dispatcher)
    }

    /// The same with another patience, which is 10 s otherwise.
    pub fn with_timeout(mut self, timeout: Duration) -> Result<Self, SetUpError> {
        self.http = Http::new(timeout).map_err(SetUpError)?;
        Ok(self)
    }

    /// Takes other routes, as after a reload. What is being sent is not disturbed; limits and rests of routes that
    /// keep their name go on.
    pub fn set_routes(&mut self, routes: Vec<Route>) {
        self.routes = routes.into_iter().map(|route| (route.name.clone(), Arc::new(route))).collect();
        for name in self.routes.keys() {
            self.counters.name(name);
        }
    }

    /// What was delivered and what was not.
    pub fn counters(&self) -> Counters {
        self.counters.clone()
    }

    /// Sends what is due now, once, and waits for every answer.
    pub async fn run_once<O: Outbox>(&mut self, outbox: &mut O) -> Result<Round, O::Error> {
        let mut work = Work::new();
        self.start(outbox, &mut work)?;
        self.finish(outbox, &mut work).await?;
        Ok(work.round)
    }

    /// Sends what is due until `stop`: whenever `owed` says that something is, and every second. A route that waits
    /// for its receiver holds up no other. After `stop` it waits for the answers that are still to come, which takes
    /// one timeout at most.
    pub async fn run<O: Outbox>(
        &mut self,
        outbox: &mut O,
        owed: &Notify,
        stop: &CancellationToken,
    ) -> Result<Round, O::Error> {
        let mut work = Work::new();
        let mut asks = true;
        while !stop.is_cancelled() {
            if asks {
                self.start(outbox, &mut work)?;
            }
            asks = tokio::select! {
                () = stop.cancelled() => false,
                () = owed.notified() => true,
                () = tokio::time::sleep(EVERY) => true,
                Some(told) = work.heard.recv() => {
                    let may_go_on = matches!(told, Told::Done { .. });
                    self.hear(outbox, &mut work, told)?;
                    may_go_on
                }
            };
        }
        work.stop.cancel();
        self.finish(outbox, &mut work).await?;
        Ok(work.round)
    }

    /// Starts a task for each route that has something due and is not at it.
    fn start<O: Outbox>(&mut self, outbox: &mut O, work: &mut Work) -> Result<(), O::Error> {
        let now = (self.now)();
        let mut by_route: BTreeMap<String, Vec<Owed>> = BTreeMap::new();
        for owed in outbox.due(now, AT_ONCE)? {
            by_route.entry(owed.route.clone()).or_default().push(owed);
        }
        for (name, mut messages) in by_route {
            let Some(route) = self.routes.get(&name) else {
                for owed in messages {
                    let error = format!("there is no route `{name}` any more");
                    self.settle(outbox, work, owed.id, &name, Settled::Dead { error })?;
                }
                continue;
            };
            if work.busy.contains(&name) || self.rests(&name, now) {
                continue;
            }
            messages.sort_by_key(|owed| owed.id);
            work.busy.insert(name);
            work.tasks.spawn(
                Sending {
                    route: Arc::clone(route),
                    http: self.http.clone(),
                    paces: Arc::clone(&self.paces),
                    counters: self.counters.clone(),
                    now: Arc::clone(&self.now),
                    told: work.telling.clone(),
                    stop: work.stop.clone(),
                }
                .all(messages),
            );
        }
        Ok(())
    }

    fn rests(&self, route: &str, now: DateTime<Utc>) -> bool {
        // A clock that was set back ends the rest: it would take longer than meant.
        self.rests.get(route).is_some_and(|(since, until)| *since <= now && now < *until)
    }

    async fn finish<O: Outbox>(&mut self, outbox: &mut O, work: &mut Work) -> Result<(), O::Error> {
        while !work.busy.is_empty() {
            tokio::select! {
                Some(told) = work.heard.recv() => self.hear(outbox, work, told)?,
                else => break,
            }
        }
        Ok(())
    }

    fn hear<O: Outbox>(&mut self, outbox: &mut O, work: &mut Work, told: Told) -> Result<(), O::Error> {
        match told {
            Told::Settled { id, route, outcome } => self.settle(outbox, work, id, &route, outcome)?,
            Told::Rests { route, since, until } => {
                self.rests.insert(route, (since, until));
            }
            Told::Done { route } => {
                work.busy.remove(&route);
                while work.tasks.try_join_next().is_some() {}
            }
        }
        Ok(())
    }

    fn settle<O: Outbox>(
        &self,
        outbox: &mut O,
        work: &mut Work,
        id: i64,
        route: &str,
        outcome: Settled,
    ) -> Result<(), O::Error> {
        work.round.add(&outcome);
        self.counters.with(route, |counts| match &outcome {
            Settled::Delivered { at } => {
                counts.delivered += 1;
                counts.last_delivered = Some(*at);
                counts.last_error = None;
            }
            Settled::Retry { error, .. } => {
                counts.failed += 1;
                counts.last_error = Some(error.clone());
            }
            Settled::Dead { error } => {
                counts.dead += 1;
                counts.last_error = Some(error.clone());
            }
        });
        match &outcome {
            Settled::Delivered { .. } => tracing::debug!(route, id, "delivered"),
            Settled::Retry { at, error } => tracing::warn!(route, id, %at, "not delivered, tried again later: {error}"),
            Settled::Dead { error } => tracing::error!(route, id, "given up: {error}"),
        }
        outbox.settle(id, outcome)
    }
}

/// What is under way.
struct Work {
    tasks: JoinSet<()>,
    busy: BTreeSet<String>,
    telling: mpsc::UnboundedSender<Told>,
    heard: mpsc::UnboundedReceiver<Told>,
    /// Ends tasks after the message that they are at.
    stop: CancellationToken,
    round: Round,
}

impl Work {
    fn new() -> Self {
        let (telling, heard) = mpsc::unbounded_channel();
        Work {
            tasks: JoinSet::new(),
            busy: BTreeSet::new(),
            telling,
            heard,
            stop: CancellationToken::new(),
            round: Round::default(),
        }
    }
}
