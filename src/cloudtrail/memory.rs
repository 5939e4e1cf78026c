//! What a decoder has met before and need not read again: identities and sessions, by the hash of their text.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_128;

use super::fields::Identity;

/// What a decoder remembers from record to record.
#[derive(Default)]
pub(super) struct Memory {
    pub identities: Identities,
    pub sessions: Sessions,
}

/// Requests for sessions that were read before.
#[derive(Default)]
pub(super) struct Sessions(HashSet<u128>);

/// Sessions remembered; when there are more, all are forgotten and read once more.
const SESSIONS_MAX: usize = 100_000;

impl Sessions {
    /// Remembers one; whether it is new.
    pub(super) fn insert(&mut self, hash: u128) -> bool {
        if self.0.len() >= SESSIONS_MAX {
            self.0.clear();
        }
        self.0.insert(hash)
    }
}

/// Identities remembered; each new one takes the place of another. Sessions that are busy at the same time are few.
const SLOTS: usize = 512;

/// The identities that a decoder met last.
pub(super) struct Identities {
    slots: Vec<Places>,
}

impl Default for Identities {
    fn default() -> Self {
        Self { slots: vec![Places::default(); SLOTS] }
    }
}

/// The place for an identity, whatever is there.
pub(super) struct Slot<'i> {
    pub hash: u128,
    pub places: &'i mut Places,
}

impl Identities {
    #[inline]
    pub(super) fn slot(&mut self, text: &[u8]) -> Slot<'_> {
        let hash = xxh3_128(text);
        Slot { hash, places: &mut self.slots[hash as usize % SLOTS] }
    }
}

/// Where the fields of an identity lie in its text.
#[derive(Clone, Copy, Default)]
pub(super) struct Places {
    hash: u128,
    kind: Place,
    arn: Place,
    account_id: Place,
    invoked_by: Place,
    issuer_arn: Place,
}

/// A part of a text: from, to.
type Place = (u32, u32);

impl Places {
    pub(super) fn new(text: &[u8], hash: u128, identity: &Identity<'_>) -> Self {
        let base = text.as_ptr() as usize;
        let place = |part: &[u8]| -> Place {
            if part.is_empty() {
                return (0, 0);
            }
            let from = part.as_ptr() as usize - base;
            (from as u32, (from + part.len()) as u32)
        };
        Self {
            hash,
            kind: place(identity.kind),
            arn: place(identity.arn),
            account_id: place(identity.account_id),
            invoked_by: place(identity.invoked_by),
            issuer_arn: place(identity.issuer_arn),
        }
    }

    /// The identity in `text`, if it is the one that these places are of.
    #[inline]
    pub(super) fn of<'d>(&self, text: &'d [u8], hash: u128) -> Option<Identity<'d>> {
        let part = |(from, to): Place| &text[from as usize..to as usize];
        (self.hash == hash).then(|| Identity {
            kind: part(self.kind),
            arn: part(self.arn),
            account_id: part(self.account_id),
            invoked_by: part(self.invoked_by),
            issuer_arn: part(self.issuer_arn),
        })
    }
}
