//! The values that configured alarms judge: one a minute for each of their series.

use std::collections::{BTreeMap, HashMap};

use super::error::WatchError;
use super::silences::Silences;
use crate::alarm::{Condition, Keys, MetricAlarm, Watched, contributor_id};
use crate::domain::{Arn, Minute, MinuteRange, Operation, Outcome, QuotaPool};
use crate::series::{Counts, KeyOperation, PoolFilter, caller_cells, key_operations, periods, pool_minutes, pools};
use crate::tariff::{PriceList, QuotaList};

/// Dollars are told to a billionth: a request costs some millionths.
const DOLLAR_PARTS: f64 = 1e9;

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

impl JudgedSeries {
    fn of(attributes: BTreeMap<String, String>) -> Self {
        JudgedSeries { id: contributor_id(&attributes), attributes, parts: Vec::new(), members: Vec::new() }
    }
}

/// Values by minute of the series of one alarm.
pub(super) struct Values {
    /// The first minute.
    pub start: Minute,
    pub series: Vec<JudgedSeries>,
    /// When log files of a series' keys did not come, a list a series; none at all if all came.
    silent: Vec<Vec<MinuteRange>>,
    /// A row a series.
    rows: Rows,
    /// Whether values are dollars: sums of prices have more digits than they mean.
    is_money: bool,
}

/// What minutes are kept as.
enum Rows {
    /// The sum of all minutes before each, and of all: so a period's sum is one difference, however long it is.
    Sums(Vec<Vec<f64>>),
    /// Each minute's value; that of a period is the largest.
    Peaks(Vec<Vec<f64>>),
}

impl Values {
    fn summed(
        start: Minute,
        (series, silent): (Vec<JudgedSeries>, Vec<Vec<MinuteRange>>),
        mut rows: Vec<Vec<f64>>,
        is_money: bool,
    ) -> Self {
        for row in &mut rows {
            let mut before = 0.0;
            for value in row.iter_mut() {
                before += std::mem::replace(value, before);
            }
            row.push(before);
        }
        Values { start, series, silent, rows: Rows::Sums(rows), is_money }
    }

    /// The value of a series over minutes; `None` before anything is stored, and where log files of any of its keys did
    /// not come.
    pub(super) fn over(&self, series: usize, range: MinuteRange, stored_from: Minute) -> Option<f64> {
        if range.start < stored_from || range.start < self.start {
            return None;
        }
        let is_silent = |silent: &MinuteRange| silent.start < range.end && range.start < silent.end;
        if self.silent.get(series).is_some_and(|silent| silent.iter().any(is_silent)) {
            return None;
        }
        let at = |minute: Minute| (minute.0 - self.start.0) as usize;
        let (start, end) = (at(range.start), at(range.end));
        match &self.rows {
            Rows::Sums(rows) => {
                let sum = rows[series].get(end)? - rows[series].get(start)?;
                Some(if self.is_money { (sum * DOLLAR_PARTS).round() / DOLLAR_PARTS } else { sum })
            }
            Rows::Peaks(rows) => Some(rows[series].get(start..end)?.iter().copied().fold(0.0, f64::max)),
        }
    }
}

