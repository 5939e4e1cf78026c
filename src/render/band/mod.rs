//! A judged series as rows: for programs one a period, for people condensed to what strays.

mod condense;
mod lines;
mod number;

use crate::band::Judgement;

pub use condense::{Condensed, condense};
pub use lines::{BandLines, BandRow};

/// A period's value and what the band says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandPoint {
    /// The period's first second, since 1970.
    pub at: i64,
    /// The value; `None` if it is missing.
    pub value: Option<f64>,
    /// What the band says of it.
    pub judgement: Judgement,
}
