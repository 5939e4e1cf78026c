//! What a batch comes to: the requests that count, and what the ledger is to remember.

use std::collections::BTreeMap;

use super::note::Note;
use super::row::{Mark, Row};

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Admitted {
    /// Requests that count.
    pub rows: Vec<Row>,
    /// Requests that were counted before for less than these copies tell: they count in series and by caller, not as
    /// requests once more.
    pub mended: Vec<Row>,
    /// What was counted of them, as far as these copies replace it.
    pub taken_back: Vec<Note>,
    /// The ids to remember, by hour, sorted, with their marks, and the entries beside them.
    pub new_ids: BTreeMap<u32, Vec<u128>>,
    /// Requests that were copies of others.
    pub duplicates: u64,
}

/// An id in its hour's bucket. Twenty-four bytes, a quarter less than with the hash as one number: a batch sorts a
/// quarter of a million.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    upper: u64,
    lower: u64,
    pub row: u32,
    /// The mark that the ledger has, if it is known; else that of the row, which lies elsewhere.
    pub mark: Mark,
    /// Whether the ledger has it.
    pub known: bool,
}

impl Entry {
    /// An id that the ledger isn't known to have.
    #[inline]
    pub fn new(hash: u128, row: u32, mark: Mark) -> Self {
        Self { upper: (hash >> 64) as u64, lower: hash as u64, row, mark, known: false }
    }

    #[inline]
    pub fn hash(&self) -> u128 {
        u128::from(self.upper) << 64 | u128::from(self.lower)
    }
}
