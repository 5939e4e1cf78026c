//! Compaction: a settled day's segments become one, with roll-ups beside it.
//!
//! The roll-ups answer what spans weeks: sum, occupied minutes and busiest minute of each hour and of the day, by
//! series and by key. They hold as long as the day has the one segment they were made from; the next commit into that
//! day makes them stale, and the next compaction makes them anew. Work goes hour by hour, so that memory holds an hour
//! of counts.

use std::fs::File;

use chrono::{DateTime, TimeDelta, Utc};
use polars::prelude::{
    ChunkAgg, DataFrame, IntoLazy, LazyFrame, PolarsError, PolarsResult, SortMultipleOptions, UnionArgs, col, concat,
    lit,
};
use rusqlite::params;

use super::commit::insert_segments;
use super::counts::{net, scan};
use super::error::StoreError;
use super::open::{SEGMENTS, Store, file_error, sync_folder};
use super::segment::{self, GROUP_ROWS, Kind, Written};
use crate::domain::{Minute, Outcome};

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Days made anew.
    pub days: u64,
    /// Files that this replaced.
    pub files: u64,
}

/// How many segments of a day it takes until it is compacted unasked.
pub const SEGMENTS_MAX: usize = 8;
/// From this age on a day's counts by caller are kept by the hour instead of five minutes.
const CALLERS_BY_HOUR_DAYS: i64 = 14;

impl Store {
    /// Compacts days that have at least `segments_min` segments of minutes, or segments without valid roll-ups if
    /// `segments_min` is 1, and settled days whose counts by caller have come of the age to be kept by the hour. Each
    /// day is one transaction.
    pub fn compact(&mut self, segments_min: usize, now: DateTime<Utc>) -> Result<Compacted, StoreError> {
        let mut compacted = Compacted::default();
        for day in self.days_to_compact(segments_min, now)? {
            compacted.files += self.compact_day(day, now)?;
            compacted.days += 1;
        }
        if compacted.days > 0 || self.has_litter {
            self.step("remove replaced segments")?;
            self.sweep()?;
        }
        Ok(compacted)
    }

    fn days_to_compact(&self, segments_min: usize, now: DateTime<Utc>) -> Result<Vec<u32>, StoreError> {
        // A day without minutes is one whose minutes were dropped; its counts by caller may be kept for longer.
        let query = format!(
            "SELECT day FROM segments GROUP BY day
             HAVING {minutes} >= {segments_min} AND NOT {is_settled}
                 OR ({minutes} = 0 OR {is_settled}) AND {callers} > 0 AND day * 86400 < {by_hour_before} ORDER BY day",
            minutes = Kind::count(&Kind::OF_MINUTES),
            is_settled = segment::is_settled(),
            callers = Kind::count(&[Kind::Callers]),
            by_hour_before = by_hour_before(now)
        );
        super::rows::rows(&self.catalog, &query, |row| row.get(0))
            .map_err(|source| self.catalog_error("list the days", source))
    }

    fn compact_day(&mut self, day: u32, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let batch = self.next_batch()?;
        let replaced = self.files_of_day(day)?;
        let files = |kinds: &[Kind]| -> Vec<&str> {
            let is_of = |name: &str| kinds.iter().any(|kind| kind.name() == name);
            replaced.iter().filter(|(of, _)| is_of(of)).map(|(_, file)| file.as_str()).collect()
        };
        let frame = |store: &Self, kinds: &[Kind]| scan(&store.dir.join(SEGMENTS), &files(kinds));
        let mut written = Vec::new();
        self.step("compact minutes")?;
        if let Some(minutes) = frame(self, &[Kind::Minutes])? {
            let taken_back = frame(self, &[Kind::TakenBack])?;
            written.extend(self.compact_minutes(day, batch, &minutes, taken_back.as_ref())?);
        }
        self.step("compact callers")?;
        if let Some(callers) = frame(self, &Kind::OF_CALLERS)? {
            // A day that was rolled up once stays so.
            let by_hour = i64::from(day) * 86_400 < by_hour_before(now) || !files(&[Kind::CallerHours]).is_empty();
            let kind = if by_hour { Kind::CallerHours } else { Kind::Callers };
            let range = self.minutes_of(&Kind::OF_CALLERS, day)?;
            written.push(self.write_segment(kind, day, batch, range, callers_of(callers, by_hour))?);
        }
        self.step("compact seconds")?;
        if let Some(seconds) = frame(self, &[Kind::Seconds])? {
            let range = self.minutes_of(&[Kind::Seconds], day)?;
            written.push(self.write_segment(Kind::Seconds, day, batch, range, seconds_of(seconds))?);
        }
        sync_folder(&self.dir.join(SEGMENTS))?;
        self.step("commit the compaction")?;
        let commit = |store: &mut Self| {
            let transaction = store.catalog.transaction()?;
            transaction
                .execute("INSERT INTO batches (number, committed_at) VALUES (?, ?)", params![batch, now.timestamp()])?;
            transaction.execute("DELETE FROM segments WHERE day = ?", [day])?;
            insert_segments(&transaction, &written)?;
            transaction.commit()
        };
        commit(self).map_err(|source| self.catalog_error("commit the compaction", source))?;
        Ok(replaced.len() as u64)
    }

