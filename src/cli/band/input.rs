//! `keytide band --input`: a series from a file or standard input.
//!
//! With a period given, rows are judged and written as they arrive, each before the next is read. Without one all is
//! read first, since the median step is known only then.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::output::{self, Named, Output};
use super::{Args, refused};
use crate::band::{Model, VALUE_MAX};
use crate::cli::exit::Failure;
use crate::domain::{counted, format_duration};
use crate::render::{BandLines, BandPoint, BandRow};
use crate::series::text::{Noted, Reader, Row, Steps, TextError, median_step};

/// Bytes that are asked for at once.
const PIECE: usize = 1 << 18;
/// The period of a series that has no step: with one stamp there is no band, whatever it is.
const PERIOD_WITHOUT_STEP: u32 = 300;

pub(super) fn run(args: &Args, path: &Path, quiet: bool, now: DateTime<Utc>) -> Result<(), Failure> {
    let mut source = Source::open(path)?;
    // The period must be known before the first row is judged.
    let (period, read) = match args.period {
        Some(period) => (period.seconds, Vec::new()),
        None => {
            let bytes = source.rest()?;
            (step(&bytes, args).map_err(|error| source.wrong(&error))?, bytes)
        }
    };
    let settings = args.settings(period, now)?;
    let output = Output::of(args, Output::Csv)?;
    let mut judge = Judge {
        model: Model::new(&settings).map_err(refused)?,
        short_steps: Steps::new(period / 2),
        written_from: args.train.map_or(i64::MIN, |when| when.minute(now, args.zone()).first_second()),
        form: match output {
            Output::Csv => Form::Lines(BandLines::Csv),
            Output::Json => Form::Lines(BandLines::Json),
            _ => Form::Points,
        },
        text: Vec::new(),
        points: Vec::new(),
        is_first: true,
    };
    let mut reader = Reader::new(args.zone().0, VALUE_MAX);
    let mut sink = Sink { args, output, out: None };
    if let Form::Lines(lines) = judge.form {
        lines.begin(&mut judge.text);
    }
    source.feed(read, &mut reader, &mut judge, &mut sink)?;
    judge.finish(&source.name, period, &mut sink)?;
    if !quiet {
        if let Some(step) = judge.short_steps.median() {
            warn_of_step(&source.name, step, period);
        }
        warn(&source.name, ["row comes", "rows come"], "after a later one: judged, not learned", reader.unsorted());
        let repeated = "the stamp of an earlier one: judged, not learned";
        warn(&source.name, ["row has", "rows have"], repeated, reader.repeated());
        warn(&source.name, ["row has", "rows have"], "a value beyond 2^53: taken as missing", reader.too_large());
    }
    Ok(())
}

/// Where rows come from.
struct Source {
    name: String,
    bytes: Box<dyn Read>,
}

impl Source {
    fn open(path: &Path) -> Result<Source, Failure> {
        if path == Path::new("-") {
            return Ok(Source { name: "standard input".to_owned(), bytes: Box::new(io::stdin().lock()) });
        }
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
        Ok(Source { name, bytes: Box::new(file) })
    }

    /// All that is still to come.
    fn rest(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.bytes.read_to_end(&mut bytes).map_err(|error| unreadable(&self.name, &error))?;
        Ok(bytes)
    }

    fn wrong(&self, error: &TextError) -> Failure {
        Failure::new(format!("{}: {error}", self.name), None)
    }

    /// Has all rows judged and written as they come, those of what was `read` before first.
    fn feed(
        &mut self,
        read: Vec<u8>,
        reader: &mut Reader,
        judge: &mut Judge,
        sink: &mut Sink<'_>,
    ) -> Result<(), Failure> {
        let mut buffer = read;
        loop {
            let before = buffer.len();
            buffer.resize(before + PIECE, 0);
            // Only what is there now: a pipe's rows are answered as they come.
            let got = self.bytes.read(&mut buffer[before..]).map_err(|error| unreadable(&self.name, &error))?;
            buffer.truncate(before + got);
            let is_last = got == 0;
            let used = match reader.rows(&buffer, is_last, |row| judge.row(&row)) {
                Ok(used) => used,
                Err(error) => {
                    // What came before the line that is no row stands.
                    if !judge.is_first {
                        sink.text(&mut judge.text)?;
                    }
                    return Err(self.wrong(&error));
                }
            };
            if is_last {
                return reader.finish().map_err(|error| self.wrong(&error));
            }
            buffer.drain(..used);
            sink.text(&mut judge.text)?;
        }
    }
}

