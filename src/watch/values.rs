//! The values that configured alarms judge: one a minute for each of their series.

use std::collections::{BTreeMap, HashMap};

use super::error::WatchError;
use crate::alarm::{Condition, Keys, MetricAlarm, Watched, contributor_id};
use crate::domain::{Arn, Minute, MinuteRange, Operation, Outcome};
use crate::series::{Counts, KeyOperation, PoolFilter, caller_cells, key_operations, periods, pool_minutes};
use crate::tariff::{PriceList, QuotaList};

/// One series of an alarm.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct JudgedSeries {
    pub id: String,
    pub attributes: BTreeMap<String, String>,
    /// The stored series that it adds up, each with its weight: 1, or what a call costs.
    pub parts: Vec<(u32, f64)>,
    /// Their keys and operations.
    pub members: Vec<(String, String)>,
}

/// Values by minute of the series of one alarm.
pub(super) struct Values {
    /// The first minute.
    pub start: Minute,
    pub series: Vec<JudgedSeries>,
    /// A row a series, an entry a minute.
    pub rows: Vec<Vec<f64>>,
    /// Whether a period's value is the largest of its minutes, not their sum.
    pub is_peak: bool,
}

impl Values {
    /// The value of a series over minutes; `None` before anything is stored.
    pub(super) fn over(&self, series: usize, range: MinuteRange, stored_from: Minute) -> Option<f64> {
        if range.start < stored_from || range.start < self.start {
            return None;
        }
        let at = |minute: Minute| (minute.0 - self.start.0) as usize;
        let minutes = self.rows[series].get(at(range.start)..at(range.end))?;
        Some(match self.is_peak {
            true => minutes.iter().copied().fold(0.0, f64::max),
            false => minutes.iter().sum(),
        })
    }
}

