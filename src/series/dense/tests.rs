//! Selections and dense series over counts in memory.

use super::*;
use crate::insights::fake::{Fake, FakeSeries};
use crate::series::{Selection, SelectionError, key_operations, operations_in};

const A: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const B: &str = "arn:aws:kms:eu-west-1:444455556666:key/0987dcba-09fe-87dc-65ba-ab0987654321";
/// 2026-01-05T10:00:00Z.
const TEN: u32 = 29_460_120;

fn fake() -> Fake {
    let calls = |minute: u32, series: u32, calls: u32| (TEN + minute, series, [calls, 0, 1, 0, 0]);
    Fake {
        series: vec![
            FakeSeries::key(A, "Decrypt"),
            FakeSeries::key(A, "Encrypt"),
            FakeSeries::re_encrypt(A, B),
            FakeSeries::re_encrypt(A, A),
            FakeSeries::unattributed("alias/app", "Decrypt"),
        ],
        // What is stored begins at 10:02 and ends, with the last minute, at 10:41.
        minutes: vec![
            calls(2, 4, 9),
            calls(7, 0, 1),
            calls(9, 0, 2),
            calls(11, 1, 4),
            calls(21, 0, 8),
            calls(22, 2, 16),
            calls(22, 3, 32),
            calls(40, 1, 64),
        ],
        ..Fake::default()
    }
}

fn numbers(selection: &str) -> Vec<u32> {
    selection.parse::<Selection>().expect("a selection").resolve(&fake()).expect("series").1
}

fn calls(numbers: &[u32], period: u32) -> Option<(u32, Vec<u64>)> {
    let dense = read(&fake(), &[numbers], Outcome::Successful, period, MinuteRange::ALL).expect("counts");
    let [dense] = &dense[..] else { panic!("one series is asked for") };
    dense.as_ref().map(|dense| (dense.start.0 - TEN, dense.calls.clone()))
}

#[test]
fn a_series_runs_from_its_first_call_to_the_last_whole_period_stored() {
    assert_eq!(calls(&[0], 5), Some((5, vec![3, 0, 0, 8, 0, 0, 0])));
    assert_eq!(calls(&[1], 10), Some((10, vec![4, 0, 0])));
    // The first period of the store is cut, and nothing else is of this series.
    assert_eq!(calls(&[4], 5), None);
    assert_eq!(calls(&[0], 60), None);
    let dense = read(&fake(), &[&[1], &[0, 1]], Outcome::Denied, 20, MinuteRange::ALL).expect("counts");
    assert_eq!(dense[0], None);
    assert_eq!(dense[1], Some(Dense { start: Minute(TEN + 20), period: 20, calls: vec![1] }));
}

#[test]
fn a_range_cuts_whole_periods_and_points_carry_seconds() {
    let range = MinuteRange { start: Minute(TEN + 8), end: Minute(TEN + 29) };
    let dense = read(&fake(), &[&[0]], Outcome::Successful, 5, range).expect("counts");
    let points: Vec<_> = dense[0].as_ref().expect("a series").points().collect();
    let ten = i64::from(TEN) * 60;
    assert_eq!(points, [(ten + 1200, 8)]);
}

#[test]
fn keys_operations_accounts_and_regions_select() {
    assert_eq!(numbers(&format!("KeyArn={A},Operation=Decrypt")), [0]);
    assert_eq!(numbers("keyarn=1234abcd, operation=decrypt"), [0]);
    assert_eq!(numbers("KeyArn=1234abcd"), [0, 1, 2, 3]);
    assert_eq!(numbers("KeyArn=0987dcba"), [2]);
    assert_eq!(numbers("AWS.AccountId=111122223333,AWS.Region=us-east-1"), [0, 1, 2, 3]);
    assert_eq!(numbers("AWS.Region=us-east-1,Operation=ReEncrypt"), [2, 3]);
    // A ReEncrypt is of both its keys' accounts and Regions, and of no mixture of them.
    assert_eq!(numbers("AWS.AccountId=444455556666,AWS.Region=eu-west-1"), [2]);
    let mixed: Selection = "AWS.AccountId=444455556666,AWS.Region=us-east-1".parse().expect("a selection");
    assert!(matches!(mixed.resolve(&fake()), Err(SelectionError::Nothing(_))));
    let (name, _) = "KeyArn=1234abcd".parse::<Selection>().expect("a selection").resolve(&fake()).expect("series");
    assert_eq!(name, format!("all operations, {A}"));
}

#[test]
fn selections_that_select_nothing_say_what_to_do() {
    let told = |text: &str| match text.parse::<Selection>() {
        Ok(selection) => selection.resolve(&fake()).expect_err(text).to_string(),
        Err(told) => told,
    };
    for (text, expect) in [
        ("KeyArn=ffff", "no key with calls has 'ffff' in its ARN; keytide top"),
        ("KeyArn=key/", "'key/' is in the ARNs of 2 keys; give more"),
        ("KeyArn=0987dcba,Operation=Decrypt", "nothing is stored of Decrypt, arn:aws:kms:eu-west-1"),
        ("AWS.AccountId=1", "nothing is stored of all operations, 1"),
        ("KeyArn", "'KeyArn' has no '='; expected KeyArn=ARN,Operation=NAME"),
        ("KeyArn=", "KeyArn has no value"),
        ("Key=a", "no dimension is called 'Key'"),
        ("Operation=Decrypt", "neither a key nor an account"),
        ("KeyArn=a,AWS.Region=b", "its account and Region in its ARN"),
        ("KeyArn=a,KeyArn=b", "KeyArn is given twice"),
        ("KeyArn=a,Operation=Rotate", "'Rotate' is no cryptographic operation"),
    ] {
        assert!(told(text).contains(expect), "{text}: {}", told(text));
    }
    let empty = Fake::default();
    let selection: Selection = "KeyArn=a".parse().expect("a selection");
    assert!(matches!(selection.resolve(&empty), Err(SelectionError::NoKey(_))));
}

#[test]
fn a_re_encrypt_is_in_the_region_of_each_of_its_keys() {
    let in_region = |region: &str| operations_in(&fake(), region).expect("series").remove("ReEncrypt");
    assert_eq!(in_region("us-east-1"), Some(vec![2, 3]));
    assert_eq!(in_region("eu-west-1"), Some(vec![2]));
    assert_eq!(in_region("eu-central-1"), None);
}

#[test]
fn every_key_and_operation_is_listed_once_with_the_series_that_count_for_it() {
    let listed = key_operations(&fake()).expect("series");
    let told: Vec<_> =
        listed.iter().map(|of| (of.key_arn.as_str(), of.operation.as_str(), of.numbers.clone())).collect();
    let expect = [(B, "ReEncrypt", vec![2]), (A, "Decrypt", vec![0]), (A, "Encrypt", vec![1])];
    assert_eq!(told[..3], expect);
    assert_eq!(told[3..], [(A, "ReEncrypt", vec![2, 3])]);
}
