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

    say("4/4  asking for the 20 keys with the busiest minutes of the last three hours:\n");
    say(&indented(without_leading_comments(TOP_20_KEYS).trim()));
    answer(&store_dir, now)?;
    say(&format!("\nAll of it took {:.1} s. Try next:\n", started.elapsed().as_secs_f64()));
    let program = std::env::current_exe().unwrap_or_default();
    say(&next_steps(as_typed(&program, Path::exists), &store_dir, now));
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
fn answer(store_dir: &Path, now: DateTime<Utc>) -> Result<(), Failure> {
    let store = Store::open_for_reading(store_dir)?;
    let query = without_leading_comments(TOP_20_KEYS);
    let line = QueryLine::try_parse_from(["keytide query", "--since", "3h", &query]).map_err(Failure::usage)?;
    let mut out = BufWriter::new(io::stdout().lock());
    query::run(&line.args, &store.counts(), now, &mut out)?;
    out.flush()?;
    Ok(())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("     {line}\n")).collect()
}

/// How the program is started again: by its name, or by cargo if it lies where cargo built it.
fn as_typed(program: &Path, exists: impl Fn(&Path) -> bool) -> &'static str {
    // target/debug/keytide, or target/TRIPLE/debug/keytide.
    let is_built_here = program.ancestors().skip(2).take(2).any(|folder| exists(&folder.join(".rustc_info.json")));
    let is_release = program.parent().is_some_and(|folder| folder.ends_with("release"));
    match (is_built_here, is_release) {
        (true, true) => "cargo run -q --release --",
        (true, false) => "cargo run -q --",
        (false, _) => "keytide",
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
    format!("  export KEYTIDE_DATA_DIR={}{}", store_dir.display(), lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_try_next_can_be_typed_where_the_demo_was_started() {
        let typed = |program: &str, target: &str| {
            as_typed(Path::new(program), |path| path == Path::new(target).join(".rustc_info.json"))
        };
        assert_eq!(typed("/src/keytide/target/debug/keytide", "/src/keytide/target"), "cargo run -q --");
        assert_eq!(typed("/build/release/keytide", "/build"), "cargo run -q --release --");
        assert_eq!(typed("/build/x86_64-unknown-linux-gnu/debug/keytide", "/build"), "cargo run -q --");
        assert_eq!(typed("/usr/local/bin/keytide", "/build"), "keytide");
        assert_eq!(typed("", "/build"), "keytide");

        let now = DateTime::from_timestamp(1_795_888_800, 0).expect("a time");
        let steps = next_steps("cargo run -q --", Path::new("keytide-demo/store"), now);
        let lines: Vec<&str> = steps.lines().collect();
        assert_eq!(lines[0], "  export KEYTIDE_DATA_DIR=keytide-demo/store");
        assert!(lines[1..].iter().all(|line| line.starts_with("  cargo run -q -- ")), "{steps}");
        assert_eq!(lines[1].find("who it was"), lines[4].find("what was read"), "{steps}");
    }
}
