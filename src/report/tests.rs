//! Reports of counts in memory, worked out by hand.

mod schedule;
mod stored;

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::{Asked, Change, Ranked, ReportData, build};
use crate::alarm::{Contribution, Incident, IncidentSeries};
use crate::domain::{Minute, MinuteRange};
use crate::insights::fake::{Fake, FakeSeries};
use crate::tariff::{PriceList, QuotaList};

const A: &str = "arn:aws:kms:us-east-1:111122223333:key/aaaa";
const B: &str = "arn:aws:kms:us-east-1:111122223333:key/bbbb";
const C: &str = "arn:aws:kms:us-east-1:111122223333:key/cccc";
/// 2026-01-06T00:00:00Z; the day before is compared.
const DAY: u32 = 29_460_960;

const WEB: [&str; 5] = ["111122223333", "arn:aws:iam::111122223333:role/web|x", "", "", ""];
const ETL: [&str; 5] =
    ["111122223333", "arn:aws:iam::111122223333:role/etl", "s3.amazonaws.com", "arn:aws:s3:::<raw>", ""];
const FOREIGN: [&str; 5] = ["444455556666", "", "", "", ""];

fn fake() -> Fake {
    let minute = |minute: u32, series: u32, calls: [u32; 5]| (DAY + minute, series, calls);
    let slot = |slot: u32, caller: u32, series: u32, calls: i32| (DAY / 5 + slot, caller, series, [calls, 0, 0, 0, 0]);
    let yesterday = |minute: u32, series: u32, calls: u32| (DAY - 1440 + minute, series, [calls, 0, 0, 0, 0]);
    Fake {
        series: vec![
            FakeSeries::key(A, "Decrypt"),
            FakeSeries::key(B, "Decrypt"),
            FakeSeries::re_encrypt(A, B),
            FakeSeries::key(C, "Sign"),
            FakeSeries::unattributed("alias/app", "Decrypt"),
        ],
        callers: vec![WEB, ETL, FOREIGN],
        pools: vec![
            ["111122223333", "us-east-1", "Symmetric"],
            ["111122223333", "us-east-1", "GenerateDataKeyPair-RSA_2048"],
            ["444455556666", "us-east-1", "RSA"],
            ["444455556666", "cn-north-1", "Symmetric"],
        ],
        minutes: vec![
            yesterday(3, 0, 100),
            yesterday(4, 3, 40),
            minute(0, 0, [150, 3, 2, 1, 4]),
            minute(700, 0, [50, 0, 0, 0, 0]),
            minute(700, 1, [90, 0, 0, 0, 0]),
            minute(1439, 2, [10, 0, 0, 0, 0]),
            minute(5, 4, [7, 0, 0, 0, 0]),
            (DAY + 1440, 0, [1000, 0, 0, 0, 0]),
        ],
        slots: vec![
            slot(0, 0, 0, 150),
            slot(140, 1, 0, 50),
            slot(140, 2, 1, 90),
            slot(287, 0, 2, 10),
            slot(1, 0, 4, 7),
            (DAY / 5 - 287, 1, 0, [100, 0, 0, 0, 0]),
        ],
        seconds: vec![
            (DAY * 60 + 5, 0, 10_000, 0),
            (DAY * 60 + 65, 0, 20_000, 7),
            (DAY * 60 + 9, 1, 19, 0),
            (DAY * 60 + 9, 2, 20_000, 0),
            (DAY * 60 + 9, 3, 50, 0),
            (DAY * 60 - 60, 0, 10_000, 0),
        ],
        ..Fake::default()
    }
}

fn incident() -> Incident {
    let series = |key: &str, excess: f64| IncidentSeries {
        key_arn: key.to_owned(),
        alias: None,
        operation: "Decrypt".to_owned(),
        metric: "SuccessfulRequest".to_owned(),
        onset: 0,
        observed: 0.0,
        expected: 0.0,
        excess,
        alarms_last_month: 0,
    };
    Incident {
        number: 4,
        onset: i64::from(DAY) * 60 + 3600,
        paged_at: i64::from(DAY) * 60 + 3900,
        resolved_at: Some(i64::from(DAY) * 60 + 7200),
        known_until: 0,
        counted_until: None,
        series: vec![series(A, 900.0), series(B, 100.0)],
        observed: 1500.4,
        expected: 500.0,
        excess: 1000.4,
        attribution: vec![Contribution {
            caller: "arn:aws:iam::111122223333:role/etl".to_owned(),
            account: "111122223333".to_owned(),
            service: "s3.amazonaws.com".to_owned(),
            resource: "arn:aws:s3:::raw".to_owned(),
            excess: 980.0,
            share: 0.98,
        }],
        attribution_range: None,
        new: vec![],
        cost_per_hour: Some(0.003),
        cost_note: String::new(),
        quota: None,
        picture: vec![],
        period_seconds: 300,
        picture_path: None,
    }
}

