//! The text of a call's record, field by field in CloudTrail's order.

use crate::domain::Operation;

use super::caller::Callers;
use super::flow::{Context, Ending, Flow, Listed, Named};
use super::population::{Key, Population};
use super::template::{DESTINATION_MATERIAL, EVENT_ID, MATERIAL, REQUEST_ID, SHARED_ID, TIME, Template};

/// The tail that requests over TLS have.
pub(super) fn tls(host: &str) -> String {
    format!(
        ",\"tlsDetails\":{{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\
         \"clientProvidedHostHeader\":\"{host}\",\"keyExchange\":\"X25519MLKEM768\"}}"
    )
}

/// What a request and a record call a key.
pub(super) fn key_name(key: &Key, population: &Population, named: Named) -> Option<String> {
    match named {
        Named::Absent => None,
        Named::Arn => Some(key.arn.clone()),
        Named::Id => Some(key.id.clone()),
        Named::Alias => Some(key.alias.clone()),
        Named::AliasArn => Some(alias_arn(key, population)),
    }
}

/// The ARN of a key's alias.
pub(super) fn alias_arn(key: &Key, population: &Population) -> String {
    format!("arn:aws:kms:{}:{}:{}", population.regions[key.region], population.accounts[key.account], key.alias)
}

/// The body of a record: what follows `userIdentity`, of a call with that ending, as the `copy`th lane has it.
pub(super) fn body(flow: &Flow, population: &Population, callers: &Callers, ending: Ending, copy: usize) -> Template {
    let operation = flow.operation.expect("only calls have bodies made here").name();
    let caller = callers.get(flow.caller);
    let (account, region) = population.of_lane(flow.lanes[copy]);
    let shared = flow.shared || flow.copies(ending) > 1;
    let shared = if shared { format!(",\"sharedEventID\":\"{SHARED_ID}\"") } else { String::new() };
    let forwarder_endpoint = caller.invoked_by == "secretsmanager.amazonaws.com";
    let endpoint = match &caller.endpoint {
        Some(endpoint) if copy == 0 => {
            format!(",\"vpcEndpointId\":\"{endpoint}\",\"vpcEndpointAccountId\":\"{account}\"")
        }
        _ if forwarder_endpoint => ",\"vpcEndpointId\":\"vpce-0d985940f92611b87\"".to_owned(),
        _ => String::new(),
    };
    let tls = if caller.direct() { tls(&format!("kms.{region}.amazonaws.com")) } else { String::new() };
    Template::new(&format!(
        ",\"eventTime\":\"{TIME}\",\"eventSource\":\"kms.amazonaws.com\",\"eventName\":\"{operation}\",\
         \"awsRegion\":\"{region}\",\"sourceIPAddress\":\"{}\",\"userAgent\":\"{}\"{},\"requestParameters\":{},\
         \"responseElements\":null{},\"requestID\":\"{REQUEST_ID}\",\"eventID\":\"{EVENT_ID}\",\"readOnly\":true{},\
         \"eventType\":\"AwsApiCall\",\"managementEvent\":true,\"recipientAccountId\":\"{account}\"{shared}{endpoint},\
         \"eventCategory\":\"Management\"{tls}}}",
        caller.address,
        caller.agent,
        error(flow, population, callers, ending),
        parameters(flow, population, ending),
        additional(flow, population, ending),
        resources(flow, population, ending),
    ))
}

fn error(flow: &Flow, population: &Population, callers: &Callers, ending: Ending) -> String {
    let operation = flow.operation.map_or("", Operation::name);
    let arn = flow.source.map_or("*", |key| population.keys[key].arn.as_str());
    let caller = callers.get(flow.caller);
    let who = if caller.session_arn.is_empty() { caller.invoked_by } else { &caller.session_arn };
    let (code, message) = match ending {
        Ending::Success => return String::new(),
        Ending::Throttled => ("ThrottlingException", "Rate exceeded".to_owned()),
        Ending::Denied => (
            "AccessDenied",
            format!(
                "User: {who} is not authorized to perform: kms:{operation} on resource: {arn} because no \
                 identity-based policy allows the kms:{operation} action"
            ),
        ),
        Ending::DeniedByKey => (
            "AccessDenied",
            format!(
                "User: {who} is not authorized to perform: kms:{operation} on resource: {arn} with an explicit deny \
                 in a resource-based policy"
            ),
        ),
        Ending::Disabled => ("DisabledException", format!("{arn} is disabled.")),
        Ending::PendingDeletion => ("KMSInvalidStateException", format!("{arn} is pending deletion.")),
        Ending::NotFound => {
            let (account, region) = population.of_lane(flow.lanes[0]);
            ("NotFoundException", format!("Alias arn:aws:kms:{region}:{account}:alias/gone is not found."))
        }
        Ending::Refused => match flow.operation {
            Some(Operation::Verify) => ("KMSInvalidSignatureException", String::new()),
            Some(Operation::VerifyMac) => ("KMSInvalidMacException", String::new()),
            Some(Operation::Decrypt | Operation::ReEncrypt) => ("InvalidCiphertextException", String::new()),
            _ => ("InvalidKeyUsageException", format!("{arn} key usage is not valid for {operation}.")),
        },
        Ending::DryRun => {
            ("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.".to_owned())
        }
    };
    let message = if message.is_empty() { message } else { format!(",\"errorMessage\":\"{message}\"") };
    format!(",\"errorCode\":\"{code}\"{message}")
}

