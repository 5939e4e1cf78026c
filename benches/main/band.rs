//! The band: fitting ten thousand series, a step's cost, a live series' memory, and a CSV through the whole process.

use std::fmt::Write;
use std::fs;
use std::time::Instant;

use keytide::band::{Model, Settings};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{cpu, trail};

/// 2026-01-05T00:00:00Z.
const START: i64 = 1_767_571_200;
const DAY: u32 = 86_400;
const WEEKS_DAYS: u32 = 14;
/// Series that are fitted.
const SERIES: usize = 10_000;
/// Series whose memory is measured, and different shapes of series.
const LIVE: usize = 1_000;
const SHAPES: usize = 64;
const CSV_ROWS: u32 = 50_000;

/// Counts with a daily season, a level and noise of their own, from 1 to 10,000 a period.
fn shape(seed: u64, period: u32, rows: u32) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let level = 10_f64.powf(random.random_range(0.0..4.0));
    let depth = random.random_range(0.0..0.9);
    let value = |row: u32, noise: f64| {
        let hour = f64::from(row * period % DAY) / f64::from(DAY) * std::f64::consts::TAU;
        let mean = level * (1.0 - depth * hour.cos());
        // The sum of uniform numbers is near enough to normal here.
        (mean + noise * mean.sqrt() * 2.0).max(0.0).round()
    };
    (0..rows).map(|row| value(row, (0..6).map(|_| random.random_range(-1.0..1.0)).sum::<f64>() / 1.41)).collect()
}

fn shapes(period: u32) -> Vec<Vec<f64>> {
    (0..SHAPES as u64).map(|seed| shape(seed, period, WEEKS_DAYS * DAY / period)).collect()
}

fn fitted(period: u32, values: &[f64]) -> Model {
    let mut model = Model::new(&Settings::new(period)).expect("the settings are good");
    for (row, value) in values.iter().enumerate() {
        std::hint::black_box(model.step(START + row as i64 * i64::from(period), *value));
    }
    model
}

pub fn run() {
    let shapes = shapes(300);
    fit(&shapes);
    steps(&shapes);
    memory();
    process();
}

/// Wall and CPU seconds for all series on two threads.
fn fit(shapes: &[Vec<f64>]) {
    let started = Instant::now();
    let cpu_seconds = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|worker| {
                scope.spawn(move || {
                    for series in (worker..SERIES).step_by(2) {
                        std::hint::black_box(fitted(300, &shapes[series % SHAPES]));
                    }
                    cpu::of_thread()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker ends")).sum::<f64>()
    });
    let wall = started.elapsed().as_secs_f64();
    println!(
        "{SERIES} series x {WEEKS_DAYS} days at 5 minutes fitted on two threads: {wall:.2} s, {cpu_seconds:.2} CPU s"
    );
}

/// Nanoseconds of a step once the series is two weeks old, the least of several runs.
fn steps(shapes: &[Vec<f64>]) {
    let models: Vec<Model> = shapes.iter().map(|values| fitted(300, values)).collect();
    let rows = shapes[0].len();
    let run = || {
        let mut models = models.clone();
        let started = Instant::now();
        for (model, values) in models.iter_mut().zip(shapes) {
            for (row, value) in values.iter().enumerate() {
                std::hint::black_box(model.step(START + (rows + row) as i64 * 300, *value));
            }
        }
        started.elapsed().as_nanos()
    };
    let best = (0..7).map(|_| run()).min().expect("there are runs");
    println!("a step of a series two weeks old: {:.0} ns", best as f64 / (rows * SHAPES) as f64);
}

/// Resident bytes that a fitted series takes, from the process's memory with and without a thousand of them.
fn memory() {
    // All are kept: what is freed would be taken again unseen.
    let mut kept = Vec::new();
    for (period, name) in [(300, "5 minutes"), (60, "1 minute")] {
        let shapes = shapes(period);
        // What fitting needs besides is taken before, once.
        std::hint::black_box(fitted(period, &shapes[0]));
        let before = resident_bytes();
        let models: Vec<Model> = (0..LIVE).map(|series| fitted(period, &shapes[series % SHAPES])).collect();
        let bytes = resident_bytes().saturating_sub(before) / LIVE as u64;
        println!("memory of a live series at {name}: {bytes} bytes");
        kept.push(models);
    }
    std::hint::black_box(kept);
}

fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells a process's memory");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("resident memory is among it");
    let kilobytes = line.split_ascii_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok());
    kilobytes.expect("it is a number") * 1024
}

/// CPU milliseconds that the program needs for a thousand rows of a CSV, start and end included.
fn process() {
    let folder = trail::folder();
    let (input, output) = (folder.join("band.csv"), folder.join("band-out.csv"));
    let mut text = "timestamp,value\n".to_owned();
    for (row, value) in shape(7, 300, CSV_ROWS).iter().enumerate() {
        let stamp = keytide::domain::format_second(START + row as i64 * 300);
        writeln!(text, "{stamp},{value}").expect("a String takes all that is written");
    }
    fs::write(&input, text).expect("the build folder can be written");
    let (input, output) = (input.display().to_string(), output.display().to_string());
    let arguments = ["band", "--input", &input, "--period", "300s", "--to", &output];
    let runs = (0..9).map(|_| cpu::of_single_thread(env!("CARGO_BIN_EXE_keytide"), &arguments));
    let best = runs.min_by(f64::total_cmp).expect("there are runs");
    println!("keytide band over {CSV_ROWS} rows: {:.2} CPU ms for 1,000 rows", best * 1e6 / f64::from(CSV_ROWS));
}
