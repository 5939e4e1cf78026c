//! A query's answer: one row a series, with its buckets if wanted.

use super::catalogue::Metric;
use super::query::{Function, Key};
use crate::domain::{Minute, MinuteRange};

/// The time that a query is about. Buckets start at the range's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The minutes.
    pub range: MinuteRange,
    /// Minutes of a bucket, at least 1.
    pub period: u32,
}

impl Window {
    /// The window widened to whole units of a table's resolution (minutes).
    pub(super) fn widened(self, resolution: u32) -> Window {
        let period = self.period.max(1).div_ceil(resolution) * resolution;
        Window { range: self.range.widened(resolution), period }
    }
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The metric; `None` if there is none of that namespace and name, which is no error but an empty answer.
    pub metric: Option<Metric>,
    /// What series are made by, each once.
    pub keys: Vec<Key>,
    /// What was computed.
    pub function: Function,
    /// The window as used: that of the question, widened to what is stored.
    pub window: Window,
    /// Minutes of the finest bucket that there is: 1, or those of a slot for what is counted by caller: 5, or 60 where
    /// a day of the range is kept by the hour.
    pub resolution: u32,
    /// The series in their order.
    pub series: Vec<Series>,
}

/// One series of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// From 1.
    pub rank: u32,
    /// The values of [`Answer::keys`]; `Other` where the series lacks the key.
    pub keys: Vec<String>,
    /// The function over all observations of the range; `None` if there is none.
    pub value: Option<f64>,
    /// The largest bucket value.
    pub peak: Option<f64>,
    /// Where the first bucket of that value starts.
    pub peak_at: Option<Minute>,
    /// The buckets in order, if they were asked for. Buckets without observations are left out.
    pub points: Vec<Point>,
}

/// One bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Its first minute.
    pub start: Minute,
    /// The function over its observations.
    pub value: f64,
}

impl Answer {
    /// Whether values are whole numbers.
    pub fn is_whole(&self) -> bool {
        self.function != Function::Avg
    }
}
