//! Every call counts once, whatever the order of files, the number of runs, the size of batches and the threads.

use std::path::PathBuf;

use keytide::domain::Second;
use keytide::ingest::IngestOptions;
use keytide::store::Store;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::support::files;
use crate::support::oracle::{self, Truth};
use crate::support::record::{GUEST, GUEST_KEY, KEY, KEY_2, Record};
use crate::support::stores::{Said, ingest_into, passing_folder, said_by};
use crate::support::trail::{AROUND_MIDNIGHT, Plan, Trail};

/// One ingest: these files in this order, so many requests a batch, so many threads, a part of time.
#[derive(Clone, Debug)]
struct Run {
    files: Vec<PathBuf>,
    batch_requests: usize,
    threads: usize,
    since: Option<u32>,
    until: Option<u32>,
}

impl Run {
    fn of(files: &[PathBuf]) -> Self {
        Self { files: files.to_vec(), batch_requests: usize::MAX, threads: 1, since: None, until: None }
    }
}

/// What a new store says after these runs.
fn after(runs: &[Run]) -> Said {
    let dir = passing_folder();
    let mut store = Store::open_for_writing(dir.path()).unwrap();
    for run in runs {
        let options = IngestOptions {
            paths: run.files.clone(),
            since: run.since.map(Second),
            until: run.until.map(Second),
            threads: run.threads,
            batch_requests: run.batch_requests,
        };
        ingest_into(&mut store, &options).unwrap();
    }
    said_by(dir.path())
}

fn assert_true(said: &Said, truth: &Truth, what: &str) {
    let true_counts = Said { minutes: truth.minutes.clone(), unattributed: truth.unattributed.clone(), ..said.clone() };
    assert_equal(said, &true_counts, what);
}

fn assert_equal(said: &Said, expected: &Said, what: &str) {
    assert!(said == expected, "{what}:\n{}", said.differences(expected).join("\n"));
}

/// A trail on disk, what it must give, and what one quiet run says.
struct Known {
    _folder: tempfile::TempDir,
    files: Vec<PathBuf>,
    truth: Truth,
    said: Said,
}

fn known(plan: Plan) -> Known {
    let folder = passing_folder();
    let trail = Trail::of(plan);
    let files = trail.write(folder.path());
    let truth = oracle::count(trail.records());
    let said = after(&[Run::of(&files)]);
    Known { _folder: folder, files, truth, said }
}

const PLAN: Plan = Plan { seed: 0, requests: 150, objects: 9, seconds: AROUND_MIDNIGHT, straddling: false };

#[test]
fn one_run_counts_what_the_rules_say() {
    for seed in 0..12 {
        let known = known(Plan { seed, ..PLAN });
        assert_true(&known.said, &known.truth, &format!("seed {seed}"));
        assert!(known.truth.minutes.lines().count() > 50, "the trail is too small to tell anything");
    }
}

#[test]
fn order_runs_batches_and_threads_change_nothing() {
    // The ways to go over a trail: a seed for the trail and one for the order, files a run, requests a batch, threads.
    let ways = (0_u64..1000, any::<u64>(), 1_usize..=4, 1_usize..=200, 1_usize..=4);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 24,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&ways, |(seed, order, runs, batch_requests, threads)| {
        let known = known(Plan { seed, ..PLAN });
        let mut rng = ChaCha8Rng::seed_from_u64(order);
        let mut all = Vec::new();
        for run in 0..runs {
            let mut files = known.files.clone();
            files.shuffle(&mut rng);
            if run + 1 < runs {
                files.truncate(rng.random_range(0..=files.len()));
            }
            all.push(Run { batch_requests, threads, ..Run::of(&files) });
        }
        let said = after(&all);
        assert_true(&said, &known.truth, "after all runs");
        assert_equal(&said, &known.said, "one run against several");
        Ok(())
    });
    result.unwrap();
}

#[test]
fn pieces_of_time_make_the_whole() {
    for seed in 0..6 {
        let known = known(Plan { seed, ..PLAN });
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // 2026-01-05T22:50:00Z and two and a half hours.
        let mut cuts: Vec<u32> = (0..3).map(|_| 1_767_653_400 + rng.random_range(0..9000)).collect();
        cuts.sort_unstable();
        let bounds = [None, Some(cuts[0]), Some(cuts[1]), Some(cuts[2]), None];
        let mut pieces: Vec<Run> = bounds
            .windows(2)
            .map(|pair| Run { since: pair[0], until: pair[1], batch_requests: 40, ..Run::of(&known.files) })
            .collect();
        pieces.shuffle(&mut rng);
        assert_equal(&after(&pieces), &known.said, &format!("seed {seed}: all pieces"));
        pieces.truncate(2);
        pieces.push(Run::of(&known.files));
        assert_equal(&after(&pieces), &known.said, &format!("seed {seed}: two pieces, then the whole"));
    }
}

#[test]
fn a_second_ingest_changes_nothing() {
    for seed in 0..4 {
        let known = known(Plan { seed, ..PLAN });
        let whole = Run::of(&known.files);
        let mut backwards = Run { batch_requests: 1, threads: 3, ..whole.clone() };
        backwards.files.reverse();
        assert_equal(&after(&[whole.clone(), whole, backwards]), &known.said, &format!("seed {seed}"));
    }
}

