//! The band's quality on counts like those of KMS keys, whose incidents are known: the table in `docs/band.md`.
//!
//! A seed makes 192 series by 5 minutes, twelve of each kind, and 48 by the minute, six of each of half the kinds: five
//! weeks each, of which the first two are warm-up. `shapes`, `jobs` and `course` say what is usual in a series,
//! `incidents` what happens to it, `draw` is chance; `truth` is what the distribution that made the values scores. The
//! series are written into the build folder, where `keytide band --score` reads them, and scored by the same code.

mod course;
mod draw;
mod folder;
mod incidents;
mod jobs;
mod series;
mod shapes;
mod truth;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use keytide::band::score::{Said, Scored, Summary, pool, score};
use keytide::band::{Model, Settings};

use crate::trail;
use series::Series;
use shapes::Kind;

/// The series of the tables; another seed makes others of the same kinds.
const SEED: u64 = 1;

/// Series of each kind, by 5 minutes and by one.
const BY_FIVE: u64 = 12;
const BY_ONE: u64 = 6;

/// A series and what the band reached on it.
struct Judged {
    series: Series,
    scored: Scored,
}

pub fn run() {
    make(&trail::folder().join("series"), SEED);
}

/// Makes the series of a seed in a folder, and prints the tables.
pub fn make(folder: &Path, seed: u64) {
    let judged = judged(seed);
    let all: Vec<Series> = judged.iter().map(|judged| judged.series.clone()).collect();
    folder::write(folder, &all);
    println!("`keytide band --score {}` reads these series.\n", folder.display());
    groups(&judged);
    kinds(&judged);
}

/// Makes all series of a seed, on two threads, and steps a model over each.
fn judged(seed: u64) -> Vec<Judged> {
    let five = Kind::ALL.iter().flat_map(|kind| (0..BY_FIVE).map(move |number| (*kind, "synth5m", 300, number)));
    let one = Kind::BY_MINUTE.iter().flat_map(|kind| (0..BY_ONE).map(move |number| (*kind, "synth1m", 60, number)));
    let all: Vec<(Kind, &'static str, i64, u64)> = five.chain(one).collect();
    let judge = |worker: usize| -> Vec<Judged> {
        let own = all.iter().skip(worker).step_by(2);
        own.map(|(kind, group, period, number)| judge(Series::make(*kind, group, *period, *number, seed))).collect()
    };
    let (even, odd) = std::thread::scope(|scope| {
        let other = scope.spawn(|| judge(1));
        (judge(0), other.join().expect("a worker ends"))
    });
    even.into_iter().chain(odd).collect()
}

fn judge(series: Series) -> Judged {
    let period = u32::try_from(series.labelled.period).expect("a period is some seconds");
    let mut model = Model::new(&Settings::new(period)).expect("the settings are good");
    let mut said = Said { lower: Vec::new(), upper: Vec::new(), anomalous: Vec::new(), nanoseconds: 0.0 };
    let started = Instant::now();
    for (at, value) in series.labelled.times.iter().zip(&series.labelled.values) {
        let judgement = model.step(*at, *value);
        said.lower.push(judgement.band.map_or(f64::NAN, |band| band.lower));
        said.upper.push(judgement.band.map_or(f64::NAN, |band| band.upper));
        said.anomalous.push(judgement.anomalous);
    }
    said.nanoseconds = started.elapsed().as_nanos() as f64;
    let scored = score(&series.labelled, &said);
    Judged { series, scored }
}

/// A row a group.
fn groups(judged: &[Judged]) {
    println!(
        "| group | series | known | found | precision | recall | F1 | delay | FA | tail error | W | against truth |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for group in ["synth1m", "synth5m"] {
        row(group, judged, |series| series.group == group);
    }
    println!();
}

fn row(name: &str, judged: &[Judged], is_in: impl Fn(&Series) -> bool) {
    let scored: Vec<&Scored> = judged.iter().filter(|one| is_in(&one.series)).map(|one| &one.scored).collect();
    let of: Summary = pool(&scored);
    let two = |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.2}"));
    let minutes = |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.0}"));
    let percent = |share: Option<f64>| two(share.map(|share| 100.0 * share));
    println!(
        "| `{name}` | {} | {} | {} | {} | {} | {} | {} / {} | {} | {} / {} | {} | {} |",
        of.series,
        of.incidents,
        of.found,
        two(of.precision),
        two(of.recall),
        two(of.f1),
        minutes(of.delay_median),
        minutes(of.delay_p90),
        two(of.false_alarms_per_week),
        percent(of.tail_error),
        percent(of.hourly_tail_error),
        two(of.against_naive),
        two(of.against_truth),
    );
}

/// How many incidents of each kind are found, and how late: a row a kind and group.
fn kinds(judged: &[Judged]) {
    let mut delays: BTreeMap<(&str, &str), Vec<Option<f64>>> = BTreeMap::new();
    for Judged { series, scored } in judged {
        // In the scorer's order: those before the start of scoring are left out.
        let windows = series.windows.iter().filter(|window| window.span.end >= series.labelled.score_from);
        let found = scored.events.iter().flat_map(|events| &events.delays);
        for (window, delay) in windows.zip(found) {
            delays.entry((series.group, &window.kind)).or_default().push(*delay);
        }
    }
    println!("| group | incident | known | found | recall | median delay |");
    println!("|---|---|---:|---:|---:|---:|");
    for ((group, kind), delays) in delays {
        let mut found: Vec<f64> = delays.iter().flatten().copied().collect();
        found.sort_by(f64::total_cmp);
        let median = found.get(found.len() / 2).map_or_else(|| "–".to_owned(), |minutes| format!("{minutes:.0}"));
        let recall = found.len() as f64 / delays.len() as f64;
        println!("| `{group}` | {kind} | {} | {} | {recall:.2} | {median} |", delays.len(), found.len());
    }
}
