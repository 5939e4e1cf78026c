//! A folder of series, scored.

use std::fs;
use std::path::Path;

use super::{noisy, series};
use crate::support::program::keytide_with;
use crate::support::stores::passing_folder;

/// Two series in a group each; in `spike`, an incident at row 500 of ten times the usual.
fn folder() -> tempfile::TempDir {
    let folder = passing_folder();
    for group in ["calm", "spike"] {
        let values = noisy(600).enumerate();
        let spiky = |row: usize| group == "spike" && (500..506).contains(&row);
        let values = values.map(|(row, value)| if spiky(row) { "9000".to_owned() } else { value });
        fs::create_dir(folder.path().join(group)).unwrap();
        fs::write(folder.path().join(group).join("a.csv"), series(values)).unwrap();
    }
    folder
}

const LABELS: &str = r#"{"series": {"spike/a.csv": {"period": 300, "score_from": "2026-01-05T12:00:00Z", "exact": true,
    "windows": [{"start": "2026-01-06T17:40:00Z", "end": "2026-01-06T18:05:00Z", "kind": "spike"}]}}}"#;

fn scored(folder: &Path) -> Vec<serde_json::Value> {
    let ran = keytide_with(folder, &["band", "--score", folder.to_str().unwrap(), "--output", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn groups_are_folders_and_incidents_come_from_the_labels() {
    let folder = folder();
    fs::write(folder.path().join("labels.json"), LABELS).unwrap();
    let rows = scored(folder.path());
    let of = |row: usize, name: &str| rows[row][name].clone();
    assert_eq!([of(0, "group"), of(1, "group"), of(2, "group")], ["calm", "spike", "overall"]);
    assert_eq!((of(0, "series"), of(2, "series"), of(2, "points")), (1.into(), 2.into(), 1200.into()));
    assert_eq!((of(0, "incidents"), of(1, "incidents"), of(1, "found")), (0.into(), 1.into(), 1.into()));
    assert_eq!((of(1, "recall"), of(1, "delay_median_minutes")), (1.0.into(), 0.0.into()));
    assert_eq!(of(0, "recall"), serde_json::Value::Null);
    assert!(of(2, "nanoseconds_per_point").as_f64().unwrap() > 0.0);
    let csv = keytide_with(folder.path(), &["band", "--score", folder.path().to_str().unwrap(), "--output", "csv"]);
    let header = "group,series,points,incidents,found,precision,recall,f1,delay_median_minutes,delay_p90_minutes,\
                  false_alarms_per_series_week,above,below,tail_error,hourly_tail_error,interval_against_naive,\
                  interval_against_truth,nanoseconds_per_point";
    assert_eq!(csv.out.lines().next(), Some(header));
    let table = keytide_with(folder.path(), &["band", "--score", folder.path().to_str().unwrap()]);
    assert!(table.out.contains("false/wk") && table.out.contains("overall"), "{}", table.out);
}

#[test]
fn without_labels_every_alarm_is_false() {
    let folder = folder();
    let rows = scored(folder.path());
    assert_eq!((&rows[1]["incidents"], &rows[1]["recall"]), (&0.into(), &serde_json::Value::Null));
    // The series is 50 hours long, and its first half isn't scored: one alarm in 25 hours or so.
    let false_alarms = rows[1]["false_alarms_per_series_week"].as_f64().unwrap();
    assert!((false_alarms - 168.0 / 25.0).abs() < 0.2, "{false_alarms}");
}

#[test]
fn folders_and_labels_that_are_none_say_what_is_expected() {
    let folder = folder();
    let path = folder.path().to_str().unwrap();
    let said = |arguments: &[&str]| {
        let ran = keytide_with(folder.path(), &[&["band", "--score", path], arguments].concat());
        (ran.code, ran.err)
    };
    fs::write(folder.path().join("labels.json"), LABELS.replace("spike/a", "gone/a")).unwrap();
    let (code, err) = said(&[]);
    assert!(code == Some(0) && err.contains("has no gone/a.csv, which its labels.json names"), "{err}");
    fs::write(folder.path().join("labels.json"), LABELS.replace("2026-01-06T17:40:00Z", "soon")).unwrap();
    let (code, err) = said(&[]);
    assert!(code == Some(1) && err.contains("labels.json: 'soon' of spike/a.csv is no time"), "{err}");
    fs::write(folder.path().join("labels.json"), LABELS.replace("windows", "windws")).unwrap();
    let (code, err) = said(&[]);
    assert!(code == Some(1) && err.contains("unknown field `windws` of spike/a.csv; did you mean `windows`?"), "{err}");
    fs::write(folder.path().join("labels.json"), "[]").unwrap();
    let (code, err) = said(&[]);
    assert!(code == Some(1) && err.contains("docs/output.md has the format of labels.json"), "{err}");
    fs::remove_file(folder.path().join("labels.json")).unwrap();
    assert_eq!(said(&["--output", "png"]).0, Some(2));
    fs::write(folder.path().join("notes.csv"), "day,what\n").unwrap();
    let (code, err) = said(&[]);
    assert!(code == Some(1) && err.contains("notes.csv: line 1 names no column 'timestamp'"), "{err}");
    let file = folder.path().join("notes.csv");
    let ran = keytide_with(folder.path(), &["band", "--score", file.to_str().unwrap()]);
    assert!(ran.code == Some(1) && ran.err.contains("notes.csv is a file; --score judges the band over a folder"));
    fs::write(&file, "timestamp,value\n0,1\n10,1\n20,1\n").unwrap();
    let (code, err) = said(&[]);
    assert!(code == Some(1) && err.contains("notes.csv: a period of 10 s has no band"), "{err}");
    fs::remove_file(&file).unwrap();
    assert_eq!(said(&["--width", "0"]).0, Some(2));
    fs::write(folder.path().join("labels.json"), LABELS.replace("T18:05", "T17:05")).unwrap();
    let (code, err) = said(&[]);
    let told = "labels.json: a window of spike/a.csv ends before it starts: from 2026-01-06T17:40:00Z to \
                2026-01-06T17:05:00Z";
    assert!(code == Some(1) && err.contains(told), "{err}");
    let none = keytide_with(folder.path(), &["band", "--score", "nowhere"]);
    assert!(none.err.contains("can't list nowhere"), "{}", none.err);
    let empty = passing_folder();
    let ran = keytide_with(folder.path(), &["band", "--score", empty.path().to_str().unwrap()]);
    assert!(ran.err.contains("no file ends in .csv") && ran.err.contains("keytide export series"), "{}", ran.err);
}
