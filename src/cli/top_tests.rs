//! What `keytide top` prints.

use clap::Parser;

use super::*;
use crate::insights::fake::{Fake, FakeSeries};
use crate::series::CountKind;

/// 2026-01-05T10:00:00Z.
const TEN: u32 = 29_460_120;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn key(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{id}-12ab-34cd-56ef-1234567890ab")
}

fn fake() -> Fake {
    let calls = |minute: u32, series: u32, calls: u32| (TEN + minute, series, [calls, 0, 0, 0, 0]);
    Fake {
        series: vec![
            FakeSeries::key(&key("us-east-1", "111122223333", "1234abcd"), "Decrypt"),
            FakeSeries::key(&key("eu-central-1", "444455556666", "0987dcba"), "Encrypt"),
            FakeSeries::unattributed("alias/app", "Decrypt"),
        ],
        callers: vec![
            ["111122223333", "arn:aws:iam::111122223333:role/etl", "s3.amazonaws.com", "arn:aws:s3:::logs", ""],
            ["111122223333", "arn:aws:iam::111122223333:role/web", "", "", ""],
        ],
        minutes: vec![calls(0, 0, 1_234_567), calls(47, 0, 10), calls(30, 1, 200_000), calls(5, 2, 77)],
        slots: vec![(TEN / 5, 0, 0, [30, 0, 0, 0, 0]), (TEN / 5 + 1, 1, 1, [10, 0, 0, 0, 0])],
        ..Fake::default()
    }
}

fn answered(arguments: &[&str], width: usize) -> String {
    answered_of(&fake(), arguments, width)
}

