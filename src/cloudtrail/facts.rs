//! Lifecycle facts: what happened to a key, an alias, a policy, a session, a trail.
//!
//! They are less than one record in a hundred, so they are kept whole enough that no later report needs a second
//! reading of the logs: the request, the response and the details as JSON, without credentials.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::{Map, Value};

use super::call::second_of;
use super::reject::RejectReason;
use super::value::Unreadable;
use crate::domain::{KeyArn, Second};

/// KMS's event source.
pub(super) const KMS: &[u8] = b"kms.amazonaws.com";

/// KMS's events that change something, and GetParametersForImport, which starts an import though it only reads.
const KMS_EVENTS: &[&str] = &[
    "CancelKeyDeletion",
    "ConnectCustomKeyStore",
    "CreateAlias",
    "CreateCustomKeyStore",
    "CreateGrant",
    "CreateKey",
    "DeleteAlias",
    "DeleteCustomKeyStore",
    "DeleteExpiredKeyMaterial",
    "DeleteImportedKeyMaterial",
    "DeleteKey",
    "DisableKey",
    "DisableKeyRotation",
    "DisconnectCustomKeyStore",
    "EnableKey",
    "EnableKeyRotation",
    "GetParametersForImport",
    "ImportKeyMaterial",
    "PutKeyPolicy",
    "ReplicateKey",
    "RetireGrant",
    "RevokeGrant",
    "RotateKey",
    "RotateKeyOnDemand",
    "ScheduleKeyDeletion",
    "SynchronizeMultiRegionKey",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateCustomKeyStore",
    "UpdateKeyDescription",
    "UpdatePrimaryRegion",
];

/// Other services' events that say who may use keys, or whether the count is whole.
const OTHER_EVENTS: &[(&str, &[&str])] = &[
    (
        "cloudtrail.amazonaws.com",
        &["CreateTrail", "DeleteTrail", "PutEventSelectors", "StartLogging", "StopLogging", "UpdateTrail"],
    ),
    (
        "iam.amazonaws.com",
        &[
            "AttachRolePolicy",
            "CreateRole",
            "DeleteRole",
            "DetachRolePolicy",
            "PutRolePolicy",
            "TagRole",
            "UntagRole",
            "UpdateAssumeRolePolicy",
        ],
    ),
    ("s3.amazonaws.com", &["DeleteBucketPolicy", "PutBucketEncryption", "PutBucketPolicy"]),
    ("sts.amazonaws.com", &["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]),
];

/// Whether the event source has facts.
#[inline]
pub(super) fn is_source(source: &[u8]) -> bool {
    source == KMS || OTHER_EVENTS.iter().any(|(name, _)| name.as_bytes() == source)
}

/// Whether the event is a fact.
pub(super) fn is_kept(source: &[u8], name: &[u8]) -> bool {
    let names = match source {
        KMS => KMS_EVENTS,
        _ => OTHER_EVENTS.iter().find(|(known, _)| known.as_bytes() == source).map_or(&[][..], |(_, names)| names),
    };
    names.iter().any(|known| known.as_bytes() == name)
}

/// One lifecycle fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// When.
    pub second: Second,
    /// `eventID`, empty if the record has none.
    pub event_id: String,
    /// `sharedEventID`, empty if the record has none.
    pub shared_event_id: String,
    /// `eventSource`.
    pub event_source: String,
    /// `eventName`.
    pub event_name: String,
    /// The account whose trail has the record.
    pub account: String,
    /// `awsRegion`.
    pub region: String,
    /// The key concerned, empty if none is told.
    pub key_arn: String,
    /// The alias concerned (`alias/app`), empty if none.
    pub alias: String,
    /// Who did it: an ARN, or the service.
    pub actor: String,
    /// `errorCode`: a fact with one is an attempt.
    pub error_code: String,
    /// The request, the response and the rest, as JSON.
    pub details: String,
}

/// The longest details kept, in bytes: a key policy has 32 KB, CloudTrail's own bound on a request is 100 KB.
const DETAILS_BYTES_MAX: usize = 256 * 1024;

/// Members that are credentials or as good as them.
const SECRET: &[&str] = &["sessionToken", "secretAccessKey", "password", "xksProxyAuthenticationCredential"];

/// The fact that a record is; `None` for a session that neither carries tags nor chains roles.
pub(super) fn fact(record: &Value) -> Result<Option<Fact>, Unreadable> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or("");
    let (event_source, event_name) = (text("eventSource"), text("eventName"));
    if !is_kept(event_source.as_bytes(), event_name.as_bytes()) {
        return Ok(None);
    }
    if event_source == "sts.amazonaws.com" && !is_telling_session(record) {
        return Ok(None);
    }
    let second = second_of(text("eventTime").as_bytes())?;
    let identity = record.get("userIdentity").unwrap_or(&Value::Null);
    let who = |name: &str| identity.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let account = Some(text("recipientAccountId")).filter(|id| !id.is_empty()).or(who("accountId"));
    let request = record.get("requestParameters").unwrap_or(&Value::Null);
    Ok(Some(Fact {
        second,
        event_id: text("eventID").to_owned(),
        shared_event_id: text("sharedEventID").to_owned(),
        event_source: event_source.to_owned(),
        event_name: event_name.to_owned(),
        account: account.unwrap_or("").to_owned(),
        region: text("awsRegion").to_owned(),
        key_arn: key_arn(record, account.unwrap_or("")),
        alias: request.get("aliasName").and_then(Value::as_str).unwrap_or("").to_owned(),
        actor: who("arn").or(who("invokedBy")).or(who("principalId")).unwrap_or("").to_owned(),
        error_code: text("errorCode").to_owned(),
        details: details(record)?,
    }))
}

