//! The engine against a loop over rows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::fake::{Fake, FakeSeries};
use super::{Function, Key, Query, Value, Window, answer, parse};
use crate::domain::{Minute, MinuteRange, Outcome};

const KEYS: [&str; 3] = ["arn:aws:kms:r1:1:key/a", "arn:aws:kms:r1:1:key/b", "arn:aws:kms:r2:2:key/c"];

fn dictionary() -> Vec<FakeSeries> {
    let mut series = vec![FakeSeries::unattributed("alias/x", "Decrypt")];
    for key in KEYS {
        series.extend(["Decrypt", "Encrypt"].map(|operation| FakeSeries::key(key, operation)));
        series.push(FakeSeries::re_encrypt(key, KEYS[1]));
    }
    series
}

/// The accounts that a series is a metric of: the owners of its keys.
fn owners(series: &FakeSeries) -> BTreeSet<&str> {
    [&series.key, &series.destination].into_iter().filter_map(|key| key.split(':').nth(4)).collect()
}

/// A series' value of a key as a metric of an account, by the catalogue's documentation.
fn dimension<'s>(series: &'s FakeSeries, account: &'s str, key: &Key) -> Option<&'s str> {
    let two_keys = series.operation == "ReEncrypt";
    match key {
        Key::AccountId => Some(account),
        Key::Tag(_) => None,
        Key::Dimension(name) => match (name.as_str(), two_keys) {
            ("Operation", _) => Some(&series.operation),
            ("KeyArn", false) | ("SourceKeyArn", true) => Some(&series.key),
            ("DestinationKeyArn", true) => Some(&series.destination),
            _ => None,
        },
    }
}

fn matches(query: &Query, series: &FakeSeries, account: &str) -> bool {
    let names: &[&str] = match series.operation == "ReEncrypt" {
        true => &["DestinationKeyArn", "Operation", "SourceKeyArn"],
        false => &["KeyArn", "Operation"],
    };
    let in_schema = query.source.schema.as_ref().is_none_or(|schema| schema.iter().eq(names));
    let holds = query.conditions.iter().all(|condition| {
        let Value::Text(text) = &condition.value else { panic!("no such condition here") };
        (dimension(series, account, &condition.key) == Some(text)) == condition.equal
    });
    series.reason.is_empty() && in_schema && holds
}

fn over(function: Function, values: &[f64], counts_as_buckets: bool) -> f64 {
    match function {
        Function::Sum => values.iter().sum(),
        Function::Avg => values.iter().sum::<f64>() / values.len() as f64,
        Function::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        Function::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Function::Count if counts_as_buckets => values.len() as f64,
        Function::Count => panic!("calls are counted by their number"),
    }
}

type Row = (Vec<String>, f64, f64, u32, Vec<(u32, f64)>);

/// The answer by its definition.
fn by_hand(fake: &Fake, query: &Query, window: Window) -> Vec<Row> {
    let mut groups: BTreeMap<Vec<(bool, String)>, BTreeMap<u32, u32>> = BTreeMap::new();
    let outcome = Outcome::ALL.iter().position(|outcome| outcome.metric() == query.metric).expect("a metric");
    for &(minute, number, outcomes) in &fake.minutes {
        let series = &fake.series[number as usize];
        if !window.range.contains(Minute(minute)) || outcomes[outcome] == 0 {
            continue;
        }
        let value = |account: &str, key: &Key| match dimension(series, account, key) {
            Some(value) => (false, value.to_owned()),
            None => (true, "Other".to_owned()),
        };
        // In a group it counts once, whichever of its accounts it is there for.
        let of_accounts = owners(series).into_iter().filter(|account| matches(query, series, account));
        let names: BTreeSet<Vec<(bool, String)>> =
            of_accounts.map(|account| query.group_by.iter().map(|key| value(account, key)).collect()).collect();
        let start = window.range.start.0;
        let bucket = (minute - start) / window.period * window.period + start;
        for name in names {
            *groups.entry(name).or_default().entry(bucket).or_default() += outcomes[outcome];
        }
    }
    let mut rows: Vec<(f64, Row)> = Vec::new();
    for (keys, buckets) in groups {
        let ones = !matches!(query.function, Function::Sum | Function::Count);
        let points: Vec<(u32, f64)> =
            buckets.iter().map(|(at, calls)| (*at, if ones { 1.0 } else { f64::from(*calls) })).collect();
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        let value = if ones { 1.0 } else { values.iter().sum() };
        let peak = over(Function::Max, &values, true);
        let peak_at = points.iter().find(|(_, value)| *value == peak).expect("the peak").0;
        let sign = |order: super::Order| if order.descending { -1.0 } else { 1.0 };
        let order = query.order_by.map_or(0.0, |order| sign(order) * over(order.function, &values, true));
        let keys = keys.into_iter().map(|(_, value)| value).collect();
        rows.push((order, (keys, value, peak, peak_at, points)));
    }
    // Stable: equal ones stay in the order of their keys.
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, row)| row).take(query.series_max()).collect()
}

