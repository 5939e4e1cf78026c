//! A request as it waits for its batch: a row, and the ids by which repeats of it are known.

use crate::domain::{Outcome, Second};

/// One request. Twelve bytes, since a batch holds a quarter of a million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it completed.
    pub second: Second,
    /// Its key, caller and quota pool: a number of [`super::Profiles`].
    pub profile: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// How much of its caller its record told, in the bits of [`crate::cloudtrail::Telling`].
    pub telling: u8,
    /// The sides of the request that it tells.
    pub sides: Sides,
}

/// Which of a request's keys are meant. Copies of one ReEncrypt may each name one key only, so its two sides are
/// counted once each; every other request is of one piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides(pub u8);

impl Sides {
    /// Neither.
    pub const NONE: Sides = Sides(0);
    /// The source key of a ReEncrypt.
    pub const SOURCE: Sides = Sides(1);
    /// The destination key of a ReEncrypt.
    pub const DESTINATION: Sides = Sides(2);
    /// The whole request.
    pub const WHOLE: Sides = Sides(3);

    /// One side each.
    pub const EACH: [Sides; 2] = [Sides::SOURCE, Sides::DESTINATION];

    /// Those that are here and not in `other`.
    pub const fn without(self, other: Sides) -> Sides {
        Sides(self.0 & !other.0)
    }

    /// Those that are in both.
    pub const fn also_in(self, other: Sides) -> Sides {
        Sides(self.0 & other.0)
    }

    /// Those that are in either.
    pub const fn and(self, other: Sides) -> Sides {
        Sides(self.0 | other.0)
    }
}

/// An id of a row: equal ids are one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id {
    /// 125 bits of hash; the lowest three bits are zero here and hold the telling in the ledger.
    pub hash: u128,
    /// The row, by its number in the object or batch.
    pub row: u32,
    /// The sides that this id stands for; none if it tells the request and not its keys.
    pub sides: Sides,
    /// Whether copies may carry another second than this one (`sharedEventID`, `originalEventID`).
    pub may_straddle: bool,
}

/// The bits of an id that hold no hash.
pub const TELLING_MASK: u128 = 0b111;
