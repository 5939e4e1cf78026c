//! Days that don't go as their date says: holidays, and clocks that are put forward or back.
//!
//! Beside what today's season expects, three alternatives are watched: the profile of the other group of days (a
//! holiday looks like a Sunday), and today's own an hour earlier and an hour later. Each gathers evidence, the
//! discounted sum over six hours of how much less it lost on a quarter of an hour than the season did. Losses are
//! the negative log likelihoods of a normal distribution, cut, so that no single value decides. The season may take
//! another level for it, that of the last hour: an incident is no other day.

use serde::{Deserialize, Serialize};

/// What is judged at once.
const BLOCK_SECONDS: f32 = 900.0;

/// How long evidence lasts, and how many blocks at least.
const MEMORY_SECONDS: f32 = 21_600.0;
const MEMORY_BLOCKS: f32 = 12.0;

/// Squared errors count at most so much, in variances, and a block at most so much either way.
const SQUARE_MAX: f32 = 9.0;
const EVIDENCE_MAX: f32 = 4.0;

/// Relative variance that a block shares.
const SHARED_VARIANCE: f32 = 0.03;

/// The evidence, a logarithm of odds, that makes an alternative the rule: 1 in 160,000 against it.
const EVIDENCE_MIN: f32 = 12.0;

/// The evidence that a day begins with after a holiday: another is likelier then.
const EVIDENCE_AFTER: f32 = 6.0;

/// The time over which the season may take another level.
const LEVEL_SECONDS: f32 = 3_600.0;

/// What such a level costs a block, against a day of the other group: that says beforehand at which level values are,
/// the last hour is asked. An hour earlier or later says no other level, and its rival pays nothing.
const LEVEL_COST: [f32; ALTERNATIVES] = [0.6, 0.0, 0.0];

const ALTERNATIVES: usize = 3;

/// What is expected of a period: a mean and its variance.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Expected {
    pub mean: f32,
    pub variance: f32,
}

/// What the evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Today began or ceased to look like a day of the other group.
    Day,
    /// The series runs an hour earlier than it did.
    Earlier,
    /// It runs an hour later.
    Later,
}

/// The evidence for each alternative: the other group's day, an hour earlier, an hour later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Alternatives {
    keep: f32,
    keep_level: f32,
    /// Periods of a block, and of the one that is on.
    periods: u32,
    on: u32,
    /// What came in this block, and what the season and the alternatives expected.
    came: f32,
    season: Expected,
    expected: [Expected; ALTERNATIVES],
    evidence: [f32; ALTERNATIVES],
    /// What came and what the season expected in the last hour.
    hour: (f32, f32),
    other: bool,
}

impl Alternatives {
    pub fn new(period_seconds: f32) -> Self {
        let periods = (BLOCK_SECONDS / period_seconds).max(1.0).floor();
        let block = periods * period_seconds;
        Alternatives {
            keep: (-block / MEMORY_SECONDS.max(MEMORY_BLOCKS * block)).exp(),
            keep_level: (-block / LEVEL_SECONDS.max(2.0 * block)).exp(),
            periods: periods as u32,
            on: 0,
            came: 0.0,
            season: Expected::default(),
            expected: [Expected::default(); ALTERNATIVES],
            evidence: [0.0; ALTERNATIVES],
            hour: (0.0, 0.0),
            other: false,
        }
    }

    /// Whether today looks like a day of the other group.
    pub fn is_other_day(&self) -> bool {
        self.other
    }

    /// Forgets all evidence.
    pub fn reset(&mut self) {
        self.evidence = [0.0; ALTERNATIVES];
        self.other = false;
    }

    /// Begins a day, of the same group as the one before or of the other: most holidays last for one.
    pub fn begin_day(&mut self, same_group: bool) {
        let was_other = self.other;
        self.reset();
        if was_other {
            // What came was off the season since it was another day's: no level that the next day could be at.
            self.hour = (0.0, 0.0);
            self.evidence[0] = if same_group { EVIDENCE_AFTER } else { 0.0 };
        }
    }

    /// Learns from a value, given what the season and the alternatives expected.
    pub fn learn(&mut self, value: f32, season: Expected, alternatives: [Expected; ALTERNATIVES]) -> Option<Turn> {
        self.came += value;
        self.season.add(season);
        for (sum, expected) in self.expected.iter_mut().zip(alternatives) {
            sum.add(expected);
        }
        self.on += 1;
        (self.on >= self.periods).then(|| self.judge()).flatten()
    }

    fn judge(&mut self) -> Option<Turn> {
        // What a value's noise is worth, a call or more, is known of the level beforehand: it is 1.
        let prior = self.season.variance / self.season.mean;
        let level = (self.hour.0 + prior) / (self.hour.1 + prior);
        let (season, at_level) = (self.season.loss(self.came), self.season.times(level).loss(self.came));
        self.hour.0 = self.hour.0 * self.keep_level + self.came;
        self.hour.1 = self.hour.1 * self.keep_level + self.season.mean;
        for ((sum, expected), cost) in self.evidence.iter_mut().zip(self.expected).zip(LEVEL_COST) {
            let loss = expected.loss(self.came);
            let evidence = season.over(loss).min(at_level.over(loss) + cost);
            *sum = *sum * self.keep + evidence.clamp(-EVIDENCE_MAX, EVIDENCE_MAX);
        }
        (self.on, self.came, self.season) = (0, 0.0, Expected::default());
        self.expected = [Expected::default(); ALTERNATIVES];
        self.turn()
    }

