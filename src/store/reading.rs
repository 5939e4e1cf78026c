//! Opening a store for reading: beside a writer, or where nothing may be written.
//!
//! Whoever reads has one snapshot of the catalog as long as the store is open, and every file that the snapshot names:
//! an answer is made of whole commits, the same ones from its first look to its last, whatever is committed meanwhile.

use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::open::{CATALOG_FILE, Clear, LOCK, Lock, SEGMENTS, Store, file_error, open_error};

impl Store {
    /// Opens the store in `dir` for reading, as it is now: what is committed from here on isn't seen. While it is open,
    /// writers don't wait for it, but keep the segments that they replace, and SQLite its log: open it for one answer.
    pub fn open_for_reading(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(CATALOG_FILE);
        match path.metadata() {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(StoreError::Missing { dir: dir.to_owned() });
            }
            Err(error) => return Err(file_error("read", &path, error)),
        }
        let (store, alone) = match Self::open_beside_others(dir, &path) {
            Err(StoreError::Catalog { action, path, source }) if may_be_read_alone(&source) => {
                match Self::open_alone(dir, &path) {
                    Some(alone) => (alone?, true),
                    None => return Err(StoreError::Catalog { action, path, source }),
                }
            }
            opened => (opened?, false),
        };
        tracing::info!(folder = ?dir, alone, "store opened for reading");
        match store.format()? {
            0 => Err(StoreError::Missing { dir: dir.to_owned() }),
            _ => Ok(store),
        }
    }

    fn open_beside_others(dir: &Path, path: &Path) -> Result<Self, StoreError> {
        // Before the snapshot is taken: no file that it names is removed from here on.
        let lock = keep_segments(dir)?;
        // SQLite's shared memory of readers and writer needs a connection that may write; nothing here does. A file
        // that this user can't write is opened for reading all the same.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let catalog = Connection::open_with_flags(path, flags).map_err(|source| open_error(path, source))?;
        let store = Self { dir: dir.to_owned(), catalog, probe: Box::new(Clear), has_litter: false, _lock: lock };
        store.wait_for_others()?;
        // A transaction that only reads sees the catalog as its first look found it. It ends with the connection.
        store.catalog.execute_batch("BEGIN").map_err(|source| store.catalog_error("begin to read", source))?;
        // That look; here shared memory is wanted too.
        store.format()?;
        Ok(store)
    }

    /// Opens a catalog where shared memory can't be made, because this user may not write in the folder or the disk
    /// has no room. SQLite then has to be told that nobody writes, so the store's lock is held meanwhile, shared with
    /// other such readers. `None` if there is a writer, or if one that was killed left commits outside the catalog.
    fn open_alone(dir: &Path, path: &Path) -> Option<Result<Self, StoreError>> {
        let lock = File::open(dir.join(LOCK)).ok()?;
        lock.try_lock_shared().ok()?;
        let lock = Lock(lock);
        let log = dir.join(format!("{CATALOG_FILE}-wal"));
        match log.metadata() {
            Ok(log) if log.len() > 0 => return None,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return None,
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let opened = Connection::open_with_flags(immutable(path), flags).map_err(|source| open_error(path, source));
        Some(opened.map(|catalog| Self {
            dir: dir.to_owned(),
            catalog,
            probe: Box::new(Clear),
            has_litter: false,
            _lock: Some(lock),
        }))
    }
}

/// Keeps writers from removing segments, but not from writing, as long as the lock is held. Several readers hold it
/// together. None where there are no segments.
fn keep_segments(dir: &Path) -> Result<Option<Lock>, StoreError> {
    let path = dir.join(SEGMENTS);
    let folder = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|source| file_error("open", &path, source))?,
    };
    // A sweep that is under way is waited for: it takes milliseconds.
    folder.lock_shared().map_err(|source| file_error("lock", &path, source))?;
    Ok(Some(Lock(folder)))
}

/// Whether an error can come of shared memory that can't be made.
fn may_be_read_alone(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, DiskFull, PermissionDenied, ReadOnly, SystemIoFailure};
    let code = error.sqlite_error_code();
    code.is_some_and(|code| matches!(code, CannotOpen | DiskFull | PermissionDenied | ReadOnly | SystemIoFailure))
}

/// The URI of a file that nobody writes.
fn immutable(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::super::open::lock;
    use super::*;

    /// A store in which shared memory can't be made: a link that leads nowhere stands where it should be.
    fn without_shared_memory() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("a store, 100% ö?");
        drop(Store::open_for_writing(&dir).unwrap());
        std::os::unix::fs::symlink("nowhere/shm", dir.join("catalog.sqlite-shm")).unwrap();
        (folder, dir)
    }

    #[test]
    fn a_store_is_read_where_no_shared_memory_can_be_made() {
        let (_folder, dir) = without_shared_memory();
        let store = Store::open_for_reading(&dir).unwrap();
        assert_eq!(store.status(crate::domain::Minute(0)).unwrap().objects, 0);
        assert!(Store::open_for_reading(&dir).is_ok(), "several may read");
    }

    #[test]
    fn commits_that_a_killed_writer_left_outside_the_catalog_are_not_passed_over() {
        let (_folder, dir) = without_shared_memory();
        fs::write(dir.join("catalog.sqlite-wal"), [1; 64]).unwrap();
        let error = Store::open_for_reading(&dir).err().unwrap();
        assert!(matches!(error, StoreError::Catalog { .. }), "{error:?}");
        assert!(error.hint().is_some(), "{error:?}");
    }

    #[test]
    fn no_catalog_is_taken_as_unchanging_while_a_writer_holds_the_store() {
        let (_folder, dir) = without_shared_memory();
        let writer = File::open(dir.join(LOCK)).unwrap();
        writer.try_lock().unwrap();
        assert!(Store::open_for_reading(&dir).is_err());
        drop(writer);
        assert!(Store::open_for_reading(&dir).is_ok());
    }

    #[test]
    fn a_writer_waits_for_readers_that_hold_the_lock() {
        let (_folder, dir) = without_shared_memory();
        let mut reader = Some(Store::open_for_reading(&dir).unwrap());
        let mut pauses = 0;
        let mut end_reading = |_| {
            pauses += 1;
            drop(reader.take());
        };
        lock(&dir, &mut end_reading).unwrap();
        assert_eq!(pauses, 1);
    }

    #[test]
    fn a_writer_gives_up_on_readers_that_do_not_end() {
        let (_folder, dir) = without_shared_memory();
        let _reader = Store::open_for_reading(&dir).unwrap();
        let mut waited = Duration::ZERO;
        let error = lock(&dir, &mut |pause| waited += pause).err().unwrap();
        assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
        assert_eq!(waited, Duration::from_secs(10));
    }

    #[test]
    fn a_catalog_that_is_no_database_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CATALOG_FILE), "hello, ".repeat(100)).unwrap();
        let error = Store::open_for_reading(folder.path()).err().unwrap();
        assert!(error.hint().unwrap().contains("backup"), "{error:?}");
    }
}
