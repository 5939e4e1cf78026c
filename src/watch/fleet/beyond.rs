//! The series that would be more than can be watched, day by day.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::Outcome;
use crate::series::KeyOperation;

/// The series of a day, and of the one before, that would be more than can be watched. A day that has just begun knows
/// of few: until it is over, the day before tells as well.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Beyond {
    /// The number of the stored series that came first of its key and operation, and the outcome's place.
    day: BTreeSet<(u32, u8)>,
    /// How many there were the day before.
    day_before: usize,
}

impl Beyond {
    /// Takes note of one that has calls.
    pub(super) fn add(&mut self, key: &KeyOperation, outcome: Outcome) {
        self.day.extend(key.numbers.iter().min().map(|number| (*number, outcome as u8)));
    }

    /// A day begins.
    pub(super) fn day_begins(&mut self) {
        self.day_before = std::mem::take(&mut self.day).len();
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.day.len().max(self.day_before)
    }
}
