//! Log objects by the hash of their content: what was consumed is not read again.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use xxhash_rust::xxh3::xxh3_128;

use super::error::StoreError;
use super::open::CATALOG_FILE;

/// An object's identity: 128 bits of hash of its content as it lies in its folder or archive. The same content under
/// another name is the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u128);

impl ObjectId {
    /// The identity of an object with this content.
    pub fn of(content: &[u8]) -> Self {
        Self(xxh3_128(content))
    }

    pub(super) fn bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }
}

/// Answers which objects were consumed. Each thread opens its own.
pub struct KnownObjects {
    catalog: Connection,
}

impl KnownObjects {
    /// Opens the catalog of the store in `dir`.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(CATALOG_FILE);
        let open = || {
            let catalog = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            catalog.busy_timeout(Duration::from_secs(30))?;
            Ok(catalog)
        };
        let catalog = open().map_err(|source| StoreError::Catalog { action: "open the store", path, source })?;
        Ok(Self { catalog })
    }

    /// Looks at the store as it is now until [`Self::end`]: looking several objects up takes the catalog's locks once.
    pub fn begin(&self) -> Result<(), StoreError> {
        self.statement("BEGIN")
    }

    /// Lets the catalog go.
    pub fn end(&self) -> Result<(), StoreError> {
        self.statement("COMMIT")
    }

    fn statement(&self, statement: &str) -> Result<(), StoreError> {
        let done = self.catalog.prepare_cached(statement).and_then(|mut prepared| prepared.execute([]));
        done.map(|_| ()).map_err(|source| StoreError::Catalog {
            action: "look objects up",
            path: self.catalog.path().unwrap_or_default().into(),
            source,
        })
    }

    /// Whether the object was consumed whole.
    pub fn contains(&self, object: ObjectId) -> Result<bool, StoreError> {
        let read = || {
            self.catalog
                .prepare_cached("SELECT 1 FROM objects WHERE identity = ? AND whole = 1")?
                .query_row([object.bytes()], |_| Ok(()))
                .optional()
        };
        let path = || self.catalog.path().unwrap_or_default().into();
        read().map(|row| row.is_some()).map_err(|source| StoreError::Catalog {
            action: "look an object up",
            path: path(),
            source,
        })
    }
}
