//! The band that every other is measured against: what was a week ago will be now.

use std::collections::HashMap;

use super::Labelled;

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

/// Last week's value, else yesterday's, else the one before, ± 2 root mean squares of its own errors of the last week's
/// worth of rows. NaN where there is none yet.
pub(super) fn seasonal_naive(series: &Labelled) -> Vec<(f64, f64)> {
    let (times, values) = (&series.times, &series.values);
    let value_at: HashMap<i64, f64> = times.iter().copied().zip(values.iter().copied()).collect();
    let window = usize::try_from((WEEK / series.period).max(2)).unwrap_or(2);
    // Sums of squared errors, and how many, of all rows before each.
    let (mut squares, mut known) = (vec![0.0], vec![0_usize]);
    let mut bands = Vec::with_capacity(times.len());
    for (at, &time) in times.iter().enumerate() {
        let ago = |seconds: i64| value_at.get(&(time - seconds)).copied().filter(|value| value.is_finite());
        let before = if at > 0 { values[at - 1] } else { f64::NAN };
        let expected = ago(WEEK).or_else(|| ago(DAY)).unwrap_or(before);
        let from = at.saturating_sub(window);
        let errors = known[at] - known[from];
        let deviation = match errors {
            0 => f64::NAN,
            errors => ((squares[at] - squares[from]) / errors as f64).sqrt(),
        };
        bands.push((expected - 2.0 * deviation, expected + 2.0 * deviation));
        let square = (values[at] - expected).powi(2);
        let is_known = square.is_finite();
        squares.push(squares[at] + if is_known { square } else { 0.0 });
        known.push(known[at] + usize::from(is_known));
    }
    bands
}
