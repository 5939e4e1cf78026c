//! Which key a call counts for.

use serde_json::{Value, json};

use super::{assert_minutes, assert_unattributed, gave};
use crate::support::record::{KEY, KEY_2, OWNER, Record};

#[test]
fn resources_name_the_key_whatever_the_request_calls_it() {
    let call = || Record::call("Decrypt").key(KEY);
    assert_minutes(
        &[
            call().id("1"),
            call().id("2").parameter("keyId", "alias/app").at("10:01:00"),
            call().id("3").parameter("keyId", "1234abcd-12ab-34cd-56ef-1234567890ab").at("10:02:00"),
            call().id("4").parameter("keyId", KEY_2).at("10:03:00"),
        ],
        &[
            "10:00 key Decrypt 1 0 0 0 0",
            "10:01 key Decrypt 1 0 0 0 0",
            "10:02 key Decrypt 1 0 0 0 0",
            "10:03 key Decrypt 1 0 0 0 0",
        ],
    );
}

#[test]
fn an_alias_among_the_resources_is_no_key_whatever_its_type() {
    let alias = json!({"type": "AWS::KMS::Key", "ARN": format!("arn:aws:kms:us-east-1:{OWNER}:alias/app")});
    let first = Record::call("Encrypt").id("1").resource(alias.clone()).key(KEY);
    let last = Record::call("Encrypt").id("2").key(KEY).resource(alias);
    assert_minutes(&[first, last], &["10:00 key Encrypt 2 0 0 0 0"]);
}

#[test]
fn an_alias_is_not_resolved_with_the_map_of_another_day() {
    let alias = |name: &str| Record::call(name).parameter("aliasName", "alias/app").parameter("targetKeyId", KEY);
    let records = [
        alias("CreateAlias").id("1").key(KEY),
        Record::call("Encrypt").parameter("keyId", "alias/app").id("2").at("10:01:00"),
    ];
    let gave = gave(&records);
    assert_eq!(gave.unattributed, ["10:01 alias/app Encrypt alias 1"]);
    assert_eq!(gave.minutes, [""; 0]);
    assert_eq!(gave.facts, ["CreateAlias key"]);
}

#[test]
fn resources_without_type_or_with_a_lower_case_arn_or_of_aws_itself_name_their_key() {
    assert_minutes(
        &[
            Record::call("Decrypt").id("1").resource(json!({"ARN": KEY})),
            Record::call("Decrypt").id("2").resource(json!({"arn": KEY, "type": "AWS::KMS::Key"})),
            Record::call("Decrypt").id("3").resource(json!({"accountId": "AWS Internal", "ARN": KEY})),
            Record::call("Decrypt")
                .id("4")
                .resource(json!({"ARN": "arn:aws:s3:::lake", "type": "AWS::S3::Bucket"}))
                .key(KEY),
        ],
        &["10:00 key Decrypt 4 0 0 0 0"],
    );
}

#[test]
fn without_resources_the_request_names_the_key_if_it_gives_its_arn() {
    let call = |id: &str| Record::call("Decrypt").parameter("keyId", KEY).id(id);
    assert_minutes(
        &[call("1"), call("2").with("resources", json!([])), call("3").with("resources", Value::Null)],
        &["10:00 key Decrypt 3 0 0 0 0"],
    );
}

#[test]
fn calls_that_name_no_key_are_shown_with_what_they_name() {
    let named = |id: &str, name: &str| Record::call("Decrypt").parameter("keyId", name).id(id);
    assert_unattributed(
        &[
            Record::call("Decrypt").id("1"),
            named("2", "1234abcd-12ab-34cd-56ef-1234567890ab"),
            named("3", "alias/app"),
            named("4", "arn:aws:kms:us-east-1:111122223333:alias/app"),
        ],
        &[
            "10:00  Decrypt none 1",
            "10:00 1234abcd-12ab-34cd-56ef-1234567890ab Decrypt key-id 1",
            "10:00 alias/app Decrypt alias 1",
            "10:00 arn:aws:kms:us-east-1:111122223333:alias/app Decrypt alias 1",
        ],
    );
}

#[test]
fn a_re_encrypt_counts_for_both_keys_and_once_if_they_are_one() {
    let call = |id: &str| Record::call("ReEncrypt").id(id);
    assert_minutes(
        &[
            call("1").key(KEY).key(KEY_2),
            call("2").key(KEY).key(KEY).at("10:01:00"),
            call("3").parameter("sourceKeyId", KEY).parameter("destinationKeyId", KEY_2).at("10:02:00"),
            call("4").key(KEY_2).at("10:03:00"),
        ],
        &[
            "10:00 key-2 ReEncrypt 1 0 0 0 0",
            "10:00 key ReEncrypt 1 0 0 0 0",
            "10:01 key ReEncrypt 1 0 0 0 0",
            "10:02 key-2 ReEncrypt 1 0 0 0 0",
            "10:02 key ReEncrypt 1 0 0 0 0",
            "10:03 key-2 ReEncrypt 1 0 0 0 0",
        ],
    );
}

#[test]
fn the_keys_region_is_the_arns_and_the_quotas_is_the_endpoints() {
    let (here, there) = (
        "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
        "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
    );
    let gave = gave(&[
        Record::call("Decrypt").key(here).id("1"),
        Record::call("Decrypt").key(there).id("2").with("awsRegion", "eu-west-1"),
        Record::call("Decrypt").key(there).id("3").with("awsRegion", "us-west-2"),
    ]);
    assert_eq!(gave.minutes, [format!("10:00 {there} Decrypt 2 0 0 0 0"), format!("10:00 {here} Decrypt 1 0 0 0 0")]);
    let pools = ["eu-west-1", "us-east-1", "us-west-2"].map(|region| format!("{OWNER} {region} Symmetric"));
    assert_eq!(gave.pools, pools);
}

#[test]
fn keys_of_every_partition_count() {
    for key in ["arn:aws-cn:kms:cn-north-1:111122223333:key/a", "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/a"] {
        assert_minutes(&[Record::call("Encrypt").key(key).id("1")], &[&format!("10:00 {key} Encrypt 1 0 0 0 0")]);
    }
}
