//! Keytide's speed, memory and scale, as ratios and figures that it prints and never asserts.
//!
//! `cargo bench` runs all parts; `cargo bench -- decode ingest` runs some. Trails and stores are made once, in the
//! build folder. Parts: `band` (fitting, stepping, memory, a CSV through the process), `decode` and `ingest` (CPU
//! seconds beside libdeflate's on the same bytes in the same run), `ledger` (an id's cost as the ledger grows),
//! `memory` (a process's peak), `queries` (50 million rows; takes minutes to make), `score` (the band's quality on
//! generated counts whose incidents are known), `watch` (rounds over ten thousand series, a start with warm models).

#![allow(clippy::print_stdout, reason = "figures are what they are for")]

#[path = "main/band.rs"]
mod band;
#[path = "main/cpu.rs"]
mod cpu;
#[path = "main/decode.rs"]
mod decode;
#[path = "main/ingest.rs"]
mod ingest;
#[path = "main/ledger.rs"]
mod ledger;
#[path = "main/profiles.rs"]
mod profiles;
#[path = "main/queries.rs"]
mod queries;
#[path = "main/score/mod.rs"]
mod score;
#[path = "main/trail.rs"]
mod trail;
#[path = "main/watch.rs"]
mod watch;

fn main() {
    // As the program does.
    keytide::cli::keep_freed_memory();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let parts: [(&str, fn()); 8] = [
        ("band", band::run),
        ("decode", decode::run),
        ("ingest", ingest::run),
        ("ledger", ledger::run),
        ("memory", ingest::memory),
        ("queries", queries::run),
        ("score", score::run),
        ("watch", watch::run),
    ];
    for (name, run) in parts {
        if wanted.is_empty() || wanted.iter().any(|want| want == name) {
            println!("\n## {name}\n");
            run();
        }
    }
}
