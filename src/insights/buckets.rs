//! Observations to bucket values, a part of a day at a time.
//!
//! A piece's observations are added up by group and bucket as they are read; only that is held, and of one piece only.
//! A bucket that isn't over at the piece's end is carried into the next, so unaligned periods are exact.

use std::sync::{Arc, Mutex};

use hashbrown::HashSet;
use polars::prelude::{DataFrame, Engine, LazyFrame, PlanCallback, PolarsResult};

use super::catalogue::Measure;
use super::cells::{BucketNumber, Calls, Cells, Clock, Sum, Values};
use super::error::InsightsError;
use super::matching::Groups;
use super::numbering::Numbering;
use super::pieces::{piece_length, pieces};
use super::query::Function;
use crate::domain::MinuteRange;

/// A group's observations in one bucket.
#[derive(Clone, Copy)]
pub(super) struct Bucket {
    pub(super) group: u64,
    /// Its first minute.
    pub(super) start: u32,
    /// The observations: their sum, their number, the smallest and the largest.
    pub(super) total: i64,
    pub(super) n: i64,
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Bucket {
    /// The function over the observations.
    pub(super) fn value(&self, function: Function) -> f64 {
        match function {
            Function::Sum => self.total as f64,
            Function::Count => self.n as f64,
            Function::Avg => self.total as f64 / self.n as f64,
            Function::Min => self.low as f64,
            Function::Max => self.high as f64,
        }
    }
}

/// How observations become buckets.
pub(super) struct Buckets {
    numbering: Arc<Numbering>,
    measure: Measure,
    clock: Clock,
    /// Only these groups; else all.
    only: Option<Arc<HashSet<u64>>>,
}

/// Reads the observations of a range: frames of one day each, with `minute`, the columns of the groups' parts, `value`.
pub(super) type Read<'a> = dyn Fn(MinuteRange) -> Result<Vec<LazyFrame>, InsightsError> + 'a;

/// Takes buckets that are whole, those of a group in order of time.
pub(super) type Settled<'a> = dyn FnMut(Bucket) + 'a;

impl Buckets {
    /// Of groups. `anchor` is a minute at which a bucket starts, not after the first observation; `period` the minutes
    /// of one.
    pub(super) fn of(groups: &Groups, measure: Measure, anchor: u32, period: u32) -> PolarsResult<Self> {
        let numbering = Arc::new(groups.numbering()?);
        Ok(Self { numbering, measure, clock: Clock { anchor, period }, only: None })
    }

    /// Which groups members are in.
    pub(super) fn numbering(&self) -> &Numbering {
        &self.numbering
    }

    /// Only those of some groups.
    pub(super) fn only(self, groups: HashSet<u64>) -> Self {
        Self { only: Some(Arc::new(groups)), ..self }
    }

    /// Gives a range's buckets to `settled`, each once. The range should be no longer than what is stored: it is read
    /// piece by piece.
    pub(super) fn run(
        &self,
        range: MinuteRange,
        read: &Read<'_>,
        settled: &mut Settled<'_>,
    ) -> Result<(), InsightsError> {
        match self.measure {
            Measure::Calls => self.run_pieces::<Calls>(range, read, settled),
            Measure::Values => self.run_pieces::<Values>(range, read, settled),
        }
    }

    /// As `run`, of short ranges in which every bucket is whole: they are read at once.
    pub(super) fn run_at_once(
        &self,
        ranges: &[MinuteRange],
        read: &Read<'_>,
        settled: &mut Settled<'_>,
    ) -> Result<(), InsightsError> {
        let mut frames = Vec::new();
        for range in ranges {
            frames.extend(read(*range)?);
        }
        let first = ranges.iter().map(|range| range.start).min();
        let end = ranges.iter().map(|range| range.end).max();
        let (Some(start), Some(end)) = (first, end) else { return Ok(()) };
        let whole = MinuteRange { start, end };
        match self.measure {
            Measure::Calls => self.add_up::<Calls>(whole, frames, &mut Vec::new(), None, settled),
            Measure::Values => self.add_up::<Values>(whole, frames, &mut Vec::new(), None, settled),
        }
    }

    fn run_pieces<S: Sum>(
        &self,
        range: MinuteRange,
        read: &Read<'_>,
        settled: &mut Settled<'_>,
    ) -> Result<(), InsightsError> {
        let period = self.clock.period;
        let straddle = !piece_length(period).is_multiple_of(period) || !self.clock.anchor.is_multiple_of(period);
        let mut open = Vec::new();
        for piece in pieces(range, period) {
            let next = straddle.then_some(piece.end.0).filter(|end| *end < range.end.0);
            self.add_up::<S>(piece, read(piece)?, &mut open, next.map(|end| self.clock.number(end)), settled)?;
        }
        Ok(())
    }

    /// Settles the buckets of a piece, with what is `open` of them. Those from `next` on aren't over: they are left
    /// open.
    fn add_up<S: Sum>(
        &self,
        piece: MinuteRange,
        observations: Vec<LazyFrame>,
        open: &mut Vec<(u64, BucketNumber, S)>,
        next: Option<BucketNumber>,
        settled: &mut Settled<'_>,
    ) -> Result<(), InsightsError> {
        if piece.is_empty() {
            return Ok(());
        }
        let numbers = (self.clock.number(piece.start.0), self.clock.number(piece.end.0 - 1));
        let mut cells = Cells::<S>::new(Arc::clone(&self.numbering), self.only.clone(), self.clock, numbers);
        for (group, number, sum) in open.drain(..) {
            cells.add_sum(group, number, sum);
        }
        for day in observations {
            cells = scan(day, cells).map_err(InsightsError::frame("add up counts"))?;
        }
        cells.each(|group, number, sum| {
            if next == Some(number) {
                return open.push((group, number, sum));
            }
            let (total, (n, low, high)) = (sum.total(), sum.spread());
            // A bucket whose corrections took all its calls away has no observation.
            if total > 0 {
                settled(Bucket { group, start: self.clock.start(number), total, n, low, high });
            }
        });
        Ok(())
    }
}

/// Adds what a plan makes, batch by batch as it is made.
fn scan<S: Sum>(observations: LazyFrame, cells: Cells<S>) -> PolarsResult<Cells<S>> {
    const HELD: &str = "nothing panics while cells are held";
    let held = Arc::new(Mutex::new(Some(cells)));
    let adding = Arc::clone(&held);
    let add = move |batch: DataFrame| {
        if let Some(cells) = adding.lock().expect(HELD).as_mut() {
            cells.add(&batch)?;
        }
        // No batch is the last that is wanted.
        Ok(false)
    };
    observations.sink_batches(PlanCallback::new(add), false, None)?.collect_with_engine(Engine::Streaming)?;
    let cells = held.lock().expect(HELD).take();
    Ok(cells.expect("the cells were put there"))
}
