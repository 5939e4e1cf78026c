//! Days that don't go as their date says, and changes that don't matter.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::super::calendar::Calendar;
use super::*;

/// A business week: Saturdays and Sundays have the nights of other days and hardly any work. The series
/// is `ahead` hours ahead of the calendar.
fn week(i: i64, level: f64, ahead: i64) -> f64 {
    let local = i + ahead * 12;
    let day = local.div_euclid(SLOTS).rem_euclid(7);
    let (work, night) = (business(local, level), 0.1 * level * (1.0 + 0.2 * noise(local)));
    if day >= 5 { (night + 0.05 * (work - night)).round() } else { work }
}

fn index(day: i64, hour: i64) -> usize {
    usize::try_from(day * SLOTS + hour * 12).unwrap()
}

#[test]
fn a_holiday_that_looks_like_a_sunday_is_one_by_noon_and_leaves_no_trace() {
    // A Wednesday.
    let holiday = 23;
    let value = |i: i64| if i / SLOTS == holiday { week(i % SLOTS + 6 * SLOTS, 500.0, 0) } else { week(i, 500.0, 0) };
    let (mut with, mut without) = (model(), model());
    let judgements = run(&mut with, 0..30 * SLOTS, value);
    run(&mut without, 0..30 * SLOTS, |i| week(i, 500.0, 0));
    for hour in 12..18 {
        let at = index(holiday, hour);
        let (expected, came) = (judgements[at].band.unwrap().expected, value(i64::try_from(at).unwrap()));
        assert!((expected / came - 1.0).abs() < 0.4, "{hour}: {expected} {came}");
    }
    assert_eq!(alarms(&judgements[index(holiday, 12)..]), 0);
    let week_later = START + ((holiday + 7) * SLOTS + 150) * PERIOD;
    let (with, without) = (with.band(week_later).unwrap(), without.band(week_later).unwrap());
    assert!((with.expected / without.expected - 1.0).abs() < 0.05, "{with:?} {without:?}");
}

/// A Sunday on days that are holidays, else what the date says.
fn week_with(i: i64, is_holiday: impl Fn(i64) -> bool) -> f64 {
    let sunday = (i / SLOTS) / 7 * 7 + 6;
    week(if is_holiday(i / SLOTS) { sunday * SLOTS + i % SLOTS } else { i }, 500.0, 0)
}

#[test]
fn holidays_of_some_days_change_none_of_the_days_after() {
    // Thursday and Friday, Monday to Wednesday, from Christmas to the new year, and the days of both alone.
    let calendars: [&[i64]; 4] = [&[24, 25], &[28, 29, 30], &[31, 32, 35, 36, 37, 38, 39], &[31, 32, 38, 39]];
    for holidays in calendars {
        let last = holidays[holidays.len() - 1];
        let judgements = run(&mut model(), 0..(last + 16) * SLOTS, |i| week_with(i, |day| holidays.contains(&day)));
        assert_eq!(alarms(&judgements[index(last + 1, 0)..]), 0, "{holidays:?}");
        for day in last + 1..last + 16 {
            // At one o'clock: the level and a tenth of it, or the night's tenth and a twentieth of what work adds.
            let typical = if day % 7 < 5 { 550.0 } else { 75.0 };
            let expected = judgements[index(day, 13)].band.unwrap().expected;
            assert!((expected / typical - 1.0).abs() < 0.25, "{holidays:?} {day}: {expected}");
        }
    }
}

#[test]
fn workdays_that_look_like_sundays_for_good_do_so_after_three_weeks() {
    let first = 23;
    let judgements = run(&mut model(), 0..(first + 42) * SLOTS, |i| week_with(i, |day| day >= first));
    assert!(alarms(&judgements[index(first, 0)..index(first + 1, 0)]) > 0);
    assert_eq!(alarms(&judgements[index(first + 21, 0)..]), 0);
    let expected = judgements[index(first + 26, 8)].band.unwrap().expected;
    assert!((expected / 75.0 - 1.0).abs() < 0.3, "{expected}");
}

#[test]
fn a_key_whose_load_moves_away_over_days_is_expected_to_be_silent() {
    // A bell around two o'clock, a tenth of it on Saturdays and Sundays.
    let smooth = |i: i64| {
        let hour = (i % SLOTS) as f64 / 12.0;
        let weekend = if (i / SLOTS) % 7 >= 5 { 0.1 } else { 1.0 };
        200.0 * weekend * (0.05 + 0.95 * (-((hour - 14.0) / 4.5).powi(2) / 2.0).exp()) * (1.0 + 0.3 * noise(i))
    };
    for days in [4, 7, 14] {
        let end = 28 + days;
        let left = |i: i64| ((end * SLOTS - i) as f64 / (days * SLOTS) as f64).clamp(0.0, 1.0);
        let judgements = run(&mut model(), 0..(end + 42) * SLOTS, |i| (smooth(i) * left(i)).round());
        let silent = &judgements[index(end + 4, 0)..];
        assert_eq!(alarms(silent), 0, "{days}");
        let most = silent.iter().map(|judgement| judgement.band.unwrap().expected).fold(0.0, f64::max);
        assert!(most < 10.0, "{days}: {most}");
    }
}

