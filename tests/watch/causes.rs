//! What the page of a configured alarm says of who is behind it, and what would have been normal.

use keytide::publish::text;

use super::conditions::by_role;
use crate::support::record::{KEY, KEY_2, Record};
use crate::support::watched::{Watched, change};

const BUSY: &str = "[[alarm]]\nname = 'busy'\nthreshold = 100\nperiod = 'PERIOD'\n\
                    comparison_operator = 'GreaterThanThreshold'\n";

#[test]
fn a_page_names_the_slot_of_its_callers_and_blames_nobody_by_a_share_of_it() {
    let mut watched = Watched::new(&BUSY.replace("PERIOD", "1m"), |_| {});
    watched.calls("10:00", 1, &by_role("app"));
    // The minute that alarms is the culprit's; another calls more within the same five minutes, after it.
    watched.calls("10:11", 200, &by_role("culprit"));
    watched.calls("10:13", 90, &by_role("later"));
    watched.round("10:12");
    let owed = watched.owed();
    let alarm = owed.iter().find(|notice| change(notice).reason.contains("was greater")).unwrap();
    let incident = change(alarm).incident.as_ref().unwrap();
    assert_eq!((incident.observed, incident.known_until - incident.onset), (200.0, 60));
    let range = incident.attribution_range.map(|range| range.map(|second| (second - incident.onset) / 60));
    assert_eq!(range, Some([-1, 4]), "10:10 to 10:15");
    let page = text(alarm);
    let who: Vec<&str> = page.lines().filter(|line| line.ends_with(" Decrypt in 10:10 to 10:15")).collect();
    assert!(who.len() == 2 && who[0].contains("role culprit") && who[1].contains("role later"), "{page}");
    assert!(!page.contains("of the excess"), "{page}");
}

#[test]
fn a_page_about_re_encrypts_from_one_key_to_another_counts_and_prices_each_once() {
    let mut watched = Watched::new(&BUSY.replace("PERIOD", "1m"), |_| {});
    watched.calls("10:00", 1, &by_role("app"));
    watched.calls("10:11", 200, &Record::call("ReEncrypt").key(KEY).key(KEY_2));
    watched.calls("10:11", 100, &by_role("app"));
    watched.round("10:12");
    let owed = watched.owed();
    let alarm = owed.iter().find(|notice| change(notice).reason.contains("was greater")).unwrap();
    let incident = change(alarm).incident.as_ref().unwrap();
    let mut of_series: Vec<f64> = incident.series.iter().map(|series| series.observed).collect();
    of_series.sort_by(f64::total_cmp);
    assert_eq!((of_series, incident.observed), (vec![100.0, 200.0, 200.0], 300.0), "by key, and together");
    // 300 calls a minute at 0.03 dollars for ten thousand; hardly any were normal.
    let dollars = incident.cost_per_hour.unwrap();
    assert!((dollars - 300.0 * 60.0 * 0.03 / 10_000.0).abs() < 1e-4, "{dollars}");
}

#[test]
fn of_a_series_too_young_for_a_band_as_much_as_before_is_normal() {
    let mut watched = Watched::new(&BUSY.replace("PERIOD", "5m"), |_| {});
    for minute in 0..20 {
        watched.calls(&format!("10:{minute:02}"), 12, &by_role("app"));
    }
    for minute in 20..25 {
        watched.calls(&format!("10:{minute}"), 60, &by_role("app"));
    }
    watched.round("10:25");
    let owed = watched.owed();
    let alarm = owed.iter().find(|notice| change(notice).reason.contains("was greater")).unwrap();
    let incident = change(alarm).incident.as_ref().unwrap();
    // The first five minutes beyond the threshold: four of twelve calls and one of sixty.
    assert_eq!((incident.observed, incident.expected), (108.0, 60.0), "twelve a minute for five minutes");
}

#[test]
fn a_call_that_is_dated_ahead_of_the_clock_moves_the_watermark_no_further_than_the_clock() {
    let mut watched = Watched::new(&BUSY.replace("PERIOD", "5m"), |_| {});
    watched.calls("10:00", 1, &by_role("app"));
    watched.round("10:05");
    watched.told();
    // Twenty hours ahead, before the minutes that alarm have come.
    watched.calls("2026-01-06T06:00", 1, &by_role("app"));
    watched.arrive();
    watched.round_at("10:21");
    assert_eq!(watched.told(), [] as [&str; 0]);
    watched.calls("10:10", 150, &by_role("app"));
    watched.arrive();
    watched.round_at("10:30");
    let told = watched.told();
    assert!(matches!(&told[..], [only] if only.starts_with("busy OK -> ALARM")), "{told:?}");
}
