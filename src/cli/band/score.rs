//! `keytide band --score`: the band judged on a folder of series.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::output::{self, Output};
use super::{Args, refused};
use crate::band::score::{Labelled, Said, Scored, Summary, pool, score};
use crate::band::{Judgement, Model, Settings, SettingsError, VALUE_MAX};
use crate::cli::exit::Failure;
use crate::cli::labels::{Label, Labels, second};
use crate::cli::question::width;
use crate::render::{self, Cell, Column, Zone};
use crate::series::text::{Reader, median_step};

/// What is left out at the start of a series without `score_from`, in seconds: the time that seasons take.
const WARM_UP: i64 = 14 * 86_400;

pub(super) fn run(args: &Args, folder: &Path) -> Result<(), Failure> {
    let output = Output::of(args, Output::Table)?;
    if matches!(output, Output::Svg | Output::Png) {
        return Err(Failure::usage("scores are no picture; --output table, csv or json writes them"));
    }
    if folder.is_file() {
        let error = format!("{} is a file; --score judges the band over a folder of such", folder.display());
        return Err(Failure::new(error, Some("keytide band --input FILE shows one series")));
    }
    let mut labels = Labels::read(folder)?;
    let mut groups: BTreeMap<String, Vec<Scored>> = BTreeMap::new();
    let files = files_under(folder, folder)?;
    if files.is_empty() {
        let hint = "keytide export series --to FOLDER writes such a folder";
        return Err(Failure::new(format!("{} has no series: no file ends in .csv", folder.display()), Some(hint)));
    }
    for (name, path) in files {
        let label = labels.series.remove(&name).unwrap_or_default();
        let group = label.group.clone().unwrap_or_else(|| group_of(&name, folder));
        let series = read(&path, &name, &label, args)?;
        let settings = Settings {
            period_seconds: u32::try_from(series.period).unwrap_or(u32::MAX),
            zone: args.zone().0,
            width: args.width(),
            excluded: Vec::new(),
        };
        let said = said_of(&series, &settings).map_err(|error| unfit(error, &path))?;
        groups.entry(group).or_default().push(score(&series, &said));
    }
    for missing in labels.series.keys() {
        eprintln!("warning: {} has no {missing}, which its labels.json names", folder.display());
    }
    let mut rows: Vec<(&str, Summary)> =
        groups.iter().map(|(group, scored)| (group.as_str(), pool(&scored.iter().collect::<Vec<_>>()))).collect();
    rows.push(("overall", pool(&groups.values().flatten().collect::<Vec<_>>())));
    let mut out = output::open(args, output)?;
    write(output, &rows, &mut *out)?;
    out.flush()?;
    Ok(())
}

/// Every CSV of a folder and its folders by its path within, sorted.
fn files_under(folder: &Path, root: &Path) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let failed = |error| {
        Failure::new(
            format!("can't list {}: {error}", folder.display()),
            Some("name a folder that holds a CSV a series"),
        )
    };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            files.extend(files_under(&path, root)?);
        } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.insert(name, path);
        }
    }
    Ok(files)
}

/// The folder that a series lies in: within the one given, else that one itself.
fn group_of(name: &str, folder: &Path) -> String {
    match name.rsplit_once('/') {
        Some((within, _)) => within.to_owned(),
        None => folder.file_name().map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned()),
    }
}

fn read(path: &Path, name: &str, label: &Label, args: &Args) -> Result<Labelled, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        let hint = "every .csv in the folder is a series with the columns timestamp and value";
        Failure::new(format!("{}: {error}", path.display()), Some(hint))
    };
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    let mut reader = Reader::new(args.zone().0, VALUE_MAX);
    let (mut times, mut values) = (Vec::new(), Vec::new());
    let push = |row: crate::series::text::Row<'_>| {
        times.push(row.at);
        values.push(row.number.unwrap_or(f64::NAN));
    };
    reader.rows(&bytes, true, push).and_then(|_| reader.finish()).map_err(|error| failed(&error))?;
    let period = label.period.or_else(|| median_step(&times)).unwrap_or(300).max(1);
    let (first, last) = (times.iter().min().copied().unwrap_or(0), times.iter().max().copied().unwrap_or(0));
    let score_from = match &label.score_from {
        Some(from) => second(from, name)?,
        None => first + WARM_UP.min((last - first) / 2),
    };
    Ok(Labelled {
        times,
        values,
        period: i64::from(period),
        score_from,
        incidents: Label::spans(&label.windows, name)?,
        tolerated: Label::spans(&label.tolerated, name)?,
        exact: label.exact,
        unlabelled: label.unlabelled,
        truth: label.oracle.as_ref().and_then(|oracle| oracle.winkler),
    })
}