    /// The first and the last minute that a day's segments of some kinds have.
    fn minutes_of(&self, kinds: &[Kind], day: u32) -> Result<(u32, u32), StoreError> {
        let kinds = Kind::list(kinds);
        let query =
            format!("SELECT min(minute_first), max(minute_last) FROM segments WHERE kind IN ({kinds}) AND day = ?");
        self.catalog
            .query_row(&query, [day], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(|source| self.catalog_error("read the day's range", source))
    }

    fn files_of_day(&self, day: u32) -> Result<Vec<(String, String)>, StoreError> {
        let query = format!("SELECT kind, file FROM segments WHERE day = {day}");
        super::rows::rows(&self.catalog, &query, |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(|source| self.catalog_error("list the day's segments", source))
    }

    fn compact_minutes(
        &mut self,
        day: u32,
        batch: i64,
        minutes: &LazyFrame,
        taken_back: Option<&LazyFrame>,
    ) -> Result<Vec<Written>, StoreError> {
        let name = Kind::Minutes.file_name(day, batch);
        let path = self.segment_path(&name);
        let failed = |source| StoreError::Frame { action: format!("write {}", path.display()), source };
        let keys = self.keys_of_series()?;
        let file = File::create(&path).map_err(|source| file_error("make", &path, source))?;
        let schema = minutes.clone().collect_schema().map_err(failed)?;
        let mut out = segment::writer(file, true).batched(&schema).map_err(failed)?;
        let mut rollups = Rollups::default();
        let (mut rows, mut first, mut last) = (0, u32::MAX, 0);
        for hour in 0..24 {
            let start = day * Minute::PER_DAY + hour * 60;
            let counts = hour_of(minutes, taken_back, start).map_err(failed)?;
            // A day of which all was taken back has roll-ups too, if empty ones: without any it would not be settled.
            if counts.height() == 0 && (rows > 0 || hour < 23) {
                continue;
            }
            for at in (0..counts.height()).step_by(GROUP_ROWS) {
                out.write_batch(&counts.slice(at as i64, GROUP_ROWS)).map_err(failed)?;
            }
            rows += counts.height();
            let column = counts.column("minute").and_then(|minutes| minutes.u32().cloned()).map_err(failed)?;
            first = first.min(column.min().unwrap_or(first));
            last = last.max(column.max().unwrap_or(last));
            rollups.add(counts, &keys, start).map_err(failed)?;
        }
        out.finish().map_err(failed)?;
        drop(out);
        let bytes = segment::sync(&path)?;
        // Where all was taken back, the day's range stays.
        let range = if rows == 0 { self.minutes_of(&[Kind::Minutes], day)? } else { (first, last) };
        let (minute_first, minute_last) = range;
        let mut written =
            vec![Written { kind: Kind::Minutes, day, file: name, rows, bytes, minute_first, minute_last }];
        for (kind, frame) in rollups.finish(day * Minute::PER_DAY).map_err(failed)? {
            written.push(self.write_segment(kind, day, batch, range, Ok(frame))?);
        }
        Ok(written)
    }

    /// `series` and the `key` it is rolled up to: the smallest series of that key among the `KeyArn, Operation` series.
    fn keys_of_series(&self) -> Result<DataFrame, StoreError> {
        let query = "SELECT id, min(id) OVER (PARTITION BY key_arn) FROM series
                     WHERE reason = '' AND operation <> 'ReEncrypt' ORDER BY id";
        let pairs: Vec<(u32, u32)> = super::rows::rows(&self.catalog, query, |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(|source| self.catalog_error("read the keys", source))?;
        let (series, key): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        polars::prelude::df!("series" => series, "key" => key)
            .map_err(|source| StoreError::Frame { action: "read the keys".to_owned(), source })
    }
}

/// Days that begin before this second since 1970 keep their counts by caller by the hour.
fn by_hour_before(now: DateTime<Utc>) -> i64 {
    (now - TimeDelta::days(CALLERS_BY_HOUR_DAYS)).timestamp()
}

/// One hour of a day, each (series, minute) once, sorted.
fn hour_of(minutes: &LazyFrame, taken_back: Option<&LazyFrame>, start: u32) -> PolarsResult<DataFrame> {
    let within = col("minute").gt_eq(lit(start)).and(col("minute").lt(lit(start + 60)));
    let columns = Outcome::ALL.map(Outcome::column);
    let minutes = minutes.clone().filter(within.clone());
    let minutes = match taken_back {
        Some(taken_back) => net(minutes, taken_back.clone().filter(within))?,
        None => minutes,
    };
    minutes
        .group_by([col("series"), col("minute")])
        .agg(columns.map(|name| col(name).sum()))
        .sort(["series", "minute"], SortMultipleOptions::default())
        .select(["minute", "series"].into_iter().chain(columns).map(col).collect::<Vec<_>>())
        .collect()
}

/// A day's counts by caller, each (slot, caller, series) once, sorted; by the hour if asked.
fn callers_of(callers: LazyFrame, by_hour: bool) -> PolarsResult<DataFrame> {
    let slots = if by_hour { Minute::PER_HOUR / Minute::PER_SLOT } else { 1 };
    callers
        .with_column((col("slot") - col("slot") % lit(slots)).alias("slot"))
        .group_by([col("slot"), col("caller"), col("series")])
        .agg(Outcome::ALL.map(|outcome| col(outcome.column()).sum()))
        .sort(["slot", "caller", "series"], SortMultipleOptions::default())
        .collect()
}

/// A day's requests by second and quota pool, each once, sorted by pool.
fn seconds_of(seconds: LazyFrame) -> PolarsResult<DataFrame> {
    seconds
        .group_by([col("pool"), col("second")])
        .agg([col("requests").sum(), col("throttled").sum()])
        .sort(["pool", "second"], SortMultipleOptions::default())
        .select([col("second"), col("pool"), col("requests"), col("throttled")])
        .collect()
}

/// The roll-ups of a day's hours, as they come.
#[derive(Default)]
struct Rollups {
    by_series: Vec<LazyFrame>,
    by_key: Vec<LazyFrame>,
}

impl Rollups {
    fn add(&mut self, counts: DataFrame, keys: &DataFrame, start: u32) -> PolarsResult<()> {
        let successful = counts.lazy().filter(col("successful").gt(lit(0_u32)));
        let of_key = successful
            .clone()
            .inner_join(keys.clone().lazy(), col("series"), col("series"))
            .group_by([col("key"), col("minute")])
            .agg([col("successful").sum()])
            .select([col("minute"), col("key").alias("series"), col("successful")]);
        for (frames, minutes) in [(&mut self.by_series, successful), (&mut self.by_key, of_key)] {
            let hour = minutes
                .group_by([col("series")])
                .agg([
                    col("successful").cast(polars::prelude::DataType::UInt64).sum().alias("sum"),
                    polars::prelude::len().cast(polars::prelude::DataType::UInt32).alias("minutes"),
                    col("successful").max().alias("peak"),
                    col("minute").filter(col("successful").eq(col("successful").max())).min().alias("peak_at"),
                ])
                .with_column(lit(start).alias("start"))
                .collect()?;
            frames.push(ordered(hour.lazy()));
        }
        Ok(())
    }

    fn finish(self, day_start: u32) -> Result<Vec<(Kind, DataFrame)>, PolarsError> {
        let mut finished = Vec::new();
        let kinds =
            [(self.by_series, Kind::SeriesHours, Kind::SeriesDays), (self.by_key, Kind::KeyHours, Kind::KeyDays)];
        for (frames, hours_kind, days_kind) in kinds {
            if frames.is_empty() {
                continue;
            }
            let hours = concat(frames, UnionArgs::default())?.collect()?;
            let busiest = col("peak").eq(col("peak").max());
            let days = hours.clone().lazy().group_by([col("series")]).agg([
                col("sum").sum(),
                col("minutes").sum(),
                col("peak").max(),
                col("peak_at").filter(busiest).min(),
            ]);
            let days = ordered(days.with_column(lit(day_start).alias("start"))).collect()?;
            finished.push((hours_kind, hours));
            finished.push((days_kind, days));
        }
        Ok(finished)
    }
}

fn ordered(rollup: LazyFrame) -> LazyFrame {
    let columns = ["series", "start", "sum", "minutes", "peak", "peak_at"].map(col);
    rollup.select(columns).sort(["start", "series"], SortMultipleOptions::default())
}
