//! Observations added up: by group and bucket, in lists that are sorted and shortened.
//!
//! Where nearly every minute of a key has a row of its own, a table by hash is a table of millions of entries, each
//! looked up a few times; rows that are sorted by one number and added up to their neighbours take a tenth as long.

use std::sync::Arc;

use hashbrown::HashSet;
use polars::prelude::{DataFrame, PolarsResult, UInt32Chunked, polars_ensure};

use super::numbering::Numbering;

/// What is known of observations together.
pub(super) trait Sum: Copy + Send + 'static {
    /// Of one number in the counts.
    fn of(value: i64) -> Self;
    fn add(&mut self, other: Self);
    fn total(self) -> i64;
    /// Their number, the smallest and the largest of them.
    fn spread(self) -> (i64, i64, i64);
}

/// Calls: a count of n is n observations of value 1.
#[derive(Clone, Copy)]
pub(super) struct Calls(i64);

impl Sum for Calls {
    fn of(value: i64) -> Self {
        Calls(value)
    }

    fn add(&mut self, other: Self) {
        self.0 += other.0;
    }

    fn total(self) -> i64 {
        self.0
    }

    fn spread(self) -> (i64, i64, i64) {
        (self.0, 1, 1)
    }
}

/// Values: a number is one observation.
#[derive(Clone, Copy)]
pub(super) struct Values {
    total: i64,
    n: i64,
    low: i64,
    high: i64,
}

impl Sum for Values {
    fn of(value: i64) -> Self {
        Values { total: value, n: 1, low: value, high: value }
    }

    fn add(&mut self, other: Self) {
        self.total += other.total;
        self.n += other.n;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    fn total(self) -> i64 {
        self.total
    }

    fn spread(self) -> (i64, i64, i64) {
        (self.n, self.low, self.high)
    }
}

/// Some observations of a group in a bucket. `place` orders them by group, then by bucket.
#[derive(Clone, Copy)]
struct Cell<S> {
    place: u64,
    sum: S,
}

/// A bucket's number: buckets of a period are numbered from an anchor on.
pub(super) type BucketNumber = u32;

/// Numbers buckets.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    /// A minute at which a bucket starts, not after the first observation.
    pub(super) anchor: u32,
    /// Minutes of a bucket.
    pub(super) period: u32,
}

impl Clock {
    pub(super) fn number(self, minute: u32) -> BucketNumber {
        minute.saturating_sub(self.anchor) / self.period
    }

    /// The bucket's first minute.
    pub(super) fn start(self, number: BucketNumber) -> u32 {
        number.saturating_mul(self.period).saturating_add(self.anchor)
    }
}

/// Cells that are added at a time before they are shortened.
const ROOM: usize = 1 << 20;

/// Adds up the observations of some consecutive buckets, in whatever order they come.
pub(super) struct Cells<S> {
    numbering: Arc<Numbering>,
    /// Only these groups; else all.
    only: Option<Arc<HashSet<u64>>>,
    clock: Clock,
    first: BucketNumber,
    /// How many buckets there are.
    count: u64,
    cells: Vec<Cell<S>>,
    room: usize,
}

impl<S: Sum> Cells<S> {
    /// Of the buckets from one number to another.
    pub(super) fn new(
        numbering: Arc<Numbering>,
        only: Option<Arc<HashSet<u64>>>,
        clock: Clock,
        (first, last): (BucketNumber, BucketNumber),
    ) -> Self {
        let count = u64::from(last.saturating_sub(first)) + 1;
        Self { numbering, only, clock, first, count, cells: Vec::new(), room: ROOM }
    }

