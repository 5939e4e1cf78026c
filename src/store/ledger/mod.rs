//! The ledger: every event id that was counted, for as long as a copy of it may come.
//!
//! Ids are kept by the hour of their event, each hour as a few sorted runs. A batch writes one file, with a run for
//! each hour it touches; a small run swallows the runs of its size on the way, as the digits of a binary counter carry,
//! so an hour of n batches has about log n runs and an id is rewritten about log n times. A look-up of many ids reads a
//! run through; one of a few ids reads the run's fence, an id of every 256th, and the blocks it points to. Memory holds
//! one buffer a run, whatever the number of ids.
//!
//! A file: sixteen bytes of magic; for each run its ids, sorted, sixteen bytes each, little-endian, the lowest three
//! bits telling whether what was counted of the request is final (`tally::Mark`); then the run's fence, the upper eight
//! bytes of its 1st, 257th, 513th … id. Among the ids lie the notes of what is counted provisionally (`tally::Note`),
//! which are stored and merged as ids are.

mod merge;
mod run;

pub(super) use merge::{Source, later, merge};
pub(super) use run::{Run, RunWriter, open};

/// The first bytes of a ledger file: its kind and version.
const MAGIC: &[u8; 16] = b"keytide-ledger-1";
/// Bytes an id.
const ID_BYTES: usize = 16;
/// Ids between two of the fence.
const FENCE_EVERY: usize = 256;

/// The part of an id that is the same for all copies of a request.
const fn hash_of(id: u128) -> u128 {
    id & !crate::tally::MARK_MASK
}
