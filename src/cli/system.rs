//! What commands need of the system: the clock, the data folder, signals, standard output.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Global;
use super::exit::{Exit, Failure};
use super::output::write_to;
use crate::domain::Clock;
use crate::series::Counts;
use crate::store::Store;

/// The system's clock.
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// The store's folder: the flag, else the environment (both through clap), else what the settings' file says (put in
/// their place when the program starts), else the platform's data folder.
pub(super) fn data_dir(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(dir) = &global.data_dir {
        return Ok(dir.clone());
    }
    dirs::data_dir().map(|dir| dir.join("keytide")).ok_or_else(|| {
        Failure::new("this user has no data folder", Some("name one with --data-dir or KEYTIDE_DATA_DIR"))
    })
}

/// Opens the store for reading and runs a command that answers from counts.
pub(super) fn with_counts(
    global: &Global,
    run: impl FnOnce(&dyn Counts, DateTime<Utc>, &mut dyn Write) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let store = Store::open_for_reading(&data_dir(global)?)?;
    write_to(None, |out| run(&store.counts(), SystemClock.now(), out))?;
    Ok(Exit::Success)
}

/// A flag that SIGINT, SIGTERM and SIGHUP set. A second signal ends the program at once: the store bears that.
pub(super) fn stop_flag() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate, mut hangup) = {
        let _context = runtime.enter();
        let hangup = if is_hangup_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, hangup)
    };
    let flag = Arc::clone(&stop);
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    () = received(&mut hangup) => {}
                }
                if flag.swap(true, Ordering::Relaxed) {
                    std::process::exit(Exit::Interrupted as i32);
                }
                eprintln!("stopping after the batch in hand; a second signal stops at once");
            }
        });
    });
    Ok(stop)
}

/// Waits for a signal; for ever, if none is listened for.
async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether SIGHUP was switched off for this process, as `nohup` does: that must stay so. Where the system doesn't tell,
/// the signal is left alone.
fn is_hangup_ignored() -> bool {
    fs::read_to_string("/proc/self/status").map_or(true, |status| is_first_ignored(&status))
}

/// Whether `/proc/PID/status` lists the first signal, SIGHUP, as ignored.
fn is_first_ignored(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_was_switched_off_is_told_from_one_that_was_not() {
        // From /proc/self/status under `nohup`, and without it.
        assert!(is_first_ignored("Name:\tcat\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000000000\n"));
        assert!(!is_first_ignored("Name:\tcat\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n"));
        assert!(is_first_ignored("Name:\tcat\n"));
    }
}
