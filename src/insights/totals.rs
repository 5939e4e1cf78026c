//! Buckets to totals: what is known of each group over a whole range.

use hashbrown::HashMap;
use polars::prelude::{DataFrame, DataType, Expr, PolarsResult, col, df};

use super::buckets::Bucket;
use super::cells::u32s;
use super::numbering::Numbering;
use super::query::Function;

/// Of one group: the observations' sum and number, the smallest and the largest of them; the sum and number of its
/// buckets' values, the smallest and the largest of them, and the start of the first bucket of the largest.
#[derive(Clone, Copy)]
struct Total {
    total: i64,
    n: i64,
    low: i64,
    high: i64,
    sum: f64,
    buckets: i64,
    /// None if roll-ups don't tell.
    min: Option<f64>,
    peak: f64,
    peak_at: u32,
}

impl Total {
    fn add(&mut self, other: Self) {
        self.total += other.total;
        self.n += other.n;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self.sum += other.sum;
        self.buckets += other.buckets;
        self.min = self.min.zip(other.min).map(|(a, b)| a.min(b));
        if other.peak > self.peak || other.peak == self.peak && other.peak_at < self.peak_at {
            (self.peak, self.peak_at) = (other.peak, other.peak_at);
        }
    }
}

/// The totals of all groups.
pub(super) struct Totals {
    function: Function,
    by_group: HashMap<u64, Total>,
    /// The group that was added to last: buckets come group by group.
    last: Option<(u64, Total)>,
}

impl Totals {
    /// Totals of buckets whose values are those of a function.
    pub(super) fn new(function: Function) -> Self {
        Self { function, by_group: HashMap::new(), last: None }
    }

    /// Adds a bucket that is whole, once.
    pub(super) fn add(&mut self, bucket: Bucket) {
        let value = bucket.value(self.function);
        let Bucket { group, start, total, n, low, high } = bucket;
        let min = Some(value);
        self.add_total(group, Total { total, n, low, high, sum: value, buckets: 1, min, peak: value, peak_at: start });
    }

    /// Adds roll-ups of `SuccessfulRequest`, by groups of one roll-up series each.
    pub(super) fn add_rollups(&mut self, rollups: &DataFrame, numbering: &Numbering) -> PolarsResult<()> {
        let [members, minutes, peak, peak_at] =
            ["series", "minutes", "peak", "peak_at"].map(|name| u32s(rollups, name));
        let (members, minutes, peak, peak_at) = (members?, minutes?, peak?, peak_at?);
        let sums = rollups.column("sum")?.cast(&DataType::Int64)?.i64()?.rechunk().into_owned();
        let (members, minutes, sums) = (members.cont_slice()?, minutes.cont_slice()?, sums.cont_slice()?);
        let (peak, peak_at) = (peak.cont_slice()?, peak_at.cont_slice()?);
        numbering.each_group(&[members], |row, group| {
            let total = Total {
                total: sums[row],
                n: sums[row],
                low: 1,
                high: 1,
                sum: sums[row] as f64,
                buckets: i64::from(minutes[row]),
                min: None,
                peak: f64::from(peak[row]),
                peak_at: peak_at[row],
            };
            self.add_total(group, total);
        });
        Ok(())
    }

    fn add_total(&mut self, group: u64, total: Total) {
        match &mut self.last {
            Some((last, sum)) if *last == group => sum.add(total),
            last => {
                if let Some((group, sum)) = last.replace((group, total)) {
                    keep(&mut self.by_group, group, sum);
                }
            }
        }
    }

    /// The totals by `group` (u64): `total`, `n`, `low`, `high`, `buckets` (i64), `sum`, `min`, `peak` (f64), `peak_at`
    /// (u32); `None` if nothing was added.
    pub(super) fn finish(mut self) -> PolarsResult<Option<DataFrame>> {
        let Some((group, sum)) = self.last.take() else { return Ok(None) };
        keep(&mut self.by_group, group, sum);
        let mut rows: Vec<(u64, Total)> = self.by_group.into_iter().collect();
        rows.sort_unstable_by_key(|(group, _)| *group);
        let whole = |of: fn(&Total) -> i64| rows.iter().map(|(_, total)| of(total)).collect::<Vec<_>>();
        let value = |of: fn(&Total) -> f64| rows.iter().map(|(_, total)| of(total)).collect::<Vec<_>>();
        df!(
            "group" => rows.iter().map(|(group, _)| *group).collect::<Vec<_>>(),
            "total" => whole(|total| total.total),
            "n" => whole(|total| total.n),
            "low" => whole(|total| total.low),
            "high" => whole(|total| total.high),
            "buckets" => whole(|total| total.buckets),
            "sum" => value(|total| total.sum),
            "min" => rows.iter().map(|(_, total)| total.min).collect::<Vec<_>>(),
            "peak" => value(|total| total.peak),
            "peak_at" => rows.iter().map(|(_, total)| total.peak_at).collect::<Vec<_>>(),
        )
        .map(Some)
    }
}

fn keep(by_group: &mut HashMap<u64, Total>, group: u64, sum: Total) {
    by_group.entry(group).and_modify(|total| total.add(sum)).or_insert(sum);
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
