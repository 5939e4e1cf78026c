//! Incidents as the store keeps them, read back; and their names.

use super::error::WatchError;
use crate::alarm::{INCIDENT_PREFIX, Incident};
use crate::store::{IncidentRow, Store};

/// The name of an incident's alarm. It is a name of its own, so that receivers tell incidents apart.
pub fn incident_name(number: u64) -> String {
    format!("{INCIDENT_PREFIX}{number}")
}

/// The number of the incident of a name; `None` if the name is another alarm's.
pub fn incident_number(name: &str) -> Option<u64> {
    name.strip_prefix(INCIDENT_PREFIX)?.parse().ok()
}

/// The incident of a number, if there was one.
///
/// # Errors
/// The store can't be read, or the incident in it.
pub fn incident(store: &Store, number: u64) -> Result<Option<Incident>, WatchError> {
    store.incident(number)?.as_ref().map(decode).transpose()
}

/// The incidents that were not over at a second since 1970, newest first.
///
/// # Errors
/// The store can't be read, or one of the incidents in it.
pub fn incidents_since(store: &Store, second: i64) -> Result<Vec<Incident>, WatchError> {
    store.incidents_since(second)?.iter().map(decode).collect()
}

fn decode(row: &IncidentRow) -> Result<Incident, WatchError> {
    serde_json::from_str(&row.body)
        .map_err(|source| WatchError::Memory { name: format!("incident {}", row.number), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_number_and_no_other_name_does() {
        assert_eq!(incident_name(17), "keytide-incident-17");
        assert_eq!(incident_number("keytide-incident-17"), Some(17));
        for other in ["17", "busy", "keytide-incident-", "keytide-incident-x", "my-keytide-incident-17"] {
            assert_eq!(incident_number(other), None, "{other}");
        }
    }
}
