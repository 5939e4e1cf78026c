//! What is kept of an object's rejects.

use std::cell::Cell;
use std::fmt;

use super::{Dictionaries, ObjectTally, Profiles, Rejects, Scope, Workbench};
use crate::cloudtrail::{RejectReason, Sink};
use crate::domain::Second;

/// Counts how often it is written out.
#[derive(Default)]
struct Costly(Cell<usize>);

impl fmt::Display for Costly {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.set(self.0.get() + 1);
        formatter.write_str("costly")
    }
}

#[test]
fn of_an_object_of_noise_the_first_rejects_are_kept_and_the_rest_is_counted() {
    let (profiles, mut workbench) = (Profiles::new(Dictionaries::default()), Workbench::default());
    let scope =
        Scope { since: Second(0), until: Second(u32::MAX), not_after: Second(u32::MAX), closed_hours: Vec::new() };
    let mut tally = ObjectTally::new(&profiles, &mut workbench, &scope, 0);
    let (costly, more) = (Costly::default(), 5);
    for position in 0..Rejects::KEPT_MAX as u64 {
        tally.reject(position, RejectReason::NotAnObject, format_args!("{costly}"));
    }
    for position in 0..more {
        tally.reject(Rejects::KEPT_MAX as u64 + position, RejectReason::NoTime, format_args!("{costly}"));
    }
    assert_eq!(tally.counts.rejects, Rejects::KEPT_MAX as u64 + more);
    let by_reason: Vec<_> = tally.rejects.by_reason.clone().into_iter().collect();
    let expected = [(RejectReason::NotAnObject, Rejects::KEPT_MAX as u64), (RejectReason::NoTime, more)];
    assert_eq!(by_reason, expected);
    assert_eq!((tally.rejects.kept.len(), costly.0.get()), (Rejects::KEPT_MAX, Rejects::KEPT_MAX));
}
