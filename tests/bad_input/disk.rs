//! A disk that is full, at every fill that makes a difference.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::assert_says;
use crate::support::oracle;
use crate::support::program::{Ran, clean};
use crate::support::skipped;
use crate::support::stores::passing_folder;
use crate::support::trail::{AROUND_MIDNIGHT, Plan, Trail};

/// Mounts a small disk that only this command sees, fills all but `$4` KB of it, ingests, makes room, and ingests
/// again.
const SCRIPT: &str = r#"
    keytide=$1 disk=$2 trail=$3 free=$4
    mount -t tmpfs -o size=2m none "$disk" || exit 77
    head -c "$((2048 - free))k" /dev/zero > "$disk/ballast"
    "$keytide" --data-dir "$disk/store" ingest --quiet --batch-requests 30 "$trail" 2> "$disk.err"
    echo "first: $?"
    rm "$disk/ballast"
    "$keytide" --data-dir "$disk/store" ingest --quiet "$trail" || exit 1
    "$keytide" --data-dir "$disk/store" export minutes
"#;

/// Runs a script with mounts of its own; its arguments are the program, a folder for a disk, the trail, and the rest.
fn in_a_mount(script: &str, trail: &Path, rest: &[&OsStr]) -> Ran {
    let disk = passing_folder();
    in_a_mount_at(disk.path(), script, trail, rest)
}

fn in_a_mount_at(disk: &Path, script: &str, trail: &Path, rest: &[&OsStr]) -> Ran {
    let is_root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let mut command = Command::new("unshare");
    command.arg(if is_root { "-m" } else { "-rm" }).args(["sh", "-c", script, "sh", env!("CARGO_BIN_EXE_keytide")]);
    match clean(&mut command).arg(disk).arg(trail).args(rest).output() {
        Ok(output) => output.into(),
        Err(error) => Ran { code: Some(77), out: String::new(), err: error.to_string() },
    }
}

fn with_free_kilobytes(trail: &Path, free: u32) -> (Ran, String) {
    let disk = passing_folder();
    let ran = in_a_mount_at(disk.path(), SCRIPT, trail, &[OsStr::new(&free.to_string())]);
    let first = fs::read_to_string(disk.path().with_extension("err")).unwrap_or_default();
    let _ = fs::remove_file(disk.path().with_extension("err"));
    (ran, first)
}

/// Ingests onto a small disk, fills it, and reads: the status, and an export onto the disk.
const READING: &str = r#"
    keytide=$1 disk=$2 trail=$3
    mount -t tmpfs -o size=2m none "$disk" || exit 77
    "$keytide" --data-dir "$disk/store" ingest --quiet "$trail" || exit 1
    cat /dev/zero > "$disk/ballast" 2> /dev/null
    "$keytide" --data-dir "$disk/store" status || exit 2
    "$keytide" --data-dir "$disk/store" export minutes --to "$disk/x.csv" && exit 3
    ls "$disk"
    mount -o remount,ro "$disk" || exit 77
    "$keytide" --data-dir "$disk/store" top || exit 4
"#;

#[test]
fn a_store_on_a_full_or_read_only_disk_is_read_and_a_failed_export_leaves_no_file() {
    let folder = passing_folder();
    let plan = Plan { seed: 5, requests: 120, objects: 6, seconds: AROUND_MIDNIGHT, straddling: false };
    Trail::of(plan).write(folder.path());
    let ran = in_a_mount(READING, folder.path(), &[]);
    if ran.code == Some(77) {
        return skipped("a full disk", "no small disk can be mounted here");
    }
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("requests to KMS"), "{}", ran.out);
    assert_says(&ran.err, &["error: can't write ", "x.csv: No space left on device", "help: make room on the disk"]);
    assert!(ran.out.contains("ballast\nstore\n") && ran.out.contains(" by SuccessfulRequest"), "{}", ran.out);
}

#[test]
fn on_a_full_disk_it_says_so_and_loses_nothing() {
    let folder = passing_folder();
    let plan = Plan { seed: 5, requests: 120, objects: 6, seconds: AROUND_MIDNIGHT, straddling: false };
    let trail = Trail::of(plan);
    trail.write(folder.path());
    let truth = oracle::count(trail.records());
    if with_free_kilobytes(folder.path(), 2048).0.code == Some(77) {
        return skipped("a full disk", "no small disk can be mounted here");
    }
    let mut failed = 0;
    for free in [0, 4, 16, 64, 100, 140, 180, 220, 260, 300, 340, 380, 420, 460, 500, 600, 1000, 2048] {
        let (ran, first) = with_free_kilobytes(folder.path(), free);
        assert_eq!(ran.code, Some(0), "{free} KB free: {}", ran.err);
        let (exit, minutes) = ran.out.split_once('\n').unwrap();
        if exit != "first: 0" {
            failed += 1;
            assert_eq!(exit, "first: 1", "{free} KB free: {first}");
            assert_says(&first, &["error: ", "help: make room on the disk"]);
        }
        assert_eq!(minutes, truth.minutes, "{free} KB free");
    }
    assert!(failed >= 5, "the disk was large enough all but {failed} times");
}
