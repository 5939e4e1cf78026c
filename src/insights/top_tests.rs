//! Rankings beside hand counts.

use super::*;
use crate::insights::fake::{Fake, FakeSeries};

const K1: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const K2: &str = "arn:aws:kms:eu-west-1:444455556666:key/0987dcba-09fe-87dc-65ba-ab0987654321";

fn fake() -> Fake {
    let calls = |minute: u32, series: u32, calls: u32| (minute, series, [calls, 1, 0, 0, 0]);
    Fake {
        series: vec![
            FakeSeries::key(K1, "Decrypt"),
            FakeSeries::key(K1, "Encrypt"),
            FakeSeries::key(K2, "Decrypt"),
            FakeSeries::re_encrypt(K1, K2),
            FakeSeries::re_encrypt(K1, ""),
            FakeSeries::re_encrypt(K2, K2),
            FakeSeries::unattributed("alias/app", "Decrypt"),
        ],
        minutes: vec![
            calls(1000, 0, 10),
            calls(1000, 1, 5),
            calls(1001, 2, 20),
            calls(2500, 3, 3),
            calls(2501, 4, 1),
            calls(2502, 5, 2),
            calls(2503, 6, 50),
        ],
        callers: vec![
            ["1", "arn:aws:iam::1:role/etl", "s3.amazonaws.com", "arn:aws:s3:::logs", ""],
            ["1", "arn:aws:iam::1:role/web", "", "", ""],
            ["2", "", "", "", ""],
            ["", "", "dynamodb.amazonaws.com", "", ""],
        ],
        slots: vec![
            (200, 0, 0, [9, 0, 0, 0, 0]),
            (200, 0, 0, [-1, 0, 0, 0, 0]),
            (200, 1, 0, [2, 0, 0, 0, 0]),
            (201, 2, 2, [20, 0, 0, 0, 0]),
            (500, 3, 3, [3, 0, 0, 0, 0]),
            (500, 1, 6, [50, 0, 0, 0, 0]),
        ],
        ..Fake::default()
    }
}

fn question(by: By) -> TopQuestion {
    let range = MinuteRange::ALL;
    TopQuestion { by, outcome: Outcome::Successful, keys: vec![], operations: vec![], limit: 20, range }
}

fn ask(question: &TopQuestion) -> (Top, Vec<(String, u64, u64, u32)>) {
    let top = top(question, &fake()).expect("an answer");
    let rows = top.rows.iter().map(|row| (row.name.clone(), row.calls, row.peak, row.peak_at.0)).collect();
    (top, rows)
}

#[test]
fn a_re_encrypt_counts_for_both_keys_and_once_in_the_total() {
    let (top, rows) = ask(&question(By::Key));
    assert_eq!(rows, [(K2.to_owned(), 25, 20, 1001), (K1.to_owned(), 19, 15, 1000)]);
    assert_eq!((top.total, top.ranked, top.unattributed), (41, 2, 50));
    assert_eq!(top.rows[0].share, 25.0 * 100.0 / 41.0);
    let (top, rows) = ask(&TopQuestion { keys: vec![K1.to_owned()], ..question(By::Key) });
    assert_eq!(rows, [(K1.to_owned(), 19, 15, 1000)]);
    assert_eq!((top.total, top.unattributed), (19, 0));
}

#[test]
fn a_re_encrypt_counts_for_the_accounts_and_regions_of_both_keys() {
    // K1's 10 + 5 + 3 + 1, K2's 20 + 3 + 2: the 3 are of both, the 2 have one key.
    let ranked = |rows: &[(String, u64, u64, u32)]| -> Vec<(String, u64)> {
        rows.iter().map(|(name, calls, ..)| (name.clone(), *calls)).collect()
    };
    for (by, of_k1, of_k2) in [(By::Account, "111122223333", "444455556666"), (By::Region, "us-east-1", "eu-west-1")] {
        let (top, rows) = ask(&question(by));
        assert_eq!(ranked(&rows), [(of_k2.to_owned(), 25), (of_k1.to_owned(), 19)]);
        assert_eq!((top.total, top.ranked, top.unattributed), (41, 2, 50));
        for (key, owner, calls) in [(K1, of_k1, 19), (K2, of_k2, 25)] {
            let (top, rows) = ask(&TopQuestion { keys: vec![key.to_owned()], ..question(by) });
            assert_eq!(ranked(&rows), [(owner.to_owned(), calls)], "{by:?} {key}");
            assert_eq!(top.total, calls);
        }
    }
}

#[test]
fn a_re_encrypt_between_keys_of_one_account_counts_for_it_once() {
    let sibling = K1.replace("1234abcd", "5678abcd");
    let fake = Fake {
        series: vec![FakeSeries::re_encrypt(K1, &sibling)],
        minutes: vec![(1000, 0, [7, 0, 0, 0, 0])],
        ..Fake::default()
    };
    for keys in [vec![], vec![K1.to_owned()], vec![sibling.clone()], vec![K1.to_owned(), sibling.clone()]] {
        let top = top(&TopQuestion { keys, ..question(By::Account) }, &fake).expect("an answer");
        let rows: Vec<_> = top.rows.iter().map(|row| (row.name.as_str(), row.calls)).collect();
        assert_eq!((rows, top.total), (vec![("111122223333", 7)], 7));
    }
}

