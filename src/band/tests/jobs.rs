//! Jobs that run for a day or two where little is due: they say nothing of other days.

use super::*;

/// Calls in business hours, and none at night and on Saturdays and Sundays.
fn workday(i: i64) -> f64 {
    let (day, hour) = ((i / SLOTS) % 7, (i % SLOTS) as f64 / 12.0);
    let edge = (hour - 7.5).min(18.5 - hour).clamp(0.0, 1.0);
    if day >= 5 { 0.0 } else { (100.0 * edge * (1.0 + 0.3 * noise(i))).round() }
}

fn normal(model: &Model, i: i64) -> f64 {
    model.normal(START + i * PERIOD).unwrap()
}

#[test]
fn a_job_on_a_silent_weekend_changes_neither_workdays_nor_later_weekends() {
    // From Saturday on, for 18, 36 and 46 hours.
    for hours in [18, 36, 46] {
        let job = 26 * SLOTS..26 * SLOTS + hours * 12;
        let value =
            |i: i64| workday(i) + if job.contains(&i) { (500.0 * (1.0 + 0.1 * noise(-i))).round() } else { 0.0 };
        let mut model = model();
        let monday = 28 * SLOTS + 144;
        let judgements = run(&mut model, 0..monday, value);
        assert!(judgements[usize::try_from(job.start).unwrap()].anomalous, "{hours}");
        assert!((60.0..170.0).contains(&normal(&model, monday)), "{hours}: {}", normal(&model, monday));
        run(&mut model, monday..36 * SLOTS, value);
        let later = run(&mut model, 36 * SLOTS..56 * SLOTS, value);
        assert_eq!(alarms(&later), 0, "{hours}");
        assert!(normal(&model, 61 * SLOTS + 144) < 1.0, "{hours}: {}", normal(&model, 61 * SLOTS + 144));
    }
}
