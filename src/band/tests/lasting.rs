//! Changes that last without an alarm: the band must be on their level within days.

use super::*;

/// Calls by day and some at night, and a quarter of it on Saturdays and Sundays.
fn calls(i: i64, level: f64) -> f64 {
    let share = if (i / SLOTS) % 7 >= 5 { 0.25 } else { 1.0 };
    let wave = 1.0 + 0.85 * (std::f64::consts::TAU * ((i % SLOTS) as f64 / SLOTS as f64 - 0.3)).sin();
    (share * level * wave * (1.0 + 0.2 * noise(i))).round()
}

/// What is normal at noon of a day, over what comes there without noise.
fn share_of_normal(model: &Model, day: i64, level: f64) -> f64 {
    let noon = day * SLOTS + 144;
    let due: f64 = (noon - 12..noon + 12).map(|i| calls(i, level)).sum::<f64>() / 24.0;
    model.normal(START + noon * PERIOD).unwrap() / due
}

#[test]
fn a_fall_that_wakes_nobody_is_the_level_after_two_days_of_it() {
    // From a Monday's morning on, and from a Thursday's: Saturday and Sunday are the first two whole days of a group.
    for (change, day, factor) in [(21, 24, 0.7), (21, 24, 0.55), (24, 28, 0.7), (24, 28, 0.55)] {
        let value = |i: i64| calls(i, if i < change * SLOTS + 100 { 200.0 } else { 200.0 * factor });
        let mut model = model();
        run(&mut model, 0..day * SLOTS + 1, value);
        let share = share_of_normal(&model, day, 200.0 * factor);
        assert!((0.9..1.1).contains(&share), "{change} {factor}: {share}");
    }
}

#[test]
fn what_rises_by_two_thirds_for_hours_is_found_within_a_week_of_a_fall() {
    for factor in [0.7, 0.55, 0.45] {
        let (change, rise) = (21 * SLOTS + 100, 27 * SLOTS + 96..27 * SLOTS + 192);
        let of = |i: i64| if i < change { 1.0 } else { factor } * if rise.contains(&i) { 5.0 / 3.0 } else { 1.0 };
        let judgements = run(&mut model(), 0..28 * SLOTS, |i| calls(i, 200.0 * of(i)));
        let during = &judgements[usize::try_from(rise.start).unwrap()..usize::try_from(rise.end).unwrap()];
        assert!(during.iter().any(|judgement| judgement.anomalous), "{factor}");
    }
}

#[test]
fn a_fall_for_eighteen_hours_or_a_day_is_no_level() {
    for (start, hours) in [(22 * SLOTS + 72, 18), (22 * SLOTS + 180, 18), (22 * SLOTS, 24), (22 * SLOTS + 216, 24)] {
        let fall = start..start + hours * 12;
        let value = |i: i64| calls(i, if fall.contains(&i) { 120.0 } else { 200.0 });
        let mut model = model();
        run(&mut model, 0..25 * SLOTS, value);
        let share = share_of_normal(&model, 25, 200.0);
        assert!((0.85..1.1).contains(&share), "{start} {hours}: {share}");
    }
}

#[test]
fn a_fall_of_workdays_alone_leaves_weekends_as_they_were() {
    // From a Monday's morning on; Saturday takes back what was guessed for it.
    let change = 21 * SLOTS + 100;
    let level = |i: i64| if i < change || (i / SLOTS) % 7 >= 5 { 200.0 } else { 150.0 };
    let mut model = model();
    run(&mut model, 0..27 * SLOTS + 1, |i| calls(i, level(i)));
    let share = share_of_normal(&model, 27, 200.0);
    assert!((0.9..1.1).contains(&share), "Sunday: {share}");
    run(&mut model, 27 * SLOTS + 1..28 * SLOTS + 1, |i| calls(i, level(i)));
    let share = share_of_normal(&model, 28, 150.0);
    assert!((0.9..1.1).contains(&share), "Monday: {share}");
}

#[test]
fn few_calls_a_day_have_no_level_that_two_days_could_show() {
    // Eight calls a day: that two days have three each is chance.
    let value = |i: i64| {
        let most = if (22..24).contains(&(i / SLOTS)) { 3.0 / 288.0 } else { 8.0 / 288.0 };
        if noise(i) > 1.0 - 2.0 * most { 1.0 } else { 0.0 }
    };
    let mut model = model();
    run(&mut model, 0..24 * SLOTS, value);
    let before = model.learned.first_mean;
    run(&mut model, 24 * SLOTS..24 * SLOTS + 1, value);
    assert_eq!(model.learned.first_mean, before);
}
