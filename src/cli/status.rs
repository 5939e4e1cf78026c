//! `keytide status`: what was read, what was set aside and why.

use std::io::{self, BufWriter, Write};

use indicatif::{HumanBytes, HumanCount};
use serde_json::json;

use super::Global;
use super::exit::{Exit, Failure};
use super::system::data_dir;
use crate::domain::{Minute, format_second};
use crate::store::{DeadLetter, OutboxDepth, RejectEntry, Status, Store};

/// Flags of `keytide status`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List every record set aside, with its object, its number in it, and the reason
    #[arg(long)]
    rejects: bool,
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
    let mut out = BufWriter::new(io::stdout().lock());
    match (args.rejects, args.output) {
        (true, output) => write_rejects(&store.rejects()?, output, &mut out)?,
        (false, Output::Table) => write_status(&store, &store.status()?, &Owed::of(&store)?, &mut out)?,
        (false, Output::Json) => writeln!(out, "{:#}", as_json(&store.status()?, &Owed::of(&store)?))?,
    }
    out.flush()?;
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

fn write_status(store: &Store, status: &Status, outbox: &Owed, out: &mut impl Write) -> io::Result<()> {
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
    line("requests to KMS", format!("{}, {} of them calls", number(status.requests), number(status.calls)))?;
    line("duplicates dropped", number(status.duplicates))?;
    line("records set aside", number(status.rejects.iter().map(|(_, count)| count).sum()))?;
    line("series", number(status.series))?;
    line("callers", number(status.callers))?;
    line("lifecycle facts", number(status.facts))?;
    if outbox.depth.owed > 0 || outbox.depth.dead > 0 {
        line("messages owed", format!("{}, {} given up", number(outbox.depth.owed), number(outbox.depth.dead)))?;
    }
    if let Some(covered) = status.covered {
        line("first minute", covered.start.to_string())?;
        line("last minute", Minute(covered.end.0 - 1).to_string())?;
    }
    if let Some(watermark) = status.watermark {
        line("watermark", watermark.to_string())?;
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
            writeln!(out, "  {}\n    {}: {}", entry.name, entry.reason, entry.detail)?;
        }
    }
    if !outbox.dead.is_empty() {
        writeln!(out, "\nmessages that were given up")?;
        for letter in &outbox.dead {
            let owed_at = format_second(letter.owed_at);
            writeln!(out, "  {} over {}, owed at {owed_at}\n    {}", letter.dedup_key, letter.route, letter.error)?;
        }
    }
    Ok(())
}

fn as_json(status: &Status, outbox: &Owed) -> serde_json::Value {
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
                "owed_at": format_second(letter.owed_at),
                "dead_at": format_second(letter.dead_at),
                "attempts": letter.attempts,
                "error": letter.error,
            })
        })
        .collect();
    let rejects: serde_json::Map<_, _> =
        status.rejects.iter().map(|(reason, count)| (reason.clone(), json!(count))).collect();
    json!({
        "objects": status.objects,
        "objects_in_part": status.objects_in_part,
        "objects_quarantined": quarantined,
        "records": status.records,
        "requests": status.requests,
        "calls": status.calls,
        "duplicates": status.duplicates,
        "records_set_aside": rejects,
        "series": status.series,
        "callers": status.callers,
        "lifecycle_facts": status.facts,
        "first_minute": status.covered.map(|range| range.start.to_string()),
        "last_minute": status.covered.map(|range| Minute(range.end.0 - 1).to_string()),
        "watermark": status.watermark.map(|minute| minute.to_string()),
        "closed_hours": status.closed_hours,
        "messages_owed": outbox.depth.owed,
        "dead_letters": dead,
        "bytes": status.bytes,
    })
}

fn write_rejects(rejects: &[RejectEntry], output: Output, out: &mut impl Write) -> io::Result<()> {
    for RejectEntry { object, position, reason, detail } in rejects {
        match output {
            Output::Table => writeln!(out, "{object}\n  record {position}: {reason}: {detail}")?,
            Output::Json => {
                let line = json!({"object": object, "position": position, "reason": reason, "detail": detail});
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}