/// Where text goes; opened when the first comes, so that a file that is no series leaves no file behind.
struct Sink<'a> {
    args: &'a Args,
    output: Output,
    out: Option<Box<dyn Write>>,
}

impl Sink<'_> {
    /// Writes a buffer and empties it.
    fn text(&mut self, text: &mut Vec<u8>) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        let out = match &mut self.out {
            Some(out) => out,
            None => self.out.insert(output::open(self.args, self.output)?),
        };
        out.write_all(text)?;
        out.flush()?;
        text.clear();
        Ok(())
    }
}

/// What is done with a judged row.
#[derive(Clone, Copy)]
enum Form {
    /// Its line is written.
    Lines(BandLines),
    /// It is kept, for a table or a picture.
    Points,
}

/// Judges rows in their order.
struct Judge {
    model: Model,
    /// Steps between rows of at most half a period: then a row is no period.
    short_steps: Steps,
    /// Rows before it are learned from and not written.
    written_from: i64,
    form: Form,
    /// Lines that aren't written yet.
    text: Vec<u8>,
    points: Vec<BandPoint>,
    is_first: bool,
}

impl Judge {
    fn row(&mut self, row: &Row<'_>) {
        self.short_steps.note(row.at);
        let judgement = self.model.step(row.at, row.number.unwrap_or(f64::NAN));
        if row.at < self.written_from {
            return;
        }
        match self.form {
            Form::Points => self.points.push(BandPoint { at: row.at, value: row.number, judgement }),
            Form::Lines(lines) => {
                let row = BandRow { timestamp: row.timestamp, value_text: row.value, value: row.number, judgement };
                lines.row(&row, self.is_first, &mut self.text);
                self.is_first = false;
            }
        }
    }

    /// Writes what is not written yet. `name` is the series', for its picture; the period is in seconds.
    fn finish(&mut self, name: &str, period: u32, sink: &mut Sink<'_>) -> Result<(), Failure> {
        match self.form {
            Form::Lines(lines) => {
                lines.end(&mut self.text);
                sink.text(&mut self.text)
            }
            Form::Points => {
                let (subtitle, title) = name.rsplit_once('/').unwrap_or(("", name));
                let named = Named { title, subtitle, period, state: self.model.state().name() };
                let (args, output) = (sink.args, sink.output);
                output::write(args, output, &self.points, &named, &mut *output::open(args, output)?)
            }
        }
    }
}

fn step(bytes: &[u8], args: &Args) -> Result<u32, TextError> {
    let (mut reader, mut stamps) = (Reader::new(args.zone().0, VALUE_MAX), Vec::new());
    reader.rows(bytes, true, |row| stamps.push(row.at))?;
    reader.finish()?;
    Ok(median_step(&stamps).unwrap_or(PERIOD_WITHOUT_STEP))
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("can't read {name}: {error}"), Some("name a CSV with the columns timestamp and value"))
}

fn warn(name: &str, [one, many]: [&str; 2], what: &str, noted: Noted) {
    if noted.rows > 0 {
        let rows = counted(noted.rows, one, many);
        eprintln!("warning: {name}: {rows} {what}; the first is line {}", noted.first_line);
    }
}

/// Tells of a period that is none of the rows'; both are in seconds.
fn warn_of_step(name: &str, step: u32, period: u32) {
    let [step, period] = [step, period].map(|seconds| format_duration(Duration::from_secs(seconds.into())));
    eprintln!(
        "warning: {name}: the median step of its rows is {step}, but each is judged as a period of {period}; leave \
         --period out, or add rows up to {period} first"
    );
}
