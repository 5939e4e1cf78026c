//! Answers beside those of a naive loop, and the documented test vectors.

use polars::prelude::{IntoLazy, LazyFrame, df, lit};

use super::*;
use crate::domain::Minute;
use crate::insights::catalogue::Measure;
use crate::insights::fake::{Fake, FakeSeries};
use crate::insights::matching::{Axis, Kind};
use crate::insights::{Key, parse};

const K1: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const K2: &str = "arn:aws:kms:eu-west-1:444455556666:key/0987dcba-09fe-87dc-65ba-ab0987654321";

fn window(start: u32, end: u32, period: u32) -> Window {
    Window { range: MinuteRange { start: Minute(start), end: Minute(end) }, period }
}

/// Keys, value, peak and minute of the peak of each row.
fn rows(answer: &Answer) -> Vec<(String, f64, f64, u32)> {
    let row = |series: &Series| {
        let (Some(value), Some(peak), Some(at)) = (series.value, series.peak, series.peak_at) else {
            panic!("{series:?} is empty")
        };
        (series.keys.join(" "), value, peak, at.0)
    };
    answer.series.iter().map(row).collect()
}

fn ask(fake: &Fake, text: &str, window: Window) -> Answer {
    answer(&parse(text).expect("a query"), fake, window, false).expect("an answer")
}

/// Metrics `Load` of namespace `n`: one bucket, one observation each. The vectors are CloudWatch's own behaviour as
/// recorded by others, not this program's output.
fn vector(rest: &str) -> Vec<(String, f64)> {
    let query = parse(&format!("SELECT SUM(Load) FROM {rest}")).expect("a query");
    let members = df!(
        "series" => [0_u32, 1, 2, 3, 4],
        "kind" => [0, 0, 1, 2, 3],
        "team" => ["A", "A", "B", "", ""],
        "zone" => ["east", "west", "", "west", ""],
    );
    let kind = |number: i32, dimensions: &[(&'static str, &'static str)]| Kind {
        dimensions: dimensions.to_vec(),
        account: None,
        only: col("kind").eq(lit(number)),
    };
    let (team, zone) = (("Team", "team"), ("Zone", "zone"));
    let axis = Axis {
        column: "series",
        members: members.expect("a frame"),
        kinds: vec![kind(0, &[team, zone]), kind(1, &[team]), kind(2, &[zone]), kind(3, &[])],
        kinds_overlap: false,
    };
    let groups = resolve(&query, &[axis], "").expect("groups");
    let observations = |_: MinuteRange| -> Result<Vec<LazyFrame>, InsightsError> {
        let day = df!("minute" => [7_u32; 5], "series" => [0_u32, 1, 2, 3, 4], "value" => [10_i64, 20, 5, 7, 1]);
        Ok(vec![day.expect("a frame").lazy()])
    };
    let asked = Asked {
        query: &query,
        window: window(0, 60, 1),
        stored: window(0, 60, 1).range,
        measure: Measure::Values,
        groups: &groups,
        observations: &observations,
    };
    let series = asked.series(None, false).expect("an answer");
    series.iter().map(|series| (series.keys.join(" "), series.value.expect("a value"))).collect()
}

#[test]
fn from_and_schema_match_the_metrics_that_cloudwatch_matches() {
    let one = |value: f64| vec![(String::new(), value)];
    assert_eq!(vector("n"), one(43.0));
    assert_eq!(vector("SCHEMA(n)"), one(1.0));
    assert_eq!(vector("SCHEMA(n, \"Zone\", Team)"), one(30.0));
    assert_eq!(vector("n WHERE Team != 'A'"), one(13.0));
    assert_eq!(vector("n WHERE Team = 'A' AND Team != 'B' AND \"Zone\" = 'east'"), one(10.0));
    assert_eq!(vector("n WHERE tag.env != 'x'"), one(43.0));
    assert_eq!(vector("n WHERE tag.env = 'x'"), []);
    assert_eq!(vector("n WHERE Team = 'Z' GROUP BY Team"), []);
}

#[test]
fn groups_are_ordered_by_their_values_and_other_is_last() {
    let row = |keys: &str, value: f64| (keys.to_owned(), value);
    assert_eq!(vector("n GROUP BY Team"), [row("A", 30.0), row("B", 5.0), row("Other", 8.0)]);
    assert_eq!(vector("n GROUP BY Team ORDER BY MAX() DESC LIMIT 2"), [row("A", 30.0), row("Other", 8.0)]);
    let both = [
        row("A east", 10.0),
        row("A west", 20.0),
        row("B Other", 5.0),
        row("Other west", 7.0),
        row("Other Other", 1.0),
    ];
    assert_eq!(vector("n GROUP BY Team, \"Zone\""), both);
    assert_eq!(vector("n GROUP BY Team, \"Zone\" LIMIT 2"), both[..2]);
    assert_eq!(vector("n GROUP BY tag.env"), [row("Other", 43.0)]);
    assert_eq!(vector("n GROUP BY Team ORDER BY SUM()"), [row("B", 5.0), row("Other", 8.0), row("A", 30.0)]);
}

