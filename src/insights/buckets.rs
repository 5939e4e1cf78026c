//! Observations to bucket values, a day or a part of it at a time.
//!
//! A piece's observations are added up by group and bucket; only that result is held, and of one piece only. A bucket
//! that isn't over at the piece's end is carried into the next, so unaligned periods are exact.

use polars::prelude::{
    ChunkAgg, DataFrame, DataType, Engine, Expr, IntoLazy, LazyFrame, PolarsResult, UnionArgs, col, concat, lit, when,
};

use super::catalogue::Measure;
use super::error::InsightsError;
use super::matching::Groups;
use super::pieces::{piece_length, pieces};
use super::query::Function;
use crate::domain::MinuteRange;
use crate::series::whole;

/// How observations become bucket values. Frames of partial results have `group`, `bucket` (u32, its first
/// minute), `total` (i64), and for [`Measure::Values`] `n`, `low`, `high` (i64).
pub(super) struct Buckets<'a> {
    pub(super) groups: &'a Groups,
    pub(super) function: Function,
    pub(super) measure: Measure,
    /// A minute at which a bucket starts, not after the first observation.
    pub(super) anchor: u32,
    /// Minutes of a bucket.
    pub(super) period: u32,
    /// A frame with `group`: only these; else all.
    pub(super) only: Option<DataFrame>,
}

/// Reads the observations of a range: frames of one day each, with `minute`, the columns of the groups' parts, `value`.
pub(super) type Read<'a> = dyn Fn(MinuteRange) -> Result<Vec<LazyFrame>, InsightsError> + 'a;

/// Takes buckets that are whole: partial results in memory, with `value` (f64), the function over the observations.
pub(super) type Settled<'a> = dyn FnMut(LazyFrame) -> PolarsResult<()> + 'a;

/// Buckets as they are added up, piece by piece in order of time.
pub(super) struct Run<'a> {
    buckets: &'a Buckets<'a>,
    /// The last bucket, while the next piece may have more of it.
    open: Option<DataFrame>,
}

impl Run<'_> {
    /// Adds one frame of observations, of a day or less.
    pub(super) fn add(&mut self, observations: LazyFrame, settled: &mut Settled<'_>) -> PolarsResult<()> {
        let mut partial = collect(self.buckets.partial(observations))?;
        if let Some(open) = self.open.take() {
            let both = concat([open.lazy(), partial.lazy()], UnionArgs::default())?;
            partial = collect(self.buckets.merge(both))?;
        }
        if self.buckets.straddle_pieces() {
            let latest = partial.column("bucket")?.u32()?.max().unwrap_or(0);
            let part = |is: Expr| collect(partial.clone().lazy().filter(is));
            self.open = Some(part(col("bucket").eq(lit(latest)))?);
            partial = part(col("bucket").lt(lit(latest)))?;
        }
        settled(self.buckets.valued(partial))
    }

    /// Settles the last bucket.
    pub(super) fn finish(self, settled: &mut Settled<'_>) -> PolarsResult<()> {
        self.open.map_or(Ok(()), |open| settled(self.buckets.valued(open)))
    }
}

impl Buckets<'_> {
    /// Gives each part of a range's buckets to `settled`, every bucket whole in one part. The range should be no longer
    /// than what is stored: it is read piece by piece.
    pub(super) fn run(
        &self,
        range: MinuteRange,
        read: &Read<'_>,
        settled: &mut Settled<'_>,
    ) -> Result<(), InsightsError> {
        let failed = InsightsError::frame("add up counts");
        let mut run = self.start();
        for piece in pieces(range, self.period) {
            for observations in read(piece)? {
                run.add(observations, settled).map_err(&failed)?;
            }
        }
        run.finish(settled).map_err(failed)
    }

    /// As `run`, of short ranges in which every bucket is whole: they are read at once.
    pub(super) fn run_at_once(
        &self,
        ranges: Vec<MinuteRange>,
        read: &Read<'_>,
        settled: &mut Settled<'_>,
    ) -> Result<(), InsightsError> {
        let mut frames = Vec::new();
        for range in ranges {
            frames.extend(read(range)?);
        }
        if frames.is_empty() {
            return Ok(());
        }
        let mut run = self.start();
        let added = concat(frames, UnionArgs::default()).and_then(|all| run.add(all, settled));
        added.and_then(|()| run.finish(settled)).map_err(InsightsError::frame("add up counts"))
    }

    /// Starts adding up.
    pub(super) fn start(&self) -> Run<'_> {
        Run { buckets: self, open: None }
    }

    fn straddle_pieces(&self) -> bool {
        !piece_length(self.period).is_multiple_of(self.period) || !self.anchor.is_multiple_of(self.period)
    }

    fn partial(&self, observations: LazyFrame) -> LazyFrame {
        let (anchor, period) = (lit(self.anchor), lit(self.period));
        let bucket = match self.period {
            1 => col("minute"),
            _ => whole((col("minute") - anchor.clone()) / period.clone(), DataType::UInt32) * period + anchor,
        };
        let mut frame = self.groups.assign(observations);
        if let Some(only) = &self.only {
            frame = frame.semi_join(only.clone().lazy(), col("group"), col("group"));
        }
        let frame = frame.select([col("group"), bucket.alias("bucket"), col("value")]);
        let value = || col("value");
        let mut sums = vec![value().sum().alias("total")];
        if self.measure == Measure::Values {
            let n = value().count().cast(DataType::Int64).alias("n");
            sums.extend([n, value().min().alias("low"), value().max().alias("high")]);
        }
        frame.group_by([col("group"), col("bucket")]).agg(sums)
    }

    fn merge(&self, partials: LazyFrame) -> LazyFrame {
        let mut sums = vec![col("total").sum()];
        if self.measure == Measure::Values {
            sums.extend([col("n").sum(), col("low").min(), col("high").max()]);
        }
        partials.group_by([col("group"), col("bucket")]).agg(sums)
    }

    /// A bucket whose corrections took all its calls away has no observation.
    fn valued(&self, partials: DataFrame) -> LazyFrame {
        let value = match (self.measure, self.function) {
            (_, Function::Sum) | (Measure::Calls, Function::Count) => col("total"),
            (Measure::Calls, Function::Avg | Function::Max | Function::Min) => lit(1),
            (Measure::Values, Function::Count) => col("n"),
            (Measure::Values, Function::Max) => col("high"),
            (Measure::Values, Function::Min) => col("low"),
            (Measure::Values, Function::Avg) => col("total").cast(DataType::Float64) / col("n").cast(DataType::Float64),
        };
        partials.lazy().filter(col("total").gt(lit(0))).with_column(value.cast(DataType::Float64).alias("value"))
    }
}

