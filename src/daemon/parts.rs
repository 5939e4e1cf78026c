//! What the daemon is given.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alarm::Notice;
use crate::config::Config;
use crate::domain::Clock;
use crate::publish::RouteCounts;
use crate::serve::{Metrics, Server};
use crate::store::{NewMessage, Store};
use crate::watch::SilentStream;

/// Why a part of the work failed.
pub type TaskError = Box<dyn Error + Send + Sync>;

/// What comes later, or why it does not.
pub type Later<'f, T> = Pin<Box<dyn Future<Output = Result<T, TaskError>> + Send + 'f>>;

/// All that the daemon is made of.
pub struct Parts {
    /// The store, open for writing.
    pub store: Store,
    /// The settings, their paths as the process reaches them.
    pub config: Config,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who evaluates.
    pub evaluate: Box<dyn Evaluate>,
    /// Who publishes.
    pub publish: Box<dyn Publish>,
    /// Who is told of what is wrong with Keytide itself.
    pub tell: Box<dyn Tell>,
    /// Where questions are answered; none: nowhere.
    pub server: Option<Server>,
    /// The figures.
    pub metrics: Arc<Metrics>,
}

/// What a round of evaluation came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundSummary {
    /// Series that are watched.
    pub series: u64,
    /// Periods that were evaluated, over all series.
    pub periods: u64,
    /// Alarms that changed their state.
    pub changes: u64,
    /// Messages that are owed since.
    pub owed: u64,
    /// Incidents that are not over.
    pub incidents_open: u64,
    /// Accounts and Regions of which no log files come.
    pub silent: Vec<SilentStream>,
    /// Series beyond those that can be watched.
    pub unwatched: u64,
}

/// Decides, over what is committed, who is to be told.
pub trait Evaluate: Send {
    /// One round. What follows from it is committed when this returns. `now` is never earlier than it was before.
    fn round(&mut self, store: &mut Store, now: DateTime<Utc>) -> Result<RoundSummary, TaskError>;

    /// Owes what is due by the clock, such as reports; how many messages. Called when all that has arrived is read.
    fn report(&mut self, _store: &mut Store, _now: DateTime<Utc>) -> Result<u64, TaskError> {
        Ok(0)
    }

    /// Keeps what saves the next start work. Called at the end, and now and then.
    fn save(&mut self, store: &mut Store) -> Result<(), TaskError>;

    /// Begins again from what is committed. Called before the next round when one has failed or panicked.
    fn reopen(&mut self, store: &mut Store) -> Result<(), TaskError>;

    /// Takes new settings over. On an error the old ones stay.
    fn reload(&mut self, store: &mut Store, config: &Config) -> Result<(), TaskError>;
}

/// What a round of publishing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishSummary {
    /// Messages delivered in this round.
    pub sent: u64,
    /// Tries that failed in this round.
    pub failed: u64,
    /// Messages given up in this round.
    pub given_up: u64,
    /// Messages still owed.
    pub owed: u64,
    /// When the oldest of them was owed, seconds since 1970.
    pub oldest_owed_at: Option<i64>,
    /// Messages that were given up, ever.
    pub dead_letters: u64,
    /// What was delivered and what was not since the start, by route.
    pub routes: BTreeMap<String, RouteCounts>,
}

/// Delivers what is owed, over a connection of its own.
pub trait Publish: Send {
    /// One round over what is due. Receivers that fail are no error, only what stops the round as a whole.
    fn round(&mut self, now: DateTime<Utc>) -> Later<'_, PublishSummary>;

    /// The end: begins nothing, and waits for answers that are still to come. What came with an answer that nobody
    /// waits for is sent again by the next process.
    fn finish(&mut self) -> Later<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Takes new settings over. On an error the old ones stay. Called before anyone may owe a message by the new
    /// settings, and while messages may still be owed by the old ones: routes that only these have stay until
    /// [`Publish::let_go`].
    fn reload(&mut self, config: &Config) -> Result<(), TaskError>;

    /// Lets go what only former settings had. Called when everyone else has taken the new ones over.
    fn let_go(&mut self) {}
}

/// Is told of what is wrong with Keytide itself.
pub trait Tell: Send {
    /// The messages that a notice comes to. They are committed with what is remembered of having told it.
    fn messages(&mut self, notice: &Notice) -> Result<Vec<NewMessage>, TaskError>;

    /// Takes new settings over. On an error the old ones stay.
    fn reload(&mut self, config: &Config) -> Result<(), TaskError>;
}

/// Evaluates nothing, publishes nothing, and tells the log.
pub struct Idle;

impl Evaluate for Idle {
    fn round(&mut self, _store: &mut Store, _now: DateTime<Utc>) -> Result<RoundSummary, TaskError> {
        Ok(RoundSummary::default())
    }

    fn save(&mut self, _store: &mut Store) -> Result<(), TaskError> {
        Ok(())
    }

    fn reopen(&mut self, _store: &mut Store) -> Result<(), TaskError> {
        Ok(())
    }

    fn reload(&mut self, _store: &mut Store, _config: &Config) -> Result<(), TaskError> {
        Ok(())
    }
}

impl Publish for Idle {
    fn round(&mut self, _now: DateTime<Utc>) -> Later<'_, PublishSummary> {
        Box::pin(async { Ok(PublishSummary::default()) })
    }

    fn reload(&mut self, _config: &Config) -> Result<(), TaskError> {
        Ok(())
    }
}

impl Tell for Idle {
    fn messages(&mut self, notice: &Notice) -> Result<Vec<NewMessage>, TaskError> {
        tracing::warn!(dedup_key = notice.dedup_key, "nobody is told");
        Ok(Vec::new())
    }

    fn reload(&mut self, _config: &Config) -> Result<(), TaskError> {
        Ok(())
    }
}
