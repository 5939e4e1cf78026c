//! Series of a store: banded, drawn, exported to be scored.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use keytide::synth::{SynthOptions, generate};

use super::rows;
use crate::support::files::names_in;
use crate::support::program::{Ran, keytide, keytide_with, run};
use crate::support::stores::{ingest_path, passing_folder};

/// Two days of a trail in which the busiest key's Decrypt calls run away in the last hours.
struct Made {
    _folder: tempfile::TempDir,
    truth: PathBuf,
    store: PathBuf,
    key: String,
}

/// One for all tests of this file: none of them changes it.
static MADE: LazyLock<Made> = LazyLock::new(|| {
    let folder = passing_folder();
    let (out, store) = (folder.path().join("trail"), folder.path().join("store"));
    let options = SynthOptions {
        seconds: 50 * 3600,
        rate: 0.25,
        keys: 20,
        digests: false,
        incidents: vec!["runaway:0:1d22h30m:90m:40".parse().unwrap()],
        ..SynthOptions::default()
    };
    generate(&options, &out, &mut |_| {}).unwrap();
    ingest_path(&store, out.join("AWSLogs"));
    let truth = out.join("truth");
    let key = fs::read_to_string(truth.join("incidents.csv"))
        .unwrap()
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .nth(1)
        .unwrap()
        .to_owned();
    Made { truth, store, key, _folder: folder }
});

fn band(arguments: &[&str]) -> Ran {
    let ran = run(keytide(&MADE.store).arg("band").args(arguments).env("COLUMNS", "80"));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    ran
}

/// Calls by five minutes of a key's Decrypt, or of all its operations, counted from the truth.
fn by_five_minutes(operation: Option<&str>) -> BTreeMap<String, u64> {
    let truth = fs::read_to_string(MADE.truth.join("minutes.csv")).unwrap();
    let mut calls = BTreeMap::new();
    for row in rows(&truth) {
        if row[1] == MADE.key && operation.is_none_or(|operation| row[2] == operation) {
            let minute: u32 = row[0][14..16].parse().unwrap();
            let period = format!("{}{:02}:00Z", &row[0][..14], minute / 5 * 5);
            *calls.entry(period).or_default() += row[3].parse::<u64>().unwrap();
        }
    }
    calls.retain(|_, calls| *calls > 0);
    calls
}

#[test]
fn a_stored_series_equals_the_truth_with_zeros_between() {
    for operation in [Some("Decrypt"), None] {
        let selection =
            format!("KeyArn={}{}", MADE.key, operation.map(|name| format!(",Operation={name}")).unwrap_or_default());
        let got = rows(&band(&["--series", &selection, "--output", "csv"]).out);
        let truth = by_five_minutes(operation);
        assert_eq!(Some(&got[0][0]), truth.keys().next(), "it begins with its first call");
        let said: BTreeMap<String, u64> =
            got.iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).filter(|(_, calls)| *calls > 0).collect();
        // The last period isn't over where the store ends.
        let whole: BTreeMap<String, u64> = truth.into_iter().filter(|(at, _)| *at <= got[got.len() - 1][0]).collect();
        assert_eq!(said, whole);
        assert!(got.len() > 590 && got.len() > said.len().min(got.len() - 1));
    }
}

#[test]
fn all_before_since_is_learned_and_not_shown() {
    let selection = format!("KeyArn={},Operation=Decrypt", &MADE.key[MADE.key.len() - 12..]);
    let all = rows(&band(&["--series", &selection, "--output", "csv"]).out);
    let late = rows(&band(&["--series", &selection, "--output", "csv", "--since", "2026-01-06T22:00:00Z"]).out);
    assert_eq!(late[..], all[all.len() - late.len()..]);
    assert_eq!(late[0][0], "2026-01-06T22:00:00Z");
    let cut = rows(&band(&["--series", &selection, "--output", "csv", "--until", "2026-01-06T22:00:00Z"]).out);
    assert_eq!(cut[..], all[..cut.len()]);
    let anomalous: Vec<&str> = late.iter().filter(|row| row[6] == "1").map(|row| row[0].as_str()).collect();
    assert_eq!(anomalous.first(), Some(&"2026-01-06T22:30:00Z"), "the runaway is found with its first period");
}