fn day(number: u32) -> MinuteRange {
    MinuteRange { start: Minute(number), end: Minute(number + 1440) }
}

/// A report of some counts alone: no names, nothing watched.
fn compared(counts: &Fake, range: MinuteRange, previous: Option<MinuteRange>) -> ReportData {
    let nothing = BTreeMap::new();
    let asked = Asked {
        kind: "report",
        range,
        previous,
        watermark: None,
        limit: 3,
        zone: Tz::UTC,
        aliases: &nothing,
        incidents: None,
        prices: &PriceList::default(),
        quotas: &QuotaList::default(),
    };
    build(counts, &asked).expect("counts")
}

fn report(compared: bool, zone: Tz) -> ReportData {
    let aliases = BTreeMap::from([(A.to_owned(), "alias/app".to_owned())]);
    let long_ago = Incident { onset: 0, resolved_at: Some(60), ..incident() };
    let asked = Asked {
        kind: "daily report",
        range: day(DAY),
        previous: compared.then(|| day(DAY - 1440)),
        watermark: None,
        limit: 3,
        zone,
        aliases: &aliases,
        incidents: Some(&[incident(), long_ago]),
        prices: &PriceList::default(),
        quotas: &QuotaList::default(),
    };
    build(&fake(), &asked).expect("counts")
}

/// Name, calls, calls before, growth, share: the last two to a tenth.
type Line<'r> = (&'r str, u64, Option<u64>, Option<f64>, f64);

fn lines<'r>(rows: &'r [Ranked]) -> Vec<Line<'r>> {
    let tenth = |number: f64| (number * 10.0).round() / 10.0;
    let line = |row: &'r Ranked| {
        let Change { calls, previous, growth } = row.change;
        (row.name.as_str(), calls, previous, growth.map(tenth), tenth(row.share))
    };
    rows.iter().map(line).collect()
}

#[test]
fn keys_are_ranked_and_compared_with_the_range_before() {
    let report = report(true, Tz::UTC);
    // A ReEncrypt counts for both its keys: 210 and 100 of 300. C had calls before only.
    let expected = [(A, 210, Some(100), Some(110.0), 70.0), (B, 100, Some(0), None, 33.3)];
    assert_eq!(lines(&report.keys), expected);
    assert_eq!(report.keys[0].alias.as_deref(), Some("alias/app"));
    let changed: Vec<_> = lines(&report.changes).into_iter().map(|line| (line.0, line.1, line.3)).collect();
    assert_eq!(changed, [(A, 210, Some(110.0)), (B, 100, None), (C, 0, Some(-100.0))]);
}

#[test]
fn each_call_is_in_the_totals_once() {
    let totals = report(true, Tz::UTC).totals;
    assert_eq!((totals.successful.calls, totals.successful.previous), (300, Some(140)));
    let others = [totals.throttled, totals.denied, totals.failed, totals.dry_run, totals.unattributed];
    assert_eq!(others.map(|change| (change.calls, change.previous)), [3, 2, 1, 4, 7].map(|calls| (calls, Some(0))));
}

#[test]
fn callers_resources_and_operations_are_ranked() {
    let report = report(true, Tz::UTC);
    let (web, etl) = (WEB[1], ETL[1]);
    let expected = [
        (web, 160, Some(0), None, 53.3),
        ("444455556666", 90, Some(0), None, 30.0),
        (etl, 50, Some(100), Some(-50.0), 16.7),
    ];
    assert_eq!(lines(&report.callers), expected);
    assert_eq!(lines(&report.resources), [(ETL[3], 50, Some(100), Some(-50.0), 16.7)]);
    let operations: Vec<_> = lines(&report.operations).into_iter().map(|line| (line.0, line.1)).collect();
    assert_eq!(operations, [("Decrypt", 290), ("ReEncrypt", 10)]);
}

#[test]
fn the_calling_account_pays() {
    let spend = report(true, Tz::UTC).spend;
    // 30,000 symmetric requests at 3 cents and 19 pairs at 12 dollars for 10,000; 20,000 RSA requests at 15 cents.
    let (own, foreign) = (0.09 + 0.0228, 0.30);
    assert!((spend.dollars - own - foreign).abs() < 1e-9, "{}", spend.dollars);
    assert!((spend.previous.expect("compared") - 0.03).abs() < 1e-9);
    let accounts: Vec<_> = spend.accounts.iter().map(|of| (of.account.as_str(), of.requests, of.unpriced)).collect();
    assert_eq!(accounts, [("444455556666", 20_050, 50), ("111122223333", 30_019, 0)]);
    assert!((spend.accounts[0].dollars - foreign).abs() < 1e-9 && (spend.accounts[1].dollars - own).abs() < 1e-9);
}

