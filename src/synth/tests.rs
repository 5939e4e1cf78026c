//! The trail against its truth, recounted by a plain reader of its own: JSON values, the counting rules, nothing else.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

const OPERATIONS: &[&str] = &[
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

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn log_files(out: &Path) -> Vec<PathBuf> {
    files(&out.join("AWSLogs")).into_iter().filter(|path| path.to_string_lossy().contains("/CloudTrail/")).collect()
}

fn read_json(path: &Path) -> Value {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn records(out: &Path) -> Vec<Value> {
    let mut all = Vec::new();
    for path in log_files(out) {
        let Value::Array(records) = read_json(&path)["Records"].take() else { panic!("no Records") };
        assert!(!records.is_empty(), "{}", path.display());
        all.extend(records);
    }
    all
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn is_key_arn(arn: &str) -> bool {
    arn.starts_with("arn:aws:kms:") && arn.contains(":key/")
}

fn outcome(code: &str) -> usize {
    match code {
        "" => 0,
        "ThrottlingException" => 1,
        "AccessDenied" => 2,
        "DryRunOperationException" => 4,
        _ => 3,
    }
}

/// A record's keys by rule 6.
fn keys(record: &Value) -> Vec<String> {
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
fn distinct(records: Vec<Value>) -> Vec<Value> {
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
struct Recount {
    minutes: BTreeMap<(String, String, String), [u64; 5]>,
    unattributed: BTreeMap<[String; 4], u64>,
    callers: BTreeMap<[String; 6], [u64; 5]>,
    seconds: BTreeMap<[String; 3], BTreeMap<String, [u64; 2]>>,
    calls: u64,
}

fn recount(out: &Path) -> Recount {
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

fn resource(context: &Value) -> String {
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

fn count_second(record: &Value, operation: &str, result: usize, count: &mut Recount) {
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

fn columns<const N: usize>(counts: &[u64; N]) -> String {
    counts.map(|count| count.to_string()).join(",")
}

fn csv(out: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(out.join("truth").join(name)).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

fn small(seed: u64) -> SynthOptions {
    SynthOptions {
        seed,
        seconds: 3 * 3600,
        rate: 1.5,
        duplicate_share: 0.05,
        late_share: 0.01,
        cross_account_share: 0.2,
        incidents: vec!["runaway:0:2h:20m:30".parse().unwrap()],
        ..SynthOptions::default()
    }
}

fn made(options: &SynthOptions) -> (tempfile::TempDir, SynthSummary) {
    let out = tempfile::tempdir().unwrap();
    let summary = generate(options, out.path(), &mut |_| {}).unwrap();
    (out, summary)
}

#[test]
fn a_plain_recount_of_the_trail_equals_its_truth() {
    for seed in [1, 2, 3] {
        let (out, summary) = made(&small(seed));
        let count = recount(out.path());
        let minutes = count.minutes.iter();
        let minutes: Vec<String> =
            minutes.map(|((minute, key, op), counts)| format!("{minute},{key},{op},{}", columns(counts))).collect();
        assert_eq!(minutes, csv(out.path(), "minutes.csv"), "seed {seed}");
        let rows = |map: &BTreeMap<[String; 4], u64>| -> Vec<String> {
            map.iter().map(|(row, calls)| format!("{},{calls}", row.join(","))).collect()
        };
        assert_eq!(rows(&count.unattributed), csv(out.path(), "unattributed.csv"), "seed {seed}");
        assert!(!count.unattributed.is_empty());
        let callers: Vec<String> =
            count.callers.iter().map(|(row, counts)| format!("{},{}", row.join(","), columns(counts))).collect();
        assert_eq!(callers, csv(out.path(), "callers.csv"), "seed {seed}");
        let seconds: Vec<String> = count.seconds.iter().map(|(row, seconds)| second_row(row, seconds)).collect();
        assert_eq!(seconds, csv(out.path(), "seconds.csv"), "seed {seed}");
        assert_eq!(count.calls, summary.calls);
    }
}

fn second_row(row: &[String; 3], seconds: &BTreeMap<String, [u64; 2]>) -> String {
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

#[test]
fn a_trail_has_every_operation_outcome_repeat_and_both_copies_of_cross_account_calls() {
    let (out, summary) = made(&SynthOptions { rate: 6.0, incidents: Vec::new(), ..small(4) });
    let records = records(out.path());
    assert_eq!(records.len() as u64, summary.records);
    let names: HashSet<&str> = records.iter().map(|record| text(record, "eventName")).collect();
    for operation in OPERATIONS.iter().chain(&["GenerateRandom"]) {
        assert!(names.contains(operation), "no {operation}");
    }
    let outcomes: HashSet<usize> = records.iter().map(|record| outcome(text(record, "errorCode"))).collect();
    assert_eq!(outcomes.len(), 5);
    let ids: HashSet<&str> = records.iter().map(|record| text(record, "eventID")).collect();
    assert_eq!(ids.len() as u64, summary.distinct_records);
    assert!(summary.records_repeated > 0 && summary.objects_repeated > 0 && summary.records_late > 0);
    let mut shared: BTreeMap<&str, HashSet<(&str, &str)>> = BTreeMap::new();
    for record in &records {
        if !text(record, "sharedEventID").is_empty() {
            let copy = (text(record, "eventID"), text(record, "recipientAccountId"));
            shared.entry(text(record, "sharedEventID")).or_default().insert(copy);
        }
    }
    assert!(shared.values().any(|copies| copies.len() == 1), "a service's call has one copy");
    let twice: Vec<_> = shared.values().filter(|copies| copies.len() > 1).collect();
    assert!(twice.len() > 20, "{}", twice.len());
    for copies in twice {
        let accounts: HashSet<&str> = copies.iter().map(|(_, account)| *account).collect();
        assert_eq!(accounts.len(), copies.len());
    }
    let kms = records.iter().filter(|record| text(record, "eventSource") == "kms.amazonaws.com").count();
    let size = summary.raw_bytes as f64 / summary.records as f64;
    assert!((1000.0..1500.0).contains(&size), "{size} bytes a record");
    assert!((0.5..0.75).contains(&(kms as f64 / records.len() as f64)), "{kms} of {}", records.len());
}

#[test]
fn lifecycle_facts_are_in_the_trail_with_the_ids_of_their_truth() {
    let (out, summary) = made(&SynthOptions { seconds: 2 * 86_400, rate: 0.05, ..small(5) });
    let by_id: BTreeMap<String, Value> =
        records(out.path()).into_iter().map(|record| (text(&record, "eventID").to_owned(), record)).collect();
    let rows = csv(out.path(), "lifecycle.csv");
    assert_eq!(rows.len() as u64, summary.lifecycle_records);
    let mut names = HashSet::new();
    for row in &rows {
        let [id, time, name, arn] = row.split(',').collect::<Vec<_>>().try_into().unwrap();
        let record = &by_id[id];
        assert_eq!((text(record, "eventTime"), text(record, "eventName")), (time, name));
        assert!(arn.is_empty() || text(&record["resources"][0], "ARN") == arn, "{row}");
        names.insert(name.to_owned());
    }
    for name in [
        "CreateKey",
        "CreateAlias",
        "UpdateAlias",
        "DeleteAlias",
        "EnableKeyRotation",
        "RotateKeyOnDemand",
        "RotateKey",
        "GetParametersForImport",
        "ImportKeyMaterial",
        "ScheduleKeyDeletion",
        "DisableKey",
        "PutKeyPolicy",
        "TagResource",
        "UntagResource",
        "CreateGrant",
        "RetireGrant",
        "AssumeRole",
        "PutEventSelectors",
        "StopLogging",
    ] {
        assert!(names.contains(name), "no {name}");
    }
}

fn bytes(out: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| {
        let text = std::fs::read(&path).unwrap();
        (path.strip_prefix(out).unwrap().to_owned(), text)
    };
    files(out).into_iter().map(read).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_the_threads_and_another_seed_others() {
    let options = SynthOptions { seconds: 3600, incidents: Vec::new(), threads: 1, ..small(6) };
    let (first, _) = made(&options);
    let (again, _) = made(&options);
    assert_eq!(bytes(first.path()), bytes(again.path()));
    let (threaded, _) = made(&SynthOptions { threads: 3, ..options.clone() });
    let logs = |out: &Path| bytes(&out.join("AWSLogs"));
    assert_eq!(logs(first.path()), logs(threaded.path()));
    let (other, _) = made(&SynthOptions { seed: 7, ..options });
    assert_ne!(logs(first.path()), logs(other.path()));
}

#[test]
fn objects_lie_where_cloudtrail_puts_them() {
    for organization in [false, true] {
        let (out, _) = made(&SynthOptions { seconds: 3600, incidents: Vec::new(), organization, ..small(8) });
        for path in log_files(out.path()) {
            let relative = path.strip_prefix(out.path()).unwrap().to_string_lossy().into_owned();
            let mut parts: Vec<&str> = relative.split('/').collect();
            assert_eq!(parts.remove(0), "AWSLogs");
            if organization {
                assert!(parts.remove(0).starts_with("o-"));
            }
            let [account, kind, region, year, month, day, name] = parts.try_into().unwrap();
            let [of, named_kind, in_region, stamp, unique] =
                name.split('_').collect::<Vec<_>>().try_into().expect(name);
            assert_eq!((of, named_kind, in_region, kind), (account, "CloudTrail", region, "CloudTrail"));
            assert_eq!(stamp[..8], format!("{year}{month}{day}"));
            assert_eq!((stamp.len(), stamp[11..13].parse::<u32>().unwrap() % 5), (14, 0));
            assert_eq!(unique.len(), "0123456789abcdef.json.gz".len());
            for record in read_json(&path)["Records"].as_array().unwrap() {
                let recipient = text(record, "recipientAccountId");
                assert_eq!((recipient, text(record, "awsRegion")), (account, region));
            }
        }
        assert!(files(out.path()).iter().any(|path| path.to_string_lossy().contains("/CloudTrail-Digest/")));
    }
}

#[test]
fn an_incident_multiplies_one_keys_decrypts_through_one_caller() {
    let (out, _) = made(&SynthOptions { rate: 3.0, late_share: 0.0, ..small(9) });
    let rows = csv(out.path(), "incidents.csv");
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    let fields: Vec<&str> = row.split(',').collect();
    let (key, principal, excess) = (fields[1], fields[6], fields[8].parse::<u64>().unwrap());
    assert_eq!((fields[3], fields[4]), ("2026-01-05T02:00:00Z", "2026-01-05T02:20:00Z"));
    assert!(principal.ends_with(":role/etl-nightly"), "{principal}");
    let callers = csv(out.path(), "callers.csv");
    let caller: Vec<&String> = callers.iter().filter(|row| row.contains(principal)).collect();
    let [caller] = caller.as_slice() else { panic!("{caller:?}") };
    assert!(caller.contains(key) && caller.contains(",fas.s3.amazonaws.com,arn:aws:s3:::"), "{caller}");
    let counted: u64 = caller.rsplit(',').take(5).map(|count| count.parse::<u64>().unwrap()).sum();
    assert_eq!(counted, excess);
}

#[test]
fn what_waits_for_delivery_does_not_grow_with_the_days() {
    let waiting = |days: u64| {
        let options = SynthOptions { seconds: days * 86_400, rate: 0.2, late_share: 0.0, ..SynthOptions::default() };
        made(&options).1.most_waiting as f64
    };
    let (one, three) = (waiting(1), waiting(3));
    assert!(three < 1.5 * one, "{one} after a day, {three} after three");
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let out = tempfile::tempdir().unwrap();
    std::fs::write(out.path().join("notes.txt"), "mine").unwrap();
    let error = generate(&small(1), out.path(), &mut |_| {}).expect_err("refused");
    assert!(error.to_string().contains("choose an empty or new folder"), "{error}");
    assert_eq!(files(out.path()).len(), 1);
}

#[test]
fn an_incident_outside_the_trail_or_on_an_unfit_key_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (incident, what) in
        [("runaway:0:9d:1h:3", "outside"), ("runaway:nokey:1h:1h:3", "keys.csv"), ("runaway:3:1h:1h:3", "symmetric")]
    {
        let options = SynthOptions { incidents: vec![incident.parse().unwrap()], ..small(1) };
        let out = folder.path().join("trail");
        let error = generate(&options, &out, &mut |_| {}).expect_err(incident).to_string();
        assert!(error.contains(what), "{error}");
        assert!(!out.exists());
    }
}
