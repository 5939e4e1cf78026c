//! `keytide demo`: the newcomer's door.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use clap::Parser;
use indicatif::HumanCount;

use super::exit::{Exit, Failure};
use super::system::SystemClock;
use super::{Global, query};
use crate::alarm::Notice;
use crate::daemon::draw;
use crate::domain::Clock;
use crate::ingest::{IngestOptions, Silent, ingest};
use crate::insights::without_leading_comments;
use crate::publish::text;
use crate::render::shell_word;
use crate::store::{Outbox, Store};
use crate::synth::{SynthOptions, generate};
use crate::watch::{Setup, Watch, WatchSettings};

/// Flags of `keytide demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder for the trail and its store
    #[arg(default_value = "keytide-demo", value_name = "DIR")]
    dir: PathBuf,
}

/// The query that the demo answers: the top 20 keys by their busiest minute.
const TOP_20_KEYS: &str = include_str!("../../queries/top-20-keys.sql");

/// When the workflow runs away, for how long, and how much busier the key is then.
const RUNAWAY: &str = "runaway:0:13d21h20m:2h40m:60";

pub(super) fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let say = |text: &str| {
        if !global.quiet {
            eprintln!("{text}");
        }
    };
    // What the environment says is for the other commands.
    let from_environment = std::env::var_os("KEYTIDE_DATA_DIR").map(PathBuf::from);
    if global.data_dir.is_some() && global.data_dir != from_environment {
        let error = "the demo keeps its store in its own folder, and takes no --data-dir; say where: keytide demo DIR";
        return Err(Failure::usage(error));
    }
    let dir = fresh(&args.dir)?;
    let (trail, store_dir) = (dir.join("trail"), dir.join("store"));
    let started = Instant::now();

    say("1/4  writing two weeks of CloudTrail of two accounts, in which a workflow runs away");
    let now = SystemClock.now().duration_trunc(TimeDelta::hours(1)).expect("an hour has fewer than 2^63 nanoseconds");
    let made = generate(&trail_options(now)?, &trail, &mut |_| {})?;
    say(&format!(
        "     {} records in {} files under {} ({:.1} s)",
        HumanCount(made.records),
        HumanCount(made.objects),
        trail.display(),
        started.elapsed().as_secs_f64()
    ));

    say("2/4  ingesting them as `keytide ingest` does: each call once");
    let reading = Instant::now();
    let mut store = Store::open_for_writing(&store_dir)?;
    let options = IngestOptions::of(vec![trail.join("AWSLogs")]);
    let report = ingest(&mut store, &options, &SystemClock, &Silent, &AtomicBool::new(false))?;
    store.compact(1, SystemClock.now())?;
    say(&format!(
        "     {} requests to KMS counted, {} duplicates left out ({:.1} s)",
        HumanCount(report.new_requests),
        HumanCount(report.duplicates),
        reading.elapsed().as_secs_f64()
    ));

    say("3/4  judging every series against its own seasons; the page that on-call would get:\n");
    page(&mut store, now)?;
    drop(store);
    let built = std::env::var_os("CARGO").and_then(|_| std::env::current_exe().ok());
    let typed = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let program = as_typed(&typed, built.as_deref(), Path::exists);
    say(&format!("     To type its last command here, do this first:\n\n{}\n", first_step(&program, &store_dir)));

    say("4/4  asking for the 20 keys with the busiest minutes of the last three hours:\n");
    say(&indented(without_leading_comments(TOP_20_KEYS).trim()));
    answer(&store_dir, now, global.quiet)?;
    say(&format!("\nAll of it took {:.1} s. Try next:\n", started.elapsed().as_secs_f64()));
    say(&next_steps(&program, &store_dir, now));
    Ok(Exit::Success)
}

/// Watches what is stored, and prints the pages that are owed then, as they would arrive.
fn page(store: &mut Store, now: DateTime<Utc>) -> Result<(), Failure> {
    let setup = Setup::silent(WatchSettings::default()).with_routes(|_| vec!["demo".to_owned()]);
    let report = Watch::open(store, setup)?.round(store, now)?;
    draw(store, report.begun.iter());
    let mut outbox = Outbox::open(store.dir())?;
    let mut out = BufWriter::new(io::stdout().lock());
    for owed in outbox.due(now, usize::from(u8::MAX))? {
        let notice: Notice = serde_json::from_str(&owed.notice).map_err(|error| Failure::new(error, None))?;
        writeln!(out, "{}", text(&notice))?;
        outbox.delivered(owed.id, now)?;
    }
    out.flush()?;
    Ok(())
}

fn trail_options(now: DateTime<Utc>) -> Result<SynthOptions, Failure> {
    let incident = RUNAWAY.parse().map_err(Failure::usage)?;
    Ok(SynthOptions {
        start: now - TimeDelta::days(14),
        rate: 0.25,
        accounts: 2,
        regions: 1,
        digests: false,
        incidents: vec![incident],
        ..SynthOptions::default()
    })
}

/// What tells a demo's folder from any other.
const MARK: &str = "keytide-demo.txt";

