//! Stores that can't be used: missing, newer, in use, damaged.

use std::fs;
use std::process::Command;

use keytide::store::Store;

use super::{Place, assert_says};
use crate::support::files;
use crate::support::program::{clean, keytide, keytide_with, run};
use crate::support::record::Record;
use crate::support::stores::{passing_folder, said_by};
use crate::support::trail::{AROUND_AN_HOUR, Plan, Trail};

const READING: &[&[&str]] = &[
    &["status"],
    &["status", "--rejects"],
    &["export", "minutes"],
    &["export", "unattributed"],
    &["export", "lifecycle"],
    &["top"],
];

#[test]
fn a_missing_store_is_named_and_not_made() {
    let nowhere = passing_folder();
    let dir = nowhere.path().join("store");
    for command in READING.iter().chain([&["compact"][..]].iter()) {
        let ran = keytide_with(&dir, command);
        assert_eq!(ran.code, Some(1), "{command:?}: {}", ran.err);
        assert_says(
            &ran.err,
            &["error: there is no Keytide store in", dir.to_str().unwrap(), "help: run `keytide ingest"],
        );
        assert!(!dir.exists(), "{command:?} made a store");
    }
}

#[test]
fn a_file_in_the_place_of_the_stores_folder_is_named_with_what_to_do() {
    let place = Place::with_good_files();
    let file = files::write(place.store(), "file", b"x");
    for dir in [file.clone(), file.join("store")] {
        let ran = keytide_with(&dir, &["ingest", place.trail().to_str().unwrap()]);
        assert_eq!(ran.code, Some(1));
        assert_says(&ran.err, &[file.to_str().unwrap(), "help: a store is a folder: name another with --data-dir"]);
    }
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let place = Place::with_good_files();
    place.ingest();
    let catalog = rusqlite::Connection::open(place.store().join("catalog.sqlite")).unwrap();
    catalog.pragma_update(None, "user_version", 99).unwrap();
    drop(catalog);
    let before = files::names_in(&place.store().join("segments"));
    let trail = place.trail().to_str().unwrap();
    for command in READING.iter().chain([&["compact"][..], &["ingest", trail][..]].iter()) {
        let ran = place.run(command);
        assert_eq!(ran.code, Some(1), "{command:?}: {}", ran.err);
        let store = place.store().to_str().unwrap();
        assert_says(&ran.err, &["has format 99", "knows formats up to 5", store, "help: update Keytide"]);
    }
    assert_eq!(files::names_in(&place.store().join("segments")), before);
}

#[test]
fn a_catalog_that_lost_its_format_is_not_taken_for_an_empty_one() {
    let place = Place::with_good_files();
    place.ingest();
    let path = place.store().join("catalog.sqlite");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 0).unwrap();
    let trail = place.trail().to_str().unwrap();
    for command in READING.iter().chain([&["compact"][..], &["ingest", trail][..]].iter()) {
        let ran = place.run(command);
        assert_eq!(ran.code, Some(1), "{command:?}: {}", ran.err);
        assert_says(&ran.err, &[path.to_str().unwrap(), "is damaged: it has tables", "help: restore the file"]);
    }
}

#[test]
fn a_second_writer_is_told_who_holds_the_store_and_readers_are_let_in() {
    let place = Place::with_good_files();
    place.ingest();
    let held = Store::open_for_writing(place.store()).unwrap();
    let this = format!("(process {})", std::process::id());
    for command in [&["compact"][..], &["ingest", place.trail().to_str().unwrap()][..]] {
        let ran = place.run(command);
        assert_eq!(ran.code, Some(1), "{command:?}: {}", ran.err);
        let store = place.store().to_str().unwrap();
        assert_says(&ran.err, &["is in use by another Keytide process", &this, store, "help: wait until it ends"]);
    }
    for command in READING {
        assert_eq!(place.run(command).code, Some(0), "{command:?}");
    }
    drop(held);
    assert_eq!(place.ingest().code, Some(0));
}

#[test]
fn readers_see_whole_batches_while_a_writer_writes() {
    let dir = passing_folder();
    // An empty store first, so that there is one to read.
    drop(Store::open_for_writing(dir.path()).unwrap());
    let mut calls = Vec::new();
    // On a busy machine a writer may be done before a reader has looked twice: then another one writes.
    for seed in 3.. {
        let folder = passing_folder();
        let plan = Plan { seed, requests: 300, objects: 150, seconds: AROUND_AN_HOUR, straddling: false };
        Trail::of(plan).write(folder.path());
        let mut writer = keytide(dir.path());
        writer.args(["ingest", "--quiet", "--batch-requests", "4"]).arg(folder.path());
        let mut writer = writer.spawn().unwrap();
        while writer.try_wait().unwrap().is_none() {
            let said = said_by(dir.path());
            calls.push(said.seconds.values().map(|requests| requests[0] + requests[1]).sum::<i64>());
        }
        assert!(writer.wait().unwrap().success());
        if calls.len() > 3 {
            break;
        }
    }
    assert!(calls.is_sorted(), "counts shrank: {calls:?}");
}

