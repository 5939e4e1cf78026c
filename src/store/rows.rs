//! Reading the catalog.

use rusqlite::{Connection, Row};

/// All rows of a query.
pub(super) fn rows<T>(
    catalog: &Connection,
    query: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    catalog.prepare(query)?.query_map([], read)?.collect()
}
