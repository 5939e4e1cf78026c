//! What a set of days shows of each slot.

use crate::band::dispersion::FEW_A_DAY;
use crate::band::history::Value;

/// A day's weight halves with this age. A level that changes is followed by `level`; this is for shapes.
const HALF_LIFE_DAYS: f32 = 14.0;

/// A doubted value is believed once it is the rule among recent days; "recent" halves with this age.
const RECENT_HALF_LIFE_DAYS: f32 = 2.0;

/// Values of one habit differ by no more than this factor.
const HABIT_FACTOR: f32 = 3.0;

/// Where a day has few values, an incident lasts for days on end until it is adopted: those in a row show it once.
const APART_DAYS_OF_FEW: i64 = 2;

/// A scale is at most so many times what days show, and more if they tell less than so many values do.
const SCALE_FACTOR: f64 = 4.0;
const SURE_TOLD: f64 = 16.0;

/// A scale by which slots are weighed: a larger one would listen to slots of hardly a call as to any other.
const SCALE_TYPICAL: f64 = 0.01;

/// A scale is never bound lower: a season and its level may be off by three hundredths, however alike days are.
const SCALE_MAX_LEAST: f64 = 1e-3;

/// Weighted sums of each slot over a set of days.
pub(super) struct Sums {
    pub weight: Vec<f32>,
    pub value: Vec<f32>,
    doubted: Vec<Doubted>,
    /// Occurrences that are nearer are one.
    apart_days: i64,
}

/// What a day's doubted values are an occurrence of.
#[derive(Clone, Copy)]
pub(super) struct Occurrence {
    /// The day itself, or the last of the holidays that it is one of: they show a habit once.
    pub day: i64,
    /// Whether a habit that it is part of has no other values in between.
    pub in_a_row: bool,
}

/// The doubted values of a slot that are like the latest one.
#[derive(Clone, Copy)]
struct Doubted {
    latest: Option<f32>,
    weight: f32,
    value: f32,
    /// Recent weight of their days minus that of others.
    majority: f32,
    /// How often they came, and the day of the occurrence that was added last, the earliest so far.
    occurrences: (u32, i64),
    /// Whether they are a habit in a row only, and whether others came between the latest and what is added next.
    in_a_row: bool,
    interrupted: bool,
    /// The recent weight of values that came after the latest, the least of them and the largest.
    newer: (f32, f32, f32),
}

impl Doubted {
    const NONE: Doubted = Doubted {
        latest: None,
        weight: 0.0,
        value: 0.0,
        majority: 0.0,
        occurrences: (0, 0),
        in_a_row: false,
        interrupted: false,
        newer: (0.0, f32::INFINITY, 0.0),
    };

    /// Adds a value that isn't doubted.
    fn add_other(&mut self, value: f32, recent: f32) {
        if self.latest.is_some() {
            self.majority -= recent;
            self.interrupted = true;
        } else {
            let (weight, low, high) = self.newer;
            self.newer = (weight + recent, low.min(value), high.max(value));
        }
    }

    /// Adds one that is.
    fn add(&mut self, value: f32, weight: f32, recent: f32, occurrence: Occurrence, apart_days: i64) {
        let is_like = |latest: f32, value: f32| value <= HABIT_FACTOR * latest && latest <= HABIT_FACTOR * value;
        let latest = *self.latest.get_or_insert_with(|| {
            // What came after it and is like it is no more doubted since it is expected by now.
            let (newer, low, high) = self.newer;
            self.majority -= if is_like(value, low) && is_like(value, high) { 0.0 } else { newer };
            value
        });
        if is_like(latest, value) {
            self.weight += weight;
            self.value += weight * value;
            self.majority += recent;
            let (count, earliest) = self.occurrences;
            self.in_a_row |= occurrence.in_a_row;
            let is_another = earliest - occurrence.day >= apart_days && !(self.in_a_row && self.interrupted);
            self.occurrences = (count + u32::from(count == 0 || is_another), occurrence.day);
        } else {
            self.majority -= recent;
            self.interrupted = true;
        }
    }
}

impl Sums {
    pub fn new(slots: usize) -> Self {
        let apart_days = if slots <= FEW_A_DAY { APART_DAYS_OF_FEW } else { 1 };
        Sums { weight: vec![0.0; slots], value: vec![0.0; slots], doubted: vec![Doubted::NONE; slots], apart_days }
    }

    /// Adds a day; the latest comes first.
    pub fn add(&mut self, age_days: f32, values: &[Value], occurrence: Occurrence) {
        let weight = (-age_days * std::f32::consts::LN_2 / HALF_LIFE_DAYS).exp();
        let recent = (-age_days * std::f32::consts::LN_2 / RECENT_HALF_LIFE_DAYS).exp();
        for (slot, value) in values.iter().enumerate().filter(|(_, value)| !value.value.is_nan()) {
            if value.doubted {
                self.doubted[slot].add(value.value, weight, recent, occurrence, self.apart_days);
            } else {
                self.doubted[slot].add_other(value.value, recent);
                self.weight[slot] += weight;
                self.value[slot] += weight * value.value;
            }
        }
    }

    /// Takes doubted values in where they came again and are the rule by now: one incident is no season. Says where.
    pub fn settle(&mut self) -> Vec<bool> {
        let habits: Vec<bool> =
            self.doubted.iter().map(|doubted| doubted.majority > 0.0 && doubted.occurrences.0 >= 2).collect();
        for (slot, _) in habits.iter().enumerate().filter(|(_, habit)| **habit) {
            self.weight[slot] += self.doubted[slot].weight;
            self.value[slot] += self.doubted[slot].value;
        }
        habits
    }

