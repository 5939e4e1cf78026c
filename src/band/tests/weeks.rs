//! Daily values of keys that work on some days of the week only.

use super::*;

fn daily(days: i64, value: impl Fn(i64) -> f64) -> Vec<Judgement> {
    let mut model = Model::new(&Settings::new(86_400)).unwrap();
    (0..days).map(|day| model.step(START + day * DAY, value(day))).collect()
}

/// A level within a tenth either way on Mondays to Fridays, nothing on Saturdays and Sundays.
fn workday(day: i64) -> f64 {
    if day % 7 < 5 { (20_000.0 * (1.0 + 0.1 * noise(day))).round() } else { 0.0 }
}

#[test]
fn a_key_of_workdays_has_a_band_of_its_own_width_by_daily_values() {
    let judgements = daily(120, workday);
    let bands = judgements.iter().enumerate().skip(56).map(|(day, judgement)| (day, judgement.band.unwrap()));
    let (workdays, weekends): (Vec<_>, Vec<_>) = bands.partition(|(day, _)| day % 7 < 5);
    let mean = |of: fn(&Band) -> f64| workdays.iter().map(|(_, band)| of(band)).sum::<f64>() / workdays.len() as f64;
    let (lower, upper) = (mean(|band| band.lower), mean(|band| band.upper));
    assert!(lower > 0.5 * 20_000.0 && upper < 1.5 * 20_000.0, "{lower} {upper}");
    assert!(weekends.iter().all(|(_, band)| band.upper < 100.0), "{weekends:?}");
    assert_eq!(alarms(&judgements[56..]), 0);
}

#[test]
fn a_wednesday_that_nearly_doubles_or_falls_to_a_third_is_found_by_daily_values() {
    for factor in [1.8, 0.3] {
        let wednesday = 79;
        let judgements = daily(82, |day| (workday(day) * if day == wednesday { factor } else { 1.0 }).round());
        assert!(judgements[79].anomalous, "{factor}");
    }
}

#[test]
fn a_key_of_workdays_that_stops_for_good_is_missed_on_its_first_day_by_daily_values() {
    // A Wednesday.
    let judgements = daily(100, |day| if day < 79 { workday(day) } else { 0.0 });
    assert!(judgements[79].anomalous && !judgements[78].anomalous);
}

#[test]
fn a_key_that_rests_on_sundays_or_works_on_two_days_has_bands_of_both_kinds_of_days() {
    let kinds: [fn(i64) -> bool; 2] = [|day| day % 7 != 6, |day| matches!(day % 7, 0 | 3)];
    for (kind, works) in kinds.into_iter().enumerate() {
        let value = |day: i64| if works(day) { (3000.0 * (1.0 + 0.1 * noise(day))).round() } else { 0.0 };
        let judgements = daily(180, value);
        for (day, judgement) in (0..).zip(&judgements).skip(56) {
            let band = judgement.band.unwrap();
            if works(day) {
                assert!((0.5..1.5).contains(&(band.expected / 3000.0)), "{kind} {day}: {band:?}");
            } else {
                assert!(band.expected < 30.0, "{kind} {day}: {band:?}");
            }
        }
        assert_eq!(alarms(&judgements[35..]), 0, "{kind}");
    }
}

#[test]
fn a_job_of_one_day_a_week_is_inside_its_band_from_the_sixth_week_on() {
    for weekday in 0..7 {
        let value = |day: i64| if day % 7 == weekday { (3000.0 * (1.0 + 0.15 * noise(day))).round() } else { 0.0 };
        let judgements = daily(180, value);
        let jobs = (35 + weekday..180).step_by(7).map(|day| {
            let band = judgements[usize::try_from(day).unwrap()].band.unwrap();
            assert!(band.expected < 1.3 * 3000.0, "{weekday} {day}: {band:?}");
            (band.lower..=band.upper).contains(&value(day))
        });
        let inside: Vec<bool> = jobs.collect();
        // Of 20 the band should hold 19; three may be outside by chance.
        assert!(inside.iter().filter(|inside| !**inside).count() <= 3, "{weekday}: {inside:?}");
        assert_eq!(alarms(&judgements[35..]), 0, "{weekday}");
    }
}

/// A job at the second period of every so many, whose size varies by a share either way; zeros between.
fn job(i: i64, every: i64, size: f64, share: f64) -> f64 {
    if i % every == 1 { (size * (1.0 + share * noise(i))).round() } else { 0.0 }
}

#[test]
fn a_job_alone_on_its_key_has_a_band_of_its_width_after_two_weeks_and_is_missed_when_it_fails() {
    let fails = 15 * SLOTS;
    for every in [12, 72, SLOTS] {
        for size in [30.0, 1000.0, 200_000.0] {
            let value = |i: i64| if (fails..fails + 3 * every).contains(&i) { 0.0 } else { job(i, every, size, 0.05) };
            let judgements = run(&mut model(), 0..fails + 3 * every, value);
            let (before, failed) = judgements.split_at(usize::try_from(fails).unwrap());
            assert!(failed.iter().any(|judgement| judgement.anomalous), "{every} {size}");
            let last = before[usize::try_from(fails - every + 1).unwrap()].band.unwrap();
            assert!(last.lower > 0.5 * size && last.upper < 1.5 * size, "{every} {size}: {last:?}");
        }
    }
}

#[test]
fn a_job_whose_size_varies_by_a_third_is_no_incident_after_two_weeks() {
    for every in [12, 72, SLOTS] {
        for size in [30.0, 1000.0, 200_000.0] {
            let judgements = run(&mut model(), 0..60 * SLOTS, |i| job(i, every, size, 0.33));
            assert_eq!(alarms(&judgements[usize::try_from(14 * SLOTS).unwrap()..]), 0, "{every} {size}");
        }
    }
}
