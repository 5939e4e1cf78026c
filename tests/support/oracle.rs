//! The rules of counting in the plainest way: every record a tree, every id a string, everything in memory.
//!
//! It shares no code with the program. Records that share an id, directly or through a third, are one request; a
//! request counts once for each key, or if no copy tells a key once under the name by which its copies call it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

const OPERATIONS: [&str; 14] = [
    "Decapsulate",
    "Decrypt",
    "DeriveSharedSecret",
    "Encapsulate",
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
];

/// What a correct reader must reach, as the exports write it.
#[derive(Debug, PartialEq, Eq)]
pub struct Truth {
    /// `keytide export minutes`.
    pub minutes: String,
    /// `keytide export unattributed --all-outcomes`.
    pub unattributed: String,
}

/// Counts records.
pub fn count<'r>(records: impl IntoIterator<Item = &'r Value>) -> Truth {
    let calls: Vec<&Value> = records.into_iter().filter(|record| is_call(record)).collect();
    let mut by_key: BTreeMap<[String; 3], [u64; 5]> = BTreeMap::new();
    let mut by_name: BTreeMap<[String; 4], u64> = BTreeMap::new();
    for request in requests(&calls) {
        let (minute, operation, outcome) = (minute(request[0]), text(request[0], "eventName"), outcome(request[0]));
        let keys: BTreeSet<&str> = request.iter().flat_map(|record| keys_of(record)).collect();
        for key in &keys {
            by_key.entry([&minute, *key, operation].map(str::to_owned)).or_default()[outcome] += 1;
        }
        if keys.is_empty() {
            let names: BTreeSet<(&str, &str)> = request.iter().map(|record| key_ref(record)).collect();
            let [(name, reason)] = names.into_iter().collect::<Vec<_>>()[..] else {
                panic!("which of several names counts is not the rules' to say")
            };
            *by_name.entry([&minute, name, operation, reason].map(str::to_owned)).or_default() += 1;
        }
    }
    let mut minutes = "minute,key_arn,operation,successful,throttled,denied,failed,dry_run\n".to_owned();
    for (names, calls) in by_key {
        minutes += &format!("{},{}\n", names.join(","), calls.map(|calls| calls.to_string()).join(","));
    }
    let mut unattributed = "minute,key_ref,operation,reason,calls\n".to_owned();
    for (names, calls) in by_name {
        unattributed += &format!("{},{calls}\n", names.join(","));
    }
    Truth { minutes, unattributed }
}

/// Calls by key and operation, whatever their minute, of an export of minutes.
pub fn totals(minutes: &str) -> BTreeMap<String, [u64; 5]> {
    let mut totals: BTreeMap<String, [u64; 5]> = BTreeMap::new();
    for line in minutes.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let sums = totals.entry(format!("{} {}", fields[1], fields[2])).or_default();
        for (sum, calls) in sums.iter_mut().zip(&fields[3..]) {
            *sum += calls.parse::<u64>().unwrap();
        }
    }
    totals
}

fn text<'r>(record: &'r Value, name: &str) -> &'r str {
    record[name].as_str().unwrap_or("")
}

fn is_call(record: &Value) -> bool {
    text(record, "eventSource") == "kms.amazonaws.com"
        && ["", "Management"].contains(&text(record, "eventCategory"))
        && !["AwsVpceEvent", "AwsCloudTrailInsight", "AwsAggregatedEvent"].contains(&text(record, "eventType"))
        && OPERATIONS.contains(&text(record, "eventName"))
}

/// Groups the copies of each request.
fn requests<'r>(calls: &[&'r Value]) -> Vec<Vec<&'r Value>> {
    let mut group_of: Vec<usize> = (0..calls.len()).collect();
    let mut first_with: HashMap<(&str, &str), usize> = HashMap::new();
    for (number, call) in calls.iter().enumerate() {
        let original = call["addendum"]["originalEventID"].as_str().unwrap_or("");
        let ids = [("event", text(call, "eventID")), ("shared", text(call, "sharedEventID")), ("event", original)];
        for id in ids.into_iter().filter(|(_, id)| !id.is_empty()) {
            let (mine, theirs) = (group_of[number], group_of[*first_with.entry(id).or_insert(number)]);
            group_of.iter_mut().filter(|group| **group == theirs).for_each(|group| *group = mine);
        }
    }
    let mut groups: BTreeMap<usize, Vec<&Value>> = BTreeMap::new();
    for (call, group) in calls.iter().zip(group_of) {
        groups.entry(group).or_default().push(call);
    }
    groups.into_values().collect()
}

/// The minute, by cutting the text: times of the tests are in UTC.
fn minute(record: &Value) -> String {
    format!("{}:00Z", &text(record, "eventTime")[..16])
}

fn outcome(record: &Value) -> usize {
    match text(record, "errorCode") {
        "" => 0,
        "ThrottlingException" => 1,
        "AccessDenied" | "AccessDeniedException" => 2,
        "DryRunOperationException" => 4,
        _ => 3,
    }
}

fn is_key_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    parts.len() == 6 && parts[0] == "arn" && parts[2] == "kms" && parts[5].starts_with("key/")
}

fn keys_of(record: &Value) -> Vec<&str> {
    let resources = record["resources"].as_array().into_iter().flatten();
    let of_keys = resources.filter(|entry| ["", "AWS::KMS::Key"].contains(&text(entry, "type")));
    let listed: Vec<&str> = of_keys.map(|entry| text(entry, "ARN")).filter(|arn| is_key_arn(arn)).collect();
    if !listed.is_empty() {
        return listed;
    }
    named(record).into_iter().filter(|name| is_key_arn(name)).collect()
}

/// The keys that the request names.
fn named(record: &Value) -> Vec<&str> {
    let names: &[&str] = match text(record, "eventName") {
        "ReEncrypt" => &["sourceKeyId", "destinationKeyId"],
        _ => &["keyId"],
    };
    names.iter().map(|name| text(&record["requestParameters"], name)).filter(|name| !name.is_empty()).collect()
}

/// The name by which a request without a key calls it, and why that is none.
fn key_ref(record: &Value) -> (&str, &'static str) {
    // A ReEncrypt must name its destination and seldom names its source.
    match named(record).last() {
        None => ("", "none"),
        Some(name) if name.contains("alias/") => (name, "alias"),
        Some(name) => (name, "key-id"),
    }
}
