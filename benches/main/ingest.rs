//! The whole `keytide ingest` process beside plain inflation, and its memory.

use std::fs;
use std::path::Path;

use crate::decode::inflate;
use crate::{cpu, trail};

const RUNS: usize = 5;

fn ingest(trail: &Path, threads: &str) -> cpu::Child {
    let store = trail::folder().join("store");
    // The store of the run before.
    let _ = fs::remove_dir_all(&store);
    let (store, trail) = (store.display().to_string(), trail.display().to_string());
    let arguments = ["--quiet", "--data-dir", &store, "ingest", "--threads", threads, &trail];
    cpu::child(env!("CARGO_BIN_EXE_keytide"), &arguments)
}

pub fn run() {
    println!("| trail | libdeflate, CPU s | ingest, CPU s | ratio | wall, 1 thread | wall, 2 threads | peak MB |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for &(name, share, times) in trail::MEASURED {
        let trail = trail::make(name, share, times);
        let files = trail::files(&trail);
        let (mut wall, mut peak_megabytes) = ([f64::INFINITY; 2], 0.0_f64);
        let [libdeflate, _, ingest_seconds] = cpu::best_in_turns(RUNS, |piece| {
            let Some(threads) = piece.checked_sub(1) else { return cpu::of(|| inflate(&files)).0 };
            let child = ingest(&trail, ["1", "2"][threads]);
            wall[threads] = wall[threads].min(child.wall_seconds);
            peak_megabytes = peak_megabytes.max(child.peak_megabytes);
            child.cpu_seconds
        });
        let [one, two] = wall;
        println!(
            "| {name} x{times} | {libdeflate:.2} | {ingest_seconds:.2} | **{:.2}** | {one:.2} | {two:.2} | \
             {peak_megabytes:.0} |",
            ingest_seconds / libdeflate
        );
    }
}

/// Peak memory for ten thousand series, on a trail and on one five times as long.
pub fn memory() {
    println!("| trail | ingest's peak MB |\n|---|---:|");
    for times in [1, 5] {
        let trail = trail::make("all-kms", 1.0, times);
        println!("| all-kms x{times} | {:.0} |", ingest(&trail, "2").peak_megabytes);
    }
}
