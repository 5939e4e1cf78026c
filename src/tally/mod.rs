//! Calls to counts, each call once.
//!
//! Requests enter from the decoder, an object at a time; what leaves is a batch's counts: by minute, by second and
//! quota pool, by caller, with the event ids that the ledger must remember. A request becomes one small row and one or
//! two ids; nothing is counted until the batch is whole, repeats are removed and what is left is sorted and added up.
//! That is faster than tables of counters, which fall out of the processor's cache as soon as a trail is long.
//!
//! The room refuses to know where counts are stored. The ledger of earlier ids is asked through [`Ledger`], and merging
//! is addition: any order of objects, in any number of batches, gives the same totals.

mod admit;
mod admitted;
mod cells;
mod note;
mod object;
#[cfg(test)]
mod object_tests;
mod profiles;
mod requests;
mod row;
mod settle;

pub use admit::{Batch, Ledger};
pub use admitted::Admitted;
pub use cells::{CallerCells, Cells, MinuteCells, SecondCells, add_up};
pub use note::Note;
pub use object::{ObjectCounts, ObjectTally, Rejects, Scope, Workbench};
pub use profiles::{Dictionaries, Profile, Profiles};
pub use row::{Claim, Id, MARK_MASK, Mark, Row};
