//! What the tests of `change` are asked of a period, and what they say.

use super::distribution::Distribution;

/// A period, as the tests see it.
pub(super) struct Sight<'a> {
    pub at: i64,
    pub value: f32,
    /// What the band expects.
    pub expected: f32,
    /// Deviate of the value from the band's expectation, by its likelihood too, and from the baseline.
    pub deviate: f32,
    pub likelihood_deviate: f32,
    pub off_baseline: f32,
    /// The baseline's distribution.
    pub baseline: &'a Distribution,
    /// Hours since local midnight, with their fraction.
    pub hour: f32,
    /// Whether there is a season to compare sums with.
    pub seasonal: bool,
    /// Whether days like today are known, so that what doesn't come is missed.
    pub known: bool,
    /// Whether there is a band to be outside of.
    pub ready: bool,
    /// What is below what was due by less than this has not fallen.
    pub fall_min: f32,
    /// Whether values have a zero of their own, so that a change is a ratio.
    pub has_zero: bool,
}

/// What the tests say of a period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    /// Minus the decimal logarithm of how often a period is as unusual.
    pub surprise: f32,
    pub alarm: bool,
    /// Whether the value itself strays: in an alarm that waits for a quarter of an hour, values may have come back.
    pub strays: bool,
    /// Whether this is the first value of an alarm that has come back.
    pub comes_back: bool,
}
