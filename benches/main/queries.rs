//! Queries on 50 million minute counts: 10,000 keys × 5 operations × two weeks with 5 % of the minutes occupied.

use std::path::Path;

use chrono::{DateTime, Utc};
use keytide::domain::{Outcome, Second};
use keytide::store::{NewBatch, Store};
use keytide::tally::{Batch, Claim, Dictionaries, Id, Profiles, Row};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{cpu, profiles, trail};

const KEYS: u32 = 10_000;
const OPERATIONS: [&str; 5] = ["Decrypt", "Encrypt", "GenerateDataKey", "GenerateMac", "Sign"];
const DAYS: u32 = 14;
const START: u32 = 1_767_571_200;

/// Makes the store through its own door, an hour of requests a batch, and compacts it.
fn make(dir: &Path) {
    // What an interrupted run left is no whole store.
    let _ = std::fs::remove_dir_all(dir);
    let mut store = Store::open_for_writing(dir).expect("a store can be made");
    let all = Profiles::new(Dictionaries::default());
    profiles::meet(&all, KEYS, &OPERATIONS);
    let now: DateTime<Utc> = DateTime::from_timestamp(i64::from(START + DAYS * 86_400), 0).expect("a moment");
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let series = KEYS * OPERATIONS.len() as u32;
    for hour in 0..DAYS * 24 {
        let (mut rows, mut ids) = (Vec::new(), Vec::new());
        for profile in 0..series {
            for minute in 0..60 {
                if random.random_range(0..20) == 0 {
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
        store.commit(NewBatch { requests, ..NewBatch::default() }, &all, now).expect("a batch can be committed");
        if hour % 24 == 23 {
            store.compact(1, now).expect("a day can be compacted");
        }
    }
}

const HOUSE: &str = r#"SELECT SUM(SuccessfulRequest) FROM SCHEMA("AWS/KMS", KeyArn, Operation) GROUP BY KeyArn ORDER BY MAX() DESC LIMIT 20"#;

pub fn run() {
    let dir = trail::folder().join("fifty-million");
    if !dir.join("made").exists() {
        make(&dir);
        std::fs::write(dir.join("made"), "").expect("the store's folder can be written");
    }
    let by_sum = HOUSE.replace("MAX()", "SUM()");
    let by_operation = HOUSE.replace("GROUP BY KeyArn", "GROUP BY KeyArn, Operation");
    let one_operation = HOUSE.replace("GROUP BY", "WHERE Operation = 'Decrypt' GROUP BY");
    let two_operations = HOUSE.replace("GROUP BY", "WHERE Operation != 'Decrypt' GROUP BY");
    let queries: [(&str, &str, &[&str]); 9] = [
        ("top 20, 3 hours", HOUSE, &["--since", "2026-01-18T20:37Z", "--until", "2026-01-18T23:37Z"]),
        ("top 20, two weeks", HOUSE, &[]),
        (
            "top 20, 13 days from and to mid-hours",
            HOUSE,
            &["--since", "2026-01-05T10:37Z", "--until", "2026-01-18T10:41Z"],
        ),
        ("the same by SUM, two weeks", &by_sum, &[]),
        ("by key and operation, two weeks", &by_operation, &[]),
        ("one operation's keys, two weeks", &one_operation, &[]),
        ("all but one operation, a day", &two_operations, &["--since", "2026-01-10", "--until", "2026-01-11"]),
        ("all but one operation, two weeks", &two_operations, &[]),
        ("top 20 by 5 minutes, two weeks", HOUSE, &["--period", "5m"]),
    ];
    println!("| query | wall ms | CPU ms | peak MB |\n|---|---:|---:|---:|");
    let store = dir.display().to_string();
    for (name, query, range) in queries {
        let arguments = [&["--data-dir", &store, "query", query][..], range].concat();
        let runs = (0..3).map(|_| cpu::child(env!("CARGO_BIN_EXE_keytide"), &arguments));
        let best = runs.min_by(|a, b| a.wall_seconds.total_cmp(&b.wall_seconds)).expect("there are runs");
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} |",
            best.wall_seconds * 1e3,
            best.cpu_seconds * 1e3,
            best.peak_megabytes
        );
    }
}
