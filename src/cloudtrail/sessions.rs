//! The requests for sessions that a decoder has met before and need not read again.

use hashbrown::HashSet;

use super::call::KnownHour;

/// Requests for sessions that were read before.
#[derive(Default)]
pub(super) struct Sessions {
    known: HashSet<u128>,
    /// The hour of the last one.
    pub hour: KnownHour,
}

/// Sessions remembered; when there are more, all are forgotten and read once more.
const SESSIONS_MAX: usize = 100_000;

impl Sessions {
    /// Remembers one; whether it is new.
    pub(super) fn insert(&mut self, hash: u128) -> bool {
        if self.known.len() >= SESSIONS_MAX {
            self.known.clear();
        }
        self.known.insert(hash)
    }
}
