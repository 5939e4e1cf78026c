//! The threads that write objects while the next ones are made.

use std::path::Path;
use std::sync::Mutex;

use super::delivery::Object;
use super::error::SynthError;
use super::options::SynthOptions;
use super::summary::SynthSummary;
use super::world::World;
use super::writer::{Writer, Written};

/// Runs `make` with a function that has objects written by the threads asked for. The first error ends it all.
pub(super) fn write_with_threads(
    options: &SynthOptions,
    world: &World,
    out: &Path,
    make: impl FnOnce(&mut dyn FnMut(Job) -> Result<(), Stopped>) -> Result<SynthSummary, MakeError>,
) -> Result<SynthSummary, SynthError> {
    let written = Mutex::new(Written::default());
    let failure: Mutex<Option<SynthError>> = Mutex::new(None);
    let (sender, receiver) = crossbeam_channel::bounded::<Job>(16);
    let made = std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            let (receiver, written, failure) = (receiver.clone(), &written, &failure);
            scope.spawn(move || {
                let mut writer = Writer::new(out, world);
                for job in &receiver {
                    let done = match job {
                        Job::Object(mut object) => writer.write(&mut object, written),
                        Job::Digest(path, text) => writer.write_text(&path, &text),
                    };
                    if let Err(error) = done {
                        failure.lock().expect("no thread panics while it holds this").get_or_insert(error);
                        return;
                    }
                }
            });
        }
        drop(receiver);
        // When the last writer has given up, nobody receives and sending fails.
        let made = make(&mut |job| sender.send(job).map_err(|_| Stopped));
        drop(sender);
        made
    });
    if let Some(error) = failure.into_inner().expect("all threads have ended") {
        return Err(error);
    }
    let mut summary = match made {
        Ok(summary) => summary,
        Err(MakeError::Synth(error)) => return Err(error),
        Err(MakeError::Stopped(_)) => unreachable!("writers stop only for an error that they leave behind"),
    };
    let written = written.into_inner().expect("all threads have ended");
    summary.objects = written.objects;
    summary.records = written.records;
    (summary.gzip_bytes, summary.raw_bytes) = (written.gzip_bytes, written.raw_bytes);
    Ok(summary)
}

/// A file to be written.
pub(super) enum Job {
    Object(Object),
    Digest(std::path::PathBuf, String),
}

/// No writer is left.
pub(super) struct Stopped;

/// Why making stopped.
pub(super) enum MakeError {
    Synth(SynthError),
    Stopped(Stopped),
}

impl From<SynthError> for MakeError {
    fn from(error: SynthError) -> Self {
        Self::Synth(error)
    }
}

impl From<Stopped> for MakeError {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}
