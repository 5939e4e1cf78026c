//! What can go wrong.

use std::path::PathBuf;

/// Why no trail was made.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// An option has a value that makes no trail.
    #[error("{option} is {value}: {expected}")]
    Option {
        /// The option as typed.
        option: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        expected: String,
    },
    /// The output folder has something in it.
    #[error("{} is not empty: a trail and its truth belong together, choose an empty or new folder", .0.display())]
    NotEmpty(PathBuf),
    /// The output folder or a file in it can't be written.
    #[error(
        "can't write {}: {source}; check the path, its rights and the free space, then choose an empty folder",
        path.display()
    )]
    Write {
        /// What was written.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl SynthError {
    /// For `map_err`: names the path.
    pub(super) fn writing(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}
