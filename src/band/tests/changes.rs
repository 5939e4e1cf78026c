//! Changes that nights interrupt, keys that stop and are another's afterwards, and the end of an incident.

use super::*;

fn place(i: i64) -> usize {
    usize::try_from(i).unwrap()
}

/// Calls in the hours of workdays and none at other times.
fn office(i: i64, level: f64) -> f64 {
    let (day, hour) = (i / SLOTS, i % SLOTS / 12);
    let is_work = day % 7 < 5 && (8..18).contains(&hour);
    if is_work { (level * (1.0 + 0.2 * noise(i))).round() } else { 0.0 }
}

/// So many calls at all hours.
fn steady(i: i64, level: f64) -> f64 {
    (level * (1.0 + 0.1 * noise(i))).round()
}

#[test]
fn a_key_of_office_hours_that_is_called_five_times_as_often_is_as_usual_from_the_third_day_on() {
    for factor in [2.5, 5.0, 10.0] {
        let change = 21 * SLOTS;
        let level = |i: i64| if i < change { 40.0 } else { 40.0 * factor };
        let judgements = run(&mut model(), 0..42 * SLOTS, |i| office(i, level(i)));
        assert!(judgements[place(change + 8 * 12)].anomalous, "{factor}: found at once");
        assert_eq!(alarms(&judgements[place(change + 2 * SLOTS)..]), 0, "{factor}");
        let expected = judgements[place(change + 2 * SLOTS + 12 * 12)].band.unwrap().expected;
        assert!((expected / (40.0 * factor) - 1.0).abs() < 0.25, "{factor}: {expected}");
    }
}

#[test]
fn an_incident_of_some_hours_on_each_of_three_days_is_no_new_level() {
    // From eight, from ten and from twelve: else it would be a habit.
    let is_on = |i: i64| {
        let (day, hour) = (i / SLOTS, i % SLOTS / 12);
        (21..24).contains(&day) && (0..3).contains(&(hour - 8 - 2 * (day - 21)))
    };
    let value = |i: i64| office(i, if is_on(i) { 200.0 } else { 40.0 });
    let judgements = run(&mut model(), 0..25 * SLOTS, value);
    for day in 21..24 {
        assert!(judgements[place(day * SLOTS + (8 + 2 * (day - 21)) * 12)].anomalous, "day {day}");
    }
    for hour in [9, 16] {
        let expected = judgements[place(24 * SLOTS + hour * 12)].band.unwrap().expected;
        assert!((expected / 40.0 - 1.0).abs() < 0.25, "{hour} o'clock: {expected}");
    }
}

#[test]
fn a_key_that_stopped_and_has_a_job_from_then_on_is_watched_for_the_job() {
    let stop = 21 * SLOTS + 130;
    let jobs: [fn(i64) -> f64; 3] = [
        // Each night half an hour, a tenth of what was, each hour, and a hundredth in office hours.
        |i| if (24..30).contains(&(i % SLOTS)) { steady(i, 600.0) } else { 0.0 },
        |i| if i % 12 == 3 { steady(i, 60.0) } else { 0.0 },
        |i| office(i, 24.0),
    ];
    for (number, job) in jobs.into_iter().enumerate() {
        let value = |i: i64| match i {
            _ if i < stop => steady(i, 300.0),
            _ if i < stop + 3 * SLOTS => 0.0,
            _ => job(i),
        };
        let judgements = run(&mut model(), 0..70 * SLOTS, value);
        let late = &judgements[place(49 * SLOTS)..];
        assert!(alarms(late) <= 3, "job {number}: {} alarms in three weeks", alarms(late));
        let (expected, came) = (place(49 * SLOTS)..place(70 * SLOTS))
            .map(|i| (judgements[i].band.unwrap().expected, value(i as i64)))
            .fold((0.0, 0.0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        assert!((expected / came - 1.0).abs() < 0.3, "job {number}: {expected} expected, {came} came");
    }
}

#[test]
fn the_band_is_where_it_was_as_soon_as_an_incident_of_hours_is_over() {
    for (hours, factor) in [(1, 10.0), (3, 10.0), (6, 3.0), (3, 0.2)] {
        let start = 20 * SLOTS + 100;
        let end = start + hours * 12;
        let level = |i: i64| if (start..end).contains(&i) { 300.0 * factor } else { 300.0 };
        let judgements = run(&mut model(), 0..end + 24, |i| steady(i, level(i)));
        for i in end + 1..end + 24 {
            let expected = judgements[place(i)].band.unwrap().expected;
            assert!(
                (expected / 300.0 - 1.0).abs() < 0.3,
                "{hours} h of {factor}, {} periods later: {expected}",
                i - end
            );
        }
    }
}
