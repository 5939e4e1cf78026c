//! The whole `keytide ingest` process beside plain inflation, and its memory.

use std::fs;
use std::path::Path;

use crate::decode::inflation;
use crate::{cpu, trail};

const RUNS: usize = 3;

fn ingest(trail: &Path, threads: &str) -> cpu::Child {
    let store = trail::folder().join("store");
    // The store of the run before.
    let _ = fs::remove_dir_all(&store);
    let (store, trail) = (store.display().to_string(), trail.display().to_string());
    let arguments = ["--quiet", "--data-dir", &store, "ingest", "--threads", threads, &trail];
    cpu::child(env!("CARGO_BIN_EXE_keytide"), &arguments)
}

fn best(trail: &Path, threads: &str) -> cpu::Child {
    let runs = (0..RUNS).map(|_| ingest(trail, threads));
    runs.min_by(|a, b| a.cpu_seconds.total_cmp(&b.cpu_seconds)).expect("there are runs")
}

pub fn run() {
    println!("| trail | libdeflate, CPU s | ingest, CPU s | ratio | wall, 1 thread | wall, 2 threads | peak MB |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for &(name, share, times) in trail::MEASURED {
        let trail = trail::make(name, share, times);
        let (inflation, _, _) = inflation(&trail::files(&trail));
        let (one, two) = (best(&trail, "1"), best(&trail, "2"));
        println!(
            "| {name} x{times} | {inflation:.2} | {:.2} | **{:.2}** | {:.2} | {:.2} | {:.0} |",
            two.cpu_seconds,
            two.cpu_seconds / inflation,
            one.wall_seconds,
            two.wall_seconds,
            two.peak_megabytes
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