/// Per group, over everything added: the observations' `total`, `n`, `low`, `high` (i64), the bucket values' `sum`,
/// `min`, `peak` (f64) and their number `buckets` (i64), and `peak_at` (u32), the first bucket of the largest value.
pub(super) struct Totals {
    measure: Measure,
    frame: Option<DataFrame>,
}

impl Totals {
    pub(super) fn new(measure: Measure) -> Self {
        Self { measure, frame: None }
    }

    /// Adds buckets, each whole and once: partial results in memory, with `value`.
    pub(super) fn add(&mut self, buckets: LazyFrame) -> PolarsResult<()> {
        let (n, low, high) = match self.measure {
            Measure::Calls => (col("total").sum(), one().first(), one().first()),
            Measure::Values => (col("n").sum(), col("low").min(), col("high").max()),
        };
        let value = || col("value");
        let sums = collect(buckets.clone().group_by([col("group")]).agg([
            col("total").sum(),
            n.alias("n"),
            low.alias("low"),
            high.alias("high"),
            value().sum().alias("sum"),
            value().count().cast(DataType::Int64).alias("buckets"),
            value().min().alias("min"),
            value().max().alias("peak"),
        ]))?;
        // Looked up in a second pass, which streams; as an aggregation it would hold every group's rows.
        let peaks = sums.select(["group", "peak"])?.lazy();
        let peak_at = buckets
            .select([col("group"), col("bucket"), col("value")])
            .inner_join(peaks, col("group"), col("group"))
            .filter(col("value").eq(col("peak")))
            .group_by([col("group")])
            .agg([col("bucket").min().alias("peak_at")]);
        self.add_totals(sums.lazy().inner_join(peak_at, col("group"), col("group")))
    }

    /// Adds a frame of the columns that this type describes. A group may be in it several times.
    pub(super) fn add_totals(&mut self, totals: LazyFrame) -> PolarsResult<()> {
        let columns = ["group", "total", "n", "low", "high", "sum", "buckets", "min", "peak", "peak_at"].map(col);
        let totals = totals.select(columns);
        let mut parts = vec![collect(totals)?.lazy()];
        parts.extend(self.frame.take().map(DataFrame::lazy));
        let both = concat(parts, UnionArgs::default())?;
        let merged = both.group_by([col("group")]).agg([
            col("total").sum(),
            col("n").sum(),
            col("low").min(),
            col("high").max(),
            col("sum").sum(),
            col("buckets").sum(),
            col("min").min(),
            col("peak").max(),
            col("peak_at").filter(col("peak").eq(col("peak").max())).min(),
        ]);
        self.frame = Some(collect(merged)?);
        Ok(())
    }

    /// The totals; `None` if nothing was added.
    pub(super) fn finish(self) -> Option<DataFrame> {
        self.frame
    }
}

/// The function over a whole range's observations, from [`Totals`].
pub(super) fn over_range(function: Function) -> Expr {
    let float = |name: &str| col(name).cast(DataType::Float64);
    match function {
        Function::Sum => float("total"),
        Function::Count => float("n"),
        Function::Avg => float("total") / float("n"),
        Function::Min => float("low"),
        Function::Max => float("high"),
    }
}

/// The ORDER BY function over bucket values, from [`Totals`].
pub(super) fn over_buckets(function: Function) -> Expr {
    let buckets = col("buckets").cast(DataType::Float64);
    match function {
        Function::Sum => col("sum"),
        Function::Count => buckets,
        Function::Avg => col("sum") / buckets,
        Function::Min => col("min"),
        Function::Max => col("peak"),
    }
}

/// Roll-ups of `SuccessfulRequest`, assigned to groups of one roll-up series each, as [`Totals`]: they tell no smallest
/// minute.
pub(super) fn totals_of_rollups(rollups: LazyFrame, groups: &Groups) -> LazyFrame {
    let number = |name: &str, of: DataType| col(name).cast(of);
    let no_minimum = when(lit(false)).then(lit(0.0)).otherwise(lit(polars::prelude::NULL)).alias("min");
    groups.assign(rollups).select([
        col("group"),
        number("sum", DataType::Int64).alias("total"),
        number("sum", DataType::Int64).alias("n"),
        one().alias("low"),
        one().alias("high"),
        number("sum", DataType::Float64).alias("sum"),
        number("minutes", DataType::Int64).alias("buckets"),
        no_minimum,
        number("peak", DataType::Float64).alias("peak"),
        col("peak_at"),
    ])
}

/// The value of a call's observation.
fn one() -> Expr {
    lit(1).cast(DataType::Int64)
}

/// Runs a plan without holding its scans whole in memory.
pub(super) fn collect(plan: LazyFrame) -> PolarsResult<DataFrame> {
    Ok(plan.collect_with_engine(Engine::Streaming)?.unwrap_single())
}