/// What values are read from.
pub(super) struct Reader<'a> {
    counts: &'a dyn Counts,
    prices: &'a PriceList,
    quotas: &'a QuotaList,
    keys: Vec<KeyOperation>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        counts: &'a dyn Counts,
        (prices, quotas): (&'a PriceList, &'a QuotaList),
    ) -> Result<Self, WatchError> {
        Ok(Reader { counts, prices, quotas, keys: key_operations(counts)? })
    }

    /// The values of an alarm's series over a range.
    pub(super) fn values(&self, metric: &MetricAlarm, range: MinuteRange) -> Result<Values, WatchError> {
        if let Condition::QuotaShare { pool, account, region, .. } = &metric.condition {
            let is_meant = |of: &crate::domain::QuotaPool| {
                account.as_ref().is_none_or(|pattern| pattern.matches(&of.account))
                    && region.as_ref().is_none_or(|pattern| pattern.matches(&of.region))
            };
            return self.quota_shares(pool.as_deref(), &is_meant, range);
        }
        let is_spend = matches!(metric.condition, Condition::SpendPerHour { .. });
        let series = self.series(&metric.watched, is_spend);
        // Money is told an hour.
        let scale = if is_spend { 3600.0 / f64::from(metric.period_seconds) } else { 1.0 };
        let mut rows = vec![vec![0.0; (range.end.0 - range.start.0) as usize]; series.len()];
        match metric.watched.is_by_caller() {
            true => self.add_by_caller(&metric.watched, &series, range, scale, &mut rows)?,
            false => self.add_all(metric.watched.metric, &series, range, scale, &mut rows)?,
        }
        Ok(Values { start: range.start, series, rows, is_peak: false })
    }

    /// The series of an alarm, as there are now.
    pub(super) fn series(&self, watched: &Watched, is_spend: bool) -> Vec<JudgedSeries> {
        let mut found: BTreeMap<BTreeMap<String, String>, JudgedSeries> = BTreeMap::new();
        let operation = |name: &str| Operation::ALL.iter().copied().find(|operation| operation.name() == name);
        for key in &self.keys {
            let counted = operation(&key.operation).is_some_and(|operation| watched.has_operation(operation));
            if !counted || !watched.has_key(&key.key_arn) {
                continue;
            }
            let mut attributes = BTreeMap::new();
            if !matches!(watched.keys, Keys::Together) {
                attributes.insert("KeyArn".to_owned(), key.key_arn.clone());
            }
            if matches!(watched.keys, Keys::EverySeries) {
                attributes.insert("Operation".to_owned(), key.operation.clone());
            }
            let weight = if is_spend { self.price(key) } else { 1.0 };
            let series = found.entry(attributes.clone()).or_insert_with(|| JudgedSeries {
                id: contributor_id(&attributes),
                attributes,
                parts: Vec::new(),
                members: Vec::new(),
            });
            series.members.push((key.key_arn.clone(), key.operation.clone()));
            for number in &key.numbers {
                // A ReEncrypt counts for both its keys, but happened once.
                if !series.parts.iter().any(|(known, _)| known == number) {
                    series.parts.push((*number, weight));
                }
            }
        }
        let mut series: Vec<JudgedSeries> = found.into_values().collect();
        if series.is_empty() && !matches!(watched.keys, Keys::Matching(_) | Keys::EverySeries) {
            // A key without calls has a series of zeros.
            let (parts, members, attributes) = (Vec::new(), Vec::new(), BTreeMap::new());
            series.push(JudgedSeries { id: contributor_id(&attributes), attributes, parts, members });
        }
        series
    }

    fn price(&self, key: &KeyOperation) -> f64 {
        let region = Arn::parse(&key.key_arn).map_or("", |arn| arn.region);
        self.prices.per_request(&key.operation, None, region).map_or(0.0, |price| price.dollars)
    }

    fn add_all(
        &self,
        outcome: Outcome,
        series: &[JudgedSeries],
        range: MinuteRange,
        scale: f64,
        rows: &mut [Vec<f64>],
    ) -> Result<(), WatchError> {
        let (places, numbers) = places_of(series);
        let sets: Vec<&[u32]> = numbers.iter().map(std::slice::from_ref).collect();
        periods(self.counts, &sets, 1, range, &mut |day| {
            for row in day {
                let at = (row.start.0 - range.start.0) as usize;
                // Calls of a minute are far below 2^53.
                let calls = row.calls[outcome as usize] as f64;
                for (place, weight) in &places[&numbers[row.series as usize]] {
                    rows[*place][at] += calls * weight * scale;
                }
            }
        })?;
        Ok(())
    }

    fn add_by_caller(
        &self,
        watched: &Watched,
        series: &[JudgedSeries],
        range: MinuteRange,
        scale: f64,
        rows: &mut [Vec<f64>],
    ) -> Result<(), WatchError> {
        let (places, numbers) = places_of(series);
        let cells = caller_cells(self.counts, &numbers, watched.metric, &[range])?;
        let is_meant = |caller: &crate::domain::Caller| {
            watched.caller.as_ref().is_none_or(|pattern| pattern.matches(&caller.principal))
                && watched.resource.as_ref().is_none_or(|pattern| pattern.matches(&caller.resource))
        };
        let meant: Vec<bool> = cells.callers.iter().map(is_meant).collect();
        for cell in cells.cells.iter().filter(|cell| range.contains(cell.start) && meant[cell.caller as usize]) {
            let at = (cell.start.0 - range.start.0) as usize;
            for (place, weight) in &places[&cell.series] {
                rows[*place][at] += cell.calls as f64 * weight * scale;
            }
        }
        Ok(())
    }

    /// The busiest second of each minute as a part of its quota, for each pool.
    fn quota_shares(
        &self,
        pool: Option<&str>,
        is_meant: &dyn Fn(&crate::domain::QuotaPool) -> bool,
        range: MinuteRange,
    ) -> Result<Values, WatchError> {
        let filter = PoolFilter { name: pool.map(str::to_owned), ..PoolFilter::default() };
        let (mut series, mut rows): (Vec<JudgedSeries>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        let mut places: HashMap<crate::domain::QuotaPool, Option<usize>> = HashMap::new();
        for minute in pool_minutes(self.counts, range, &filter)? {
            let Some(quota) = self.quotas.per_second(&minute.pool.account, &minute.pool.region, &minute.pool.name)
            else {
                continue;
            };
            let place = *places.entry(minute.pool.clone()).or_insert_with(|| {
                is_meant(&minute.pool).then(|| {
                    let names = [
                        ("AWS.AccountId", &minute.pool.account),
                        ("Region", &minute.pool.region),
                        ("Quota", &minute.pool.name),
                    ];
                    let attributes: BTreeMap<String, String> =
                        names.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
                    let id = contributor_id(&attributes);
                    series.push(JudgedSeries { id, attributes, parts: Vec::new(), members: Vec::new() });
                    rows.push(vec![0.0; (range.end.0 - range.start.0) as usize]);
                    rows.len() - 1
                })
            });
            if let Some(place) = place {
                rows[place][(minute.minute.0 - range.start.0) as usize] = f64::from(minute.peak) / quota.per_second;
            }
        }
        Ok(Values { start: range.start, series, rows, is_peak: true })
    }
}

/// Of each stored series the places that it counts for, with its weight there.
type Places = HashMap<u32, Vec<(usize, f64)>>;

fn places_of(series: &[JudgedSeries]) -> (Places, Vec<u32>) {
    let mut places: Places = HashMap::new();
    for (place, series) in series.iter().enumerate() {
        for (number, weight) in &series.parts {
            places.entry(*number).or_default().push((place, *weight));
        }
    }
    let mut numbers: Vec<u32> = places.keys().copied().collect();
    numbers.sort_unstable();
    (places, numbers)
}
