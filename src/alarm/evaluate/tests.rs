//! What holds of every evaluation, and CloudWatch's words for some. The truth tables are in `tests/rules`.

use proptest::prelude::*;
use serde_json::json;

use super::super::contributors::{contributor_state, parent_state};
use super::super::definition::TreatMissingData;
use super::super::operator::{BandOperator, Operator};
use super::super::reason::band_reason;
use super::super::state::StateValue;
use super::{Comparison, Point, Rule, Slots, Verdict};

const TREATMENTS: [TreatMissingData; 4] = TreatMissingData::ALL;
const STATES: [StateValue; 3] = [StateValue::Ok, StateValue::Alarm, StateValue::InsufficientData];

fn rule(operator: Operator, threshold: f64, n: u32, m: Option<u32>, treat_missing_data: TreatMissingData) -> Rule {
    let comparison = Comparison::Value { operator, threshold };
    let (period_seconds, evaluation_periods) = (60, n);
    Rule {
        comparison,
        period_seconds,
        evaluation_periods,
        datapoints_to_alarm: m,
        treat_missing_data,
        is_statistic: true,
    }
}

fn greater(threshold: f64, n: u32, m: Option<u32>, treat: TreatMissingData) -> Rule {
    rule(Operator::GreaterThanThreshold, threshold, n, m, treat)
}

/// One-minute periods, the newest of them last.
fn points(values: &[Option<f64>]) -> Vec<Option<Point>> {
    values.iter().map(|value| value.map(Point::of)).collect()
}

/// Seconds since 1970 of a time of 14 September 2026.
fn at(time: &str) -> i64 {
    let text = format!("2026-09-14T{time}Z");
    chrono::DateTime::parse_from_rfc3339(&text).unwrap().timestamp()
}

fn slots(points: &[Option<Point>]) -> Slots<'_> {
    Slots { end: at("05:52:00"), points, excluded: &[] }
}

fn series() -> impl Strategy<Value = (u32, u32, Vec<Option<f64>>)> {
    (1u32..7).prop_flat_map(|n| {
        let values = prop::collection::vec(prop::option::of(0u8..4).prop_map(|v| v.map(f64::from)), 0..10);
        (Just(n), 1..=n, values)
    })
}

proptest! {
    #[test]
    fn with_enough_values_neither_treatment_nor_state_matters((n, m, values) in series()) {
        let points = points(&values);
        let one = greater(1.0, n, Some(m), TreatMissingData::Missing);
        prop_assume!(one.known(slots(&points)).count() == n as usize);
        let expected = one.evaluate(slots(&points), StateValue::Ok).state;
        prop_assert_ne!(expected, StateValue::InsufficientData);
        for treat in TREATMENTS {
            for state in STATES {
                let rule = greater(1.0, n, Some(m), treat);
                prop_assert_eq!(rule.evaluate(slots(&points), state).state, expected);
            }
        }
    }

    #[test]
    fn what_lies_in_an_excluded_range_decides_nothing(
        (n, m, values) in series(), first in 0usize..10, count in 1usize..4
    ) {
        prop_assume!(first < values.len());
        let last = values.len().min(first + count);
        // From the middle of the first period to that of the last: what is touched is left out whole.
        let start = |place: usize| at("05:52:00") - 60 * (values.len() - place) as i64;
        let excluded = [(start(first) + 30, start(last - 1) + 31)];
        let with = |value: Option<f64>| {
            let mut values = values.clone();
            values[first..last].fill(value);
            points(&values)
        };
        for treat in TREATMENTS {
            for state in STATES {
                let rule = greater(1.0, n, Some(m), treat);
                let of = |value| rule.evaluate(Slots { excluded: &excluded, ..slots(&with(value)) }, state).state;
                prop_assert_eq!(of(Some(0.0)), of(Some(9.0)));
                prop_assert_eq!(of(Some(0.0)), of(None));
                // As if it were missing, where that keeps the state.
                if last + rule.range() > values.len() {
                    let ignoring = greater(1.0, n, Some(m), TreatMissingData::Ignore);
                    prop_assert_eq!(of(None), ignoring.evaluate(slots(&with(None)), state).state);
                }
            }
        }
    }

    #[test]
    fn one_value_more_of_a_kind_never_turns_the_state_the_other_way((n, m, values) in series(), place in 0usize..10) {
        prop_assume!(place < values.len());
        for treat in [TreatMissingData::Breaching, TreatMissingData::NotBreaching] {
            let rule = greater(1.0, n, Some(m), treat);
            let state = |value: Option<f64>| {
                let mut values = values.clone();
                values[place] = value;
                rule.evaluate(slots(&points(&values)), StateValue::Ok).state
            };
            // A bad value instead of a good one can't end an alarm.
            prop_assert!(!(state(Some(0.0)) == StateValue::Alarm && state(Some(9.0)) == StateValue::Ok));
        }
    }

    #[test]
    fn what_is_filled_lies_between_all_good_and_all_bad((n, m, values) in series()) {
        let points = points(&values);
        let state = |treat| greater(1.0, n, Some(m), treat).evaluate(slots(&points), StateValue::Ok).state;
        if state(TreatMissingData::NotBreaching) == StateValue::Alarm {
            prop_assert_eq!(state(TreatMissingData::Breaching), StateValue::Alarm);
            prop_assert_eq!(state(TreatMissingData::Missing), StateValue::Alarm);
        }
        if state(TreatMissingData::Breaching) == StateValue::Ok {
            for treat in TREATMENTS {
                prop_assert_eq!(state(treat), StateValue::Ok);
            }
        }
    }

    #[test]
    fn reasons_and_their_data_can_always_be_written((n, m, values) in series(), has_m: bool) {
        let points = points(&values);
        for treat in TREATMENTS {
            for state in STATES {
                let rule = greater(1.0, n, has_m.then_some(m), treat);
                let verdict = rule.evaluate(slots(&points), state);
                prop_assert_eq!(verdict.bad + verdict.good + verdict.missing, n);
                prop_assert!(rule.reason(slots(&points), &verdict).ends_with('.'));
                let data = rule.reason_data(slots(&points), &verdict, 0);
                let evaluated = data["evaluatedDatapoints"].as_array().unwrap().len();
                prop_assert!(evaluated <= n as usize);
            }
        }
    }
}

