//! The general reader: a record's fields out of any JSON value, with a reason for every one that can't be read.

use serde_json::Value;

use super::context;
use super::facts;
use super::fields::{Fields, Identity, Request, Resource};
use super::reject::RejectReason;

/// Why a record can't be read: the reason, and what was found.
pub(super) type Unreadable = (RejectReason, String);

/// The fields of a record. Of records that are not KMS's only the first few are read, and whatever they hold is no
/// error.
pub(super) fn fields(record: &Value) -> Result<Fields<'_>, Unreadable> {
    let object = Object::of(record, "the record")?.ok_or_else(|| not_an_object(record))?;
    let event_source = object.text("eventSource")?;
    let is_record = object.0.contains_key("eventVersion")
        || ["eventSource", "eventName", "eventTime"].iter().all(|name| object.0.contains_key(*name));
    if !is_record {
        let names: Vec<&str> = object.0.keys().take(4).map(String::as_str).collect();
        return Err((RejectReason::NotARecord, format!("an object with {}", shortened(&names.join(", ")))));
    }
    let mut fields = Fields { event_source, ..Fields::default() };
    if event_source != facts::KMS {
        fields.event_name = object.text("eventName").unwrap_or_default();
        fields.event_time = object.text("eventTime").unwrap_or_default();
        return Ok(fields);
    }
    fields.event_version = object.text("eventVersion")?;
    fields.event_time = object.text("eventTime")?;
    fields.event_name = object.text("eventName")?;
    fields.event_type = object.text("eventType")?;
    fields.event_category = object.text("eventCategory")?;
    fields.event_id = object.text("eventID")?;
    fields.shared_event_id = object.text("sharedEventID")?;
    fields.error_code = object.text("errorCode")?;
    fields.aws_region = object.text("awsRegion")?;
    fields.recipient_account_id = object.text("recipientAccountId")?;
    fields.vpc_endpoint_id = object.text("vpcEndpointId")?;
    if let Some(addendum) = object.object("addendum")? {
        fields.original_event_id = addendum.text("originalEventID")?;
    }
    if let Some(identity) = object.object("userIdentity")? {
        fields.identity = read_identity(identity)?;
    }
    if let Some(request) = object.object("requestParameters")? {
        fields.request = read_request(request)?;
    }
    fields.resources = read_resources(object)?;
    Ok(fields)
}

fn read_identity(object: Object<'_>) -> Result<Identity<'_>, Unreadable> {
    let mut identity = Identity {
        kind: object.text("type")?,
        arn: object.text("arn")?,
        account_id: object.text("accountId")?,
        invoked_by: object.text("invokedBy")?,
        ..Identity::default()
    };
    if let Some(session) = object.object("sessionContext")?
        && let Some(issuer) = session.object("sessionIssuer")?
    {
        identity.issuer_arn = issuer.text("arn")?;
    }
    Ok(identity)
}

fn read_request(object: Object<'_>) -> Result<Request<'_>, Unreadable> {
    let mut request = Request {
        key_id: object.text("keyId")?,
        source_key_id: object.text("sourceKeyId")?,
        destination_key_id: object.text("destinationKeyId")?,
        key_pair_spec: object.text("keyPairSpec")?,
        ..Request::default()
    };
    // In the order of the text, so that the last of several counts, as it does for the scanner.
    for (name, value) in object.0 {
        match name.as_str() {
            "encryptionAlgorithm"
            | "signingAlgorithm"
            | "macAlgorithm"
            | "keyAgreementAlgorithm"
            | "sourceEncryptionAlgorithm" => request.algorithm = text_of(value, name)?,
            "encryptionContext" | "sourceEncryptionContext" => request.context = read_context(value, name)?,
            _ => {}
        }
    }
    Ok(request)
}

/// An entry of an encryption context: key and value.
type Entry<'v> = (&'v [u8], &'v [u8]);

fn read_context<'v>(value: &'v Value, name: &str) -> Result<Option<Entry<'v>>, Unreadable> {
    // CloudTrail Lake gives the context as a text; it names no resource then, but the call still counts.
    if value.is_string() {
        return Ok(None);
    }
    let Some(object) = Object::of(value, name)? else { return Ok(None) };
    let mut best = None;
    for (key, value) in object.0 {
        best = context::better(best, key.as_bytes(), text_of(value, name)?);
    }
    Ok(best)
}

fn read_resources(object: Object<'_>) -> Result<Vec<Resource<'_>>, Unreadable> {
    let list = match object.0.get("resources") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(other) => return Err(wrong_type("resources", other)),
    };
    list.iter()
        .map(|entry| {
            let entry = Object::of(entry, "resources")?.ok_or_else(|| wrong_type("resources", entry))?;
            let upper = entry.text("ARN")?;
            let arn = if upper.is_empty() { entry.text("arn")? } else { upper };
            Ok(Resource { kind: entry.text("type")?, arn })
        })
        .collect()
}

/// A JSON object whose members are read by name.
#[derive(Clone, Copy)]
struct Object<'v>(&'v serde_json::Map<String, Value>);

impl<'v> Object<'v> {
    /// The object, `None` for null.
    fn of(value: &'v Value, name: &str) -> Result<Option<Self>, Unreadable> {
        match value {
            Value::Null => Ok(None),
            Value::Object(map) => Ok(Some(Object(map))),
            other if name == "the record" => Err(not_an_object(other)),
            other => Err(wrong_type(name, other)),
        }
    }

    fn object(&self, name: &str) -> Result<Option<Object<'v>>, Unreadable> {
        self.0.get(name).map_or(Ok(None), |value| Object::of(value, name))
    }

    fn text(&self, name: &str) -> Result<&'v [u8], Unreadable> {
        self.0.get(name).map_or(Ok(b""), |value| text_of(value, name))
    }
}

fn text_of<'v>(value: &'v Value, name: &str) -> Result<&'v [u8], Unreadable> {
    match value {
        Value::Null => Ok(b""),
        Value::String(text) => Ok(text.as_bytes()),
        other => Err(wrong_type(name, other)),
    }
}

fn not_an_object(found: &Value) -> Unreadable {
    (RejectReason::NotAnObject, format!("{} in the place of a record", kind(found)))
}

fn wrong_type(name: &str, found: &Value) -> Unreadable {
    (RejectReason::WrongType, format!("{name} is {}", kind(found)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A text cut for a message.
pub(super) fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 120;
    match text.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
