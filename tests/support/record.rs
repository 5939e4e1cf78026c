//! CloudTrail records of KMS, built from what a test cares about.

use serde_json::{Map, Value, json};

/// The account that owns [`KEY`].
pub const OWNER: &str = "111122223333";
/// Another account.
pub const GUEST: &str = "444455556666";
/// A symmetric key.
pub const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// A second key of the same account.
pub const KEY_2: &str = "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321";
/// A key of [`GUEST`].
pub const GUEST_KEY: &str = "arn:aws:kms:us-east-1:444455556666:key/aaaabbbb-1111-2222-3333-ccccddddeeee";

/// A record, begun as a successful call by a role.
#[derive(Clone)]
pub struct Record(Map<String, Value>);

impl Record {
    /// A successful call at 2026-01-05T10:00:00Z, without resources and ids.
    pub fn call(operation: &str) -> Self {
        let record = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLE:session",
                "arn": format!("arn:aws:sts::{OWNER}:assumed-role/app/session"),
                "accountId": OWNER,
                "sessionContext": {
                    "sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{OWNER}:role/app"), "accountId": OWNER},
                    "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-01-05T09:00:00Z"}
                }
            },
            "eventTime": "2026-01-05T10:00:00Z",
            "eventSource": "kms.amazonaws.com",
            "eventName": operation,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "aws-sdk",
            "requestParameters": {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
            "responseElements": null,
            "readOnly": true,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": OWNER,
            "eventCategory": "Management"
        });
        let Value::Object(members) = record else { unreachable!("written as an object") };
        Self(members)
    }

    /// A Decrypt under [`KEY`] with this event id.
    pub fn decrypt(event_id: &str) -> Self {
        Self::call("Decrypt").key(KEY).id(event_id)
    }

    /// With a member, replacing one of that name.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Without a member.
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// With the time of day on 2026-01-05, `10:00:00`.
    pub fn at(self, time: &str) -> Self {
        self.with("eventTime", format!("2026-01-05T{time}Z"))
    }

    /// With one more key among its resources.
    pub fn key(self, arn: &str) -> Self {
        let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
        self.resource(json!({"accountId": account, "type": "AWS::KMS::Key", "ARN": arn}))
    }

    /// With one more entry among its resources.
    pub fn resource(mut self, entry: Value) -> Self {
        let resources = self.0.entry("resources").or_insert_with(|| json!([]));
        resources.as_array_mut().expect("resources are a list").push(entry);
        self
    }

    /// With an `eventID`.
    pub fn id(self, id: &str) -> Self {
        self.with("eventID", id)
    }

    /// With a `sharedEventID`.
    pub fn shared(self, id: &str) -> Self {
        self.with("sharedEventID", id)
    }

    /// With an `errorCode`.
    pub fn error(self, code: &str) -> Self {
        self.with("errorCode", code)
    }

    /// With one more request parameter.
    pub fn parameter(mut self, name: &str, value: impl Into<Value>) -> Self {
        let parameters = self.0.entry("requestParameters").or_insert_with(|| json!({}));
        parameters.as_object_mut().expect("parameters are an object").insert(name.to_owned(), value.into());
        self
    }

    /// With a member of `userIdentity`.
    pub fn identity(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0["userIdentity"][name] = value.into();
        self
    }

    /// As the trail of the key's owner shows the call of a foreign account: of the caller only the account is left.
    pub fn seen_by_owner(self, owner: &str, event_id: &str) -> Self {
        let caller = self.0["userIdentity"]["accountId"].clone();
        self.with("userIdentity", json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": caller}))
            .with("recipientAccountId", owner)
            .without("vpcEndpointId")
            .id(event_id)
    }

    /// The record.
    pub fn value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

impl From<Record> for Value {
    fn from(record: Record) -> Self {
        Value::Object(record.0)
    }
}
