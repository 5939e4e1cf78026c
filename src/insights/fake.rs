//! Counts in memory, with roll-ups by brute force: what tests ask.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, IntoLazy, LazyFrame, PolarsError, df};

use crate::domain::{Minute, MinuteRange};
use crate::series::{CountKind, Counts, Cover, Days, RollupBy};

/// A series of the dictionary; its number is its place.
#[derive(Clone, Debug)]
pub(crate) struct FakeSeries {
    pub(crate) key: String,
    pub(crate) destination: String,
    pub(crate) operation: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) reason: String,
}

impl FakeSeries {
    pub(crate) fn key(key: &str, operation: &str) -> Self {
        let part = |at: usize| key.split(':').nth(at).unwrap_or("").to_owned();
        FakeSeries {
            key: key.to_owned(),
            destination: String::new(),
            operation: operation.to_owned(),
            account: part(4),
            region: part(3),
            reason: String::new(),
        }
    }

    pub(crate) fn re_encrypt(source: &str, destination: &str) -> Self {
        FakeSeries { destination: destination.to_owned(), ..Self::key(source, "ReEncrypt") }
    }

    pub(crate) fn unattributed(key_ref: &str, operation: &str) -> Self {
        let account = "111122223333".to_owned();
        FakeSeries { account, reason: "alias".to_owned(), ..Self::key(key_ref, operation) }
    }
}

