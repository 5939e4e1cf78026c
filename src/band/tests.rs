//! What a model promises, on series whose truth is known.

mod adoption;
mod changes;
mod days;
mod gaps;
mod incidents;
mod jobs;
mod lasting;
mod weeks;

use proptest::prelude::*;

use super::calendar::DAY;
use super::*;

const PERIOD: i64 = 300;
const SLOTS: i64 = DAY / PERIOD;
/// A Monday.
const START: i64 = 1_767_571_200;

fn model() -> Model {
    Model::new(&Settings::new(300)).unwrap()
}

/// Noise in [-1, 1) that is the same on every run.
fn noise(i: i64) -> f64 {
    let mut x = i.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// A day of business hours around a level.
fn business(i: i64, level: f64) -> f64 {
    let hour = (i % SLOTS) as f64 / 12.0;
    let busy = 1.0 / (1.0 + (-2.0 * (hour - 8.0)).exp()) / (1.0 + (2.0 * (hour - 18.0)).exp());
    (level * (0.1 + busy) * (1.0 + 0.2 * noise(i))).round()
}

/// The judgements of so many periods.
fn run(model: &mut Model, periods: std::ops::Range<i64>, value: impl Fn(i64) -> f64) -> Vec<Judgement> {
    periods.map(|i| model.step(START + i * PERIOD, value(i))).collect()
}

fn alarms(judgements: &[Judgement]) -> usize {
    judgements.windows(2).filter(|pair| pair[1].anomalous && !pair[0].anomalous).count()
}

#[test]
fn a_quiet_series_raises_nothing_in_three_weeks() {
    let judgements = run(&mut model(), 0..5 * 7 * SLOTS, |i| business(i, 500.0));
    assert_eq!(alarms(&judgements[usize::try_from(14 * SLOTS).unwrap()..]), 0);
}

#[test]
fn a_runaway_by_ten_alarms_on_its_first_period_and_ends() {
    let start = 20 * SLOTS + 150;
    let runaway = |i| business(i, 500.0) * if (start..start + 24).contains(&i) { 10.0 } else { 1.0 };
    let judgements = run(&mut model(), 0..22 * SLOTS, runaway);
    let at = |i: i64| &judgements[usize::try_from(i).unwrap()];
    assert!(at(start).anomalous && !at(start - 1).anomalous);
    assert!(!at(start + 24 + 12).anomalous);
    assert!((start..start + 24).all(|i| at(i).strays), "the whole runaway");
    assert!((start + 24..start + 36).all(|i| !at(i).strays), "what came after it, though the alarm waits");
}

#[test]
fn an_incident_is_not_expected_a_week_later() {
    let start = 15 * SLOTS + 150;
    let runaway = |i| business(i, 500.0) * if (start..start + 24).contains(&i) { 10.0 } else { 1.0 };
    let (mut with, mut without) = (model(), model());
    run(&mut with, 0..22 * SLOTS, runaway);
    run(&mut without, 0..22 * SLOTS, |i| business(i, 500.0));
    let at = START + (22 * SLOTS + 150) * PERIOD;
    let (with, without) = (with.band(at).unwrap(), without.band(at).unwrap());
    assert!((with.expected / without.expected - 1.0).abs() < 0.1, "{with:?} {without:?}");
    assert!(with.upper < 1.3 * without.upper, "{with:?} {without:?}");
}

#[test]
fn a_lasting_change_is_quiet_within_a_day() {
    let change = 20 * SLOTS + 180;
    let judgements = run(&mut model(), 0..25 * SLOTS, |i| business(i, if i < change { 500.0 } else { 1500.0 }));
    let after = usize::try_from(change + SLOTS).unwrap();
    assert!(judgements[usize::try_from(change).unwrap()..after].iter().any(|judgement| judgement.anomalous));
    assert_eq!(alarms(&judgements[after..]), 0);
}

#[test]
fn a_band_comes_after_two_hours_and_states_follow_cloudwatch() {
    let mut model = model();
    assert!(run(&mut model, 0..24, |i| business(i, 500.0)).iter().all(|judgement| judgement.band.is_none()));
    assert_eq!(model.state(), State::TrainedInsufficientData);
    assert!(model.band(START + 24 * PERIOD).is_some());
    run(&mut model, 24..15 * SLOTS, |i| business(i, 500.0));
    assert_eq!(model.state(), State::Trained);
}

#[test]
fn asking_for_a_band_changes_nothing() {
    let (mut asked, mut plain) = (model(), model());
    run(&mut asked, 0..9 * SLOTS, |i| business(i, 500.0));
    run(&mut plain, 0..9 * SLOTS, |i| business(i, 500.0));
    assert!(asked.band(START + 30 * DAY).is_some());
    let range = 9 * SLOTS..12 * SLOTS;
    assert_eq!(run(&mut asked, range.clone(), |i| business(i, 500.0)), run(&mut plain, range, |i| business(i, 500.0)));
}

#[test]
fn a_missing_stretch_is_not_zeros() {
    let mut model = model();
    run(&mut model, 0..14 * SLOTS, |i| business(i, 500.0));
    let before = model.band(START + (16 * SLOTS + 150) * PERIOD).unwrap();
    let judgements = run(&mut model, 16 * SLOTS..16 * SLOTS + 150, |i| business(i, 500.0));
    assert!(judgements.iter().all(|judgement| !judgement.anomalous));
    let after = model.band(START + (16 * SLOTS + 150) * PERIOD).unwrap();
    assert!((after.expected / before.expected - 1.0).abs() < 0.2);
}

#[test]
fn an_excluded_range_teaches_nothing() {
    let outage = 14 * SLOTS..15 * SLOTS;
    let mut settings = Settings::new(300);
    settings.excluded.push((START + outage.start * PERIOD, START + outage.end * PERIOD));
    let (mut excluding, mut gap) = (Model::new(&settings).unwrap(), model());
    let values = |i| if outage.contains(&i) { 0.0 } else { business(i, 500.0) };
    let judgements = run(&mut excluding, 0..16 * SLOTS, values);
    run(&mut gap, 0..outage.start, values);
    run(&mut gap, outage.end..16 * SLOTS, values);
    assert!(judgements.iter().all(|judgement| !judgement.anomalous));
    let at = START + (16 * SLOTS + 100) * PERIOD;
    assert_eq!(excluding.band(at), gap.band(at));
}

#[test]
fn what_is_no_number_or_comes_late_is_judged_and_not_learned() {
    let (mut disturbed, mut plain) = (model(), model());
    for i in 0..3 * SLOTS {
        let at = START + i * PERIOD;
        disturbed.step(at, business(i, 500.0));
        plain.step(at, business(i, 500.0));
        for (late, value) in [(at, 1e6), (at - PERIOD, 0.0), (at + 1, f64::NAN), (at + 1, f64::INFINITY)] {
            assert!(!disturbed.step(late, value).anomalous);
        }
    }
    let next = START + 3 * SLOTS * PERIOD;
    assert_eq!(disturbed.band(next), plain.band(next));
}

#[test]
fn edges_are_finite_ordered_and_not_negative_whatever_comes() {
    let extremes: [fn(i64) -> f64; 6] = [
        |_| 0.0,
        |_| 7.0,
        |i| if i % 100 == 0 { 1e15 } else { 0.0 },
        |i| 1e15 * (1.0 + 0.1 * noise(i)),
        |i| 1e-9 * (1.0 + noise(i)),
        |i| if noise(i) > 0.9 { noise(i + 1).abs() } else { 0.0 },
    ];
    for (which, value) in extremes.into_iter().enumerate() {
        for judgement in run(&mut model(), 0..20 * SLOTS, value) {
            assert!(judgement.score.is_finite());
            let Some(band) = judgement.band else { continue };
            let ordered = 0.0 <= band.lower && band.lower <= band.upper && band.upper.is_finite();
            assert!(ordered && band.expected.is_finite(), "{which}: {band:?}");
        }
    }
}

proptest! {
    #[test]
    fn a_value_has_no_say_in_its_own_band(
        periods in 30..3 * SLOTS,
        gap in prop_oneof![Just(0), 0..2 * SLOTS],
        whole: bool,
        value in prop_oneof![Just(0.0), Just(0.5), Just(1e15), -1e6f64..1e6],
    ) {
        let mut model = model();
        run(&mut model, 0..periods, |i| business(i, 500.0) + if whole { 0.0 } else { 0.25 });
        let at = START + (periods + gap) * PERIOD;
        prop_assert_eq!(model.band(at), model.step(at, value).band);
    }

    #[test]
    fn no_series_is_too_odd(
        values in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![0.0, -1.0, 1e-300, 1e15, VALUE_MAX, -VALUE_MAX, 1e19, 1e38, -1e38, 1e300]),
                0.0f64..10.0,
                -1e6f64..1e6,
                0.0f64..1e-12,
            ],
            1..400,
        ),
        gaps in prop::collection::vec(prop_oneof![Just(1i64), Just(1), 1..50i64], 400),
        whole: bool,
    ) {
        let mut model = model();
        let mut at = START;
        for (value, gap) in values.iter().zip(gaps) {
            let judgement = model.step(at, if whole { value.round() } else { *value });
            prop_assert!(judgement.score.is_finite());
            if let Some(band) = judgement.band {
                prop_assert!(band.lower <= band.upper && band.expected.is_finite(), "{:?}", band);
            }
            at += gap * PERIOD;
        }
    }
}

