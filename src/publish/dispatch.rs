//! Sending what is owed: routes beside each other, each in order.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::channel::Failure;
use super::channel::http::Http;
use super::counters::Counters;
use super::limit::Pace;
use super::outbox::{Outbox, Owed, Settled};
use super::route::Route;
use super::sending::{Now, Sending, Told};
use super::work::{Round, Work};
use crate::alarm::Notice;

/// So long is an answer waited for.
const TIMEOUT: Duration = Duration::from_secs(10);
/// So many messages of a route are taken at once.
const AT_ONCE: usize = 64;

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
    work: Work,
}

/// HTTPS can't be set up, for want of root certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetUpError(String);

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
            work: Work::new(),
        };
        dispatcher.add_routes(routes);
        Ok(dispatcher)
    }

    /// The same with another patience, which is 10 s otherwise.
    pub fn with_timeout(mut self, timeout: Duration) -> Result<Self, SetUpError> {
        self.http = Http::new(timeout).map_err(SetUpError)?;
        Ok(self)
    }

    /// Takes other routes, as after a reload, beside those that have other names: messages may still be owed to these.
    /// What is being sent is not disturbed; limits and rests of routes that keep their name go on.
    pub fn add_routes(&mut self, routes: Vec<Route>) {
        for route in routes {
            self.counters.name(&route.name);
            self.routes.insert(route.name.clone(), Arc::new(route));
        }
    }

    /// Lets routes go whose names are not among these.
    pub fn keep_routes(&mut self, names: &BTreeSet<String>) {
        self.routes.retain(|name, _| names.contains(name));
    }

    /// What was delivered and what was not.
    pub fn counters(&self) -> Counters {
        self.counters.clone()
    }

    /// Sends one notice at once, past the outbox: for someone who tries out a route and waits for the answer. The
    /// error says why it wasn't delivered, and holds no secret.
    pub async fn send_now(&self, route: &str, notice: &Notice) -> Result<(), String> {
        let found = self.routes.get(route).ok_or_else(|| format!("there is no route `{route}`"))?;
        let sent = found.channel.send(notice, route, &self.http, (self.now)()).await;
        sent.map_err(|failure| match failure {
            Failure::Later { error, .. } | Failure::Never { error } => error,
        })
    }

    /// Sends until nothing is due any more, and waits for every answer.
    pub async fn run_once<O: Outbox>(&mut self, outbox: &mut O) -> Result<Round, O::Error> {
        self.catch_up(outbox)?;
        self.start(outbox)?;
        while !self.work.busy.is_empty() {
            // This end is held as well, so there is always someone who may tell.
            let Some(told) = self.work.heard.recv().await else { break };
            self.go_on(outbox, told)?;
        }
        Ok(self.work.told())
    }

    /// A turn of a schedule: sends what is due, and what becomes due meanwhile, for at most so long. What is under way
    /// then goes on by itself, and is heard of in the next turn: a route that waits for its receiver holds up no other.
    pub async fn turn<O: Outbox>(&mut self, outbox: &mut O, at_most: Duration) -> Result<Round, O::Error> {
        self.catch_up(outbox)?;
        self.start(outbox)?;
        let mut end = pin!(tokio::time::sleep(at_most));
        while !self.work.busy.is_empty() {
            tokio::select! {
                () = &mut end => break,
                Some(told) = self.work.heard.recv() => self.go_on(outbox, told)?,
            }
        }
        Ok(self.work.told())
    }

    /// Ends: begins no further message, and waits for the answers that are still to come, one timeout at most. Without
    /// it they are lost, and their messages are sent again after the next start.
    pub async fn finish<O: Outbox>(&mut self, outbox: &mut O) -> Result<Round, O::Error> {
        self.work.stop.cancel();
        self.catch_up(outbox)?;
        while !self.work.busy.is_empty() {
            let Some(told) = self.work.heard.recv().await else { break };
            self.hear(outbox, told)?;
        }
        self.work.stop = CancellationToken::new();
        Ok(self.work.told())
    }

    /// Starts a task for each route that has something due and is not at it.
    fn start<O: Outbox>(&mut self, outbox: &mut O) -> Result<(), O::Error> {
        let now = (self.now)();
        let mut by_route: BTreeMap<String, Vec<Owed>> = BTreeMap::new();
        for owed in outbox.due(now, AT_ONCE)? {
            by_route.entry(owed.route.clone()).or_default().push(owed);
        }
        for (name, mut messages) in by_route {
            if self.work.busy.contains(&name) || self.rests(&name, now) {
                continue;
            }
            let Some(route) = self.routes.get(&name).cloned() else {
                for owed in messages {
                    let error = format!("there is no route `{name}` any more");
                    self.settle(outbox, owed.id, &name, Settled::Dead { at: now, error })?;
                }
                continue;
            };
            self.remember_pace(outbox, &route, now)?;
            messages.sort_by_key(|owed| owed.id);
            self.work.busy.insert(name);
            let sending = Sending {
                route,
                http: self.http.clone(),
                paces: Arc::clone(&self.paces),
                counters: self.counters.clone(),
                now: Arc::clone(&self.now),
                told: self.work.telling.clone(),
                stop: self.work.stop.clone(),
                at: None,
            };
            self.work.tasks.spawn(sending.all(messages));
        }
        Ok(())
    }

    /// Takes note of what a route took lately, before this process, if that is limited.
    fn remember_pace<O: Outbox>(&mut self, outbox: &mut O, route: &Route, now: DateTime<Utc>) -> Result<(), O::Error> {
        let Some(limit) = route.limit else { return Ok(()) };
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        if !paces.contains_key(&route.name) {
            let sent = outbox.delivered(&route.name, now - limit.within)?;
            paces.insert(route.name.clone(), Pace::since(sent));
        }
        Ok(())
    }

    fn rests(&self, route: &str, now: DateTime<Utc>) -> bool {
        // A clock that was set back ends the rest: it would take longer than meant.
        self.rests.get(route).is_some_and(|(since, until)| *since <= now && now < *until)
    }

    /// Hears what was told since the last turn, and settles what could not be settled then.
    fn catch_up<O: Outbox>(&mut self, outbox: &mut O) -> Result<(), O::Error> {
        while let Some((id, outcome)) = self.work.unsettled.first().cloned() {
            outbox.settle(id, outcome)?;
            self.work.unsettled.remove(0);
        }
        while let Ok(told) = self.work.heard.try_recv() {
            self.hear(outbox, told)?;
        }
        Ok(())
    }

    /// Hears, and gives a route that is done what else it owes.
    fn go_on<O: Outbox>(&mut self, outbox: &mut O, told: Told) -> Result<(), O::Error> {
        let is_done = matches!(told, Told::Done { .. });
        self.hear(outbox, told)?;
        if is_done { self.start(outbox) } else { Ok(()) }
    }

    fn hear<O: Outbox>(&mut self, outbox: &mut O, told: Told) -> Result<(), O::Error> {
        match told {
            Told::Settled { id, route, outcome } => self.settle(outbox, id, &route, outcome)?,
            Told::Rests { route, since, until } => {
                self.rests.insert(route, (since, until));
            }
            Told::Done { route } => {
                self.work.busy.remove(&route);
                while self.work.tasks.try_join_next().is_some() {}
            }
        }
        Ok(())
    }

    fn settle<O: Outbox>(&mut self, outbox: &mut O, id: i64, route: &str, outcome: Settled) -> Result<(), O::Error> {
        self.work.round.add(&outcome);
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
            Settled::Dead { error, .. } => {
                counts.dead += 1;
                counts.last_error = Some(error.clone());
            }
        });
        match &outcome {
            Settled::Delivered { .. } => tracing::debug!(route, id, "delivered"),
            Settled::Retry { at, error } => tracing::warn!(route, id, %at, "not delivered, tried again later: {error}"),
            Settled::Dead { error, .. } => tracing::error!(route, id, "given up: {error}"),
        }
        // A receipt that can't be written down now is written down before anything else is sent.
        outbox.settle(id, outcome.clone()).inspect_err(|_| self.work.unsettled.push((id, outcome)))
    }
}