fn queries() -> impl Strategy<Value = String> {
    let function = prop::sample::select(vec!["SUM", "COUNT", "AVG", "MIN", "MAX"]);
    let metric = prop::sample::select(vec!["SuccessfulRequest", "SuccessfulRequest", "DeniedRequest"]);
    let source = 0..3_usize;
    let condition = prop::sample::select(vec![
        "",
        "WHERE Operation = 'Decrypt'",
        "WHERE Operation != 'Encrypt'",
        "WHERE KeyArn != 'arn:aws:kms:r1:1:key/a'",
        "WHERE KeyArn = 'arn:aws:kms:r1:1:key/b' AND Operation != 'Sign'",
        "WHERE AWS.AccountId = '1'",
        "WHERE AWS.AccountId = '2'",
        "WHERE AWS.AccountId != '2'",
        "WHERE AWS.AccountId != '3'",
        "WHERE tag.env = 'x'",
    ]);
    let group = prop::sample::select(vec![
        "",
        "GROUP BY KeyArn",
        "GROUP BY KeyArn, Operation",
        "GROUP BY Operation",
        "GROUP BY DestinationKeyArn",
        "GROUP BY AWS.AccountId, KeyArn",
        "GROUP BY AWS.AccountId",
        "GROUP BY AWS.AccountId, Operation",
        "GROUP BY SourceKeyArn, DestinationKeyArn, tag.env",
    ]);
    let order = prop::sample::select(vec!["", "MAX() DESC", "SUM()", "AVG() DESC", "COUNT() DESC", "MIN()"]);
    let limit = prop::sample::select(vec!["", "LIMIT 1", "LIMIT 2", "LIMIT 500"]);
    (function, metric, source, condition, group, order, limit).prop_map(
        |(function, metric, source, condition, group, order, limit)| {
            let namespace = if metric == "SuccessfulRequest" { "\"AWS/KMS\"" } else { "\"Keytide/KMS\"" };
            let source = match source {
                0 => namespace.to_owned(),
                1 => format!("SCHEMA({namespace}, Operation, KeyArn)"),
                _ => format!("SCHEMA({namespace}, SourceKeyArn, DestinationKeyArn, Operation)"),
            };
            let order = if order.is_empty() { String::new() } else { format!("ORDER BY {order}") };
            format!("SELECT {function}({metric}) FROM {source} {condition} {group} {order} {limit}")
        },
    )
}

/// Days 10 to 14, on which rows are; edges, hours and midnights are as likely as any minute.
fn minute() -> impl Strategy<Value = u32> {
    let first = 10 * Minute::PER_DAY;
    (0..4_u32, prop_oneof![0..3_u32, 58..62_u32, 0..1440_u32, 1437..1440_u32])
        .prop_map(move |(day, minute)| first + day * Minute::PER_DAY + minute)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn answers_equal_a_loop_over_rows(
        text in queries(),
        rows in vec((minute(), 0..10_u32, 0..9_u32, 0..3_u32), 0..60),
        (start, end) in (minute(), minute()),
        period in prop_oneof![4 => Just(1_u32), 1 => Just(60), 2 => 2..100_u32, 1 => 1000..5000_u32, 1 => Just(1440)],
        open in any::<bool>(),
        settled in btree_set(10..14_u32, 0..5),
    ) {
        let minutes = rows.into_iter().map(|(at, series, calls, denied)| (at, series, [calls, 0, denied, 0, 0]));
        let fake = Fake { series: dictionary(), minutes: minutes.collect(), settled, ..Fake::default() };
        let query = parse(&text).expect("a query");
        let range = match open {
            true => MinuteRange::ALL,
            false => MinuteRange { start: Minute(start.min(end)), end: Minute(start.max(end)) },
        };
        let window = Window { range, period };
        let mut expect = by_hand(&fake, &query, window);
        for points in [true, false] {
            let answered = answer(&query, &fake, window, points).expect("an answer");
            let mut got: Vec<Row> = Vec::new();
            for series in &answered.series {
                let (Some(value), Some(peak), Some(at)) = (series.value, series.peak, series.peak_at) else {
                    prop_assert!(query.group_by.is_empty() && expect.is_empty());
                    continue;
                };
                let points = series.points.iter().map(|point| (point.start.0, point.value)).collect();
                got.push((series.keys.clone(), value, peak, at.0, points));
            }
            if !points {
                expect.iter_mut().for_each(|row| row.4.clear());
            }
            prop_assert_eq!(&got, &expect, "{} {:?}", text, window);
        }
    }

    #[test]
    fn no_text_panics_the_parser(
        text in "(SELECT |SUM\\(|FROM |[a-z'\"\\\\().,=!<>\n ]|WHERE |LIMIT |é|--|\\$|tag\\.){0,20}",
    ) {
        if let Err(error) = parse(&text) {
            prop_assert!(error.to_string().contains('^'));
        }
    }

    #[test]
    fn any_value_can_be_written(value in "\\PC*") {
        // A value that ends in a backslash can't be: the backslash would escape the quote.
        prop_assume!(!value.ends_with('\\') && !value.contains("\\'") && value.chars().count() < 1900);
        let text = format!("SELECT SUM(a) FROM b WHERE c = '{}'", value.replace('\'', "\\'"));
        let query = parse(&text).expect("a query");
        prop_assert_eq!(&query.conditions[0].value, &Value::Text(value));
    }
}

