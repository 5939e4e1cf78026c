//! Sending what is owed, over a connection of its own to the store's outbox.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};

use super::parts::{Later, Publish, PublishSummary, TaskError};
use super::watching::routes_of;
use crate::config::Config;
use crate::publish::{self, Dispatcher, Owed, Route, Settled};
use crate::store::{Outbox, StoreError};

/// So long a turn waits for receivers; one that is slower is heard of in the next.
const TURN: Duration = Duration::from_millis(800);

/// Sends what is owed.
pub struct Sending {
    dispatcher: Dispatcher,
    /// The names of the routes of the newest settings.
    newest: BTreeSet<String>,
    outbox: Kept,
    /// Wait for every answer, as where there is no next turn.
    waits: bool,
}

impl Sending {
    /// Over the outbox of the store in a folder. `now` is asked whenever something is sent. With `waits` a round waits
    /// for every receiver's answer.
    pub fn open(
        dir: &Path,
        config: &Config,
        waits: bool,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Result<Self, TaskError> {
        let routes = routes_of(config)?;
        let newest = names_of(&routes);
        let dispatcher = Dispatcher::new(routes, now)?;
        Ok(Sending { dispatcher, newest, outbox: Kept { outbox: Outbox::open(dir)?, unreadable: 0 }, waits })
    }
}

fn names_of(routes: &[Route]) -> BTreeSet<String> {
    routes.iter().map(|route| route.name().to_owned()).collect()
}

impl Publish for Sending {
    fn round(&mut self, now: DateTime<Utc>) -> Later<'_, PublishSummary> {
        Box::pin(async move {
            let done = match self.waits {
                true => self.dispatcher.run_once(&mut self.outbox).await?,
                false => self.dispatcher.turn(&mut self.outbox, TURN).await?,
            };
            self.outbox.outbox.expire(now)?;
            let depth = self.outbox.outbox.depth()?;
            Ok(PublishSummary {
                sent: done.delivered as u64,
                failed: done.failed as u64,
                given_up: (done.dead + std::mem::take(&mut self.outbox.unreadable)) as u64,
                owed: depth.owed,
                oldest_owed_at: depth.oldest_owed_at,
                dead_letters: depth.dead,
                routes: self.dispatcher.counters().snapshot(),
            })
        })
    }

    fn finish(&mut self) -> Later<'_, ()> {
        Box::pin(async move {
            self.dispatcher.finish(&mut self.outbox).await?;
            Ok(())
        })
    }

    fn reload(&mut self, config: &Config) -> Result<(), TaskError> {
        let routes = routes_of(config)?;
        self.newest = names_of(&routes);
        self.dispatcher.add_routes(routes);
        Ok(())
    }

    fn let_go(&mut self) {
        self.dispatcher.keep_routes(&self.newest);
    }
}

/// The store's outbox as the dispatcher wants it.
struct Kept {
    outbox: Outbox,
    /// Messages that can't be read, and were given up since this was last asked.
    unreadable: usize,
}

impl publish::Outbox for Kept {
    type Error = StoreError;

    fn due(&mut self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Owed>, StoreError> {
        let mut due = Vec::new();
        for message in self.outbox.due(now, limit)? {
            match serde_json::from_str(&message.notice) {
                Ok(notice) => due.push(Owed {
                    id: message.id,
                    route: message.route,
                    notice,
                    attempts: message.attempts,
                    owed_at: Utc.timestamp_opt(message.owed_at, 0).single().unwrap_or(now),
                }),
                Err(error) => {
                    self.outbox.dead(message.id, now, &format!("the message was kept in another form: {error}"))?;
                    self.unreadable += 1;
                }
            }
        }
        Ok(due)
    }

    fn settle(&mut self, id: i64, outcome: Settled) -> Result<(), StoreError> {
        match outcome {
            Settled::Delivered { at } => self.outbox.delivered(id, at),
            Settled::Retry { at, error } => self.outbox.retry(id, at, &error),
            Settled::Dead { at, error } => self.outbox.dead(id, at, &error),
        }
    }

    fn delivered(&mut self, route: &str, since: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, StoreError> {
        let seconds = self.outbox.delivered_since(route, since)?;
        Ok(seconds.into_iter().filter_map(|second| Utc.timestamp_opt(second, 0).single()).collect())
    }
}
