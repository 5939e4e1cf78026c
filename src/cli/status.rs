//! `keytide status`: what was read, what was set aside and why.

use std::io::{self, Write};

use indicatif::{HumanBytes, HumanCount};
use serde_json::json;

use super::Global;
use super::exit::{Exit, Failure};
use super::output::write_to;
use super::system::{SystemClock, data_dir};
use crate::domain::{Clock, Minute, printable};
use crate::render::Zone;
use crate::series::calls_counted;
use crate::store::{DeadLetter, OutboxDepth, RejectEntry, Status, Store};

/// Flags of `keytide status`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List every record set aside, with its object, its number in it, and the reason
    #[arg(long)]
    rejects: bool,
    /// Time zone of times shown: UTC, Europe/Berlin … [default: as configured, else UTC]
    #[arg(long, value_name = "NAME", env = "KEYTIDE_TIMEZONE")]
    pub(super) timezone: Option<Zone>,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people.
    Table,
    /// One JSON object; with `--rejects` one a line.
    Json,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let store = Store::open_for_reading(&data_dir(global)?)?;
    let zone = args.timezone.unwrap_or_default();
    let now = Minute::nearest(SystemClock.now().timestamp());
    write_to(None, |out| {
        match (args.rejects, args.output) {
            (true, output) => write_rejects(&store.rejects()?, output, out)?,
            (false, Output::Table) => write_status(&store, &store.status(now)?, &Owed::of(&store)?, zone, out)?,
            (false, Output::Json) => {
                writeln!(out, "{:#}", as_json(&store, &store.status(now)?, &Owed::of(&store)?, zone))?
            }
        }
        Ok(())
    })?;
    Ok(Exit::Success)
}

/// What is owed to whom.
struct Owed {
    depth: OutboxDepth,
    dead: Vec<DeadLetter>,
}

impl Owed {
    fn of(store: &Store) -> Result<Self, Failure> {
        Ok(Owed { depth: store.outbox_depth()?, dead: store.dead_letters()? })
    }
}

fn write_status(store: &Store, status: &Status, outbox: &Owed, zone: Zone, out: &mut dyn Write) -> io::Result<()> {
    let number = |count: u64| HumanCount(count).to_string();
    let mut line = |name: &str, value: String| writeln!(out, "{name:<20} {value}");
    line("store", format!("{} ({})", store.dir().display(), HumanBytes(status.bytes)))?;
    let in_part = match status.objects_in_part {
        0 => String::new(),
        count => format!(" ({} in part, for a range)", number(count)),
    };
    line("objects consumed", number(status.objects) + &in_part)?;
    line("objects quarantined", number(status.quarantined.len() as u64))?;
    line("records", number(status.records))?;
    let requests = format!("{}, {} of them calls; duplicates included", number(status.requests), number(status.calls));
    line("requests to KMS", requests)?;
    line("duplicates dropped", number(status.duplicates))?;
    // The rest of the status is told of a damaged store too.
    line(
        "calls counted once",
        calls_counted(&store.counts()).map_or_else(|error| format!("unknown: {error}"), number),
    )?;
    line("records set aside", number(status.rejects.iter().map(|(_, count)| count).sum()))?;
    line("series", number(status.series))?;
    line("callers", number(status.callers))?;
    line("lifecycle facts", number(status.facts))?;
    if outbox.depth.owed > 0 || outbox.depth.dead > 0 {
        line("messages owed", format!("{}, {} given up", number(outbox.depth.owed), number(outbox.depth.dead)))?;
    }
    if let Some(covered) = status.covered {
        line("first minute", zone.stamp(covered.start))?;
        line("last minute", zone.stamp(Minute(covered.end.0 - 1)))?;
    }
    if let Some(watermark) = status.watermark {
        line("watermark", zone.stamp(watermark))?;
    }
    if status.closed_hours > 0 {
        line("closed hours", number(status.closed_hours))?;
    }
    if !status.rejects.is_empty() {
        writeln!(out, "\nrecords set aside (--rejects lists each)")?;
        for (reason, count) in &status.rejects {
            writeln!(out, "  {reason:<24} {:>12}", number(*count))?;
        }
    }
    if !status.quarantined.is_empty() {
        writeln!(out, "\nobjects that could not be read; the next ingest that meets them tries again")?;
        for entry in &status.quarantined {
            writeln!(out, "  {}\n    {}: {}", printable(&entry.name), entry.reason, printable(&entry.detail))?;
        }
    }
    if !outbox.dead.is_empty() {
        writeln!(out, "\nmessages that were given up")?;
        for letter in &outbox.dead {
            let owed_at = zone.stamp_at(letter.owed_at);
            let [name, route, error] = [&letter.dedup_key, &letter.route, &letter.error].map(|text| printable(text));
            writeln!(out, "  {name} over {route}, owed at {owed_at}\n    {error}")?;
        }
    }
    Ok(())
}