#[test]
fn a_table_marks_what_strays_and_a_picture_shows_it() {
    let selection = format!("KeyArn={},Operation=Decrypt", MADE.key);
    let table = band(&["--series", &selection, "--since", "2026-01-06"]).out;
    assert!(table.starts_with("Decrypt, SuccessfulRequest\narn:aws:kms:"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    assert!(table.lines().any(|line| line.starts_with("2026-01-06 22:") && line.ends_with("◀ yes")), "{table}");
    let svg = band(&["--series", &selection, "--since", "2026-01-06", "--output", "svg"]).out;
    assert!(svg.contains(&MADE.key) && svg.contains("per 5 minutes"), "{svg}");
    let berlin =
        band(&["--series", &selection, "--output", "json", "--timezone", "Europe/Berlin", "--period", "1h"]).out;
    let berlin: Vec<serde_json::Value> = serde_json::from_str(&berlin).unwrap();
    assert_eq!(berlin[1]["timestamp"], "2026-01-05T02:00:00+01:00");
    let account = MADE.key.split(':').nth(4).unwrap();
    let denied = format!("AWS.AccountId={account},AWS.Region={}", MADE.key.split(':').nth(3).unwrap());
    assert!(
        band(&["--series", &denied, "--metric", "FailedRequest"]).out.starts_with("all operations, FailedRequest\n")
    );
}

#[test]
fn what_is_not_stored_is_told() {
    let said = |arguments: &[&str]| keytide_with(&MADE.store, &[&["band"], arguments].concat());
    let unknown = said(&["--series", "KeyArn=ffff-no"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("no key with calls has 'ffff-no' in its ARN"), "{}", unknown.err);
    let several = said(&["--series", "KeyArn=arn:aws:kms"]);
    assert!(several.err.contains("give more of the one that you mean: arn:aws:kms"), "{}", several.err);
    let half = said(&["--series", &format!("KeyArn={}", MADE.key), "--period", "90s"]);
    assert!(half.code == Some(2) && half.err.contains("give a multiple of 60 s"), "{}", half.err);
    let later = said(&["--series", &format!("KeyArn={}", MADE.key), "--since", "2030-01-01"]);
    assert!(later.code == Some(0) && later.out.contains("No period is in this range."), "{}", later.out);
}

#[test]
fn an_exported_folder_is_scored_and_its_incident_found() {
    let folder = passing_folder();
    let to = folder.path().join("series");
    let (to_text, incidents) = (to.to_str().unwrap(), MADE.truth.join("incidents.csv"));
    let arguments = ["export", "series", "--period", "5m", "--to", to_text, "--labels", incidents.to_str().unwrap()];
    let ran = keytide_with(&MADE.store, &arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let part = |at: usize| MADE.key.split(':').nth(at).unwrap();
    let name = format!("{}_{}_{}.csv", part(4), part(3), part(5).trim_start_matches("key/"));
    assert!(names_in(&to.join("Decrypt")).contains(&name));
    let selection = format!("KeyArn={},Operation=Decrypt", MADE.key);
    let banded: Vec<[String; 2]> = rows(&band(&["--series", &selection, "--output", "csv"]).out)
        .into_iter()
        .map(|row| [row[0].clone(), row[1].clone()])
        .collect();
    let exported: Vec<[String; 2]> = rows(&fs::read_to_string(to.join("Decrypt").join(&name)).unwrap())
        .into_iter()
        .map(|row| row.try_into().unwrap())
        .collect();
    assert_eq!(exported, banded);
    let labels: serde_json::Value = serde_json::from_slice(&fs::read(to.join("labels.json")).unwrap()).unwrap();
    let label = &labels["series"][&format!("Decrypt/{name}")];
    assert_eq!(label["key_arn"], MADE.key.as_str());
    let window =
        serde_json::json!([{"start": "2026-01-06T22:30:00Z", "end": "2026-01-06T23:59:59Z", "kind": "runaway"}]);
    assert_eq!(label["windows"], window);
    // Twice into the same folder would mix two exports.
    let again = keytide_with(&MADE.store, &arguments);
    assert!(again.code == Some(1) && again.err.contains("is not empty"), "{}", again.err);
    let scored = keytide_with(&MADE.store, &["band", "--score", to_text, "--output", "json"]);
    let scored: Vec<serde_json::Value> = serde_json::from_str(&scored.out).unwrap();
    let decrypt = scored.iter().find(|row| row["group"] == "Decrypt").unwrap();
    assert_eq!((&decrypt["incidents"], &decrypt["found"]), (&1.into(), &1.into()));
}