fn answered_of(counts: &Fake, arguments: &[&str], width: usize) -> String {
    let args = Line::try_parse_from(["top"].iter().chain(arguments)).expect("arguments").args;
    let now = DateTime::from_timestamp(i64::from(TEN) * 60 + 3600, 0).expect("a time");
    let answer = top(&question(&args, now).expect("a question"), counts).expect("an answer");
    let mut out = Vec::new();
    write(&args, &answer, Some(width), &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

#[test]
fn keys_of_several_accounts_fit_80_columns() {
    let got = answered(&[], 80);
    assert!(got.lines().all(|line| line.chars().count() <= 80), "{got}");
    assert!(
        got.starts_with("2 keys by SuccessfulRequest, 2026-01-05 10:00 to 2026-01-05 10:48\n1,434,577 calls in all\n")
    );
    assert!(got.contains("us-east-1:…3333:1234abcd… "), "{got}");
    assert!(got.contains("1,234,577 86.1% 1,234,567"), "{got}");
    assert!(got.contains("Not in it: 77 calls that name no key ARN"), "{got}");
}

#[test]
fn csv_and_json_have_the_promised_columns() {
    let got = answered(&["--by", "operation", "--output", "csv", "--limit", "1"], 80);
    let mut trend = ["0"; 24];
    (trend[0], trend[23]) = ("1234567", "10");
    let expect = format!(
        "rank,operation,calls,share,peak,peak_at,trend\n1,Decrypt,1234577,86.06,1234567,2026-01-05T10:00:00Z,{}\n",
        trend.join(" ")
    );
    assert_eq!(got, expect);
    // Something is stored until 10:48, the end of the tenth slot.
    let got = answered(&["--by", "service", "--output", "json", "--operation", "encrypt"], 80);
    let expect = "[\n{\"rank\":1,\"service\":\"\",\"calls\":10,\"share\":100.0,\"peak\":10,\
                  \"peak_at\":\"2026-01-05T10:05:00Z\",\"trend\":[0,10,0,0,0,0,0,0,0,0]}\n]\n";
    assert_eq!(got, expect);
}

#[test]
fn slots_and_owners_are_said() {
    let got = answered(&["--by", "service"], 80);
    assert!(got.contains("(direct)") && got.contains("Peaks are of 5 minutes"), "{got}");
    assert!(answered(&["--by", "account"], 80).contains("Accounts are those that own the keys."));
    assert!(answered(&["--metric", "DeniedRequest"], 80).contains("No DeniedRequest"));
    let past = answered(&["--since", "2026-01-06"], 80);
    assert!(past.starts_with("Nothing is stored in this range; `keytide status` shows what is."), "{past}");
    let alias = Line::try_parse_from(["top", "--key", "alias/app"]).expect("arguments").args;
    let told = question(&alias, DateTime::UNIX_EPOCH).expect_err("no key's name").to_string();
    assert!(told.contains("ARN or id") && told.contains("'alias/app'") && told.contains("export lifecycle"), "{told}");
    let unknown = Line::try_parse_from(["top", "--operation", "Rotate"]).expect("arguments").args;
    let told = question(&unknown, DateTime::UNIX_EPOCH).expect_err("no such operation").to_string();
    assert!(told.contains("'Rotate'") && told.contains("Decrypt"), "{told}");
}

#[test]
fn callers_that_were_dropped_are_not_said_to_be_none() {
    let yesterday = TEN - 1440;
    let mut counts = fake();
    counts.minutes.push((yesterday, 0, [5, 0, 0, 0, 0]));
    counts.slots.push((yesterday / 5, 0, 0, [5, 0, 0, 0, 0]));
    // 2026-01-05T00:00:00Z.
    let counts = counts.drop_before(CountKind::Callers, TEN - 600);
    let told = |arguments: &[&str]| answered_of(&counts, arguments, 100);
    assert!(told(&[]).contains("2026-01-04 10:00 to 2026-01-05 10:48\n"), "{}", told(&[]));
    let callers = told(&["--by", "caller"]);
    assert!(callers.contains("2026-01-05 00:00 to 2026-01-05 10:50\n40 calls in all"), "{callers}");
    assert!(!callers.contains("begin"), "{callers}");
    let partly = told(&["--by", "caller", "--since", "2026-01-04"]);
    assert!(partly.contains("2026-01-05 00:00 to 2026-01-05 10:50\n40 calls in all"), "{partly}");
    assert!(partly.contains("Not in it: calls before 2026-01-05 00:00, when counts by caller begin."), "{partly}");
    for until in ["2026-01-04T10:30", "2026-01-05"] {
        let none = told(&["--by", "resource", "--since", "2026-01-04", "--until", until]);
        assert_eq!(none, "Nothing is stored in this range: counts by caller begin at 2026-01-05 00:00.\n\n");
        let keys = told(&["--since", "2026-01-04", "--until", until]);
        assert!(keys.contains("5 calls in all"), "{keys}");
    }
}

#[test]
fn one_is_singular() {
    let got = answered(&["--operation", "Encrypt", "--until", "2026-01-05T10:48"], 80);
    assert!(got.starts_with("1 key by SuccessfulRequest, "), "{got}");
    let got = answered(&["--since", "2026-01-05T10:47", "--limit", "1"], 80);
    assert!(
        got.starts_with("1 key by SuccessfulRequest, 2026-01-05 10:47 to 2026-01-05 10:48\n10 calls in all"),
        "{got}"
    );
    let got = answered(&["--limit", "1"], 80);
    assert!(got.starts_with("Top 1 of 2 keys by"), "{got}");
}

#[test]
fn a_headline_that_is_too_long_is_broken() {
    let got = answered(&[], 60);
    let expect = "2 keys by SuccessfulRequest, 2026-01-05 10:00 to 2026-01-05\n10:48\n1,434,577 calls in all\n";
    assert!(got.starts_with(expect), "{got}");
}

#[test]
fn a_range_of_slots_is_told_with_whole_slots() {
    // Something is stored until 10:48.
    for since in [&["--by", "service"][..], &["--by", "service", "--since", "2026-01-05T10:02"]] {
        let got = answered(since, 80);
        assert!(got.contains("SuccessfulRequest, 2026-01-05 10:00 to 2026-01-05 10:50\n"), "{got}");
    }
}
