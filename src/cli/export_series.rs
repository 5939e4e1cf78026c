//! `keytide export series`: a folder of series, a CSV each, as `keytide band --score` reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::exit::Failure;
use super::labels::{self, Label, Labels, Window, second};
use super::range::{Period, RangeArgs};
use super::top::Metric;
use crate::domain::{KeyArn, MinuteRange, format_second};
use crate::render::Zone;
use crate::series::{CountKind, Counts, Dense, KeyOperation, SeriesError, key_operations, read};
use crate::store::hint_of_series;

/// Calls that are held in memory at once, as numbers of eight bytes.
const HELD: usize = 32 << 20;
/// A file's name is no longer, whatever a key is called.
const NAME_MAX: usize = 120;

/// Flags of `keytide export series`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder to write; it must be empty or not exist yet
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Length of a period: 1m, 5m, 1h
    #[arg(long, value_name = "LENGTH", default_value = "5m")]
    period: Period,
    /// Which calls are counted
    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    metric: Metric,
    /// Known incidents, a CSV with key_arn, operation, start, end and kind, such as a synthetic trail's
    /// truth/incidents.csv
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    #[command(flatten)]
    range: RangeArgs,
}

impl Args {
    /// The time zone of the range.
    pub(super) fn timezone(&mut self) -> &mut Option<Zone> {
        &mut self.range.timezone
    }
}

/// An incident of one series.
struct Incident {
    start: i64,
    /// The moment after its last.
    end: i64,
    kind: String,
}

/// Incidents by key and operation.
type Incidents = BTreeMap<(String, String), Vec<Incident>>;

/// Writes the folder.
pub(super) fn run(args: &Args, counts: &dyn Counts, now: DateTime<Utc>) -> Result<(), Failure> {
    let range = args.range.minutes(now).map_err(Failure::usage)?;
    let mut incidents = args.labels.as_deref().map(read_incidents).transpose()?.unwrap_or_default();
    empty(&args.to)?;
    let all = key_operations(counts).map_err(unread)?;
    let stored = counts.covered(CountKind::Minutes, MinuteRange::ALL).map_err(unread)?;
    let minutes =
        stored.map_or(0, |stored| stored.end.min(range.end).0.saturating_sub(stored.start.max(range.start).0));
    let at_once = (HELD / (minutes / args.period.minutes).max(1) as usize).max(1);
    let note = format!(
        "{} by {} of every key and operation with calls, for keytide band --score",
        args.metric.outcome().metric(),
        args.period
    );
    let mut written = Labels { note, ..Labels::default() };
    let mut names = BTreeSet::new();
    for some in all.chunks(at_once) {
        let numbers: Vec<&[u32]> = some.iter().map(|of| of.numbers.as_slice()).collect();
        let dense = read(counts, &numbers, args.metric.outcome(), args.period.minutes, range).map_err(unread)?;
        for (of, dense) in some.iter().zip(dense) {
            let Some(dense) = dense else { continue };
            let name = file_name(of, &mut names);
            write_series(&args.to.join(&name), &dense)?;
            let known = incidents.remove(&(of.key_arn.clone(), of.operation.clone())).unwrap_or_default();
            written.series.insert(name, label(of, &dense, &known));
        }
    }
    let count = written.series.len();
    let mut text = serde_json::to_string_pretty(&written).map_err(|error| Failure::new(error, None))?;
    text.push('\n');
    let path = args.to.join(labels::FILE);
    fs::write(&path, text).map_err(|error| unwritten(&path, &error))?;
    for (key, operation) in incidents.keys() {
        eprintln!("warning: the incident of {operation}, {key} has no series: nothing is stored of it in this range");
    }
    eprintln!("{count} series written to {}", args.to.display());
    Ok(())
}

/// What is known of an exported series. The first two weeks warm the band up, half of a series shorter than four.
fn label(of: &KeyOperation, dense: &Dense, known: &[Incident]) -> Label {
    let period = i64::from(dense.period) * 60;
    let (first, length) = (dense.start.first_second(), dense.calls.len() as i64 * period);
    let window = |incident: &Incident| Window {
        // A period counts from its first second on, so an incident begins with the period that it begins in.
        start: format_second(incident.start.div_euclid(period) * period),
        end: format_second((incident.end - 1).max(incident.start)),
        kind: incident.kind.clone(),
    };
    Label {
        group: Some(of.operation.clone()),
        period: u32::try_from(period).ok(),
        score_from: Some(format_second(first + (14 * 86_400).min(length / 2) / period * period)),
        windows: known.iter().map(window).collect(),
        exact: true,
        key_arn: Some(of.key_arn.clone()),
        operation: Some(of.operation.clone()),
        ..Label::default()
    }
}

