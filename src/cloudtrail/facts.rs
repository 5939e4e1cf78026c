//! Lifecycle facts: what happened to a key, an alias, a policy, a session, a trail.
//!
//! They are less than one record in a hundred, so they are kept whole enough that no later report needs a second
//! reading of the logs: the request, the response and the details as JSON, without credentials.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::call::second_of;
use super::reject::RejectReason;
use super::value::Unreadable;
use crate::domain::{KeyArn, NameSet, Second, partition};

/// KMS's event source.
pub(super) const KMS: &[u8] = b"kms.amazonaws.com";

/// KMS's events that change something, and GetParametersForImport, which starts an import though it only reads.
static KMS_EVENTS: NameSet<32> = NameSet::new([
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
]);

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
    // Most sources have none, and this is asked of nearly every record: a match takes a comparison or two.
    matches!(
        source,
        b"kms.amazonaws.com"
            | b"cloudtrail.amazonaws.com"
            | b"iam.amazonaws.com"
            | b"s3.amazonaws.com"
            | b"sts.amazonaws.com"
    )
}

/// Whether the event is a fact.
pub(super) fn is_kept(source: &[u8], name: &[u8]) -> bool {
    if source == KMS {
        return KMS_EVENTS.place_of(name).is_some();
    }
    let names = OTHER_EVENTS.iter().find(|(known, _)| known.as_bytes() == source).map_or(&[][..], |(_, names)| names);
    names.iter().any(|known| known.as_bytes() == name)
}

/// One lifecycle fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// When.
    pub second: Second,
    /// `eventID`, empty if the record has none. What restates an event has that event's.
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
    /// Of a session what it is known by: see `session`.
    pub session: Option<u128>,
}

/// The longest details kept, in bytes: a key policy has 32 KB, CloudTrail's own bound on a request is 100 KB.
const DETAILS_BYTES_MAX: usize = 256 * 1024;

impl Fact {
    /// Whether this copy of an event tells more than another: who did it, where the key owner's copy names only the
    /// account; or what a later record put right. Of copies that tell the same the one with the smaller id is taken to,
    /// so that it doesn't matter which comes first.
    pub fn tells_more_than(&self, other: &Fact) -> bool {
        let worth = |fact: &Fact| {
            // Details are written here; what can't be read tells nothing.
            let told: Told = serde_json::from_str(&fact.details).unwrap_or_default();
            let is_reduced = told.identity.and_then(|identity| identity.kind).as_deref() == Some("AWSAccount");
            let is_restated = told.addendum.is_some_and(|addendum| addendum.original_event_id.is_some());
            (!is_reduced, is_restated)
        };
        if self.event_id == other.event_id && self.details == other.details {
            return false;
        }
        (worth(self), &other.event_id) > (worth(other), &self.event_id)
    }
}

/// What of a fact's details says how much they tell.
#[derive(Default, Deserialize)]
struct Told<'d> {
    #[serde(borrow, rename = "userIdentity")]
    identity: Option<Who<'d>>,
    addendum: Option<Addendum>,
}

#[derive(Deserialize)]
struct Who<'d> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'d, str>>,
}

#[derive(Deserialize)]
struct Addendum {
    #[serde(rename = "originalEventID")]
    original_event_id: Option<IgnoredAny>,
}

/// Members that are credentials or as good as them, in whatever case CloudTrail Lake spells them.
const SECRET: &[&str] = &[
    "keyStorePassword",
    "password",
    "rawSecretAccessKey",
    "secretAccessKey",
    "sessionToken",
    "xksProxyAuthenticationCredential",
];

/// The fact that a record is; `None` for a session that neither carries tags nor chains roles.
pub(super) fn fact(record: &Value) -> Result<Option<Fact>, Unreadable> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or("");
    let (event_source, event_name) = (text("eventSource"), text("eventName"));
    if !is_kept(event_source.as_bytes(), event_name.as_bytes()) {
        return Ok(None);
    }
    if event_source.as_bytes() == STS {
        return session(record);
    }
    let second = second_of(text("eventTime").as_bytes())?;
    let identity = record.get("userIdentity").unwrap_or(&Value::Null);
    let who = |name: &str| identity.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let account = Some(text("recipientAccountId")).filter(|id| !id.is_empty()).or(who("accountId"));
    let request = record.get("requestParameters").unwrap_or(&Value::Null);
    let restated = record.pointer("/addendum/originalEventID").and_then(Value::as_str).filter(|id| !id.is_empty());
    Ok(Some(Fact {
        second,
        event_id: restated.unwrap_or(text("eventID")).to_owned(),
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
        session: None,
    }))
}

/// STS's event source.
pub(super) const STS: &[u8] = b"sts.amazonaws.com";

/// The members of a request for a session that tell something about the calls made in it.
pub(super) const SESSION_MEMBERS: [&str; 5] =
    ["tags", "principalTags", "transitiveTagKeys", "incomingTransitiveTags", "sourceIdentity"];

