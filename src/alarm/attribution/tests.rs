//! Attribution on windows whose truth is known.

use chrono::{TimeZone, Utc};
use proptest::prelude::*;

use super::{CallerWindow, KnownOfKey, Priced, Question, SeenNow, attribute, cost_per_hour, novelties, usual_windows};
use crate::alarm::notice::Contribution;
use crate::domain::{Caller, Minute, MinuteRange};
use crate::tariff::PriceList;

fn caller(role: &str, service: &str, resource: &str) -> Caller {
    Caller {
        account: "111122223333".to_owned(),
        principal: format!("arn:aws:iam::111122223333:role/{role}"),
        service: service.to_owned(),
        resource: resource.to_owned(),
        vpc_endpoint: String::new(),
    }
}

fn window(calls: &[f64]) -> CallerWindow {
    CallerWindow { calls: (0..).zip(calls.iter().copied()).collect(), like_today: true }
}

fn too_many(callers: &[Caller], now: &CallerWindow, usual: &[CallerWindow]) -> Vec<Contribution> {
    attribute(&Question { callers, window: now, usual, shortfall: false, total_expected: None })
}

/// Calls that vary as those of a real caller: by a tenth from day to day, up and down by turns.
fn varied(level: f64, day: usize) -> f64 {
    (level * [1.0, 1.1, 0.92, 1.05, 0.9, 1.08, 0.97][day % 7]).round()
}

#[test]
fn the_one_that_runs_away_is_named_with_all_of_the_excess() {
    let callers = [caller("web", "", ""), caller("etl", "s3.amazonaws.com", "arn:aws:s3:::raw"), caller("api", "", "")];
    // Callers that are busy, and vary by more calls than the weak runaway makes.
    let usual: Vec<_> =
        (0..10).map(|day| window(&[varied(5000.0, day), varied(40.0, day), varied(900.0, day + 3)])).collect();
    let told = too_many(&callers, &window(&[5300.0, 120.0, 850.0]), &usual);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].caller.as_str(), told[0].share), ("arn:aws:iam::111122223333:role/etl", 1.0));
    assert_eq!((told[0].service.as_str(), told[0].resource.as_str()), ("s3.amazonaws.com", "arn:aws:s3:::raw"));
    assert!((told[0].excess - 80.0).abs() < 4.0, "of about 40 usual calls: {}", told[0].excess);
}

#[test]
fn a_caller_never_seen_before_has_all_of_its_calls_in_excess() {
    let callers = [caller("web", "", ""), caller("new", "", "")];
    let usual: Vec<_> = (0..10).map(|day| window(&[varied(100.0, day), 0.0])).collect();
    let told = too_many(&callers, &window(&[104.0, 60.0]), &usual);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].excess, told[0].share), (60.0, 1.0));
}

#[test]
fn two_that_run_away_share_the_excess_by_their_calls() {
    let callers = [caller("a", "", "one"), caller("b", "", "two"), caller("web", "", "three")];
    let usual: Vec<_> = (0..10).map(|_| window(&[100.0, 0.0, 700.0])).collect();
    let told = too_many(&callers, &window(&[400.0, 100.0, 710.0]), &usual);
    let shares: Vec<(f64, f64)> = told.iter().map(|part| (part.excess, part.share)).collect();
    assert_eq!(shares, [(300.0, 0.75), (100.0, 0.25)]);
}

#[test]
fn who_is_missing_is_named_with_calls_below_zero() {
    let callers = [caller("web", "", ""), caller("etl", "", "")];
    let usual: Vec<_> = (0..10).map(|day| window(&[varied(100.0, day), varied(500.0, day)])).collect();
    let now = window(&[98.0]);
    let told =
        attribute(&Question { callers: &callers, window: &now, usual: &usual, shortfall: true, total_expected: None });
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].caller.as_str(), told[0].share), ("arn:aws:iam::111122223333:role/etl", 1.0));
    assert!(told[0].excess < -450.0 && told[0].excess > -550.0, "{}", told[0].excess);
}

