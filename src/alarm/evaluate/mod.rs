//! From values to a state, as CloudWatch does it.
//!
//! Source: CloudWatch User Guide, *Evaluating an alarm* and *Configuring how CloudWatch alarms treat missing data*.
//! The nine rules below give every row of the guide's tables. An evaluation allocates nothing; why a state is what it
//! is, is put in words only when asked for ([`Rule::reason`]).

#[cfg(test)]
mod tests;

use super::definition::TreatMissingData;
use super::operator::{BandOperator, Operator};
use super::state::StateValue;

/// What an evaluation needs of an alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// What a value is compared with.
    pub comparison: Comparison,
    /// Length of a period in seconds.
    pub period_seconds: u32,
    /// N: over how many periods it is judged.
    pub evaluation_periods: u32,
    /// M: how many of them must be bad; N if absent.
    pub datapoints_to_alarm: Option<u32>,
    /// What a missing value stands for.
    pub treat_missing_data: TreatMissingData,
    /// Whether values are sums of calls of one series. Others are expressions to CloudWatch, without a statistic.
    pub is_statistic: bool,
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Comparison {
    /// A number.
    Value {
        /// How they compare.
        operator: Operator,
        /// The number.
        threshold: f64,
    },
    /// A band of its own for each value. A value without one is missing.
    Band {
        /// Which edges count.
        operator: BandOperator,
    },
}

/// A value that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The value.
    pub value: f64,
    /// What is expected of it: lower and upper edge.
    pub band: Option<(f64, f64)>,
}

impl Point {
    /// A value without a band.
    pub const fn of(value: f64) -> Self {
        Point { value, band: None }
    }
}

/// Consecutive periods.
#[derive(Clone, Copy, Debug)]
pub struct Slots<'a> {
    /// Where the newest period ends: seconds since 1970, not included.
    pub end: i64,
    /// One entry a period, the oldest first; `None` is missing.
    pub points: &'a [Option<Point>],
    /// Ranges that nothing is judged by: half-open, seconds since 1970. A period that touches one is left out, whatever
    /// its value; while that leaves too few, the state stays.
    pub excluded: &'a [(i64, i64)],
}

/// The first rule that applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// Enough values are bad.
    EnoughBad,
    /// Too many values are good for an alarm, whatever the missing ones were.
    EnoughGood,
    /// Values are missing, or left out, and the state stays.
    Kept,
    /// Missing values stand for bad ones.
    FilledBad,
    /// Missing values stand for good ones.
    FilledGood,
    /// No value is known.
    NothingKnown,
    /// Nothing good is known, and a bad value is so old that it will leave the range before an alarm could form.
    Premature,
    /// Nothing good is known, but what is bad is too young for an alarm.
    TooYoung,
    /// A good value is known.
    SomethingGood,
}

/// What an evaluation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The state.
    pub state: StateValue,
    /// The rule that gave it.
    pub because: Because,
    /// Bad values among the N newest known ones.
    pub bad: u32,
    /// Good values among them.
    pub good: u32,
    /// How many of N are unknown.
    pub missing: u32,
}

impl Rule {
    /// M.
    pub fn needed(&self) -> u32 {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }

    /// How many periods an evaluation looks at: N and some more, so that late values aren't missed.
    pub fn range(&self) -> usize {
        let more = if self.period_seconds >= 60 { 2 } else { 60 / self.period_seconds.max(1) };
        (self.evaluation_periods + more) as usize
    }

    /// Whether a known value is bad; none if it can't be judged.
    pub fn is_breach(&self, point: &Point) -> Option<bool> {
        if point.value.is_nan() {
            return None;
        }
        match self.comparison {
            Comparison::Value { operator, threshold } => Some(operator.is_breach(point.value, threshold)),
            Comparison::Band { operator } => {
                point.band.map(|(lower, upper)| operator.is_breach(point.value, lower, upper))
            }
        }
    }

    /// The N newest known values in the range, newest first: start of the period, value, whether it is bad.
    pub(super) fn known<'a>(&'a self, slots: Slots<'a>) -> impl Iterator<Item = (i64, &'a Point, bool)> {
        let judged = slots.points.iter().rev().take(self.range()).enumerate().filter_map(move |(age, slot)| {
            let point = slot.as_ref()?;
            let start = self.starts(slots.end, age);
            let is_judged = !self.is_excluded(slots, start);
            is_judged.then(|| Some((start, point, self.is_breach(point)?))).flatten()
        });
        judged.take(self.evaluation_periods as usize)
    }

    /// When the period of that age starts; 0 is the newest.
    pub(super) fn starts(&self, end: i64, age: usize) -> i64 {
        end - (age as i64 + 1) * i64::from(self.period_seconds)
    }

    /// Whether the period that starts at a time touches an excluded range.
    fn is_excluded(&self, slots: Slots<'_>, start: i64) -> bool {
        let end = start + i64::from(self.period_seconds);
        slots.excluded.iter().any(|(from, until)| start < *until && *from < end)
    }

    /// The state that follows from the values. `current` is the state before, which `ignore` keeps.
    pub fn evaluate(&self, slots: Slots<'_>, current: StateValue) -> Verdict {
        let (n, m) = (self.evaluation_periods, self.needed());
        let (mut bad, mut good, mut oldest_bad) = (0, 0, slots.end);
        for (start, _, is_bad) in self.known(slots) {
            if is_bad {
                bad += 1;
                oldest_bad = start;
            } else {
                good += 1;
            }
        }
        let missing = n - bad - good;
        let is_old = slots.end - oldest_bad >= i64::from(m) * i64::from(self.period_seconds);
        let (state, because) = match self.treat_missing_data {
            _ if bad >= m => (StateValue::Alarm, Because::EnoughBad),
            _ if good > n - m => (StateValue::Ok, Because::EnoughGood),
            TreatMissingData::Ignore => (current, Because::Kept),
            // What is left out stands for nothing, not even for what is missing.
            _ if (0..self.range()).any(|age| self.is_excluded(slots, self.starts(slots.end, age))) => {
                (current, Because::Kept)
            }
            // Fewer bad and missing ones than M are more good ones than N - M: the rule before.
            TreatMissingData::Breaching => (StateValue::Alarm, Because::FilledBad),
            TreatMissingData::NotBreaching => (StateValue::Ok, Because::FilledGood),
            TreatMissingData::Missing if bad + good == 0 => (StateValue::InsufficientData, Because::NothingKnown),
            TreatMissingData::Missing if good > 0 => (StateValue::Ok, Because::SomethingGood),
            TreatMissingData::Missing if is_old => (StateValue::Alarm, Because::Premature),
            TreatMissingData::Missing => (StateValue::InsufficientData, Because::TooYoung),
        };
        Verdict { state, because, bad, good, missing }
    }
}
