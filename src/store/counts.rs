//! What is committed, as frames.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use polars::io::HiveOptions;
use polars::prelude::{
    Column, DataFrame, IntoSeries, LazyFrame, NamedFrom, PolarsError, ScanArgsParquet, ScanSources, Series,
    StringChunkedBuilder, col, lit,
};

use super::error::StoreError;
use super::open::{SEGMENTS, Store};
use super::segment::{self, Kind};
use crate::domain::{Minute, MinuteRange};
use crate::series::{Counts, Cover, RollupBy};

/// A store's counts, for reading.
pub struct StoredCounts<'s> {
    store: &'s Store,
}

impl Store {
    /// The committed counts.
    pub fn counts(&self) -> StoredCounts<'_> {
        StoredCounts { store: self }
    }

    /// The first and the last minute that has counts.
    pub fn minutes_covered(&self) -> Result<Option<MinuteRange>, StoreError> {
        let query = "SELECT min(minute_first), max(minute_last) FROM segments WHERE kind = 'minutes'";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let covered: (Option<u32>, Option<u32>) =
            self.catalog.query_row(query, [], read).map_err(|source| self.catalog_error("read the range", source))?;
        Ok(match covered {
            (Some(first), Some(last)) => Some(MinuteRange { start: Minute(first), end: Minute(last + 1) }),
            _ => None,
        })
    }
}

/// A scan over segment files, `None` if there are none. The files are opened now: a compaction that removes their names
/// meanwhile doesn't matter to the scan.
pub(super) fn scan(folder: &Path, files: &[&str]) -> Result<Option<LazyFrame>, StoreError> {
    if files.is_empty() {
        return Ok(None);
    }
    let open = |file: &&str| segment::open(&folder.join(file));
    let opened: Arc<[File]> = files.iter().map(open).collect::<Result<Vec<_>, _>>()?.into();
    let failed = |source| StoreError::Frame { action: format!("scan {}", folder.display()), source };
    let hive_options = HiveOptions::new_disabled();
    let arguments = ScanArgsParquet { glob: false, cache: false, hive_options, ..ScanArgsParquet::default() };
    LazyFrame::scan_parquet_sources(ScanSources::Files(opened), arguments).map(Some).map_err(failed)
}

/// One day's segment files.
struct Day {
    day: u32,
    files: Vec<String>,
}

