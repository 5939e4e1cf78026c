//! What becomes one incident, and what becomes another.

use std::collections::HashMap;
use std::sync::Arc;

use super::incidents::{AskCallers, Incidents};
use super::strayed::StrayedSeries;
use crate::domain::{Minute, MinuteRange, Outcome};
use crate::watch::WatchSettings;
use crate::watch::error::WatchError;
use crate::watch::fleet::{SeriesId, Sighting, Stream, Streams};

const PERIOD: i64 = 300;
/// A whole hour.
const START: i64 = 1_767_600_000;

/// Knows who calls with a key.
#[derive(Default)]
struct Known {
    callers: HashMap<String, Vec<String>>,
    asked: usize,
}

impl AskCallers for Known {
    fn callers(&mut self, sighting: &Sighting) -> Result<Vec<String>, WatchError> {
        self.asked += 1;
        Ok(self.callers.get(&sighting.series.key_arn).cloned().unwrap_or_default())
    }
}

fn known(callers: &[(&str, &str)]) -> Known {
    let callers = callers.iter().map(|(key, caller)| (arn(key), vec![(*caller).to_owned()])).collect();
    Known { callers, asked: 0 }
}

fn arn(key: &str) -> String {
    format!("arn:aws:kms:us-east-1:111122223333:key/{key}")
}

/// What is seen of Decrypt with a key in the `nth` period, where 10 calls are normal.
fn seen(key: &str, nth: i64, value: f64) -> Sighting {
    let id = SeriesId { key_arn: arn(key), operation: "Decrypt".to_owned(), outcome: Outcome::Successful };
    let anomalous = !(5.0..=20.0).contains(&value);
    Sighting { series: Arc::new(id), at: START + nth * PERIOD, value, normal: 10.0, anomalous, strays: anomalous }
}

fn take(incidents: &mut Incidents, nth: i64, sightings: Vec<Sighting>, ask: &mut Known) {
    take_where(&Streams::default(), incidents, nth, sightings, ask);
}

fn take_where(streams: &Streams, incidents: &mut Incidents, nth: i64, sightings: Vec<Sighting>, ask: &mut Known) {
    let end = START + (nth + 1) * PERIOD;
    incidents.take(end, sightings, streams, &WatchSettings::default(), ask).unwrap();
}

/// The streams of which one did not come in a range of periods.
fn missed(periods: std::ops::Range<i64>) -> Streams {
    let minute = |nth: i64| Minute(u32::try_from((START + nth * PERIOD) / 60).unwrap());
    let (account, region) = ("111122223333".to_owned(), "us-east-1".to_owned());
    let range = MinuteRange { start: minute(periods.start), end: minute(periods.end) };
    let mut streams = Streams::default();
    streams.add(Stream { account, region, expected: 50.0, silent_since: None, missed: vec![range] });
    streams
}

#[test]
fn series_of_one_caller_are_one_incident_and_others_are_their_own() {
    let mut ask = known(&[("a", "etl"), ("b", "etl"), ("c", "web")]);
    let mut incidents = Incidents::default();
    take(&mut incidents, 0, vec![seen("a", 0, 500.0), seen("b", 0, 400.0), seen("c", 0, 300.0)], &mut ask);
    let keys: Vec<Vec<&str>> = incidents
        .open
        .iter()
        .map(|incident| incident.series.iter().map(|series| &series.key_arn[series.key_arn.len() - 1..]).collect())
        .collect();
    assert_eq!(keys, [vec!["a", "b"], vec!["c"]]);
    assert_eq!(incidents.open.iter().map(|incident| incident.number).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn another_operation_of_the_key_joins_and_after_too_long_it_begins_its_own() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    let sign = |nth: i64, value: f64| {
        let decrypt = seen("a", nth, value);
        let id = SeriesId { operation: "Sign".to_owned(), ..(*decrypt.series).clone() };
        Sighting { series: Arc::new(id), ..decrypt }
    };
    take(&mut incidents, 0, vec![seen("a", 0, 500.0)], &mut ask);
    // 30 minutes are six periods.
    take(&mut incidents, 6, vec![sign(6, 90.0)], &mut ask);
    assert_eq!((incidents.open.len(), incidents.open[0].series.len()), (1, 2));

    let mut incidents = Incidents::default();
    take(&mut incidents, 0, vec![seen("a", 0, 500.0)], &mut ask);
    take(&mut incidents, 7, vec![sign(7, 90.0)], &mut ask);
    assert_eq!((incidents.open.len(), incidents.over.len()), (1, 1));
}

#[test]
fn an_incident_ends_with_what_strayed_last_but_not_while_its_alarm_is_on() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    take(&mut incidents, 0, vec![seen("a", 0, 500.0)], &mut ask);
    // Values are as expected again, and the alarm waits for forty minutes.
    for nth in 1..=8 {
        take(&mut incidents, nth, vec![Sighting { anomalous: true, ..seen("a", nth, 10.0) }], &mut ask);
        assert_eq!((incidents.open.len(), incidents.over.len()), (1, 0));
    }
    take(&mut incidents, 9, vec![seen("a", 9, 10.0)], &mut ask);
    assert_eq!(incidents.over[0].resolved_at, Some(START + PERIOD));
    // The same periods once more, as when counts come late, are no second incident.
    take(&mut incidents, 8, vec![Sighting { anomalous: true, ..seen("a", 8, 10.0) }], &mut ask);
    assert_eq!(incidents.open.len(), 0);
}

