//! Opening a store, and keeping a second writer out.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::error::StoreError;
use super::schema;

/// Told before each step that a crash could separate from the next. Tests answer with an error to crash there.
pub trait Probe: Send {
    /// The step that comes next. An error ends the commit as a crash would.
    fn before(&mut self, step: &'static str) -> io::Result<()>;
}

/// Nothing is in the way.
pub(super) struct Clear;

impl Probe for Clear {
    fn before(&mut self, _step: &'static str) -> io::Result<()> {
        Ok(())
    }
}

/// An open store.
pub struct Store {
    pub(super) dir: PathBuf,
    pub(super) catalog: Connection,
    pub(super) probe: Box<dyn Probe>,
    /// Whether a sweep left segments to those who read: the next compaction sweeps again.
    pub(super) has_litter: bool,
    /// On the store's folder: held as long as the store is open for writing, or is read as one that nobody writes. On
    /// the folder of segments: held by who reads beside a writer. Given back after the catalog is closed.
    pub(super) _lock: Option<Lock>,
}

pub(super) const CATALOG_FILE: &str = "catalog.sqlite";
pub(super) const LOCK: &str = "lock";

/// Bytes a page of a new catalog: an ingest writes many rows at a time, and each page is a call to the system or more.
const PAGE_BYTES: u32 = 16 << 10;
/// The folder of Parquet segments, and that of ledger files.
pub(super) const SEGMENTS: &str = "segments";
pub(super) const LEDGER: &str = "ledger";
/// The folder of saved models.
pub(super) const MODELS: &str = "models";

impl Store {
    /// Opens the store in `dir` for writing, making an empty one if there is none. Files that no commit names are
    /// removed.
    pub fn open_for_writing(dir: &Path) -> Result<Self, StoreError> {
        Self::open_with_probe(dir, Box::new(Clear))
    }

    /// As [`Store::open_for_writing`], with a probe that can stop it at any step.
    pub fn open_with_probe(dir: &Path, probe: Box<dyn Probe>) -> Result<Self, StoreError> {
        for folder in [dir.to_owned(), dir.join(SEGMENTS), dir.join(LEDGER), dir.join(MODELS)] {
            fs::create_dir_all(&folder).map_err(|source| file_error("make the folder", &folder, source))?;
        }
        let lock = lock(dir, &mut std::thread::sleep)?;
        let path = dir.join(CATALOG_FILE);
        let catalog = Connection::open(&path).map_err(|source| open_error(&path, source))?;
        let mut store = Self { dir: dir.to_owned(), catalog, probe, has_litter: false, _lock: Some(lock) };
        store.set_up()?;
        store.sweep()?;
        tracing::info!(folder = ?dir, "store opened for writing");
        Ok(store)
    }

    /// The store's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn set_up(&mut self) -> Result<(), StoreError> {
        self.wait_for_others()?;
        let found = self.format()?;
        if found == schema::FORMAT {
            let index = self.catalog.execute_batch(schema::OBJECTS_BY_BATCH);
            return index.map_err(|source| self.catalog_error("make the index", source));
        }
        let create = |catalog: &mut Connection| {
            catalog.pragma_update(None, "page_size", PAGE_BYTES)?;
            catalog.pragma_update(None, "journal_mode", "WAL")?;
            let transaction = catalog.transaction()?;
            if found == 0 {
                transaction.execute_batch(schema::CREATE)?;
            }
            if found < schema::FORMAT_OF_WATCHING {
                transaction.execute_batch(schema::WATCHING)?;
            }
            transaction.execute_batch(schema::OBJECTS_BY_BATCH)?;
            transaction.pragma_update(None, "user_version", schema::FORMAT)?;
            transaction.commit()
        };
        create(&mut self.catalog).map_err(|source| self.catalog_error("make the tables", source))
    }

    pub(super) fn wait_for_others(&self) -> Result<(), StoreError> {
        let set = || {
            self.catalog.busy_timeout(Duration::from_secs(30))?;
            // A commit is on disk when it returns: what it names must not outlive it, nor it what it names.
            self.catalog.pragma_update(None, "synchronous", "FULL")
        };
        set().map_err(|source| self.catalog_error("set the options", source))
    }

