//! Points to lines: what follows each other without a gap, no finer than a picture can show.

use super::BandPoint;
use crate::band::Band;

/// A place on a line, in the axes' units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) at: i64,
    pub(super) value: f64,
    pub(super) is_anomalous: bool,
}

/// Observed values as unbroken lines. Where there are more points than `columns`, each column keeps its lowest and its
/// highest, and an anomalous one that is neither.
pub(super) fn observed(points: &[BandPoint], period: i64, columns: usize) -> Vec<Vec<Place>> {
    let places = points
        .iter()
        .filter_map(|point| Some(Place { at: point.at, value: point.value?, is_anomalous: point.judgement.anomalous }));
    let runs = unbroken(places.collect(), period, |place| place.at);
    let each = (2 * points.len()).div_ceil(columns.max(1)).max(1);
    let thinned = |run: Vec<Place>| match each {
        0..=3 => run,
        _ => run.chunks(each).flat_map(extremes).collect(),
    };
    runs.into_iter().map(thinned).collect()
}

/// The lowest and the highest of a column, in their order, and its highest anomalous one.
fn extremes(column: &[Place]) -> Vec<Place> {
    let by_value = |a: &&Place, b: &&Place| a.value.total_cmp(&b.value);
    let low = column.iter().min_by(by_value);
    let high = column.iter().max_by(by_value);
    let anomalous = column.iter().filter(|place| place.is_anomalous).max_by(by_value);
    let mut kept: Vec<Place> = [low, high, anomalous].into_iter().flatten().copied().collect();
    kept.sort_by_key(|place| place.at);
    kept.dedup_by_key(|place| place.at);
    kept
}

/// The band as unbroken stretches; a column is as wide as the widest in it.
pub(super) fn bands(points: &[BandPoint], period: i64, columns: usize) -> Vec<Vec<(i64, Band)>> {
    let bands = points.iter().filter_map(|point| Some((point.at, point.judgement.band?)));
    let finite = |band: &Band| band.expected.is_finite() && band.lower.is_finite() && band.upper.is_finite();
    let runs = unbroken(bands.filter(|(_, band)| finite(band)).collect(), period, |(at, _)| *at);
    let each = points.len().div_ceil(columns.max(1)).max(1);
    let widest = |column: &[(i64, Band)]| {
        let (at, first) = column[column.len() / 2];
        let of = |edge: fn(&Band) -> f64, pick: fn(f64, f64) -> f64| {
            column.iter().map(|(_, band)| edge(band)).fold(edge(&first), pick)
        };
        let band = Band { lower: of(|band| band.lower, f64::min), upper: of(|band| band.upper, f64::max), ..first };
        (at, band)
    };
    runs.into_iter().map(|run| run.chunks(each).map(widest).collect()).collect()
}

/// Cuts where a period or more is missing.
fn unbroken<T>(items: Vec<T>, period: i64, at: impl Fn(&T) -> i64) -> Vec<Vec<T>> {
    let mut runs: Vec<Vec<T>> = Vec::new();
    for item in items {
        match runs.last_mut() {
            Some(run)
                if run.last().is_none_or(|last| (0..period + period / 2 + 1).contains(&(at(&item) - at(last)))) =>
            {
                run.push(item);
            }
            _ => runs.push(vec![item]),
        }
    }
    runs
}

/// Stretches of anomalous periods, each from its first second to the end of its last period.
pub(super) fn anomalies(points: &[BandPoint], period: i64) -> Vec<(i64, i64)> {
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for point in points.iter().filter(|point| point.judgement.anomalous) {
        match stretches.last_mut() {
            Some(last) if (0..=period / 2).contains(&(point.at - last.1)) => last.1 = point.at + period,
            _ => stretches.push((point.at, point.at + period)),
        }
    }
    stretches
}
