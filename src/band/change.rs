//! When the alarm goes on: how unusual a value is, and its sums over the last minutes and hours.
//!
//! Five tests run side by side: the value against the band's own expectation, and discounted sums over a quarter of
//! an hour, one, three and eight hours against the baseline, as health surveillance sums counts that are mildly
//! high for long. Each has a tail on each side, and its share of the alarm's budget. A change that is small is no
//! incident, however rare.

use serde::{Deserialize, Serialize};

use super::dispersion::FEW_A_DAY;
use super::distribution::Distribution;
use super::sight::{Sight, Verdict};
use super::spell::Spell;
use super::tail::Tail;

const SUMS: usize = 4;
const TESTS: usize = SUMS + 1;
const SUM_SECONDS: [f32; SUMS] = [900.0, 3_600.0, 10_800.0, 28_800.0];
const HOURS: usize = 24;

/// Values count in a sum up to so many standard deviations from the baseline.
const CUT_DEVIATIONS: f32 = 8.0;

/// Relative variance of a sum that isn't the values' own, before anything is learned: a level that wanders for hours.
const SLOW_VARIANCE: f32 = 0.04;

/// Gains of that variance, per sum that passed, and of its factor for the hour of the day, per day.
const SLOW_GAIN: f32 = 0.01;
const HOUR_GAIN: f32 = 0.15;
const SQUARE_MAX: f32 = 7.5;

/// What sums have wandered by at least may be a tenth more with every day.
const USUAL_GROWTH: f32 = 1.1;

/// A sum of hours speaks only if the shorter one beside it is on the same side by so much, a value only if it is also
/// off the baseline.
const SUPPORT: f32 = 1.0;
const VALUE_SUPPORT: f32 = 1.5;

/// Below these deviates of the value and of a quarter of an hour, all is quiet.
const QUIET: f32 = 2.0;

/// A value so many deviates off the baseline is an incident by itself.
const FAR_OFF: f32 = 4.0;

/// Weeks after which what tails know has faded to a third.
const MEMORY_WEEKS: f32 = 4.0;

/// Fewer calls than this above what is expected wake nobody: of a value three to the next whole call, since where
/// hardly any is due three calls are a little less above it, and of a sum.
const VALUE_EXCESS_MIN: f32 = 2.5;
const SUM_EXCESS_MIN: f32 = 10.0;

/// Weights of a rise and a fall in the alarm's budget. What is mildly high for hours shows in sums alone; what falls by
/// half shows in the value and the shortest sum before it shows in the others.
const VALUE_WEIGHTS: [f32; 2] = [1.0, 1.0];
const SUM_WEIGHTS: [f32; 2] = [2.0, 0.2];

/// What is smaller is no incident, however rare it is: a rise by 3/10, a fall to a half. For the score a fall by as
/// much as a rise is enough, and of values that are no counts a tenth: a temperature is not measured from nothing.
const RISE_MIN: f32 = 1.3;
const FALL_MAX: f32 = 0.5;
const SCORED_MEASURE_RISE_MIN: f32 = 1.1;

/// The tests and the alarm's state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ChangeDetector {
    week_periods: f32,
    keep: [f32; SUMS],
    span: [f32; SUMS],
    came: [f32; SUMS],
    due: [f32; SUMS],
    variance: [f32; SUMS],
    slow: [f32; SUMS],
    hours: [[f32; SUMS]; HOURS],
    /// What the two make on the mean of hours, and the least of it in the last days.
    usual: [f32; SUMS],
    tails: [[Tail; 2]; TESTS],
    /// The value's tails while there is no season, alarm or not: what comes every hour is no incident on the first day.
    young: [Tail; 2],
    /// The tails of the value's deviate by its likelihood, of the score alone: what was shown lately it leaves out.
    likelihood: [Tail; 2],
    on_since: Option<i64>,
    /// What this alarm and those before it are about.
    spell: Option<Spell>,
    /// Periods with a value since it is on.
    periods_on: u32,
    quiet_periods: f32,
    /// Whether a value of the alarm was far off the baseline.
    was_far_off: bool,
    /// Whether the last value was one that has come back.
    was_back: bool,
    /// Since the last value that was off the baseline: what came, what was due, and its variance.
    since_off: [f32; 3],
}