#[test]
fn a_job_of_every_second_week_is_not_missed_in_the_weeks_between() {
    // On Sundays from two to four o'clock, ten times what comes otherwise, or many more.
    for size in [300.0, 5000.0] {
        let is_job = |i: i64| (i / SLOTS) % 14 == 6 && (24..48).contains(&(i % SLOTS));
        let value = |i: i64| (30.0 * (1.0 + 0.3 * noise(i)) + if is_job(i) { size } else { 0.0 }).round();
        let judgements = run(&mut model(), 0..140 * SLOTS, value);
        for day in (27..140).step_by(14) {
            let night = &judgements[index(day, 0)..index(day, 6)];
            assert_eq!(alarms(night), 0, "{size} {day}");
            assert!(night.iter().all(|judgement| judgement.band.unwrap().expected < 60.0), "{size} {day}");
        }
    }
}

#[test]
fn clocks_that_change_without_a_time_zone_are_followed_within_a_day() {
    for ahead in [1, -1] {
        // A Monday.
        let change = 21;
        let value = |i: i64| week(i, 500.0, if i < change * SLOTS { 0 } else { ahead });
        let mut model = model();
        let judgements = run(&mut model, 0..28 * SLOTS, value);
        assert_eq!(alarms(&judgements[index(change + 1, 0)..]), 0, "{ahead}");
        // In the middle of the rise and of the fall a season that is off by an hour is off by far.
        for (day, hour) in [(change + 1, 8), (change + 1, 18), (change + 3, 8), (change + 3, 18)] {
            let at = index(day, hour - ahead);
            let (expected, came) = (judgements[at].band.unwrap().expected, value(i64::try_from(at).unwrap()));
            assert!((expected / came - 1.0).abs() < 0.35, "{ahead} {day} {hour}: {expected} {came}");
        }
    }
}

#[test]
fn clocks_that_change_back_are_followed_too_and_a_saved_model_knows_them() {
    let value = |i: i64| week(i, 500.0, i64::from((21 * SLOTS..35 * SLOTS).contains(&i)));
    let mut model = model();
    run(&mut model, 0..24 * SLOTS, value);
    let mut model = Model::from_bytes(&model.to_bytes().unwrap(), &Settings::new(300)).unwrap();
    let judgements = run(&mut model, 24 * SLOTS..40 * SLOTS, value);
    assert_eq!(alarms(&judgements[..index(11, 0)]), 0);
    assert_eq!(alarms(&judgements[index(12, 0)..]), 0);
}

#[test]
fn an_incident_at_the_start_of_work_changes_no_clock() {
    for factor in [0.0, 0.3, 3.0, 10.0] {
        // From half past six to half past nine on a Wednesday: the season rises by ten times in between.
        let incident = 23 * SLOTS + 78..23 * SLOTS + 114;
        let value = |i: i64| (week(i, 500.0, 0) * if incident.contains(&i) { factor } else { 1.0 }).round();
        let judgements = run(&mut model(), 0..25 * SLOTS, value);
        assert!(judgements[index(23, 6)..index(23, 10)].iter().any(|judgement| judgement.anomalous), "{factor}");
        assert_eq!(alarms(&judgements[index(23, 16)..]), 0, "{factor}");
    }
}

#[test]
fn a_change_by_a_fifth_wakes_nobody_unless_there_is_no_zero_to_compare_with() {
    // Twelve hours of a level that hardly varies.
    let raised = 23 * SLOTS..23 * SLOTS + 144;
    let quiet = |i: i64, factor: f64| 1000.0 * if raised.contains(&i) { factor } else { 1.0 } * (1.0 + 0.01 * noise(i));
    let count = |factor: f64, zero: f64| {
        let start = |i: i64| if i == 0 { -zero } else { quiet(i, factor) };
        let judgements = run(&mut model(), 0..25 * SLOTS, start);
        alarms(&judgements[index(14, 0)..])
    };
    assert_eq!(count(1.2, -1000.0), 0);
    assert!(count(1.5, -1000.0) > 0);
    assert!(count(1.2, 1.0) > 0);
}

#[test]
fn a_first_weekend_is_no_new_level() {
    // Saturdays and Sundays have a fifth at all hours.
    let value = |i: i64| business(i, if (i / SLOTS) % 7 >= 5 { 100.0 } else { 500.0 });
    let judgements = run(&mut model(), 0..30 * SLOTS, value);
    assert_eq!(alarms(&judgements[index(6, 0)..]), 0);
}

#[test]
fn what_came_before_surprises_less() {
    let spikes = [23 * SLOTS + 150, 31 * SLOTS + 150];
    let value = |i: i64| week(i, 500.0, 0) * if spikes.contains(&i) { 8.0 } else { 1.0 };
    let judgements = run(&mut model(), 0..32 * SLOTS, value);
    let [first, second] = spikes.map(|i| judgements[usize::try_from(i).unwrap()]);
    assert!(first.anomalous && second.anomalous);
    assert!(first.score > 3.0 && second.score < 0.85 * first.score, "{} {}", first.score, second.score);
}

