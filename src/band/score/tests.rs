//! The measures on small cases, counted by hand.

use super::events::Events;
use super::reference::seasonal_naive;
use super::statistics::{geometric_mean, percentile};
use super::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Five-minute rows from 0 on, all of value 1, nothing known of them.
fn quiet(rows: i64) -> Labelled {
    Labelled {
        times: (0..rows).map(|row| row * 300).collect(),
        values: vec![1.0; rows as usize],
        period: 300,
        score_from: 0,
        incidents: vec![],
        tolerated: vec![],
        exact: true,
        unlabelled: false,
        truth: None,
    }
}

/// What `alarms` (first and last second) make of a series.
fn events(series: &Labelled, alarms: &[(i64, i64)]) -> Events {
    let on = |at: &i64| alarms.iter().any(|(first, last)| (*first..=*last).contains(at));
    Events::of(series, &series.times.iter().map(on).collect::<Vec<_>>())
}

#[test]
fn an_alarm_in_the_window_or_two_periods_after_it_finds_the_incident() {
    let mut series = quiet(288);
    series.incidents = vec![Span { start: 2 * HOUR, end: 3 * HOUR }];
    for (alarm, delay) in [(2 * HOUR, Some(0.0)), (2 * HOUR + 1200, Some(20.0)), (3 * HOUR + 600, Some(70.0))] {
        let found = events(&series, &[(alarm, alarm)]);
        assert_eq!((found.delays, found.false_alarms), (vec![delay], 0), "{alarm}");
    }
    // Later in the hour of grace it is neither found nor false; before the window and after that hour it is false.
    for (alarm, false_alarms) in [(3 * HOUR + 900, 0), (4 * HOUR, 0), (4 * HOUR + 300, 1), (2 * HOUR - 300, 1)] {
        let missed = events(&series, &[(alarm, alarm)]);
        assert_eq!((missed.delays, missed.false_alarms), (vec![None], false_alarms), "{alarm}");
    }
    // From 2:00 to 4:00 there are 25 rows, of 288.
    assert_eq!(events(&series, &[]).clean_seconds, 263.0 * 300.0);
    // Where starts are not exact, a period earlier isn't false either.
    series.exact = false;
    let early = events(&series, &[(2 * HOUR - 300, 2 * HOUR - 300)]);
    assert_eq!((early.delays, early.false_alarms, early.clean_seconds), (vec![None], 0, 262.0 * 300.0));
}

#[test]
fn false_alarms_within_an_hour_are_one_and_a_stuck_one_counts_each_day() {
    let series = quiet(5 * 288);
    let false_alarms = |alarms: &[(i64, i64)]| events(&series, alarms).false_alarms;
    assert_eq!(false_alarms(&[(0, 0), (HOUR, HOUR)]), 1);
    assert_eq!(false_alarms(&[(0, 0), (HOUR + 300, HOUR + 300)]), 2);
    assert_eq!(false_alarms(&[(0, DAY - 300)]), 1);
    assert_eq!(false_alarms(&[(0, DAY)]), 2);
    assert_eq!(false_alarms(&[(300, 3 * DAY + 600)]), 4);
}

#[test]
fn an_alarm_that_an_incident_raised_may_stay_on_for_six_hours() {
    let mut series = quiet(5 * 288);
    series.incidents = vec![Span { start: 10 * HOUR, end: 11 * HOUR }];
    let false_alarms = |alarms: &[(i64, i64)]| events(&series, alarms).false_alarms;
    // Its last alarm inside, an hour after the window included, is at 12:00; the six hours begin there.
    assert_eq!(false_alarms(&[(10 * HOUR, 18 * HOUR)]), 0);
    assert_eq!(false_alarms(&[(10 * HOUR, 18 * HOUR + 300)]), 1);
    assert_eq!(false_alarms(&[(10 * HOUR, 18 * HOUR + DAY)]), 2);
    // One that begins more than an hour after the last alarm inside is its own.
    assert_eq!(false_alarms(&[(10 * HOUR, 11 * HOUR), (12 * HOUR + 300, 13 * HOUR)]), 1);
}

#[test]
fn what_is_tolerated_is_neither_found_nor_false_and_what_lies_before_the_start_is_not_scored() {
    let mut series = quiet(288);
    series.tolerated = vec![Span { start: 2 * HOUR, end: 3 * HOUR }];
    series.incidents = vec![Span { start: 300, end: 600 }];
    series.score_from = HOUR;
    let said = events(&series, &[(0, HOUR - 300), (2 * HOUR, 4 * HOUR)]);
    assert_eq!((said.delays.len(), said.false_alarms), (0, 0));
    // Rows from 1:00 on are 276. The old incident's hour of grace takes 1:00 to 1:10 (3 rows), the deploy 25.
    assert_eq!(said.clean_seconds, 248.0 * 300.0);
}

#[test]
fn the_naive_band_is_last_weeks_value_give_or_take_two_root_mean_squares() {
    let mut series = quiet(0);
    series.period = DAY;
    series.times = (0..9).map(|day| day * DAY).collect();
    series.values = vec![1.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 5.0, 4.0];
    let bands = seasonal_naive(&series);
    assert!(bands[0].0.is_nan() && bands[1].0.is_nan(), "no error is known yet");
    // Yesterday's 3; the only error so far was 3 − 1.
    assert_eq!(bands[2], (3.0 - 4.0, 3.0 + 4.0));
    // Two errors, 2 and 0: a root mean square of √2.
    assert_eq!(bands[3], (3.0 - 2.0 * 2.0_f64.sqrt(), 3.0 + 2.0 * 2.0_f64.sqrt()));
    // A week ago it was 1; six errors are known, 2 and five times 0.
    assert_eq!(bands[7], (1.0 - 2.0 * (4.0_f64 / 6.0).sqrt(), 1.0 + 2.0 * (4.0_f64 / 6.0).sqrt()));
    // A week ago it was 3; seven errors, 2, 0 five times, 5 − 1.
    assert_eq!(bands[8].1, 3.0 + 2.0 * (20.0_f64 / 7.0).sqrt());
}

