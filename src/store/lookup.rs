//! The ledger as a batch asks it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::error::StoreError;
use super::ledger::{self, LedgerFile, Run};
use super::open::{CATALOG_FILE, LEDGER, file_error};
use crate::tally::{Ledger, Mark};

/// The runs of the hours that a batch touches, an hour after the other. Only the files of the last hour are open: a
/// late batch may touch hours of more files than a process may hold, and neighbours are in the same files mostly.
pub(super) struct LedgerView<'s> {
    catalog: &'s Connection,
    dir: &'s Path,
    files: HashMap<String, Arc<LedgerFile>>,
}

/// A run, and what the catalog calls it.
#[derive(Debug)]
pub(super) struct NamedRun {
    pub file: String,
    pub run: Run,
}

impl<'s> LedgerView<'s> {
    pub(super) fn new(catalog: &'s Connection, dir: &'s Path) -> Self {
        Self { catalog, dir, files: HashMap::new() }
    }

    /// The hour's runs, smallest first.
    pub(super) fn runs(&mut self, hour: u32) -> Result<Vec<NamedRun>, StoreError> {
        let list = || -> rusqlite::Result<Vec<(String, i64, i64)>> {
            self.catalog
                .prepare_cached("SELECT file, start, ids FROM ledger_runs WHERE hour = ? ORDER BY ids, file, start")?
                .query_map([hour], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        };
        let path = self.dir.join(CATALOG_FILE);
        let listed = list().map_err(|source| StoreError::Catalog { action: "list the ledger's runs", path, source })?;
        self.files.retain(|name, _| listed.iter().any(|(file, ..)| file == name));
        let mut runs = Vec::with_capacity(listed.len());
        for (name, start, ids) in listed {
            let file = self.file(&name)?;
            let (start, ids) = (start.cast_unsigned(), ids.cast_unsigned());
            let run = Run { file, start, ids };
            if !run.is_whole() {
                return Err(self.unreadable("read", &name, std::io::ErrorKind::UnexpectedEof.into()));
            }
            runs.push(NamedRun { file: name, run });
        }
        Ok(runs)
    }

    fn file(&mut self, name: &str) -> Result<Arc<LedgerFile>, StoreError> {
        if let Some(file) = self.files.get(name) {
            return Ok(Arc::clone(file));
        }
        let opened = LedgerFile::open(&self.path(name));
        let file = Arc::new(opened.map_err(|source| self.unreadable("open", name, source))?);
        self.files.insert(name.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn unreadable(&self, action: &'static str, name: &str, source: std::io::Error) -> StoreError {
        let path = self.path(name);
        match source.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                StoreError::Damaged { path, what: "it is shorter than when it was committed".to_owned() }
            }
            std::io::ErrorKind::InvalidData => StoreError::Damaged { path, what: source.to_string() },
            _ => file_error(action, &path, source),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(LEDGER).join(name)
    }
}

impl Ledger for LedgerView<'_> {
    type Error = StoreError;

    fn find(&mut self, hour: u32, hashes: &[u128], found: &mut Vec<(u32, Mark)>) -> Result<(), StoreError> {
        let runs = self.runs(hour)?;
        // An id is never zero where it is known: its hash is the one that was looked for, and no hash of 125 bits is.
        let mut ids = vec![0_u128; if runs.is_empty() { 0 } else { hashes.len() }];
        for NamedRun { file, run } in &runs {
            run.find(hashes, &mut |place, id| ids[place] = merged(ids[place], id))
                .map_err(|source| self.unreadable("read", file, source))?;
        }
        let known = (0_u32..).zip(ids).filter(|(_, id)| *id != 0);
        found.extend(known.map(|(place, id)| (place, Mark::of_id(id))));
        Ok(())
    }

    fn find_notes(&mut self, hour: u32, uppers: &[u64], found: &mut Vec<(u32, u128)>) -> Result<(), StoreError> {
        let runs = self.runs(hour)?;
        for NamedRun { file, run } in &runs {
            run.find_by_upper(uppers, &mut |place, id| found.push((place as u32, id)))
                .map_err(|source| self.unreadable("read", file, source))?;
        }
        Ok(())
    }
}

/// An id that another run has as well, if any, with the later mark.
fn merged(before: u128, id: u128) -> u128 {
    if before == 0 { id } else { ledger::later(before, id) }
}
