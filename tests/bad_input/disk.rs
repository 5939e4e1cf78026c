//! A disk that is full, at every fill that makes a difference.

use std::fs;
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

fn with_free_kilobytes(trail: &std::path::Path, free: u32) -> (Ran, String) {
    let disk = passing_folder();
    let is_root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let mut command = Command::new("unshare");
    command.arg(if is_root { "-m" } else { "-rm" }).args(["sh", "-c", SCRIPT, "sh", env!("CARGO_BIN_EXE_keytide")]);
    let ran = match clean(&mut command).arg(disk.path()).arg(trail).arg(free.to_string()).output() {
        Ok(output) => output.into(),
        Err(error) => Ran { code: Some(77), out: String::new(), err: error.to_string() },
    };
    let first = fs::read_to_string(disk.path().with_extension("err")).unwrap_or_default();
    let _ = fs::remove_file(disk.path().with_extension("err"));
    (ran, first)
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