    fn turn(&mut self) -> Option<Turn> {
        let [other, earlier, later] = self.evidence;
        let was_other = self.other;
        if earlier.max(later) >= EVIDENCE_MIN && earlier.max(later) > other {
            return Some(if earlier > later { Turn::Earlier } else { Turn::Later });
        }
        self.other = if was_other { other > 0.0 } else { other >= EVIDENCE_MIN };
        (self.other != was_other).then_some(Turn::Day)
    }
}

impl Expected {
    fn add(&mut self, other: Expected) {
        self.mean += other.mean;
        self.variance += other.variance;
    }

    fn times(self, factor: f32) -> Expected {
        Expected { mean: self.mean * factor, variance: self.variance * factor.max(factor * factor) }
    }

    fn loss(self, came: f32) -> Loss {
        let variance = (self.variance + SHARED_VARIANCE * self.mean * self.mean).max(f32::MIN_POSITIVE);
        Loss { square: ((came - self.mean).powi(2) / variance).min(SQUARE_MAX), width: variance.ln() }
    }
}

/// Twice the negative log likelihood, but for a constant, in its two parts: the squared error in variances, cut, and
/// the variance's logarithm.
#[derive(Clone, Copy, Debug)]
struct Loss {
    square: f32,
    width: f32,
}

impl Loss {
    /// By how much a loss exceeds another. Where a square is cut the widths say nothing: what expects nearly nothing is
    /// so narrow that it would win against the truth.
    fn over(self, other: Loss) -> f32 {
        let is_cut = self.square.max(other.square) >= SQUARE_MAX;
        0.5 * (self.square - other.square + if is_cut { 0.0 } else { self.width - other.width })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: f32 = 300.0;

    fn expected(mean: f32) -> Expected {
        Expected { mean, variance: mean + 0.02 * mean * mean }
    }

    /// What is said of so many periods of values that rise by a fifth each, as the alternative `k` expects them.
    fn rise(alternatives: &mut Alternatives, periods: i32, k: usize) -> Vec<Turn> {
        let rising = |i: i32| {
            let came = 20.0 * 1.2f32.powi(i);
            let means: [f32; ALTERNATIVES] = std::array::from_fn(|other| if other == k { came } else { 20.0 });
            alternatives.learn(came, expected(20.0), means.map(expected))
        };
        (0..periods).filter_map(rising).collect()
    }

    fn turns(periods: i32, k: usize) -> Vec<Turn> {
        rise(&mut Alternatives::new(PERIOD), periods, k)
    }

    #[test]
    fn an_alternative_that_fits_for_two_hours_while_the_season_does_not_is_the_rule() {
        assert_eq!(turns(24, 0), [Turn::Day]);
        assert_eq!(turns(24, 1)[0], Turn::Earlier);
        assert_eq!(turns(24, 2)[0], Turn::Later);
    }

    #[test]
    fn what_expects_nearly_nothing_wins_neither_as_an_alternative_nor_as_the_season() {
        // 3000 calls a period by day, a thousandth of it, or nothing to speak of, by the alternative.
        for low in [3.0, 0.02] {
            let mut alternatives = Alternatives::new(PERIOD);
            let as_due = |_| alternatives.learn(3000.0, expected(3000.0), [low; ALTERNATIVES].map(expected));
            assert_eq!((0..100).filter_map(as_due).collect::<Vec<_>>(), [], "{low}");
        }
        let mut alternatives = Alternatives::new(PERIOD);
        let rising = |i: i32| {
            let came = 20.0 * 1.2f32.powi(i);
            alternatives.learn(came, expected(0.02), [0.02, came, 0.02].map(expected))
        };
        assert_eq!((0..24).find_map(rising), Some(Turn::Earlier));
    }

    #[test]
    fn three_quarters_of_an_hour_are_not_enough() {
        assert_eq!(turns(9, 1), []);
    }

    #[test]
    fn they_are_on_the_day_after_a_holiday_if_both_are_of_one_group() {
        let after = |same_group: bool| {
            let mut alternatives = Alternatives::new(PERIOD);
            rise(&mut alternatives, 24, 0);
            alternatives.begin_day(same_group);
            rise(&mut alternatives, 9, 0)
        };
        assert_eq!(after(true), [Turn::Day]);
        assert_eq!(after(false), []);
    }

    #[test]
    fn what_another_level_explains_is_no_other_clock() {
        let mut alternatives = Alternatives::new(PERIOD);
        let tripled = |_| alternatives.learn(300.0, expected(100.0), [100.0, 300.0, 300.0].map(expected));
        assert_eq!((0..100).filter_map(tripled).collect::<Vec<_>>(), []);
    }

    #[test]
    fn a_level_that_the_other_group_told_beforehand_is_an_other_day_after_hours() {
        let at_a_fifth = |periods: i32, other: f32| {
            let mut alternatives = Alternatives::new(PERIOD);
            let low = |_| alternatives.learn(20.0, expected(100.0), [other, 100.0, 100.0].map(expected));
            (0..periods).filter_map(low).collect::<Vec<_>>()
        };
        assert_eq!(at_a_fifth(9, 20.0), []);
        assert_eq!(at_a_fifth(72, 20.0), [Turn::Day]);
        assert_eq!(at_a_fifth(72, 40.0), []);
    }

    #[test]
    fn a_day_that_ceases_to_look_like_a_holiday_is_none() {
        let mut alternatives = Alternatives::new(PERIOD);
        rise(&mut alternatives, 24, 0);
        assert!(alternatives.is_other_day());
        let mut as_dated = || alternatives.learn(100.0, expected(100.0), [20.0; ALTERNATIVES].map(expected));
        assert_eq!((0..72).filter_map(|_| as_dated()).collect::<Vec<_>>(), [Turn::Day]);
        assert!(!alternatives.is_other_day());
    }
}
