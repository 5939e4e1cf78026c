//! Counts by caller, of few series and short windows: who called when.
//!
//! Counts by caller stand in slots; days that are older than two weeks are rolled up to hours. Of a window in such a
//! day, an hour's calls are taken by the part of the hour that lies in the window.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, LazyFrame, NamedFrom, PolarsResult, Series, UnionArgs, col, concat, lit, when,
};

use super::Counts;
use crate::domain::{Caller, Minute, MinuteRange, Outcome};

/// Calls by caller and series, of some windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerCells {
    /// The callers that occur.
    pub callers: Vec<Caller>,
    /// Their calls, in order of time. None is 0.
    pub cells: Vec<CallerCell>,
}

/// Calls of one caller and series in one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallerCell {
    /// The slot's first minute.
    pub start: Minute,
    /// Minutes of the slot: 5, or 60 once its day is rolled up.
    pub minutes: u32,
    /// The caller, as a place in [`CallerCells::callers`].
    pub caller: u32,
    /// The series' number.
    pub series: u32,
    /// Calls.
    pub calls: i64,
}

/// Calls by caller in a window and in others like it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallerWindows {
    /// The callers that occur.
    pub callers: Vec<Caller>,
    /// The window as it could be read: whole slots, or whole hours of a day that is rolled up.
    pub range: MinuteRange,
    /// Its calls by caller (a place in the list) and series number.
    pub now: Vec<(u32, u32, f64)>,
    /// Calls by caller in the other windows, in the order in which they were given, each as much longer as `range` is.
    pub usual: Vec<Vec<(u32, f64)>>,
}

impl CallerWindows {
    /// The window's calls by caller.
    pub fn now_by_caller(&self) -> Vec<(u32, f64)> {
        self.now.iter().map(|(caller, _, calls)| (*caller, *calls)).collect()
    }
}

/// Reads a window and others like it (of the same length, on earlier days) at once. `series` are the numbers of the
/// stored series that are meant.
pub fn caller_windows(
    counts: &dyn Counts,
    series: &[u32],
    outcome: Outcome,
    window: MinuteRange,
    others: &[MinuteRange],
) -> PolarsResult<CallerWindows> {
    let ranges: Vec<MinuteRange> = std::iter::once(window).chain(others.iter().copied()).collect();
    let cells = caller_cells(counts, series, outcome, &ranges)?;
    let of_window = cells.cells.iter().filter(|cell| cell.part_in(window) > 0.0);
    let step = of_window.map(|cell| cell.minutes).max().unwrap_or(Minute::PER_SLOT);
    let range = window.widened(step);
    let (before, after) = (window.start.0 - range.start.0, range.end.0 - window.end.0);
    let usual = others.iter().map(|other| {
        let start = Minute(other.start.0.saturating_sub(before));
        cells.within(MinuteRange { start, end: Minute(other.end.0 + after) })
    });
    let usual = usual.map(|rows| rows.into_iter().map(|(caller, _, calls)| (caller, calls)).collect()).collect();
    Ok(CallerWindows { range, now: cells.within(range), usual, callers: cells.callers })
}

/// Reads the calls of some series in some ranges, each widened to whole hours. Only the days of the ranges are opened.
pub fn caller_cells(
    counts: &dyn Counts,
    series: &[u32],
    outcome: Outcome,
    ranges: &[MinuteRange],
) -> PolarsResult<CallerCells> {
    let mut sums: BTreeMap<(u32, u32, u32), i64> = BTreeMap::new();
    let calls = col(outcome.column()).cast(DataType::Int64).alias("calls");
    for range in merged(ranges) {
        for day in counts.callers(range)? {
            let columns = [col("slot"), col("caller"), col("series"), calls.clone()];
            let rows = day?.filter(is_one_of("series", series)).select(columns).collect()?;
            let (slots, callers) = (rows.column("slot")?.u32()?, rows.column("caller")?.u32()?);
            let (numbers, calls) = (rows.column("series")?.u32()?, rows.column("calls")?.i64()?);
            let rows = slots.iter().zip(callers.iter()).zip(numbers.iter()).zip(calls.iter());
            for (((slot, caller), series), calls) in rows {
                let (Some(slot), Some(caller), Some(series), Some(calls)) = (slot, caller, series, calls) else {
                    continue;
                };
                *sums.entry((slot, caller, series)).or_default() += calls;
            }
        }
    }
    sums.retain(|_, calls| *calls != 0);
    let mut list = CallerList::default();
    let mut cells = Vec::with_capacity(sums.len());
    // The last day that was met, and the minutes of its slots.
    let mut day = (u32::MAX, Minute::PER_SLOT);
    for ((slot, caller, series), calls) in sums {
        let start = Minute(slot * Minute::PER_SLOT);
        if start.day() != day.0 {
            day = (start.day(), counts.caller_slot(MinuteRange { start, end: Minute(start.0 + Minute::PER_SLOT) })?);
        }
        let start = Minute(start.0 / day.1 * day.1);
        cells.push(CallerCell { start, minutes: day.1, caller: list.place_of(caller), series, calls });
    }
    Ok(CallerCells { callers: list.named(counts)?, cells })
}

