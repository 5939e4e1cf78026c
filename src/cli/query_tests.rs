//! What `keytide query` prints.

use clap::Parser;

use super::*;
use crate::domain::Operation;
use crate::insights::fake::{Fake, FakeSeries};
use crate::insights::find;
use crate::series::CountKind;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER: &str = "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321";
/// 2026-01-05T10:00:00Z.
const TEN: u32 = 29_460_120;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn fake() -> Fake {
    let calls = |minute: u32, series: u32, calls: u32| (TEN + minute, series, [calls, 0, 0, 0, 0]);
    Fake {
        series: vec![FakeSeries::key(KEY, "Decrypt"), FakeSeries::key(OTHER, "Decrypt"), FakeSeries::key(KEY, "Sign")],
        minutes: vec![calls(0, 0, 1200), calls(1, 0, 34), calls(1, 1, 2000), calls(3, 2, 5)],
        ..Fake::default()
    }
}

fn answered(arguments: &[&str]) -> String {
    let args = Line::try_parse_from(["query"].iter().chain(arguments)).expect("arguments").args;
    let text = text_of(&args.query, io::empty()).expect("a query");
    let query = parse(&text).expect("a query");
    let now = DateTime::from_timestamp(i64::from(TEN) * 60 + 600, 0).expect("a time");
    let range = args.range.minutes(now).expect("a range");
    let answered = answer(&query, &fake(), Window { range, period: args.period.minutes }, args.buckets);
    let mut out = Vec::new();
    write(&args, &answered.expect("an answer"), Some(80), &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

const HOUSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/queries/top-20-keys.sql");

#[test]
fn the_house_query_reads_well_at_80_columns() {
    let expect = "\
rank  KeyArn                value   peak  peak_at
   1  …:key/0987dcba…4321   2,000  2,000  2026-01-05 10:01
   2  …:key/1234abcd…90ab   1,239  1,200  2026-01-05 10:00

Times are UTC. … stands for arn:aws:kms:us-east-1:111122223333.
";
    let got = answered(&[HOUSE]);
    assert!(got.lines().all(|line| line.chars().count() <= 80), "{got}");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let bare = expect.replace("0987dcba…4321", "0987dcba-09fe-87dc-65ba-ab0987654321");
    let bare = bare.replace("1234abcd…90ab", "1234abcd-12ab-34cd-56ef-1234567890ab");
    assert_eq!(words(&got), words(&bare), "at 80 columns there is space for ids:\n{got}");
}

#[test]
fn csv_json_and_buckets_have_the_promised_columns() {
    let csv = answered(&[HOUSE, "--output", "csv", "--since", "1h"]);
    let expect = format!(
        "rank,KeyArn,value,peak,peak_at\n\
         1,{OTHER},2000,2000,2026-01-05T10:01:00Z\n\
         2,{KEY},1239,1200,2026-01-05T10:00:00Z\n"
    );
    assert_eq!(csv, expect);
    let sum = "SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\" WHERE Operation = 'Decrypt'";
    let json = answered(&[sum, "--output", "json", "--timezone", "Europe/Berlin"]);
    assert_eq!(json, "[\n{\"rank\":1,\"value\":3234,\"peak\":2034,\"peak_at\":\"2026-01-05T11:01:00+01:00\"}\n]\n");
    let since = "2026-01-05T10:01:00Z";
    let buckets = [sum, "--output", "csv", "--buckets", "--period", "2m", "--since", since, "--until", "0m"];
    assert_eq!(answered(&buckets), "timestamp,value\n2026-01-05T10:01:00Z,2034\n");
    let average = "SELECT AVG(SuccessfulRequest) FROM \"AWS/KMS\" GROUP BY AWS.AccountId";
    let expect = "rank,AWS.AccountId,value,peak,peak_at\n1,111122223333,1,1,2026-01-05T10:00:00Z\n";
    assert_eq!(answered(&[average, "--output", "csv"]), expect);
}

#[test]
fn every_query_of_the_folder_starts_with_its_question_and_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.starts_with("-- ") && text.contains('?'), "{} asks no question", path.display());
        let query =
            parse(&without_leading_comments(&text)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let window = Window { range: crate::domain::MinuteRange::ALL, period: 1 };
        let answered = answer(&query, &fake(), window, false).expect("an answer");
        assert!(answered.metric.is_some(), "{} asks for no metric", path.display());
        seen += 1;
    }
    assert!(seen >= 10);
}

