//! How far an ingest is, for people.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressStyle};

use super::Global;
use crate::domain::counted;
use crate::ingest::{Monitor, Progress};
use crate::source::Walk;

/// What an ingest says on its way.
pub(super) struct Terminal {
    form: Form,
    started: Instant,
    committed: Mutex<Instant>,
}

/// A bar on a terminal, a plain line every few seconds elsewhere and beside log lines, nothing with `--quiet`.
enum Form {
    Bar(ProgressBar),
    Lines { last: Mutex<Instant>, bytes_total: u64 },
    Quiet,
}

/// How often the plain line comes.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// What is left can't be told sooner.
const LEFT_AFTER: Duration = Duration::from_secs(3);

impl Terminal {
    /// A monitor for what the paths hold.
    pub(super) fn new(global: &Global, paths: &[PathBuf]) -> Self {
        let now = Instant::now();
        let form = if global.quiet {
            Form::Quiet
        } else if !std::io::stderr().is_terminal() || global.verbose > 0 {
            Form::Lines { last: Mutex::new(now), bytes_total: total_bytes(paths) }
        } else {
            let bar = ProgressBar::new(total_bytes(paths));
            // The message is cut where the terminal ends: a bar of two lines can't be drawn over.
            let style = ProgressStyle::with_template("{bar:16.cyan} {percent:>3}%  {wide_msg}");
            bar.set_style(style.expect("the template is a constant"));
            Form::Bar(bar)
        };
        Self { form, started: now, committed: Mutex::new(now) }
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        if let Form::Bar(bar) = &self.form {
            bar.finish_and_clear();
        }
    }
}

fn total_bytes(paths: &[PathBuf]) -> u64 {
    let files = paths.iter().filter(|path| path.as_os_str() != "-").cloned().collect::<Vec<_>>();
    Walk::new(&files).flatten().filter_map(|path| path.metadata().ok()).map(|metadata| metadata.len()).sum()
}

/// What stands behind the bar.
fn message(progress: &Progress, elapsed: Duration, left: Duration) -> String {
    let rate = (progress.calls as f64 / elapsed.as_secs_f64().max(0.001)) as u64;
    let left = match elapsed >= LEFT_AFTER {
        true => format!("  {:#} left", HumanDuration(left)),
        false => String::new(),
    };
    let objects = counted(progress.objects, "object", "objects");
    format!("{objects}  {}  {} calls/s{left}", HumanBytes(progress.bytes), HumanCount(rate))
}

impl Monitor for Terminal {
    fn progress(&self, progress: &Progress) {
        match &self.form {
            Form::Bar(bar) => {
                bar.set_position(progress.bytes);
                bar.set_message(message(progress, self.started.elapsed(), bar.eta()));
            }
            Form::Lines { last, bytes_total } => {
                let Ok(mut last) = last.try_lock() else { return };
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    let objects = counted(progress.objects, "object", "objects");
                    // Of standard input nobody knows how much there is.
                    let of = match bytes_total {
                        0 => String::new(),
                        total => format!(" of {}", HumanBytes(*total)),
                    };
                    let calls = counted(progress.calls, "call", "calls");
                    eprintln!("{objects}, {}{of}, {calls}", HumanBytes(progress.bytes));
                }
            }
            Form::Quiet => {}
        }
    }

    fn committed(&self, progress: &Progress) {
        let Ok(mut last) = self.committed.lock() else { return };
        let after_ms = std::mem::replace(&mut *last, Instant::now()).elapsed().as_millis();
        tracing::info!(objects = progress.objects, requests = progress.requests, after_ms, "batch committed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fits_80_columns_and_says_what_is_left_when_that_can_be_told() {
        let of = |objects, bytes, calls| Progress { objects, bytes, calls, ..Progress::default() };
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!(message(&of(1, 512, 10), second, 5 * minute), "1 object  512 B  10 calls/s");
        let long = message(&of(123_456, 999 << 30, 1_234_567 * 60), minute, 59 * minute);
        assert_eq!(long, "123,456 objects  999.00 GiB  1,234,567 calls/s  59m left");
        // The bar, its percentage and the blanks between.
        assert!(16 + 1 + 4 + 2 + long.chars().count() <= 80, "{long}");
    }
}
