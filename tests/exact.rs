//! Every call counts once, whatever the order of files, the number of runs, the size of batches and the threads.

use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::oracle::{self, Truth};
use crate::support::runs::{Run, after, assert_equal};
use crate::support::stores::{Said, passing_folder};
use crate::support::trail::{AROUND_MIDNIGHT, Plan, Trail};

fn assert_true(said: &Said, truth: &Truth, what: &str) {
    let true_counts = Said { minutes: truth.minutes.clone(), unattributed: truth.unattributed.clone(), ..said.clone() };
    assert_equal(said, &true_counts, what);
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
        let requests = |said: &Said| said.seconds.values().flatten().sum::<i64>();
        assert_eq!(oracle::totals(&known.said.minutes), truth, "seed {seed}: one run");
        assert_eq!(known.said.unattributed, known.truth.unattributed, "seed {seed}: one run");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut files = known.files.clone();
        files.shuffle(&mut rng);
        let one_by_one: Vec<Run> = files.iter().map(|file| Run::of(std::slice::from_ref(file))).collect();
        let said = after(&one_by_one);
        assert_eq!(oracle::totals(&said.minutes), truth, "seed {seed}: file by file");
        assert_eq!(said.unattributed, known.truth.unattributed, "seed {seed}: file by file");
        assert_eq!(requests(&said), requests(&known.said), "seed {seed}: file by file");
    }
}
