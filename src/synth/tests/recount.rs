//! A plain reader of trails: JSON values, the counting rules, nothing of the crate's own.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub(super) const OPERATIONS: &[&str] = &[
    "Decrypt",
    "DeriveSharedSecret",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "ReEncrypt",
    "Sign",
    "Verify",
    "VerifyMac",
    "Encapsulate",
    "Decapsulate",
];

pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

pub(super) fn log_files(out: &Path) -> Vec<PathBuf> {
    files(&out.join("AWSLogs")).into_iter().filter(|path| path.to_string_lossy().contains("/CloudTrail/")).collect()
}

pub(super) fn read_json(path: &Path) -> Value {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) fn records(out: &Path) -> Vec<Value> {
    let mut all = Vec::new();
    for path in log_files(out) {
        let Value::Array(records) = read_json(&path)["Records"].take() else { panic!("no Records") };
        assert!(!records.is_empty(), "{}", path.display());
        all.extend(records);
    }
    all
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

pub(super) fn is_key_arn(arn: &str) -> bool {
    arn.starts_with("arn:aws:kms:") && arn.contains(":key/")
}

pub(super) fn outcome(code: &str) -> usize {
    match code {
        "" => 0,
        "ThrottlingException" => 1,
        "AccessDenied" => 2,
        "DryRunOperationException" => 4,
        _ => 3,
    }
}

/// A record's keys by rule 6.
pub(super) fn keys(record: &Value) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let mut add = |arn: &str| {
        if is_key_arn(arn) && !keys.iter().any(|key| key == arn) {
            keys.push(arn.to_owned());
        }
    };
    for resource in record["resources"].as_array().into_iter().flatten() {
        if matches!(text(resource, "type"), "" | "AWS::KMS::Key") {
            add(text(resource, "ARN"));
        }
    }
    if keys.is_empty() {
        let request = &record["requestParameters"];
        for name in ["keyId", "sourceKeyId", "destinationKeyId"] {
            let arn = text(request, name);
            if is_key_arn(arn) && !keys.iter().any(|key| key == arn) {
                keys.push(arn.to_owned());
            }
        }
    }
    keys
}

/// Each request once: by `eventID`, and of those that share a `sharedEventID` the caller's copy (else the first).
pub(super) fn distinct(records: Vec<Value>) -> Vec<Value> {
    let (mut seen, mut shared) = (HashSet::new(), HashSet::new());
    let mut kept = Vec::new();
    let reduced = |record: &Value| text(&record["userIdentity"], "type") == "AWSAccount";
    let (owners, callers): (Vec<Value>, Vec<Value>) = records.into_iter().partition(reduced);
    for record in callers.into_iter().chain(owners) {
        let fresh = seen.insert(text(&record, "eventID").to_owned());
        let shared_id = text(&record, "sharedEventID");
        if fresh && (shared_id.is_empty() || shared.insert(shared_id.to_owned())) {
            kept.push(record);
        }
    }
    kept
}

#[derive(Default)]
pub(super) struct Recount {
    pub(super) minutes: BTreeMap<(String, String, String), [u64; 5]>,
    pub(super) unattributed: BTreeMap<[String; 4], u64>,
    pub(super) callers: BTreeMap<[String; 6], [u64; 5]>,
    pub(super) seconds: BTreeMap<[String; 3], BTreeMap<String, [u64; 2]>>,
    pub(super) calls: u64,
}

