//! The rules of counting, a small trail each.
//!
//! Expected rows are stated by hand, from AWS's documentation of CloudTrail's records and CloudWatch's metrics. Where the
//! variable `KEYTIDE_SAMPLES` names a folder of published samples, each set of it must give its `expected/SET.counts.csv`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::files;
use crate::support::record::{GUEST, GUEST_KEY, KEY, KEY_2, OWNER, Record};
use crate::support::skipped;
use crate::support::stores::{ingest_path, passing_folder, said_by};

/// What a trail gave.
struct Gave {
    /// `10:00 key Decrypt 1 0 0 0 0`, keys by their names below.
    minutes: Vec<String>,
    /// `10:00 alias/app Decrypt alias 1`.
    unattributed: Vec<String>,
    /// `account principal service resource endpoint`, each once.
    callers: Vec<String>,
    /// `account Region pool`, each once.
    pools: Vec<String>,
    /// Event names of the lifecycle facts.
    facts: Vec<String>,
    /// Records set aside, by reason.
    rejects: BTreeMap<&'static str, u64>,
    /// Objects that could not be read.
    quarantined: Vec<String>,
}

/// Ingests files, each of some bytes.
fn ingested(contents: &[(&str, Vec<u8>)]) -> Gave {
    let (trail, dir) = (passing_folder(), passing_folder());
    for (name, content) in contents {
        files::write(trail.path(), name, content);
    }
    let report = ingest_path(dir.path(), trail.path().to_owned());
    let said = said_by(dir.path());
    let table = |csv: &str| csv.lines().skip(1).map(|line| short(&line.replace(',', " "))).collect();
    let each = |names: Vec<String>| names.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let caller = |line: &String| {
        let fields: Vec<&str> = line.split(' ').collect();
        fields[1..6].join(" ").replace(OWNER, "owner").replace(GUEST, "guest").trim_end().to_owned()
    };
    Gave {
        minutes: table(&said.minutes),
        unattributed: table(&said.unattributed),
        callers: each(said.callers.keys().map(caller).collect()),
        pools: each(said.seconds.keys().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()),
        facts: said.facts.iter().map(|fact| short(fact.split_once(' ').unwrap().1)).collect(),
        rejects: report.rejects,
        quarantined: report.quarantined.into_iter().map(|(_, detail)| detail).collect(),
    }
}

/// Names for people instead of ARNs and dates.
fn short(line: &str) -> String {
    let names = [(KEY, "key"), (KEY_2, "key-2"), (GUEST_KEY, "guest-key"), ("2026-01-05T", ""), (":00Z", "")];
    names.iter().fold(line.to_owned(), |line, (long, short)| line.replace(long, short))
}

/// Ingests one log file of these records.
fn gave(records: &[Record]) -> Gave {
    let records: Vec<Value> = records.iter().map(Record::value).collect();
    ingested(&[("log.json.gz", files::gzip(&files::log_file(&records)))])
}

/// Asserts the minute counts of one log file, and that nothing else came of it.
fn assert_minutes(records: &[Record], expected: &[&str]) {
    let gave = gave(records);
    assert_eq!(gave.minutes, expected);
    assert_eq!(gave.unattributed, [""; 0]);
    assert_eq!(gave.rejects, BTreeMap::new());
}

/// Asserts what is unattributed, and that nothing else came of it.
fn assert_unattributed(records: &[Record], expected: &[&str]) {
    let gave = gave(records);
    assert_eq!((gave.unattributed, gave.minutes), (expected.iter().map(ToString::to_string).collect(), vec![]));
}

// Outcomes

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
fn other_requests_to_kms_use_quota_and_count_for_no_key() {
    let gave = gave(&[Record::call("DescribeKey").key(KEY).id("1"), Record::call("ListKeys").id("2")]);
    assert_eq!(gave.minutes, [""; 0]);
    assert_eq!(gave.pools, [format!("{OWNER} us-east-1 DescribeKey"), format!("{OWNER} us-east-1 ListKeys")]);
}

// Repeats and copies