#[test]
fn forty_series_that_fall_silent_together_are_one_incident_and_nobody_is_asked() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    let silent = (0..40).map(|number| seen(&format!("key-{number:02}"), 0, 0.0)).collect();
    take(&mut incidents, 0, silent, &mut ask);
    assert_eq!((incidents.open.len(), ask.asked), (1, 0));
    assert_eq!(incidents.open[0].series.len(), 40);
    assert!(incidents.open[0].shortfall);
}

#[test]
fn a_key_that_is_known_to_be_silent_later_joins_while_the_others_of_its_account_are() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    // Two hours.
    for nth in 0..24 {
        take(&mut incidents, nth, vec![seen("busy", nth, 0.0)], &mut ask);
    }
    take(&mut incidents, 24, vec![seen("busy", 24, 0.0), seen("rare", 24, 0.0)], &mut ask);
    assert_eq!((incidents.open.len(), incidents.open[0].series.len()), (1, 2));
    // Not where calls are too many: that takes one caller, or minutes.
    let mut incidents = Incidents::default();
    for nth in 0..24 {
        take(&mut incidents, nth, vec![seen("busy", nth, 500.0)], &mut ask);
    }
    take(&mut incidents, 24, vec![seen("busy", 24, 500.0), seen("rare", 24, 500.0)], &mut ask);
    assert_eq!(incidents.open.len(), 2);
}

#[test]
fn too_many_and_too_few_are_two_incidents() {
    let mut ask = known(&[("a", "etl"), ("b", "etl")]);
    let mut incidents = Incidents::default();
    take(&mut incidents, 0, vec![seen("a", 0, 500.0), seen("b", 0, 0.0)], &mut ask);
    assert_eq!(incidents.open.len(), 2);
}

#[test]
fn it_is_over_after_half_an_hour_as_expected_and_ended_when_that_began() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    take(&mut incidents, 0, vec![seen("a", 0, 500.0)], &mut ask);
    take(&mut incidents, 1, vec![seen("a", 1, 300.0)], &mut ask);
    for nth in 2..7 {
        take(&mut incidents, nth, vec![seen("a", nth, 11.0)], &mut ask);
        assert_eq!(incidents.open.len(), 1, "period {nth}");
    }
    take(&mut incidents, 7, vec![seen("a", 7, 11.0)], &mut ask);
    assert!(incidents.open.is_empty());
    let over = &incidents.over[0];
    assert_eq!((over.onset, over.resolved_at), (START, Some(START + 2 * PERIOD)));
    // 500 and 300 came in the two periods that strayed, and 10 were normal in each.
    assert_eq!((over.series[0].observed, over.series[0].expected), (800.0, 20.0));
}

#[test]
fn time_in_which_log_files_did_not_come_is_not_as_expected() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    take(&mut incidents, 0, vec![seen("a", 0, 500.0)], &mut ask);
    // One quiet period, two hours of silence, then four quiet periods: 25 minutes of the 30.
    take(&mut incidents, 1, vec![seen("a", 1, 11.0)], &mut ask);
    for nth in 2..26 {
        take_where(&missed(2..nth + 1), &mut incidents, nth, Vec::new(), &mut ask);
    }
    let silence = missed(2..26);
    for nth in 26..30 {
        take_where(&silence, &mut incidents, nth, vec![seen("a", nth, 11.0)], &mut ask);
    }
    assert_eq!(incidents.open.len(), 1);
    // It strays again: the quiet periods before count no more.
    take_where(&silence, &mut incidents, 30, vec![seen("a", 30, 400.0)], &mut ask);
    for nth in 31..36 {
        take_where(&silence, &mut incidents, nth, vec![seen("a", nth, 11.0)], &mut ask);
        assert_eq!(incidents.open.len(), 1, "period {nth}");
    }
    take_where(&silence, &mut incidents, 36, vec![seen("a", 36, 11.0)], &mut ask);
    assert_eq!((incidents.open.len(), incidents.next_number), (0, 2));
    assert_eq!(incidents.over[0].resolved_at, Some(START + 31 * PERIOD));
}

