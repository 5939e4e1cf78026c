//! Incidents that must leave nothing behind, and changes that must be believed.

use super::*;

/// Busy and hardly noisy: Saturdays and Sundays have a third.
fn steady(i: i64, level: f64) -> f64 {
    let share = if (i / SLOTS).rem_euclid(7) >= 5 { 1.0 / 3.0 } else { 1.0 };
    let wave = 1.0 + 0.8 * (std::f64::consts::TAU * ((i % SLOTS) as f64 / SLOTS as f64 - 0.25)).sin();
    (share * wave * level * (1.0 + 0.02 * noise(i))).round()
}

fn expected(judgements: &[Judgement], i: i64) -> f64 {
    judgements[usize::try_from(i).unwrap()].band.unwrap().expected
}

#[test]
fn an_incident_on_the_first_day_is_no_season_from_the_fourth_day_on() {
    let incident = 140..152;
    let value = |i: i64| steady(i, 5000.0) * if incident.contains(&i) { 20.0 } else { 1.0 };
    let judgements = run(&mut model(), 0..28 * SLOTS, value);
    for day in [3, 4, 7, 8, 14, 21] {
        let at = day * SLOTS + 146;
        let share = expected(&judgements, at) / value(at);
        assert!((0.8..1.25).contains(&share), "{day}: {share}");
    }
    // The first weekend is one.
    assert_eq!(alarms(&judgements[usize::try_from(8 * SLOTS).unwrap()..]), 0);
}

#[test]
fn a_stop_of_two_hours_on_one_of_the_first_days_is_no_season() {
    // From ten o'clock and from three o'clock on, on a Monday or a Tuesday.
    for stop in [120, 180, SLOTS + 120, SLOTS + 180] {
        let stopped = stop..stop + 24;
        let value = |i: i64| if stopped.contains(&i) { 0.0 } else { steady(i, 300.0) };
        let judgements = run(&mut model(), 0..28 * SLOTS, value);
        for week in 1..4 {
            for at in stopped.clone().map(|i| i + 7 * week * SLOTS) {
                let share = expected(&judgements, at) / value(at);
                assert!((0.8..1.25).contains(&share), "{stop} {week} {at}: {share}");
            }
        }
        assert_eq!(alarms(&judgements[usize::try_from(8 * SLOTS).unwrap()..]), 0, "{stop}");
    }
}

#[test]
fn where_no_call_is_due_three_are_an_incident_and_two_are_none() {
    // A call in every fourth period of the day, none at night.
    let usual = |i: i64| f64::from(u8::from((108..204).contains(&(i % SLOTS)) && noise(i) > 0.5));
    let night = 20 * SLOTS + 36;
    for (calls, is_incident) in [(2.0, false), (3.0, true)] {
        let judgements = run(&mut model(), 0..night + 1, |i| if i == night { calls } else { usual(i) });
        let last = judgements.last().unwrap();
        assert!(last.band.unwrap().expected > 0.0, "a little less than all of them is above it");
        assert_eq!(last.anomalous, is_incident, "{calls}");
    }
}

#[test]
fn an_incident_on_a_saturday_is_not_expected_on_the_next() {
    let saturday = 26 * SLOTS;
    let incident = saturday + 9..saturday + 21;
    let value = |i: i64| steady(i, 5000.0) * if incident.contains(&i) { 20.0 } else { 1.0 };
    let judgements = run(&mut model(), 0..34 * SLOTS, value);
    assert!(judgements[usize::try_from(incident.start).unwrap()].anomalous);
    for at in incident.clone().map(|i| i + 7 * SLOTS) {
        let share = expected(&judgements, at) / value(at);
        assert!((0.8..1.25).contains(&share), "{at}: {share}");
    }
    assert_eq!(alarms(&judgements[usize::try_from(saturday + 7 * SLOTS).unwrap()..]), 0);
}

#[test]
fn what_stops_for_good_is_one_alarm_at_any_hour() {
    for (level, hour) in [(50.0, 3), (50.0, 11), (5000.0, 11), (5000.0, 20)] {
        let stop = 24 * SLOTS + hour * 12;
        let value = |i: i64| if i < stop { steady(i, level) } else { 0.0 };
        let judgements = run(&mut model(), 0..35 * SLOTS, value);
        let after = &judgements[usize::try_from(stop - 1).unwrap()..];
        assert_eq!(alarms(after), 1, "{level} {hour}");
        assert!(after[289..].iter().all(|judgement| !judgement.anomalous), "{level} {hour}");
    }
}

#[test]
fn a_job_of_every_hour_is_no_incident_on_the_first_day() {
    let mut model = Model::new(&Settings::new(60)).unwrap();
    let value = |i: i64| if i % 60 == 0 { 30.0 + (4.0 * noise(i)).round() } else { 0.0 };
    let judgements: Vec<Judgement> = (0..1440).map(|i| model.step(START + i * 60, value(i))).collect();
    assert!(alarms(&judgements) <= 2, "{}", alarms(&judgements));
}

