//! A request's copies in a batch, put together.

use super::row::{Row, Sides};
use crate::cloudtrail::Telling;

/// What the ledger knows of a request.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    /// The sides that it has.
    pub sides: Sides,
    /// The telling of the copy that was counted; `None` if it has no id of the request.
    pub telling: Option<u8>,
}

impl Known {
    /// What it knows by one id or the other.
    pub fn and(self, other: Self) -> Self {
        let telling = match (self.telling, other.telling) {
            (Some(one), Some(other)) => Some(fuller(one, other)),
            (one, other) => one.or(other),
        };
        Self { sides: self.sides.and(other.sides), telling }
    }
}

/// The telling that stands when a request is known with `known` and told with another: the latter only if it corrects
/// what was counted, since what stands says what a correction takes back.
pub(super) fn fuller(known: u8, told: u8) -> u8 {
    if Telling::from_bits(known).reduced && !Telling::from_bits(told).reduced { told } else { known }
}

/// The copies of one request.
pub(super) struct Copies {
    /// The one that tells most.
    pub best: Row,
    /// Of those that tell one side only, the one that tells most of each.
    pub partial: [Option<Row>; 2],
    /// The sides that they tell together.
    pub told: Sides,
    /// How many there are.
    pub count: u32,
}

impl Copies {
    /// One copy.
    pub fn of(row: Row) -> Self {
        let mut copies = Self { best: row, partial: [None; 2], told: Sides::NONE, count: 0 };
        copies.add(row);
        copies
    }

    /// Adds a copy.
    pub fn add(&mut self, row: Row) {
        self.count += 1;
        self.told = self.told.and(row.sides);
        if worth(&row) > worth(&self.best) {
            self.best = row;
        }
        for (side, partial) in Sides::EACH.into_iter().zip(&mut self.partial) {
            if side == row.sides && partial.is_none_or(|before| worth(&row) > worth(&before)) {
                *partial = Some(row);
            }
        }
    }
}

/// How much a row tells, larger is more; equal rows are told apart by their content alone, never by their order.
fn worth(row: &Row) -> impl Ord + use<> {
    let telling = Telling::from_bits(row.telling);
    let reversed = u32::MAX - row.second.0;
    (row.sides.0.count_ones(), !telling.reduced, telling.context, telling.service, reversed, row.outcome)
}
