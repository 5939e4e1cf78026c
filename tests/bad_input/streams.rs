//! Standard input and standard output.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Place, assert_says};
use crate::support::files;
use crate::support::program::{Ran, clean, keytide};
use crate::support::record::Record;
use crate::support::wait::until;

/// Ingests standard input.
fn piped(place: &Place, content: &[u8]) -> Ran {
    let mut command = keytide(place.store());
    command.args(["ingest", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(content).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn standard_input_is_read_in_any_shape_and_once() {
    let place = Place::with_good_files();
    let records: Vec<Value> = ["1", "2", "3"].iter().map(|id| Record::decrypt(id).value()).collect();
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    for content in [files::log_file(&records), files::gzip(&files::log_file(&records)), lines.into_bytes()] {
        let ran = piped(&place, &content);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(place.decrypts(), 3);
    }
}

#[test]
fn documents_that_run_together_are_read_as_zcat_gives_them() {
    let place = Place::with_good_files();
    let padded = |id: &str| Record::decrypt(id).with("userAgent", "x".repeat(12 << 20)).value();
    // Three of 12 MB, and one that a piece ends in.
    let documents = ["1", "2", "3", "4"].map(|id| files::log_file(&[padded(id)])).concat();
    let ran = piped(&place, &documents);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_says(&ran.err, &["2 objects read", "4 records: 4 requests"]);
    assert_eq!(place.decrypts(), 4);
}

#[test]
fn bad_standard_input_is_named_as_such() {
    let place = Place::with_good_files();
    let ran = piped(&place, b"hello\n");
    assert_says(&ran.err, &["1 object could not be read", "standard input", "hello"]);
    let whole = files::gzip(&files::log_file(&[Record::decrypt("1").value()]));
    assert_says(&piped(&place, &whole[..whole.len() - 10]).err, &["1 object could not be read", "standard input"]);
}

#[test]
fn empty_standard_input_is_quarantined_as_an_empty_file_is() {
    let place = Place::with_good_files();
    for content in [Vec::new(), files::gzip(b"")] {
        let ran = piped(&place, &content);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_says(&ran.err, &["0 objects read", "1 object could not be read", "standard input: the file is empty"]);
    }
    assert_eq!(place.run(&["ingest", "-", "--strict"]).code, Some(3));
    assert_eq!(place.status()["objects_quarantined"][0]["reason"], "empty");
    assert_eq!(piped(&place, &files::log_file(&[Record::decrypt("1").value()])).code, Some(0));
    assert_eq!(place.status()["objects_quarantined"], serde_json::json!([]));
}

/// A mask of signals in `/proc/PID/status` has the first, SIGHUP.
fn has_hangup(pid: u32, mask: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix(mask)?.strip_prefix(':')).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() & 1 == 1
}

#[test]
fn an_ingest_whose_terminal_is_closed_ends_as_at_any_other_signal() {
    let place = Place::with_good_files();
    // Whoever runs the tests may have switched SIGHUP off.
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_keytide"), "--data-dir"]).arg(place.store());
    clean(&mut command).args(["ingest", "--quiet", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let pid = child.id();
    until("SIGHUP to be caught", String::new, || has_hangup(pid, "SigCgt").then_some(()));
    assert!(Command::new("kill").args(["-HUP", &pid.to_string()]).status().unwrap().success());
    let (mut heard, mut said) = (BufReader::new(child.stderr.take().unwrap()), String::new());
    heard.read_line(&mut said).unwrap();
    assert!(said.starts_with("stopping after the batch in hand"), "{said}");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_named_pipe_is_read_as_standard_input_is() {
    let place = Place::with_good_files();
    let content = files::log_file(&["one", "two"].map(|id| Record::decrypt(id).value()));
    for content in [files::gzip(&content), [files::gzip(&content), vec![0; 512]].concat()] {
        let pipe = place.store().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut command = keytide(place.store());
        command.args(["ingest", "--strict", pipe.to_str().unwrap()]).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        fs::write(&pipe, &content).unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(place.decrypts(), 2, "{}", ran.err);
        fs::remove_file(&pipe).unwrap();
    }
    // In a folder it is no log: nobody may write to it, ever.
    let pipe = place.trail().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_says(&place.ingest().err, &["2 objects read"]);
}

#[test]
fn a_padded_gzip_is_read_from_standard_input_as_from_a_file() {
    let place = Place::with_good_files();
    let padded = [files::gzip(&files::log_file(&[Record::decrypt("1").value()])), vec![0; 512]].concat();
    assert_says(&piped(&place, &padded).err, &["1 object read, 0 known already", "1 record: 1 request to KMS (1 new"]);
    assert_eq!(place.decrypts(), 1);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::with_good_files();
    let minute = |n: u32| format!("2026-01-{:02}T{:02}:{:02}:00Z", 5 + n / 1440, n / 60 % 24, n % 60);
    let records: Vec<Value> =
        (0..2000).map(|n| Record::decrypt(&n.to_string()).with("eventTime", minute(n)).value()).collect();
    place.put("m.json", &files::log_file(&records));
    assert_eq!(place.ingest().code, Some(0));
    let mut command = keytide(place.store());
    command.args(["export", "minutes"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One line, as `head -1` takes; the rest is more than a pipe holds.
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn quiet_says_nothing_and_answers_go_to_standard_output_alone() {
    let place = Place::with_good_files();
    let ran = place.run(&["ingest", "--quiet", place.trail().to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", ""));
    let ran = place.ingest();
    assert_eq!(ran.out, "");
    assert_says(&ran.err, &["0 objects read, 2 known already"]);
    let export = place.run(&["export", "minutes"]);
    assert_eq!(export.err, "");
}
