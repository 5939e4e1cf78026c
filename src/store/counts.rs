//! What is committed, as frames.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use polars::io::HiveOptions;
use polars::prelude::{
    Column, DataFrame, DataType, Expr, IntoSeries, LazyFrame, NamedFrom, PolarsError, PolarsResult, ScanArgsParquet,
    ScanSources, Series, StringChunkedBuilder, UnionArgs, col, concat, lit, when,
};

use super::error::StoreError;
use super::open::{SEGMENTS, Store};
use super::segment::{self, Kind};
use crate::domain::{Minute, MinuteRange, Outcome};
use crate::series::{CountKind, Counts, Cover, Days, RollupBy};

/// A store's counts, for reading.
#[derive(Clone, Copy)]
pub struct StoredCounts<'s> {
    store: &'s Store,
}

impl Store {
    /// The committed counts.
    pub fn counts(&self) -> StoredCounts<'_> {
        StoredCounts { store: self }
    }
}

/// A scan over segment files, `None` if there are none. The files are opened now: that their names are removed later
/// doesn't matter to the scan.
pub(super) fn scan(folder: &Path, files: &[impl AsRef<Path>]) -> Result<Option<LazyFrame>, StoreError> {
    if files.is_empty() {
        return Ok(None);
    }
    let open = |file: &_| segment::open(&folder.join(file));
    let opened: Arc<[File]> = files.iter().map(open).collect::<Result<Vec<_>, _>>()?.into();
    let failed = |source| StoreError::Frame { action: format!("scan {}", folder.display()), source };
    let hive_options = HiveOptions::new_disabled();
    let arguments = ScanArgsParquet { glob: false, cache: false, hive_options, ..ScanArgsParquet::default() };
    LazyFrame::scan_parquet_sources(ScanSources::Files(opened), arguments).map(Some).map_err(failed)
}

/// Minute counts without what was taken back of them: each minute and series that has calls left once.
pub(super) fn net(minutes: LazyFrame, taken_back: LazyFrame) -> PolarsResult<LazyFrame> {
    let names = ["minute", "series"];
    let outcomes = Outcome::ALL.map(Outcome::column);
    let signed = |frame: LazyFrame, sign: i64| {
        let calls = outcomes.map(|name| col(name).cast(DataType::Int64) * lit(sign));
        frame.select(names.map(col).into_iter().chain(calls).collect::<Vec<_>>())
    };
    let whole = |name: &str| when(col(name).gt(lit(0))).then(col(name)).otherwise(lit(0)).cast(DataType::UInt32);
    let has_calls = outcomes.map(|name| col(name).gt(lit(0))).into_iter().reduce(Expr::or).unwrap_or(lit(true));
    Ok(concat([signed(minutes, 1), signed(taken_back, -1)], UnionArgs::default())?
        .group_by(names.map(col))
        .agg(outcomes.map(|name| col(name).sum()))
        .filter(has_calls)
        .with_columns(outcomes.map(|name| whole(name).alias(name))))
}

/// A scan over a day's segment files, less what some of them take back of the others.
fn scan_net(folder: &Path, files: &[String]) -> Result<Option<LazyFrame>, StoreError> {
    let (taken_back, counted): (Vec<&str>, Vec<&str>) =
        files.iter().map(String::as_str).partition(|file| Kind::TakenBack.is_of(file));
    let failed = |source| StoreError::Frame { action: "take counts back".to_owned(), source };
    match (scan(folder, &counted)?, scan(folder, &taken_back)?) {
        (Some(counted), Some(taken_back)) => net(counted, taken_back).map(Some).map_err(failed),
        // What it was taken from is dropped.
        (counted, _) => Ok(counted),
    }
}

/// One day's segment files.
struct Day {
    day: u32,
    files: Vec<String>,
}

