//! Answers to text.
//!
//! What enters are columns and rows of typed cells; what leaves is a table for people, fitted to a width, or CSV or
//! JSON for programs, whose headers and fields are promises (`docs/output.md`). This room refuses to know what was
//! asked, and where its text goes: it writes to what it is given.

mod band;
mod cell;
pub mod chart;
mod csv;
mod json;
mod shorten;
mod spark;
mod text;
mod words;
mod zone;

pub use band::{BandLines, BandPoint, BandRow, Condensed, condense};
pub use cell::{Cell, Column};
pub use csv::csv;
pub use json::json;
pub use spark::spark;
pub use text::table;
pub use words::{shell_word, wrapped};
pub use zone::Zone;
