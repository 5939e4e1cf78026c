//! Which ids are known in the hour next door.

use super::*;
use crate::cloudtrail::Decoder;
use crate::tally::Dictionaries;

/// Where the ids of a call lie beside its own hour: its own, the shared one, and that of the event it corrects.
fn beside(time: &str, closed_hours: &[u32]) -> Vec<i8> {
    let record = format!(
        r#"{{"eventVersion":"1.11","eventTime":"2026-01-05T{time}Z","eventSource":"kms.amazonaws.com",
        "eventName":"Decrypt","awsRegion":"eu-west-1","eventID":"e-1","sharedEventID":"s-1",
        "addendum":{{"originalEventID":"e-0"}}}}"#
    );
    let profiles = Profiles::new(Dictionaries::default());
    let scope = Scope {
        since: Second(0),
        until: Second(u32::MAX),
        not_after: Second(u32::MAX),
        closed_hours: closed_hours.to_vec(),
    };
    let mut workbench = Workbench::default();
    let mut tally = ObjectTally::new(&profiles, &mut workbench, &scope, 0);
    Decoder::default().document(record.as_bytes(), &mut tally).expect("a record is a document");
    tally.ids.iter().map(|id| id.beside).collect()
}

#[test]
fn an_id_near_the_hours_edge_is_known_next_door_unless_that_hour_is_closed() {
    // 2026-01-05T10 is hour 491,002 since 1970.
    for (time, closed, expected) in [
        ("10:00:00", &[][..], [-1, -1, -1]),
        ("10:00:04", &[], [-1, -1, -1]),
        ("10:00:05", &[], [0, -1, -1]),
        ("10:04:59", &[], [0, -1, -1]),
        ("10:05:00", &[], [0, 0, 0]),
        ("10:54:59", &[], [0, 0, 0]),
        ("10:55:00", &[], [0, 1, 1]),
        ("10:59:55", &[], [1, 1, 1]),
        ("10:00:00", &[491_001], [0, 0, 0]),
        ("10:59:59", &[491_001], [1, 1, 1]),
        ("10:59:59", &[491_003], [0, 0, 0]),
    ] {
        assert_eq!(beside(time, closed), expected, "{time} {closed:?}");
    }
}
