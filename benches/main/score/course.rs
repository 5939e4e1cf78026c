//! What is usual in a series: its shape, its jobs and its wandering level, row by row.

use super::draw::Chance;
use super::jobs::Run;
use super::shapes::Shape;

/// The true means of a series to which nothing happens.
#[derive(Clone, Debug)]
pub struct Course {
    /// What it follows.
    pub shape: Shape,
    /// Seconds of a period.
    pub period: i64,
    /// The first second.
    pub start: i64,
    /// Expected calls of each row.
    pub usual: Vec<f64>,
    /// Those of them that jobs make.
    pub jobs: Vec<f64>,
    runs: Vec<Run>,
}

impl Course {
    /// The course of a shape over so many rows.
    pub fn draw(shape: Shape, period: i64, start: i64, rows: usize, chance: &mut Chance) -> Self {
        let end = start + rows as i64 * period;
        let runs = shape.job.map_or_else(Vec::new, |job| job.runs(end, chance));
        let mut jobs = vec![0.0; rows];
        for run in &runs {
            let (first, last) = rows_of(run, start, period);
            for (row, calls) in jobs.iter_mut().enumerate().take(last + 1).skip(first) {
                *calls += run.calls_in(start + row as i64 * period, period);
            }
        }
        let level = chance.wander(rows, period as f64 / 3600.0, shape.wander);
        jobs.iter_mut().zip(&level).for_each(|(calls, level)| *calls *= level);
        let calm = |row: usize| shape.calls(start + row as i64 * period) * level[row];
        let usual = (0..rows).map(|row| calm(row) + jobs[row]).collect();
        Course { shape, period, start, usual, jobs, runs }
    }

    /// The second at which a row begins.
    pub fn at(&self, row: usize) -> i64 {
        self.start + row as i64 * self.period
    }

    /// The row in which a second lies.
    pub fn row(&self, at: i64) -> usize {
        usize::try_from((at - self.start) / self.period).unwrap_or(0)
    }

    /// First and last row of the next run from a row on, and of those that start within so many seconds after it;
    /// `None` where the series ends before.
    pub fn runs_from(&self, row: usize, within: i64) -> Option<(usize, usize)> {
        let first = self.runs.iter().find(|run| run.start >= self.at(row))?;
        if first.start + within >= self.at(self.usual.len()) {
            return None;
        }
        let last = self.runs.iter().rfind(|run| run.start <= first.start + within)?;
        Some((rows_of(first, self.start, self.period).0, rows_of(last, self.start, self.period).1))
    }
}

/// The first and last row of a run in a series.
fn rows_of(run: &Run, start: i64, period: i64) -> (usize, usize) {
    let row = |at: i64| usize::try_from((at - start).div_euclid(period)).unwrap_or(0);
    (row(run.start), row(run.end - 1))
}