/// A hundred rows of an hour, of which the given ones are 10, the rest 1; the band is 0 to 2.
fn quality(strays: usize, lower: f64, upper: f64) -> Quality {
    let mut series = quiet(200);
    series.period = 60;
    series.times = (0..200).map(|row| row * 60).collect();
    // The seasonal-naive band has an error to go by from the third row on.
    series.score_from = 100 * 60;
    (100..100 + strays).for_each(|row| series.values[row] = 10.0);
    series.truth = Some(1.0);
    Quality::of(&series, &[lower; 200], &[upper; 200]).expect("enough rows")
}

#[test]
fn tails_and_interval_score_are_what_a_hand_count_gives() {
    let alpha = 1.0 - 0.954_499_736_103_641_6;
    let of = quality(5, 0.0, 2.0);
    assert_eq!((of.rows, of.above, of.below, of.inside), (100, 0.05, 0.0, 0.95));
    // 5 % above, 2.275 % are nominal; nothing below.
    assert!((of.tail_error - (0.05 - alpha / 2.0 + alpha / 2.0)).abs() < 1e-12);
    // Width 2, and five rows of 100 stray by 8.
    let score = 2.0 + 2.0 / alpha * 8.0 * 0.05;
    assert!((of.against_truth.expect("the truth is known") - score).abs() < 1e-9);
    assert_eq!(of.hourly_tail_error, None, "no hour has a hundred rows");
    // On a tie an edge is right on both sides: no error at all.
    let tie = quality(0, 1.0, 1.0);
    assert_eq!((tie.tail_error, tie.inside), (0.0, 1.0));
    // Nothing strays and nothing ties: each tail lacks its 2.275 %.
    assert!((quality(0, 0.0, 2.0).tail_error - alpha).abs() < 1e-12);
    // Without a band a row is outside on both sides and costs twice what the naive band does.
    let without = quality(5, f64::NAN, f64::NAN);
    assert_eq!((without.above, without.below, without.inside), (1.0, 1.0, 0.0));
    assert!((without.against_naive.expect("a ratio") - 2.0).abs() < 1e-12);
}

#[test]
fn a_series_that_never_changes_has_no_naive_score_to_divide_by() {
    let of = quality(0, 0.0, 2.0);
    assert_eq!((of.against_naive, of.against_truth), (None, Some(2.0)));
}

#[test]
fn rows_near_incidents_are_not_judged() {
    let mut series = quiet(288);
    series.incidents = vec![Span { start: 2 * HOUR, end: 3 * HOUR }];
    let of = Quality::of(&series, &[0.0; 288], &[2.0; 288]).expect("enough rows");
    // From 1:30 to 3:30 there are 25 rows, and the first two have no naive band.
    assert_eq!(of.rows, 288 - 25 - 2);
    series.score_from = 288 * 300 - 49 * 300;
    assert_eq!(Quality::of(&series, &[0.0; 288], &[2.0; 288]), None, "49 rows say nothing");
}

#[test]
fn percentiles_lie_between_neighbours_as_numpys_do() {
    // numpy.percentile([0, 10, 20, 100], [50, 90]) is [15, 76].
    let mut numbers = [100.0, 0.0, 20.0, 10.0];
    assert_eq!(percentile(&mut numbers, 50.0), Some(15.0));
    assert!((percentile(&mut numbers, 90.0).expect("a number") - 76.0).abs() < 1e-9);
    assert_eq!(percentile(&mut [7.0], 90.0), Some(7.0));
    assert_eq!(percentile(&mut [], 90.0), None);
    assert_eq!(geometric_mean([1.0, 0.0, 4.0].into_iter()), Some(2.0));
}

fn scored(delays: Vec<Option<f64>>, false_alarms: u64, weeks: f64) -> Scored {
    let events = Some(Events { delays, false_alarms, clean_seconds: weeks * 7.0 * 86_400.0 });
    Scored { points: 100, nanoseconds: 5_000.0, events, quality: None }
}

#[test]
fn pooled_events_are_added_up_before_they_are_divided() {
    let (one, two) = (scored(vec![Some(0.0), None], 1, 2.0), scored(vec![Some(10.0), Some(5.0)], 0, 2.0));
    let both = pool(&[&one, &two]);
    // Three of four found, three of four alarms right.
    assert_eq!((both.incidents, both.found), (4, 3));
    assert_eq!((both.precision, both.recall, both.f1), (Some(0.75), Some(0.75), Some(0.75)));
    assert_eq!((both.delay_median, both.delay_p90), (Some(5.0), Some(9.0)));
    assert_eq!(both.false_alarms_per_week, Some(0.25));
    assert_eq!((both.points, both.nanoseconds_per_point), (200, Some(50.0)));
    let quiet = pool(&[&scored(vec![], 0, 1.0)]);
    assert_eq!((quiet.precision, quiet.recall, quiet.f1), (None, None, None));
    assert_eq!(quiet.false_alarms_per_week, Some(0.0));
    assert_eq!(pool(&[&scored(vec![None], 0, 1.0)]).f1, Some(0.0));
    let unlabelled = Scored { events: None, ..one };
    assert_eq!(pool(&[&unlabelled]).false_alarms_per_week, None);
    assert_eq!(pool(&[]), Summary::default());
}