fn as_json(store: &Store, status: &Status, outbox: &Owed, zone: Zone) -> serde_json::Value {
    let quarantined: Vec<_> = status
        .quarantined
        .iter()
        .map(|entry| {
            json!({"object": entry.name, "reason": entry.reason, "detail": entry.detail, "attempts": entry.attempts})
        })
        .collect();
    let dead: Vec<_> = outbox
        .dead
        .iter()
        .map(|letter| {
            json!({
                "id": letter.id,
                "route": letter.route,
                "dedup_key": letter.dedup_key,
                "owed_at": zone.stamp_at(letter.owed_at),
                "dead_at": zone.stamp_at(letter.dead_at),
                "attempts": letter.attempts,
                "error": letter.error,
            })
        })
        .collect();
    let rejects: serde_json::Map<_, _> =
        status.rejects.iter().map(|(reason, count)| (reason.clone(), json!(count))).collect();
    let counted = calls_counted(&store.counts());
    json!({
        "objects": status.objects,
        "objects_in_part": status.objects_in_part,
        "objects_quarantined": quarantined,
        "records": status.records,
        "requests": status.requests,
        "calls": status.calls,
        "duplicates": status.duplicates,
        "calls_counted": counted.as_ref().ok(),
        "calls_counted_error": counted.as_ref().err().map(ToString::to_string),
        "records_set_aside": rejects,
        "series": status.series,
        "callers": status.callers,
        "lifecycle_facts": status.facts,
        "first_minute": status.covered.map(|range| zone.stamp(range.start)),
        "last_minute": status.covered.map(|range| zone.stamp(Minute(range.end.0 - 1))),
        "watermark": status.watermark.map(|minute| zone.stamp(minute)),
        "closed_hours": status.closed_hours,
        "messages_owed": outbox.depth.owed,
        "dead_letters": dead,
        "bytes": status.bytes,
    })
}

fn write_rejects(rejects: &[RejectEntry], output: Output, out: &mut dyn Write) -> io::Result<()> {
    let mut named = None;
    for RejectEntry { object, position, reason, detail } in rejects {
        if output == Output::Json {
            let line = json!({"object": object, "position": position, "reason": reason, "detail": detail});
            writeln!(out, "{line}")?;
            continue;
        }
        if named.replace(object) != Some(object) {
            writeln!(out, "{}", printable(object))?;
        }
        writeln!(out, "  record {position}: {reason}: {}", printable(detail))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_once_and_nothing_in_it_is_obeyed() {
        let reject = |object: &str, position| RejectEntry {
            object: object.to_owned(),
            position,
            reason: "bad-time".to_owned(),
            detail: "eventTime is bad\u{1b}[31m".to_owned(),
        };
        let rejects = [reject("n\u{1b}[31mred\nx.json", 0), reject("n\u{1b}[31mred\nx.json", 7), reject("b.json", 1)];
        let mut out = Vec::new();
        write_rejects(&rejects, Output::Table, &mut out).unwrap();
        let expect = "\
n [31mred x.json
  record 0: bad-time: eventTime is bad [31m
  record 7: bad-time: eventTime is bad [31m
b.json
  record 1: bad-time: eventTime is bad [31m
";
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }
}