/// An empty folder for the demo. One that an earlier demo made is emptied; any other that has something in it is not.
fn fresh(dir: &Path) -> Result<PathBuf, Failure> {
    let failed = |error: io::Error| Failure::new(format!("could not make {}: {error}", dir.display()), None);
    if dir.join(MARK).exists() {
        for folder in ["trail", "store"].map(|name| dir.join(name)) {
            if folder.exists() {
                fs::remove_dir_all(&folder).map_err(failed)?;
            }
        }
    } else if dir.exists() && fs::read_dir(dir).map_err(failed)?.next().is_some() {
        return Err(Failure::new(
            format!("{} is not empty, and not from a demo", dir.display()),
            Some("name another folder: keytide demo DIR"),
        ));
    }
    fs::create_dir_all(dir).map_err(failed)?;
    fs::write(dir.join(MARK), "Made by `keytide demo`, which empties this folder when it runs again.\n")
        .map_err(failed)?;
    Ok(dir.to_owned())
}

/// A command line of [`query::Args`] alone.
#[derive(Parser)]
struct QueryLine {
    #[command(flatten)]
    args: query::Args,
}

/// Answers the query over the trail's last three hours, as `keytide query` does.
fn answer(store_dir: &Path, now: DateTime<Utc>, quiet: bool) -> Result<(), Failure> {
    let store = Store::open_for_reading(store_dir)?;
    let query = without_leading_comments(TOP_20_KEYS);
    let line = QueryLine::try_parse_from(["keytide query", "--since", "3h", &query]).map_err(Failure::usage)?;
    let mut out = BufWriter::new(io::stdout().lock());
    query::run(&line.args, &store.counts(), now, quiet, &mut out)?;
    out.flush()?;
    Ok(())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("     {line}\n")).collect()
}

/// How the program is started again: as it was `typed`, or by cargo if cargo started it, for which it lies where cargo
/// `built` it.
fn as_typed(typed: &Path, built: Option<&Path>, exists: impl Fn(&Path) -> bool) -> String {
    // target/debug/keytide, or target/TRIPLE/debug/keytide.
    let is_cargos = |file: &&Path| file.ancestors().skip(2).take(2).any(|dir| exists(&dir.join(".rustc_info.json")));
    match built.filter(is_cargos).map(|file| file.parent().is_some_and(|folder| folder.ends_with("release"))) {
        Some(true) => "cargo run -q --release --".to_owned(),
        Some(false) => "cargo run -q --".to_owned(),
        None if typed.as_os_str().is_empty() => "keytide".to_owned(),
        None => shell_word(&typed.display().to_string()),
    }
}

/// What makes commands ask the demo's store.
fn export(store_dir: &Path) -> String {
    format!("  export KEYTIDE_DATA_DIR={}", shell_word(&store_dir.display().to_string()))
}

/// What makes the page's command, which begins with `keytide`, ask the demo's store.
fn first_step(program: &str, store_dir: &Path) -> String {
    match program {
        "keytide" => export(store_dir),
        program => format!("{}\n  keytide() {{ {program} \"$@\"; }}", export(store_dir)),
    }
}

fn next_steps(program: &str, store_dir: &Path, now: DateTime<Utc>) -> String {
    let since = (now - TimeDelta::hours(3)).format("%Y-%m-%dT%H:%MZ");
    let steps = [
        (format!("top --by caller --since {since}"), "who it was"),
        (format!("top --by resource --since {since}"), "and for which bucket"),
        ("alarms evaluate".to_owned(), "what would have paged in these two weeks"),
        ("status".to_owned(), "what was read"),
        ("ingest YOUR-LOGS --data-dir my-store".to_owned(), "your own trail"),
    ];
    let wide = steps.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    let lines = steps.iter().map(|(command, what)| format!("\n  {program} {command:wide$}   {what}"));
    export(store_dir) + &lines.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_try_next_can_be_typed_where_the_demo_was_started() {
        let by_cargo = |program: &str, target: &str| {
            let program = Path::new(program);
            as_typed(program, Some(program), |path| path == Path::new(target).join(".rustc_info.json"))
        };
        assert_eq!(by_cargo("/src/keytide/target/debug/keytide", "/src/keytide/target"), "cargo run -q --");
        assert_eq!(by_cargo("/build/release/keytide", "/build"), "cargo run -q --release --");
        assert_eq!(by_cargo("/build/x86_64-unknown-linux-gnu/debug/keytide", "/build"), "cargo run -q --");
        assert_eq!(by_cargo("/usr/local/bin/keytide", "/build"), "/usr/local/bin/keytide");
        for [typed, again] in [
            ["keytide", "keytide"],
            ["./keytide", "./keytide"],
            ["target/debug/keytide", "target/debug/keytide"],
            ["my tools/keytide", "'my tools/keytide'"],
            ["", "keytide"],
        ] {
            assert_eq!(as_typed(Path::new(typed), None, |_| true), again);
        }

        let now = DateTime::from_timestamp(1_795_888_800, 0).expect("a time");
        let steps = next_steps("cargo run -q --", Path::new("keytide-demo/store"), now);
        let lines: Vec<&str> = steps.lines().collect();
        assert_eq!(lines[0], "  export KEYTIDE_DATA_DIR=keytide-demo/store");
        assert!(lines[1..].iter().all(|line| line.starts_with("  cargo run -q -- ")), "{steps}");
        assert_eq!(lines[1].find("who it was"), lines[4].find("what was read"), "{steps}");
        let steps = next_steps("keytide", Path::new("my demo/store"), now);
        assert!(steps.starts_with("  export KEYTIDE_DATA_DIR='my demo/store'\n  keytide top "), "{steps}");
        let store = Path::new("keytide-demo/store");
        assert_eq!(first_step("keytide", store), "  export KEYTIDE_DATA_DIR=keytide-demo/store");
        assert!(first_step("./keytide", store).ends_with("\n  keytide() { ./keytide \"$@\"; }"));
    }
}