fn told(rule: &Rule, points: &[Option<Point>], current: StateValue) -> (Verdict, String) {
    let verdict = rule.evaluate(slots(points), current);
    (verdict, rule.reason(slots(points), &verdict))
}

#[test]
fn reasons_are_those_that_cloudwatch_sends() {
    use TreatMissingData::{Breaching, Missing, NotBreaching};
    // Texts of notifications that CloudWatch sent, with other times and numbers where they had many.
    let many = [Some(60.0), Some(59.0), Some(59.0), Some(59.0), Some(60.0), Some(60.0)];
    let cases: [(Rule, &[Option<f64>], &str); 14] = [
        (
            greater(21.0, 1, None, Missing),
            &[Some(21.5)],
            "Threshold Crossed: 1 datapoint [21.5 (14/09/26 05:51:00)] was greater than the threshold (21.0).",
        ),
        (
            greater(21.0, 1, None, Missing),
            &[Some(20.0)],
            "Threshold Crossed: 1 datapoint [20.0 (14/09/26 05:51:00)] was not greater than the threshold (21.0).",
        ),
        (
            greater(50.0, 3, Some(2), Missing),
            &[Some(90.0), Some(100.0), Some(7.0)],
            "Threshold Crossed: 2 out of the last 3 datapoints [100.0 (14/09/26 05:50:00), 90.0 (14/09/26 05:49:00)] were greater than the threshold (50.0) (minimum 2 datapoints for OK -> ALARM transition).",
        ),
        // More than the least are all told.
        (
            greater(0.0, 3, Some(1), Missing),
            &[Some(20_000.0), Some(20_000.0), Some(20_000.0)],
            "Threshold Crossed: 3 out of the last 3 datapoints [20000.0 (14/09/26 05:51:00), 20000.0 (14/09/26 05:50:00), 20000.0 (14/09/26 05:49:00)] were greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            rule(Operator::GreaterThanOrEqualToThreshold, 80.0, 3, Some(3), Missing),
            &[Some(38.364239895660816), Some(38.391752618786896), Some(38.395433048854194)],
            "Threshold Crossed: 3 out of the last 3 datapoints [38.395433048854194 (14/09/26 05:51:00), 38.391752618786896 (14/09/26 05:50:00), 38.364239895660816 (14/09/26 05:49:00)] were not greater than or equal to the threshold (80.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            rule(Operator::GreaterThanOrEqualToThreshold, 1.0, 20, Some(1), NotBreaching),
            &[Some(613.0), None],
            "Threshold Crossed: 1 out of the last 20 datapoints [613.0 (14/09/26 05:50:00)] was greater than or equal to the threshold (1.0) and 19 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            rule(Operator::LessThanThreshold, 5.0, 2, Some(2), Breaching),
            &[Some(1.0), None, None],
            "Threshold Crossed: 1 out of the last 2 datapoints [1.0 (14/09/26 05:49:00)] was less than the threshold (5.0) and 1 missing datapoint was treated as [Breaching] (minimum 2 datapoints for OK -> ALARM transition).",
        ),
        (
            greater(1.0, 3, Some(3), Breaching),
            &[],
            "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].",
        ),
        (
            greater(1.0, 1, None, NotBreaching),
            &[None],
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
        ),
        (greater(1.0, 3, None, Missing), &[None], "Insufficient Data: 3 datapoints were unknown."),
        (greater(1.0, 1, None, Missing), &[], "Insufficient Data: 1 datapoint was unknown."),
        // From five on they stand behind the sentence, the five newest.
        (
            greater(20.0, 6, Some(6), Missing),
            &many,
            "Threshold Crossed: 6 out of the last 6 datapoints were greater than the threshold (20.0). The most recent datapoints which crossed the threshold: [60.0 (14/09/26 05:51:00), 60.0 (14/09/26 05:50:00), 59.0 (14/09/26 05:49:00), 59.0 (14/09/26 05:48:00), 59.0 (14/09/26 05:47:00)] (minimum 6 datapoints for OK -> ALARM transition).",
        ),
        (
            greater(20.0, 6, None, Missing),
            &many,
            "Threshold Crossed: 6 datapoints were greater than the threshold (20.0). The most recent datapoints which crossed the threshold: [60.0 (14/09/26 05:51:00), 60.0 (14/09/26 05:50:00), 59.0 (14/09/26 05:49:00), 59.0 (14/09/26 05:48:00), 59.0 (14/09/26 05:47:00)].",
        ),
        // Large numbers have an exponent.
        (
            rule(Operator::LessThanOrEqualToThreshold, 1e9, 1, None, Missing),
            &[Some(860_604_416.0)],
            "Threshold Crossed: 1 datapoint [8.60604416E8 (14/09/26 05:51:00)] was less than or equal to the threshold (1.0E9).",
        ),
    ];
    for (rule, values, expected) in cases {
        assert_eq!(told(&rule, &points(values), StateValue::InsufficientData).1, expected);
    }
}

