//! How a judged series is written, and where to.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use clap::ValueEnum;

use super::Args;
use crate::cli::exit::Failure;
use crate::cli::question::width;
use crate::domain::{Minute, grouped};
use crate::render::chart::{Chart, png, svg};
use crate::render::{self, BandPoint, Cell, Column, Condensed, Zone, condense};

/// How an answer is written.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Comma-separated values with a header
    Csv,
    /// For people, fitted to the terminal
    Table,
    /// An array of objects, one a line
    Json,
    /// A picture, as text
    Svg,
    /// A picture, drawn
    Png,
}

/// What a series is called in a table or a picture.
pub(super) struct Named<'a> {
    /// The operation, or the file.
    pub(super) title: &'a str,
    /// The key, or the file's folder.
    pub(super) subtitle: &'a str,
    /// Seconds of a period.
    pub(super) period: u32,
    /// How far training is at the end.
    pub(super) state: &'static str,
}

impl Output {
    /// The one asked for, else by the ending of `--to`, else `default`.
    ///
    /// # Errors
    /// The ending is that of something else: who names `band.gif` doesn't want a table in it.
    pub(super) fn of(args: &Args, default: Output) -> Result<Output, Failure> {
        if let Some(output) = args.output {
            return Ok(output);
        }
        let Some(ending) = args.to.as_deref().and_then(Path::extension) else { return Ok(default) };
        let ending = ending.to_string_lossy();
        Output::from_str(&ending, true).map_err(|_| {
            Failure::usage(format!(
                "nothing is written as .{ending}; --to takes .svg, .png, .csv and .json, any other name with --output"
            ))
        })
    }
}

/// Opens what `--to` names, else standard output. A picture isn't written to a terminal, and nothing over what is read.
pub(super) fn open(args: &Args, output: Output) -> Result<Box<dyn Write>, Failure> {
    let Some(path) = &args.to else {
        let out = io::stdout();
        if output == Output::Png && out.is_terminal() {
            return Err(Failure::new("a terminal can't show a PNG", Some("name a file: --to band.png")));
        }
        return Ok(Box::new(out.lock()));
    };
    if args.input.as_deref().is_some_and(|input| is_same_file(input, path)) {
        let error = format!("{} is what is read, and would be lost", path.display());
        return Err(Failure::new(error, Some("name another file with --to")));
    }
    let file = File::create(path).map_err(|error| {
        Failure::new(format!("could not make {}: {error}", path.display()), Some("name another file with --to"))
    })?;
    Ok(Box::new(BufWriter::new(file)))
}

/// Whether two names are of one file on disk.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| {
        let of = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some((of.dev(), of.ino()))
    };
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

/// Writes a table or a picture.
pub(super) fn write(
    args: &Args,
    output: Output,
    points: &[BandPoint],
    named: &Named<'_>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let chart = Chart {
        title: named.title,
        subtitle: named.subtitle,
        points,
        period: i64::from(named.period),
        zone: args.zone().0,
        size: args.size,
    };
    match output {
        Output::Svg => out.write_all(svg(&chart).as_bytes())?,
        Output::Png => out.write_all(&png(&svg(&chart)).map_err(|error| Failure::new(error, None))?)?,
        Output::Csv | Output::Json | Output::Table => table(args, points, named, out)?,
    }
    out.flush()?;
    Ok(())
}

fn table(args: &Args, points: &[BandPoint], named: &Named<'_>, out: &mut dyn Write) -> io::Result<()> {
    let zone = args.zone();
    writeln!(out, "{}", named.title)?;
    if !named.subtitle.is_empty() {
        writeln!(out, "{}", named.subtitle)?;
    }
    // Rows that came late stand where they came.
    let times = || points.iter().map(|point| point.at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return writeln!(out, "No period is in this range.");
    };
    let anomalous = points.iter().filter(|point| point.judgement.anomalous).count();
    let count = |number: usize| grouped(i64::try_from(number).unwrap_or(i64::MAX));
    let range = format!("{} to {}", zone.long_at(first), zone.long_at(last + i64::from(named.period)));
    writeln!(out, "{} of {} periods anomalous, {range}\n", count(anomalous), count(points.len()))?;
    let lines = condense(points, zone.0);
    let is_condensed = lines.len() < points.len();
    let mut columns = vec![Column::left("time")];
    columns.extend(is_condensed.then(|| Column::right("periods")));
    columns.extend(["value", "expected", "lower", "upper", "score"].map(Column::right));
    columns.push(Column::left("anomalous"));
    let rows: Vec<Vec<Cell<'_>>> = lines.iter().map(|line| row(line, is_condensed, zone)).collect();
    render::table(&columns, &rows, args.to.is_none().then(width).flatten(), zone, out)?;
    if is_condensed {
        writeln!(out, "Each line shows the most surprising of so many periods; --output csv has all.")?;
    }
    writeln!(out, "The band's training is {}.", named.state)
}

fn row(line: &Condensed, is_condensed: bool, zone: Zone) -> Vec<Cell<'static>> {
    let point = &line.point;
    let band = point.judgement.band;
    let mut row = vec![time(point.at, zone)];
    row.extend(is_condensed.then(|| Cell::Count(i64::try_from(line.periods).unwrap_or(i64::MAX))));
    row.push(amount(point.value));
    row.extend([band.map(|band| band.expected), band.map(|band| band.lower), band.map(|band| band.upper)].map(amount));
    row.push(point.value.map_or(Cell::Missing, |_| amount(Some(point.judgement.score))));
    row.push(Cell::Absent(if point.judgement.anomalous { "◀ yes" } else { "" }));
    row
}

/// A number without more digits than a reader needs.
fn amount(number: Option<f64>) -> Cell<'static> {
    match number.filter(|number| number.is_finite()) {
        None => Cell::Missing,
        Some(number) if number.fract() == 0.0 || number.abs() >= 100.0 => Cell::Count(number.round() as i64),
        Some(number) => Cell::Number(number),
    }
}

/// A moment; one before 1970 or after 2106 has no minute that a cell knows.
fn time(second: i64, zone: Zone) -> Cell<'static> {
    match Minute::of_second(second) {
        Some(minute) => Cell::Time(minute),
        None => Cell::Text(zone.long_at(second).into()),
    }
}
