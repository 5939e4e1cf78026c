//! How far the series is from its season just now.
//!
//! Six memories, from one period to a day, each hold a discounted ratio of what came to what was due. How much each
//! tells of the next value is learned: the logarithm of the level is `sum of gain_k ln ratio_k`, and the gains
//! follow by the Kalman recursion of a dynamic generalised linear model with a log link (West, Harrison and Migon
//! 1985), whose observation has the relative variance that `dispersion` gives. A series whose noise is independent
//! learns gains near zero, a random walk learns to follow its last value.

use serde::{Deserialize, Serialize};

use super::calendar::DAY;
use super::dispersion::FEW_A_DAY;

const MEMORIES: usize = 6;

/// The memories' time constants. None is shorter than half a period: of that one the last value is 86 %.
const SECONDS: [f32; MEMORIES] = [1.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0];

/// Gains before anything is learned: without a season, the level is all there is.
const GAINS: [f32; MEMORIES] = [0.15, 0.1, 0.15, 0.2, 0.2, 0.2];

/// Variance of a gain before anything is learned; it bounds how fast gains can change.
const GAIN_VARIANCE: f64 = 0.03;

/// Where gains make sense: outside, the recursion would chase noise. Where a day has few values, most memories hold the
/// last one alone, and a day on which little came would multiply the next.
const GAIN_RANGE: (f32, f32) = (-0.6, 1.2);
const GAIN_MIN_OF_FEW: f32 = 0.0;
const GAIN_SUM_RANGE: (f32, f32) = (-0.1, 1.02);

/// What counts as much as this many expected calls is known beforehand of every ratio: it is 1.
const PRIOR: f32 = 1.0;

/// The largest logarithm of a level: a factor of 55.
const LEVEL_MAX: f32 = 4.0;

/// What has fallen below this share has stopped: the level could not follow it back.
pub(super) const STOP_MAX: f32 = 0.02;

/// How fast what came since the alarm went on is forgotten, and where its ratio is believed: a series that stopped may
/// come again.
const ALARM_SECONDS: f32 = 21_600.0;
const ALARM_PERIODS_MIN: f32 = 4.0;
const ALARM_FACTOR_RANGE: (f32, f32) = (1e-7, 1e7);

/// The memories and what they tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Level {
    keep: [f32; MEMORIES],
    came: [f32; MEMORIES],
    due: [f32; MEMORIES],
    gain: [f32; MEMORIES],
    gain_min: f32,
    covariance: [[f64; MEMORIES]; MEMORIES],
    alarm_keep: f32,
    alarm_came: f32,
    alarm_due: f32,
    /// What the memories said when the alarm went on.
    before_alarm: Ratios,
}

/// The logarithms of the memories' ratios.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Ratios([f32; MEMORIES]);

impl Level {
    pub fn new(period_seconds: f32) -> Self {
        let mut covariance = [[0.0; MEMORIES]; MEMORIES];
        for (k, row) in covariance.iter_mut().enumerate() {
            row[k] = GAIN_VARIANCE;
        }
        let is_few = DAY as f32 <= FEW_A_DAY as f32 * period_seconds;
        Level {
            keep: SECONDS.map(|seconds| (-period_seconds / seconds.max(0.5 * period_seconds)).exp()),
            came: [0.0; MEMORIES],
            due: [0.0; MEMORIES],
            gain: GAINS,
            gain_min: if is_few { GAIN_MIN_OF_FEW } else { GAIN_RANGE.0 },
            covariance,
            alarm_keep: (-period_seconds / ALARM_SECONDS.max(ALARM_PERIODS_MIN * period_seconds)).exp(),
            alarm_came: 0.0,
            alarm_due: 0.0,
            before_alarm: Ratios::default(),
        }
    }

    /// What the memories say now.
    pub fn ratios(&self) -> Ratios {
        Ratios(std::array::from_fn(|k| ((self.came[k] + PRIOR) / (self.due[k] + PRIOR)).ln()))
    }

    /// The factor on the season.
    pub fn factor(&self, ratios: &Ratios) -> f32 {
        let log: f32 = self.gain.iter().zip(&ratios.0).map(|(gain, ratio)| gain * ratio).sum();
        log.clamp(-LEVEL_MAX, LEVEL_MAX).exp()
    }

    /// Begins to remember an alarm.
    pub fn begin_alarm(&mut self) {
        (self.alarm_came, self.alarm_due) = (0.0, 0.0);
        self.before_alarm = self.ratios();
    }

    /// The factor on the season when the alarm went on.
    pub fn factor_before_alarm(&self) -> f32 {
        self.factor(&self.before_alarm)
    }

