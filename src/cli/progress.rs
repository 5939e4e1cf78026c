//! How far an ingest is, for people.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use super::Global;
use crate::ingest::{Monitor, Progress};
use crate::source::Walk;

/// A bar on a terminal, a plain line every few seconds elsewhere, nothing with `--quiet`.
pub(super) enum Terminal {
    Bar { bar: ProgressBar, started: Instant },
    Lines { last: Mutex<Instant>, objects: AtomicU64, bytes_total: u64 },
    Quiet,
}

/// How often the plain line comes.
const LINE_EVERY: Duration = Duration::from_secs(10);

impl Terminal {
    /// A monitor for what the paths hold.
    pub(super) fn new(global: &Global, paths: &[PathBuf]) -> Self {
        if global.quiet {
            return Terminal::Quiet;
        }
        let bytes_total = total_bytes(paths);
        if !std::io::stderr().is_terminal() {
            return Terminal::Lines { last: Mutex::new(Instant::now()), objects: AtomicU64::new(0), bytes_total };
        }
        let bar = ProgressBar::new(bytes_total);
        let style = ProgressStyle::with_template("{bar:24.cyan} {percent:>3}%  {msg}  {eta} left")
            .expect("the template is a constant");
        bar.set_style(style);
        Terminal::Bar { bar, started: Instant::now() }
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        if let Terminal::Bar { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

fn total_bytes(paths: &[PathBuf]) -> u64 {
    let files = paths.iter().filter(|path| path.as_os_str() != "-").cloned().collect::<Vec<_>>();
    Walk::new(&files).flatten().filter_map(|path| path.metadata().ok()).map(|metadata| metadata.len()).sum()
}

impl Monitor for Terminal {
    fn progress(&self, progress: &Progress) {
        match self {
            Terminal::Bar { bar, started } => {
                bar.set_position(progress.bytes);
                let rate = progress.calls as f64 / started.elapsed().as_secs_f64().max(0.001);
                bar.set_message(format!(
                    "{} objects  {}  {} calls/s",
                    HumanCount(progress.objects),
                    HumanBytes(progress.bytes),
                    HumanCount(rate as u64)
                ));
            }
            Terminal::Lines { last, objects, bytes_total } => {
                objects.store(progress.objects, Ordering::Relaxed);
                let Ok(mut last) = last.try_lock() else { return };
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    eprintln!(
                        "{} objects, {} of {}, {} calls",
                        progress.objects,
                        HumanBytes(progress.bytes),
                        HumanBytes(*bytes_total),
                        progress.calls
                    );
                }
            }
            Terminal::Quiet => {}
        }
    }
}
