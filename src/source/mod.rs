//! Bytes from somewhere.
//!
//! Paths enter; what leaves, one at a time, are log objects: a name for people and the bytes as they lie there. Folders
//! are walked in the order of names, so that memory doesn't grow with the trail; what is too large to be taken at once,
//! and what comes through a pipe, is cut into pieces that are objects of their own, where whoever reads them says. The
//! room refuses to know what the bytes mean.

mod content;
mod folder;
mod pieces;

pub use content::{Content, pieces, read, standard_input};
pub use folder::{Problem, Walk, is_open_folder};
pub use pieces::{Cuts, PIECE_BYTES, PieceLimits, Pieces, READ_BYTES_MAX, TellCuts};
