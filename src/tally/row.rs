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
    /// What the ledger remembers if this row is what counts.
    #[inline]
    pub(super) fn mark(&self) -> Mark {
        if self.claim.is_whole() { Mark::of(CallerDetail::from_bits(self.caller_detail)) } else { Mark::PROVISIONAL }
    }

    /// Whether its caller is told by no more than the account.
    pub(super) fn is_reduced(&self) -> bool {
        CallerDetail::from_bits(self.caller_detail).reduced
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

    /// All there is to tell: so many keys, none if the request uses none.
    pub fn whole(keys: usize) -> Self {
        Self(u8::try_from(keys.saturating_add(2)).unwrap_or(u8::MAX))
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

/// What the ledger remembers with an id: what of the request was counted. A request's marks only ever go one way,
/// from provisional over reduced to full, so that of several the latest is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u8);

impl Mark {
    /// Less than the whole was counted; notes beside the id say what ([`super::Note`]).
    pub const PROVISIONAL: Mark = Mark(0b100);
    /// All was counted, and there is no more to tell of the caller.
    pub const FULL: Mark = Mark(0);
    /// Of a note: what it says stands.
    pub(super) const STANDS: Mark = Mark(0b001);
    /// Of a note: what it says stands, for a caller of whom only the account is told.
    pub(super) const STANDS_REDUCED: Mark = Mark(0b011);
    /// Of a note: what it says was taken back.
    pub(super) const TAKEN_BACK: Mark = Self::FULL;

    /// That of a counted copy that tells this of its caller: the lowest bit says that there is more to tell.
    #[inline]
    fn of(detail: CallerDetail) -> Self {
        if detail.reduced { Self(detail.bits()) } else { Self::FULL }
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

    /// Of two marks of a request the one that was made later; stores of before there were notes have more than one for
    /// what is full.
    pub fn later(self, other: Self) -> Self {
        let rank = |mark: Self| match mark {
            Self::PROVISIONAL => 0,
            _ if mark.0 & 1 == 1 => 1,
            _ => 2,
        };
        if rank(other) > rank(self) { other } else { self }
    }

    /// What the counted copy told of its caller, if there is more to tell.
    pub(super) fn reduced(self) -> Option<CallerDetail> {
        Some(CallerDetail::from_bits(self.0)).filter(|detail| detail.reduced)
    }
}
