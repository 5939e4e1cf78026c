//! The conditions of Keytide itself that were told and are not over. The store remembers them, in the transaction that
//! owes the messages: whenever the process dies, neither is there without the other.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::health::dedup_key;
use super::parts::TaskError;
use crate::store::Store;

/// Its name in what the store remembers.
const NAME: &str = "health";

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Tells stores apart in what receivers see.
    store: String,
    /// When each condition was told, seconds since 1970, by its [`super::Condition::id`].
    at: BTreeMap<String, i64>,
}

impl Told {
    /// As the store remembers it.
    pub(super) fn read(store: &Store, now: DateTime<Utc>) -> Result<Self, TaskError> {
        Ok(match store.memory(NAME)? {
            Some(bytes) => serde_json::from_slice(&bytes)?,
            None => Told { store: format!("{:08x}", now.timestamp_micros() & 0xffff_ffff), at: BTreeMap::new() },
        })
    }

    /// As the store keeps it.
    pub(super) fn memory(&self) -> Result<(String, Vec<u8>), TaskError> {
        Ok((NAME.to_owned(), serde_json::to_vec(self)?))
    }

    /// Whether a condition was told and is not over.
    pub(super) fn has(&self, id: &str) -> bool {
        self.at.contains_key(id)
    }

    /// The conditions that were told and are not over.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.at.keys().map(String::as_str)
    }

    /// Takes note that a condition is told at a second; the key of its messages.
    pub(super) fn begin(&mut self, id: &str, now: i64) -> String {
        self.at.insert(id.to_owned(), now);
        dedup_key(&self.store, id, now)
    }

    /// Takes note that a condition is over; the key of the messages that told it.
    pub(super) fn end(&mut self, id: &str, now: i64) -> String {
        dedup_key(&self.store, id, self.at.remove(id).unwrap_or(now))
    }
}
