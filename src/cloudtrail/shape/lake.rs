//! CloudTrail Lake's results: records put together from columns, and the rows that GetQueryResults answers.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::cursor::{Cursor, Fault};
use super::found::Found;
use super::lake_text;
use super::walk::{Place, Walker};
use crate::cloudtrail::RejectReason;

/// The column with the whole record as JSON.
const EVENT_JSON: &str = "eventjson";

/// CloudTrail's own names of a record's fields. Lake writes column names in lower case; so it does the fields of
/// structs. Fields of `requestParameters` and `responseElements` are those of KMS and of what else is read.
const NAMES: &str = "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent \
    errorCode errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly resources \
    eventType apiVersion managementEvent recipientAccountId sharedEventID annotation vpcEndpointId \
    vpcEndpointAccountId serviceEventDetails addendum edgeDeviceDetails insightDetails eventCategory tlsDetails \
    sessionCredentialFromConsole eventContext \
    principalId accountId accessKeyId userName sessionContext invokedBy identityProvider credentialId onBehalfOf \
    userId identityStoreArn inScopeOf creationDate mfaAuthenticated sessionIssuer webIdFederationData \
    federatedProvider sourceIdentity ec2RoleDelivery \
    updatedFields originalRequestID originalEventID \
    keyId keySpec keyUsage keyPairSpec numberOfBytes encryptionAlgorithm signingAlgorithm macAlgorithm messageType \
    encryptionContext sourceKeyId destinationKeyId sourceEncryptionAlgorithm destinationEncryptionAlgorithm \
    sourceEncryptionContext destinationEncryptionContext keyAgreementAlgorithm keyEncapsulationAlgorithm publicKey \
    dryRun aliasName targetKeyId policyName bypassPolicyLockoutSafetyCheck multiRegion customerMasterKeySpec tagKey \
    tagValue tagKeys pendingWindowInDays granteePrincipal retiringPrincipal grantId grantTokens rotationPeriodInDays \
    rotationType wrappingAlgorithm wrappingKeySpec expirationModel validTo importType keyMaterialId \
    keyMaterialDescription primaryRegion replicaRegion customKeyStoreId customKeyStoreName keyMetadata aWSAccountId \
    creationDate deletionDate keyManager keyState roleArn roleSessionName transitiveTagKeys principalTags \
    assumedRoleUser assumedRoleId bucketName s3BucketName trailName eventSelectors advancedEventSelectors \
    includeManagementEvents excludeManagementEventSources readWriteType isMultiRegionTrail isOrganizationTrail";

static BY_LOWER_CASE: LazyLock<HashMap<String, &'static str>> =
    LazyLock::new(|| NAMES.split_ascii_whitespace().map(|name| (name.to_ascii_lowercase(), name)).collect());

/// CloudTrail's own spelling of a field's name, if it is known; else the name as it is.
pub(super) fn own_name(name: &str) -> &str {
    BY_LOWER_CASE.get(name.to_ascii_lowercase().as_str()).copied().unwrap_or(name)
}

impl Walker<'_> {
    /// Walks a row of GetQueryResults: a list of one-entry objects, or one object.
    pub(super) fn row(&mut self, cursor: &mut Cursor<'_>, place: Place) -> Result<(), Fault> {
        cursor.peek();
        let start = cursor.at;
        cursor.skip()?;
        let row = &cursor.text[start..cursor.at];
        match serde_json::from_slice::<Value>(row) {
            // No column is a list: a row without its last bracket takes in those that follow.
            Ok(Value::Array(cells)) if cells.iter().any(Value::is_array) => {
                return Err(Fault { reason: RejectReason::Malformed, at: cursor.at, reported: false });
            }
            Ok(value @ (Value::Array(_) | Value::Object(_))) => {
                let owned = columns_of(value);
                let columns: Vec<_> = owned.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                self.columns(&columns, row, place);
            }
            Ok(_) => self.reject(RejectReason::NotAnObject, row),
            Err(_) if std::str::from_utf8(row).is_err() => self.reject(RejectReason::InvalidUtf8, row),
            Err(_) => self.reject(RejectReason::Malformed, row),
        }
        Ok(())
    }

    pub(super) fn columns(&mut self, columns: &[(&str, &str)], row: &[u8], place: Place) {
        let record = columns.iter().find(|(name, value)| *name == EVENT_JSON && !value.trim().is_empty());
        if let Some((_, record)) = record {
            return self.inner(record.as_bytes(), place);
        }
        let names: Vec<&str> = columns.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| *name).collect();
        if missing_columns(&names).is_empty() {
            self.hand(Found::Value(&assemble(columns)));
        } else {
            self.reject(RejectReason::NotARecord, row);
        }
    }
}

/// What of the columns that make a record isn't there.
pub(super) fn missing_columns(names: &[impl AsRef<str>]) -> Vec<&'static str> {
    let has = |wanted: &str| names.iter().any(|name| name.as_ref() == wanted);
    if has(EVENT_JSON) || has("eventversion") {
        return Vec::new();
    }
    ["eventsource", "eventname", "eventtime"].into_iter().filter(|name| !has(name)).collect()
}

/// A row's columns: names in lower case, values as text.
fn columns_of(row: Value) -> Vec<(String, String)> {
    let cells = match row {
        Value::Array(cells) => cells,
        object => vec![object],
    };
    let entries = cells.into_iter().filter_map(|cell| if let Value::Object(entry) = cell { Some(entry) } else { None });
    entries
        .flatten()
        .map(|(name, value)| {
            let value = match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            };
            (name.to_lowercase(), value)
        })
        .collect()
}

/// The record that the columns make.
fn assemble(columns: &[(&str, &str)]) -> Value {
    let mut record = Map::new();
    for (name, value) in columns {
        let name = own_name(name);
        let value = match name {
            // An empty text is how Lake writes that there is none.
            _ if value.is_empty() || *value == "null" => continue,
            "eventTime" => Value::String(event_time(value)),
            "readOnly" | "managementEvent" if matches!(*value, "true" | "false") => Value::Bool(*value == "true"),
            "resources"
            | "userIdentity"
            | "requestParameters"
            | "responseElements"
            | "additionalEventData"
            | "serviceEventDetails"
            | "addendum"
            | "tlsDetails"
            | "insightDetails"
            | "eventContext"
            | "edgeDeviceDetails" => lake_text::read(name, value),
            _ => Value::String((*value).to_owned()),
        };
        record.insert(name.to_owned(), value);
    }
    Value::Object(record)
}

/// `2023-07-10 11:57:36.000`, which is UTC, as CloudTrail itself writes it; another form stays.
fn event_time(text: &str) -> String {
    let bytes = text.as_bytes();
    let plain = bytes.len() >= 19 && text.is_ascii() && bytes[10] == b' ';
    let zone =
        text.get(19..).map(|rest| rest.trim_start_matches(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']));
    match zone {
        Some("" | " UTC") if plain => format!("{}T{}Z", &text[..10], &text[11..19]),
        _ => text.to_owned(),
    }
}