#[test]
fn band_reasons_are_those_that_cloudwatch_sends() {
    let band = |operator, m| Rule {
        comparison: Comparison::Band { operator },
        ..greater(0.0, m, Some(m), TreatMissingData::Missing)
    };
    let both = BandOperator::LessThanLowerOrGreaterThanUpperThreshold;
    let point = |value, band| Some(Point { value, band: Some(band) });
    let one = [point(0.0, (0.020599444741798756, 0.3006915352732461))];
    let expected = "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (14/09/26 05:51:00)] was less than the lower thresholds [0.020599444741798756] or greater than the upper thresholds [0.3006915352732461] (minimum 1 datapoint for OK -> ALARM transition).";
    assert_eq!(told(&band(both, 1), &one, StateValue::Ok).1, expected);
    assert_eq!(band_reason(at("05:51:00"), one[0].unwrap()), expected);
    let two = [point(27.0, (31.25, 32.5)), point(28.5, (31.75, 33.0))];
    let expected = "Thresholds Crossed: 2 out of the last 2 datapoints [28.5 (14/09/26 05:51:00), 27.0 (14/09/26 05:50:00)] were less than the lower thresholds [31.75, 31.25] or greater than the upper thresholds [33.0, 32.5] (minimum 2 datapoints for OK -> ALARM transition).";
    assert_eq!(told(&band(both, 2), &two, StateValue::Ok).1, expected);
    let fine = [point(0.46522264287069004, (0.4129373661576242, 0.4700330400585261))];
    let expected = "Thresholds Crossed: 1 out of the last 1 datapoints [0.46522264287069004 (14/09/26 05:51:00)] was not less than the lower thresholds [0.4129373661576242] or not greater than the upper thresholds [0.4700330400585261] (minimum 1 datapoint for ALARM -> OK transition).";
    assert_eq!(told(&band(both, 1), &fine, StateValue::Alarm).1, expected);
    // One edge only, and a value on an edge, are no breach of the other.
    for (operator, value, state) in [
        (BandOperator::GreaterThanUpperThreshold, 1.0, StateValue::Ok),
        (BandOperator::GreaterThanUpperThreshold, 10.0, StateValue::Ok),
        (BandOperator::GreaterThanUpperThreshold, 10.5, StateValue::Alarm),
        (BandOperator::LessThanLowerThreshold, 1.5, StateValue::Alarm),
        (BandOperator::LessThanLowerThreshold, 2.0, StateValue::Ok),
        (BandOperator::LessThanLowerThreshold, 99.0, StateValue::Ok),
        (both, 1.5, StateValue::Alarm),
        (both, 10.5, StateValue::Alarm),
    ] {
        let points = [point(value, (2.0, 10.0))];
        assert_eq!(told(&band(operator, 1), &points, StateValue::Ok).0.state, state, "{operator} of {value}");
    }
    // Without a band a value is missing.
    let bare = [Some(Point::of(99.0))];
    assert_eq!(told(&band(both, 1), &bare, StateValue::Ok).0.state, StateValue::InsufficientData);
}

