//! A judged series as rows: for programs one a period, for people condensed to what strays.

mod condense;
mod lines;
mod number;

use crate::band::{Band, Judgement};

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

impl BandPoint {
    /// A period for a picture: its value, what was expected with the lower and the upper edge, and whether the alarm
    /// was on.
    pub fn drawn(at: i64, value: Option<f64>, band: Option<(f64, f64, f64)>, anomalous: bool) -> Self {
        let band = band.map(|(expected, lower, upper)| Band { expected, lower, upper });
        BandPoint { at, value, judgement: Judgement { band, anomalous, ..Judgement::default() } }
    }
}