/// Steps a model over a series, and takes the time.
fn said_of(series: &Labelled, settings: &Settings) -> Result<Said, SettingsError> {
    let rows = series.times.len();
    let (mut lower, mut upper) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let mut anomalous = Vec::with_capacity(rows);
    let started = Instant::now();
    let mut model = Model::new(settings)?;
    for (at, value) in series.times.iter().zip(&series.values) {
        let Judgement { band, anomalous: is_anomalous, .. } = model.step(*at, *value);
        lower.push(band.map_or(f64::NAN, |band| band.lower));
        upper.push(band.map_or(f64::NAN, |band| band.upper));
        anomalous.push(is_anomalous);
    }
    let nanoseconds = started.elapsed().as_nanos() as f64;
    Ok(Said { lower, upper, anomalous, nanoseconds })
}

/// Why a series has no model: its period is its own, all else is of the command line.
fn unfit(error: SettingsError, path: &Path) -> Failure {
    match error {
        SettingsError::Period(_) => {
            let hint = "labels.json may name its period in seconds; without it it is the median step of its stamps";
            Failure::new(format!("{}: {error}", path.display()), Some(hint))
        }
        SettingsError::Deviations(_) | SettingsError::Budget(_) => refused(error),
    }
}

fn write(output: Output, rows: &[(&str, Summary)], out: &mut dyn Write) -> Result<(), Failure> {
    let zone = Zone::default();
    match output {
        Output::Csv => render::csv(&columns(&ALL), rows.iter().map(all), zone, out)?,
        Output::Json => render::json(&columns(&ALL), rows.iter().map(all), zone, out)?,
        Output::Table | Output::Svg | Output::Png => {
            render::table(&columns(&EVENTS), &rows.iter().map(events).collect::<Vec<_>>(), width(), zone, out)?;
            writeln!(out)?;
            render::table(&columns(&BANDS), &rows.iter().map(bands).collect::<Vec<_>>(), width(), zone, out)?;
            writeln!(out, "\n{MEANING}")?;
        }
    }
    Ok(())
}

/// The promised columns.
const ALL: [&str; 18] = [
    "group",
    "series",
    "points",
    "incidents",
    "found",
    "precision",
    "recall",
    "f1",
    "delay_median_minutes",
    "delay_p90_minutes",
    "false_alarms_per_series_week",
    "above",
    "below",
    "tail_error",
    "hourly_tail_error",
    "interval_against_naive",
    "interval_against_truth",
    "nanoseconds_per_point",
];
/// Titles of the tables, short enough for names of operations beside them.
const EVENTS: [&str; 10] = ["group", "series", "known", "found", "prec", "recall", "F1", "delay", "p90", "false/wk"];
const BANDS: [&str; 9] = ["group", "points", "above%", "below%", "tail%", "hourly%", "/naive", "/truth", "ns/point"];
/// What the titles mean, below the tables.
const MEANING: &str = "\
known: incidents; delay: minutes to the first alarm, median and p90; false/wk: false
alarms a series and week; tail%, hourly%: how far tails are from 2.275 %; /naive,
/truth: interval score against last week's value, against the true distribution.";

fn columns(names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| if *name == "group" { Column::left(*name) } else { Column::right(*name) }).collect()
}

fn count(number: usize) -> Cell<'static> {
    Cell::Count(i64::try_from(number).unwrap_or(i64::MAX))
}

fn number(number: Option<f64>) -> Cell<'static> {
    Cell::number(number, false)
}

fn all<'a>((group, of): &'a (&str, Summary)) -> Vec<Cell<'a>> {
    let mut row = vec![Cell::text(group)];
    row.extend([of.series, of.points, of.incidents, of.found].map(count));
    row.extend([of.precision, of.recall, of.f1, of.delay_median, of.delay_p90, of.false_alarms_per_week].map(number));
    row.extend([of.above, of.below, of.tail_error, of.hourly_tail_error].map(number));
    row.extend([of.against_naive, of.against_truth, of.nanoseconds_per_point].map(number));
    row
}

fn events<'a>((group, of): &'a (&str, Summary)) -> Vec<Cell<'a>> {
    let whole = |number: Option<f64>| Cell::number(number.map(f64::round), true);
    let mut row = vec![Cell::text(group)];
    row.extend([of.series, of.incidents, of.found].map(count));
    row.extend([of.precision, of.recall, of.f1].map(number));
    row.extend([of.delay_median, of.delay_p90].map(whole));
    row.push(number(of.false_alarms_per_week));
    row
}

fn bands<'a>((group, of): &'a (&str, Summary)) -> Vec<Cell<'a>> {
    let percent = |share: Option<f64>| number(share.map(|share| 100.0 * share));
    let mut row = vec![Cell::text(group), count(of.points)];
    row.extend([of.above, of.below, of.tail_error, of.hourly_tail_error].map(percent));
    row.extend([of.against_naive, of.against_truth].map(number));
    row.push(Cell::number(of.nanoseconds_per_point.map(f64::round), true));
    row
}