fn parameters(flow: &Flow, population: &Population, ending: Ending) -> String {
    let Some(source) = flow.source else {
        return if flow.wanted.is_empty() {
            "null".to_owned()
        } else {
            format!("{{\"numberOfBytes\":{}}}", flow.wanted)
        };
    };
    let key = &population.keys[source];
    let mut fields: Vec<String> = Vec::with_capacity(6);
    let mut text = |name: &str, value: &str| fields.push(format!("\"{name}\":\"{value}\""));
    let operation = flow.operation.expect("a flow with a key has an operation");
    let algorithm = key.spec.algorithm();
    let named = |key: &Key, named: Named| match ending {
        Ending::NotFound => Some("alias/gone".to_owned()),
        _ => key_name(key, population, named),
    };
    if let Some(destination) = flow.destination {
        let destination = &population.keys[destination];
        text("sourceEncryptionAlgorithm", algorithm);
        if let (Some(name), true) = (key_name(key, population, flow.source_named), ending != Ending::NotFound) {
            text("sourceKeyId", &name);
        }
        if let Some(name) = named(destination, flow.named) {
            text("destinationKeyId", &name);
        }
        text("destinationEncryptionAlgorithm", destination.spec.algorithm());
    } else {
        if let Some(name) = named(key, flow.named) {
            text("keyId", &name);
        }
        match operation {
            Operation::Encrypt | Operation::Decrypt => text("encryptionAlgorithm", algorithm),
            Operation::GenerateMac | Operation::VerifyMac => text("macAlgorithm", algorithm),
            Operation::DeriveSharedSecret => text("keyAgreementAlgorithm", algorithm),
            Operation::Sign | Operation::Verify => {
                text("messageType", if algorithm.starts_with("ML_DSA") { "EXTERNAL_MU" } else { "DIGEST" });
                text("signingAlgorithm", algorithm);
            }
            Operation::GenerateDataKeyPair | Operation::GenerateDataKeyPairWithoutPlaintext => {
                text("keyPairSpec", flow.wanted);
            }
            Operation::GenerateDataKey | Operation::GenerateDataKeyWithoutPlaintext => match flow.wanted {
                "" => text("keySpec", "AES_256"),
                bytes => fields.push(format!("\"numberOfBytes\":{bytes}")),
            },
            _ => {}
        }
    }
    if !flow.context.json.is_empty() {
        fields.push(format!("\"encryptionContext\":{}", flow.context.json));
    }
    if ending == Ending::DryRun {
        fields.push("\"dryRun\":true".to_owned());
    }
    format!("{{{}}}", fields.join(","))
}

fn additional(flow: &Flow, population: &Population, ending: Ending) -> String {
    let symmetric = flow.source.is_some_and(|key| population.keys[key].spec.pool() == "Symmetric")
        && !matches!(flow.operation, Some(Operation::GenerateMac | Operation::VerifyMac));
    if !symmetric || !matches!(ending, Ending::Success | Ending::DryRun) {
        return String::new();
    }
    match flow.destination {
        None => format!(",\"additionalEventData\":{{\"keyMaterialId\":\"{MATERIAL}\"}}"),
        Some(_) => format!(
            ",\"additionalEventData\":{{\"sourceKeyMaterialId\":\"{MATERIAL}\",\
             \"destinationKeyMaterialId\":\"{DESTINATION_MATERIAL}\"}}"
        ),
    }
}

fn resources(flow: &Flow, population: &Population, ending: Ending) -> String {
    let Some(source) = flow.source else {
        return if ending == Ending::Success { ",\"resources\":[]".to_owned() } else { String::new() };
    };
    if !ending.reached_key() || flow.listed == Listed::Absent {
        return String::new();
    }
    let mut entries = Vec::with_capacity(2);
    for key in [Some(source), flow.destination].into_iter().flatten() {
        let key = &population.keys[key];
        let kind = if flow.listed == Listed::Untyped { "" } else { "\"type\":\"AWS::KMS::Key\"," };
        let account = &population.accounts[key.account];
        entries.push(format!("{{\"accountId\":\"{account}\",{kind}\"ARN\":\"{}\"}}", key.arn));
        if flow.listed == Listed::WithAlias {
            let alias = alias_arn(key, population);
            entries.push(format!("{{\"accountId\":\"{account}\",\"type\":\"AWS::KMS::Key\",\"ARN\":\"{alias}\"}}"));
        }
    }
    format!(",\"resources\":[{}]", entries.join(","))
}

/// A context of one entry, whose value is the resource's name in truth as well.
pub(super) fn context(key: &str, value: &str) -> Context {
    Context { json: format!("{{\"{key}\":\"{value}\"}}"), resource: value.to_owned() }
}
