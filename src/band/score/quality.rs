//! How well a band's edges fit, away from incidents.

use super::reference::seasonal_naive;
use super::statistics::mean;
use super::{Labelled, Span};

/// Probability outside a band of two standard deviations: 2 (1 − Φ(2)).
const ALPHA: f64 = 1.0 - 0.954_499_736_103_641_6;
const TAIL: f64 = ALPHA / 2.0;
/// Rows below which nothing is said of a series, or of an hour of the day.
const ROWS_MIN: usize = 50;
const ROWS_OF_HOUR_MIN: usize = 100;

/// The measures of a series' band.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// Rows that were judged.
    pub rows: usize,
    /// Share of values above the upper edge. A row without a band counts as outside on both sides.
    pub above: f64,
    /// Share of values below the lower edge.
    pub below: f64,
    /// Share of values inside.
    pub inside: f64,
    /// How far both tails are from nominal.
    pub tail_error: f64,
    /// The mean of the tail error by hour of the day; `None` if no hour has enough rows.
    pub hourly_tail_error: Option<f64>,
    /// Mean interval score divided by that of the seasonal-naive band; `None` if that one is 0.
    pub against_naive: Option<f64>,
    /// Mean interval score divided by that of the distribution that the values were drawn from, where it is known.
    pub against_truth: Option<f64>,
}

/// A judged row. Without a band the lower edge is infinite and the upper one minus infinite.
struct Row {
    hour: i64,
    value: f64,
    lower: f64,
    upper: f64,
    naive: (f64, f64),
}

impl Quality {
    pub(super) fn of(series: &Labelled, lower: &[f64], upper: &[f64]) -> Option<Self> {
        let naive = seasonal_naive(series);
        let pad = (2 * series.period).max(1800);
        let near = |spans: &[Span], at: i64| spans.iter().any(|span| span.holds(at, pad, pad));
        let judged = |&at: &usize| {
            let time = series.times[at];
            let counts = time >= series.score_from && series.values[at].is_finite() && naive[at].0.is_finite();
            counts && !near(&series.incidents, time) && !near(&series.tolerated, time)
        };
        let row = |at: usize| {
            let has_band = lower[at].is_finite() && upper[at].is_finite();
            let (lower, upper) = if has_band { (lower[at], upper[at]) } else { (f64::INFINITY, f64::NEG_INFINITY) };
            let hour = series.times[at].rem_euclid(86_400) / 3600;
            Row { hour, value: series.values[at], lower, upper, naive: naive[at] }
        };
        let rows: Vec<Row> = (0..series.times.len()).filter(judged).map(row).collect();
        if rows.len() < ROWS_MIN {
            return None;
        }
        let reference = mean(rows.iter().map(Row::naive_score))?;
        let score = mean(rows.iter().map(Row::score))?;
        let hours = (0..24).filter_map(|hour| {
            let of_hour = || rows.iter().filter(move |row| row.hour == hour);
            (of_hour().count() >= ROWS_OF_HOUR_MIN).then(|| tail_error(of_hour()))
        });
        Some(Quality {
            rows: rows.len(),
            above: share(rows.iter(), |row| row.value > row.upper),
            below: share(rows.iter(), |row| row.value < row.lower),
            inside: share(rows.iter(), |row| row.lower <= row.value && row.value <= row.upper),
            tail_error: tail_error(rows.iter()),
            hourly_tail_error: mean(hours),
            against_naive: (reference > 0.0).then(|| score / reference),
            against_truth: series.truth.map(|truth| score / truth),
        })
    }
}

impl Row {
    /// The interval score. Where there is no band, twice the seasonal-naive band's.
    fn score(&self) -> f64 {
        match self.lower.is_finite() {
            true => interval_score(self.value, self.lower, self.upper),
            false => 2.0 * self.naive_score(),
        }
    }

    fn naive_score(&self) -> f64 {
        interval_score(self.value, self.naive.0, self.naive.1)
    }
}

fn interval_score(value: f64, lower: f64, upper: f64) -> f64 {
    (upper - lower) + 2.0 / ALPHA * ((lower - value).max(0.0) + (value - upper).max(0.0))
}

fn share<'r>(rows: impl Iterator<Item = &'r Row>, holds: impl Fn(&Row) -> bool) -> f64 {
    mean(rows.map(|row| f64::from(u8::from(holds(row))))).unwrap_or(0.0)
}

/// 0 if P(y > upper) ≤ 2.275 % ≤ P(y ≥ upper), and the same below.
fn tail_error<'r>(rows: impl Iterator<Item = &'r Row> + Clone) -> f64 {
    let one = |strict: f64, loose: f64| (strict - TAIL).max(0.0) + (TAIL - loose).max(0.0);
    let share = |holds: fn(&Row) -> bool| share(rows.clone(), holds);
    let above = one(share(|row| row.value > row.upper), share(|row| row.value >= row.upper));
    above + one(share(|row| row.value < row.lower), share(|row| row.value <= row.lower))
}