/// `Decrypt/111122223333_us-east-1_1234abcd-….csv`: safe on every file system, and like no other.
fn file_name(of: &KeyOperation, names: &mut BTreeSet<String>) -> String {
    let key = match KeyArn::parse(&of.key_arn) {
        Some(key) => {
            let id = of.key_arn.rsplit('/').next().unwrap_or_default();
            format!("{}_{}_{id}", key.account(), key.region())
        }
        None => of.key_arn.clone(),
    };
    let safe = |sign: char| if sign.is_ascii_alphanumeric() || "-_".contains(sign) { sign } else { '_' };
    let stem: String = key.chars().map(safe).take(NAME_MAX).collect();
    let operation: String = of.operation.chars().map(safe).collect();
    // Some file systems know no case.
    let mut name = format!("{operation}/{stem}.csv");
    let mut count = 1;
    while !names.insert(name.to_ascii_lowercase()) {
        count += 1;
        name = format!("{operation}/{stem}-{count}.csv");
    }
    name
}

fn write_series(path: &Path, dense: &Dense) -> Result<(), Failure> {
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = BufWriter::new(fs::File::create(path)?);
        writeln!(out, "timestamp,value")?;
        for (second, calls) in dense.points() {
            writeln!(out, "{},{calls}", format_second(second))?;
        }
        out.flush()
    };
    write().map_err(|error| unwritten(path, &error))
}

/// Makes the folder. One that has something in it is refused: series of before would be scored with the new ones.
fn empty(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
    let mut entries = fs::read_dir(folder).map_err(|error| unwritten(folder, &error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(Failure::new(format!("{} is not empty", folder.display()), Some("name a new folder with --to"))),
    }
}

fn read_incidents(path: &Path) -> Result<Incidents, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        let hint = "expected a CSV with the columns key_arn, operation, start, end and kind";
        Failure::new(format!("{}: {error}", path.display()), Some(hint))
    };
    let mut reader = csv::Reader::from_path(path).map_err(|error| failed(&error))?;
    let header = reader.headers().map_err(|error| failed(&error))?.clone();
    let place = |name: &str| {
        let place = header.iter().position(|column| column.trim() == name);
        place.ok_or_else(|| failed(&format!("no column is called {name}")))
    };
    let places = [place("key_arn")?, place("operation")?, place("start")?, place("end")?, place("kind")?];
    let mut incidents = Incidents::new();
    for row in reader.records() {
        let row = row.map_err(|error| failed(&error))?;
        let [key, operation, start, end, kind] = places.map(|place| row.get(place).unwrap_or("").trim());
        let of = format!("{operation}, {key}");
        let incident = Incident { start: second(start, &of)?, end: second(end, &of)?, kind: kind.to_owned() };
        incidents.entry((key.to_owned(), operation.to_owned())).or_default().push(incident);
    }
    Ok(incidents)
}

fn unread(error: SeriesError) -> Failure {
    let hint = hint_of_series(&error).unwrap_or("keytide status shows what is stored");
    Failure::new(format!("can't read counts: {error}"), Some(hint))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("can't write {}: {error}", path.display()), Some("name another folder with --to"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_safe_and_like_no_other() {
        let mut names = BTreeSet::new();
        let mut name = |key: &str| {
            let of = KeyOperation { key_arn: key.to_owned(), operation: "Decrypt".to_owned(), numbers: vec![] };
            file_name(&of, &mut names)
        };
        assert_eq!(
            name("arn:aws:kms:us-east-1:111122223333:key/1234-ab"),
            "Decrypt/111122223333_us-east-1_1234-ab.csv"
        );
        // The same id in another partition, and one that differs in case only.
        assert_eq!(
            name("arn:aws-x:kms:us-east-1:111122223333:key/1234-ab"),
            "Decrypt/111122223333_us-east-1_1234-ab-2.csv"
        );
        assert_eq!(
            name("arn:aws:kms:us-east-1:111122223333:key/1234-AB"),
            "Decrypt/111122223333_us-east-1_1234-AB-3.csv"
        );
        assert_eq!(name("../../é\0"), "Decrypt/________.csv");
        assert!(name(&"k".repeat(5000)).len() < 140);
    }
}
