//! How a call ended.

use serde_json::{Value, json};

use super::{assert_minutes, gave};
use crate::support::record::{KEY, KEY_2, OWNER, Record};

#[test]
fn each_error_code_counts_in_its_own_column() {
    let codes = [
        ("10:00:00", None),
        ("10:01:00", Some("ThrottlingException")),
        ("10:02:00", Some("AccessDenied")),
        ("10:03:00", Some("AccessDeniedException")),
        ("10:04:00", Some("KMSInvalidStateException")),
        ("10:05:00", Some("DryRunOperationException")),
        ("10:06:00", Some("")),
    ];
    let record = |(number, (time, code)): (usize, &(&str, Option<&str>))| {
        let record = Record::decrypt(&format!("event-{number}")).at(time);
        code.map_or(record.clone(), |code| record.error(code))
    };
    let records: Vec<Record> = codes.iter().enumerate().map(record).collect();
    assert_minutes(
        &records,
        &[
            "10:00 key Decrypt 1 0 0 0 0",
            "10:01 key Decrypt 0 1 0 0 0",
            "10:02 key Decrypt 0 0 1 0 0",
            "10:03 key Decrypt 0 0 1 0 0",
            "10:04 key Decrypt 0 0 0 1 0",
            "10:05 key Decrypt 0 0 0 0 1",
            "10:06 key Decrypt 1 0 0 0 0",
        ],
    );
    assert_minutes(&[Record::decrypt("e").with("errorCode", Value::Null)], &["10:00 key Decrypt 1 0 0 0 0"]);
}

#[test]
fn an_invalid_signature_is_a_failed_verify() {
    assert_minutes(
        &[
            Record::call("Verify").key(KEY).id("1").error("KMSInvalidSignatureException"),
            Record::call("VerifyMac").key(KEY_2).id("2").error("KMSInvalidMacException"),
        ],
        &["10:00 key-2 VerifyMac 0 0 0 1 0", "10:00 key Verify 0 0 0 1 0"],
    );
}

#[test]
fn a_dry_run_is_no_use_of_the_key_even_if_it_names_the_key_material() {
    let record = Record::decrypt("1").error("DryRunOperationException").parameter("dryRun", true);
    let record = record.with("additionalEventData", json!({"keyMaterialId": "0".repeat(64)}));
    assert_minutes(&[record], &["10:00 key Decrypt 0 0 0 0 1"]);
}

#[test]
fn every_cryptographic_operation_counts_under_its_name_and_generate_random_under_no_key() {
    let operations = [
        "Decapsulate",
        "Decrypt",
        "DeriveSharedSecret",
        "Encapsulate",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "ReEncrypt",
        "Sign",
        "Verify",
        "VerifyMac",
    ];
    let mut records: Vec<Record> = operations.iter().map(|name| Record::call(name).key(KEY).id(name)).collect();
    records.push(Record::call("GenerateRandom").with("requestParameters", Value::Null).with("resources", json!([])));
    let expected: Vec<String> = operations.iter().map(|name| format!("10:00 key {name} 1 0 0 0 0")).collect();
    assert_minutes(&records, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn calls_that_tell_no_kind_of_key_use_the_quota_of_the_usual_one() {
    let denied = |operation: &str| Record::call(operation).with("requestParameters", Value::Null).id(operation);
    let operations = ["Decrypt", "GenerateDataKeyPair", "Sign", "Verify"];
    let gave = gave(&operations.map(|operation| denied(operation).key(KEY).error("AccessDeniedException")));
    let expected = ["ECC", "GenerateDataKeyPair-ECC_NIST_P256", "Symmetric"];
    assert_eq!(gave.pools, expected.map(|pool| format!("{OWNER} us-east-1 {pool}")));
}

#[test]
fn other_requests_to_kms_use_quota_and_count_for_no_key() {
    let gave = gave(&[Record::call("DescribeKey").key(KEY).id("1"), Record::call("ListKeys").id("2")]);
    assert_eq!(gave.minutes, [""; 0]);
    assert_eq!(gave.pools, [format!("{OWNER} us-east-1 DescribeKey"), format!("{OWNER} us-east-1 ListKeys")]);
}