pub(super) fn recount(out: &Path) -> Recount {
    let mut count = Recount::default();
    for record in distinct(records(out)) {
        if text(&record, "eventSource") != "kms.amazonaws.com" {
            continue;
        }
        let (operation, result) = (text(&record, "eventName"), outcome(text(&record, "errorCode")));
        count_second(&record, operation, result, &mut count);
        count.calls += u64::from(OPERATIONS.contains(&operation) || operation == "GenerateRandom");
        if !OPERATIONS.contains(&operation) {
            continue;
        }
        let minute = format!("{}:00Z", &text(&record, "eventTime")[..16]);
        let mut keys = keys(&record);
        for key in &keys {
            count.minutes.entry((minute.clone(), key.clone(), operation.to_owned())).or_default()[result] += 1;
        }
        if keys.is_empty() {
            if result == 0 {
                let request = &record["requestParameters"];
                let names = ["keyId", "destinationKeyId", "sourceKeyId"].map(|name| text(request, name));
                let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
                let reason = match name {
                    "" => "none",
                    name if name.contains("alias/") => "alias",
                    _ => "key-id",
                };
                let row = [&minute, name, operation, reason].map(str::to_owned);
                *count.unattributed.entry(row).or_default() += 1;
            }
            keys.push(String::new());
        }
        for key in keys {
            let identity = &record["userIdentity"];
            let issuer = text(&identity["sessionContext"]["sessionIssuer"], "arn");
            let principal = if issuer.is_empty() { text(identity, "arn") } else { issuer };
            let (account, service) = (text(identity, "accountId"), text(identity, "invokedBy"));
            let resource = resource(&record["requestParameters"]["encryptionContext"]);
            let row = [account, principal, service, &resource, &key, operation].map(str::to_owned);
            count.callers.entry(row).or_default()[result] += 1;
        }
    }
    count
}

pub(super) fn resource(context: &Value) -> String {
    let arn = ["SecretARN", "PARAMETER_ARN", "aws:lambda:FunctionArn", "aws:logs:arn", "aws:cloudtrail:arn"];
    if let Some(arn) = arn.into_iter().find_map(|key| context[key].as_str()) {
        return arn.to_owned();
    }
    if let Some(table) = context["aws:dynamodb:tableName"].as_str() {
        return format!("dynamodb:{table}");
    }
    if let Some(volume) = context["aws:ebs:id"].as_str() {
        return format!("ebs:{volume}");
    }
    let object = context["aws:s3:arn"].as_str().unwrap_or_default();
    object.split('/').next().unwrap_or_default().to_owned()
}

pub(super) fn count_second(record: &Value, operation: &str, result: usize, count: &mut Recount) {
    if text(record, "eventType") != "AwsApiCall" {
        return;
    }
    let request = &record["requestParameters"];
    let names = ["encryptionAlgorithm", "sourceEncryptionAlgorithm", "signingAlgorithm", "macAlgorithm"];
    let algorithm = names.into_iter().find_map(|name| request[name].as_str()).unwrap_or_default();
    let pool = match operation {
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            format!("GenerateDataKeyPair-{}", text(request, "keyPairSpec"))
        }
        "Encapsulate" | "Decapsulate" => "ML-KEM".to_owned(),
        "DeriveSharedSecret" => "ECC".to_owned(),
        _ if algorithm.starts_with("RSA") => "RSA".to_owned(),
        _ if algorithm.starts_with("ECDSA") => "ECC".to_owned(),
        _ if algorithm.starts_with("ML_DSA") => "ML-DSA".to_owned(),
        _ if OPERATIONS.contains(&operation) || operation == "GenerateRandom" => "Symmetric".to_owned(),
        other => other.to_owned(),
    };
    let account = match text(&record["userIdentity"], "accountId") {
        "" => text(record, "recipientAccountId"),
        account => account,
    };
    let row = [account, text(record, "awsRegion"), &pool].map(str::to_owned);
    let seconds = count.seconds.entry(row).or_default();
    seconds.entry(text(record, "eventTime").to_owned()).or_default()[usize::from(result == 1)] += 1;
}

pub(super) fn columns<const N: usize>(counts: &[u64; N]) -> String {
    counts.map(|count| count.to_string()).join(",")
}

pub(super) fn second_row(row: &[String; 3], seconds: &BTreeMap<String, [u64; 2]>) -> String {
    let (mut requests, mut throttled, mut peak, mut peak_second) = (0, 0, 0, "");
    for (second, [other, refused]) in seconds {
        requests += other;
        throttled += refused;
        if *other > peak {
            (peak, peak_second) = (*other, second);
        }
    }
    format!("{},{requests},{throttled},{peak_second},{peak}", row.join(","))
}
