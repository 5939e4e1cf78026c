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
    values: Vec<Option<f64>>,
    bands: Vec<Option<(f64, f64)>>,
}

/// The series that an alarm sees.
pub(super) fn seen(alarm: &MetricAlarm, test: &Test) -> Vec<Seen> {
    let mut groups: BTreeMap<BTreeMap<String, String>, Seen> = BTreeMap::new();
    for series in test.series.iter().filter(|series| is_watched(alarm, series)) {
        let attributes = attributes(alarm, series);
        let seen = groups.entry(attributes.clone()).or_insert_with(|| Seen {
            id: contributor_id(&attributes),
            attributes,
            values: Vec::new(),
            bands: Vec::new(),
        });
        add(&mut seen.values, &series.values);
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

fn add(sums: &mut Vec<Option<f64>>, values: &[Option<f64>]) {
    if sums.len() < values.len() {
        sums.resize(values.len(), None);
    }
    for (sum, value) in sums.iter_mut().zip(values) {
        if let Some(value) = value {
            *sum = Some(sum.unwrap_or(0.0) + value);
        }
    }
}

impl Seen {
    /// The periods of an alarm up to a time, the oldest first. `each` values of the test make a period; the newest
    /// ends after `end` of them.
    pub(super) fn slots(&self, alarm: &MetricAlarm, each: usize, end: usize) -> Vec<Option<Point>> {
        let range = alarm.rule().range();
        (0..range).map(|slot| self.point(alarm, each, (end + slot * each).checked_sub((range - 1) * each)?)).collect()
    }

    /// The period that ends after so many values.
    fn point(&self, alarm: &MetricAlarm, each: usize, end: usize) -> Option<Point> {
        let first = end.checked_sub(each)?;
        let known = || (first..end).filter_map(|place| self.values.get(place).copied().flatten());
        known().next()?;
        let value = match alarm.condition {
            Condition::QuotaShare { .. } => known().fold(f64::NEG_INFINITY, f64::max),
            Condition::SpendPerHour { .. } => known().sum::<f64>() / known().count() as f64,
            Condition::Threshold { .. } | Condition::Band { .. } => known().sum(),
        };
        Some(Point { value, band: self.bands.get(end - 1).copied().flatten() })
    }
}
