//! Means and percentiles.

/// The mean; `None` of nothing.
pub(super) fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers.fold((0.0, 0_usize), |(sum, count), number| (sum + number, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// The geometric mean of positive numbers; others are left out.
pub(super) fn geometric_mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    mean(numbers.filter(|number| *number > 0.0).map(f64::ln)).map(f64::exp)
}

/// A percentile, interpolated between neighbours (Hyndman and Fan's type 7, which numpy and R use); `None` of nothing.
pub(super) fn percentile(numbers: &mut [f64], percent: f64) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let place = percent / 100.0 * numbers.len().checked_sub(1)? as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let high = numbers.get(low + 1).unwrap_or(&numbers[low]);
    Some(numbers[low] + part * (high - numbers[low]))
}