#[test]
fn copies_on_both_sides_of_an_hour_count_once() {
    for seed in 0..8 {
        let plan = Plan { seed, straddling: true, ..PLAN };
        let known = known(plan);
        let truth = oracle::totals(&known.truth.minutes);
        assert_eq!(oracle::totals(&known.said.minutes), truth, "seed {seed}: one run");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut files = known.files.clone();
        files.shuffle(&mut rng);
        let one_by_one: Vec<Run> = files.iter().map(|file| Run::of(std::slice::from_ref(file))).collect();
        assert_eq!(oracle::totals(&after(&one_by_one).minutes), truth, "seed {seed}: file by file");
    }
}

/// What stores say that take these records as single files, in every order, batch by batch and all at once.
fn in_every_order(records: &[Record]) -> Vec<Said> {
    let folder = passing_folder();
    let files: Vec<PathBuf> = records
        .iter()
        .enumerate()
        .map(|(n, record)| files::write(folder.path(), &format!("{n}.json"), &files::log_file(&[record.value()])))
        .collect();
    let mut said = Vec::new();
    for order in orders(files.len()) {
        let ordered: Vec<PathBuf> = order.iter().map(|&at| files[at].clone()).collect();
        said.push(after(&[Run { batch_requests: 1, ..Run::of(&ordered) }]));
        said.push(after(&[Run::of(&ordered)]));
    }
    said
}

fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let with_last = |order: &Vec<usize>| -> Vec<Vec<usize>> {
        (0..=order.len())
            .map(|at| {
                let mut longer = order.clone();
                longer.insert(at, count - 1);
                longer
            })
            .collect()
    };
    shorter.iter().flat_map(with_last).collect()
}

fn assert_same(all: &[Said]) {
    for said in all {
        assert_equal(said, &all[0], "another order");
    }
}

/// A call by a role of [`GUEST`] with a context and a service, as the guest's trail shows it.
fn guest_call(operation: &str, event_id: &str) -> Record {
    let identity = json!({
        "type": "AssumedRole", "accountId": GUEST, "invokedBy": "fas.s3.amazonaws.com",
        "arn": format!("arn:aws:sts::{GUEST}:assumed-role/reader/s"),
        "sessionContext": {"sessionIssuer": {"arn": format!("arn:aws:iam::{GUEST}:role/reader")}}
    });
    Record::call(operation)
        .with("userIdentity", identity)
        .with("recipientAccountId", GUEST)
        .parameter("encryptionContext", json!({"aws:s3:arn": "arn:aws:s3:::lake/1"}))
        .id(event_id)
        .shared("shared-1")
}

#[test]
fn the_callers_copy_names_the_caller_whether_it_comes_first_or_last() {
    let callers_copy = guest_call("Decrypt", "guest").key(KEY);
    let bare = json!({"encryptionAlgorithm": "SYMMETRIC_DEFAULT"});
    let owners_copy = callers_copy.clone().seen_by_owner("111122223333", "owner");
    let owners_copies = [
        ("with the context and without the service", owners_copy.clone()),
        ("with both", owners_copy.clone().identity("invokedBy", "fas.s3.amazonaws.com")),
        ("with neither", owners_copy.clone().with("requestParameters", bare.clone())),
        (
            "with the service alone",
            owners_copy.identity("invokedBy", "fas.s3.amazonaws.com").with("requestParameters", bare),
        ),
    ];
    for (what, owners_copy) in owners_copies {
        let all = in_every_order(&[callers_copy.clone(), owners_copy]);
        let caller = "arn:aws:iam::444455556666:role/reader s3.amazonaws.com arn:aws:s3:::lake ";
        let expected = format!("5892024 {GUEST} {caller} {KEY} Decrypt");
        for said in &all {
            assert_eq!(said.callers, [(expected.clone(), [1, 0, 0, 0, 0])].into(), "owner's copy {what}");
        }
        assert_same(&all);
    }
}

#[test]
fn three_accounts_copies_of_a_re_encrypt_are_one_request() {
    let callers_copy = guest_call("ReEncrypt", "caller").key(KEY).key(GUEST_KEY);
    let bare = callers_copy.clone().without("resources");
    let all = in_every_order(&[
        callers_copy,
        bare.clone().key(KEY).seen_by_owner("111122223333", "source"),
        bare.key(GUEST_KEY).parameter("destinationKeyId", GUEST_KEY).seen_by_owner("777788889999", "destination"),
    ]);
    let expected = "minute,key_arn,operation,successful,throttled,denied,failed,dry_run\n".to_owned()
        + &format!("2026-01-05T10:00:00Z,{KEY},ReEncrypt,1,0,0,0,0\n")
        + &format!("2026-01-05T10:00:00Z,{GUEST_KEY},ReEncrypt,1,0,0,0,0\n");
    for said in &all {
        assert_eq!(said.minutes, expected);
    }
    assert_same(&all);
}

#[test]
fn a_half_known_re_encrypt_counts_its_other_half_once() {
    let whole = guest_call("ReEncrypt", "caller").key(KEY).key(KEY_2);
    let half = whole.clone().without("resources").key(KEY_2).parameter("destinationKeyId", KEY_2);
    let all = in_every_order(&[whole, half.seen_by_owner("111122223333", "owner")]);
    assert_same(&all);
    assert_eq!(all[0].minutes.matches(",ReEncrypt,1,0,0,0,0").count(), 2);
}
