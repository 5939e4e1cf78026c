//! What commands need of the system: the clock, the data folder, signals, standard output.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};

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

/// A flag that SIGINT and SIGTERM set. A second signal ends the program at once: the store bears that.
pub(super) fn stop_flag() -> io::Result<Arc<AtomicBool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _context = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let flag = Arc::clone(&stop);
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
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