#[test]
fn reason_data_has_the_points_that_decided() {
    // As CloudWatch has sent it, with another time: AWS documentation, "Partial data cases".
    let rule = Rule { is_statistic: false, ..greater(0.0, 3, Some(1), TreatMissingData::Missing) };
    let points3 = points(&[Some(20_000.0); 3]);
    let (verdict, _) = told(&rule, &points3, StateValue::Ok);
    let data = rule.reason_data(slots(&points3), &verdict, at("05:52:05"));
    let expected = json!({
        "version": "1.0", "queryDate": "2026-09-14T05:52:05.000+0000", "startDate": "2026-09-14T05:49:00.000+0000",
        "period": 60, "recentDatapoints": [20000.0, 20000.0, 20000.0], "threshold": 0.0,
        "evaluatedDatapoints": [{"timestamp": "2026-09-14T05:51:00.000+0000", "value": 20000.0}],
    });
    assert_eq!(data, expected);

    // Gaps are null; a missing value that stands for a bad one has only its time; a call is a sample.
    let rule = greater(5.0, 4, Some(4), TreatMissingData::Breaching);
    let gappy = points(&[Some(9.0), None, Some(8.0), Some(7.0), None, None]);
    let (verdict, _) = told(&rule, &gappy, StateValue::Ok);
    assert_eq!((verdict.state, verdict.bad, verdict.missing), (StateValue::Alarm, 3, 1));
    let data = rule.reason_data(slots(&gappy), &verdict, at("05:52:05"));
    assert_eq!(data["statistic"], "Sum");
    assert_eq!(data["recentDatapoints"], json!([9.0, null, 8.0, 7.0]));
    let expected = json!([
        {"timestamp": "2026-09-14T05:51:00.000+0000"},
        {"timestamp": "2026-09-14T05:49:00.000+0000", "sampleCount": 7.0, "value": 7.0},
        {"timestamp": "2026-09-14T05:48:00.000+0000", "sampleCount": 8.0, "value": 8.0},
        {"timestamp": "2026-09-14T05:46:00.000+0000", "sampleCount": 9.0, "value": 9.0},
    ]);
    assert_eq!(data["evaluatedDatapoints"], expected);

    // Nothing known: no start, and the periods that are unknown.
    let rule = greater(5.0, 2, None, TreatMissingData::Missing);
    let (verdict, _) = told(&rule, &[], StateValue::Ok);
    let data = rule.reason_data(slots(&[]), &verdict, at("05:52:05"));
    assert_eq!(data.get("startDate"), None);
    assert_eq!(data["recentDatapoints"], json!([]));
    let expected =
        json!([{"timestamp": "2026-09-14T05:51:00.000+0000"}, {"timestamp": "2026-09-14T05:50:00.000+0000"}]);
    assert_eq!(data["evaluatedDatapoints"], expected);
}

#[test]
fn an_alarm_on_several_series_tells_how_many() {
    let rule = greater(1.0, 1, None, TreatMissingData::Missing);
    let tells = |in_alarm, all| parent_state(&rule, in_alarm, all, StateValue::Ok);
    assert_eq!(tells(95, 150), (StateValue::Alarm, "95 out of 150 time series evaluated to ALARM".to_owned()));
    assert_eq!(tells(101, 150), (StateValue::Alarm, "100+ time series evaluated to ALARM".to_owned()));
    assert_eq!(tells(0, 7), (StateValue::Ok, "7 time series evaluated to OK".to_owned()));
    assert_eq!(tells(0, 0).0, StateValue::InsufficientData);
    let filled = |treat| parent_state(&greater(1.0, 1, None, treat), 0, 0, StateValue::Ok).0;
    assert_eq!(filled(TreatMissingData::Breaching), StateValue::Alarm);
    assert_eq!(filled(TreatMissingData::NotBreaching), StateValue::Ok);
    assert_eq!(filled(TreatMissingData::Ignore), StateValue::Ok);

    // One of the series: the text of CloudWatch's notification about a contributor.
    let rule =
        super::Rule { comparison: Comparison::Value { operator: Operator::LessThanThreshold, threshold: 1.0 }, ..rule };
    let zero = points(&[Some(0.0)]);
    let verdict = rule.evaluate(slots(&zero), StateValue::Ok);
    let expected = "Threshold Crossed: 1 datapoint was less than the threshold (1.0). The most recent datapoint which crossed the threshold: [0.0 (14/09/26 05:51:00)].";
    assert_eq!(rule.contributor_reason(slots(&zero), &verdict), expected);
    let gone = rule.evaluate(slots(&[]), StateValue::Alarm);
    assert_eq!(contributor_state(&gone), StateValue::Ok);
    assert_eq!(rule.contributor_reason(slots(&[]), &gone), "No data was returned for this contributor");
}
