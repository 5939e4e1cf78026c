//! How far values stray from their expectation, learned.
//!
//! The variance of a value of mean `m` is `(unit m + scale m^2) * slot * recent`: Poisson noise and a relative
//! overdispersion, what this slot of the day has shown (batch edges are uncertain, quiet nights are not), and what
//! the last hour has shown. The edges' deviates are moved so that each tail holds its share in the long run, as in
//! adaptive conformal inference (Gibbs and Candes 2021): the distribution may be wrong, the coverage is not.

use serde::{Deserialize, Serialize};

use super::calendar::DAY;
use super::distribution::{Distribution, tail_probability};
use super::{Band, Width};

/// Squared deviates count at most so much: an outlier widens nothing by itself.
const SQUARE_MAX: f32 = 9.0;

/// The share of the last hour's squared deviates in the variance.
const RECENT_SHARE: f32 = 0.3;

/// How much a day's deviate moves its slot's factor, and its neighbours' within a quarter of an hour.
const SLOT_GAIN: f32 = 0.025;
const NEIGHBOUR_SHARE: f32 = 0.4;
const NEIGHBOUR_SECONDS: i64 = 900;

/// How much a value outside moves the edge, in standard deviations.
const EDGE_GAIN: f32 = 0.03;

/// Deviates beyond are incidents, of which edges learn nothing.
const EDGE_DEVIATE_MAX: f32 = 6.0;

/// A real series' noise is at least this share of its level.
const REAL_FLOOR: f32 = 1e-3;

/// A day with no more values than this has few: what they tell comes from other days.
pub(super) const FEW_A_DAY: usize = 4;

/// Where a day has few values, the scale is at most so many times what the last ones show: to come down by a small
/// share a value would take months.
const LAST: usize = 16;
const LAST_FACTOR: f32 = 2.0;

const SCALE_RANGE: (f32, f32) = (1e-7, 50.0);

/// What is known of a series' noise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Dispersion {
    /// Relative variance beyond Poisson.
    scale: f32,
    /// Mean squared deviate of the last hour.
    recent: f32,
    /// Factor of each slot of the day.
    slots: Vec<f32>,
    /// What is added to the deviates of the lower and the upper edge.
    lower_shift: f32,
    upper_shift: f32,
    period_seconds: i64,
    /// Squared errors beyond the Poisson part, and squared means: a ring of the last.
    last: [(f32, f32); LAST],
    /// Values learned from.
    learned: u32,
}

impl Dispersion {
    pub fn new(period_seconds: i64, slots: usize) -> Self {
        Dispersion {
            scale: 0.1,
            recent: 1.0,
            slots: vec![1.0; slots],
            lower_shift: 0.0,
            upper_shift: 0.0,
            period_seconds,
            last: [(0.0, 0.0); LAST],
            learned: 0,
        }
    }

    /// Days have shown that the scale is at most so large: errors beyond were those of a season that wasn't known.
    pub fn bound(&mut self, scale: f32) {
        self.scale = self.scale.min(scale);
    }

    /// Relative variance beyond Poisson.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The distribution of a value with this mean in a slot; `slot` is `None` while slots tell nothing.
    pub fn around(&self, mean: f32, slot: Option<usize>, level: f32, counts: bool) -> Distribution {
        let of_slot = slot.map_or(1.0, |slot| self.slots[slot]);
        let factor = of_slot * (1.0 - RECENT_SHARE + RECENT_SHARE * self.recent);
        let variance = if counts {
            (factor * (mean + self.scale * mean * mean)).max(mean * 1.001)
        } else {
            factor * self.scale * mean * mean + (REAL_FLOOR * level).powi(2)
        };
        Distribution { mean: f64::from(mean), variance: f64::from(variance), counts }
    }

    /// The band of a distribution.
    pub fn band(&self, distribution: &Distribution, width: Width) -> Band {
        let deviations = width.deviations();
        // Of a narrow band an edge may be moved as far as the middle, not beyond it.
        let moved = |shift: f32| (deviations + f64::from(shift)).max(0.0);
        let (lower, upper) = distribution.edges(moved(self.lower_shift), moved(self.upper_shift));
        Band { expected: distribution.mean, lower, upper }
    }

    /// Learns from a value that had a band.
    pub fn learn_edges(&mut self, value: f64, deviate: f32, band: &Band, counts: bool, width: Width) {
        if deviate.abs() >= EDGE_DEVIATE_MAX {
            return;
        }
        let share = tail_probability(width.deviations()) as f32;
        // A count on the edge is neither in nor out: it counts as its share, so that discreteness moves nothing.
        let outside = |out: bool, on: bool| {
            if out {
                1.0
            } else if on && counts {
                share
            } else {
                0.0
            }
        };
        let upper = outside(value > band.upper, value == band.upper);
        let lower = outside(value < band.lower, value == band.lower);
        self.upper_shift = (self.upper_shift + EDGE_GAIN * (upper - share)).clamp(-1.0, 2.0);
        self.lower_shift = (self.lower_shift + EDGE_GAIN * (lower - share)).clamp(-1.0, 2.0);
    }