#[test]
fn a_constant_series_has_a_narrow_band_and_no_alarm() {
    let judgements = run(&mut model(), 0..10 * SLOTS, |_| 1000.0);
    assert_eq!(alarms(&judgements), 0);
    let band = judgements.last().unwrap().band.unwrap();
    assert!(band.lower > 800.0 && band.upper < 1200.0, "{band:?}");
}

#[test]
fn a_series_below_zero_has_a_band_too() {
    let wave = |i: i64| 5.0 * (i as f64 / 40.0).sin() + noise(i);
    let judgements = run(&mut model(), 0..20 * SLOTS, wave);
    let late = &judgements[usize::try_from(10 * SLOTS).unwrap()..];
    let values = (10 * SLOTS..20 * SLOTS).map(wave);
    let inside = late.iter().zip(values).filter(|(judgement, value)| {
        let band = judgement.band.unwrap();
        (band.lower..=band.upper).contains(value)
    });
    let share = inside.count() as f64 / late.len() as f64;
    assert!((0.93..0.98).contains(&share), "{share}");
}

#[test]
fn ten_years_without_a_value_are_survived() {
    let mut model = model();
    run(&mut model, 0..7 * SLOTS, |i| business(i, 500.0));
    let later = 3650 * SLOTS;
    let judgements = run(&mut model, later..later + SLOTS, |i| business(i, 500.0));
    assert!(judgements.iter().all(|judgement| judgement.band.is_some_and(|band| band.upper.is_finite())));
}

