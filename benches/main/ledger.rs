//! What an event id costs as the ledger grows, for new, late and repeated objects.

use chrono::{DateTime, Utc};
use keytide::domain::{Outcome, Second};
use keytide::store::{NewBatch, Store};
use keytide::tally::{Batch, Claim, Dictionaries, Id, Profiles, Row};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{cpu, profiles, trail};

/// Ids a batch.
const BATCH: u32 = 250_000;

/// A batch of requests without series, in the seconds from `start` on: only the ledger has work with them.
fn batch(random: &mut ChaCha8Rng, start: u32, seconds: u32, repeat: Option<u64>) -> (Vec<Row>, Vec<Id>) {
    let mut own;
    let random = match repeat {
        Some(seed) => {
            own = ChaCha8Rng::seed_from_u64(seed);
            &mut own
        }
        None => random,
    };
    let (mut rows, mut ids) = (Vec::new(), Vec::new());
    for row in 0..BATCH {
        let second = Second(start + row % seconds);
        rows.push(Row { second, profile: 0, outcome: Outcome::Successful, caller_detail: 0, claim: Claim::whole(0) });
        ids.push(Id { hash: random.random::<u128>() & !7, row, beside: 0 });
    }
    (rows, ids)
}

pub fn run() {
    let dir = trail::folder().join("ledger");
    // The store of the run before.
    let _ = std::fs::remove_dir_all(&dir);
    let mut store = Store::open_for_writing(&dir).expect("a store can be made");
    let all = Profiles::new(Dictionaries::default());
    profiles::meet(&all, 1, &["GenerateRandom"]);
    let now: DateTime<Utc> = DateTime::from_timestamp(1_767_571_200, 0).expect("a moment");
    let mut commit = |(rows, ids): (Vec<Row>, Vec<Id>)| {
        let before = cpu::of_process();
        let mut requests = Batch::default();
        requests.add(&rows, &ids);
        let batch = NewBatch { requests, ..NewBatch::default() };
        let committed = store.commit(batch, &all, now).expect("a batch can be committed");
        ((cpu::of_process() - before) * 1e9 / f64::from(BATCH), committed)
    };
    println!("100 million ids a day are 4.2 million an hour, 250,000 in 3.6 minutes.\n");
    println!("| ids so far | new, ns an id | late (an hour before), ns an id | repeated, ns an id |");
    println!("|---:|---:|---:|---:|");
    let start = 1_767_571_200;
    let (mut total, mut new, mut late, mut repeated) = (0_u64, Vec::new(), Vec::new(), Vec::new());
    for step in 0..40_u32 {
        let mut random = ChaCha8Rng::seed_from_u64(u64::from(step));
        let (cost, committed) = commit(batch(&mut random, start + step * 216, 216, None));
        new.push(cost);
        total += committed.new_requests;
        if step % 4 == 3 {
            let mut random = ChaCha8Rng::seed_from_u64(1000 + u64::from(step));
            let (cost, committed) = commit(batch(&mut random, start + (step * 216).saturating_sub(3600), 216, None));
            late.push(cost);
            total += committed.new_requests;
            let (cost, committed) =
                commit(batch(&mut random, start + (step - 3) * 216, 216, Some(u64::from(step - 3))));
            assert_eq!(committed.new_requests, 0, "repeats count for nothing");
            repeated.push(cost);
        }
        if step % 8 == 7 {
            let [new, late, repeated] = [&mut new, &mut late, &mut repeated].map(mean);
            println!("| {total} | {new:.0} | {late:.0} | {repeated:.0} |");
        }
    }
}

/// The mean of the figures since the last line.
fn mean(figures: &mut Vec<f64>) -> f64 {
    let mean = figures.iter().sum::<f64>() / figures.len() as f64;
    figures.clear();
    mean
}
