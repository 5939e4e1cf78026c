//! What the watch remembers in the store, as JSON by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::WatchError;
use crate::alarm::AlarmMemory;
use crate::store::Store;

/// Before an alarm's name.
pub(super) const ALARM: &str = "alarm/";

/// What is remembered of configured alarms, by name.
pub(super) fn memories(store: &Store) -> Result<BTreeMap<String, AlarmMemory>, WatchError> {
    let mut memories = BTreeMap::new();
    for (name, bytes) in store.memories(ALARM)? {
        let memory =
            serde_json::from_slice(&bytes).map_err(|source| WatchError::Memory { name: name.clone(), source })?;
        memories.insert(name[ALARM.len()..].to_owned(), memory);
    }
    Ok(memories)
}

/// What is remembered under a name.
pub(super) fn remembered<T: for<'de> Deserialize<'de>>(store: &Store, name: &str) -> Result<Option<T>, WatchError> {
    let read = |bytes: Vec<u8>| {
        serde_json::from_slice(&bytes).map_err(|source| WatchError::Memory { name: name.to_owned(), source })
    };
    store.memory(name)?.map(read).transpose()
}

/// What to remember under a name.
pub(super) fn bytes_of<T: Serialize>(name: &str, value: &T) -> Result<Vec<u8>, WatchError> {
    serde_json::to_vec(value).map_err(|source| WatchError::Memory { name: name.to_owned(), source })
}
