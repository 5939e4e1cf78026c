//! What isn't a call: other records of KMS, and lifecycle facts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{assert_minutes, gave, ingested};
use crate::support::files;
use crate::support::record::{KEY, OWNER, Record};
use crate::support::stores::{ingest_path, passing_folder};

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
        .with(
            "serviceEventDetails",
            json!({"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "rotationType": "ON_DEMAND"}),
        )
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
        .with(
            "requestParameters",
            json!({"roleArn": "arn:aws:iam::1:role/r", "tags": [{"key": "team", "value": "data"}]}),
        )
        .with("responseElements", json!({"credentials": {"accessKeyId": "ASIAX", "sessionToken": "SECRET-TOKEN"}}))
        .id("1");
    let trail = passing_folder();
    let path = files::write(trail.path(), "log.json", &files::log_file(&[session.value()]));
    ingest_path(dir.path(), path);
    let store = keytide::store::Store::open_for_reading(dir.path()).unwrap();
    let all = keytide::domain::Second(u32::MAX);
    let facts = store.facts(keytide::domain::Second(0), all).unwrap();
    assert_eq!(facts.len(), 1);
    assert!(facts[0].details.contains("team") && facts[0].details.contains("role/r"), "{}", facts[0].details);
    assert!(!facts[0].details.contains("SECRET-TOKEN"));
}