#[test]
fn the_set_of_operations_is_that_of_making_and_using_data_keys() {
    let of_one_key = || Operation::ALL.iter().filter(|operation| operation.uses_key());
    let counts = Fake {
        series: of_one_key().map(|operation| FakeSeries::key(KEY, operation.name())).collect(),
        minutes: (0..).zip(of_one_key()).map(|(series, _)| (TEN, series, [1, 0, 0, 0, 0])).collect(),
        ..Fake::default()
    };
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/queries/operations-set.sql");
    let query = parse(&text_of(file, io::empty()).expect("text")).expect("a query");
    let window = Window { range: MinuteRange::ALL, period: 1 };
    let answered = answer(&query, &counts, window, false).expect("an answer");
    let mut got: Vec<&str> = answered.series.iter().map(|series| series.keys[1].as_str()).collect();
    got.sort_unstable();
    let pairs = ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"];
    let expect = [&["Decrypt", "Encrypt", "GenerateDataKey"], &pairs[..], &["GenerateDataKeyWithoutPlaintext"]];
    assert_eq!(got, expect.concat());
}

#[test]
fn a_query_is_an_argument_a_file_or_standard_input() {
    assert_eq!(text_of("SELECT x", io::empty()).expect("text"), "SELECT x");
    assert_eq!(text_of("select", io::empty()).expect("text"), "select", "what is wrong with it the grammar says");
    assert_eq!(text_of("-", "-- a\nSELECT".as_bytes()).expect("text"), "\nSELECT");
    let missing = text_of("no-such.sql", io::empty()).expect_err("no file").to_string();
    assert!(missing.contains("no-such.sql") && missing.contains("SELECT"), "{missing}");
    assert!(Minute(TEN).to_string().starts_with("2026-01-05T10:00"));
}

#[test]
fn an_empty_query_is_said_to_be_empty() {
    for (argument, input) in [("", ""), (" \n", ""), ("-", "-- only a comment\n")] {
        let told = text_of(argument, input.as_bytes()).expect_err("no query").to_string();
        assert!(told.starts_with("the query is empty"), "{told}");
    }
}

#[test]
fn an_answer_without_rows_is_told_with_what_is_stored() {
    let yesterday = Fake { slots: vec![((TEN - 1440) / 5, 0, 0, [1, 0, 0, 0, 0])], ..fake() };
    let of = |counts: &Fake, arguments: &[&str]| {
        let args = Line::try_parse_from(["query"].iter().chain(arguments)).expect("arguments").args;
        let range = args.range.minutes(DateTime::UNIX_EPOCH).expect("a range");
        let query = parse(&args.query).expect("a query");
        let metric = find(&query.source.namespace, &query.metric).expect("a metric");
        nothing(&query, metric.kind(), counts, &args.range, range).expect("told")
    };
    let told = |arguments: &[&str]| of(&fake(), arguments);
    let sum = "SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\"";
    assert_eq!(
        told(&[sum, "--since", "2027-01-01", "--until", "2027-01-02"]),
        "asked from 2027-01-01 00:00 to 2027-01-02 00:00. Nothing is stored in this range; `keytide status` shows what \
         is: it holds 2026-01-05 10:00 to 2026-01-05 10:03"
    );
    assert_eq!(
        told(&[&format!("{sum} WHERE Operation = 'Encrypt'")]),
        "no SuccessfulRequest of \"AWS/KMS\" that WHERE asks for is stored; `keytide status` shows what is: it holds \
         2026-01-05 10:00 to 2026-01-05 10:03"
    );
    // 2026-01-05T00:00:00Z.
    let dropped = yesterday.drop_before(CountKind::Seconds, TEN - 600).drop_before(CountKind::Minutes, TEN - 600);
    let requests = "SELECT SUM(QuotaRequest) FROM \"Keytide/KMS\"";
    let range = ["--since", "2026-01-04", "--until", "2026-01-05"];
    assert_eq!(
        of(&dropped, &[&[requests], &range[..]].concat()),
        "asked from 2026-01-04 00:00 to 2026-01-05 00:00. Nothing is stored in this range; counts by second are of \
         2026-01-05 00:00 to 2026-01-05 10:03"
    );
}