    /// Adds a frame of observations: `minute` (u32), the axes' columns (u32), `value` (i64).
    pub(super) fn add(&mut self, observations: &DataFrame) -> PolarsResult<()> {
        let minutes = u32s(observations, "minute")?;
        let values = observations.column("value")?.i64()?.rechunk();
        let axes = self.numbering.columns().map(|column| u32s(observations, column));
        let axes = axes.collect::<PolarsResult<Vec<_>>>()?;
        let members = axes.iter().map(|axis| axis.cont_slice()).collect::<PolarsResult<Vec<_>>>()?;
        let (minutes, values) = (minutes.cont_slice()?, values.cont_slice()?);
        if let (Some(first), Some(last)) = (minutes.iter().min(), minutes.iter().max()) {
            let last_bucket = u64::from(self.first) + self.count - 1;
            let is_here = self.clock.number(*first) >= self.first && u64::from(self.clock.number(*last)) <= last_bucket;
            // Elsewhere they would be another group's.
            polars_ensure!(is_here, ComputeError: "counts of minutes {first} to {last} came that were not asked for");
        }
        let Self { numbering, only, clock, first, count, cells, .. } = self;
        numbering.each_group(&members, |row, group| {
            if only.as_ref().is_none_or(|only| only.contains(&group)) {
                let bucket = clock.number(minutes[row]) - *first;
                cells.push(Cell { place: group * *count + u64::from(bucket), sum: S::of(values[row]) });
            }
        });
        if self.cells.len() >= self.room {
            self.shorten();
            self.room = ROOM.max(2 * self.cells.len());
        }
        Ok(())
    }

    /// Adds what is known of a bucket already.
    pub(super) fn add_sum(&mut self, group: u64, number: BucketNumber, sum: S) {
        self.cells.push(Cell { place: group * self.count + u64::from(number - self.first), sum });
    }

    /// Tells every bucket of every group once, by group, then by time.
    pub(super) fn each(mut self, mut each: impl FnMut(u64, BucketNumber, S)) {
        self.shorten();
        for cell in self.cells {
            each(cell.place / self.count, self.first + (cell.place % self.count) as u32, cell.sum);
        }
    }

    fn shorten(&mut self) {
        radsort::sort_by_key(&mut self.cells, |cell| cell.place);
        self.cells.dedup_by(|next, kept| {
            let same = next.place == kept.place;
            if same {
                kept.sum.add(next.sum);
            }
            same
        });
    }
}

/// A column of numbers, in one piece.
pub(super) fn u32s(frame: &DataFrame, name: &str) -> PolarsResult<UInt32Chunked> {
    Ok(frame.column(name)?.u32()?.rechunk().into_owned())
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;

    use super::super::matching::Part;
    use super::*;

    /// More rows than are added at a time: of 3 series in 2 groups, over 7 buckets of 2 minutes.
    #[test]
    fn more_observations_than_are_held_at_a_time_are_added_up() {
        let map = df!("series" => [0_u32, 1, 2], "part" => [1_u32, 0, 1]).unwrap();
        let series = Part { column: "series", map, names: df!("part" => [0_u32, 1]).unwrap() };
        let numbering = Arc::new(Numbering::of([(&series, 1)].into_iter()).unwrap());
        let clock = Clock { anchor: 100, period: 2 };
        let mut cells = Cells::<Values>::new(numbering, None, clock, (5, 11));
        // Each of 14 minutes and 3 series so often, with values of 1 to 4 in turn.
        let (times, minutes) = (8192, 110..124_u32);
        let one_by_one = || minutes.clone().flat_map(|minute| [(minute, 0_u32), (minute, 1), (minute, 2)]);
        for value in 1..=4_i64 {
            let rows = (0..times).flat_map(|_| one_by_one());
            let (minute, series): (Vec<u32>, Vec<u32>) = rows.unzip();
            let value = vec![value; minute.len()];
            cells.add(&df!("minute" => minute, "series" => series, "value" => value).unwrap()).unwrap();
        }
        assert!(4 * times * 42 > ROOM, "they are more than are held");
        let mut told = Vec::new();
        cells.each(|group, number, sum| told.push((group, number, sum.total(), sum.spread())));
        let times = times as i64;
        let expect = [(0, 1), (1, 2)].into_iter().flat_map(|(group, series)| {
            // Two minutes of so many series each; 1 + 2 + 3 + 4 = 10.
            (5..12).map(move |number| (group, number, 20 * series * times, (8 * series * times, 1, 4)))
        });
        assert_eq!(told, expect.collect::<Vec<_>>());
    }
}
