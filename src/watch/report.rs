//! What a round did, for whoever called it.

use crate::domain::Minute;

/// What a round did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoundReport {
    /// Series that are watched.
    pub series: usize,
    /// Periods that were judged, over all series.
    pub periods: u64,
    /// Before this minute everything is judged.
    pub until: Option<Minute>,
    /// Incidents that began, and that are over.
    pub begun: Vec<u64>,
    /// See `begun`.
    pub ended: Vec<u64>,
    /// Incidents that are not over.
    pub open: usize,
    /// Messages that are owed since this round.
    pub owed: usize,
    /// Whether counts that came late made it look again.
    pub looked_again: bool,
    /// Bytes of memory that models take.
    pub model_bytes: usize,
    /// Accounts and Regions of which no log files came.
    pub silent: Vec<SilentStream>,
    /// Series beyond those that can be watched, of the day or the one before.
    pub unwatched: usize,
}

/// An account and Region of which no log files come, though much was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilentStream {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Since when, seconds since 1970.
    pub since: i64,
}