/// What a request for a session carries that tells something about the calls made in it.
const SESSION_MEMBERS: [&str; 5] =
    ["tags", "principalTags", "transitiveTagKeys", "incomingTransitiveTags", "sourceIdentity"];

/// Whether an STS session tells something about callers: tags, a source identity, or a role assumed by a role.
fn is_telling_session(record: &Value) -> bool {
    let request = record.get("requestParameters").unwrap_or(&Value::Null);
    let chained = record.pointer("/userIdentity/type").and_then(Value::as_str) == Some("AssumedRole");
    chained || SESSION_MEMBERS.iter().any(|name| request.get(name).is_some_and(|value| !value.is_null()))
}

/// Whether a record's text shows that it is a session of no interest, without reading it: it has none of the words that
/// [`is_telling_session`] looks for.
pub(super) fn is_untelling_session(source: &[u8], record: &[u8]) -> bool {
    source == b"sts.amazonaws.com" && TELLING.iter().all(|finder| finder.find(record).is_none())
}

/// What a session has in its text if [`is_telling_session`] holds; a backslash could hide any of them.
static TELLING: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| {
    let members = SESSION_MEMBERS.iter().chain(&["AssumedRole"]).map(|name| format!("\"{name}\""));
    members.chain(["\\".to_owned()]).map(|text| Finder::new(&text).into_owned()).collect()
});

/// The key concerned: named by `resources`, the response, the request, or a service event's details.
fn key_arn(record: &Value, account: &str) -> String {
    let is_key = |text: &&str| KeyArn::parse(text).is_some();
    let resources = record.get("resources").and_then(Value::as_array).into_iter().flatten();
    let listed = resources.filter_map(|r| r.get("ARN").or_else(|| r.get("arn"))?.as_str()).find(is_key);
    let at = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    let told = ["/responseElements/keyId", "/responseElements/keyMetadata/arn", "/requestParameters/keyId"];
    if let Some(arn) = listed.or_else(|| told.iter().filter_map(|pointer| at(pointer)).find(is_key)) {
        return arn.to_owned();
    }
    match (at("/serviceEventDetails/keyId"), at("/awsRegion")) {
        (Some(arn), _) if KeyArn::parse(arn).is_some() => arn.to_owned(),
        (Some(id), Some(region)) if !account.is_empty() => {
            format!("arn:{}:kms:{region}:{account}:key/{id}", partition(region))
        }
        _ => String::new(),
    }
}

/// The partition that a Region belongs to.
fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

fn details(record: &Value) -> Result<String, Unreadable> {
    let kept = [
        "userIdentity",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "serviceEventDetails",
        "errorMessage",
        "sourceIPAddress",
        "vpcEndpointId",
        "addendum",
    ];
    let mut details = Map::new();
    for name in kept {
        if let Some(value) = record.get(name).filter(|value| !value.is_null()) {
            details.insert(name.to_owned(), without_secrets(value));
        }
    }
    let text = Value::Object(details).to_string();
    if text.len() > DETAILS_BYTES_MAX {
        return Err((RejectReason::TooLarge, format!("{} bytes of details in a lifecycle event", text.len())));
    }
    Ok(text)
}

fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(name, _)| !SECRET.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), without_secrets(value)))
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(without_secrets).collect()),
        other => other.clone(),
    }
}