    /// Learns from a value's error against its distribution.
    pub fn learn(&mut self, error: f32, distribution: &Distribution, slot: Option<usize>) {
        self.learned = self.learned.saturating_add(1);
        let square = (error * error / distribution.variance as f32).min(SQUARE_MAX);
        let mean = distribution.mean as f32;
        let unit = if distribution.counts { 1.0 } else { 0.0 };
        // How much of the variance is the scale's: a sparse series tells little of it.
        let share = self.scale * mean / (unit + self.scale * mean);
        let slots_a_day = DAY as f32 / self.period_seconds as f32;
        let gain = (3.0 / (self.learned as f32 + 10.0)).max(1.0 / (3.0 * slots_a_day).max(100.0));
        self.scale = (self.scale * (gain * share * (square - 1.0)).exp()).clamp(SCALE_RANGE.0, SCALE_RANGE.1);
        if self.slots.len() <= FEW_A_DAY {
            self.last[self.learned as usize % LAST] = (error * error - unit * mean, mean * mean);
            if self.learned as usize >= LAST {
                self.scale = self.scale.min(self.shown_by_last().max(SCALE_RANGE.0));
            }
        }
        let keep = (-(self.period_seconds as f32) / 3600.0).exp();
        self.recent = keep * self.recent + (1.0 - keep) * square;
        if let Some(slot) = slot {
            self.learn_slot(slot, square);
        }
    }

    /// What the scale is at most by the last values. Where little is due nothing is told of it: errors and means are
    /// summed, and the fewer values their sums are of, the larger it may be.
    fn shown_by_last(&self) -> f32 {
        let squares: f32 = self.last.iter().map(|(_, square)| square).sum();
        let (mut shown, mut concentration) = (0.0, 0.0);
        for (error, square) in &self.last {
            shown += error / squares;
            concentration += (square / squares).powi(2);
        }
        LAST_FACTOR * shown * concentration * LAST as f32
    }

    fn learn_slot(&mut self, slot: usize, square: f32) {
        let gain = SLOT_GAIN * (300.0 / self.period_seconds as f32).clamp(0.05, 1.0);
        let slots = i64::try_from(self.slots.len()).expect("a day has few slots");
        let reach = NEIGHBOUR_SECONDS / self.period_seconds;
        let slot = i64::try_from(slot).expect("a day has few slots");
        for offset in -reach..=reach {
            let share = if offset == 0 { 1.0 } else { NEIGHBOUR_SHARE };
            let near = usize::try_from((slot + offset).rem_euclid(slots)).expect("a remainder is not negative");
            let factor = &mut self.slots[near];
            *factor = (*factor * (1.0 + gain * share * (square - 1.0))).clamp(0.2, 20.0);
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_learned_and_outliers_hardly_move_it() {
        let mut dispersion = Dispersion::new(300, 288);
        // Errors of 30 % either way: a relative variance of 0.09 beyond the Poisson part of 0.001.
        for i in 0..5000 {
            let distribution = dispersion.around(1000.0, None, 1000.0, true);
            let error = if i % 500 == 499 {
                20_000.0
            } else if i % 2 == 0 {
                300.0
            } else {
                -300.0
            };
            dispersion.learn(error, &distribution, None);
        }
        assert!((0.07..0.12).contains(&dispersion.scale), "{}", dispersion.scale);
    }

    #[test]
    fn edges_of_a_narrow_band_never_cross() {
        let mut dispersion = Dispersion::new(300, 288);
        let (constant, width) = (Distribution { mean: 5.5, variance: 0.01, counts: false }, Width::Deviations(0.5));
        for _ in 0..3000 {
            let band = dispersion.band(&constant, width);
            assert!(band.lower <= band.upper, "{band:?}");
            dispersion.learn_edges(5.5, 0.0, &band, false, width);
        }
    }

    #[test]
    fn an_edge_moves_until_its_tail_holds_its_share() {
        let mut dispersion = Dispersion::new(300, 288);
        let width = Width::Deviations(2.0);
        let mut outside = 0;
        for i in 0..40_000 {
            let distribution = Distribution { mean: 100.0, variance: 100.0, counts: false };
            let band = dispersion.band(&distribution, width);
            // One in twenty values is 3 deviations up: at 2 deviations the upper tail would hold 5 %, not 2.3 %.
            let value = if i % 20 == 0 { 130.0 + f64::from(i % 7) } else { 100.0 };
            outside += u32::from(i >= 20_000 && value > band.upper);
            dispersion.learn_edges(value, 3.0, &band, false, width);
        }
        assert!((0.018..0.028).contains(&(f64::from(outside) / 20_000.0)), "{outside}");
    }
}
