//! The trail against its truth, as a plain reader recounts it.

mod recount;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::recount::{OPERATIONS, columns, files, log_files, outcome, read_json, records, recount, second_row, text};
use super::*;

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

#[test]
fn a_trail_has_every_operation_outcome_repeat_and_both_copies_of_cross_account_calls() {
    let (out, summary) = made(&SynthOptions { rate: 4.0, incidents: Vec::new(), ..small(4) });
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
    let size = summary.raw_bytes as f64 / summary.records as f64;
    assert!((1100.0..1500.0).contains(&size), "{size} bytes a record");
}

#[test]
fn lifecycle_facts_are_in_the_trail_with_the_ids_of_their_truth() {
    let (out, summary) = made(&SynthOptions { seconds: 2 * 86_400, rate: 0.1, incidents: Vec::new(), ..small(5) });
    let by_id: BTreeMap<String, Value> =
        records(out.path()).into_iter().map(|record| (text(&record, "eventID").to_owned(), record)).collect();
    let share = summary.kms_records as f64 / summary.distinct_records as f64;
    assert!((0.54..0.66).contains(&share), "{share} of the records are KMS's");
    let of_kms = by_id.values().filter(|record| text(record, "eventSource") == "kms.amazonaws.com").count();
    assert_eq!(of_kms as u64, summary.kms_records);
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

#[test]
fn a_number_beyond_the_keys_is_no_part_of_an_arn() {
    let folder = tempfile::tempdir().unwrap();
    // The account numbers have many digits: some key's ARN has this one.
    let options = SynthOptions { incidents: vec!["runaway:40:1h:20m:30".parse().unwrap()], ..small(1) };
    let told = generate(&options, &folder.path().join("new"), &mut |_| {}).unwrap_err().to_string();
    assert!(told.contains("give a number below 40"), "{told}");
}