impl StoredCounts<'_> {
    /// The days of a range that have segments of a kind.
    fn days(&self, kind: Kind, range: MinuteRange) -> Result<Vec<Day>, StoreError> {
        let query = format!(
            "SELECT day, file FROM segments
             WHERE kind = '{}' AND day >= {} AND day <= {} AND minute_last >= {} AND minute_first < {}
             ORDER BY day, file",
            kind.name(),
            range.start.day(),
            Minute(range.end.0.saturating_sub(1)).day(),
            range.start.0,
            range.end.0
        );
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?));
        let rows = super::catalog::rows(&self.store.catalog, &query, read)
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

    /// One frame a day, listed anew if a compaction removed a file between listing and opening.
    fn frames(&self, kind: Kind, range: MinuteRange) -> Result<Vec<(u32, LazyFrame)>, StoreError> {
        const TRIES: usize = 3;
        let folder = self.store.dir.join(SEGMENTS);
        let try_once = || {
            let mut frames = Vec::new();
            for Day { day, files } in self.days(kind, range)? {
                let files: Vec<&str> = files.iter().map(String::as_str).collect();
                frames.extend(scan(&folder, &files)?.map(|frame| (day, frame)));
            }
            Ok(frames)
        };
        let gone = |result: &Result<_, StoreError>| match result {
            Err(StoreError::File { source, .. }) => source.kind() == io::ErrorKind::NotFound,
            _ => false,
        };
        let mut result = try_once();
        for _ in 1..TRIES {
            if !gone(&result) {
                break;
            }
            result = try_once();
        }
        result
    }

    /// Frames of a range: days on its edge are cut by `column`, which counts in `per_minute`ths or multiples of
    /// minutes.
    fn cut(
        &self,
        kind: Kind,
        range: MinuteRange,
        column: &str,
        bound: impl Fn(u32) -> u32,
    ) -> Result<Vec<LazyFrame>, PolarsError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let frames = self.frames(kind, range).map_err(to_polars)?;
        Ok(frames
            .into_iter()
            .map(|(day, frame)| {
                let whole = day_range(day);
                if range.start <= whole.start && whole.end <= range.end {
                    return frame;
                }
                let (start, end) = (bound(range.start.0.max(whole.start.0)), bound(range.end.0.min(whole.end.0)));
                frame.filter(col(column).gt_eq(lit(start)).and(col(column).lt(lit(end))))
            })
            .collect())
    }
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

    fn covered(&self, range: MinuteRange) -> Result<Option<MinuteRange>, PolarsError> {
        let query =
            "SELECT min(minute_first), max(minute_last) FROM segments WHERE minute_last >= ? AND minute_first < ?";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let covered: (Option<u32>, Option<u32>) = self
            .store
            .catalog
            .query_row(query, [range.start.0, range.end.0], read)
            .map_err(|source| to_polars(self.store.catalog_error("read the range", source)))?;
        Ok(match covered {
            (Some(first), Some(last)) => {
                Some(MinuteRange { start: Minute(first).max(range.start), end: Minute(last + 1).min(range.end) })
            }
            _ => None,
        })
    }

    fn minutes(&self, range: MinuteRange) -> Result<Vec<LazyFrame>, PolarsError> {
        self.cut(Kind::Minutes, range, "minute", |minute| minute)
    }

    fn rolled_up(&self, by: RollupBy, range: MinuteRange) -> Result<Cover, PolarsError> {
        let (days_kind, hours_kind) = match by {
            RollupBy::Series => (Kind::SeriesDays, Kind::SeriesHours),
            RollupBy::Key => (Kind::KeyDays, Kind::KeyHours),
        };
        let mut cover = Cover::default();
        let settled = self.settled_days(range).map_err(to_polars)?;
        for day in range.start.day()..=Minute(range.end.0.saturating_sub(1)).day() {
            let whole = day_range(day);
            let part = MinuteRange { start: range.start.max(whole.start), end: range.end.min(whole.end) };
            if part.is_empty() {
                continue;
            }
            if settled.binary_search(&day).is_err() {
                cover.minutes.push(part);
                continue;
            }
            if part == whole {
                cover.rollups.extend(self.frames(days_kind, part).map_err(to_polars)?.into_iter().map(|(_, f)| f));
                continue;
            }
            let hours =
                MinuteRange { start: Minute(part.start.0.div_ceil(60) * 60), end: Minute(part.end.0 / 60 * 60) };
            if hours.is_empty() {
                cover.minutes.push(part);
                continue;
            }
            let within = col("start").gt_eq(lit(hours.start.0)).and(col("start").lt(lit(hours.end.0)));
            for (_, frame) in self.frames(hours_kind, part).map_err(to_polars)? {
                cover.rollups.push(frame.filter(within.clone()));
            }
            cover.minutes.push(MinuteRange { start: part.start, end: hours.start });
            cover.minutes.push(MinuteRange { start: hours.end, end: part.end });
        }
        Ok(cover)
    }

    fn callers(&self, range: MinuteRange) -> Result<Vec<LazyFrame>, PolarsError> {
        let whole_slots = MinuteRange {
            start: Minute(range.start.0 / 5 * 5),
            end: Minute(range.end.0.min(MinuteRange::ALL.end.0 - 5).div_ceil(5) * 5),
        };
        self.cut(Kind::Callers, whole_slots, "slot", |minute| minute / 5)
    }

    fn caller_dictionary(&self) -> Result<DataFrame, PolarsError> {
        self.dictionary("caller", &["account", "principal", "service", "resource", "vpc_endpoint"])
    }

    fn seconds(&self, range: MinuteRange) -> Result<Vec<LazyFrame>, PolarsError> {
        self.cut(Kind::Seconds, range, "second", |minute| minute.saturating_mul(60))
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

    /// The days of a range whose roll-ups are valid: made from the one segment of minutes that the day has.
    fn settled_days(&self, range: MinuteRange) -> Result<Vec<u32>, StoreError> {
        let query = format!(
            "SELECT day FROM segments WHERE day >= {} AND day <= {} GROUP BY day
             HAVING sum(kind = 'minutes') = 1 AND sum(kind = 'key-days') + sum(kind = 'series-days') > 0 ORDER BY day",
            range.start.day(),
            Minute(range.end.0.saturating_sub(1)).day()
        );
        super::catalog::rows(&self.store.catalog, &query, |row| row.get(0))
            .map_err(|source| self.store.catalog_error("list settled days", source))
    }
}