/// All callers that called some series in a range, with the series each: what is known of keys. Reads every slot of the
/// range.
pub fn callers_seen(counts: &dyn Counts, series: &[u32], range: MinuteRange) -> PolarsResult<Vec<(Caller, u32)>> {
    let pair = || [col("caller"), col("series")];
    let any_call = Outcome::ALL.map(|outcome| col(outcome.column()).neq(lit(0))).into_iter().reduce(Expr::or);
    let any_call = any_call.unwrap_or_else(|| lit(true));
    let mut parts: Vec<LazyFrame> = Vec::new();
    for day in counts.callers(range)? {
        let wanted = day?.filter(is_one_of("series", series).and(any_call.clone()));
        parts.push(wanted.group_by(pair()).agg([]).collect()?.lazy());
    }
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let pairs = concat(parts, UnionArgs::default())?.group_by(pair()).agg([]).collect()?;
    let (callers, numbers) = (pairs.column("caller")?.u32()?, pairs.column("series")?.u32()?);
    let mut list = CallerList::default();
    let pairs = callers.iter().zip(numbers.iter()).filter_map(|(caller, series)| caller.zip(series));
    let mut places: Vec<(u32, u32)> = pairs.map(|(caller, series)| (list.place_of(caller), series)).collect();
    places.sort_unstable();
    let names = list.named(counts)?;
    Ok(places.into_iter().map(|(caller, series)| (names[caller as usize].clone(), series)).collect())
}

/// What a caller of the dictionary is called: the role, user or root; where a trail tells less, the account, else the
/// service.
pub fn caller_name() -> Expr {
    let told = |column: &str| when(col(column).neq(lit(""))).then(col(column));
    told("principal").otherwise(told("account").otherwise(col("service")))
}

impl CallerCells {
    /// Calls in a range by caller and series. Of a slot that the range cuts, its part of the time is taken.
    pub fn within(&self, range: MinuteRange) -> Vec<(u32, u32, f64)> {
        let mut sums: BTreeMap<(u32, u32), f64> = BTreeMap::new();
        for cell in &self.cells {
            let part = cell.part_in(range);
            if part > 0.0 {
                *sums.entry((cell.caller, cell.series)).or_default() += part * cell.calls as f64;
            }
        }
        sums.into_iter().map(|((caller, series), calls)| (caller, series, calls)).collect()
    }
}

impl CallerCell {
    /// The part of the slot that lies in a range, 0 to 1.
    fn part_in(&self, range: MinuteRange) -> f64 {
        let start = self.start.0.max(range.start.0);
        let end = (self.start.0 + self.minutes).min(range.end.0);
        f64::from(end.saturating_sub(start)) / f64::from(self.minutes)
    }
}

/// Ranges as whole hours, none of which overlap.
fn merged(ranges: &[MinuteRange]) -> Vec<MinuteRange> {
    let whole = ranges.iter().filter(|range| !range.is_empty()).map(|range| range.widened(Minute::PER_HOUR));
    let mut sorted: Vec<MinuteRange> = whole.collect();
    sorted.sort_by_key(|range| range.start);
    let mut merged: Vec<MinuteRange> = Vec::new();
    for range in sorted {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Whether a column of numbers has one of these.
fn is_one_of(column: &str, numbers: &[u32]) -> Expr {
    match numbers {
        [number] => col(column).eq(lit(*number)),
        _ => col(column).is_in(lit(Series::new("wanted".into(), numbers)).implode(true), false),
    }
}

/// Callers in order of their first mention, by their numbers.
#[derive(Default)]
struct CallerList {
    places: HashMap<u32, u32>,
}

impl CallerList {
    fn place_of(&mut self, number: u32) -> u32 {
        let next = u32::try_from(self.places.len()).expect("there are fewer than 2^32 callers");
        *self.places.entry(number).or_insert(next)
    }

    fn named(&self, counts: &dyn Counts) -> PolarsResult<Vec<Caller>> {
        let mut named = vec![Caller::default(); self.places.len()];
        if named.is_empty() {
            return Ok(named);
        }
        let dictionary: DataFrame = counts.caller_dictionary()?;
        let numbers = dictionary.column("caller")?.u32()?;
        let text = |name: &str| dictionary.column(name)?.str().cloned();
        let [accounts, principals, services] = [text("account")?, text("principal")?, text("service")?];
        let [resources, endpoints] = [text("resource")?, text("vpc_endpoint")?];
        for (row, number) in numbers.iter().enumerate() {
            let Some(place) = number.and_then(|number| self.places.get(&number)) else { continue };
            let at = |column: &polars::prelude::StringChunked| column.get(row).unwrap_or("").to_owned();
            named[*place as usize] = Caller {
                account: at(&accounts),
                principal: at(&principals),
                service: at(&services),
                resource: at(&resources),
                vpc_endpoint: at(&endpoints),
            };
        }
        Ok(named)
    }
}

#[cfg(test)]
mod tests;
