//! `keytide band --series`: a series of the store.

use chrono::{DateTime, Utc};

use super::output::{self, Named, Output};
use super::{Args, refused};
use crate::band::Model;
use crate::cli::Global;
use crate::cli::exit::Failure;
use crate::cli::range::RangeArgs;
use crate::cli::system::data_dir;
use crate::domain::{Minute, MinuteRange};
use crate::render::{BandLines, BandPoint, BandRow};
use crate::series::{Counts, Selection, SelectionError, SeriesError, read};
use crate::store::Store;

/// CloudWatch's own period of a band.
const PERIOD: u32 = 300;

pub(super) fn run(args: &Args, selection: &Selection, global: &Global, now: DateTime<Utc>) -> Result<(), Failure> {
    let output = Output::of(args, Output::Table)?;
    let store = Store::open_for_reading(&data_dir(global)?)?;
    let judged = judge(args, selection, &store.counts(), now)?;
    let mut out = output::open(args, output)?;
    let lines = match output {
        Output::Csv => BandLines::Csv,
        Output::Json => BandLines::Json,
        _ => {
            let (operation, owner) = judged.name.split_once(", ").unwrap_or((&judged.name, ""));
            let title = format!("{operation}, {}", args.metric.outcome().metric());
            let named = Named { title: &title, subtitle: owner, period: judged.period, state: judged.state };
            return output::write(args, output, &judged.points, &named, &mut *out);
        }
    };
    let mut text = Vec::new();
    lines.begin(&mut text);
    for (at, point) in judged.points.iter().enumerate() {
        let stamp = args.zone().stamp(Minute::nearest(point.at));
        let value = point.value.map(|value| value.to_string()).unwrap_or_default();
        let row = BandRow {
            timestamp: stamp.as_bytes(),
            value_text: value.as_bytes(),
            value: point.value,
            judgement: point.judgement,
        };
        lines.row(&row, at == 0, &mut text);
    }
    lines.end(&mut text);
    out.write_all(&text)?;
    out.flush()?;
    Ok(())
}

/// A stored series, judged.
struct Judged {
    name: String,
    period: u32,
    points: Vec<BandPoint>,
    state: &'static str,
}

/// Trains on all that is stored before `--since` and judges what follows.
fn judge(args: &Args, selection: &Selection, counts: &dyn Counts, now: DateTime<Utc>) -> Result<Judged, Failure> {
    let period = args.period.map_or(PERIOD, |period| period.seconds);
    if !period.is_multiple_of(60) {
        return Err(Failure::usage(format!(
            "calls are counted by minute, a period of {period} s has no count; give a multiple of 60 s"
        )));
    }
    let range = RangeArgs { since: args.since, until: args.until, timezone: args.timezone };
    let range = range.minutes(now).map_err(Failure::usage)?;
    let settings = args.settings(period, now)?;
    let mut model = Model::new(&settings).map_err(refused)?;
    let (name, numbers) = selection.resolve(counts).map_err(selected_nothing)?;
    let stored = MinuteRange { start: MinuteRange::ALL.start, end: range.end };
    let dense = read(counts, &[&numbers], args.metric.outcome(), period / 60, stored).map_err(unread)?;
    let mut points = Vec::new();
    for (at, calls) in dense.iter().flatten().flat_map(|dense| dense.points()) {
        // Calls of a period are far below 2^53.
        let value = calls as f64;
        let judgement = model.step(at, value);
        if at >= range.start.first_second() {
            points.push(BandPoint { at, value: Some(value), judgement });
        }
    }
    Ok(Judged { name, period, points, state: model.state().name() })
}

fn selected_nothing(error: SelectionError) -> Failure {
    Failure::new(error, None)
}

fn unread(error: SeriesError) -> Failure {
    Failure::new(format!("can't read counts: {error}"), Some("keytide status shows what is stored"))
}
