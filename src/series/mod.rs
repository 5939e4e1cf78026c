//! Counts as series: the door through which queries read what is committed.
//!
//! What enters is a range of minutes; what leaves are Polars frames over immutable data, split by UTC day so that a
//! reader can work a day at a time and keep its memory flat. This room refuses to know where the frames come from: the
//! store implements [`Counts`], tests implement it over frames in memory.

mod callers;
mod dense;
pub mod export;
mod first_calls;
mod owners;
mod peaks;
mod periods;
mod pool_minutes;
mod selection;
pub mod text;
mod total;

pub use callers::{CallerCell, CallerCells, CallerWindows, caller_cells, caller_name, caller_windows, callers_seen};
pub use dense::{Dense, read};
pub use first_calls::first_calls;
pub use owners::with_destination_owners;
pub use peaks::{PoolFilter, PoolUse, pool_uses};
pub use periods::{PeriodCalls, periods};
pub use pool_minutes::{PoolMinute, pool_minutes, pools};
pub use selection::{KeyOperation, Selection, SelectionError, key_operations, operations_in};
pub use total::calls_counted;

use polars::prelude::{DataFrame, DataType, Expr, LazyFrame, PolarsError};

/// What reading counts fails with.
pub use polars::prelude::PolarsError as SeriesError;

use crate::domain::MinuteRange;

/// Frames of a range, one a UTC day in order, days without data left out. A frame's files are opened when it comes and
/// held until it is dropped, so taking one after the other holds a day's, however long the range is.
pub type Days<'c> = Box<dyn Iterator<Item = Result<LazyFrame, PolarsError>> + 'c>;

/// What stands behind a query: committed counts, as frames.
pub trait Counts {
    /// The dictionary of series: `series` (u32), `key_arn`, `destination_arn`, `operation`, `account`, `region`,
    /// `reason` (strings; empty where a kind of series lacks the field). A ReEncrypt has a `destination_arn` or the
    /// operation `ReEncrypt`, with `key_arn` as its source; a row with a `reason` is unattributed, its `key_arn` the
    /// key as the request named it, and belongs to no CloudWatch metric. `account` and `region` are those of the key,
    /// of a ReEncrypt those of its source, or of its destination where the source isn't told; of an unattributed row,
    /// the calling account and the Region that was called.
    fn series(&self) -> Result<DataFrame, PolarsError>;

    /// As `series`, but for `account` and `region`: of a hundred thousand series they take long to read.
    fn series_without_owners(&self) -> Result<DataFrame, PolarsError> {
        Ok(self.series()?.drop_many(["account", "region"]))
    }

    /// The part of a range from the first minute to the last that anything is stored of; `None` if nothing is.
    fn covered(&self, range: MinuteRange) -> Result<Option<MinuteRange>, PolarsError>;

    /// The minute counts of a range: `minute` (u32, minutes since 1970), `series` (u32), `successful`, `throttled`,
    /// `denied`, `failed`, `dry_run` (u32). A (minute, series) may appear in several rows: add them.
    fn minutes(&self, range: MinuteRange) -> Result<Days<'_>, PolarsError>;

    /// The range in the coarsest pieces that are settled: whole days and hours as roll-ups, the rest as minutes.
    fn rolled_up(&self, by: RollupBy, range: MinuteRange) -> Result<Cover<'_>, PolarsError>;

    /// Minutes of the slots in which counts by caller are kept: 5, or 60 if they are rolled up to hours on a day of the
    /// range.
    fn caller_slot(&self, range: MinuteRange) -> Result<u32, PolarsError>;

    /// Counts by caller: `slot` (u32, minutes since 1970 divided by 5), `caller` (u32), `series` (u32), the five
    /// outcome columns (i32: a correction can be negative). On a day that is rolled up to hours, rows stand in the
    /// first slot of their hour. Slots that overlap the range are in it whole, and on such a day hours.
    fn callers(&self, range: MinuteRange) -> Result<Days<'_>, PolarsError>;

    /// The dictionary of callers: `caller` (u32), `account`, `principal`, `service`, `resource`, `vpc_endpoint`.
    fn caller_dictionary(&self) -> Result<DataFrame, PolarsError>;

    /// Requests by second and quota pool: `second` (u32, since 1970), `pool` (u32), `requests`, `throttled` (u32). A
    /// (second, pool) may appear in several rows: add them.
    fn seconds(&self, range: MinuteRange) -> Result<Days<'_>, PolarsError>;

    /// The dictionary of quota pools: `pool` (u32), `account`, `region`, `name`.
    fn pool_dictionary(&self) -> Result<DataFrame, PolarsError>;
}

/// What a roll-up is grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RollupBy {
    /// By series.
    Series,
    /// By key over all operations of CloudWatch's `KeyArn, Operation` series. The column `series` then holds the
    /// smallest series number of that key among them.
    Key,
}

/// A range, covered once: every minute of it lies in exactly one of the pieces.
pub struct Cover<'c> {
    /// Roll-ups of whole days and hours of `SuccessfulRequest`: `series` (u32, see [`RollupBy`]), `start` (u32, first
    /// minute of the day or hour), `sum` (u64), `minutes` (u32, minutes with any), `peak` (u32, largest minute),
    /// `peak_at` (u32, that minute, the first if several are equal).
    pub rollups: Days<'c>,
    /// What no roll-up covers: to be read as [`Counts::minutes`].
    pub minutes: Vec<MinuteRange>,
}

/// The whole part of a quotient of numbers that aren't negative. Polars plans some quotients of whole numbers as such
/// and some as fractions; below 2^53 this is the same of both.
pub(crate) fn whole(quotient: Expr, number: DataType) -> Expr {
    quotient.cast(number)
}
