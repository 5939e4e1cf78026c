//! `keytide compact`: one file a day, and the roll-ups.

use super::Global;
use super::exit::{Exit, Failure};
use super::system::{SystemClock, data_dir};
use crate::domain::{Clock, counted};
use crate::store::{Compacted, Store};

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
        eprintln!("{}", summary(compacted));
    }
    Ok(Exit::Success)
}

fn summary(compacted: Compacted) -> String {
    let (days, files) = (counted(compacted.days, "day", "days"), counted(compacted.files, "file", "files"));
    format!("{days} compacted, {files} replaced")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(summary(Compacted { days: 1, files: 3 }), "1 day compacted, 3 files replaced");
        assert_eq!(summary(Compacted { days: 0, files: 1 }), "0 days compacted, 1 file replaced");
    }
}
