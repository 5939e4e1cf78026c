//! Many series' measures as one.

use super::Scored;
use super::statistics::{geometric_mean, mean, percentile};

const WEEK_SECONDS: f64 = 7.0 * 86_400.0;

/// The measures of a group of series. `None` where a measure has nothing to stand on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Series.
    pub series: usize,
    /// Rows.
    pub points: usize,
    /// Incidents that are scored.
    pub incidents: usize,
    /// Incidents that were found.
    pub found: usize,
    /// Found incidents of all that was raised.
    pub precision: Option<f64>,
    /// Found incidents of all there were.
    pub recall: Option<f64>,
    /// The harmonic mean of both.
    pub f1: Option<f64>,
    /// Median minutes from an incident's start to its first alarm.
    pub delay_median: Option<f64>,
    /// The 90th percentile of these minutes.
    pub delay_p90: Option<f64>,
    /// False alarms a week and series.
    pub false_alarms_per_week: Option<f64>,
    /// Share of values above the band, the mean over series.
    pub above: Option<f64>,
    /// Share of values below the band, the mean over series.
    pub below: Option<f64>,
    /// Tail error, the mean over series.
    pub tail_error: Option<f64>,
    /// Tail error by hour of the day, the mean over series.
    pub hourly_tail_error: Option<f64>,
    /// Interval score against the seasonal-naive band, the geometric mean over series.
    pub against_naive: Option<f64>,
    /// Interval score against the true distribution, the geometric mean over series.
    pub against_truth: Option<f64>,
    /// Nanoseconds that a row took.
    pub nanoseconds_per_point: Option<f64>,
}

/// Pools the measures of several series: events are added up, bands averaged series by series.
pub fn pool(scored: &[&Scored]) -> Summary {
    let events = || scored.iter().filter_map(|series| series.events.as_ref());
    let quality = || scored.iter().filter_map(|series| series.quality.as_ref());
    let is_labelled = events().next().is_some();
    let incidents: usize = events().map(|of| of.delays.len()).sum();
    let found: usize = events().map(|of| of.found()).sum();
    let false_alarms: u64 = events().map(|of| of.false_alarms).sum();
    let weeks = events().map(|of| of.clean_seconds).sum::<f64>() / WEEK_SECONDS;
    let share = |of: f64| (of > 0.0).then(|| found as f64 / of);
    let precision = share(found as f64 + false_alarms as f64);
    let recall = share(incidents as f64);
    let f1 = match (precision, recall) {
        (Some(precision), Some(recall)) if found > 0 => Some(2.0 * precision * recall / (precision + recall)),
        _ => (incidents > 0).then_some(0.0),
    };
    let mut delays: Vec<f64> = events().flat_map(|of| of.delays.iter().flatten().copied()).collect();
    let points: usize = scored.iter().map(|series| series.points).sum();
    let nanoseconds: f64 = scored.iter().map(|series| series.nanoseconds).sum();
    Summary {
        series: scored.len(),
        points,
        incidents,
        found,
        precision,
        recall,
        f1,
        delay_median: percentile(&mut delays, 50.0),
        delay_p90: percentile(&mut delays, 90.0),
        false_alarms_per_week: (is_labelled && weeks > 0.0).then(|| false_alarms as f64 / weeks),
        above: mean(quality().map(|of| of.above)),
        below: mean(quality().map(|of| of.below)),
        tail_error: mean(quality().map(|of| of.tail_error)),
        hourly_tail_error: mean(quality().filter_map(|of| of.hourly_tail_error)),
        against_naive: geometric_mean(quality().filter_map(|of| of.against_naive)),
        against_truth: geometric_mean(quality().filter_map(|of| of.against_truth)),
        nanoseconds_per_point: (points > 0).then(|| nanoseconds / points as f64),
    }
}