#[test]
fn the_callers_and_the_owners_copy_are_one_call() {
    let call = Record::call("Decrypt").key(GUEST_KEY).id("callers").shared("both");
    assert_minutes(
        &[call.clone(), call.as_owner_sees_it(GUEST, "owners")],
        &["10:00 guest-key Decrypt 1 0 0 0 0"],
    );
}

#[test]
fn a_shared_id_without_a_second_copy_counts_as_any_call() {
    let service = json!({"type": "AWSService", "invokedBy": "dynamodb.amazonaws.com"});
    let record = Record::decrypt("1").shared("with-aws").with("userIdentity", service);
    let gave = gave(&[record]);
    assert_eq!(gave.minutes, ["10:00 key Decrypt 1 0 0 0 0"]);
    assert_eq!(gave.callers, ["  dynamodb.amazonaws.com"]);
}

#[test]
fn an_insight_event_is_no_call_though_it_shares_an_id_with_another() {
    let insight = |id: &str, state: &str| {
        Record::call("Decrypt")
            .id(id)
            .shared("start-and-end")
            .with("eventType", "AwsCloudTrailInsight")
            .with("eventCategory", "Insight")
            .with("insightDetails", json!({"state": state, "eventSource": "kms.amazonaws.com", "eventName": "Decrypt"}))
    };
    assert_minutes(&[insight("1", "Start"), insight("2", "End")], &[]);
}

#[test]
fn two_trails_that_deliver_the_same_event_count_it_once() {
    let record = Record::decrypt("1").value();
    let first = files::gzip(&files::log_file(std::slice::from_ref(&record)));
    let second = files::log_file(&[Record::decrypt("2").value(), record]);
    let gave = ingested(&[("AWSLogs/1/a.json.gz", first), ("AWSLogs/o-1/1/b.json", second)]);
    assert_eq!(gave.minutes, ["10:00 key Decrypt 2 0 0 0 0"]);
}

#[test]
fn an_event_repeated_in_one_file_counts_once_and_events_without_ids_each() {
    assert_minutes(&[Record::decrypt("1"), Record::decrypt("1")], &["10:00 key Decrypt 1 0 0 0 0"]);
    let nameless = Record::call("Decrypt").key(KEY);
    assert_minutes(&[nameless.clone(), nameless], &["10:00 key Decrypt 2 0 0 0 0"]);
}

#[test]
fn an_addendum_restates_a_call_and_counts_it_no_second_time() {
    let addendum = json!({"reason": "UPDATED_DATA", "updatedFields": "userAgent", "originalEventID": "1"});
    let records = [Record::decrypt("2").with("addendum", addendum), Record::decrypt("1")];
    assert_minutes(&records, &["10:00 key Decrypt 1 0 0 0 0"]);
    let late = json!({"reason": "DELIVERY_DELAY"});
    assert_minutes(&[Record::decrypt("3").with("addendum", late)], &["10:00 key Decrypt 1 0 0 0 0"]);
}

#[test]
fn a_denied_call_from_another_account_counts_from_the_callers_copy_alone() {
    let record = Record::call("Decrypt").key(GUEST_KEY).id("1").error("AccessDenied");
    assert_minutes(&[record], &["10:00 guest-key Decrypt 0 0 1 0 0"]);
}

// Which key

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
            Record::call("Decrypt").id("4").resource(json!({"ARN": "arn:aws:s3:::lake", "type": "AWS::S3::Bucket"})).key(KEY),
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

// Who called