#[test]
fn a_damaged_ledger_file_is_named_with_what_to_do() {
    type Spoil = fn(&mut Vec<u8>);
    let spoils: [(Spoil, &str); 3] = [
        (|bytes| bytes.truncate(20), "is damaged: it is shorter"),
        (|bytes| bytes.truncate(bytes.len() - 1), "is damaged: it is shorter"),
        (|bytes| bytes[0] ^= 1, "is damaged: it doesn't begin as a ledger file does"),
    ];
    for (spoil, says) in spoils {
        let place = Place::with_good_files();
        place.ingest();
        let ledger = place.store().join("ledger");
        let file = ledger.join(&files::names_in(&ledger)[0]);
        let mut bytes = fs::read(&file).unwrap();
        spoil(&mut bytes);
        fs::write(&file, bytes).unwrap();
        place.put("m.json", &files::log_file(&[Record::decrypt("m").value()]));
        let ran = place.ingest();
        assert_eq!(ran.code, Some(1), "{says}: {}", ran.err);
        assert_says(&ran.err, &[says, file.to_str().unwrap(), "help: restore the file"]);
    }
}

#[test]
fn a_store_that_is_a_file_is_named() {
    let place = Place::with_good_files();
    let file = place.put("file", b"{}");
    let ran = keytide_with(&file, &["ingest", place.trail().to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert_says(&ran.err, &["could not make the folder", file.to_str().unwrap()]);
}

#[test]
fn the_demo_takes_no_store_of_others() {
    let (folder, elsewhere) = (passing_folder(), passing_folder());
    fs::write(elsewhere.path().join("mine.txt"), "").unwrap();
    let ran = keytide_with(folder.path(), &["demo", elsewhere.path().to_str().unwrap()]);
    assert_eq!(ran.code, Some(2));
    assert_says(&ran.err, &["takes no --data-dir", "keytide demo DIR"]);
    // What the environment names is for other commands: the folder itself is what is refused.
    let mut command = Command::new(env!("CARGO_BIN_EXE_keytide"));
    clean(&mut command).env("KEYTIDE_DATA_DIR", folder.path()).arg("demo").arg(elsewhere.path());
    assert_says(&run(&mut command).err, &["is not empty, and not from a demo"]);
}

#[test]
fn a_damaged_or_missing_segment_is_named_with_what_to_do() {
    let place = Place::with_good_files();
    place.ingest();
    let segments = place.store().join("segments");
    let name = files::names_in(&segments).into_iter().find(|name| name.contains("minutes")).unwrap();
    let file = segments.join(name);
    let name = file.to_str().unwrap();
    let whole = fs::read(&file).unwrap();
    let asked = |says: &[&str]| {
        for command in
            [&["top"][..], &["export", "minutes"], &["query", "SELECT SUM(SuccessfulRequest) FROM \"AWS/KMS\""]]
        {
            let ran = place.run(command);
            assert_eq!(ran.code, Some(1), "{command:?}: {}", ran.err);
            assert_says(&ran.err, says);
        }
        // What can be told without it is.
        let ran = place.run(&["status"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.out.contains("requests to KMS") && ran.out.contains("unknown: "), "{}", ran.out);
        let ran = place.run(&["status", "--output", "json"]);
        let status: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert!(status["calls_counted"].is_null(), "{}", ran.out);
        assert!(status["calls_counted_error"].as_str().unwrap().contains(name), "{}", ran.out);
    };
    for damaged in [&b"xxx\n"[..], &b"x".repeat(500), &whole[..whole.len() / 2]] {
        fs::write(&file, damaged).unwrap();
        asked(&["is damaged: ", name, "help: restore the file from a backup"]);
    }
    fs::remove_file(&file).unwrap();
    asked(&[name, "No such file", "help: restore the file from a backup"]);
}

#[test]
fn a_catalog_that_is_no_database_is_named_with_what_to_do() {
    let place = Place::with_good_files();
    place.ingest();
    let catalog = place.store().join("catalog.sqlite");
    fs::write(&catalog, "hello, ".repeat(1000)).unwrap();
    for command in READING {
        let ran = place.run(command);
        assert_eq!(ran.code, Some(1), "{command:?}: {}", ran.err);
        assert_says(&ran.err, &["error: ", catalog.to_str().unwrap(), "help: restore the file from a backup"]);
    }
}

#[test]
fn status_tells_calls_once_however_often_they_were_delivered() {
    let place = Place::with_good_files();
    let again: Vec<serde_json::Value> = ["1", "2", "3"].iter().map(|id| Record::decrypt(id).value()).collect();
    place.put("m-again.json", &files::log_file(&again));
    place.ingest();
    let ran = place.run(&["status", "--output", "json"]);
    let status: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&status["calls"], &status["calls_counted"]), (&7.into(), &4.into()));
    assert!(status["calls_counted_error"].is_null(), "{status}");
    let ran = place.run(&["status"]);
    assert!(ran.out.contains("calls counted once   4\n") && ran.out.contains("duplicates included"), "{}", ran.out);
}

#[test]
fn status_counts_no_call_that_uses_no_key() {
    let place = Place::with_good_files();
    let random = Record::call("GenerateRandom").without("requestParameters").without("resources").id("random");
    place.put("m-random.json", &files::log_file(&[random.value()]));
    place.ingest();
    let status = place.status();
    let told = ["requests", "calls", "calls_counted"].map(|name| status[name].as_u64().unwrap());
    assert_eq!(told, [5, 4, 4], "{status}");
}

#[test]
fn status_tells_times_in_the_zone_that_is_asked_for() {
    let place = Place::with_good_files();
    place.ingest();
    assert_eq!(place.status()["first_minute"], "2026-01-05T10:00:00Z");
    let ran = place.run(&["status", "--output", "json", "--timezone", "Europe/Berlin"]);
    let status: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(status["first_minute"], "2026-01-05T11:00:00+01:00");
    assert_eq!(status["watermark"], "2026-01-05T10:46:00+01:00");
    assert_says(&place.run(&["status", "--timezone", "Europe/Berlin"]).out, &["2026-01-05T11:00:00+01:00"]);
}
