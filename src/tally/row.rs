//! A request as it waits for its batch: a row, and the ids by which copies of it are known.

use crate::cloudtrail::CallerDetail;
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
    /// How much of its caller its record told, in the bits of [`CallerDetail`].
    pub caller_detail: u8,
    /// How much of its keys its record told.
    pub claim: Claim,
}

impl Row {
    /// Whether no copy can tell more of what it counts for: it tells all of its keys, and who called where that counts.
    #[inline]
    pub(super) fn is_final(&self) -> bool {
        self.claim.is_whole() && (self.claim == Claim::NO_KEY || !CallerDetail::from_bits(self.caller_detail).reduced)
    }

    /// What the ledger remembers if this row is what counts.
    #[inline]
    pub(super) fn mark(&self) -> Mark {
        if self.is_final() { Mark::FINAL } else { Mark::PROVISIONAL }
    }
}

/// How much a record tells of the keys that its request counts for, the least first. What is counted of less than the
/// whole is provisional: a copy that tells more takes it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim(u8);

impl Claim {
    /// No key, though the request uses one.
    pub const UNATTRIBUTED: Claim = Claim(0);
    /// One of the two keys of a ReEncrypt.
    pub const ONE_OF_TWO: Claim = Claim(1);

    /// The request uses no key.
    pub const NO_KEY: Claim = Claim(2);

    /// All there is to tell: so many keys.
    pub fn whole(keys: usize) -> Self {
        Self(u8::try_from(keys.saturating_add(usize::from(Self::NO_KEY.0))).unwrap_or(u8::MAX))
    }

    /// Whether all is told.
    #[inline]
    pub const fn is_whole(self) -> bool {
        self.0 > Self::ONE_OF_TWO.0
    }
}

/// An id of a row: equal ids are one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id {
    /// 125 bits of hash; the lowest three bits are zero here and hold the mark in the ledger.
    pub hash: u128,
    /// The row, by its number in the object or batch.
    pub row: u32,
    /// How many hours from the row's own hour lies another that knows the id too: -1, 0 or 1. A copy may be of another
    /// second, and so of the hour next door.
    pub beside: i8,
}

/// The bits of an id that hold no hash.
pub const MARK_MASK: u128 = 0b111;

/// What the ledger remembers with an id: whether what was counted of the request is final. Entries beside ids
/// ([`super::Note`]) have marks of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u8);

impl Mark {
    /// A copy may tell more than was counted; notes say what that was ([`super::Note`]).
    pub const PROVISIONAL: Mark = Mark(0b100);
    /// What was counted stands for good.
    pub const FINAL: Mark = Mark(0);
    /// Of a note: what it says was taken back.
    pub(super) const TAKEN_BACK: Mark = Mark(0);
    /// Of an entry that leads to other notes.
    pub(super) const LINK: Mark = Mark(0b010);

    /// Of a note: what it says stands, and told so much of its caller, 0 to 3.
    pub(super) const fn stands(detail: u8) -> Self {
        Self(1 | detail << 1)
    }

    /// How much of its caller a note tells that stands.
    pub(super) fn standing(self) -> Option<u8> {
        (self.0 & 1 == 1).then_some(self.0 >> 1)
    }

    /// That of an id in the ledger.
    pub const fn of_id(id: u128) -> Self {
        Self((id & MARK_MASK) as u8)
    }

    /// A hash with it: an id in the ledger.
    #[inline]
    pub const fn on(self, hash: u128) -> u128 {
        hash | self.0 as u128
    }

    /// Of two marks of an entry the one that was made later: what is provisional becomes final, what stands is taken
    /// back, and never the other way. Stores of before format 4 have more marks of what is final.
    pub fn later(self, other: Self) -> Self {
        let rank = |mark: Self| match mark {
            Self::PROVISIONAL => 0,
            _ if mark.0 & 1 == 1 => 1,
            _ => 2,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}