    /// Forgets what came since the alarm went on: values are again as they were before it.
    pub fn forget_alarm(&mut self) {
        for k in 0..MEMORIES {
            self.came[k] = ((self.due[k] + PRIOR) * self.before_alarm.0[k].exp() - PRIOR).max(0.0);
        }
    }

    /// Remembers a value of an alarm, as `add` does.
    pub fn add_to_alarm(&mut self, came: f32, due: f32) {
        self.alarm_came = self.alarm_came * self.alarm_keep + came;
        self.alarm_due = self.alarm_due * self.alarm_keep + due;
    }

    /// The ratio since the alarm began, mostly of its last hours. Nothing is known of it beforehand: what stopped at
    /// night, when little was due, has stopped.
    pub fn of_alarm(&self) -> f32 {
        let ratio = if self.alarm_due > 0.0 { self.alarm_came / self.alarm_due } else { 1.0 };
        ratio.clamp(ALARM_FACTOR_RANGE.0, ALARM_FACTOR_RANGE.1)
    }

    /// The ratio of the last day.
    pub fn of_day(&self) -> f32 {
        (self.came[MEMORIES - 1] + PRIOR) / (self.due[MEMORIES - 1] + PRIOR)
    }

    /// Learns the gains from an error relative to the prediction, whose inverse variance is `information`. `forget`
    /// is the share of what is known that stays.
    pub fn learn(&mut self, ratios: &Ratios, error: f32, information: f32, forget: f64) {
        let x = ratios.0.map(f64::from);
        let spread = self.covariance.map(|row| row.iter().zip(&x).map(|(c, x)| c * x).sum::<f64>());
        let variance: f64 = x.iter().zip(&spread).map(|(x, s)| x * s).sum();
        let total = 1.0 / f64::from(information) + variance.max(0.0);
        for (i, row) in self.covariance.iter_mut().enumerate() {
            let gain = spread[i] / total;
            self.gain[i] = (self.gain[i] + (gain * f64::from(error)) as f32).clamp(self.gain_min, GAIN_RANGE.1);
            for (covariance, spread) in row.iter_mut().zip(&spread) {
                *covariance = forget * (*covariance - gain * spread);
            }
            // A mixture with the prior instead of a division by `forget`: what isn't excited can't grow without
            // bound.
            row[i] += (1.0 - forget) * GAIN_VARIANCE;
        }
        let sum: f32 = self.gain.iter().sum();
        let over = sum - sum.clamp(GAIN_SUM_RANGE.0, GAIN_SUM_RANGE.1);
        for gain in &mut self.gain {
            *gain -= over / MEMORIES as f32;
        }
    }

    /// Remembers a value and what the season said, both weighted.
    pub fn add(&mut self, came: f32, due: f32) {
        for k in 0..MEMORIES {
            self.came[k] = self.came[k] * self.keep[k] + came;
            self.due[k] = self.due[k] * self.keep[k] + due;
        }
    }

    /// Lets periods pass without a value: what is remembered fades.
    pub fn skip(&mut self, periods: f32) {
        for k in 0..MEMORIES {
            let keep = self.keep[k].powf(periods);
            self.came[k] *= keep;
            self.due[k] *= keep;
        }
    }

    /// What came is what was due: the level is the season's.
    pub fn reset(&mut self) {
        self.came = self.due;
    }

    /// The season's own level changed by a factor.
    pub fn rescale(&mut self, factor: f32) {
        for due in &mut self.due {
            *due *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(values: impl Iterator<Item = f32>) -> Level {
        let mut level = Level::new(300.0);
        for value in values {
            let ratios = level.ratios();
            let mean = 100.0 * level.factor(&ratios);
            level.learn(&ratios, (value - mean) / mean, 25.0, 0.9995);
            level.add(value, 100.0);
        }
        level
    }

    #[test]
    fn independent_noise_is_not_followed() {
        // A linear congruential generator's top bit: a coin.
        let mut state = 1u64;
        let mut coin = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 63
        };
        let level = run((0..4000).map(|_| if coin() == 0 { 80.0 } else { 120.0 }));
        assert!((level.factor(&level.ratios()) - 1.0).abs() < 0.08);
    }

    #[test]
    fn a_level_that_stays_is_followed() {
        let level = run((0..4000).map(|i| if (i / 200) % 2 == 0 { 50.0 } else { 200.0 }));
        assert!((level.factor(&level.ratios()) / 2.0 - 1.0).abs() < 0.1);
    }

    #[test]
    fn after_a_long_gap_the_season_is_all_that_is_known() {
        let mut level = run((0..4000).map(|i| if (i / 200) % 2 == 0 { 50.0 } else { 200.0 }));
        level.skip(10_000.0);
        assert!((level.factor(&level.ratios()) - 1.0).abs() < 1e-3);
    }
}