#[test]
fn busiest_seconds_stand_against_their_quotas() {
    let quotas = report(true, Tz::UTC).quotas;
    let told: Vec<_> = quotas.iter().map(|line| (line.pool.as_str(), line.peak_per_second, line.share)).collect();
    let expected = [
        ("RSA", 20_000, Some(2000.0)),
        ("GenerateDataKeyPair-RSA_2048", 19, Some(95.0)),
        ("Symmetric", 20_000, Some(20.0)),
    ];
    assert_eq!(told, expected);
    assert_eq!((quotas[2].peak_at.at, quotas[2].throttled), (i64::from(DAY) * 60 + 65, 7));
}

#[test]
fn incidents_of_the_range_are_told_with_their_cause() {
    let incidents = report(true, Tz::UTC).incidents.expect("something watches");
    assert_eq!(incidents.len(), 1);
    assert_eq!((incidents[0].number, incidents[0].key_arn.as_str(), incidents[0].series), (4, A, 2));
    assert_eq!(incidents[0].cause.as_ref().map(|cause| cause.share), Some(0.98));
}

#[test]
fn json_has_every_field_and_times_in_the_reports_zone() {
    let json = report(true, Tz::Europe__Berlin).json();
    assert_eq!(json["title"], "Keytide daily report, 2026-01-06 01:00 to 2026-01-07 01:00");
    assert_eq!(json["range"]["start"], "2026-01-06T01:00:00+01:00");
    let key = serde_json::json!({
        "name": A, "alias": "alias/app", "calls": 210, "previous": 100, "growth": 110.0, "share": 70.0
    });
    assert_eq!(json["keys"][0], key);
    assert_eq!(json["incidents"][0]["cause"]["resource"], "arn:aws:s3:::raw");
    assert_eq!(json["quotas"][0]["quota_per_second"], 1000.0);
    let alone = report(false, Tz::UTC).json();
    assert_eq!(alone["title"], "Keytide daily report, 2026-01-06");
    assert!(alone["previous"].is_null() && alone["keys"][0]["previous"].is_null());
    assert_eq!(alone["changes"], serde_json::json!([]));
}

#[test]
fn markdown_has_tables_and_names_mean_nothing_in_it() {
    let markdown = report(true, Tz::UTC).markdown();
    for line in [
        "# Keytide daily report, 2026-01-06",
        "Compared with 2026-01-05.",
        "- Successful calls: **300** (+114%)",
        "- Throttled: **3** (new)",
        "- Spend on requests, estimated: **$0.41** (14x)",
        "## Top keys",
        "| key | calls | share | growth |",
        "| --- | ---: | ---: | ---: |",
        "| alias/app (arn:aws:kms:us-east-1:111122223333:key/aaaa) | 210 | 70.0% | +110% |",
        "| arn:aws:iam::111122223333:role/web\\|x | 160 | 53.3% | new |",
        "| arn:aws:s3:::\\<raw\\> | 50 | 16.7% | -50.0% |",
        "| arn:aws:kms:us-east-1:111122223333:key/cccc | 0 | 40 | -40 | gone |",
        "| Decrypt, arn:aws:kms:us-east-1:111122223333:key/aaaa and 1 more | 2026-01-06 01:00 | 2026-01-06 02:00 | 1,500 \
         | 500 | +1,000 | role etl through S3, bucket raw | 98.0% | $0.0030 |",
        "| 444455556666 | 20,050 | $0.30 and more | new |",
        "| 444455556666 | us-east-1 | RSA | 20,000 | 2026-01-06 00:00:09 | 1,000 | 2000.0% | 0 |",
        "Requests a second; quotas are AWS's default of 2026-08-07, unless set by the operator. An account's own may be \
         higher.",
    ] {
        assert!(markdown.lines().any(|found| found == line), "{line}\nis not in\n{markdown}");
    }
}

#[test]
fn markdown_says_nothing_to_a_terminal() {
    let mut report = report(true, Tz::UTC);
    report.resources[0].name = "arn:aws:s3:::a\u{1b}b\u{61c}c\u{200e}d\u{202e}e\u{2066}f\u{2029}g".to_owned();
    assert!(report.markdown().contains("| arn:aws:s3:::a b c d e f g | 50 |"), "{}", report.markdown());
}

#[test]
fn the_page_is_whole_and_names_mean_nothing_in_it() {
    let page = report(true, Tz::UTC).html();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("arn:aws:s3:::&lt;raw&gt;") && !page.contains("<raw>"));
    for from_elsewhere in ["http://", "https://", "src=", "<link", "<script"] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
    for text in ["Top keys", "alias&#x2f;app", "+110%", "$0.41", "prefers-color-scheme: dark"] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn a_report_of_nothing_says_so() {
    let report = compared(&Fake { minutes: vec![], ..Fake::default() }, day(DAY), None);
    assert_eq!((report.totals.successful.calls, report.keys.len(), report.spend.dollars), (0, 0, 0.0));
    assert!(report.markdown().contains("## Top keys\n\nNone.\n"));
    assert!(report.html().contains("None."));
    // Whether there were incidents isn't known if nothing watches.
    assert!(report.json()["incidents"].is_null() && !report.markdown().contains("Incidents"));
}
