//! What one process of the daemon remembers for the next: which files it has read.
//!
//! It lies beside the store and may be lost: files are then read again, and nothing is counted twice. It is forgotten
//! too when the store is behind it, as one from a backup is.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::Stamp;

/// What is remembered.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The store's last batch when this was written.
    pub(super) batch: i64,
    /// When a log object was last committed, seconds since 1970.
    pub(super) last_data_at: Option<i64>,
    /// Files that were read.
    pub(super) seen: Vec<(u128, Stamp)>,
}

const MARK: &[u8] = b"keytide watched 2\n";

fn path(dir: &Path) -> PathBuf {
    dir.join("watched")
}

impl Memory {
    /// What is remembered beside the store in `dir`, whose last batch is `batch`; nothing if that is not to be used. A
    /// time after `now`, seconds since 1970, is of a clock that was ahead, and is taken for now.
    pub(super) fn read(dir: &Path, batch: i64, now: i64) -> Self {
        let Ok(bytes) = fs::read(path(dir)) else { return Self::default() };
        let memory = bytes.strip_prefix(MARK).and_then(|bytes| postcard::from_bytes::<Memory>(bytes).ok());
        match memory {
            Some(memory) if memory.batch <= batch => {
                Memory { last_data_at: memory.last_data_at.map(|at| at.min(now)), ..memory }
            }
            _ => {
                tracing::warn!("what was read is not remembered; files are looked into again");
                Self::default()
            }
        }
    }

    /// Remembers. A failure is logged: it costs time, not counts.
    pub(super) fn write(&self, dir: &Path) {
        let write = || -> Result<(), Box<dyn std::error::Error>> {
            let bytes = postcard::to_extend(self, MARK.to_vec())?;
            let new = dir.join("watched.new");
            fs::write(&new, bytes)?;
            Ok(fs::rename(new, path(dir))?)
        };
        if let Err(error) = write() {
            tracing::warn!(%error, "what was read can't be remembered");
        }
    }
}
