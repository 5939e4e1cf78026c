//! What a lasting change is believed to be about: the days and the calls that show it.

use super::*;

/// A week of business hours whose weekends have a share of the level.
fn week(i: i64, level: f64, share: f64) -> f64 {
    business(i, if (i / SLOTS) % 7 >= 5 { share * level } else { level })
}

/// Alarms and periods of alarms from a period on.
fn alarms_from(judgements: &[Judgement], i: i64) -> (usize, usize) {
    let later = &judgements[usize::try_from(i).unwrap()..];
    (alarms(later), later.iter().filter(|judgement| judgement.anomalous).count())
}

#[test]
fn a_key_that_was_tried_with_few_calls_begins_when_it_goes_live() {
    // The calls before it: one, twenty in two periods, about one a day, and eight a day.
    let tried: [fn(i64) -> f64; 4] = [
        |i| if i == 3 * SLOTS + 108 { 1.0 } else { 0.0 },
        |i| if (3 * SLOTS + 108..3 * SLOTS + 110).contains(&i) { 10.0 } else { 0.0 },
        |i| if noise(i) > 1.0 - 2.0 / 288.0 { 1.0 } else { 0.0 },
        |i| if noise(i) > 1.0 - 2.0 / 36.0 { 1.0 } else { 0.0 },
    ];
    let live = 21 * SLOTS + 108;
    for (kind, before) in tried.into_iter().enumerate() {
        let value = |i: i64, change: std::ops::Range<i64>, factor: f64| {
            let value = if i < live { before(i) } else { week(i, 200.0, 0.4) };
            if change.contains(&i) { (value * factor).round() } else { value }
        };
        let judgements = run(&mut model(), 0..live + 14 * SLOTS, |i| value(i, 0..0, 1.0));
        for day in 2..14 {
            let hours = live + day * SLOTS..live + day * SLOTS + 96;
            let came: f64 = hours.clone().map(|i| value(i, 0..0, 1.0)).sum();
            let of = |i: i64| judgements[usize::try_from(i).unwrap()].band.unwrap().expected;
            let share = hours.map(of).sum::<f64>() / came;
            // The fifth day is the first Saturday.
            let range = if day == 5 { 0.4..2.6 } else { 0.7..1.4 };
            assert!(range.contains(&share), "{kind} {day}: {share}");
        }
        for factor in [3.0, 0.0] {
            let start = live + 8 * SLOTS + 24;
            let judgements = run(&mut model(), 0..start + 24, |i| value(i, start..start + 24, factor));
            assert!(alarms_from(&judgements, start).1 > 0, "{kind} {factor}");
        }
    }
}

#[test]
fn a_level_is_adopted_for_the_days_that_have_it() {
    // From a Tuesday's morning on: all days, workdays alone, or the weekends from the next one on alone.
    let change = 29 * SLOTS + 108;
    let kinds: [fn(bool) -> bool; 3] = [|_| true, |weekend| !weekend, |weekend| weekend];
    for (kind, of) in kinds.into_iter().enumerate() {
        for factor in [3.0, 0.3] {
            let value = |i: i64| {
                let changed = i >= change && of((i / SLOTS) % 7 >= 5);
                week(i, 2000.0 * if changed { factor } else { 1.0 }, 0.1)
            };
            let judgements = run(&mut model(), 0..56 * SLOTS, value);
            let (alarms, periods) = alarms_from(&judgements, change);
            // Eighteen hours until it is adopted, and some more where that was wrong for the other days.
            assert!(alarms <= 4 && periods <= 24 * 12, "{kind} {factor}: {alarms}, {periods}");
            assert_eq!(alarms_from(&judgements, change + 9 * SLOTS).0, 0, "{kind} {factor}");
        }
    }
}

#[test]
fn a_stop_of_one_or_two_days_leaves_nothing_behind_among_daily_values() {
    let level = |day: i64| 20_000.0 * if day % 7 < 5 { 1.0 } else { 0.3 };
    for (stop, days) in (112..119).flat_map(|stop| [(stop, 1), (stop, 2)]) {
        let mut model = Model::new(&Settings::new(86_400)).unwrap();
        let value = |day: i64| (level(day) * (1.0 + 0.1 * noise(day))).round();
        let stopped = |day: i64| if (stop..stop + days).contains(&day) { 0.0 } else { value(day) };
        let judgements: Vec<Judgement> = (0..140).map(|day| model.step(START + day * DAY, stopped(day))).collect();
        let at = |day: i64| &judgements[usize::try_from(day).unwrap()];
        assert!(at(stop).anomalous, "{stop} {days}");
        assert!((stop + days..140).all(|day| !at(day).anomalous), "{stop} {days}");
        for day in stop + days + 3..140 {
            let share = at(day).band.unwrap().expected / level(day);
            assert!((0.75..1.3).contains(&share), "{stop} {days} {day}: {share}");
        }
    }
}