#[test]
fn days_of_the_same_kind_tell_what_is_usual() {
    let callers = [caller("office", "", ""), caller("etl", "", "")];
    let day = |office: f64, like_today| CallerWindow { calls: vec![(0, office), (1, 50.0)], like_today };
    // A Saturday: of fourteen days before, four were of a weekend, with hardly a call from the office.
    let usual: Vec<_> = (0..14).map(|back| if back % 7 < 2 { day(10.0, true) } else { day(1000.0, false) }).collect();
    let told = too_many(&callers, &window(&[500.0, 52.0]), &usual);
    assert_eq!((told[0].caller.as_str(), told[0].excess), ("arn:aws:iam::111122223333:role/office", 490.0));
}

#[test]
fn earlier_incidents_dont_raise_what_is_usual() {
    let callers = [caller("web", "", ""), caller("etl", "", "")];
    let usual: Vec<_> = (0..10).map(|day| window(&[100.0, if day == 1 || day == 6 { 9000.0 } else { 20.0 }])).collect();
    let told = too_many(&callers, &window(&[101.0, 8000.0]), &usual);
    assert_eq!((told.len(), told[0].excess), (1, 7980.0));
}

#[test]
fn a_job_of_every_second_day_is_not_blamed() {
    let callers = [caller("job", "", ""), caller("etl", "", "")];
    let usual: Vec<_> = (0..10).map(|day| window(&[if day % 2 == 0 { 500.0 } else { 0.0 }, 10.0])).collect();
    let told = too_many(&callers, &window(&[500.0, 310.0]), &usual);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].caller, "arn:aws:iam::111122223333:role/etl");
}

#[test]
fn a_role_that_reads_many_buckets_is_named_without_a_bucket() {
    let mut callers = vec![caller("web", "", "")];
    callers.extend((0..200).map(|bucket| caller("crawler", "s3.amazonaws.com", &format!("arn:aws:s3:::{bucket}"))));
    let calls = |each: f64| window(&std::iter::once(1000.0).chain(vec![each; 200]).collect::<Vec<_>>());
    let usual = vec![calls(2.0); 10];
    let told = too_many(&callers, &calls(5.0), &usual);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].caller.as_str(), told[0].resource.as_str()), ("arn:aws:iam::111122223333:role/crawler", ""));
    assert_eq!((told[0].service.as_str(), told[0].excess, told[0].share), ("s3.amazonaws.com", 600.0, 1.0));
}

#[test]
fn a_bucket_that_many_roles_read_is_named_without_a_role() {
    let mut callers = vec![caller("web", "", "")];
    callers.extend((0..50).map(|role| caller(&format!("task-{role}"), "s3.amazonaws.com", "arn:aws:s3:::hot")));
    let calls = |each: f64| window(&std::iter::once(1000.0).chain(vec![each; 50]).collect::<Vec<_>>());
    let told = too_many(&callers, &calls(12.0), &vec![calls(2.0); 10]);
    assert_eq!((told[0].caller.as_str(), told[0].resource.as_str()), ("", "arn:aws:s3:::hot"));
    assert_eq!((told[0].excess, told[0].share), (500.0, 1.0));
}

#[test]
fn five_are_named_and_the_rest_has_no_name() {
    let callers: Vec<_> = (0..8).map(|n| caller(&format!("r{n}"), "", &format!("b{n}"))).collect();
    let usual = vec![window(&[10.0; 8]); 10];
    let now: Vec<f64> = (0..8).map(|n| 10.0 + 1000.0 / f64::from(1 << n)).collect();
    let told = too_many(&callers, &window(&now), &usual);
    // 1000, 500, 250, 125 and 62.5 of 1992.1875; what is left are 54.6875, of which all but 7.8125 stand out.
    assert_eq!(told.len(), 6, "{told:?}");
    assert_eq!(told[4].excess, 62.5);
    assert_eq!((told[5].caller.as_str(), told[5].account.as_str()), ("", ""));
    assert!((told[5].excess - 54.6875).abs() < 10.0, "{}", told[5].excess);
}

