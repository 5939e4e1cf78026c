//! An outbox in memory, by the trait's words.

use std::convert::Infallible;

use chrono::{DateTime, Utc};
use keytide::alarm::Notice;
use keytide::publish::{Outbox, Owed, Settled};

/// Messages and what became of them.
#[derive(Default)]
pub struct Memory {
    entries: Vec<Entry>,
    /// Every outcome in the order in which it was told.
    pub told: Vec<(i64, Settled)>,
}

struct Entry {
    owed: Owed,
    last: Option<Settled>,
}

impl Memory {
    /// Owes a notice to a route; its number.
    pub fn owe(&mut self, route: &str, notice: Notice, owed_at: DateTime<Utc>) -> i64 {
        let id = self.entries.len() as i64 + 1;
        let owed = Owed { id, route: route.to_owned(), notice, attempts: 0, owed_at };
        self.entries.push(Entry { owed, last: None });
        id
    }

    /// What became of a message last.
    pub fn last(&self, id: i64) -> Option<&Settled> {
        self.entries[id as usize - 1].last.as_ref()
    }

    pub fn is_delivered(&self, id: i64) -> bool {
        matches!(self.last(id), Some(Settled::Delivered { .. }))
    }

    /// Why a message is dead.
    pub fn dead(&self, id: i64) -> &str {
        match self.last(id) {
            Some(Settled::Dead { error, .. }) => error,
            other => panic!("message {id} is not dead: {other:?}"),
        }
    }

    /// When a message is tried again, and why that has to be.
    pub fn retry(&self, id: i64) -> (DateTime<Utc>, &str) {
        match self.last(id) {
            Some(Settled::Retry { at, error }) => (*at, error),
            other => panic!("message {id} is not tried again: {other:?}"),
        }
    }
}

impl Entry {
    fn is_open(&self) -> bool {
        !matches!(self.last, Some(Settled::Delivered { .. } | Settled::Dead { .. }))
    }

    fn waits(&self, now: DateTime<Utc>) -> bool {
        matches!(self.last, Some(Settled::Retry { at, .. }) if at > now)
    }
}

impl Outbox for Memory {
    type Error = Infallible;

    fn due(&mut self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Owed>, Infallible> {
        let mut due: Vec<Owed> = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let same = |other: &&Entry| {
                other.owed.route == entry.owed.route && other.owed.notice.dedup_key == entry.owed.notice.dedup_key
            };
            let is_held = self.entries[..at].iter().filter(same).any(|other| other.is_open() && other.waits(now));
            let of_route = due.iter().filter(|owed| owed.route == entry.owed.route).count();
            if entry.is_open() && !entry.waits(now) && !is_held && of_route < limit {
                due.push(entry.owed.clone());
            }
        }
        Ok(due)
    }

    fn settle(&mut self, id: i64, outcome: Settled) -> Result<(), Infallible> {
        let entry = &mut self.entries[id as usize - 1];
        assert!(entry.is_open(), "message {id} was settled already");
        if matches!(outcome, Settled::Retry { .. }) {
            entry.owed.attempts += 1;
        }
        entry.last = Some(outcome.clone());
        self.told.push((id, outcome));
        Ok(())
    }

    fn delivered(&mut self, route: &str, since: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, Infallible> {
        let of_route = self.entries.iter().filter(|entry| entry.owed.route == route);
        let delivered = of_route.filter_map(|entry| match &entry.last {
            Some(Settled::Delivered { at }) => Some(*at),
            _ => None,
        });
        Ok(delivered.filter(|at| *at > since).collect())
    }
}