/// Two keys, a ReEncrypt from the first to the second, one with an unknown destination, an alias.
fn small() -> Fake {
    Fake {
        series: vec![
            FakeSeries::key(K1, "Decrypt"),
            FakeSeries::key(K1, "Encrypt"),
            FakeSeries::key(K2, "Decrypt"),
            FakeSeries::re_encrypt(K1, K2),
            FakeSeries::re_encrypt(K1, ""),
            FakeSeries::unattributed("alias/app", "Decrypt"),
        ],
        minutes: vec![
            (100, 0, [3, 1, 0, 0, 0]),
            (100, 1, [4, 0, 0, 0, 0]),
            (101, 0, [6, 0, 0, 0, 0]),
            (101, 2, [9, 0, 2, 0, 0]),
            (102, 2, [0, 0, 1, 0, 0]),
            (103, 3, [5, 0, 0, 0, 0]),
            (104, 4, [2, 0, 0, 0, 0]),
            (105, 5, [1000, 7, 7, 7, 7]),
        ],
        ..Fake::default()
    }
}

#[test]
fn the_house_query_ranks_keys_by_their_busiest_minute_and_leaves_re_encrypt_out() {
    let house = "SELECT SUM(SuccessfulRequest) FROM SCHEMA(\"AWS/KMS\", KeyArn, Operation)
                 GROUP BY KeyArn ORDER BY MAX () DESC LIMIT 20";
    let answered = ask(&small(), house, window(0, 1440, 1));
    assert_eq!(rows(&answered), [(K2.to_owned(), 9.0, 9.0, 101), (K1.to_owned(), 13.0, 7.0, 100)]);
    assert_eq!(answered.series.iter().map(|series| series.rank).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_count_of_n_is_n_observations_of_value_1() {
    let over = |function: &str| {
        let text = format!("SELECT {function}(SuccessfulRequest) FROM \"AWS/KMS\" WHERE KeyArn = '{K1}'");
        rows(&ask(&small(), &text, window(0, 1440, 60)))
    };
    assert_eq!(over("SUM"), [(String::new(), 13.0, 13.0, 60)]);
    assert_eq!(over("COUNT"), [(String::new(), 13.0, 13.0, 60)]);
    for function in ["AVG", "MIN", "MAX"] {
        assert_eq!(over(function), [(String::new(), 1.0, 1.0, 60)], "{function}");
    }
}

#[test]
fn a_re_encrypt_carries_both_dimensions_even_if_one_is_unknown() {
    let pairs = "SELECT SUM(SuccessfulRequest) FROM SCHEMA(\"AWS/KMS\", SourceKeyArn, DestinationKeyArn, Operation)
                 GROUP BY SourceKeyArn, DestinationKeyArn";
    let expect = [(format!("{K1} "), 2.0, 2.0, 104), (format!("{K1} {K2}"), 5.0, 5.0, 103)];
    assert_eq!(rows(&ask(&small(), pairs, window(0, 1440, 1))), expect);
    let of_all = "SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\" GROUP BY KeyArn";
    let expect = [(K2.to_owned(), 9.0, 9.0, 101), (K1.to_owned(), 13.0, 7.0, 100), ("Other".to_owned(), 7.0, 5.0, 103)];
    assert_eq!(rows(&ask(&small(), of_all, window(0, 1440, 1))), expect);
}

#[test]
fn other_outcomes_are_metrics_of_their_own_and_unattributed_calls_are_in_none() {
    let sum = |metric: &str| {
        let text = format!("SELECT SUM({metric}) FROM \"Keytide/KMS\"");
        ask(&small(), &text, window(0, 1440, 1)).series[0].value
    };
    assert_eq!(sum("ThrottledRequest"), Some(1.0));
    assert_eq!(sum("DeniedRequest"), Some(3.0));
    assert_eq!(sum("FailedRequest"), None);
    assert_eq!(sum("DryRunRequest"), None);
}

#[test]
fn nothing_that_matches_is_one_empty_series_or_no_group() {
    for metric in ["SuccessfulRequest", "Nonesuch"] {
        let text = format!("SELECT SUM({metric}) FROM \"AWS/KMS\" WHERE KeyArn = 'x'");
        let answered = ask(&small(), &text, window(0, 1440, 1));
        assert_eq!(answered.series.len(), 1, "{metric}");
        assert_eq!(answered.series[0].value, None);
        assert_eq!(answered.metric.is_some(), metric == "SuccessfulRequest");
        assert_eq!(ask(&small(), &format!("{text} GROUP BY Operation"), window(0, 1440, 1)).series, []);
    }
    let outside = ask(&small(), "SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\"", window(2000, 3000, 1));
    assert_eq!(outside.series[0].peak_at, None);
}

#[test]
fn accounts_are_those_of_the_keys() {
    let text = "SELECT SUM(SuccessfulRequest) FROM SCHEMA(\"AWS/KMS\", KeyArn, Operation) GROUP BY AWS.AccountId, \
                AWS.AccountId ORDER BY SUM() DESC";
    let answered = ask(&small(), text, window(0, 1440, 1));
    assert_eq!(answered.keys, [Key::AccountId]);
    assert_eq!(rows(&answered), [("111122223333".into(), 13.0, 7.0, 100), ("444455556666".into(), 9.0, 9.0, 101)]);
    let text = "SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\" WHERE AWS.AccountId = CURRENT_ACCOUNT_ID()";
    let error = answer(&parse(text).expect("a query"), &small(), window(0, 1440, 1), false).expect_err("two accounts");
    let told = error.to_string();
    assert!(told.contains("2 accounts (111122223333, 444455556666)") && told.contains("AWS.AccountId = "), "{told}");
    let mut fake = small();
    fake.series[2] = FakeSeries::key(K1, "Sign");
    fake.series[3] = FakeSeries::re_encrypt(K1, K1);
    assert_eq!(ask(&fake, text, window(0, 1440, 1)).series[0].value, Some(29.0));
}

#[test]
fn a_re_encrypt_is_a_metric_of_both_keys_accounts_and_counts_once_in_a_group() {
    let of =
        |rest: &str| rows(&ask(&small(), &format!("SELECT SUM(SuccessfulRequest) FROM {rest}"), window(0, 1440, 1)));
    let sums = |rest: &str| of(rest).into_iter().map(|(name, sum, ..)| (name, sum)).collect::<Vec<_>>();
    // K1's 3 + 4 + 6 + 2, K2's 9, and the 5 of both.
    let by_account = sums("\"AWS/KMS\" GROUP BY AWS.AccountId ORDER BY SUM() DESC");
    assert_eq!(by_account, [("111122223333".to_owned(), 20.0), ("444455556666".to_owned(), 14.0)]);
    for (condition, sum) in [
        ("= '111122223333'", 20.0),
        ("= '444455556666'", 14.0),
        ("!= '111122223333'", 14.0),
        ("!= '777788889999'", 29.0),
    ] {
        assert_eq!(
            sums(&format!("\"AWS/KMS\" WHERE AWS.AccountId {condition}")),
            [(String::new(), sum)],
            "{condition}"
        );
    }
    let of_both = "SCHEMA(\"AWS/KMS\", SourceKeyArn, DestinationKeyArn, Operation) WHERE AWS.AccountId != '1'";
    let by_source = sums(&format!("{of_both} GROUP BY SourceKeyArn"));
    assert_eq!(by_source, [(K1.to_owned(), 7.0)]);
    let text = "SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\" WHERE AWS.AccountId = CURRENT_ACCOUNT_ID()";
    let foreign_destination = Fake { series: vec![FakeSeries::re_encrypt(K1, K2)], ..Fake::default() };
    let asked = answer(&parse(text).expect("a query"), &foreign_destination, window(0, 1440, 1), false);
    let told = asked.expect_err("two accounts").to_string();
    assert!(told.contains("2 accounts (111122223333, 444455556666)"), "{told}");
}

#[test]
fn quota_pools_have_an_observation_a_second() {
    let fake = Fake {
        pools: vec![["111122223333", "us-east-1", "Symmetric"], ["111122223333", "us-east-1", "RSA"]],
        seconds: vec![(60, 0, 5, 0), (60, 0, 2, 0), (61, 0, 10, 3), (119, 1, 1, 0), (120, 0, 4, 0), (121, 0, 0, 9)],
        ..small()
    };
    let over = |function: &str, rest: &str| {
        let text = format!("SELECT {function}(QuotaRequest) FROM \"Keytide/KMS\" {rest}");
        rows(&ask(&fake, &text, window(0, 1440, 1)))
    };
    assert_eq!(over("SUM", ""), [(String::new(), 22.0, 18.0, 1)]);
    assert_eq!(over("COUNT", ""), [(String::new(), 4.0, 3.0, 1)]);
    assert_eq!(over("MAX", ""), [(String::new(), 10.0, 10.0, 1)]);
    assert_eq!(over("MIN", ""), [(String::new(), 1.0, 4.0, 2)]);
    assert_eq!(over("AVG", ""), [(String::new(), 5.5, 6.0, 1)]);
    let by_pool = [("RSA us-east-1".into(), 1.0, 1.0, 1), ("Symmetric us-east-1".into(), 10.0, 10.0, 1)];
    assert_eq!(over("MAX", "WHERE Account = '111122223333' GROUP BY QuotaPool, Region"), by_pool);
    let text =
        "SELECT SUM(QuotaThrottle) FROM SCHEMA(\"Keytide/KMS\", Account, Region, QuotaPool) GROUP BY AWS.AccountId";
    assert_eq!(rows(&ask(&fake, text, window(0, 1440, 1))), [("111122223333".into(), 12.0, 9.0, 2)]);
}

#[test]
fn callers_are_grouped_with_keys_and_in_whole_slots() {
    let fake = Fake {
        callers: vec![["1", "role/a", "s3.amazonaws.com", "b1", ""], ["1", "role/b", "", "", "vpce-1"]],
        slots: vec![
            (20, 0, 0, [7, 0, 0, 0, 0]),
            (20, 0, 0, [-2, 0, 0, 0, 0]),
            (20, 1, 0, [1, 0, 0, 0, 0]),
            (21, 1, 2, [4, 0, 0, 0, 0]),
            (21, 0, 3, [3, 0, 0, 0, 0]),
            (22, 0, 1, [1, 0, 0, 0, 0]),
            (22, 0, 1, [-1, 0, 0, 0, 0]),
            (22, 1, 5, [9, 0, 0, 0, 0]),
        ],
        ..small()
    };
    let text = "SELECT SUM(CallerRequest) FROM SCHEMA(\"Keytide/KMS\", Account, Principal, Service, Resource, \
                VpcEndpoint, KeyArn, Operation) GROUP BY Principal, Operation, KeyArn ORDER BY SUM() DESC";
    let answered = ask(&fake, text, window(102, 112, 1));
    assert_eq!(answered.window, window(100, 115, 5));
    let expect = [
        (format!("role/a Decrypt {K1}"), 5.0, 5.0, 100),
        (format!("role/b Decrypt {K2}"), 4.0, 4.0, 105),
        (format!("role/b Decrypt {K1}"), 1.0, 1.0, 100),
    ];
    assert_eq!(rows(&answered), expect);
    let text = "SELECT SUM(CallerRequest) FROM \"Keytide/KMS\" WHERE Operation != 'Encrypt' GROUP BY Service";
    let expect = [(String::new(), 5.0, 4.0, 105), ("s3.amazonaws.com".to_owned(), 8.0, 5.0, 100)];
    assert_eq!(rows(&ask(&fake, text, window(0, 1440, 5))), expect);
}

#[test]
fn callers_of_days_kept_by_the_hour_come_in_whole_hours() {
    let fake = Fake {
        callers: vec![["1", "role/a", "", "", ""]],
        // 01:40, 02:05 and 03:00 of the first day.
        slots: vec![(20, 0, 0, [40, 0, 0, 0, 0]), (25, 0, 0, [5, 0, 0, 0, 0]), (36, 0, 0, [9, 0, 0, 0, 0])],
        by_hour: [0].into(),
        ..small()
    };
    let query = parse("SELECT SUM(CallerRequest) FROM \"Keytide/KMS\" GROUP BY Principal").expect("a query");
    let answered = answer(&query, &fake, window(118, 122, 1), true).expect("an answer");
    assert_eq!(answered.window, window(60, 180, 60));
    assert_eq!(rows(&answered), [("role/a".to_owned(), 45.0, 40.0, 60)]);
    let points: Vec<(u32, f64)> = answered.series[0].points.iter().map(|point| (point.start.0, point.value)).collect();
    assert_eq!(points, [(60, 40.0), (120, 5.0)]);
}

#[test]
fn buckets_start_at_the_range_and_empty_ones_are_left_out() {
    let fake = Fake {
        series: vec![FakeSeries::key(K1, "Decrypt")],
        minutes: vec![
            (1430, 0, [1, 0, 0, 0, 0]),
            (1439, 0, [2, 0, 0, 0, 0]),
            (1440, 0, [4, 0, 0, 0, 0]),
            (4500, 0, [8, 0, 0, 0, 0]),
        ],
        ..Fake::default()
    };
    let query = parse("SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\"").expect("a query");
    let answered = answer(&query, &fake, window(1431, 5000, 7), true).expect("an answer");
    let points: Vec<(u32, f64)> = answered.series[0].points.iter().map(|point| (point.start.0, point.value)).collect();
    assert_eq!(points, [(1438, 6.0), (4497, 8.0)], "1438 = 1431 + 7, over midnight");
    assert_eq!((answered.series[0].value, answered.series[0].peak), (Some(14.0), Some(8.0)));
}
