//! Decode, count and duplicate removal beside plain inflation.

use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;

use keytide::cloudtrail::Decoder;
use keytide::cloudtrail::unpack::{Inflater, Limits};
use keytide::domain::Second;
use keytide::tally::{Batch, Dictionaries, Ledger, ObjectTally, Profiles, Scope, Workbench, add_up};

use crate::{cpu, trail};

const RUNS: usize = 3;

/// A ledger that knows nothing: all repeats are in the trail itself.
struct Empty;

impl Ledger for Empty {
    type Error = Infallible;

    fn find(&mut self, _hour: u32, _hashes: &[u128], _found: &mut Vec<(u32, u8)>) -> Result<(), Infallible> {
        Ok(())
    }
}

/// CPU seconds that libdeflate needs for the files' bytes, and their sizes packed and inflated.
pub fn inflation(files: &[PathBuf]) -> (f64, u64, u64) {
    cpu::best_of(RUNS, || {
        let mut decompressor = libdeflater::Decompressor::new();
        let (mut buffer, mut packed, mut inflated) = (Vec::new(), 0, 0);
        for file in files {
            let bytes = fs::read(file).expect("the trail can be read");
            let size = u32::from_le_bytes(*bytes.last_chunk().expect("a gzip file has a trailer")) as usize;
            if buffer.len() < size {
                buffer.resize(size, 0);
            }
            inflated += decompressor.gzip_decompress(&bytes, &mut buffer).expect("the trail is whole") as u64;
            packed += bytes.len() as u64;
        }
        (packed, inflated)
    })
    .flatten()
}

trait Flatten {
    fn flatten(self) -> (f64, u64, u64);
}

impl Flatten for (f64, (u64, u64)) {
    fn flatten(self) -> (f64, u64, u64) {
        (self.0, self.1.0, self.1.1)
    }
}

/// Decodes, removes repeats and counts, as an ingest does, without facts of the store: calls that count, and records.
fn decode_and_count(files: &[PathBuf]) -> (u64, u64) {
    let profiles = Profiles::new(Dictionaries::default());
    let scope =
        Scope { since: Second(0), until: Second(u32::MAX), not_after: Second(u32::MAX), closed_hours: Vec::new() };
    let (mut inflater, mut decoder, mut bench) = (Inflater::default(), Decoder::default(), Workbench::default());
    let (mut batch, mut calls, mut records) = (Batch::default(), 0, 0);
    let mut close = |batch: &mut Batch| {
        let Ok(admitted) = std::mem::take(batch).admit(&profiles, &mut Empty);
        let cells = add_up(&admitted, &profiles);
        cells.minutes.values().flat_map(|day| &day.calls).flatten().map(|&calls| u64::from(calls)).sum::<u64>()
    };
    for (number, file) in files.iter().enumerate() {
        let bytes = fs::read(file).expect("the trail can be read");
        let inflated = inflater.gunzip(&bytes, "", &Limits::default()).expect("the trail is whole");
        let mut tally = ObjectTally::new(&profiles, &mut bench, &scope, number as u128);
        decoder.document(inflated, &mut tally).expect("the trail is one");
        records += tally.counts.records();
        batch.add(&tally.rows, std::mem::take(&mut tally.ids));
        if batch.len() >= keytide::ingest::BATCH_REQUESTS {
            calls += close(&mut batch);
        }
    }
    calls += close(&mut batch);
    (calls, records)
}

pub fn run() {
    println!("| trail | records | MB gzip | MB JSON | libdeflate, CPU s | decode + count + repeats, CPU s | ratio |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for &(name, share, times) in &[("all-kms", 1.0, 1), ("30-percent-kms", 0.3, 1), ("all-kms", 1.0, 3)]
        [..if std::env::var_os("QUICK").is_some() { 2 } else { 3 }]
    {
        let files = trail::files(&trail::make(name, share, times));
        let (inflation, packed, inflated) = inflation(&files);
        let (seconds, (_, records)) = cpu::best_of(RUNS, || decode_and_count(&files));
        println!(
            "| {name} x{times} | {records} | {} | {} | {inflation:.2} | {seconds:.2} | **{:.2}** |",
            packed >> 20,
            inflated >> 20,
            seconds / inflation
        );
    }
}
