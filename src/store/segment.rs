//! Segments: immutable Parquet files of one kind of counts and one UTC day.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use polars::prelude::{
    Column, DataFrame, NamedFrom, ParquetCompression, ParquetWriter, PolarsError, Series, StatisticsOptions,
};

use super::error::StoreError;
use super::open::file_error;
use crate::domain::Outcome;
use crate::series::CountKind;
use crate::tally::{CallerCells, MinuteCells, SecondCells};

/// What a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// `minute`, `series`, calls by outcome.
    Minutes,
    /// As [`Kind::Minutes`]: calls that other segments of the day have and that don't count any more.
    TakenBack,
    /// `slot`, `caller`, `series`, calls by outcome.
    Callers,
    /// As [`Kind::Callers`], once rolled up: a row stands in its hour's first slot.
    CallerHours,
    /// `second`, `pool`, `requests`, `throttled`.
    Seconds,
    /// Roll-ups of a settled day: by series or by key, of its hours or of the whole.
    SeriesHours,
    /// See [`Kind::SeriesHours`].
    SeriesDays,
    /// See [`Kind::SeriesHours`].
    KeyHours,
    /// See [`Kind::SeriesHours`].
    KeyDays,
}

impl Kind {
    pub(super) const ROLLUPS: [Kind; 4] = [Kind::SeriesHours, Kind::SeriesDays, Kind::KeyHours, Kind::KeyDays];

    /// The kinds of counts by minute.
    pub(super) const OF_MINUTES: [Kind; 2] = [Kind::Minutes, Kind::TakenBack];
    /// The kinds of counts by caller.
    pub(super) const OF_CALLERS: [Kind; 2] = [Kind::Callers, Kind::CallerHours];

    /// The kinds of what is kept for equally long: counts of a kind, with their roll-ups.
    pub(super) const fn of_counts(kind: CountKind) -> &'static [Kind] {
        match kind {
            CountKind::Minutes => {
                &[Kind::Minutes, Kind::TakenBack, Kind::SeriesHours, Kind::SeriesDays, Kind::KeyHours, Kind::KeyDays]
            }
            CountKind::Callers => &Kind::OF_CALLERS,
            CountKind::Seconds => &[Kind::Seconds],
        }
    }

    /// Kinds as SQL lists them.
    pub(super) fn list(kinds: &[Kind]) -> String {
        let names: Vec<String> = kinds.iter().map(|kind| format!("'{}'", kind.name())).collect();
        names.join(", ")
    }

    /// How many segments of some kinds a day has, in SQL over segments that are grouped by day.
    pub(super) fn count(kinds: &[Kind]) -> String {
        format!("sum(kind IN ({}))", Kind::list(kinds))
    }

    /// Whether a segment's file is of the kind.
    pub(super) fn is_of(self, file: &str) -> bool {
        file.get(DATE_BYTES + 1..).is_some_and(|rest| rest.starts_with(self.name()))
    }

    /// The kind's name in files and catalog.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::Minutes => "minutes",
            Kind::TakenBack => "taken-back",
            Kind::Callers => "callers",
            Kind::CallerHours => "caller-hours",
            Kind::Seconds => "seconds",
            Kind::SeriesHours => "series-hours",
            Kind::SeriesDays => "series-days",
            Kind::KeyHours => "key-hours",
            Kind::KeyDays => "key-days",
        }
    }

    /// The name of a new segment's file.
    pub(super) fn file_name(self, day: u32, batch: i64) -> String {
        let date = crate::domain::format_second(i64::from(day) * 86_400);
        format!("{}-{}-{batch:08}.parquet", &date[..DATE_BYTES], self.name())
    }
}

/// Whether a day is settled, in SQL over segments that are grouped by day: whether its roll-ups are valid, made from
/// the one segment of minutes that it has.
pub(super) fn is_settled() -> String {
    let [minutes, taken_back] = Kind::OF_MINUTES.map(|kind| Kind::count(&[kind]));
    format!("({minutes} = 1 AND {taken_back} = 0 AND {} > 0)", Kind::count(&Kind::ROLLUPS))
}

/// The bytes of the date that a segment's name begins with.
const DATE_BYTES: usize = "2026-01-05".len();

/// A segment on disk, not yet committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub kind: Kind,
    pub day: u32,
    pub file: String,
    pub rows: usize,
    pub bytes: u64,
    pub minute_first: u32,
    pub minute_last: u32,
}