impl ChangeDetector {
    pub fn new(period_seconds: f32) -> Self {
        let week_periods = 604_800.0 / period_seconds;
        let span = SUM_SECONDS.map(|seconds| (seconds / period_seconds).max(1.0));
        let tail = |test: usize| Tail::new(week_periods, if test == 0 { 1.0 } else { span[test - 1] });
        ChangeDetector {
            week_periods,
            keep: SUM_SECONDS.map(|seconds| (-period_seconds / seconds.max(2.0 * period_seconds)).exp()),
            span,
            came: [0.0; SUMS],
            due: [0.0; SUMS],
            variance: [0.0; SUMS],
            slow: [SLOW_VARIANCE; SUMS],
            hours: [[1.0; SUMS]; HOURS],
            usual: [SLOW_VARIANCE; SUMS],
            tails: std::array::from_fn(|test| [tail(test), tail(test)]),
            young: std::array::from_fn(|_| Tail::uncut(week_periods, 1.0)),
            likelihood: std::array::from_fn(|_| Tail::fixed(week_periods, 1.0)),
            on_since: None,
            spell: None,
            periods_on: 0,
            quiet_periods: 0.0,
            was_far_off: false,
            was_back: false,
            since_off: [0.0; 3],
        }
    }

    /// When the alarm went on, if it is.
    pub fn on_since(&self) -> Option<i64> {
        self.on_since
    }

    /// When the alarm went on, if it has been on for so many periods with a value.
    pub fn on_for(&self, periods: i64) -> Option<i64> {
        self.on_since.filter(|_| i64::from(self.periods_on) >= periods)
    }

    /// When the change began that alarms are about, if that was so long ago and so many periods strayed. Not for
    /// silence: alarms that end in between may be about days on which nothing comes.
    pub fn lasts_since(&self, at: i64, seconds: i64, periods: i64) -> Option<i64> {
        self.spell.filter(|spell| spell.has_lasted(at, seconds, periods)).map(|spell| spell.since())
    }

    /// When the change began that alarms are about.
    pub fn changed_at(&self) -> Option<i64> {
        self.spell.map(|spell| spell.since())
    }

    /// Lets periods pass without a value: the sums fade.
    pub fn skip(&mut self, periods: f32) {
        for k in 0..SUMS {
            let keep = self.keep[k].powf(periods);
            self.came[k] *= keep;
            self.due[k] *= keep;
            self.variance[k] *= keep * keep;
        }
    }

    /// Takes note, once a day, of what sums wander by.
    pub fn begin_day(&mut self) {
        for (k, now) in self.slow_of_hours().into_iter().enumerate() {
            self.usual[k] = (self.usual[k] * USUAL_GROWTH).min(now);
        }
    }

    /// What the sums were off by in the last days was another level, which they don't wander by any more.
    pub fn forget_level(&mut self) {
        for (k, now) in self.slow_of_hours().into_iter().enumerate() {
            self.slow[k] *= self.usual[k] / now;
        }
        self.end();
    }

    /// The variance of a sum that isn't the values' own, as the hours have it on their geometric mean.
    fn slow_of_hours(&self) -> [f32; SUMS] {
        let log = |k: usize| self.hours.iter().map(|hour| hour[k].ln()).sum::<f32>() / HOURS as f32;
        std::array::from_fn(|k| self.slow[k] * log(k).exp())
    }

    /// Looks at a period. `pages_per_week` is how often this series may page falsely.
    pub fn look(&mut self, sight: &Sight, pages_per_week: f32) -> Verdict {
        let mut deviates = [0.0; TESTS];
        deviates[0] = sight.deviate;
        deviates[1..].copy_from_slice(&self.sum_deviates(sight));
        let rarest = self.rarest(&deviates, sight);
        let hit = sight.ready && rarest.rate * self.week_periods < pages_per_week / self.weights();
        if hit && self.on_since.is_none() {
            self.on_since = Some(sight.at);
            let is_rise = sight.value > sight.baseline.mean as f32;
            self.spell = Some(Spell::begin(self.spell, sight.at, is_rise));
        }
        let has_come_back = self.has_come_back(sight);
        let comes_back = has_come_back && !self.was_back;
        self.was_back = has_come_back;
        // Among few values a day sums hold days: what lasts are values in a row that stray.
        let is_few = self.week_periods <= 7.0 * FEW_A_DAY as f32;
        if self.on_since.is_some() {
            self.periods_on = if is_few && has_come_back { 0 } else { self.periods_on.saturating_add(1) };
        }
        let quiet = deviates[0].abs() < QUIET && (!sight.seasonal || deviates[1].abs() < QUIET);
        let quiet = quiet || (is_few && has_come_back);
        self.quiet_periods = if quiet { self.quiet_periods + 1.0 } else { 0.0 };
        let alarm = self.on_since.is_some() && !quiet;
        let strays = !has_come_back && alarm;
        self.go_on(sight, strays);
        if self.on_since.is_some() && self.quiet_periods >= self.span[0].max(2.0) {
            self.calm_down();
        }
        Verdict { surprise: (-rarest.rate_of_score.log10()).max(0.0), alarm, strays, comes_back }
    }

