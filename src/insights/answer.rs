//! A query's answer: one row a series, with its buckets if wanted.

use std::collections::BTreeSet;

use polars::prelude::{IntoLazy, PolarsResult, col};

use super::ask::Asked;
use super::catalogue::{Metric, attributed, find};
use super::error::InsightsError;
use super::matching::resolve;
use super::pieces::covered;
use super::query::{Function, Key, Query, Value};
use super::rollup::cover_for;
use crate::domain::{Minute, MinuteRange};
use crate::series::Counts;

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
    fn widened(self, resolution: u32) -> Window {
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

/// Answers a query. With `points`, series have their buckets.
pub fn answer(query: &Query, counts: &dyn Counts, window: Window, points: bool) -> Result<Answer, InsightsError> {
    let mut query = query.clone();
    let mut seen = Vec::new();
    query.group_by.retain(|key| {
        !seen.contains(key) && {
            seen.push(key.clone());
            true
        }
    });
    let metric = find(&query.source.namespace, &query.metric);
    let mut answer = Answer { metric, keys: query.group_by.clone(), function: query.function, window, series: vec![] };
    if let Some(metric) = metric {
        answer.window = window.widened(metric.counted.resolution(counts, window.range)?);
        let account = current_account(&query, counts)?;
        let axes = metric.counted.axes(counts, &query)?;
        let groups = resolve(&query, &axes, &account).map_err(InsightsError::frame("match the query's series"))?;
        let stored = covered(counts, answer.window.range)?;
        let cover = cover_for(&query, metric, answer.window, stored, &groups, &axes, counts)?;
        let observations = |piece: MinuteRange| metric.counted.observations(counts, piece);
        let measure = metric.counted.measure();
        let asked = Asked {
            query: &query,
            window: answer.window,
            stored,
            measure,
            groups: &groups,
            observations: &observations,
        };
        answer.series = asked.series(cover, points)?;
    }
    if answer.series.is_empty() && query.group_by.is_empty() {
        let none = Series { rank: 1, keys: vec![], value: None, peak: None, peak_at: None, points: vec![] };
        answer.series.push(none);
    }
    Ok(answer)
}

/// What CURRENT_ACCOUNT_ID() means: the only account that owns keys. Empty if the query doesn't ask.
fn current_account(query: &Query, counts: &dyn Counts) -> Result<String, InsightsError> {
    if query.conditions.iter().all(|condition| condition.value != Value::CurrentAccount) {
        return Ok(String::new());
    }
    let read = || -> PolarsResult<BTreeSet<String>> {
        let owners = counts.series()?.lazy().filter(attributed()).select([col("account").unique()]).collect()?;
        Ok(owners.column("account")?.str()?.iter().flatten().map(str::to_owned).collect())
    };
    let accounts = read().map_err(InsightsError::frame("read the accounts"))?;
    let mut names: Vec<String> = accounts.into_iter().filter(|account| !account.is_empty()).collect();
    match (names.pop(), names.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => {
            names.extend(last);
            Err(InsightsError::CurrentAccount { accounts: names })
        }
    }
}

impl Answer {
    /// Whether values are whole numbers.
    pub fn is_whole(&self) -> bool {
        self.function != Function::Avg
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