#[test]
fn what_everyone_adds_goes_to_the_rest() {
    // Two hundred callers, each within its scatter, all a third busier; and one that runs away.
    let callers: Vec<_> = (0..201)
        .map(|n| Caller { account: format!("{n:012}"), ..caller(&format!("r{n}"), "", &format!("b{n}")) })
        .collect();
    let calls = |each: f64, first: f64| window(&std::iter::once(first).chain(vec![each; 200]).collect::<Vec<_>>());
    let told = too_many(&callers, &calls(15.0, 2000.0), &vec![calls(10.0, 1000.0); 10]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].excess, told[0].share), (1000.0, 0.5));
    assert_eq!((told[1].caller.as_str(), told[1].excess, told[1].share), ("", 1000.0, 0.5));
}

#[test]
fn a_busier_day_moves_what_is_usual() {
    let callers = [caller("web", "", ""), caller("etl", "", "")];
    let usual = vec![window(&[1000.0, 100.0]); 10];
    let now = window(&[1500.0, 600.0]);
    let asked =
        Question { callers: &callers, window: &now, usual: &usual, shortfall: false, total_expected: Some(1650.0) };
    let told = attribute(&asked);
    // Half as much again is expected today: 1500 and 150.
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].excess, told[0].share), (450.0, 1.0));
}

#[test]
fn without_a_past_the_excess_is_shared_by_calls() {
    let callers = [caller("web", "", ""), caller("etl", "", "")];
    let now = window(&[300.0, 100.0]);
    let asked = Question { callers: &callers, window: &now, usual: &[], shortfall: false, total_expected: Some(200.0) };
    let told: Vec<(f64, f64)> = attribute(&asked).iter().map(|part| (part.excess, part.share)).collect();
    assert_eq!(told, [(150.0, 0.75), (50.0, 0.25)]);
}

#[test]
fn callers_that_differ_in_their_endpoint_only_are_one() {
    let callers = [Caller { vpc_endpoint: "vpce-1".to_owned(), ..caller("web", "", "") }, caller("web", "", "")];
    let usual = vec![window(&[50.0, 50.0]); 10];
    let told = too_many(&callers, &window(&[300.0, 300.0]), &usual);
    assert_eq!((told.len(), told[0].excess), (1, 500.0));
}

proptest! {
    #[test]
    fn shares_add_up_to_one_and_the_order_of_rows_is_nothing(
        days in prop::collection::vec((prop::collection::vec(0_u32..5000, 12), any::<bool>()), 0..15),
        now in prop::collection::vec(0_u32..20_000, 12),
        shortfall: bool,
        expected in prop::option::of(0.0_f64..100_000.0),
        turn in 1_usize..12,
    ) {
        let callers: Vec<_> = (0..12).map(|n| caller(&format!("r{}", n % 5), "", &format!("b{}", n % 4))).collect();
        // Thirds, whose sums depend on their order.
        let rows = |calls: &[u32]| -> Vec<(u32, f64)> {
            (0..).zip(calls.iter().map(|calls| f64::from(*calls) / 3.0)).collect()
        };
        let usual: Vec<_> = days.iter()
            .map(|(calls, like_today)| CallerWindow { calls: rows(calls), like_today: *like_today }).collect();
        let window = CallerWindow { calls: rows(&now), like_today: true };
        let ask = |window: &CallerWindow, usual: &[CallerWindow]| {
            attribute(&Question { callers: &callers, window, usual, shortfall, total_expected: expected })
        };
        let told = ask(&window, &usual);
        if !told.is_empty() {
            prop_assert_eq!(told.iter().map(|part| part.share).sum::<f64>(), 1.0);
            prop_assert!(told.len() <= 6);
            prop_assert!(told.iter().all(|part| part.share >= 0.0 && (part.excess < 0.0) == shortfall));
        }
        let mut turned = (window.clone(), usual.clone());
        turned.0.calls.rotate_left(turn);
        turned.1.iter_mut().for_each(|window| window.calls.rotate_left(turn));
        turned.1.rotate_left(turn % usual.len().max(1));
        prop_assert_eq!(ask(&turned.0, &turned.1), told);
    }
}