    /// The store's format, 0 for an empty catalog.
    pub(super) fn format(&self) -> Result<i64, StoreError> {
        let found: i64 = self
            .catalog
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|source| self.catalog_error("read the format", source))?;
        if found > schema::FORMAT {
            return Err(StoreError::TooNew { dir: self.dir.clone(), found, known: schema::FORMAT });
        }
        // Tables and format are made in one transaction.
        if found == 0 && self.has_tables()? {
            let what = "it has tables, but tells no format".to_owned();
            return Err(StoreError::Damaged { path: self.dir.join(CATALOG_FILE), what });
        }
        Ok(found)
    }

    fn has_tables(&self) -> Result<bool, StoreError> {
        self.catalog
            .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
            .map_err(|source| self.catalog_error("look for tables", source))
    }

    /// Removes files that no commit names: what a crash left, and what compaction and merging replaced. Segments stay
    /// while somebody reads beside this writer, whose snapshot of the catalog may name them; nobody reads the rest.
    pub(super) fn sweep(&mut self) -> Result<(), StoreError> {
        self.sweep_folder(LEDGER, "SELECT DISTINCT file FROM ledger_runs")?;
        self.sweep_folder(MODELS, "SELECT file FROM model_files")?;
        let path = self.dir.join(SEGMENTS);
        let folder = File::open(&path).map_err(|source| file_error("open", &path, source))?;
        self.has_litter = match folder.try_lock() {
            Ok(()) => {
                // Whoever comes to read waits for this, then sees the catalog as it is now.
                let _alone = Lock(folder);
                self.sweep_folder(SEGMENTS, "SELECT file FROM segments")?;
                false
            }
            Err(TryLockError::WouldBlock) => {
                tracing::info!(folder = ?path, "replaced segments are kept: a command reads the store");
                true
            }
            Err(TryLockError::Error(source)) => return Err(file_error("lock", &path, source)),
        };
        Ok(())
    }

    fn sweep_folder(&self, folder: &str, query: &str) -> Result<(), StoreError> {
        let named = self.texts(query)?;
        let path = self.dir.join(folder);
        let entries = fs::read_dir(&path).map_err(|source| file_error("list", &path, source))?;
        for entry in entries {
            let entry = entry.map_err(|source| file_error("list", &path, source))?;
            if !named.contains(&*entry.file_name().to_string_lossy()) {
                let path = entry.path();
                fs::remove_file(&path).map_err(|source| file_error("remove", &path, source))?;
            }
        }
        Ok(())
    }

    fn texts(&self, query: &str) -> Result<std::collections::HashSet<String>, StoreError> {
        super::rows::rows(&self.catalog, query, |row| row.get(0))
            .map(|texts| texts.into_iter().collect())
            .map_err(|source| self.catalog_error("list the files", source))
    }

    pub(super) fn catalog_error(&self, action: &'static str, source: rusqlite::Error) -> StoreError {
        StoreError::Catalog { action, path: self.dir.join(CATALOG_FILE), source }
    }

    /// Tells the probe what comes next.
    pub(super) fn step(&mut self, step: &'static str) -> Result<(), StoreError> {
        self.probe.before(step).map_err(|source| file_error(step, &self.dir, source))
    }
}

pub(super) fn open_error(path: &Path, source: rusqlite::Error) -> StoreError {
    StoreError::Catalog { action: "open the store", path: path.to_owned(), source }
}

pub(super) fn file_error(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::File { action, path: path.to_owned(), source }
}

/// Makes a folder's entries survive a power cut.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|source| file_error("sync", path, source))
}

/// A lock on a file or folder of a store.
pub(super) struct Lock(pub(super) File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would do, but for a child process that another thread is just starting: until it becomes its
        // program it holds a copy of every open file. A lock that can't be given back goes with the process.
        let _ = self.0.unlock();
    }
}

/// How long a writer waits for readers to end, and how often it looks.
const READERS_WAITED_FOR: Duration = Duration::from_secs(10);
const READERS_STEP: Duration = Duration::from_millis(20);

/// Whether whoever holds the lock shares it, as no writer does.
fn only_readers_hold(lock: &File) -> bool {
    // One that could be taken is given back: holding it would keep the next try from the whole of it.
    lock.try_lock_shared().is_ok() && lock.unlock().is_ok()
}

/// Takes the lock of a store's folder, alone. `pause` lets time pass before the next look.
pub(super) fn lock(dir: &Path, pause: &mut dyn FnMut(Duration)) -> Result<Lock, StoreError> {
    let path = dir.join(LOCK);
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|source| file_error("open the lock", &path, source))?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            // Readers that have to be alone hold it as long as their command runs.
            Err(TryLockError::WouldBlock) if waited < READERS_WAITED_FOR && only_readers_hold(&file) => {
                pause(READERS_STEP);
                waited += READERS_STEP;
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let pid = file.read_to_string(&mut holder).ok().and_then(|_| holder.trim().parse().ok());
                return Err(StoreError::InUse { dir: dir.to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(file_error("lock", &path, source)),
        }
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(|source| file_error("write the lock", &path, source))?;
    Ok(Lock(file))
}
