//! Repeats of a record and copies of a call.

use serde_json::json;

use super::{assert_minutes, gave, ingested};
use crate::support::files;
use crate::support::record::{GUEST, GUEST_KEY, KEY, Record};

#[test]
fn the_callers_and_the_owners_copy_are_one_call() {
    let call = Record::call("Decrypt").key(GUEST_KEY).id("callers").shared("both");
    assert_minutes(&[call.clone(), call.seen_by_owner(GUEST, "owners")], &["10:00 guest-key Decrypt 1 0 0 0 0"]);
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