/// The place of a member of a request for a session among [`SESSION_MEMBERS`].
pub(super) fn session_member(name: &[u8]) -> Option<usize> {
    SESSION_MEMBERS.iter().position(|member| member.as_bytes() == name)
}

/// The fact that a request for a session is, if it tells something: tags, a source identity, or a role assumed by a
/// role. Roles are assumed all the time with the same tags, so what is kept is that it happened on a day, once,
/// whatever record shows it first: such a fact has the day's first second, and no event id.
fn session(record: &Value) -> Result<Option<Fact>, Unreadable> {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    let mut told = Map::new();
    let request = record.get("requestParameters").unwrap_or(&Value::Null);
    for name in SESSION_MEMBERS {
        if let Some(value) = request.get(name).filter(|value| !value.is_null()) {
            told.insert(name.to_owned(), value.clone());
        }
    }
    let chained = text("/userIdentity/type") == "AssumedRole";
    if told.is_empty() && !chained {
        return Ok(None);
    }
    told.insert("roleArn".to_owned(), text("/requestParameters/roleArn").into());
    let arn = [text("/userIdentity/sessionContext/sessionIssuer/arn"), text("/userIdentity/arn")];
    let service = [text("/userIdentity/invokedBy"), text("/userIdentity/principalId")];
    let actor = arn.into_iter().chain(service).find(|name| !name.is_empty()).unwrap_or("");
    let second = second_of(text("/eventTime").as_bytes())?;
    let account = [text("/recipientAccountId"), text("/userIdentity/accountId")];
    let mut fact = Fact {
        second: Second(second.day() * 86_400),
        event_id: String::new(),
        shared_event_id: String::new(),
        event_source: text("/eventSource").to_owned(),
        event_name: text("/eventName").to_owned(),
        account: account.into_iter().find(|id| !id.is_empty()).unwrap_or("").to_owned(),
        region: text("/awsRegion").to_owned(),
        key_arn: String::new(),
        alias: String::new(),
        actor: actor.to_owned(),
        error_code: text("/errorCode").to_owned(),
        details: Value::Object(told).to_string(),
        session: None,
    };
    let Fact { second, event_name, account, region, actor, error_code, details, .. } = &fact;
    let known_by = [event_name, account, region, actor, error_code, details].map(String::as_str).join("\n");
    fact.session = Some(xxh3_128_with_seed(known_by.as_bytes(), u64::from(second.0)));
    Ok(Some(fact))
}

/// The key concerned: named by `resources`, the response, the request, a service event's details, or as an alias's.
fn key_arn(record: &Value, account: &str) -> String {
    let is_key = |text: &&str| KeyArn::parse(text).is_some();
    let resources = record.get("resources").and_then(Value::as_array).into_iter().flatten();
    let listed = resources.filter_map(|r| r.get("ARN").or_else(|| r.get("arn"))?.as_str()).find(is_key);
    let at = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    let told = ["/responseElements/keyId", "/responseElements/keyMetadata/arn", "/requestParameters/keyId"];
    if let Some(arn) = listed.or_else(|| told.iter().filter_map(|pointer| at(pointer)).find(is_key)) {
        return arn.to_owned();
    }
    // An alias and its key are of the same account and Region.
    let id = at("/serviceEventDetails/keyId").or(at("/requestParameters/targetKeyId"));
    match (id, at("/awsRegion")) {
        (Some(arn), _) if KeyArn::parse(arn).is_some() => arn.to_owned(),
        (Some(id), Some(region)) if !account.is_empty() => {
            format!("arn:{}:kms:{region}:{account}:key/{id}", partition(region))
        }
        _ => String::new(),
    }
}

/// What is kept of a record beside the fields of a [`Fact`], in the order of JSON's maps.
const DETAILS: [&str; 9] = [
    "additionalEventData",
    "addendum",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "serviceEventDetails",
    "sourceIPAddress",
    "userIdentity",
    "vpcEndpointId",
];

fn details(record: &Value) -> Result<String, Unreadable> {
    let told = DETAILS.iter().filter_map(|&name| Some((name, record.get(name).filter(|value| !value.is_null())?)));
    let text = serde_json::to_string(&Members(told.collect())).expect("what was JSON can be written as JSON");
    if text.len() > DETAILS_BYTES_MAX {
        return Err((RejectReason::TooLarge, format!("{} bytes of details in a lifecycle event", text.len())));
    }
    Ok(text)
}

/// Members of an object, written without secrets.
struct Members<'v>(Vec<(&'v str, &'v Value)>);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|&(name, value)| (name, WithoutSecrets(value))))
    }
}

/// A value, written without secrets.
struct WithoutSecrets<'v>(&'v Value);

impl Serialize for WithoutSecrets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => {
                let told =
                    map.iter().filter(|(name, _)| !SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(name)));
                serializer.collect_map(told.map(|(name, value)| (name, WithoutSecrets(value))))
            }
            Value::Array(list) => serializer.collect_seq(list.iter().map(WithoutSecrets)),
            other => other.serialize(serializer),
        }
    }
}