/// What values are read from.
pub(super) struct Reader<'a> {
    counts: &'a dyn Counts,
    prices: &'a PriceList,
    quotas: &'a QuotaList,
    silences: &'a Silences,
    keys: Vec<KeyOperation>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        counts: &'a dyn Counts,
        (prices, quotas): (&'a PriceList, &'a QuotaList),
        silences: &'a Silences,
    ) -> Result<Self, WatchError> {
        Ok(Reader { counts, prices, quotas, silences, keys: key_operations(counts)? })
    }

    /// When log files that a series' calls are in did not come, a list a series; none at all if all came.
    fn silent(&self, series: &[JudgedSeries], range: MinuteRange) -> Vec<Vec<MinuteRange>> {
        if self.silences.is_empty() {
            return Vec::new();
        }
        let of = |series: &JudgedSeries| {
            let arns = series.members.iter().filter_map(|(key, _)| Arn::parse(key));
            let pool = series.attributes.get("Account").zip(series.attributes.get("Region"));
            let mut streams: Vec<(&str, &str)> = arns.map(|arn| (arn.account, arn.region)).collect();
            streams.extend(pool.map(|(account, region)| (account.as_str(), region.as_str())));
            streams.sort_unstable();
            streams.dedup();
            let ranges = streams.into_iter().flat_map(|(account, region)| self.silences.within(account, region, range));
            ranges.collect()
        };
        series.iter().map(of).collect()
    }

    /// What values are read from.
    pub(super) fn counts(&self) -> &'a dyn Counts {
        self.counts
    }

    /// The values of an alarm's series over a range.
    pub(super) fn values(&self, metric: &MetricAlarm, range: MinuteRange) -> Result<Values, WatchError> {
        if let Condition::QuotaShare { pool, account, region, .. } = &metric.condition {
            let is_meant = |of: &QuotaPool| {
                account.as_ref().is_none_or(|pattern| pattern.matches(&of.account))
                    && region.as_ref().is_none_or(|pattern| pattern.matches(&of.region))
            };
            return self.quota_shares(metric, pool.as_deref(), &is_meant, range);
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
        let silent = self.silent(&series, range);
        Ok(Values::summed(range.start, (series, silent), rows, is_spend))
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
            let series = found.entry(attributes.clone()).or_insert_with(|| JudgedSeries::of(attributes));
            series.members.push((key.key_arn.clone(), key.operation.clone()));
            series.parts.extend(key.numbers.iter().map(|number| (*number, weight)));
        }
        let mut series: Vec<JudgedSeries> = found.into_values().collect();
        for series in &mut series {
            // A ReEncrypt counts for both its keys, but happened once: with the weight that came first.
            series.parts.sort_by_key(|(number, _)| *number);
            series.parts.dedup_by_key(|(number, _)| *number);
        }
        if series.is_empty() && !matches!(watched.keys, Keys::Matching(_) | Keys::EverySeries) {
            // A key without calls has a series of zeros.
            series.push(JudgedSeries::of(BTreeMap::new()));
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
        let meant: Vec<bool> = cells.callers.iter().map(|caller| watched.has_caller(caller)).collect();
        for cell in cells.cells.iter().filter(|cell| meant[cell.caller as usize]) {
            // The slot of a day that is rolled up is an hour: its calls are spread over the slots that it was.
            // Whole ones, since parts of calls don't add up to as many.
            let slots = cell.minutes / Minute::PER_SLOT;
            let before = |slot: u32| cell.calls * i64::from(slot) / i64::from(slots);
            for slot in 0..slots {
                let start = Minute(cell.start.0 + slot * Minute::PER_SLOT);
                if !range.contains(start) {
                    continue;
                }
                let calls = (before(slot + 1) - before(slot)) as f64;
                for (place, weight) in &places[&cell.series] {
                    rows[*place][(start.0 - range.start.0) as usize] += calls * weight * scale;
                }
            }
        }
        Ok(())
    }

    /// The busiest second of each minute as a part of its quota, for each pool that anything was ever asked of.
    fn quota_shares(
        &self,
        metric: &MetricAlarm,
        pool: Option<&str>,
        is_meant: &dyn Fn(&QuotaPool) -> bool,
        range: MinuteRange,
    ) -> Result<Values, WatchError> {
        let filter = PoolFilter { name: pool.map(str::to_owned), ..PoolFilter::default() };
        let minutes = (range.end.0 - range.start.0) as usize;
        let (mut series, mut places) = (Vec::new(), HashMap::new());
        for pool in pools(self.counts, &filter)?.into_iter().filter(|pool| is_meant(pool)) {
            let Some(quota) = self.quotas.per_second(&pool.account, &pool.region, &pool.name) else { continue };
            let names = [("Account", &pool.account), ("Region", &pool.region), ("QuotaPool", &pool.name)];
            let attributes = names.into_iter().map(|(name, value)| (name.to_owned(), value.clone()));
            series.push(JudgedSeries::of(attributes.collect()));
            places.insert(pool, (series.len() - 1, quota.per_second));
        }
        if series.is_empty() && !metric.is_multi_series() {
            // A pool that nothing is asked of has a series of zeros.
            series.push(JudgedSeries::of(BTreeMap::new()));
        }
        let mut rows = vec![vec![0.0; minutes]; series.len()];
        for minute in pool_minutes(self.counts, range, &filter)? {
            if let Some((place, per_second)) = places.get(&minute.pool) {
                rows[*place][(minute.minute.0 - range.start.0) as usize] = f64::from(minute.peak) / per_second;
            }
        }
        let silent = self.silent(&series, range);
        Ok(Values { start: range.start, series, silent, rows: Rows::Peaks(rows), is_money: false })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::AlarmTables;
    use crate::insights::fake::{Fake, FakeSeries};

    /// 2026-01-16T00:00:00Z.
    const DAY: u32 = 29_475_360;

    #[test]
    fn an_alarm_by_caller_sees_whole_calls_of_days_that_are_kept_by_the_hour() {
        // Two days with 1 to 13 calls an hour, by turns.
        let calls = |hour: u32| hour % 13 + 1;
        let hours = 0..48_u32;
        let counts = Fake {
            series: vec![FakeSeries::key("arn:aws:kms:us-east-1:111122223333:key/a", "Decrypt")],
            callers: vec![["111122223333", "arn:aws:iam::111122223333:role/etl", "", "", ""]],
            slots: hours.clone().map(|hour| (DAY / 5 + hour * 12, 0, 0, [calls(hour) as i32, 0, 0, 0, 0])).collect(),
            by_hour: [DAY / Minute::PER_DAY, DAY / Minute::PER_DAY + 1].into(),
            ..Fake::default()
        };
        let rules = "[[alarm]]\nname = 'etl'\ncaller = 'arn:aws:iam::111122223333:role/etl'\nthreshold = 7\n\
                     period = '1h'\ncomparison_operator = 'GreaterThanThreshold'\n";
        let alarms = toml::from_str::<AlarmTables>(rules).unwrap().read().unwrap().alarms;
        let (prices, quotas, silences) = (PriceList::default(), QuotaList::default(), Silences::default());
        let reader = Reader::new(&counts, (&prices, &quotas), &silences).expect("a reader");
        let range = MinuteRange { start: Minute(DAY), end: Minute(DAY + 2 * Minute::PER_DAY) };
        let values = reader.values(alarms[0].metric().unwrap(), range).expect("values");
        let over = |start: u32, minutes: u32| {
            let range = MinuteRange { start: Minute(start), end: Minute(start + minutes) };
            values.over(0, range, Minute(DAY)).unwrap()
        };
        for hour in hours {
            let start = DAY + hour * 60;
            assert_eq!(over(start, 60), f64::from(calls(hour)), "hour {hour}");
            for slot in 0..12 {
                let (spread, even) = (over(start + slot * 5, 5), f64::from(calls(hour)) / 12.0);
                assert!(spread.fract() == 0.0 && (spread - even).abs() < 1.0, "{spread} of {even} in hour {hour}");
            }
        }
    }
}