#[test]
fn a_first_runaway_of_a_young_series_is_told_all_the_same() {
    let value = |i: i64| if i == 200 { 900.0 } else { (30.0 + 5.0 * noise(i)).round() };
    let judgements = run(&mut model(), 0..SLOTS, value);
    assert!(judgements[200].anomalous && !judgements[199].anomalous);
}

#[test]
fn a_daily_series_has_a_band_of_its_own_width_after_two_months() {
    let mut model = Model::new(&Settings::new(86_400)).unwrap();
    let value = |day: i64| (100_000.0 * (1.0 + 0.01 * noise(day))).round();
    let band = (0..60).map(|day| model.step(START + day * DAY, value(day)).band).last().unwrap().unwrap();
    // Noise of a hundredth either way; what began with a tenth of the square, a third of the mean, took a year.
    let half_width = (band.upper - band.lower) / 2.0;
    assert!((500.0..4_000.0).contains(&half_width), "{half_width}");
}

#[test]
fn a_model_that_has_seen_little_is_not_trained_however_long_ago_it_began() {
    let mut model = model();
    run(&mut model, 0..30, |_| 100.0);
    run(&mut model, 3650 * SLOTS..3650 * SLOTS + 2, |_| 100.0);
    assert_eq!(model.state(), State::TrainedInsufficientData);
    run(&mut model, 3650 * SLOTS + 2..3664 * SLOTS, |_| 100.0);
    assert_eq!(model.state(), State::Trained);
}

#[test]
fn what_stops_for_more_than_a_day_and_comes_again_is_quiet_within_hours() {
    for hours in [30, 240] {
        let stop = 21 * SLOTS + 9 * 12;
        let back = stop + hours * 12;
        let value = |i: i64| if (stop..back).contains(&i) { 0.0 } else { steady(i, 100.0) };
        let judgements = run(&mut model(), 0..back + 9 * SLOTS, value);
        let later = back + 3 * 12;
        assert_eq!(alarms(&judgements[usize::try_from(later).unwrap()..]), 0, "{hours}");
        for at in (later..back + 9 * SLOTS).step_by(36) {
            let share = expected(&judgements, at) / value(at);
            assert!((0.5..2.0).contains(&share), "{hours} {}: {share}", at - back);
        }
    }
}

#[test]
fn a_few_calls_more_beside_a_large_batch_are_no_incident() {
    // Five to twelve calls an hour, and 36,000 from two to three.
    let mut model = Model::new(&Settings::new(3_600)).unwrap();
    let value = |i: i64| if i % 24 == 2 { 36_000.0 * (1.0 + 0.2 * noise(i)) } else { 8.5 * (1.0 + 0.4 * noise(i)) };
    let judgements: Vec<Judgement> = (0..70 * 24).map(|i| model.step(START + i * 3_600, value(i).round())).collect();
    assert_eq!(alarms(&judgements[14 * 24..]), 0);
    let surprises = judgements[14 * 24..].iter().filter(|judgement| judgement.score > 3.0).count();
    assert_eq!(surprises, 0);
}

#[test]
fn a_job_that_starts_and_stops_at_random_is_known_for_it_after_some_weeks() {
    // A session in one of thirty periods, ten a day, of ten to thirty calls.
    let value = |i: i64| if noise(-i) > 14.0 / 15.0 { (20.0 + 10.0 * noise(i)).round() } else { 0.0 };
    let judgements = run(&mut model(), 0..12 * 7 * SLOTS, value);
    let weeks: Vec<usize> = judgements.chunks_exact(usize::try_from(7 * SLOTS).unwrap()).map(alarms).collect();
    assert!(weeks[6..].iter().sum::<usize>() <= 12, "{weeks:?}");
}

#[test]
fn what_comes_before_there_is_a_band_is_no_surprise_and_takes_nothing_from_later_ones() {
    for first in [0.0, 1.0, 60.0] {
        let value = |i: i64| if i == 0 { first } else { (60.0 + 8.0 * noise(i)).round() };
        let judgements = run(&mut model(), 0..SLOTS, |i| if i == 200 { 600.0 } else { value(i) });
        assert!(judgements[..24].iter().all(|judgement| judgement.score == 0.0), "{first}");
        assert!(judgements[200].score > 6.0, "{first}: {}", judgements[200].score);
    }
}

#[test]
fn zeros_on_days_on_which_nothing_comes_raise_nothing_after_daily_values_have_risen() {
    let level = |day: i64| if day % 7 >= 5 { 0.0 } else { 8_000.0 * if day < 23 { 1.0 } else { 5.0 } };
    for seed in 0..8 {
        let mut model = Model::new(&Settings::new(86_400)).unwrap();
        let value = |day: i64| (level(day) * (1.0 + 0.3 * noise(day + 1_000 * seed))).round();
        let judgements: Vec<Judgement> = (0..200).map(|day| model.step(START + day * DAY, value(day))).collect();
        let of_weekends = |day: &i64| day % 7 >= 5 && judgements[usize::try_from(*day).unwrap()].anomalous;
        let alarms: Vec<i64> = (50..200).filter(of_weekends).collect();
        assert_eq!(alarms, [] as [i64; 0], "seed {seed}");
    }
}
