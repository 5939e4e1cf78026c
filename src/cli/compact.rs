//! `keytide compact`: one file a day, and the roll-ups.

use super::Global;
use super::exit::{Exit, Failure};
use super::system::{SystemClock, data_dir};
use crate::domain::Clock;
use crate::store::Store;

/// Flags of `keytide compact`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ingest compacts a day by itself once it has many files. This makes every day ready now.")]
pub(super) struct Args {}

pub(super) fn run(_args: &Args, global: &Global) -> Result<Exit, Failure> {
    let dir = data_dir(global)?;
    // A mistyped folder shall not become an empty store.
    drop(Store::open_for_reading(&dir)?);
    let compacted = Store::open_for_writing(&dir)?.compact(1, SystemClock.now())?;
    if !global.quiet {
        eprintln!("{} days compacted, {} files replaced", compacted.days, compacted.files);
    }
    Ok(Exit::Success)
}
