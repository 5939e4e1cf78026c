//! What isn't a call: other records of KMS, and lifecycle facts.

use std::collections::BTreeMap;

use keytide::cloudtrail::Fact;
use keytide::domain::Second;
use keytide::store::Store;
use serde_json::{Value, json};

use super::{assert_minutes, gave, ingested};
use crate::support::files;
use crate::support::record::{GUEST, KEY, OWNER, Record};
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
    let store = Store::open_for_reading(dir.path()).unwrap();
    let facts = store.facts(Second(0), Second(u32::MAX)).unwrap();
    assert_eq!(facts.len(), 1);
    assert!(facts[0].details.contains("team") && facts[0].details.contains("role/r"), "{}", facts[0].details);
    assert!(!facts[0].details.contains("SECRET-TOKEN"));
}

/// Ingests log files one after the other, and reads the facts.
fn facts_of(files: &[&[Record]]) -> Vec<Fact> {
    let (dir, trail) = (passing_folder(), passing_folder());
    for (number, records) in files.iter().enumerate() {
        let records: Vec<Value> = records.iter().map(Record::value).collect();
        let path = files::write(trail.path(), &format!("{number}.json"), &files::log_file(&records));
        ingest_path(dir.path(), path);
    }
    let store = Store::open_for_reading(dir.path()).unwrap();
    store.facts(Second(0), Second(u32::MAX)).unwrap()
}

#[test]
fn of_a_grant_in_two_trails_the_copy_that_names_the_caller_stays_whatever_the_order() {
    let grant = Record::call("CreateGrant").key(KEY).id("callers").shared("both").with("recipientAccountId", GUEST);
    let callers = grant.clone().identity("arn", "arn:aws:sts::444455556666:assumed-role/admin/bob");
    let owners = grant.seen_by_owner(OWNER, "owners");
    let (callers, owners) = ([callers], [owners]);
    let both = [callers.clone(), owners.clone()].concat();
    for files in [vec![&callers[..], &owners], vec![&owners, &callers], vec![&both], vec![&owners, &callers, &owners]] {
        let facts = facts_of(&files);
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].actor, "arn:aws:sts::444455556666:assumed-role/admin/bob");
        assert_eq!((facts[0].event_id.as_str(), facts[0].account.as_str()), ("callers", GUEST));
    }
}

#[test]
fn a_restated_grant_is_the_same_grant_and_the_restatement_stays_whatever_the_order() {
    let grant = Record::call("CreateGrant").key(KEY).id("1");
    let addendum = json!({"reason": "UPDATED_DATA", "updatedFields": "sourceIPAddress", "originalEventID": "1"});
    let restated = grant.clone().id("2").with("addendum", addendum).with("sourceIPAddress", "198.51.100.7");
    let (first, second) = ([grant], [restated]);
    for files in [[&first[..], &second], [&second, &first]] {
        let facts = facts_of(&files);
        assert_eq!(facts.iter().map(|fact| fact.event_id.as_str()).collect::<Vec<_>>(), ["1"]);
        assert!(facts[0].details.contains("198.51.100.7"), "{}", facts[0].details);
    }
}

#[test]
fn large_details_are_committed_before_they_fill_the_memory() {
    let (dir, trail) = (passing_folder(), passing_folder());
    let policy = "x".repeat(200_000);
    for file in 0..3 {
        let facts: Vec<Value> = (0..84)
            .map(|number| Record::call("PutKeyPolicy").key(KEY).id(&format!("{file}-{number}")))
            .map(|record| record.parameter("policy", policy.as_str()).value())
            .collect();
        files::write(trail.path(), &format!("{file}.json"), &files::log_file(&facts));
    }
    let report = ingest_path(dir.path(), trail.path().to_owned());
    // Each file has 16.8 MB of details: two make a batch.
    assert_eq!((report.new_facts, report.batches), (252, 2));
}