#[test]
fn rollups_are_used_where_they_are_exact_and_only_there() {
    use super::catalogue::{AWS_KMS, find};
    use super::matching::resolve;
    use crate::series::RollupBy::{Key as ByKey, Series as BySeries};

    let fake = Fake { series: dictionary(), ..Fake::default() };
    let metric = find(AWS_KMS, "SuccessfulRequest").expect("the metric");
    let schema = "SCHEMA(\"AWS/KMS\", KeyArn, Operation)";
    let one_key = format!("WHERE KeyArn = '{}'", KEYS[0]);
    for (text, period, expect) in [
        (format!("SUM(SuccessfulRequest) FROM {schema} GROUP BY KeyArn ORDER BY MAX() DESC LIMIT 20"), 1, Some(ByKey)),
        (format!("COUNT(SuccessfulRequest) FROM {schema} GROUP BY KeyArn ORDER BY AVG()"), 1, Some(ByKey)),
        (format!("SUM(SuccessfulRequest) FROM {schema} GROUP BY AWS.AccountId, KeyArn"), 1, Some(ByKey)),
        (format!("SUM(SuccessfulRequest) FROM {schema} WHERE AWS.AccountId = '1' GROUP BY KeyArn"), 1, Some(ByKey)),
        (format!("SUM(SuccessfulRequest) FROM {schema} {one_key}"), 1, Some(ByKey)),
        (format!("SUM(SuccessfulRequest) FROM {schema} GROUP BY KeyArn, Operation"), 1, Some(BySeries)),
        (format!("SUM(SuccessfulRequest) FROM {schema} {one_key} AND Operation = 'Decrypt'"), 1, Some(BySeries)),
        (
            format!("SUM(SuccessfulRequest) FROM {schema} WHERE Operation = 'Decrypt' GROUP BY KeyArn"),
            1,
            Some(BySeries),
        ),
        (
            "SUM(SuccessfulRequest) FROM \"AWS/KMS\" GROUP BY SourceKeyArn, KeyArn, Operation".to_owned(),
            1,
            Some(BySeries),
        ),
        (format!("SUM(SuccessfulRequest) FROM {schema} GROUP BY KeyArn"), 5, None),
        (format!("AVG(SuccessfulRequest) FROM {schema} GROUP BY KeyArn"), 1, None),
        (format!("SUM(SuccessfulRequest) FROM {schema} GROUP BY KeyArn ORDER BY MIN()"), 1, None),
        (format!("SUM(SuccessfulRequest) FROM {schema} GROUP BY Operation"), 1, None),
        (format!("SUM(SuccessfulRequest) FROM {schema} GROUP BY AWS.AccountId"), 1, None),
        (format!("SUM(SuccessfulRequest) FROM {schema}"), 1, None),
        ("SUM(SuccessfulRequest) FROM \"AWS/KMS\" GROUP BY KeyArn".to_owned(), 1, None),
    ] {
        let query = parse(&format!("SELECT {text}")).expect("a query");
        let axes = metric.counted.axes(&fake, &query).expect("axes");
        let groups = resolve(&query, &axes, "").expect("groups");
        let found = super::rollup::rollup_for(&query, metric, period, &groups, &axes[0].members).expect("a decision");
        assert_eq!(found, expect, "{text}");
    }
    let distinct: BTreeSet<&str> = METRIC_NAMES.into_iter().collect();
    assert_eq!(distinct, super::METRICS.iter().map(|metric| metric.name).collect());
}

const METRIC_NAMES: [&str; 8] = [
    "SuccessfulRequest",
    "ThrottledRequest",
    "DeniedRequest",
    "FailedRequest",
    "DryRunRequest",
    "CallerRequest",
    "QuotaRequest",
    "QuotaThrottle",
];
