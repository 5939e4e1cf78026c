//! Alarms that are about one change. Where nothing is due at night, each night ends an alarm, but tells nothing of what
//! it was about: the next morning goes on with it.

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::level::STOP_MAX;

/// The next alarm is about the same change if it goes on no later than this after the last one: a weekend may lie
/// between them.
const APART_SECONDS: i64 = 4 * 86_400;

/// The evidence, a logarithm of odds, that values are again as they were, and what one value may add to it.
const EVIDENCE_MAX: f32 = 8.0;
const SQUARE_MAX: f32 = 9.0;

/// Relative variance of a level that wanders.
const SLOW_VARIANCE: f32 = 0.03;

/// What alarms on one side have shown.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Spell {
    since: i64,
    /// The last period that strayed.
    last: i64,
    is_rise: bool,
    /// Periods that strayed.
    periods: u32,
    /// What came in them, and what was due.
    came: f32,
    due: f32,
    /// How much better what came since the last of them goes with what was before.
    evidence: f32,
}

impl Spell {
    /// An alarm goes on: as a part of what was known, or as a change of its own.
    pub fn begin(known: Option<Spell>, at: i64, is_rise: bool) -> Spell {
        let goes_on = |spell: &Spell| spell.is_rise == is_rise && at - spell.last <= APART_SECONDS;
        let new = Spell { since: at, last: at, is_rise, periods: 0, came: 0.0, due: 0.0, evidence: 0.0 };
        known.filter(goes_on).unwrap_or(new)
    }

    /// When it began.
    pub fn since(&self) -> i64 {
        self.since
    }

    /// Whether it has gone on for so long, has strayed in so many periods, and is no silence.
    pub fn has_lasted(&self, at: i64, seconds: i64, periods: i64) -> bool {
        at - self.since >= seconds && i64::from(self.periods) >= periods && self.came >= STOP_MAX * self.due
    }

    /// Takes note of a period that strays.
    pub fn stray(&mut self, at: i64, value: f32, baseline: &Distribution) {
        self.last = at;
        self.periods = self.periods.saturating_add(1);
        self.came += value;
        self.due += baseline.mean as f32;
        self.evidence = 0.0;
    }

    /// Weighs a period that doesn't; whether it goes on.
    pub fn is_over_with(&mut self, value: f32, baseline: &Distribution) -> bool {
        let factor = if self.due > 0.0 { self.came / self.due } else { 1.0 };
        let (mean, variance) = (baseline.mean as f32, baseline.variance as f32);
        let square = |factor: f32| {
            let mean = factor * mean;
            let variance = variance * factor.max(factor * factor) + SLOW_VARIANCE * mean * mean;
            ((value - mean).powi(2) / variance.max(f32::MIN_POSITIVE)).min(SQUARE_MAX)
        };
        self.evidence = (self.evidence + 0.5 * (square(factor) - square(1.0))).max(0.0);
        self.evidence >= EVIDENCE_MAX
    }
}