#[test]
fn every_period_from_a_minute_to_a_day_works() {
    for period in [60, 420, 3600, 86_400] {
        let mut model = Model::new(&Settings::new(period)).unwrap();
        let judgements: Vec<Judgement> =
            (0..3000).map(|i| model.step(START + i * i64::from(period), (100.0 + 10.0 * noise(i)).round())).collect();
        assert_eq!(alarms(&judgements), 0, "{period}");
    }
}

#[test]
fn a_saved_model_goes_on_as_if_it_had_not_stopped() {
    let mut model = model();
    run(&mut model, 0..9 * SLOTS + 77, |i| business(i, 500.0));
    let mut restored = Model::from_bytes(&model.to_bytes().unwrap(), &Settings::new(300)).unwrap();
    let range = 9 * SLOTS + 77..11 * SLOTS;
    let (went_on, came_back) =
        (run(&mut model, range.clone(), |i| business(i, 500.0)), run(&mut restored, range, |i| business(i, 500.0)));
    assert_eq!(went_on, came_back);
}

#[test]
fn what_is_no_saved_model_of_these_settings_is_refused() {
    let bytes = model().to_bytes().unwrap();
    assert!(matches!(Model::from_bytes(b"other", &Settings::new(300)), Err(SavedError::Header)));
    assert!(matches!(Model::from_bytes(&bytes, &Settings::new(60)), Err(SavedError::Settings { .. })));
    assert!(matches!(Model::from_bytes(&bytes[..100], &Settings::new(300)), Err(SavedError::Damaged(_))));
}

#[test]
fn a_model_is_small() {
    for (period, limit) in [(300, 32 << 10), (60, 64 << 10)] {
        let mut model = Model::new(&Settings::new(period)).unwrap();
        for i in 0..40 * DAY / i64::from(period) {
            model.step(START + i * i64::from(period), 100.0);
        }
        assert!(model.size_bytes() < limit, "{period}: {}", model.size_bytes());
    }
}

#[test]
fn a_smaller_budget_alarms_less() {
    let count = |pages: f64| {
        let mut settings = Settings::new(300);
        settings.width = Width::FalsePagesPerWeek { pages, series: 1 };
        let mut model = Model::new(&settings).unwrap();
        alarms(&run(&mut model, 0..60 * SLOTS, |i| business(i, 500.0) * (1.0 + 0.4 * noise(i / 9).powi(5))))
    };
    let (rare, often) = (count(0.01), count(5.0));
    assert!(rare < often, "{rare} {often}");
}

#[test]
fn seasons_follow_the_clock_of_the_time_zone() {
    // 2026-03-29: clocks in Berlin go from 2 to 3. Work starts at 8 local time, before and after.
    let mut settings = Settings::new(300);
    settings.zone = chrono_tz::Europe::Berlin;
    let mut model = Model::new(&settings).unwrap();
    let change = 1_774_746_000;
    let local = |at: i64| at + if at < change { 3600 } else { 7200 };
    let value = |at: i64| business(local(at).rem_euclid(DAY) / PERIOD + local(at).div_euclid(DAY) * SLOTS, 500.0);
    let start = change - 21 * DAY;
    let judgements: Vec<Judgement> =
        (0..26 * SLOTS).map(|i| model.step(start + i * PERIOD, value(start + i * PERIOD))).collect();
    assert_eq!(alarms(&judgements[usize::try_from(14 * SLOTS).unwrap()..]), 0);
}