#[test]
fn what_was_last_seen_before_a_silence_is_over_since_the_silence_was() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    take(&mut incidents, 0, vec![seen("a", 0, 500.0)], &mut ask);
    let silence = missed(1..25);
    for nth in 1..25 {
        take_where(&silence, &mut incidents, nth, Vec::new(), &mut ask);
    }
    for nth in 25..31 {
        assert_eq!(incidents.open.len(), 1, "period {nth}");
        take_where(&silence, &mut incidents, nth, vec![seen("a", nth, 11.0)], &mut ask);
    }
    assert_eq!(incidents.over[0].resolved_at, Some(START + 25 * PERIOD));
}

#[test]
fn an_incident_of_an_account_that_is_silent_for_35_days_is_over() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    take(&mut incidents, 0, vec![seen("a", 0, 500.0)], &mut ask);
    let silence = missed(1..20_000);
    // 35 days have 10,080 periods.
    take_where(&silence, &mut incidents, 10_079, Vec::new(), &mut ask);
    assert_eq!(incidents.open.len(), 1);
    take_where(&silence, &mut incidents, 10_080, Vec::new(), &mut ask);
    assert!(incidents.open.is_empty());
}

#[test]
fn taken_in_again_it_counts_once_and_begins_nothing() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    let periods = [500.0, 300.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0];
    for (nth, value) in (0..).zip(periods) {
        take(&mut incidents, nth, vec![seen("a", nth, value)], &mut ask);
        let once = incidents.clone();
        incidents.rewind(START, &HashMap::new());
        for again in 0..=nth {
            let value = periods[again as usize];
            take(&mut incidents, again, vec![seen("a", again, value)], &mut ask);
        }
        assert_eq!(incidents, once, "after period {nth}");
    }
    // Counts that came late make the periods beside it stray too.
    let over = incidents.clone();
    take(&mut incidents, -2, vec![seen("a", -2, 40.0)], &mut ask);
    take(&mut incidents, 5, vec![seen("a", 5, 40.0)], &mut ask);
    assert_eq!(incidents, over);
    // What strays after that is news.
    take(&mut incidents, 9, vec![seen("a", 9, 40.0)], &mut ask);
    assert_eq!(incidents.open.iter().map(|incident| incident.number).collect::<Vec<_>>(), [2]);
}

#[test]
fn what_is_over_stays_until_it_is_told_and_then_begins_nothing_when_all_is_learned_again() {
    let mut ask = known(&[]);
    let mut incidents = Incidents::default();
    take(&mut incidents, 0, vec![seen("a", 0, 500.0)], &mut ask);
    // Ten days of 288 periods in one go.
    for nth in 1..2_880 {
        take(&mut incidents, nth, Vec::new(), &mut ask);
    }
    assert_eq!(incidents.over.len(), 1);
    incidents.forget(&WatchSettings::default());
    assert!(incidents.over.is_empty());
    take(&mut incidents, 0, vec![seen("a", 0, 500.0)], &mut ask);
    assert_eq!((incidents.open.len(), incidents.next_number), (0, 2));
}

#[test]
fn what_is_counted_of_an_incident_ends_with_the_last_period_in_which_any_of_it_strayed() {
    let mut ask = known(&[("a", "etl"), ("b", "etl")]);
    let mut incidents = Incidents::default();
    let mut nth = 0;
    while nth == 0 || !incidents.open.is_empty() {
        // The first strays for three periods, the second for five.
        let (a, b) = (if nth < 3 { 400.0 } else { 10.0 }, if nth < 5 { 200.0 } else { 10.0 });
        take(&mut incidents, nth, vec![seen("a", nth, a), seen("b", nth, b)], &mut ask);
        nth += 1;
    }
    let [incident] = &incidents.over[..] else { panic!("{:?}", incidents.over) };
    assert_eq!(incident.resolved_at, Some(START + 5 * PERIOD));
    let counted = |series: &StrayedSeries| (series.observed, series.expected, series.counted_until - START);
    let counted: Vec<_> = incident.series.iter().map(counted).collect();
    assert_eq!(counted, [(1_220.0, 50.0, 5 * PERIOD), (1_000.0, 50.0, 5 * PERIOD)]);
}

