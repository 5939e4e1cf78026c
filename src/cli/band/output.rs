//! How a judged series is written, and where to.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use clap::ValueEnum;

use super::Args;
use crate::cli::exit::Failure;
use crate::cli::question::width;
use crate::domain::Minute;
use crate::render::chart::{Chart, png, svg};
use crate::render::{self, BandPoint, Cell, Column, Condensed, condense, grouped};

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
    pub(super) fn of(args: &Args, default: Output) -> Output {
        let ending = || args.to.as_deref().and_then(Path::extension)?.to_str();
        let by_name = || Output::from_str(ending()?, true).ok();
        args.output.or_else(by_name).unwrap_or(default)
    }
}

/// Opens what `--to` names, else standard output. A picture isn't written to a terminal.
pub(super) fn open(args: &Args, output: Output) -> Result<Box<dyn Write>, Failure> {
    let Some(path) = &args.to else {
        let out = io::stdout();
        if output == Output::Png && out.is_terminal() {
            return Err(Failure::new("a terminal can't show a PNG", Some("name a file: --to band.png")));
        }
        return Ok(Box::new(out.lock()));
    };
    let file = File::create(path).map_err(|error| {
        Failure::new(format!("could not make {}: {error}", path.display()), Some("name another file with --to"))
    })?;
    Ok(Box::new(BufWriter::new(file)))
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
        zone: args.timezone.0,
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
    let zone = args.timezone;
    writeln!(out, "{}", named.title)?;
    if !named.subtitle.is_empty() {
        writeln!(out, "{}", named.subtitle)?;
    }
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return writeln!(out, "No period is in this range.");
    };
    let anomalous = points.iter().filter(|point| point.judgement.anomalous).count();
    let count = |number: usize| grouped(i64::try_from(number).unwrap_or(i64::MAX));
    let end = minute(last.at + i64::from(named.period));
    let range = format!("{} to {}", zone.long(minute(first.at)), zone.long(end));
    writeln!(out, "{} of {} periods anomalous, {range}\n", count(anomalous), count(points.len()))?;
    let lines = condense(points, zone.0);
    let is_condensed = lines.len() < points.len();
    let mut columns = vec![Column::left("time")];
    columns.extend(is_condensed.then(|| Column::right("periods")));
    columns.extend(["value", "expected", "lower", "upper", "score"].map(Column::right));
    columns.push(Column::left("anomalous"));
    let rows: Vec<Vec<Cell<'_>>> = lines.iter().map(|line| row(line, is_condensed)).collect();
    render::table(&columns, &rows, args.to.is_none().then(width).flatten(), zone, out)?;
    if is_condensed {
        writeln!(out, "Each line shows the most surprising of so many periods; --output csv has all.")?;
    }
    writeln!(out, "The band's training is {}.", named.state)
}

fn row(line: &Condensed, is_condensed: bool) -> Vec<Cell<'static>> {
    let point = &line.point;
    let band = point.judgement.band;
    let mut row = vec![Cell::Time(minute(point.at))];
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

fn minute(second: i64) -> Minute {
    Minute(u32::try_from(second.div_euclid(60)).unwrap_or(0))
}
