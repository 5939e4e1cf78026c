//! `kill -9` at random moments of the real program's ingest.
//!
//! A first run, left alone, measures how long an ingest takes. Later runs are killed after a random part of that time,
//! a few on each store, and then one runs to its end: it must say what the first one said. A random moment is what this
//! test is about, so it sleeps; `daemon/endtoend` kills the daemon in the same way, and no other test sleeps. What
//! another process does is awaited by asking again and again until a deadline (`support/wait`).

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::oracle;
use crate::support::program::{keytide, run};
use crate::support::stores::{passing_folder, said_by};
use crate::support::trail::{AROUND_AN_HOUR, Plan, Trail};

/// Kills that must have met a living process.
const KILLS: usize = 52;
/// Runs on one store that are killed before one may end.
const KILLS_A_STORE: usize = 6;

fn command(dir: &Path, trail: &Path) -> std::process::Command {
    let mut command = keytide(dir);
    command.args(["ingest", "--quiet", "--threads", "2", "--batch-requests", "25"]).arg(trail);
    command
}

#[test]
fn kill_minus_nine_at_any_moment_and_a_second_run_change_nothing() {
    let seed: u64 = rand::random();
    let (folder, dir) = (passing_folder(), passing_folder());
    let plan = Plan { seed: 7, requests: 300, objects: 240, seconds: AROUND_AN_HOUR, straddling: false };
    let trail = Trail::of(plan);
    let _files: Vec<PathBuf> = trail.write(folder.path());
    let started = Instant::now();
    assert_eq!(run(&mut command(dir.path(), folder.path())).code, Some(0));
    let undisturbed = started.elapsed();
    let expected = said_by(dir.path());
    let truth = oracle::count(trail.records());
    assert_eq!((&expected.minutes, &expected.unattributed), (&truth.minutes, &truth.unattributed));

    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut kills, mut ended) = (0, 0);
    while kills < KILLS {
        let dir = passing_folder();
        for _ in 0..KILLS_A_STORE {
            if killed_within(&mut command(dir.path(), folder.path()), undisturbed, &mut rng) {
                kills += 1;
            } else {
                ended += 1;
            }
        }
        assert!(ended < 10 * KILLS, "runs end before they are killed: {undisturbed:?} was measured");
        let last = run(&mut command(dir.path(), folder.path()));
        assert_eq!(last.code, Some(0), "seed {seed}: {}", last.err);
        let said = said_by(dir.path());
        assert!(said == expected, "seed {seed}, {kills} kills:\n{}", said.differences(&expected).join("\n"));
    }
}

/// Starts the program and kills it after a random part of the time; whether it was still alive.
fn killed_within(command: &mut std::process::Command, time: Duration, rng: &mut ChaCha8Rng) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    sleep(time.mul_f64(rng.random_range(0.0..1.0)));
    child.kill().unwrap();
    child.wait().unwrap().signal() == Some(9)
}