impl<'s> StoredCounts<'s> {
    /// The days of a range that have segments of some kinds.
    fn days(&self, kinds: &[Kind], range: MinuteRange) -> Result<Vec<Day>, StoreError> {
        let query = format!(
            "SELECT day, file FROM segments
             WHERE kind IN ({}) AND day >= {} AND day <= {} AND minute_last >= {} AND minute_first < {}
             ORDER BY day, file",
            Kind::list(kinds),
            range.start.day(),
            last_day(range),
            range.start.0,
            range.end.0
        );
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?));
        let rows = super::rows::rows(&self.store.catalog, &query, read)
            .map_err(|source| self.store.catalog_error("list segments", source))?;
        let mut days: Vec<Day> = Vec::new();
        for (day, file) in rows {
            match days.last_mut() {
                Some(last) if last.day == day => last.files.push(file),
                _ => days.push(Day { day, files: vec![file] }),
            }
        }
        Ok(days)
    }

    /// Frames of a range: days on its edge are cut by `column`, which counts in what `bound` makes of minutes.
    fn cut(
        &self,
        kinds: &'static [Kind],
        range: MinuteRange,
        column: &'static str,
        bound: impl Fn(u32) -> u32 + 's,
    ) -> Result<Days<'s>, PolarsError> {
        if range.is_empty() {
            return Ok(Box::new(std::iter::empty()));
        }
        let folder = self.store.dir.join(SEGMENTS);
        let days = self.days(kinds, range).map_err(to_polars)?.into_iter();
        Ok(Box::new(days.filter_map(move |day| {
            let whole = day_range(day.day);
            let cut = |frame: LazyFrame| {
                if range.start <= whole.start && whole.end <= range.end {
                    return frame;
                }
                let (start, end) = (bound(range.start.0.max(whole.start.0)), bound(range.end.0.min(whole.end.0)));
                frame.filter(col(column).gt_eq(lit(start)).and(col(column).lt(lit(end))))
            };
            scan_net(&folder, &day.files).map_err(to_polars).transpose().map(|frame| frame.map(cut))
        })))
    }
}

/// The last day that a range has a minute of.
fn last_day(range: MinuteRange) -> u32 {
    Minute(range.end.0.saturating_sub(1)).day()
}

fn day_range(day: u32) -> MinuteRange {
    MinuteRange { start: Minute(day * Minute::PER_DAY), end: Minute((day + 1) * Minute::PER_DAY) }
}

fn to_polars(error: StoreError) -> PolarsError {
    match error {
        StoreError::Frame { source, .. } => source,
        other => PolarsError::IO { error: Arc::new(io::Error::other(other)), msg: None },
    }
}

impl Counts for StoredCounts<'_> {
    fn series(&self) -> Result<DataFrame, PolarsError> {
        self.dictionary("series", &["key_arn", "destination_arn", "operation", "account", "region", "reason"])
    }

    fn series_without_owners(&self) -> Result<DataFrame, PolarsError> {
        self.dictionary("series", &["key_arn", "destination_arn", "operation", "reason"])
    }

    fn anything_in(&self, range: MinuteRange) -> Result<Option<MinuteRange>, PolarsError> {
        self.store.covered_by_any(range).map_err(to_polars)
    }

    fn stored_from(&self, kind: CountKind) -> Result<Option<Minute>, PolarsError> {
        self.store.stored_from(kind).map_err(to_polars)
    }

    fn minutes(&self, range: MinuteRange) -> Result<Days<'_>, PolarsError> {
        self.cut(&Kind::OF_MINUTES, range, "minute", |minute| minute)
    }

    fn rolled_up(&self, by: RollupBy, range: MinuteRange) -> Result<Cover<'_>, PolarsError> {
        let (of_days, of_hours): (&'static [Kind], &'static [Kind]) = match by {
            RollupBy::Series => (&[Kind::SeriesDays], &[Kind::SeriesHours]),
            RollupBy::Key => (&[Kind::KeyDays], &[Kind::KeyHours]),
        };
        let (mut rolled_up, mut minutes) = (Vec::new(), Vec::new());
        let settled = self.settled_days(range).map_err(to_polars)?;
        for day in range.start.day()..=last_day(range) {
            let whole = day_range(day);
            let part = MinuteRange { start: range.start.max(whole.start), end: range.end.min(whole.end) };
            if part.is_empty() {
                continue;
            }
            let hours =
                MinuteRange { start: Minute(part.start.0.div_ceil(60) * 60), end: Minute(part.end.0 / 60 * 60) };
            if settled.binary_search(&day).is_err() || hours.is_empty() {
                minutes.push(part);
            } else if part == whole {
                rolled_up.push((of_days, whole));
            } else {
                rolled_up.push((of_hours, hours));
                minutes.push(MinuteRange { start: part.start, end: hours.start });
                minutes.push(MinuteRange { start: hours.end, end: part.end });
            }
        }
        let rollups = rolled_up.into_iter().flat_map(|(kinds, part)| {
            let days = self.cut(kinds, part, "start", |minute| minute);
            days.unwrap_or_else(|error| Box::new(std::iter::once(Err(error))))
        });
        Ok(Cover { rollups: Box::new(rollups), minutes })
    }

    fn caller_slot(&self, range: MinuteRange) -> Result<u32, PolarsError> {
        let query = "SELECT EXISTS (SELECT 1 FROM segments WHERE kind = ? AND day BETWEEN ? AND ?)";
        let days = rusqlite::params![Kind::CallerHours.name(), range.start.day(), last_day(range)];
        let by_hour = self.store.catalog.query_row(query, days, |row| row.get(0));
        let by_hour = by_hour.map_err(|source| to_polars(self.store.catalog_error("look for hours", source)))?;
        Ok(if by_hour { Minute::PER_HOUR } else { Minute::PER_SLOT })
    }

    fn callers(&self, range: MinuteRange) -> Result<Days<'_>, PolarsError> {
        if range.is_empty() {
            return Ok(Box::new(std::iter::empty()));
        }
        let slot_of = |day: u32| self.caller_slot(day_range(day));
        let whole = MinuteRange {
            start: range.widened(slot_of(range.start.day())?).start,
            end: range.widened(slot_of(last_day(range))?).end,
        };
        self.cut(&Kind::OF_CALLERS, whole, "slot", |minute| minute / Minute::PER_SLOT)
    }

    fn caller_dictionary(&self) -> Result<DataFrame, PolarsError> {
        self.dictionary("caller", &["account", "principal", "service", "resource", "vpc_endpoint"])
    }

    fn seconds(&self, range: MinuteRange) -> Result<Days<'_>, PolarsError> {
        self.cut(&[Kind::Seconds], range, "second", |minute| minute.saturating_mul(60))
    }

    fn pool_dictionary(&self) -> Result<DataFrame, PolarsError> {
        self.dictionary("pool", &["account", "region", "name"])
    }
}