/// Takes in values of the key `a` from a period on.
fn take_from(incidents: &mut Incidents, from: i64, values: &[f64]) {
    for (nth, value) in (from..).zip(values) {
        take(incidents, nth, vec![seen("a", nth, *value)], &mut known(&[]));
    }
}

/// Calls and what would have been normal of the only series of the only incident, once it is over.
fn told_when_over(incidents: &Incidents) -> (Option<i64>, f64, f64) {
    let [incident] = &incidents.over[..] else { panic!("{incidents:?}") };
    let [series] = &incident.series[..] else { panic!("{incident:?}") };
    (incident.resolved_at.map(|at| (at - START) / PERIOD), series.observed, series.expected)
}

#[test]
fn counts_that_come_late_are_in_the_sums_wherever_models_go_back_to() {
    // Some of the third and fourth periods' counts come when the sixth is in.
    let (first, late) = ([500.0, 400.0, 60.0, 10.0, 200.0, 11.0], [500.0, 400.0, 300.0, 250.0, 200.0, 11.0]);
    for back_to in -2..=2_i64 {
        let mut incidents = Incidents::default();
        let mut saved = HashMap::new();
        for (nth, value) in (0..).zip(first) {
            if nth == back_to {
                saved = incidents.counted().collect();
            }
            take_from(&mut incidents, nth, &[value]);
        }
        incidents.rewind(START + back_to * PERIOD, &saved);
        // Before it strayed it had eight calls a period.
        (back_to..0).for_each(|nth| take_from(&mut incidents, nth, &[8.0]));
        let from = back_to.max(0);
        take_from(&mut incidents, from, &late[from as usize..]);
        let counted = |series: &StrayedSeries| (series.observed, series.expected, series.after.observed);
        let counted = counted(&incidents.open[0].series[0]);
        assert_eq!(counted, (1_661.0, 60.0, 11.0), "from period {back_to}");
        take_from(&mut incidents, 6, &[11.0; 5]);
        assert_eq!(told_when_over(&incidents), (Some(5), 1_650.0, 50.0), "from period {back_to}");
    }
}

#[test]
fn what_strays_by_counts_that_came_late_is_no_longer_what_came_after_it() {
    for (back_to, is_saved) in [(0, false), (1, true), (3, true)] {
        let mut incidents = Incidents::default();
        take_from(&mut incidents, 0, &[500.0, 300.0, 11.0][..back_to as usize]);
        let saved = incidents.counted().filter(|_| is_saved).collect();
        take_from(&mut incidents, back_to, &[500.0, 300.0, 11.0, 12.0, 13.0, 14.0][back_to as usize..]);
        incidents.rewind(START + back_to * PERIOD, &saved);
        take_from(&mut incidents, back_to, &[500.0, 300.0, 11.0, 12.0, 90.0, 14.0][back_to as usize..]);
        take_from(&mut incidents, 6, &[10.0; 5]);
        // 500 + 300 + 11 + 12 + 90.
        assert_eq!(told_when_over(&incidents), (Some(5), 913.0, 50.0), "from period {back_to}");
    }
}

#[test]
fn a_shortfall_of_counts_that_came_late_is_none_in_the_sums() {
    // All of it, and the last two periods of four; 3 calls came in the first two.
    for (first, late, calls) in [([0.0; 4], [9.0; 4], 36.0), ([1.0, 2.0, 0.0, 0.0], [1.0, 2.0, 10.0, 11.0], 24.0)] {
        let mut incidents = Incidents::default();
        take_from(&mut incidents, 0, &first);
        incidents.rewind(START, &HashMap::new());
        take_from(&mut incidents, 0, &late);
        take_from(&mut incidents, 4, &[10.0; 6]);
        assert_eq!(told_when_over(&incidents), (Some(4), calls, 40.0));
    }
}

#[test]
fn what_was_counted_by_a_minute_that_nobody_remembers_stands() {
    let mut incidents = Incidents::default();
    take_from(&mut incidents, 0, &[500.0, 300.0, 200.0]);
    incidents.rewind(START + PERIOD, &HashMap::new());
    take_from(&mut incidents, 1, &[300.0, 200.0, 11.0]);
    let series = &incidents.open[0].series[0];
    assert_eq!((series.observed, series.expected, series.after.observed), (1_011.0, 40.0, 11.0));
}