#[test]
fn what_was_never_seen_is_told_by_kind_and_then_by_calls() {
    let (web, etl) = (caller("web", "", ""), caller("etl", "s3.amazonaws.com", "arn:aws:s3:::raw"));
    let foreign = Caller { account: "444455556666".to_owned(), ..caller("partner", "", "") };
    let mut known = KnownOfKey::default();
    known.add(&web, "Encrypt");
    known.add(&caller("old", "s3.amazonaws.com", "arn:aws:s3:::raw"), "Decrypt");
    let seen = |caller, operation, calls| SeenNow { caller, operation, calls };
    let rare = caller("rare", "", "");
    let now = [
        seen(&web, "Encrypt", 500.0),
        seen(&etl, "Decrypt", 300.0),
        seen(&foreign, "Decrypt", 400.0),
        seen(&web, "ReEncrypt", 20.0),
        seen(&rare, "Decrypt", 1.0),
    ];
    let told: Vec<(String, String)> =
        novelties("key", &known, &now).into_iter().map(|new| (new.what, new.name)).collect();
    let expected = [
        ("account", "444455556666"),
        ("caller", "arn:aws:iam::111122223333:role/partner"),
        ("caller", "arn:aws:iam::111122223333:role/etl"),
        ("operation", "ReEncrypt"),
    ];
    assert_eq!(told, expected.map(|(what, name)| (what.to_owned(), name.to_owned())));
    assert!(novelties("key", &KnownOfKey::default(), &now).is_empty(), "a key that is new itself");
}

#[test]
fn an_excess_costs_its_rate_by_the_hour() {
    // 36,000 Decrypt in ten minutes are 216,000 an hour: 21.6 times 3 cents.
    let prices = PriceList::default();
    let of = |operation, region, excess| Priced { operation, pool: None, region, excess };
    let cost = cost_per_hour(&prices, &[of("Decrypt", "us-east-1", 36_000.0)], 600.0).expect("it has a price");
    assert!((cost - 0.648).abs() < 1e-12, "{cost}");
    assert_eq!(cost_per_hour(&prices, &[of("Decrypt", "us-east-1", -5.0)], 600.0), None);
    assert_eq!(cost_per_hour(&prices, &[of("Decrypt", "cn-north-1", 5.0)], 600.0), None);
}

fn at(year: i32, month: u32, day: u32, hour: u32) -> Minute {
    let time = Utc.with_ymd_and_hms(year, month, day, hour, 0, 0).single().expect("a time");
    Minute::of_second(time.timestamp()).expect("after 1970")
}

fn range(start: Minute, minutes: u32) -> MinuteRange {
    MinuteRange { start, end: Minute(start.0 + minutes) }
}

#[test]
fn windows_are_those_of_the_same_local_time() {
    // Monday 2026-03-30, 10:00 in Berlin, the day after summer time began.
    let windows = usual_windows(range(at(2026, 3, 30, 8), 30), 14, chrono_tz::Europe::Berlin, Minute(0));
    assert_eq!(windows.len(), 14);
    assert_eq!((windows[0].range, windows[0].like_today), (range(at(2026, 3, 29, 8), 30), false));
    assert_eq!((windows[2].range, windows[2].like_today), (range(at(2026, 3, 27, 9), 30), true));
    assert_eq!(windows.iter().filter(|window| window.like_today).count(), 10);
}

#[test]
fn windows_end_where_the_past_does() {
    let window = range(at(2026, 3, 5, 12), 60);
    let four_days = usual_windows(window, 14, chrono_tz::UTC, at(2026, 3, 1, 0));
    assert_eq!(four_days.len(), 4);
    // With less than three days, the hours before are looked at.
    let a_day = usual_windows(window, 14, chrono_tz::UTC, at(2026, 3, 4, 8));
    let starts: Vec<Minute> = a_day.iter().map(|window| window.range.start).collect();
    let before = [11, 10, 9, 8, 7, 6].map(|hour| at(2026, 3, 5, hour));
    assert_eq!(starts, [&[at(2026, 3, 4, 12)][..], &before].concat());
    assert!(usual_windows(window, 14, chrono_tz::UTC, window.start).is_empty());
}

#[test]
fn long_windows_are_compared_with_as_many_days() {
    let window = range(at(2026, 3, 20, 0), 3000);
    let windows = usual_windows(window, 3, chrono_tz::UTC, Minute(0));
    let starts: Vec<Minute> = windows.iter().map(|window| window.range.start).collect();
    assert_eq!(starts, [17, 14, 11].map(|day| at(2026, 3, day, 0)));
    assert!(windows.iter().all(|window| window.like_today));
}
