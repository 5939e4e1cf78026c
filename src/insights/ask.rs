//! A matched question over observations: totals, ranks, buckets.

use hashbrown::HashMap;
use polars::prelude::{
    AnyValue, Column, DataFrame, DataType, Engine, Expr, IntoLazy, LazyFrame, PolarsResult, SortMultipleOptions,
    UnionArgs, col, concat,
};

use super::answer::{Point, Series, Window};
use super::buckets::{Bucket, Buckets, Read};
use super::catalogue::Measure;
use super::error::InsightsError;
use super::matching::{Groups, key_column};
use super::query::Query;
use super::totals::{Totals, over_buckets, over_range};
use crate::domain::{Minute, MinuteRange};
use crate::series::Cover;

/// What a group is called whose members lack the key.
const OTHER: &str = "Other";

/// Roll-ups that are added at a time: each is a file, and rows of all series are held.
const ROLLUPS_AT_ONCE: usize = 16;

/// A question with all that is needed to answer it.
pub(super) struct Asked<'a> {
    pub(super) query: &'a Query,
    pub(super) window: Window,
    pub(super) measure: Measure,
    pub(super) groups: &'a Groups,
    /// The part of the window that has observations.
    pub(super) stored: MinuteRange,
    /// Reads the observations of a piece of it.
    pub(super) observations: &'a Read<'a>,
}

impl Asked<'_> {
    /// The ranked series, with `points` with their buckets. Counts come from the cover if there is one.
    pub(super) fn series(&self, cover: Option<Cover<'_>>, points: bool) -> Result<Vec<Series>, InsightsError> {
        let mut totals = Totals::new(self.query.function);
        let adding = InsightsError::frame("add up counts");
        let buckets = Buckets::of(self.groups, self.measure, self.window.range.start.0, self.window.period)
            .map_err(InsightsError::frame("number the groups"))?;
        let mut settled = |bucket: Bucket| totals.add(bucket);
        match cover {
            None => buckets.run(self.stored, self.observations, &mut settled)?,
            Some(Cover { rollups, minutes }) => {
                // Buckets are minutes here, so that pieces may be added in any order: hours' edges are added at once.
                let (edges, longer): (Vec<_>, Vec<_>) =
                    minutes.into_iter().partition(|range| range.end.0.saturating_sub(range.start.0) < 60);
                for range in longer {
                    buckets.run(range, self.observations, &mut settled)?;
                }
                buckets.run_at_once(&edges, self.observations, &mut settled)?;
                let mut rollups = rollups.peekable();
                while rollups.peek().is_some() {
                    let some = rollups.by_ref().take(ROLLUPS_AT_ONCE).collect::<PolarsResult<Vec<_>>>();
                    let needed = ["series", "sum", "minutes", "peak", "peak_at"].map(col);
                    let some = some.and_then(|some| collect(concat(some, UnionArgs::default())?.select(needed)));
                    let some = some.map_err(&adding)?;
                    totals.add_rollups(&some, buckets.numbering()).map_err(&adding)?;
                }
            }
        }
        let Some(totals) = totals.finish().map_err(&adding)? else { return Ok(vec![]) };
        let ranking = InsightsError::frame("rank series");
        let ranked = self.ranked(totals.lazy()).map_err(&ranking)?;
        let mut series = self.rows(&ranked).map_err(&ranking)?;
        if points && !series.is_empty() {
            let groups = ranked.column("group").and_then(|group| group.u64()).map_err(&ranking)?;
            let chosen: HashMap<u64, usize> = groups.iter().flatten().zip(0..).collect();
            self.points(buckets, &chosen, &mut series)?;
        }
        Ok(series)
    }

    /// The first series in order: by the ORDER BY function, then by the values of the keys, `Other` last.
    fn ranked(&self, totals: LazyFrame) -> PolarsResult<DataFrame> {
        let order = self.query.order_by.map(|order| (over_buckets(order.function), order.descending));
        // Groups of one axis are numbered by the values of their keys: only those that are shown need names.
        let by_number = self.groups.parts.len() == 1;
        let ties: Vec<Expr> = match by_number {
            true => vec![col("group")],
            false => (0..self.groups.keys).map(|place| col(key_column(place))).collect(),
        };
        let (by, descending): (Vec<Expr>, Vec<bool>) =
            order.into_iter().chain(ties.into_iter().map(|tie| (tie, false))).unzip();
        let limit = u32::try_from(self.query.series_max()).unwrap_or(u32::MAX);
        let first = |all: LazyFrame| {
            let order = SortMultipleOptions::default().with_order_descending_multi(descending).with_nulls_last(true);
            let sorted = if by.is_empty() { all } else { all.sort_by_exprs(by, order) };
            sorted.limit(limit).with_row_index("rank", Some(1)).with_column(col("rank").cast(DataType::UInt32))
        };
        let ranked = match by_number {
            true => self.groups.name(first(totals)).sort(["rank"], SortMultipleOptions::default()),
            false => first(self.groups.name(totals)),
        };
        ranked.with_column(over_range(self.query.function).alias("value")).collect()
    }

    fn rows(&self, ranked: &DataFrame) -> PolarsResult<Vec<Series>> {
        let (value, peak) = (ranked.column("value")?.f64()?, ranked.column("peak")?.f64()?);
        let peak_at = ranked.column("peak_at")?.u32()?;
        let columns: Vec<_> =
            (0..self.groups.keys).map(|place| ranked.column(&key_column(place))).collect::<PolarsResult<_>>()?;
        let key = |column: &Column, row: usize| match column.get(row) {
            Ok(AnyValue::String(text)) => text.to_owned(),
            Ok(AnyValue::StringOwned(text)) => text.to_string(),
            _ => OTHER.to_owned(),
        };
        let series = (0..ranked.height()).map(|row| Series {
            rank: row as u32 + 1,
            keys: columns.iter().map(|column| key(column, row)).collect(),
            value: value.get(row),
            peak: peak.get(row),
            peak_at: peak_at.get(row).map(Minute),
            points: vec![],
        });
        Ok(series.collect())
    }

    /// Reads the buckets of the series that were chosen, by group the place of each, in a second pass.
    fn points(
        &self,
        buckets: Buckets,
        chosen: &HashMap<u64, usize>,
        series: &mut [Series],
    ) -> Result<(), InsightsError> {
        let buckets = buckets.only(chosen.keys().copied().collect());
        buckets.run(self.stored, self.observations, &mut |bucket| {
            let series = chosen.get(&bucket.group).and_then(|place| series.get_mut(*place));
            if let Some(series) = series {
                let value = bucket.value(self.query.function);
                series.points.push(Point { start: Minute(bucket.start), value });
            }
        })
    }
}

/// Runs a plan without holding its scans whole in memory.
fn collect(plan: LazyFrame) -> PolarsResult<DataFrame> {
    Ok(plan.collect_with_engine(Engine::Streaming)?.unwrap_single())
}
