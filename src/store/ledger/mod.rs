//! The ledger: every event id that was counted, for as long as a copy of it may come.
//!
//! Ids are kept by the hour of their event, each hour as a few sorted runs. A batch writes one file, with a run for
//! each hour it touches; where three runs of its size or below are there, it swallows them and becomes one of the next
//! size, four times as large, as the digits of a counter carry. So an hour of n ids has at most 3 (log₄ n + 1) runs,
//! and one of n equal batches rewrites an id log₄ n times. A look-up of many ids asks each run's filter, a sixth as
//! long, which nearly all ids fail that the run lacks; the others are looked for in the run, many by reading it
//! through, few by its fence, an id of every 256th, and the blocks it points to. Memory holds one buffer a run, and the
//! fence of one.
//!
//! A file: sixteen bytes of magic; for each run its filter (`filter`), words of eight bytes, and their number; its ids,
//! sorted, sixteen bytes each, the lowest three bits telling whether what was counted of the request is final
//! (`tally::Mark`); then its fence, the upper eight bytes of its 1st, 257th, 513th … id. All numbers are little-endian.
//! Among the ids lie the notes of what is counted provisionally (`tally::Note`), which are stored and merged as ids
//! are. Files of before format 5 have no filters.

mod filter;
mod levels;
mod merge;
mod run;
mod write;

pub(super) use levels::swallowed;
pub(super) use merge::{Source, later, merge};
pub(super) use run::{LedgerFile, Run};
pub(super) use write::RunWriter;

/// The first bytes of a ledger file: its kind and version.
const MAGIC: &[u8; 16] = b"keytide-ledger-2";
/// Those of a file of before format 5.
const MAGIC_WITHOUT_FILTERS: &[u8; 16] = b"keytide-ledger-1";
/// Bytes an id.
const ID_BYTES: usize = 16;
/// Ids between two of the fence.
const FENCE_EVERY: usize = 256;

/// The part of an id that is the same for all copies of a request.
const fn hash_of(id: u128) -> u128 {
    id & !crate::tally::MARK_MASK
}

/// The upper half of an id or a hash: of two that differ, hardly ever the same.
const fn upper_of(id: u128) -> u64 {
    (id >> 64) as u64
}
