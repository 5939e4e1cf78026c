//! The expectation that incidents can't drag along.
//!
//! The band follows the level within minutes; the alarm must not, or a slow ramp would never be one. The baseline is
//! the season times a ratio over the last day, which learns from values cut close to itself, and from none while the
//! alarm is on.

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;

/// The ratio's time constant.
const MEMORY_SECONDS: f32 = 86_400.0;

/// What is known of the ratio beforehand, as in `level`, and how much of its logarithm is believed: half of what a
/// day strays from its season is gone by the next.
const PRIOR: f32 = 3.0;
const TRUST: f32 = 0.45;

/// The largest factor on the season, and its inverse the smallest.
const FACTOR_MAX: f32 = 1e3;

/// Values are cut at so many standard deviations.
const CUT_DEVIATIONS: f32 = 4.0;

/// How early or late a batch may start: the season's swing within this time is uncertainty of the edge.
pub(super) const EDGE_SECONDS: i64 = 600;

/// Where the swing's square exceeds the variance so many times, a slot is an edge that jitter can be learned at.
const EDGE_RATIO: f32 = 9.0;

/// How fast jitter is forgotten, an edge slot at a time, and the share of a swing's square beyond which it isn't
/// believed.
const JITTER_KEEP: f32 = 0.99;
const JITTER_MAX: f32 = 0.5;

/// A slow ratio to the season, and how uncertain the season's edges are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Baseline {
    came: f32,
    due: f32,
    keep: f32,
    /// Sum and number of squared errors at edges, relative to the squared swing.
    jitter: f32,
    jitter_weight: f32,
}

impl Baseline {
    pub fn new(period_seconds: f32) -> Self {
        let keep = (-period_seconds / MEMORY_SECONDS).exp();
        Baseline { came: 0.0, due: 0.0, keep, jitter: 0.1, jitter_weight: 5.0 }
    }

    /// The factor on the season.
    pub fn factor(&self) -> f32 {
        ((self.came + PRIOR) / (self.due + PRIOR)).powf(TRUST).clamp(1.0 / FACTOR_MAX, FACTOR_MAX)
    }

    /// The variance that comes from an edge's jitter, where the season swings by so much.
    pub fn jitter_variance(&self, swing: f32) -> f32 {
        (self.jitter / self.jitter_weight).min(JITTER_MAX) * swing * swing
    }

    /// Learns how far values are off at edges: `around` without the jitter's variance.
    pub fn learn_jitter(&mut self, value: f32, around: &Distribution, swing: f32) {
        let (mean, variance, square) = (around.mean as f32, around.variance as f32, swing * swing);
        if square > EDGE_RATIO * variance {
            let share = (((value - mean).powi(2) - variance).max(0.0) / square).min(1.0);
            self.jitter = self.jitter * JITTER_KEEP + share;
            self.jitter_weight = self.jitter_weight * JITTER_KEEP + 1.0;
        }
    }

    /// Learns the ratio from a value, weighted; `around` is the baseline's distribution.
    pub fn learn(&mut self, value: f32, season: f32, weight: f32, around: &Distribution) {
        let (mean, reach) = (around.mean as f32, CUT_DEVIATIONS * around.variance.sqrt() as f32);
        let cut = value.clamp(mean - reach, mean + reach).max(0.0);
        self.came = self.came * self.keep + weight * cut;
        self.due = self.due * self.keep + weight * season;
    }

    /// Lets periods pass without a value: the ratio fades.
    pub fn skip(&mut self, periods: f32) {
        let keep = self.keep.powf(periods);
        self.came *= keep;
        self.due *= keep;
    }

    /// The season took the new level in: the ratio is 1.
    pub fn reset(&mut self) {
        self.came = self.due;
    }
}
