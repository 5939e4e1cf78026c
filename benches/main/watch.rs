//! The watch over ten thousand series: a round each minute, a start with warm models, their memory, and how soon a page
//! is sent.

use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, Utc};
use keytide::domain::{Outcome, Second};
use keytide::store::{NewBatch, Outbox, Store, WatchRound};
use keytide::tally::{Batch, Claim, Dictionaries, Id, Profiles, Row};
use keytide::watch::{Setup, Watch, WatchSettings};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{cpu, profiles, trail};

const KEYS: u32 = 5_000;
const OPERATIONS: [&str; 2] = ["Decrypt", "GenerateDataKey"];
/// Days that models have learned from before it is measured.
const DAYS: u32 = 3;
const START: u32 = 1_767_571_200;

/// One hour of calls: each series is called in every third minute or so.
fn commit_hour(store: &mut Store, all: &Profiles, random: &mut ChaCha8Rng, hour: u32) {
    let (mut rows, mut ids) = (Vec::new(), Vec::new());
    for profile in 0..KEYS * OPERATIONS.len() as u32 {
        for minute in 0..60 {
            if random.random_range(0..3) == 0 {
                let second = Second(START + hour * 3600 + minute * 60);
                let row = rows.len() as u32;
                rows.push(Row {
                    second,
                    profile,
                    outcome: Outcome::Successful,
                    caller_detail: 0,
                    claim: Claim::whole(1),
                });
                ids.push(Id { hash: random.random::<u128>() & !7, row, beside: 0 });
            }
        }
    }
    let mut requests = Batch::default();
    requests.add(&rows, &ids);
    store.commit(NewBatch { requests, ..NewBatch::default() }, all, now(hour)).expect("a batch can be committed");
}

fn now(hour: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(i64::from(START + (hour + 1) * 3600), 0).expect("a moment")
}

fn watch(store: &Store) -> Watch {
    let setup = Setup::silent(WatchSettings::default()).with_routes(|_| vec!["bench".to_owned()]);
    Watch::open(store, setup).expect("the watch can be opened")
}

pub fn run() {
    let dir = trail::folder().join("watched");
    // What it measures changes the store.
    let _ = std::fs::remove_dir_all(&dir);
    let mut store = Store::open_for_writing(&dir).expect("a store can be made");
    let all = Profiles::new(Dictionaries::default());
    profiles::meet(&all, KEYS, &OPERATIONS);
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for hour in 0..DAYS * 24 {
        commit_hour(&mut store, &all, &mut random, hour);
        if hour % 24 == 23 {
            store.compact(1, now(hour)).expect("a day can be compacted");
        }
    }
    let mut first = watch(&store);
    let began = Instant::now();
    let report = first.round(&mut store, now(DAYS * 24)).expect("a round");
    println!("{} series, {DAYS} days learned at first in {:.1} s", report.series, began.elapsed().as_secs_f64());
    println!("models: {:.0} MB in memory, {:.0} MB saved", megabytes(report.model_bytes), saved(&dir));
    first.save(&mut store).expect("models can be saved");
    drop(first);

    let began = Instant::now();
    let mut warm = watch(&store);
    println!("start with warm models: {:.2} s", began.elapsed().as_secs_f64());

    commit_hour(&mut store, &all, &mut random, DAYS * 24);
    let (before, began) = (cpu::of_process(), Instant::now());
    let report = warm.round(&mut store, now(DAYS * 24 + 1)).expect("a round");
    let (cpu, wall) = (cpu::of_process() - before, began.elapsed().as_secs_f64());
    println!("a round over an hour, {} judgements: {wall:.2} s, {cpu:.2} s of CPU", report.periods);
    let (before, began) = (cpu::of_process(), Instant::now());
    warm.round(&mut store, now(DAYS * 24 + 1)).expect("a round");
    let (cpu, wall) = (cpu::of_process() - before, began.elapsed().as_secs_f64());
    println!("a round that finds nothing new: {wall:.2} s, {cpu:.2} s of CPU");
    outbox(store, &dir);
}

/// How long a message is from being owed to being handed out.
fn outbox(mut store: Store, dir: &Path) {
    let mut outbox = Outbox::open(dir).expect("the outbox can be opened");
    let message = keytide::store::NewMessage {
        route: "bench".to_owned(),
        dedup_key: "bench".to_owned(),
        notice: "{}".to_owned(),
    };
    let round = WatchRound { owed: vec![message], ..WatchRound::default() };
    let began = Instant::now();
    store.commit_round(&round, Utc::now()).expect("a message can be owed");
    let due = outbox.due(Utc::now(), 10).expect("the outbox can be read");
    println!("{} messages owed and handed out in {:.1} ms", due.len(), began.elapsed().as_secs_f64() * 1e3);
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// Megabytes of the files of saved models.
fn saved(dir: &Path) -> f64 {
    let files = std::fs::read_dir(dir.join("models")).expect("models are saved");
    let bytes = files.filter_map(|file| file.ok()?.metadata().ok()).map(|file| file.len() as usize).sum();
    megabytes(bytes)
}
