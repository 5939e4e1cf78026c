//! How the program ends.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use super::question::QuestionError;
use crate::domain::printable;
use crate::series::SeriesError;
use crate::store::{StoreError, hint_of_series};
use crate::synth::SynthError;
use crate::watch::WatchError;

/// What the program's exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All done. Records that were set aside don't change that, unless `--strict` is given.
    Success = 0,
    /// Something failed; standard error says what, where and what to do.
    Failure = 1,
    /// The command line can't be understood.
    Usage = 2,
    /// With `--strict`: done, but records or objects were set aside.
    SetAside = 3,
    /// `ingest` or `run --once` was stopped by a signal; what was committed stays, and the same command goes on from
    /// there.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// A command's failure: an error, and what to do about it.
#[derive(Debug)]
pub(super) struct Failure {
    error: Box<dyn Error>,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// A failure with advice.
    pub(super) fn new(error: impl Into<Box<dyn Error>>, hint: Option<&str>) -> Self {
        let error = error.into();
        let hint = hint.or_else(|| hint_of_counts(&*error)).map(str::to_owned);
        Self { error, hint, exit: Exit::Failure }
    }

    /// A flag that can't be understood.
    pub(super) fn usage(error: impl Into<Box<dyn Error>>) -> Self {
        Self { error: error.into(), hint: None, exit: Exit::Usage }
    }

    /// Tells the user; the exit code. A reader of our output that has gone away is no failure: `keytide … | head`.
    pub(super) fn report(&self) -> Exit {
        if self.is_broken_pipe() {
            return Exit::Success;
        }
        eprintln!("error: {}", shown(&self.error.to_string()));
        let mut source = self.error.source();
        let mut said = self.error.to_string();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !said.contains(&text) {
                eprintln!("caused by: {}", shown(&text));
            }
            said = text;
            source = cause.source();
        }
        if let Some(hint) = &self.hint {
            eprintln!("help: {hint}");
        }
        self.exit
    }

    fn is_broken_pipe(&self) -> bool {
        let mut next: Option<&(dyn Error + 'static)> = Some(&*self.error);
        while let Some(error) = next {
            let io = error.downcast_ref::<io::Error>().map(io::Error::kind);
            if io == Some(io::ErrorKind::BrokenPipe) || error.to_string().contains("Broken pipe") {
                return true;
            }
            next = error.source();
        }
        false
    }
}

/// An error's lines as a terminal may have them: names in them come from anywhere.
fn shown(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// What to do if a file stands where the store's folder should be.
fn hint_of_folder(error: &StoreError) -> Option<&'static str> {
    let StoreError::File { source, .. } = error else { return None };
    let is_file = matches!(source.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory);
    is_file.then_some("a store is a folder: name another with --data-dir, KEYTIDE_DATA_DIR or `data_dir`")
}

/// What to do if counts could not be read.
fn hint_of_counts(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<SeriesError>() {
            return hint_of_series(error);
        }
        next = error.source();
    }
    None
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = error.hint().or_else(|| hint_of_folder(&error));
        Self::new(error, hint)
    }
}

impl From<QuestionError> for Failure {
    fn from(error: QuestionError) -> Self {
        let typed_wrong = matches!(
            error,
            QuestionError::Range(_) | QuestionError::Operation { .. } | QuestionError::Empty | QuestionError::Terminal
        );
        let exit = if typed_wrong { Exit::Usage } else { Exit::Failure };
        Self { exit, ..Self::new(error, None) }
    }
}

impl From<WatchError> for Failure {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::Store(error) => error.into(),
            WatchError::Settings(error) => Self::usage(error),
            other => Self::new(other, Some("keytide status shows what is stored")),
        }
    }
}

impl From<SynthError> for Failure {
    fn from(error: SynthError) -> Self {
        let exit = if matches!(error, SynthError::Option { .. }) { Exit::Usage } else { Exit::Failure };
        Self { error: error.into(), hint: None, exit }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error, None)
    }
}
