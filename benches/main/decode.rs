//! Decode, count and duplicate removal beside plain inflation.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

use keytide::cloudtrail::unpack::{Inflater, Limits};
use keytide::cloudtrail::{Call, Decoder, Fact, PassedOver, RejectReason, Sink};
use keytide::domain::Second;
use keytide::tally::{Batch, Dictionaries, Ledger, Mark, ObjectTally, Profiles, Scope, Workbench, add_up};

use crate::{cpu, trail};

const RUNS: usize = 5;

/// A ledger that knows nothing: all repeats are in the trail itself.
struct Empty;

impl Ledger for Empty {
    type Error = Infallible;

    fn find(&mut self, _hour: u32, _hashes: &[u128], _found: &mut Vec<(u32, Mark)>) -> Result<(), Infallible> {
        Ok(())
    }

    fn find_notes(&mut self, _hour: u32, _uppers: &[u64], _found: &mut Vec<(u32, u128)>) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Files' sizes in bytes, packed and inflated.
#[derive(Clone, Copy, Default)]
pub struct Sizes {
    packed: u64,
    inflated: u64,
}

/// Inflates the files with libdeflate and does nothing else.
pub fn inflate(files: &[PathBuf]) -> Sizes {
    let mut decompressor = libdeflater::Decompressor::new();
    let (mut buffer, mut sizes) = (Vec::new(), Sizes::default());
    for file in files {
        let bytes = fs::read(file).expect("the trail can be read");
        let size = u32::from_le_bytes(*bytes.last_chunk().expect("a gzip file has a trailer")) as usize;
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        sizes.inflated += decompressor.gzip_decompress(&bytes, &mut buffer).expect("the trail is whole") as u64;
        sizes.packed += bytes.len() as u64;
    }
    sizes
}

/// How far the work goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Until {
    Inflated,
    Scanned,
    Gathered,
    Admitted,
    Counted,
}

/// Hears every record, and does nothing.
struct Deaf;

impl Sink for Deaf {
    fn request(&mut self, _: u64, _: &Call<'_>) -> Result<(), (RejectReason, String)> {
        Ok(())
    }
    fn fact(&mut self, _: Fact) -> Result<(), (RejectReason, String)> {
        Ok(())
    }
    fn reject(&mut self, _: u64, _: RejectReason, _: std::fmt::Arguments<'_>) {}
    fn passed_over(&mut self, _: PassedOver) {}
}

/// Decodes, removes repeats and counts, as an ingest does, without a store; calls in minute counts, and records.
fn work(files: &[PathBuf], until: Until) -> (u64, u64) {
    let profiles = Profiles::new(Dictionaries::default());
    let scope =
        Scope { since: Second(0), until: Second(u32::MAX), not_after: Second(u32::MAX), closed_hours: Vec::new() };
    let (mut inflater, mut decoder, mut bench) = (Inflater::default(), Decoder::default(), Workbench::default());
    let (mut batch, mut calls, mut records, mut bytes) = (Batch::default(), 0, 0, Vec::new());
    let close = |batch: &mut Batch| {
        let Ok(admitted) = std::mem::take(batch).admit(&profiles, &mut Empty);
        if until < Until::Counted {
            return admitted.rows.len() as u64;
        }
        let cells = add_up(&admitted, &profiles);
        cells.minutes.values().flat_map(|day| &day.calls).flatten().map(|&calls| u64::from(calls)).sum::<u64>()
    };
    for (number, file) in files.iter().enumerate() {
        bytes.clear();
        File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)).expect("the trail can be read");
        let read = inflater.gunzip(&bytes, "", &Limits::default(), |inflated| {
            if until == Until::Scanned {
                decoder.document(inflated, &mut Deaf).expect("the trail is one");
            }
            if until <= Until::Scanned {
                return;
            }
            let mut tally = ObjectTally::new(&profiles, &mut bench, &scope, number as u128);
            decoder.document(inflated, &mut tally).expect("the trail is one");
            records += tally.counts.records();
            batch.add(&tally.rows, &tally.ids);
        });
        read.expect("the trail is whole");
        if batch.len() >= keytide::ingest::BATCH_REQUESTS {
            calls += if until < Until::Admitted { std::mem::take(&mut batch).len() as u64 } else { close(&mut batch) };
        }
    }
    calls += if until < Until::Admitted { batch.len() as u64 } else { close(&mut batch) };
    (calls, records)
}

pub fn run() {
    println!("CPU seconds beside libdeflate's on the same bytes; each column does all to its left as well.\n");
    println!("| trail | records | MB gzip | MB JSON | libdeflate | inflate | scan | ids | repeats | counts | ratio |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for &(name, share, times) in trail::MEASURED {
        let files = trail::files(&trail::make(name, share, times));
        let (mut sizes, mut records) = (Sizes::default(), 0);
        let steps = [Until::Inflated, Until::Scanned, Until::Gathered, Until::Admitted, Until::Counted];
        let [libdeflate, inflate, scan, gather, admit, count] = cpu::best_in_turns(RUNS, |piece| {
            let (seconds, ()) = cpu::of(|| match piece.checked_sub(1) {
                None => sizes = self::inflate(&files),
                Some(step) => records = work(&files, steps[step]).1,
            });
            seconds
        });
        println!(
            "| {name} x{times} | {records} | {} | {} | {libdeflate:.2} | {inflate:.2} | {scan:.2} | {gather:.2} | \
             {admit:.2} | {count:.2} | **{:.2}** |",
            sizes.packed >> 20,
            sizes.inflated >> 20,
            count / libdeflate
        );
    }
}