impl StoredCounts<'_> {
    /// A dictionary as a frame: its numbers in a column named as what they number, and its texts. Texts go from the
    /// catalog to the frame without a copy in between: there may be a hundred thousand.
    fn dictionary(&self, name: &str, columns: &[&str]) -> Result<DataFrame, PolarsError> {
        let table = if name == "series" { "series".to_owned() } else { format!("{name}s") };
        let query = format!("SELECT id, {} FROM {table} ORDER BY id", columns.join(", "));
        let read = || -> rusqlite::Result<(Vec<u32>, Vec<StringChunkedBuilder>)> {
            let count = format!("SELECT coalesce(max(id) + 1, 0) FROM {table}");
            let count = self.store.catalog.query_row(&count, [], |row| row.get::<_, u32>(0))? as usize;
            let mut numbers = Vec::with_capacity(count);
            let builder = |name: &&str| StringChunkedBuilder::new((*name).into(), count);
            let mut texts: Vec<_> = columns.iter().map(builder).collect();
            let mut statement = self.store.catalog.prepare(&query)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                numbers.push(row.get(0)?);
                for (at, text) in texts.iter_mut().enumerate() {
                    text.append_value(row.get_ref(at + 1)?.as_str()?);
                }
            }
            Ok((numbers, texts))
        };
        let failed = |source| to_polars(self.store.catalog_error("read a dictionary", source));
        let (numbers, texts) = read().map_err(failed)?;
        let numbers: Column = Series::new(name.into(), numbers).into();
        let texts = texts.into_iter().map(|text| Column::from(text.finish().into_series()));
        DataFrame::new_infer_height(std::iter::once(numbers).chain(texts).collect())
    }

    /// The days of a range that are settled.
    fn settled_days(&self, range: MinuteRange) -> Result<Vec<u32>, StoreError> {
        let query = format!(
            "SELECT day FROM segments WHERE day >= {} AND day <= {} GROUP BY day HAVING {} ORDER BY day",
            range.start.day(),
            last_day(range),
            segment::is_settled()
        );
        super::rows::rows(&self.store.catalog, &query, |row| row.get(0))
            .map_err(|source| self.store.catalog_error("list settled days", source))
    }
}