    fn go_on(&mut self, sight: &Sight, strays: bool) {
        let Some(spell) = &mut self.spell else { return };
        if strays {
            spell.stray(sight.at, sight.value, sight.baseline);
        } else if spell.is_over_with(sight.value, sight.baseline) {
            self.spell = None;
        }
    }

    /// Ends the alarm and what it is about.
    pub fn end(&mut self) {
        self.calm_down();
        self.spell = None;
    }

    /// Ends the alarm, and forgets what the sums hold beyond the baseline.
    fn calm_down(&mut self) {
        self.on_since = None;
        self.periods_on = 0;
        self.quiet_periods = 0.0;
        self.was_far_off = false;
        self.came = self.due;
    }

    /// Whether values are near the baseline again after some that were far off, one by one. The sums are off for long
    /// then, and so is the level that the incident has made: what came since tells.
    fn has_come_back(&mut self, sight: &Sight) -> bool {
        let off = sight.off_baseline.abs();
        self.was_far_off = self.on_since.is_some() && (self.was_far_off || off >= FAR_OFF);
        if off >= QUIET {
            self.since_off = [0.0; 3];
            return false;
        }
        let value = [sight.value, sight.baseline.mean as f32, sight.baseline.variance as f32];
        self.since_off.iter_mut().zip(value).for_each(|(sum, value)| *sum += value);
        let [came, due, variance] = self.since_off;
        let total = variance + self.slow[0] * due * due;
        self.was_far_off && sight.seasonal && (came - due).powi(2) < QUIET * QUIET * total
    }

    fn sum_deviates(&mut self, sight: &Sight) -> [f32; SUMS] {
        let (mean, variance) = (sight.baseline.mean as f32, sight.baseline.variance as f32);
        let reach = CUT_DEVIATIONS * variance.sqrt();
        let cut = sight.value.clamp(mean - reach, mean + reach).max(0.0);
        // Between the middles of two hours their factors are mixed: a step would be an alarm on the hour.
        let middle = (sight.hour - 0.5).rem_euclid(HOURS as f32);
        let (first, share) = (middle as usize % HOURS, middle.fract());
        let second = (first + 1) % HOURS;
        let nearest = if share < 0.5 { first } else { second };
        std::array::from_fn(|k| {
            let keep = self.keep[k];
            self.came[k] = self.came[k] * keep + cut;
            self.due[k] = self.due[k] * keep + mean;
            self.variance[k] = self.variance[k] * keep * keep + variance;
            let of_hour = self.hours[first][k] * (1.0 - share) + self.hours[second][k] * share;
            let slow = self.slow[k] * of_hour * self.due[k] * self.due[k];
            let total = self.variance[k] + slow;
            if sight.seasonal && self.on_since.is_none() {
                let square = ((self.came[k] - self.due[k]).powi(2) / total).min(SQUARE_MAX);
                self.learn_slow(k, nearest, slow / total * (square - 1.0));
            }
            let sum = Distribution { mean: f64::from(self.due[k]), variance: f64::from(total), ..*sight.baseline };
            sum.deviate(f64::from(self.came[k]), sight.known) as f32
        })
    }

    fn learn_slow(&mut self, k: usize, hour: usize, change: f32) {
        let periods_an_hour = (self.week_periods / 168.0).max(1.0);
        let of_hour = &mut self.hours[hour][k];
        *of_hour = (*of_hour * (1.0 + HOUR_GAIN / periods_an_hour * change)).clamp(0.3, 30.0);
        let gain = (SLOW_GAIN / self.span[k]).max(1.0 / (3.0 * self.week_periods));
        self.slow[k] = (self.slow[k] * (1.0 + gain * change)).clamp(1e-5, 10.0);
    }

