//! Answering a query: its series are matched, their observations asked for, and what comes of it put in order.

use std::collections::BTreeSet;

use polars::prelude::{IntoLazy, PolarsResult, UnionArgs, col, concat};

use super::answer::{Answer, Series, Window};
use super::ask::Asked;
use super::catalogue::{attributed, find};
use super::error::InsightsError;
use super::matching::resolve;
use super::pieces::covered;
use super::query::{Query, Value};
use super::rollup::cover_for;
use crate::domain::MinuteRange;
use crate::series::{Counts, with_destination_owners};

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
    let (keys, function) = (query.group_by.clone(), query.function);
    let mut answer = Answer { metric, keys, function, window, resolution: 1, series: vec![] };
    if let Some(metric) = metric {
        answer.resolution = metric.counted.resolution(counts, window.range)?;
        answer.window = window.widened(answer.resolution);
        let account = current_account(&query, counts)?;
        let axes = metric.counted.axes(counts, &query)?;
        let groups = resolve(&query, &axes, &account).map_err(InsightsError::frame("match the query's series"))?;
        let stored = covered(counts, metric.kind(), answer.window.range)?;
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
        let series = with_destination_owners(counts.series()?)?.lazy().filter(attributed());
        let owners = |column: &str| series.clone().select([col(column).alias("account").unique()]);
        let both = [owners("account"), owners("destination_account")];
        let owners = concat(both, UnionArgs::default())?.collect()?;
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

#[cfg(test)]
#[path = "answering_tests.rs"]
mod tests;
