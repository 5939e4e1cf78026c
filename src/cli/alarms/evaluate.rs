//! `keytide alarms evaluate`: what would have been paged.

use std::io::{self, BufWriter, Write};

use super::{Output, pages};
use crate::cli::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::range::{Period, RangeArgs};
use crate::cli::settings::settings_without_secrets;
use crate::cli::system::data_dir;
use crate::domain::{Minute, MinuteRange};
use crate::render::Zone;
use crate::store::Store;
use crate::watch::{Setup, alarm_pages, evaluate, pages_by_budget};
use chrono::{DateTime, Utc};

/// Flags of `keytide alarms evaluate`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    range: RangeArgs,
    /// False pages a week that all series together may cause [default: as configured, else 1]
    #[arg(long, value_name = "PAGES", value_parser = positive)]
    false_pages_per_week: Option<f64>,
    /// Find the budget that would have given at most so many pages a week
    #[arg(long, value_name = "PAGES", value_parser = positive, conflicts_with = "false_pages_per_week")]
    at_most: Option<f64>,
    /// Length of a period: 5m, 1h; it divides a day [default: as configured, else 5m]
    #[arg(long, value_name = "LENGTH")]
    period: Option<Period>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// Budgets that are tried, in false pages a week.
const BUDGETS: [f64; 8] = [16.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.1, SMALLEST];
const SMALLEST: f64 = 0.01;

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a number above 0, such as 1 or 0.5".to_owned()),
    }
}

impl Args {
    /// The time zone of the range.
    pub(super) fn timezone(&mut self) -> &mut Option<Zone> {
        &mut self.range.timezone
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, global: &Global, now: DateTime<Utc>) -> Result<Exit, Failure> {
    let range = args.range.minutes(now).map_err(Failure::usage)?;
    let now = Minute::nearest(now.timestamp());
    let store = Store::open_for_reading(&data_dir(global)?)?;
    let config = settings_without_secrets(global)?;
    let mut settings = config.watch.clone();
    settings.false_pages_per_week = args.false_pages_per_week.unwrap_or(settings.false_pages_per_week);
    if let Some(period) = args.period {
        if !Minute::PER_DAY.is_multiple_of(period.minutes) {
            return Err(Failure::usage(format!("a period of {period} does not divide a day; give 5m, 15m, 1h …")));
        }
        settings.period_seconds = period.minutes * 60;
    }
    // Who asks for a budget asks of the watch, also where it is off.
    settings.every_series |= args.false_pages_per_week.is_some() || args.at_most.is_some();
    let mut setup = Setup::silent(settings);
    (setup.prices, setup.quotas) = (config.prices, config.quotas);
    (setup.alarms, setup.mutes) = (config.alarms, config.mutes);
    let mut out = BufWriter::new(io::stdout().lock());
    if let Some(at_most) = args.at_most {
        let weeks = weeks_of(stored(&store, range, now)?);
        // A budget of false pages beyond what is wished in all makes no sense, however quiet the range was.
        let budgets: Vec<f64> = BUDGETS.into_iter().filter(|budget| *budget <= at_most.max(SMALLEST)).collect();
        let tried = pages_by_budget(&store, &setup, (range, now), &budgets)?;
        let fitting = tried.iter().find(|(_, pages)| *pages as f64 / weeks <= at_most);
        setup.settings.false_pages_per_week = fitting.map_or(SMALLEST, |(budget, _)| *budget);
        if args.output == Output::Table {
            write_tried(&tried, weeks, at_most, &mut out)?;
        }
    }
    let found = evaluate(&store, &setup, range, now)?;
    // A table doesn't say who was behind an alarm.
    let alarms = alarm_pages(&store, &setup, &found, (range, now), args.output == Output::Json)?;
    match args.output {
        Output::Json => super::write_array(&pages::as_json(&found, &alarms), &mut out)?,
        Output::Table => pages::write_table(&found, &alarms, &setup, args.range.zone(), &mut out)?,
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// The part of a range that could be judged by now.
fn stored(store: &Store, range: MinuteRange, now: Minute) -> Result<Option<MinuteRange>, Failure> {
    let (Some(covered), Some(watermark)) = (store.minutes_covered()?, store.watermark(now)?) else { return Ok(None) };
    let range = MinuteRange { start: range.start.max(covered.start), end: range.end.min(watermark) };
    Ok((!range.is_empty()).then_some(range))
}

fn weeks_of(range: Option<MinuteRange>) -> f64 {
    range.map_or(1.0, |range| f64::from(range.end.0 - range.start.0) / f64::from(7 * Minute::PER_DAY))
}

fn write_tried(tried: &[(f64, usize)], weeks: f64, at_most: f64, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "false_pages_per_week   pages   a week")?;
    for (budget, pages) in tried {
        writeln!(out, "{budget:>20}   {pages:>5}   {:>6.2}", *pages as f64 / weeks)?;
    }
    let fits = |(_, pages): &&(f64, usize)| *pages as f64 / weeks <= at_most;
    match tried.iter().find(fits) {
        Some((budget, _)) => {
            writeln!(out, "\nSet false_pages_per_week = {budget} in [watch] for at most {at_most} a week:\n")
        }
        None => writeln!(out, "\nNone of these gives at most {at_most} pages a week; what follows is the last:\n"),
    }
}