    /// The weights of all tests that differ: a sum over less than two periods is one over two.
    fn weights(&self) -> f32 {
        let sums = 1 + self.keep.windows(2).filter(|pair| pair[0] != pair[1]).count();
        VALUE_WEIGHTS.iter().sum::<f32>() + sums as f32 * SUM_WEIGHTS.iter().sum::<f32>()
    }

    /// What came and what was due, in a test's time. A value must be off both what the band and what the baseline
    /// expects.
    fn change(&self, test: usize, side: f32, sight: &Sight) -> Change {
        let (expected, baseline) = (sight.expected, sight.baseline.mean as f32);
        let (came, due) = match test {
            0 => (sight.value, if side > 0.0 { expected.max(baseline) } else { expected.min(baseline) }),
            _ => (self.came[test - 1], self.due[test - 1]),
        };
        Change { came, due, side, is_ratio: sight.has_zero, fall_min: sight.fall_min }
    }

    fn rarest(&mut self, deviates: &[f32; TESTS], sight: &Sight) -> Rarest {
        let keep = 1.0 - 1.0 / (MEMORY_WEEKS * self.week_periods);
        let mut rarest = Rarest { rate: 1.0, rate_of_score: 1.0 };
        for test in 0..if sight.seasonal { TESTS } else { 1 } {
            for (tail, side) in [1.0f32, -1.0].into_iter().enumerate() {
                let supported = match test {
                    0 => !sight.seasonal || sight.off_baseline * side >= VALUE_SUPPORT,
                    1 => true,
                    _ => deviates[test - 1] * side >= SUPPORT,
                };
                let of = |deviate: f32| if supported { deviate * side } else { 0.0 };
                let deviate = of(deviates[test]);
                let change = self.change(test, side, sight);
                let known = if sight.seasonal { &self.tails[test][tail] } else { &self.young[tail] };
                let rate = known.rate(deviate);
                let weighted = rate / if test == 0 { VALUE_WEIGHTS[tail] } else { SUM_WEIGHTS[tail] };
                if weighted < rarest.rate && change.is_large(RISE_MIN, FALL_MAX) && change.is_enough(test, sight) {
                    rarest.rate = weighted;
                }
                let by_likelihood = of(sight.likelihood_deviate);
                let rate = if test == 0 { self.likelihood[tail].rate(by_likelihood) } else { rate };
                let rise_min = if sight.baseline.counts { RISE_MIN } else { SCORED_MEASURE_RISE_MIN };
                if rate < rarest.rate_of_score && change.is_large(rise_min, 1.0 / rise_min) {
                    rarest.rate_of_score = rate;
                }
                if !sight.seasonal {
                    self.young[tail].learn(deviate, keep);
                }
                if self.on_since.is_none() {
                    self.tails[test][tail].learn(deviate, keep);
                    if test == 0 {
                        self.likelihood[tail].learn(by_likelihood, keep);
                    }
                }
            }
        }
        rarest
    }
}

/// The rarest of the tests.
struct Rarest {
    /// Clusters a period that go as high, over the test's weight.
    rate: f32,
    /// The same for the score.
    rate_of_score: f32,
}

/// What came and what was due.
struct Change {
    came: f32,
    due: f32,
    side: f32,
    is_ratio: bool,
    fall_min: f32,
}

impl Change {
    /// Whether it is large enough to matter.
    fn is_large(&self, rise_min: f32, fall_max: f32) -> bool {
        let has_fallen = self.came <= fall_max * self.due && self.due - self.came >= self.fall_min;
        !self.is_ratio || if self.side > 0.0 { self.came >= rise_min * self.due } else { has_fallen }
    }

    /// Whether a rise of counts is one of more than a few calls, in a period that is high itself.
    fn is_enough(&self, test: usize, sight: &Sight) -> bool {
        let is_high = f64::from(sight.value) > sight.baseline.mean;
        let least = if test == 0 { VALUE_EXCESS_MIN } else { SUM_EXCESS_MIN };
        self.side < 0.0 || !sight.baseline.counts || (is_high && self.came - self.due >= least)
    }
}
