//! `keytide band`: what is expected of a series, and how far it strays.

mod input;
mod output;
mod period;
mod score;
mod stored;

use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use self::output::Output;
use self::period::BandPeriod;
use super::Global;
use super::exit::{Exit, Failure};
use super::range::When;
use super::top::Metric;
use crate::band::{Settings, SettingsError, Width};
use crate::render::Zone;
use crate::render::chart::Size;
use crate::series::Selection;

/// Flags of `keytide band`.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["input", "series", "score"]))]
pub struct Args {
    /// A file with the columns timestamp and value, or - for standard input
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// A series of the store: KeyArn=ARN,Operation=NAME, KeyArn=ARN for all its operations, or
    /// AWS.AccountId=ACCOUNT,AWS.Region=REGION; of an ARN any part that only one key has
    #[arg(long, value_name = "DIMENSIONS")]
    series: Option<Selection>,
    /// A folder of such files, their incidents in labels.json if they are known: judge the band itself
    #[arg(long, value_name = "FOLDER")]
    score: Option<PathBuf>,
    /// Length of a period: 300s, 5m, 1h [default: with --series 5m, else the median step]
    #[arg(long, value_name = "LENGTH", conflicts_with = "score")]
    period: Option<BandPeriod>,
    /// With --series: which calls are counted
    #[arg(long, value_enum, default_value_t, ignore_case = true, conflicts_with_all = ["input", "score"])]
    metric: Metric,
    /// With --series: the first period shown; all before it is learned from. As in keytide top
    #[arg(long, value_name = "TIME", conflicts_with_all = ["input", "score"])]
    since: Option<When>,
    /// With --series: the end, not included [default: all that is stored]
    #[arg(long, value_name = "TIME", conflicts_with_all = ["input", "score"])]
    until: Option<When>,
    /// With --input: rows before this are learned from and not written
    #[arg(long, value_name = "UNTIL", conflicts_with_all = ["series", "score"])]
    train: Option<When>,
    /// Width of the band in standard deviations; 2 leaves 95.45 % inside
    #[arg(
        long,
        value_name = "DEVIATIONS",
        default_value_t = 2.0,
        conflicts_with = "false_pages_per_week",
        allow_negative_numbers = true
    )]
    width: f64,
    /// Instead of a width: how many false pages a week all series together may cause
    #[arg(long, value_name = "PAGES", allow_negative_numbers = true)]
    false_pages_per_week: Option<f64>,
    /// How many series share the false pages
    #[arg(long, value_name = "N", default_value_t = 1, requires = "false_pages_per_week", value_parser = clap::value_parser!(u32).range(1..))]
    series_in_fleet: u32,
    /// A range that the band doesn't learn from, such as 2026-11-01/2026-11-03; several: again
    #[arg(long, value_name = "START/END", conflicts_with = "score")]
    exclude: Vec<Excluded>,
    /// Time zone of days and weeks, of stamps without one and of times shown: UTC, Europe/Berlin … [default: as
    /// configured, else UTC]
    #[arg(long, value_name = "NAME", env = "KEYTIDE_TIMEZONE")]
    pub(super) timezone: Option<Zone>,
    /// How the answer is written [default: by the name in --to; else with --input csv, else table]
    #[arg(long, value_enum)]
    output: Option<Output>,
    /// Size of a picture in pixels, such as 390x260 for a phone
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value_t)]
    size: Size,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// A range as typed.
#[derive(Clone, Copy, Debug)]
struct Excluded {
    start: When,
    end: When,
}

impl FromStr for Excluded {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (start, end) = text
            .split_once('/')
            .ok_or_else(|| "expected START/END, such as 2026-11-01/2026-11-03; END is not included".to_owned())?;
        Ok(Excluded { start: start.parse()?, end: end.parse()? })
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, global: &Global, now: DateTime<Utc>) -> Result<Exit, Failure> {
    if let Some(path) = &args.input {
        input::run(args, path, global.quiet, now)?;
    } else if let Some(selection) = &args.series {
        stored::run(args, selection, global, now)?;
    } else if let Some(folder) = &args.score {
        score::run(args, folder)?;
    }
    Ok(Exit::Success)
}

impl Args {
    /// The model's settings for a period.
    fn settings(&self, period_seconds: u32, now: DateTime<Utc>) -> Result<Settings, Failure> {
        let excluded = self.exclude.iter().map(|range| {
            let second = |when: When| when.minute(now, self.zone()).first_second();
            match (second(range.start), second(range.end)) {
                (start, end) if start < end => Ok((start, end)),
                _ => Err(Failure::usage("a range of --exclude is empty: START comes first, END is not included")),
            }
        });
        let settings = Settings {
            period_seconds,
            zone: self.zone().0,
            width: self.width(),
            excluded: excluded.collect::<Result<_, _>>()?,
        };
        settings.check().map_err(refused)?;
        Ok(settings)
    }

    fn zone(&self) -> Zone {
        self.timezone.unwrap_or_default()
    }

    fn width(&self) -> Width {
        match self.false_pages_per_week {
            Some(pages) => Width::FalsePagesPerWeek { pages, series: self.series_in_fleet },
            None => Width::Deviations(self.width),
        }
    }
}

/// Settings that no model can have come from the command line.
fn refused(error: SettingsError) -> Failure {
    Failure::usage(error)
}
