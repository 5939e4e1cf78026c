//! Which values of a test an alarm sees.

use std::collections::BTreeMap;

use super::file::{Test, TestSeries};
use crate::alarm::contributors::contributor_id;
use crate::alarm::definition::{Condition, Keys, MetricAlarm};
use crate::alarm::evaluate::Point;

/// One series that an alarm sees: its attributes, and the values of a test added up.
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) attributes: BTreeMap<String, String>,
    /// A missing one is a value that any of them lacks.
    values: Vec<Option<f64>>,
    bands: Vec<Option<(f64, f64)>>,
}

/// The series that an alarm sees.
pub(super) fn seen(alarm: &MetricAlarm, test: &Test) -> Vec<Seen> {
    let length = test.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
    let mut groups: BTreeMap<BTreeMap<String, String>, Seen> = BTreeMap::new();
    for series in test.series.iter().filter(|series| is_watched(alarm, series)) {
        let attributes = attributes(alarm, series);
        let seen = groups.entry(attributes.clone()).or_insert_with(|| Seen {
            id: contributor_id(&attributes),
            attributes,
            values: vec![Some(0.0); length],
            bands: Vec::new(),
        });
        for (place, sum) in seen.values.iter_mut().enumerate() {
            *sum = sum.zip(series.values.get(place).copied().flatten()).map(|(sum, value)| sum + value);
        }
        if seen.bands.is_empty() {
            seen.bands.clone_from(&series.bands);
        }
    }
    groups.into_values().collect()
}

fn is_watched(alarm: &MetricAlarm, series: &TestSeries) -> bool {
    if let Condition::QuotaShare { pool, account, region, .. } = &alarm.condition {
        let account = account.as_ref().is_none_or(|pattern| pattern.matches(&series.account));
        let region = region.as_ref().is_none_or(|pattern| pattern.matches(&series.region));
        return account && region && pool.as_ref().is_none_or(|pool| *pool == series.quota_pool);
    }
    let watched = &alarm.watched;
    watched.metric == series.metric
        && watched.has_key(&series.key)
        && series.operation.is_none_or(|operation| watched.has_operation(operation))
        && watched.caller.as_ref().is_none_or(|pattern| pattern.matches(&series.caller))
        && watched.resource.as_ref().is_none_or(|pattern| pattern.matches(&series.resource))
}

fn attributes(alarm: &MetricAlarm, series: &TestSeries) -> BTreeMap<String, String> {
    let key = || ("KeyArn", series.key.clone());
    let operation = || ("Operation", series.operation.map(|operation| operation.name().to_owned()).unwrap_or_default());
    let pairs = match (&alarm.condition, &alarm.watched.keys) {
        (Condition::QuotaShare { .. }, _) => vec![
            ("Account", series.account.clone()),
            ("Region", series.region.clone()),
            ("QuotaPool", series.quota_pool.clone()),
        ],
        (_, Keys::Together | Keys::One(_)) => Vec::new(),
        (_, Keys::Matching(_)) => vec![key()],
        (_, Keys::EverySeries) => vec![key(), operation()],
    };
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Seen {
    /// The periods of an alarm up to a time, the oldest first. `each` values of the test make a period; the newest
    /// ends after `end` of them.
    pub(super) fn slots(&self, alarm: &MetricAlarm, each: usize, end: usize) -> Vec<Option<Point>> {
        let range = alarm.rule().range();
        (0..range).map(|slot| self.point(alarm, each, (end + slot * each).checked_sub((range - 1) * each)?)).collect()
    }

    /// The period that ends after so many values, if none of its values is missing.
    fn point(&self, alarm: &MetricAlarm, each: usize, end: usize) -> Option<Point> {
        let values = self.values.get(end.checked_sub(each)?..end)?;
        let values: Vec<f64> = values.iter().copied().collect::<Option<_>>()?;
        let value = match alarm.condition {
            Condition::QuotaShare { .. } => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
            Condition::SpendPerHour { .. } => values.iter().sum::<f64>() / values.len() as f64,
            Condition::Threshold { .. } | Condition::Band { .. } => values.into_iter().sum(),
        };
        Some(Point { value, band: self.bands.get(end - 1).copied().flatten() })
    }
}