/// Rows of the tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake {
    pub(crate) series: Vec<FakeSeries>,
    /// Account, principal, service, resource, VPC endpoint.
    pub(crate) callers: Vec<[&'static str; 5]>,
    /// Account, Region, name.
    pub(crate) pools: Vec<[&'static str; 3]>,
    /// Minute, series, the five outcomes.
    pub(crate) minutes: Vec<(u32, u32, [u32; 5])>,
    /// Slot, caller, series, the five outcomes.
    pub(crate) slots: Vec<(u32, u32, u32, [i32; 5])>,
    /// Second, pool, requests, throttled.
    pub(crate) seconds: Vec<(u32, u32, u32, u32)>,
    /// Days that have roll-ups.
    pub(crate) settled: BTreeSet<u32>,
    /// What was dropped, see [`Fake::drop_before`].
    pub(crate) kept_from: BTreeMap<CountKind, u32>,
    /// Days whose counts by caller are kept by the hour, whatever the slots of their rows.
    pub(crate) by_hour: BTreeSet<u32>,
}

fn days<T: Copy>(rows: &[T], day: impl Fn(&T) -> u32) -> Vec<Vec<T>> {
    let mut days: BTreeMap<u32, Vec<T>> = BTreeMap::new();
    for row in rows {
        days.entry(day(row)).or_default().push(*row);
    }
    days.into_values().collect()
}

/// A frame of each day's rows.
fn frames<'c, T: 'c>(days: Vec<Vec<T>>, frame: impl Fn(Vec<T>) -> Result<LazyFrame, PolarsError> + 'c) -> Days<'c> {
    Box::new(days.into_iter().map(frame))
}

fn column<T, V>(rows: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

impl Fake {
    /// Drops counts of a kind from before a minute, the start of a day. What began the store has to stay in another
    /// kind.
    pub(crate) fn drop_before(mut self, kind: CountKind, minute: u32) -> Self {
        match kind {
            CountKind::Minutes => self.minutes.retain(|row| row.0 >= minute),
            CountKind::Callers => self.slots.retain(|row| row.0 * 5 >= minute),
            CountKind::Seconds => self.seconds.retain(|row| row.0 / 60 >= minute),
        }
        self.kept_from.insert(kind, minute);
        self
    }

    /// The smallest series of the same key among the `KeyArn, Operation` series.
    fn rolled_to(&self, by: RollupBy, series: u32) -> Option<u32> {
        let one_key = |s: &FakeSeries| s.reason.is_empty() && s.operation != "ReEncrypt";
        let of = &self.series[series as usize];
        match by {
            RollupBy::Series => Some(series),
            RollupBy::Key if !one_key(of) => None,
            RollupBy::Key => self.series.iter().position(|s| one_key(s) && s.key == of.key).map(|at| at as u32),
        }
    }

    fn rollup(&self, by: RollupBy, start: u32, length: u32) -> Option<LazyFrame> {
        let mut sums: BTreeMap<u32, BTreeMap<u32, u64>> = BTreeMap::new();
        for &(minute, series, outcomes) in &self.minutes {
            let Some(series) = self.rolled_to(by, series) else { continue };
            if (start..start + length).contains(&minute) && outcomes[0] > 0 {
                *sums.entry(series).or_default().entry(minute).or_default() += u64::from(outcomes[0]);
            }
        }
        let mut rows: Vec<(u32, u64, u32, u32, u32)> = Vec::new();
        for (series, minutes) in sums {
            let peak = minutes.values().copied().max().expect("a minute");
            let at = minutes.iter().find(|(_, sum)| **sum == peak).map(|(minute, _)| *minute).expect("the peak");
            rows.push((series, minutes.values().sum(), minutes.len() as u32, peak as u32, at));
        }
        if rows.is_empty() {
            return None;
        }
        let frame = df!(
            "series" => column(&rows, |row| row.0),
            "start" => column(&rows, |_| start),
            "sum" => column(&rows, |row| row.1),
            "minutes" => column(&rows, |row| row.2),
            "peak" => column(&rows, |row| row.3),
            "peak_at" => column(&rows, |row| row.4),
        );
        Some(frame.expect("a frame").lazy())
    }
}

impl Counts for Fake {
    fn anything_in(&self, range: MinuteRange) -> Result<Option<MinuteRange>, PolarsError> {
        let minutes = self.minutes.iter().map(|row| (row.0, row.0 + 1));
        let slots = self.slots.iter().map(|row| (row.0 * 5, row.0 * 5 + 5));
        let seconds = self.seconds.iter().map(|row| (row.0 / 60, row.0 / 60 + 1));
        let stored = minutes.chain(slots).chain(seconds);
        let within = stored.filter(|(first, end)| *end > range.start.0 && *first < range.end.0);
        let joined = within.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        Ok(joined
            .map(|(first, end)| MinuteRange { start: Minute(first).max(range.start), end: Minute(end).min(range.end) }))
    }

    fn stored_from(&self, kind: CountKind) -> Result<Option<Minute>, PolarsError> {
        let began = self.anything_in(MinuteRange::ALL)?.map(|all| all.start.0 / 60 * 60);
        Ok(began.map(|began| Minute(began.max(self.kept_from.get(&kind).copied().unwrap_or(0)))))
    }

    fn series(&self) -> Result<DataFrame, PolarsError> {
        let text = |of: fn(&FakeSeries) -> &String| column(&self.series, |series| of(series).clone());
        df!(
            "series" => (0..self.series.len() as u32).collect::<Vec<u32>>(),
            "key_arn" => text(|series| &series.key),
            "destination_arn" => text(|series| &series.destination),
            "operation" => text(|series| &series.operation),
            "account" => text(|series| &series.account),
            "region" => text(|series| &series.region),
            "reason" => text(|series| &series.reason),
        )
    }

    fn minutes(&self, range: MinuteRange) -> Result<Days<'_>, PolarsError> {
        let rows: Vec<_> = self.minutes.iter().filter(|row| range.contains(Minute(row.0))).copied().collect();
        Ok(frames(days(&rows, |row| row.0 / Minute::PER_DAY), |rows| {
            df!(
                "minute" => column(&rows, |row| row.0),
                "series" => column(&rows, |row| row.1),
                "successful" => column(&rows, |row| row.2[0]),
                "throttled" => column(&rows, |row| row.2[1]),
                "denied" => column(&rows, |row| row.2[2]),
                "failed" => column(&rows, |row| row.2[3]),
                "dry_run" => column(&rows, |row| row.2[4]),
            )
            .map(IntoLazy::lazy)
        }))
    }

    fn rolled_up(&self, by: RollupBy, range: MinuteRange) -> Result<Cover<'_>, PolarsError> {
        let (mut rollups, mut minutes) = (Vec::new(), Vec::new());
        for day in range.start.day()..=Minute(range.end.0.saturating_sub(1)).day() {
            let (first, last) = (day * Minute::PER_DAY, (day + 1) * Minute::PER_DAY);
            let (start, end) = (range.start.0.max(first), range.end.0.min(last));
            let hours = (start.div_ceil(60) * 60, end / 60 * 60);
            if start >= end {
                continue;
            }
            if !self.settled.contains(&day) || hours.0 >= hours.1 {
                minutes.push(MinuteRange { start: Minute(start), end: Minute(end) });
            } else if (start, end) == (first, last) {
                rollups.extend(self.rollup(by, first, Minute::PER_DAY));
            } else {
                minutes.push(MinuteRange { start: Minute(start), end: Minute(hours.0) });
                rollups.extend((hours.0..hours.1).step_by(60).filter_map(|hour| self.rollup(by, hour, 60)));
                minutes.push(MinuteRange { start: Minute(hours.1), end: Minute(end) });
            }
        }
        Ok(Cover { rollups: Box::new(rollups.into_iter().map(Ok)), minutes })
    }

    fn caller_slot(&self, range: MinuteRange) -> Result<u32, PolarsError> {
        let days = range.start.day()..=Minute(range.end.0.saturating_sub(1)).day();
        Ok(if self.by_hour.range(days).next().is_some() { Minute::PER_HOUR } else { Minute::PER_SLOT })
    }

    fn callers(&self, range: MinuteRange) -> Result<Days<'_>, PolarsError> {
        let by_hour = |slot: u32| self.by_hour.contains(&(slot * 5 / Minute::PER_DAY));
        let within = |slot: u32| {
            let (start, minutes) = if by_hour(slot) { (slot / 12 * 60, 60) } else { (slot * 5, 5) };
            start < range.end.0 && start + minutes > range.start.0
        };
        let stands_at = |slot: u32| if by_hour(slot) { slot / 12 * 12 } else { slot };
        let rows = self.slots.iter().filter(|row| within(row.0));
        let rows: Vec<_> = rows.map(|row| (stands_at(row.0), row.1, row.2, row.3)).collect();
        Ok(frames(days(&rows, |row| row.0 * 5 / Minute::PER_DAY), |rows| {
            df!(
                "slot" => column(&rows, |row| row.0),
                "caller" => column(&rows, |row| row.1),
                "series" => column(&rows, |row| row.2),
                "successful" => column(&rows, |row| row.3[0]),
                "throttled" => column(&rows, |row| row.3[1]),
                "denied" => column(&rows, |row| row.3[2]),
                "failed" => column(&rows, |row| row.3[3]),
                "dry_run" => column(&rows, |row| row.3[4]),
            )
            .map(IntoLazy::lazy)
        }))
    }

    fn caller_dictionary(&self) -> Result<DataFrame, PolarsError> {
        let text = |at: usize| column(&self.callers, |caller| caller[at]);
        df!(
            "caller" => (0..self.callers.len() as u32).collect::<Vec<u32>>(),
            "account" => text(0),
            "principal" => text(1),
            "service" => text(2),
            "resource" => text(3),
            "vpc_endpoint" => text(4),
        )
    }

    fn seconds(&self, range: MinuteRange) -> Result<Days<'_>, PolarsError> {
        let rows: Vec<_> = self.seconds.iter().filter(|row| range.contains(Minute(row.0 / 60))).copied().collect();
        Ok(frames(days(&rows, |row| row.0 / 86_400), |rows| {
            df!(
                "second" => column(&rows, |row| row.0),
                "pool" => column(&rows, |row| row.1),
                "requests" => column(&rows, |row| row.2),
                "throttled" => column(&rows, |row| row.3),
            )
            .map(IntoLazy::lazy)
        }))
    }

    fn pool_dictionary(&self) -> Result<DataFrame, PolarsError> {
        let text = |at: usize| column(&self.pools, |pool| pool[at]);
        df!(
            "pool" => (0..self.pools.len() as u32).collect::<Vec<u32>>(),
            "account" => text(0),
            "region" => text(1),
            "name" => text(2),
        )
    }
}