/// Rows a row group: a group's statistics are what lets a reader skip it, and each costs a few kilobytes.
pub(super) const GROUP_ROWS: usize = 64 * 1024;

/// Bytes that are written at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// A segment's writer. A batch's segments are soon replaced, so they are written fast; a compacted day's stay.
pub(super) fn writer<W: Write>(file: W, settled: bool) -> ParquetWriter<W> {
    ParquetWriter::new(file)
        .with_compression(if settled { ParquetCompression::Zstd(None) } else { ParquetCompression::Lz4Raw })
        .with_statistics(StatisticsOptions { distinct_count: false, ..StatisticsOptions::default() })
        .with_row_group_size(Some(GROUP_ROWS))
        .set_parallel(false)
}

/// Writes a frame as a segment file, on disk for good.
pub(super) fn write(path: &Path, frame: &mut DataFrame) -> Result<u64, StoreError> {
    let create = |path: &Path| File::options().create(true).truncate(true).write(true).open(path);
    let file = create(path).map_err(|source| file_error("make", path, source))?;
    let failed = |source| StoreError::Frame { action: format!("write {}", path.display()), source };
    // Parquet is written in pieces of a few hundred bytes.
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
    writer(&mut out, false).finish(frame).map_err(failed)?;
    out.flush().map_err(|source| file_error("write", path, source))?;
    sync(path)
}

/// Opens a segment file for reading. One that was cut or overwritten is told here, by its name: whoever reads frames
/// knows none.
pub(super) fn open(path: &Path) -> Result<File, StoreError> {
    const MAGIC: &[u8] = b"PAR1";
    let file = File::open(path).map_err(|source| file_error("open", path, source))?;
    let look = || -> io::Result<Option<&'static str>> {
        // The last of a Parquet file: the length of its directory, and the magic word.
        let (bytes, mut end) = (file.metadata()?.len(), [0; 8]);
        let Some(at) = bytes.checked_sub(end.len() as u64) else { return Ok(Some("it is cut")) };
        file.read_exact_at(&mut end, at)?;
        let directory = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
        let is_whole = end.ends_with(MAGIC) && directory <= at;
        Ok((!is_whole).then_some("it doesn't end as a Parquet file does"))
    };
    tracing::debug!(file = ?path, "segment opened");
    match look().map_err(|source| file_error("read", path, source))? {
        Some(what) => Err(StoreError::Damaged { path: path.to_owned(), what: what.to_owned() }),
        None => Ok(file),
    }
}

/// Puts a finished file on disk for good; its length in bytes.
pub(super) fn sync(path: &Path) -> Result<u64, StoreError> {
    let sync = || {
        File::open(path)?.sync_all()?;
        fs::metadata(path).map(|metadata| metadata.len())
    };
    sync().map_err(|source| file_error("sync", path, source))
}

/// Minute counts as a frame.
pub(super) fn minutes_frame(cells: MinuteCells) -> Result<DataFrame, PolarsError> {
    let mut columns = vec![column_u32("minute", cells.minute), column_u32("series", cells.series)];
    for (outcome, calls) in Outcome::ALL.into_iter().zip(cells.calls) {
        columns.push(column_u32(outcome.column(), calls));
    }
    DataFrame::new_infer_height(columns)
}

/// Counts by caller as a frame.
pub(super) fn callers_frame(cells: CallerCells) -> Result<DataFrame, PolarsError> {
    let mut columns =
        vec![column_u32("slot", cells.slot), column_u32("caller", cells.caller), column_u32("series", cells.series)];
    for (outcome, calls) in Outcome::ALL.into_iter().zip(cells.calls) {
        columns.push(Series::new(outcome.column().into(), calls).into());
    }
    DataFrame::new_infer_height(columns)
}

/// Requests by second as a frame.
pub(super) fn seconds_frame(cells: SecondCells) -> Result<DataFrame, PolarsError> {
    DataFrame::new_infer_height(vec![
        column_u32("second", cells.second),
        column_u32("pool", cells.pool),
        column_u32("requests", cells.requests),
        column_u32("throttled", cells.throttled),
    ])
}

fn column_u32(name: &str, values: Vec<u32>) -> Column {
    Series::new(name.into(), values).into()
}