#[test]
fn operations_count_each_call_once() {
    let (top, rows) = ask(&question(By::Operation));
    let expect =
        [("Decrypt".to_owned(), 30, 20, 1001), ("ReEncrypt".into(), 6, 3, 2500), ("Encrypt".into(), 5, 5, 1000)];
    assert_eq!(rows, expect);
    assert_eq!(top.total, 41);
    let id = K1.rsplit('/').next().expect("an id").to_owned();
    let of_key = TopQuestion { keys: vec![id], operations: vec!["ReEncrypt".to_owned()], ..question(By::Operation) };
    assert_eq!(ask(&of_key).1, [("ReEncrypt".to_owned(), 4, 3, 2500)]);
}

#[test]
fn callers_services_and_resources_come_from_slots() {
    let (top, rows) = ask(&question(By::Caller));
    let expect = [
        ("2".to_owned(), 20, 20, 1005),
        ("arn:aws:iam::1:role/etl".to_owned(), 8, 8, 1000),
        ("dynamodb.amazonaws.com".to_owned(), 3, 3, 2500),
        ("arn:aws:iam::1:role/web".to_owned(), 2, 2, 1000),
    ];
    assert_eq!(rows, expect);
    assert_eq!((top.total, top.unattributed, top.resolution), (33, 50, 5));
    let (_, rows) = ask(&question(By::Service));
    let names: Vec<(&str, u64)> = rows.iter().map(|row| (row.0.as_str(), row.1)).collect();
    assert_eq!(names, [("", 22), ("s3.amazonaws.com", 8), ("dynamodb.amazonaws.com", 3)]);
    let (_, rows) = ask(&TopQuestion { keys: vec![K1.to_owned()], ..question(By::Resource) });
    let names: Vec<(&str, u64)> = rows.iter().map(|row| (row.0.as_str(), row.1)).collect();
    assert_eq!(names, [("arn:aws:s3:::logs", 8), ("", 5)]);
}

#[test]
fn callers_of_days_kept_by_the_hour_are_ranked_by_whole_hours() {
    // Minutes 2,500 to 2,504 lie in the hour from 2,460 to 2,519 of the second day.
    let by_hour = Fake { by_hour: [1].into(), ..fake() };
    for (start, end) in [(2470, 2481), (2503, 2510), (2461, 2462)] {
        let range = MinuteRange { start: Minute(start), end: Minute(end) };
        let top = top(&TopQuestion { range, ..question(By::Caller) }, &by_hour).expect("an answer");
        let rows: Vec<_> = top.rows.iter().map(|row| (row.name.as_str(), row.calls, row.peak_at.0)).collect();
        assert_eq!(rows, [("dynamodb.amazonaws.com", 3, 2460)]);
        assert_eq!((top.range.start.0, top.range.end.0, top.resolution), (2460, 2520, 60));
        assert_eq!((&top.rows[0].trend, top.trend_step), (&vec![3], 60));
    }
    let all = top(&question(By::Caller), &by_hour).expect("an answer");
    assert_eq!((all.range.start.0, all.range.end.0, all.total), (960, 2520, 33));
}

#[test]
fn trends_have_24_steps_over_the_range_and_add_up_to_the_calls() {
    let (top, _) = ask(&question(By::Key));
    // The last slot of callers ends at 2505.
    assert_eq!((top.range.start, top.range.end), (Minute(1000), Minute(2505)));
    assert_eq!(top.trend_step, 63);
    for row in &top.rows {
        assert_eq!(row.trend.len(), 24);
        assert_eq!(row.trend.iter().sum::<u64>(), row.calls);
    }
    let range = MinuteRange { start: Minute(999), end: Minute(1004) };
    let (top, rows) = ask(&TopQuestion { range, limit: 1, ..question(By::Key) });
    assert_eq!(rows, [(K2.to_owned(), 20, 20, 1001)]);
    assert_eq!((top.ranked, top.total), (2, 35));
    assert_eq!(top.rows[0].trend, [0, 0, 20, 0, 0]);
}

#[test]
fn a_trend_begins_where_counts_do() {
    let fake = fake();
    let from = fake.stored_from(CountKind::Minutes).expect("a fake answers").expect("counts are stored");
    let range = MinuteRange { start: Minute(from.0 - 900), end: Minute(from.0 + 24 * 50) };
    let top = super::top(&TopQuestion { range, ..question(By::Key) }, &fake).expect("an answer");
    assert_eq!(top.trend_step, 50);
    for row in &top.rows {
        assert_eq!((row.trend.len(), row.trend.iter().sum::<u64>()), (24, row.calls));
    }
}

#[test]
fn other_outcomes_are_ranked_alike_and_nothing_is_no_row() {
    let (top, rows) = ask(&TopQuestion { outcome: Outcome::Throttled, ..question(By::Operation) });
    assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!((top.total, top.unattributed), (6, 1));
    let (top, rows) = ask(&TopQuestion { outcome: Outcome::Denied, ..question(By::Key) });
    assert_eq!((rows.len(), top.total), (0, 0));
    let nothing = super::top(&question(By::Key), &Fake::default()).expect("an answer");
    assert_eq!(nothing.rows, []);
}
