//! What is owed, and what became of it: the door to whatever keeps it.

use chrono::{DateTime, Utc};

use crate::alarm::Notice;

/// Keeps what is owed until it is settled. Calls are short: they run on the dispatcher's own task.
pub trait Outbox {
    /// What goes wrong in keeping.
    type Error;

    /// What is to be sent now, at most `limit` messages **of each route**, so that a route that can't deliver doesn't
    /// hide the others; of a route in the order in which they were owed.
    ///
    /// A message is due when it is neither delivered nor dead, its last [`Settled::Retry`] is not after `now`, and no
    /// message that was owed earlier on the same route with the same deduplication key is still waiting for a later
    /// time: an OK never overtakes its ALARM.
    fn due(&mut self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Owed>, Self::Error>;

    /// Writes down what became of a message, durably.
    fn settle(&mut self, id: i64, outcome: Settled) -> Result<(), Self::Error>;

    /// When messages of a route were delivered after a time, ascending: a limit holds from one process to the next.
    fn delivered(&mut self, route: &str, since: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, Self::Error>;
}

/// A message that is owed.
#[derive(Clone, Debug, PartialEq)]
pub struct Owed {
    /// Its number in the outbox; later messages have larger ones.
    pub id: i64,
    /// The route it goes to.
    pub route: String,
    /// What is said.
    pub notice: Notice,
    /// How often sending it failed.
    pub attempts: u32,
    /// Since when it is owed.
    pub owed_at: DateTime<Utc>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The receiver has it.
    Delivered {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// It failed, and is due again later. Counts as an attempt.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// Why it failed. Holds no secret.
        error: String,
    },
    /// It will not be tried again.
    Dead {
        /// Since when.
        at: DateTime<Utc>,
        /// Why. Holds no secret.
        error: String,
    },
}
