//! Periods without a value, and what an alarm before them must not become.

use super::*;

/// Periods from midnight to the middle of business hours.
const NOON: i64 = 144;

fn at(i: i64) -> i64 {
    START + i * PERIOD
}

/// What is expected a week after a value ten times as high, which so many periods without one follow; and what would
/// be without that value.
fn a_week_after_a_spike(silent: i64) -> [f64; 2] {
    let spike = 22 * SLOTS + NOON;
    [10.0, 1.0].map(|factor| {
        let mut model = Model::new(&Settings::new(300)).unwrap();
        run(&mut model, 0..spike, |i| business(i, 500.0));
        model.step(at(spike), factor * business(spike, 500.0));
        run(&mut model, spike + 1 + silent..spike + 7 * SLOTS, |i| business(i, 500.0));
        model.band(at(spike + 7 * SLOTS)).unwrap().expected
    })
}

#[test]
fn a_spike_before_a_gap_is_no_new_level() {
    for silent_hours in [0, 12, 19, 48] {
        let [with, without] = a_week_after_a_spike(silent_hours * 12);
        assert!((with / without - 1.0).abs() < 0.05, "{silent_hours}: {with} {without}");
    }
}

#[test]
fn a_runaway_whose_rest_is_excluded_is_no_new_level() {
    let start = 22 * SLOTS + NOON;
    let runaway = start..start + 24 * 12;
    let mut settings = Settings::new(300);
    settings.excluded = vec![(at(start + 1), at(runaway.end))];
    let [with, without] = [10.0, 1.0].map(|factor| {
        let mut model = Model::new(&settings).unwrap();
        run(&mut model, 0..start + 7 * SLOTS, |i| business(i, 500.0) * if runaway.contains(&i) { factor } else { 1.0 });
        model.band(at(start + 7 * SLOTS)).unwrap().expected
    });
    assert!((with / without - 1.0).abs() < 0.05, "{with} {without}");
}

#[test]
fn one_day_among_daily_values_is_no_new_level() {
    let mut model = Model::new(&Settings::new(86_400)).unwrap();
    let value = |day: i64| (1000.0 * if day == 40 { 10.0 } else { 1.0 } * (1.0 + 0.05 * noise(day))).round();
    let judgements: Vec<Judgement> = (0..70).map(|day| model.step(START + day * DAY, value(day))).collect();
    assert!(judgements[40].anomalous);
    assert_eq!(alarms(&judgements[41..]), 0);
    for (day, judgement) in judgements.iter().enumerate().skip(47) {
        let expected = judgement.band.unwrap().expected;
        assert!((900.0..1100.0).contains(&expected), "{day}: {expected}");
    }
}

#[test]
fn a_level_that_stays_for_days_is_one_alarm_among_daily_values() {
    let mut model = Model::new(&Settings::new(86_400)).unwrap();
    let value = |day: i64| (1000.0 * if day >= 40 { 3.0 } else { 1.0 } * (1.0 + 0.05 * noise(day))).round();
    let judgements: Vec<Judgement> = (0..70).map(|day| model.step(START + day * DAY, value(day))).collect();
    assert!(judgements[40].anomalous);
    assert_eq!(alarms(&judgements[41..]), 0);
    assert!(judgements[45..].iter().all(|judgement| !judgement.anomalous));
}

#[test]
fn what_was_high_before_a_gap_is_over_after_it() {
    let spike = 22 * SLOTS + NOON;
    let mut model = model();
    run(&mut model, 0..spike, |i| business(i, 500.0));
    assert!(model.step(at(spike), 10.0 * business(spike, 500.0)).anomalous);
    let after = run(&mut model, spike + 145..spike + 145 + SLOTS, |i| business(i, 500.0));
    assert!(after.iter().all(|judgement| !judgement.anomalous));
}

#[test]
fn weekends_after_a_gap_of_two_months_are_known_again_after_the_first() {
    // A business week whose weekends have two fifths; the gap ends on a Thursday.
    let value = |i: i64| business(i, if (i / SLOTS) % 7 >= 5 { 200.0 } else { 500.0 });
    let (stop, back) = (20 * SLOTS + 84, 80 * SLOTS + 84);
    let mut model = model();
    run(&mut model, 0..stop, value);
    let judgements = run(&mut model, back..back + 42 * SLOTS, value);
    // The first weekend after it lasts until the fourth day's morning.
    let known = usize::try_from(4 * SLOTS).unwrap();
    assert_eq!(alarms(&judgements[known..]), 0);
    assert!(judgements[known..].iter().all(|judgement| !judgement.anomalous));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_row_without_a_value_has_the_band_that_it_would_have_with_one(
        periods in 30..3 * SLOTS,
        gap in 0..2 * SLOTS,
        empty: bool,
        raised in 1.0..20.0f64,
    ) {
        let mut model = model();
        run(&mut model, 0..periods, |i| business(i, 500.0) * if i + 30 > periods { raised } else { 1.0 });
        if empty {
            run(&mut model, periods..periods + gap, |_| f64::NAN);
        }
        let then = at(periods + gap);
        let (mut with, mut without) = (model.clone(), model);
        prop_assert_eq!(with.step(then, 100.0).band, without.step(then, f64::NAN).band);
    }
}
