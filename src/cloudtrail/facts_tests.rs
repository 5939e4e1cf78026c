//! What is kept of lifecycle events, and which of their copies.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use serde_json::{Value, json};

use super::facts::{Fact, fact};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn event(name: &str, members: &Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11", "eventTime": "2026-01-05T10:00:00Z", "eventSource": "kms.amazonaws.com",
        "eventName": name, "awsRegion": "us-east-1", "eventID": "e", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/a", "accountId": "111122223333"},
    });
    record.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    record
}

fn kept(name: &str, members: &Value) -> Fact {
    fact(&event(name, members)).unwrap().unwrap()
}

#[test]
fn an_alias_names_its_key_by_arn_or_by_id_where_no_resource_does() {
    for id in [KEY, "1234abcd-12ab-34cd-56ef-1234567890ab"] {
        for name in ["CreateAlias", "UpdateAlias"] {
            let request = json!({"requestParameters": {"aliasName": "alias/app", "targetKeyId": id}});
            let fact = kept(name, &request);
            assert_eq!((fact.alias.as_str(), fact.key_arn.as_str()), ("alias/app", KEY), "{name} {id}");
        }
    }
}

#[test]
fn credentials_are_not_kept_whatever_their_case() {
    let request = json!({"requestParameters": {
        "customKeyStoreName": "n", "keyStorePassword": "hunter2", "KeyStorePassword": "hunter2",
        "keystorepassword": "hunter2", "rawSecretAccessKey": "hunter2",
        "xksProxyAuthenticationCredential": {"accessKeyId": "hunter2", "rawSecretAccessKey": "hunter2"},
    }});
    let fact = kept("CreateCustomKeyStore", &request);
    assert!(!fact.details.contains("hunter2"), "{}", fact.details);
    assert!(fact.details.contains("customKeyStoreName"), "{}", fact.details);
}

#[test]
fn what_restates_an_event_has_its_id() {
    let addendum = json!({"reason": "UPDATED_DATA", "updatedFields": "userAgent", "originalEventID": "first"});
    assert_eq!(kept("CreateGrant", &json!({"addendum": addendum})).event_id, "first");
    assert_eq!(kept("CreateGrant", &json!({"addendum": {"reason": "DELIVERY_DELAY"}})).event_id, "e");
}

#[test]
fn of_two_copies_one_tells_more_whichever_is_asked() {
    let owners = kept("CreateGrant", &json!({"eventID": "a", "userIdentity": {"type": "AWSAccount"}}));
    let callers = kept("CreateGrant", &json!({"eventID": "b"}));
    let restated = kept("CreateGrant", &json!({"eventID": "c", "addendum": {"originalEventID": "b"}}));
    let owners_restated = kept(
        "CreateGrant",
        &json!({"eventID": "d", "userIdentity": {"type": "AWSAccount"}, "addendum": {"originalEventID": "a"}}),
    );
    let ascending = [owners, owners_restated, callers, restated];
    for (place, fact) in ascending.iter().enumerate() {
        for (other_place, other) in ascending.iter().enumerate() {
            assert_eq!(fact.tells_more_than(other), place > other_place, "{place} {other_place}");
        }
    }
    // Nothing between them but the id.
    let [a, b] = ["a", "b"].map(|id| kept("CreateGrant", &json!({"eventID": id})));
    assert_eq!([a.tells_more_than(&b), b.tells_more_than(&a)], [true, false]);
}