#[test]
fn callers_are_named_without_their_session() {
    let lambda = json!({"aws:lambda:FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:f"});
    let infrastructure = json!({
        "type": "AssumedRole", "accountId": OWNER,
        "arn": format!("arn:aws:sts::{OWNER}:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0"),
        "sessionContext": {"sessionIssuer": {"arn": format!("arn:aws:iam::{OWNER}:role/aws:ec2-infrastructure")}}
    });
    let user = json!({"type": "IAMUser", "accountId": OWNER, "arn": format!("arn:aws:iam::{OWNER}:user/alice"),
        "sessionContext": {"sessionIssuer": {}, "webIdFederationData": {}}});
    let cases: &[(Record, &str)] = &[
        (Record::decrypt("1"), "owner arn:aws:iam::owner:role/app"),
        (Record::decrypt("2").with("vpcEndpointId", "vpce-1"), "owner arn:aws:iam::owner:role/app   vpce-1"),
        (Record::decrypt("3").with("userIdentity", user.clone()), "owner arn:aws:iam::owner:user/alice"),
        // An empty sessionIssuer is what forward access sessions of users have; the service is told by the context.
        (
            Record::decrypt("4")
                .with("userIdentity", user)
                .identity("invokedBy", "AWS Internal")
                .with("vpcEndpointId", "vpce-of-the-service")
                .parameter("encryptionContext", json!({"PARAMETER_ARN": "arn:aws:ssm:us-east-1:1:parameter/p"})),
            "owner arn:aws:iam::owner:user/alice ssm.amazonaws.com arn:aws:ssm:us-east-1:1:parameter/p",
        ),
        (
            Record::decrypt("5").identity("invokedBy", "fas.s3.amazonaws.com"),
            "owner arn:aws:iam::owner:role/app s3.amazonaws.com",
        ),
        (
            Record::decrypt("6").identity("invokedBy", "internal.amazonaws.com").parameter("encryptionContext", lambda),
            "owner arn:aws:iam::owner:role/app lambda.amazonaws.com arn:aws:lambda:us-east-1:owner:function:f",
        ),
        (
            Record::decrypt("7")
                .with("userIdentity", infrastructure)
                .parameter("encryptionContext", json!({"aws:ebs:id": "vol-1"})),
            "owner arn:aws:iam::owner:role/aws:ec2-infrastructure  ebs:vol-1",
        ),
        (
            Record::decrypt("8").with("userIdentity", json!({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"})),
            "  cloudtrail.amazonaws.com",
        ),
        (Record::decrypt("9").with("userIdentity", Value::Null).without("userIdentity"), "owner"),
    ];
    for (record, caller) in cases {
        let gave = gave(std::slice::from_ref(record));
        assert_eq!((&gave.callers, &gave.rejects), (&vec![(*caller).to_owned()], &BTreeMap::new()));
    }
}

#[test]
fn texts_in_the_place_of_truth_values_are_no_reason_to_set_a_record_aside() {
    let record = Record::decrypt("1")
        .with("sessionCredentialFromConsole", "true")
        .with("readOnly", "true")
        .with("managementEvent", "true")
        .with("tlsDetails", "none")
        .with("anythingNew", json!([1, {"x": null}]));
    assert_minutes(&[record], &["10:00 key Decrypt 1 0 0 0 0"]);
}

#[test]
fn only_time_source_and_name_are_needed() {
    let bare = json!({"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "eventTime": "2026-01-05T10:00:00Z",
        "resources": [{"ARN": KEY}]});
    let gave = ingested(&[("log.json", files::log_file(&[bare]))]);
    assert_eq!(gave.minutes, ["10:00 key Decrypt 1 0 0 0 0"]);
}

#[test]
fn quotes_escapes_and_json_inside_a_text_are_text() {
    let trap = r#"quote " brace { ] backslash \ {"eventSource":"kms.amazonaws.com","eventName":"Encrypt"}"#;
    let record = Record::decrypt("1").with("userAgent", trap).with("errorMessage", "é\u{0}\u{2028}😀");
    let escaped = Record::decrypt("2").parameter("encryptionContext", json!({trap: trap}));
    assert_minutes(&[record, escaped], &["10:00 key Decrypt 2 0 0 0 0"]);
}

// What isn't a call

#[test]
fn network_activity_and_aggregated_events_describe_calls_and_are_none() {
    for kind in ["AwsVpceEvent", "AwsVpceEvents", "AwsAggregatedEvent"] {
        assert_minutes(&[Record::decrypt("1").with("eventType", kind)], &[]);
    }
    for category in ["NetworkActivity", "Insight", "Aggregated", "Data"] {
        assert_minutes(&[Record::decrypt("1").with("eventCategory", category)], &[]);
    }
}

#[test]
fn records_of_other_services_count_for_nothing() {
    let other = Record::decrypt("1").with("eventSource", "s3.amazonaws.com").with("eventName", "GetObject");
    assert_minutes(&[other, Record::decrypt("2")], &["10:00 key Decrypt 1 0 0 0 0"]);
}

#[test]
fn digest_files_are_known_for_what_they_are() {
    let digest = json!({"awsAccountId": OWNER, "digestStartTime": "2026-01-05T09:00:00Z",
        "digestEndTime": "2026-01-05T10:00:00Z", "digestS3Bucket": "b", "digestS3Object": "o",
        "digestSignatureAlgorithm": "SHA256withRSA", "logFiles": [{"s3Bucket": "b", "s3Object": "o",
        "hashValue": "0", "hashAlgorithm": "SHA-256", "newestEventTime": "2026-01-05T10:00:00Z"}]});
    let content = files::gzip(digest.to_string().as_bytes());
    let gave = ingested(&[("AWSLogs/1/CloudTrail-Digest/us-east-1/d.json.gz", content)]);
    assert_eq!((gave.minutes, gave.rejects, gave.quarantined), (vec![], BTreeMap::new(), vec![]));
}

#[test]
fn a_replicas_creation_looks_like_a_users_call_and_is_a_fact() {
    let gave = gave(&[
        Record::call("CreateKey").key(KEY).id("1").identity("invokedBy", "kms.amazonaws.com"),
        Record::call("SynchronizeMultiRegionKey").key(KEY).id("2").with("requestParameters", Value::Null),
        Record::call("ReplicateKey").key(KEY).id("3"),
    ]);
    assert_eq!(gave.minutes, [""; 0]);
    assert_eq!(gave.facts, ["CreateKey key", "ReplicateKey key", "SynchronizeMultiRegionKey key"]);
}

#[test]
fn a_rotation_on_demand_and_its_completion_are_two_facts() {
    let completed = Record::call("RotateKey")
        .with("eventType", "AwsServiceEvent")
        .with("userIdentity", json!({"accountId": OWNER, "invokedBy": "AWS Internal"}))
        .with("requestParameters", Value::Null)
        .with("serviceEventDetails", json!({"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "rotationType": "ON_DEMAND"}))
        .id("2");
    let gave = gave(&[Record::call("RotateKeyOnDemand").key(KEY).id("1"), completed]);
    assert_eq!(gave.facts, ["RotateKey key", "RotateKeyOnDemand key"]);
}

#[test]
fn an_import_is_three_facts_though_its_first_step_only_reads() {
    let import = |name: &str, id: &str| Record::call(name).key(KEY).id(id);
    let gave = gave(&[
        import("GetParametersForImport", "1"),
        import("ImportKeyMaterial", "2").parameter("validTo", "Jan 6, 2026, 10:00:00 AM"),
        import("DeleteExpiredKeyMaterial", "3").with("eventType", "AwsServiceEvent").without("userIdentity"),
    ]);
    assert_eq!(gave.facts, ["DeleteExpiredKeyMaterial key", "GetParametersForImport key", "ImportKeyMaterial key"]);
}

#[test]
fn a_session_with_tags_is_a_fact_and_keeps_no_credentials() {
    let dir = passing_folder();
    let session = Record::call("AssumeRole")
        .with("eventSource", "sts.amazonaws.com")
        .with("requestParameters", json!({"roleArn": "arn:aws:iam::1:role/r", "tags": [{"key": "team", "value": "data"}]}))
        .with("responseElements", json!({"credentials": {"accessKeyId": "ASIAX", "sessionToken": "SECRET-TOKEN"}}))
        .id("1");
    let trail = passing_folder();
    let path = files::write(trail.path(), "log.json", &files::log_file(&[session.value()]));
    ingest_path(dir.path(), path);
    let store = keytide::store::Store::open_for_reading(dir.path()).unwrap();
    let all = keytide::domain::Second(u32::MAX);
    let facts = store.facts(keytide::domain::Second(0), all).unwrap();
    assert_eq!(facts.len(), 1);
    assert!(facts[0].details.contains("ASIAX") && facts[0].details.contains("team"), "{}", facts[0].details);
    assert!(!facts[0].details.contains("SECRET-TOKEN"));
}

// Files

#[test]
fn gzip_files_of_several_members_and_plain_ones_are_read_whole() {
    let line = |id: &str| format!("{}\n", Record::decrypt(id).value()).into_bytes();
    let members = [files::gzip(&line("1")), files::gzip(&line("2"))].concat();
    let gave = ingested(&[("a.ndjson.gz", members), ("b.ndjson", line("3")), ("c.json", line("1"))]);
    assert_eq!(gave.minutes, ["10:00 key Decrypt 3 0 0 0 0"]);
}

#[test]
fn a_log_file_without_records_is_no_problem() {
    for content in [r#"{"Records":null}"#, r#"{"Records":[]}"#, r#"[]"#] {
        let gave = ingested(&[("log.json", content.into())]);
        assert_eq!((gave.minutes, gave.rejects, gave.quarantined), (vec![], BTreeMap::new(), vec![]), "{content}");
    }
}

#[test]
fn a_huge_list_of_records_is_read_to_its_end() {
    let records: Vec<Value> = (0..20_000).map(|id| Record::decrypt(&id.to_string()).value()).collect();
    let gave = ingested(&[("log.json.gz", files::gzip(&files::log_file(&records)))]);
    assert_eq!(gave.minutes, ["10:00 key Decrypt 20000 0 0 0 0"]);
}

#[test]
fn a_record_counts_alike_in_every_envelope() {
    let record = Record::decrypt("1").value();
    let text = record.to_string();
    let event = json!({"EventId": "1", "EventTime": 1_767_607_200, "CloudTrailEvent": text});
    let bridge = json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.kms", "detail": record});
    let logs = json!({"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1, "message": text}]});
    let contents: Vec<(&str, Vec<u8>)> = vec![
        ("array.json", json!([record]).to_string().into()),
        ("lookup.json", json!({"Events": [event]}).to_string().into()),
        ("bridge.json", bridge.to_string().into()),
        ("logs.json", logs.to_string().into()),
        ("export.log", format!("2026-01-05T10:00:01.000Z {text}\n").into()),
        ("pretty.json", serde_json::to_string_pretty(&json!({"Records": [record]})).unwrap().into()),
    ];
    for one in &contents {
        let gave = ingested(std::slice::from_ref(one));
        assert_eq!(gave.minutes, ["10:00 key Decrypt 1 0 0 0 0"], "{}", one.0);
    }
    assert_eq!(ingested(&contents).minutes, ["10:00 key Decrypt 1 0 0 0 0"], "all of them");
}

// Published samples

#[test]
fn published_samples_give_what_they_say() {
    let Some(samples) = std::env::var_os("KEYTIDE_SAMPLES").map(PathBuf::from) else {
        return skipped("published samples", "KEYTIDE_SAMPLES names no folder of them");
    };
    let mut checked = 0;
    for file in files::names_in(&samples.join("expected")) {
        let Some(set) = file.strip_suffix(".counts.csv").filter(|set| *set != "all") else { continue };
        check_set(&samples, set);
        checked += 1;
    }
    assert!(checked > 0, "{} has no expected/SET.counts.csv", samples.display());
}

fn check_set(samples: &Path, set: &str) {
    let dir = passing_folder();
    ingest_path(dir.path(), samples.join(set));
    let said = said_by(dir.path());
    let successful = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[3] != "0").then(|| fields[..4].join(","))
    };
    let counted: Vec<String> = said.minutes.lines().skip(1).filter_map(successful).collect();
    let expected = std::fs::read_to_string(samples.join(format!("expected/{set}.counts.csv"))).unwrap();
    assert_eq!(counted, expected.lines().skip(1).collect::<Vec<_>>(), "{set}");
}
