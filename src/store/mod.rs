//! The only memory: counts in Parquet segments, everything else in one SQLite catalog.
//!
//! A batch enters whole: requests, facts, rejects and the objects they came from. It is admitted against the ledger of
//! event ids, its counts are written to new files, and one SQLite transaction names these files, the objects, the ids'
//! runs and the facts together. Until then the files are litter, afterwards they are never changed; a crash at any
//! instruction leaves the store as it was or as it should be. Frames of committed counts leave through
//! [`crate::series::Counts`]. What the watch remembers, and the messages it owes, are rounds that enter just as whole.
//!
//! One process writes at a time; any number read, each of them one snapshot of what is committed. The room refuses to
//! know what a record looks like and where objects come from.

mod catalog;
mod commit;
mod compact;
mod counts;
mod covered;
mod deliveries;
mod error;
mod expire;
mod facts;
mod ledger;
mod lookup;
mod models;
mod objects;
mod open;
mod outbox;
mod reading;
mod retention;
mod rows;
mod schema;
mod segment;
mod status;
mod watching;

pub use commit::{Committed, NewBatch, ObjectRecord, Quarantined};
pub use compact::{Compacted, SEGMENTS_MAX};
pub use counts::StoredCounts;
pub use deliveries::Deliveries;
pub use error::{StoreError, hint_of_series};
pub use expire::LEDGER_DAYS;
pub use models::{MODELS_REACH_MINUTES, SavedModels};
pub use objects::{KnownObjects, ObjectId};
pub use open::{Probe, Store};
pub use outbox::{DeadLetter, GivenUp, NewMessage, Outbox, OutboxDepth, OwedMessage};
pub use retention::KeptFrom;
pub use status::{QuarantineEntry, RejectEntry, Status, WATERMARK_MINUTES};
pub use watching::{HistoryItem, IncidentRow, IncidentSeriesRow, WatchRound};
