//! Busiest seconds over counts in memory.

use super::*;
use crate::insights::fake::Fake;

/// 2026-01-05T10:00:00Z.
const TEN: u32 = 1_767_607_200;
const DAY: u32 = 86_400;

fn fake() -> Fake {
    Fake {
        pools: vec![
            ["444455556666", "us-east-1", "Symmetric"],
            ["111122223333", "us-east-1", "Symmetric"],
            ["111122223333", "us-east-1", "RSA"],
        ],
        seconds: vec![
            (TEN - DAY, 1, 900, 0),
            (TEN, 1, 40, 0),
            (TEN, 1, 60, 3),
            (TEN + 1, 1, 100, 9),
            (TEN + 2, 1, 30, 500),
            (TEN + DAY, 1, 100, 1),
            (TEN + 5, 2, 7, 0),
            (TEN + 6, 0, 0, 4),
        ],
        ..Fake::default()
    }
}

fn told(range: MinuteRange, filter: &PoolFilter) -> Vec<(String, u64, u64, u32, u32, u32)> {
    let uses = pool_uses(&fake(), range, filter).expect("counts");
    let row = |of: PoolUse| {
        let name = format!("{} {}", of.pool.account, of.pool.name);
        (name, of.requests, of.throttled, of.peak_at.0, of.peak, of.peak_throttled)
    };
    uses.into_iter().map(row).collect()
}

#[test]
fn the_busiest_second_is_the_first_of_those_that_let_most_in() {
    let two_days = MinuteRange { start: Second(TEN).minute(), end: Second(TEN + 2 * DAY).minute() };
    let expected = [
        ("111122223333 RSA".to_owned(), 7, 0, TEN + 5, 7, 0),
        ("111122223333 Symmetric".to_owned(), 330, 513, TEN, 100, 3),
        ("444455556666 Symmetric".to_owned(), 0, 4, TEN + 6, 0, 4),
    ];
    assert_eq!(told(two_days, &PoolFilter::default()), expected);
}

#[test]
fn pools_may_be_chosen() {
    let filter = |account: &str, region: &str, name: &str| PoolFilter {
        account: Some(account.to_owned()),
        region: Some(region.to_owned()),
        name: Some(name.to_owned()),
    };
    let all = told(MinuteRange::ALL, &filter("111122223333", "us-east-1", "Symmetric"));
    assert_eq!(all, [("111122223333 Symmetric".to_owned(), 1230, 513, TEN - DAY, 900, 0)]);
    assert_eq!(told(MinuteRange::ALL, &filter("111122223333", "eu-west-1", "Symmetric")), []);
}
