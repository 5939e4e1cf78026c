//! What can go wrong with a store, and what to do then.

use std::io;
use std::path::PathBuf;

use polars::prelude::PolarsError;

/// A store's failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store in the folder.
    #[error("there is no Keytide store in {}", dir.display())]
    Missing {
        /// The folder.
        dir: PathBuf,
    },
    /// Another process writes to the store.
    #[error("the store in {} is in use by another Keytide process{}", dir.display(), holder(*pid))]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// The other process, if it could be told.
        pid: Option<u32>,
    },
    /// A newer Keytide made the store.
    #[error("the store in {} has format {found}; this Keytide knows formats up to {known}", dir.display())]
    TooNew {
        /// The folder.
        dir: PathBuf,
        /// The store's format.
        found: i64,
        /// The newest format that this program knows.
        known: i64,
    },
    /// A file of the store can't be made, read or removed.
    #[error("could not {action} {}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A committed file is not as it was committed.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The catalog refuses.
    #[error("could not {action} in the catalog {}", path.display())]
    Catalog {
        /// What was tried.
        action: &'static str,
        /// The catalog's file.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
    /// Counts can't be computed or written.
    #[error("could not {action}")]
    Frame {
        /// What was tried.
        action: String,
        /// Why not.
        source: PolarsError,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

impl StoreError {
    /// What the user can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            _ if self.is_storage_full() => {
                Some("make room on the disk and run the same command again; what is committed is safe")
            }
            StoreError::Missing { .. } => {
                Some("run `keytide ingest PATH` first, or name another folder with --data-dir")
            }
            StoreError::InUse { .. } => {
                Some("wait until it ends; reading commands (`query`, `top`, `status`) work meanwhile")
            }
            StoreError::TooNew { .. } => Some("update Keytide, or ingest the logs into a new folder with --data-dir"),
            StoreError::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("give the user that runs Keytide the right to read and write the folder")
            }
            StoreError::Damaged { .. } => Some(RESTORE),
            StoreError::File { action: "open", source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some(RESTORE)
            }
            StoreError::Catalog { source, .. } => catalog_hint(source),
            _ => None,
        }
    }

    /// Whether the disk is full.
    pub fn is_storage_full(&self) -> bool {
        match self {
            StoreError::File { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            StoreError::Catalog { source, .. } => is_full(source),
            StoreError::Frame { source: PolarsError::IO { error, .. }, .. } => {
                error.kind() == io::ErrorKind::StorageFull
            }
            // Of its Parquet writer's failures Polars keeps the words alone.
            StoreError::Frame { source, .. } => source.to_string().contains("(os error 28)"),
            _ => false,
        }
    }
}

const RESTORE: &str = "restore the file from a backup, or ingest the logs into a new folder with --data-dir";

/// What the user can do if counts can't be read.
pub fn hint_of_series(error: &PolarsError) -> Option<&'static str> {
    match error {
        PolarsError::IO { error, .. } => error.get_ref()?.downcast_ref::<StoreError>()?.hint(),
        PolarsError::Context { error, .. } => hint_of_series(error),
        _ if error.to_string().contains("parquet") => {
            Some("a file of the store is damaged: restore the store from a backup, or ingest the logs into a new one")
        }
        _ => None,
    }
}

fn catalog_hint(error: &rusqlite::Error) -> Option<&'static str> {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code()? {
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => Some(RESTORE),
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure => Some(
            "a store that is being written, or whose writer was killed, is read by users who may write in its folder: \
             run this as such a user, or when nobody writes",
        ),
        _ => None,
    }
}

fn is_full(error: &rusqlite::Error) -> bool {
    // The file that readers and writer share can't grow: SQLite has no other name for a full disk then.
    let shared_memory = error.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE);
    shared_memory || error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}
