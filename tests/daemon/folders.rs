//! Which files are read, and when.

use std::io::Write;

use super::{Place, log_of};
use crate::support::files;
use crate::support::program::run;

#[test]
fn it_starts_on_an_empty_folder_and_reads_what_comes() {
    let place = Place::new();
    let running = place.start();
    running.awaits_ready();
    place.deliver("a.json", 0..3);
    place.awaits_requests(&running, 3);
    // In a folder that did not exist when the watch began.
    std::fs::create_dir_all(place.logs().join("2026/01/05")).unwrap();
    place.deliver("2026/01/05/b.json", 3..7);
    place.awaits_requests(&running, 7);
    let line = running.awaits_line("read");
    assert_eq!((&line["fields"]["files"], &line["fields"]["requests"]), (&1.into(), &3.into()));
}

#[test]
fn a_file_that_is_still_being_written_is_left_until_it_is_whole() {
    let place = Place::new();
    place.set("[daemon]\ningest_every = \"1s\"\nrescan_every = \"1s\"\nsettle_for = \"1h\"\n");
    let running = place.start();
    running.awaits_ready();
    let log = log_of(0..4);
    let (first, second) = log.split_at(log.len() / 2);
    let mut file = std::fs::File::create(place.logs().join("slow.json")).unwrap();
    file.write_all(first).unwrap();
    file.sync_all().unwrap();
    running.awaits_figure("keytide_files_waiting 1");
    // What came after it is read.
    place.deliver("later.json", 10..12);
    place.awaits_requests(&running, 2);
    assert_eq!(place.status().unwrap()["objects_quarantined"], serde_json::json!([]));
    // A writer that closes a file half-way is not done either.
    drop(file);
    place.deliver("later-still.json", 12..13);
    place.awaits_requests(&running, 3);
    running.awaits_figure("keytide_files_waiting 1");
    let mut file = std::fs::File::options().append(true).open(place.logs().join("slow.json")).unwrap();
    file.write_all(second).unwrap();
    drop(file);
    place.awaits_requests(&running, 7);
    assert_eq!(place.status().unwrap()["objects_quarantined"], serde_json::json!([]));
}

#[test]
fn a_file_that_was_read_half_is_mended_when_it_is_whole() {
    let place = Place::new();
    let running = place.start();
    let log = files::gzip(&log_of(0..4));
    let path = files::write(&place.logs(), "slow.json.gz", &log[..log.len() / 2]);
    running.awaits_figure("keytide_objects_total{outcome=\"quarantined\"} 1");
    std::fs::write(&path, &log).unwrap();
    place.awaits_requests(&running, 4);
    assert_eq!(place.status().unwrap()["objects_quarantined"], serde_json::json!([]));
}

#[test]
fn a_folder_that_disappears_is_told_of_and_read_when_it_is_back() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    let running = place.start();
    place.awaits_requests(&running, 3);
    let away = place.folder.path().join("away");
    std::fs::rename(place.logs(), &away).unwrap();
    running.awaits_figure("keytide_condition_active{condition=\"source-gone\"} 1");
    std::fs::rename(&away, place.logs()).unwrap();
    running.awaits_figure("keytide_condition_active{condition=\"source-gone\"} 0");
    place.deliver("b.json", 3..5);
    place.awaits_requests(&running, 5);
    // Another folder in its place: its files were not seen.
    std::fs::remove_dir_all(place.logs()).unwrap();
    std::fs::create_dir(place.logs()).unwrap();
    place.deliver("c.json", 5..6);
    place.awaits_requests(&running, 6);
}

#[test]
fn one_round_reads_what_is_there_and_ends() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    let ran = run(place.command().arg("--once"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(place.status().unwrap()["requests"], 3);
    place.deliver("b.json", 3..5);
    let ran = run(place.command().arg("--once"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(place.status().unwrap()["requests"], 5);
    // The second round remembered what the first had read: none of its files was known already.
    assert!(ran.err.contains("\"files\":1,\"known\":0,"), "{}", ran.err);
}

#[test]
fn a_file_is_not_read_again_for_another_whose_name_begins_like_its_own() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    let log = files::gzip(&log_of(3..7));
    files::write(&place.logs(), "a.json.gz", &log[..log.len() / 2]);
    let files_read = || -> u64 {
        let ran = run(place.command().arg("--once"));
        let lines = ran.err.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let read = lines.filter(|line| line["fields"]["message"] == "read");
        read.map(|line| line["fields"]["files"].as_u64().unwrap()).sum()
    };
    assert_eq!(files_read(), 2);
    // Only the one that could not be read is tried again.
    assert_eq!(files_read(), 1);
}

#[test]
fn one_round_without_its_folder_fails_and_names_it() {
    let place = Place::new();
    std::fs::remove_dir(place.logs()).unwrap();
    let ran = run(place.command().arg("--once"));
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("logs can't be found"), "{}", ran.err);
}
