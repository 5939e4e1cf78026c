//! A matched question over observations: totals, ranks, buckets.

use polars::prelude::{
    AnyValue, Column, DataFrame, DataType, Expr, IntoLazy, LazyFrame, PolarsResult, SortMultipleOptions, UnionArgs,
    col, concat,
};

use super::answer::{Point, Series, Window};
use super::buckets::{Buckets, Read, Totals, over_buckets, over_range, totals_of_rollups};
use super::catalogue::Measure;
use super::error::InsightsError;
use super::matching::{Groups, key_column};
use super::query::Query;
use crate::domain::{Minute, MinuteRange};
use crate::series::Cover;

/// What a group is called whose members lack the key.
const OTHER: &str = "Other";

/// Roll-ups that are added at a time, each of them an open file.
const ROLLUPS_AT_ONCE: usize = 64;

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

impl<'a> Asked<'a> {
    /// The ranked series, with `points` with their buckets. Counts come from the cover if there is one.
    pub(super) fn series(&self, cover: Option<Cover<'_>>, points: bool) -> Result<Vec<Series>, InsightsError> {
        let mut totals = Totals::new(self.measure);
        let adding = InsightsError::frame("add up counts");
        let buckets = self.buckets(None);
        let mut settled = |part: LazyFrame| totals.add(part);
        match cover {
            None => buckets.run(self.stored, self.observations, &mut settled)?,
            Some(Cover { rollups, minutes }) => {
                // Buckets are minutes here, so that pieces may be added in any order: hours' edges are added at once.
                let (edges, longer): (Vec<_>, Vec<_>) =
                    minutes.into_iter().partition(|range| range.end.0.saturating_sub(range.start.0) < 60);
                for range in longer {
                    buckets.run(range, self.observations, &mut settled)?;
                }
                buckets.run_at_once(edges, self.observations, &mut settled)?;
                let mut rollups = rollups.peekable();
                while rollups.peek().is_some() {
                    let some = rollups.by_ref().take(ROLLUPS_AT_ONCE).collect::<PolarsResult<Vec<_>>>();
                    let some = some.and_then(|some| concat(some, UnionArgs::default())).map_err(&adding)?;
                    totals.add_totals(totals_of_rollups(some, self.groups)).map_err(&adding)?;
                }
            }
        }
        let Some(totals) = totals.finish() else { return Ok(vec![]) };
        let ranking = InsightsError::frame("rank series");
        let ranked = self.ranked(totals.lazy()).map_err(&ranking)?;
        let mut series = self.rows(&ranked).map_err(&ranking)?;
        if points && !series.is_empty() {
            let chosen = ranked.select(["rank", "group"]).map_err(&ranking)?;
            self.points(&chosen, &mut series)?;
        }
        Ok(series)
    }

    fn buckets(&self, only: Option<DataFrame>) -> Buckets<'a> {
        Buckets {
            groups: self.groups,
            function: self.query.function,
            measure: self.measure,
            anchor: self.window.range.start.0,
            period: self.window.period,
            only,
        }
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

    /// Reads the buckets of the series that were chosen (`rank`, `group`), in a second pass.
    fn points(&self, chosen: &DataFrame, series: &mut [Series]) -> Result<(), InsightsError> {
        let mut parts: Vec<LazyFrame> = Vec::new();
        self.buckets(Some(chosen.clone())).run(self.stored, self.observations, &mut |part| {
            let ranked = part.inner_join(chosen.clone().lazy(), col("group"), col("group"));
            parts.push(ranked.select([col("rank"), col("bucket"), col("value")]).collect()?.lazy());
            Ok(())
        })?;
        spread(&parts, series).map_err(InsightsError::frame("read buckets"))
    }
}

/// Gives buckets (`rank`, `bucket`, `value`) to their series, in order.
fn spread(parts: &[LazyFrame], series: &mut [Series]) -> PolarsResult<()> {
    if parts.is_empty() {
        return Ok(());
    }
    let points =
        concat(parts, UnionArgs::default())?.sort(["rank", "bucket"], SortMultipleOptions::default()).collect()?;
    let (rank, start) = (points.column("rank")?.u32()?, points.column("bucket")?.u32()?);
    let value = points.column("value")?.f64()?;
    for ((rank, start), value) in rank.iter().zip(start.iter()).zip(value.iter()) {
        let (Some(rank), Some(start), Some(value)) = (rank, start, value) else { continue };
        if let Some(series) = series.get_mut(rank as usize - 1) {
            series.points.push(Point { start: Minute(start), value });
        }
    }
    Ok(())
}