    /// Where all days have a new habit, those of a part that don't show it yet are of the past.
    pub fn settle_as(&mut self, habits: &[bool]) {
        self.settle();
        for (slot, _) in habits.iter().enumerate().filter(|(_, habit)| **habit) {
            self.weight[slot] = self.doubted[slot].weight;
            self.value[slot] = self.doubted[slot].value;
        }
    }
}

/// How values of the same slot differ from day to day.
pub(super) struct Spread {
    days: Vec<u32>,
    value: Vec<f64>,
    square: Vec<f64>,
}

impl Spread {
    pub fn new(slots: usize) -> Self {
        Spread { days: vec![0; slots], value: vec![0.0; slots], square: vec![0.0; slots] }
    }

    /// Adds a day's values, the first of which is of the slot `first`.
    pub fn add(&mut self, first: usize, values: &[Value], counts: impl Fn(&Value) -> bool) {
        for (slot, value) in (first..).zip(values).filter(|(_, value)| !value.value.is_nan() && counts(value)) {
            let value = f64::from(value.value);
            self.days[slot] += 1;
            self.value[slot] += value;
            self.square[slot] += value * value;
        }
    }

    /// The relative variance of a value around the mean of its slot, beyond `unit` a unit of the mean; `None` while no
    /// slot has a second day. It needs no season to be known, so that a season not yet learned doesn't look like noise.
    pub fn scale(&self, unit: f32) -> Option<f32> {
        let (mut within, mut squares) = (0.0, 0.0);
        for ((days, value), square) in
            self.days.iter().zip(&self.value).zip(&self.square).filter(|((days, _), _)| **days > 1)
        {
            let (days, mean) = (f64::from(*days), value / f64::from(*days));
            let variance = ((square - value * mean) / (days - 1.0)).max(0.0);
            within += days * (variance - f64::from(unit) * mean);
            squares += days * mean * mean;
        }
        (squares > 0.0).then(|| (within / squares).max(0.0) as f32)
    }

    /// What the relative variance is at most: each slot tells of it as much as a typical one makes of the slot's
    /// variance, and the fewer days tell, the larger it may be.
    pub fn scale_max(&self, unit: f32) -> Option<f32> {
        let unit = f64::from(unit);
        let (mut within, mut told) = (0.0, 0.0);
        for ((days, value), square) in
            self.days.iter().zip(&self.value).zip(&self.square).filter(|((days, value), _)| **days > 1 && **value > 0.0)
        {
            let (days, mean) = (f64::from(*days), value / f64::from(*days));
            let variance = ((square - value * mean) / (days - 1.0)).max(0.0);
            let share = SCALE_TYPICAL * mean / (unit + SCALE_TYPICAL * mean);
            let tells = share * share * (days - 1.0);
            // What comes exactly is no sign that something else does.
            within += tells * (variance - unit * mean).max(0.0) / (mean * mean);
            told += tells;
        }
        let few = (SURE_TOLD / told).max(1.0);
        (told > 0.0).then(|| (SCALE_FACTOR * few * few * (within / told)).max(SCALE_MAX_LEAST) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(values: &[f32]) -> Vec<Value> {
        values.iter().map(|value| Value { value: *value, doubted: false }).collect()
    }

    #[test]
    fn slots_that_differ_are_no_spread_and_days_that_differ_are() {
        let (mut same, mut other) = (Spread::new(3), Spread::new(3));
        for _ in 0..3 {
            same.add(0, &day(&[1.0, 900.0, 3.0]), |_| true);
        }
        assert!(same.scale(0.0).is_some_and(|scale| scale < 1e-9));
        // 90 and 110 have a variance of 200 around their mean of 100: two hundredths of its square.
        other.add(0, &day(&[90.0, 90.0, f32::NAN]), |_| true);
        other.add(0, &day(&[110.0, 110.0, 7.0]), |_| true);
        assert!(other.scale(0.0).is_some_and(|scale| (scale - 0.02).abs() < 1e-6));
        // A hundred of it is what counts of this mean have by themselves.
        assert!(other.scale(1.0).is_some_and(|scale| (scale - 0.01).abs() < 1e-6));
    }

    #[test]
    fn one_day_has_no_spread() {
        let mut spread = Spread::new(2);
        spread.add(0, &day(&[5.0, 8.0]), |_| true);
        assert_eq!(spread.scale(1.0), None);
    }
    #[test]
    fn a_scale_is_bound_by_what_days_differ_by_and_less_so_by_few_values() {
        let days = |slots: usize, values: &[f32]| {
            let mut spread = Spread::new(slots);
            values.iter().for_each(|value| spread.add(0, &day(&vec![*value; slots]), |_| true));
            spread.scale_max(0.0).unwrap()
        };
        // 90 and 110: two hundredths of the squared mean, of 24 values beyond their means four times as much.
        assert!((days(24, &[90.0, 110.0]) - 0.08).abs() < 1e-6);
        // Of a single one 16 times 16 times as much as of sixteen.
        assert!((days(1, &[90.0, 110.0]) - 0.08 * 256.0).abs() < 1e-3);
        assert!((days(24, &[100.0, 100.0]) - 1e-3).abs() < 1e-9);
    }

    #[test]
    fn what_is_the_unit_s_noise_tells_nothing_of_the_scale() {
        // Beside jobs that differ by a tenth, a call in one of two days: such counts have their mean's variance.
        let mut spread = Spread::new(240);
        for (job, call) in [(9_000.0, 0.0), (11_000.0, 1.0)] {
            let row: Vec<f32> = (0..240).map(|slot| if slot < 24 { job } else { call }).collect();
            spread.add(0, &day(&row), |_| true);
        }
        let scale = spread.scale_max(1.0).unwrap();
        assert!((scale / 0.08 - 1.0).abs() < 0.05, "{scale}");
    }
}
