//! What can go wrong with a round.

use crate::band::SettingsError;
use crate::series::SeriesError;
use crate::store::StoreError;

/// A round's failure. Nothing of the round is committed, and the next one begins where it began.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Counts can't be read.
    #[error("could not read counts for the watch: {0}")]
    Counts(#[from] SeriesError),
    /// The settings of the watch can't be.
    #[error("the watch can't be set so: {0}")]
    Settings(#[from] SettingsError),
    /// What is remembered can't be read.
    #[error("what the watch remembers as {name} can't be read: {source}")]
    Memory {
        /// Under which name.
        name: String,
        /// Why not.
        source: serde_json::Error,
    },
}