#[test]
fn a_few_calls_more_in_each_period_add_up_to_an_incident() {
    // Three to five calls a period, then two and a half more for ten hours: never three more than the band expects,
    // and 300 in all.
    let raised = 23 * SLOTS..23 * SLOTS + 120;
    let value = |i: i64| (4.0 + noise(i) + if raised.contains(&i) { 2.5 } else { 0.0 }).round();
    let judgements = run(&mut model(), 0..25 * SLOTS, value);
    assert_eq!(alarms(&judgements[index(14, 0)..index(23, 0)]), 0);
    assert!(judgements[index(23, 0)..index(23, 5)].iter().any(|judgement| judgement.anomalous));
}

#[test]
fn a_batch_of_the_only_day_that_is_known_is_not_missed_on_the_next() {
    // Two hours on Fridays, of a size that varies by a half: on the first Monday one working day is known.
    let batch = |i: i64| (i / SLOTS) % 7 == 4 && (42..66).contains(&(i % SLOTS));
    let value = |i: i64| (if batch(i) { 600.0 * (1.0 + 0.5 * noise(i)) } else { 9.0 + 4.0 * noise(i) }).round();
    let judgements = run(&mut model(), 4 * SLOTS..9 * SLOTS, value);
    assert_eq!(alarms(&judgements[index(2, 0)..]), 0);
}

#[test]
fn work_with_hardly_a_call_at_night_is_no_other_day() {
    // From 9 to 17:30 on weekdays a thousand times, or many more, what comes in between.
    for (high, low) in [(3000.0, 3.0), (500.0, 0.02)] {
        let value = |i: i64| {
            let works = (i / SLOTS).rem_euclid(7) < 5 && (108..210).contains(&(i % SLOTS));
            let few = low + f64::from(u8::from(noise(-i) > 1.0 - 2.0 * low));
            if works { (high * (1.0 + 0.3 * noise(i))).round() } else { few.floor() }
        };
        let judgements = run(&mut model(), 0..42 * SLOTS, value);
        assert_eq!(alarms(&judgements[index(15, 0)..]), 0, "{high}");
    }
}

#[test]
fn a_new_job_of_every_night_is_an_incident_twice_and_then_a_habit() {
    // From one to three o'clock, ten times what came until then.
    let first = 20;
    let value = |i: i64| {
        let works = i / SLOTS >= first && (12..36).contains(&(i % SLOTS));
        (if works { 550.0 } else { 50.0 } * (1.0 + 0.3 * noise(i))).round()
    };
    let judgements = run(&mut model(), 0..50 * SLOTS, value);
    assert!(alarms(&judgements[index(first, 0)..index(first, 12)]) > 0);
    assert_eq!(alarms(&judgements[index(first + 2, 0)..]), 0);
    for day in first + 2..50 {
        let expected = judgements[index(day, 2)].band.unwrap().expected;
        assert!((350.0..750.0).contains(&expected), "{day}: {expected}");
    }
}

#[test]
fn a_day_of_utc_is_the_weekday_that_most_of_it_is_in_the_zone() {
    // Saturdays and Sundays have a fifth. West of Greenwich a day of UTC begins in the evening before.
    let typical = |day: i64| if day % 7 >= 5 { 4_000.0 } else { 20_000.0 };
    let value = |day: i64| (typical(day) * (1.0 + 0.1 * noise(day))).round();
    for zone in [Tz::UTC, Tz::America__New_York, Tz::Pacific__Honolulu, Tz::Asia__Tokyo] {
        let mut settings = Settings::new(86_400);
        settings.zone = zone;
        let mut model = Model::new(&settings).unwrap();
        let judgements: Vec<Judgement> = (0..100).map(|day| model.step(START + day * DAY, value(day))).collect();
        for day in 72..100 {
            let expected = judgements[usize::try_from(day).unwrap()].band.unwrap().expected;
            assert!((expected / typical(day) - 1.0).abs() < 0.25, "{zone} {day}: {expected}");
        }
    }
}

#[test]
fn days_from_midnight_to_midnight_are_one_each_also_when_clocks_change() {
    // Berlin's clocks go forward on 29 March and back on 25 October 2026: days of 23 and of 25 hours.
    let mut calendar = Calendar::new(Tz::Europe__Berlin, 86_400);
    for (year_day, date) in NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().iter_days().take(365).enumerate() {
        let midnight = date.and_time(NaiveTime::MIN).and_local_timezone(Tz::Europe__Berlin).unwrap();
        let place = calendar.place(midnight.timestamp());
        // 2026 began 20,454 days after 1970.
        assert_eq!((place.day, place.slot), (20_454 + i64::try_from(year_day).unwrap(), 0), "{date}");
    }
}
