//! What a decoder has met before and need not read again: identities and sessions, by their text.

use std::collections::HashSet;

use super::call::KnownHour;
use super::fields::Identity;

/// What a decoder remembers from record to record.
#[derive(Default)]
pub(super) struct Memory {
    pub identities: Identities,
    pub sessions: Sessions,
}

/// Requests for sessions that were read before.
#[derive(Default)]
pub(super) struct Sessions {
    known: HashSet<u128>,
    /// The hour of the last one.
    pub hour: KnownHour,
    /// Room to write down what one tells.
    pub told: Vec<u8>,
}

/// Sessions remembered; when there are more, all are forgotten and read once more.
const SESSIONS_MAX: usize = 100_000;

impl Sessions {
    /// Remembers one; whether it is new.
    pub(super) fn insert(&mut self, hash: u128) -> bool {
        if self.known.len() >= SESSIONS_MAX {
            self.known.clear();
        }
        self.known.insert(hash)
    }
}

/// Identities remembered; each new one takes the place of another. Sessions that are busy at the same time are few.
const SLOTS: usize = 512;

/// The identities that a decoder met last.
pub(super) struct Identities {
    slots: Vec<Known>,
}

impl Default for Identities {
    fn default() -> Self {
        Self { slots: vec![Known::default(); SLOTS] }
    }
}

impl Identities {
    /// The place for an identity's text, whatever is there. Samples of the text choose it: hashing all of it would take
    /// longer than comparing it with the one that is likely there.
    #[inline]
    pub(super) fn place_of(&mut self, text: &[u8]) -> &mut Known {
        let sample =
            |at: usize| text.get(at..at + 8).and_then(<[u8]>::first_chunk).map_or(0, |b| u64::from_le_bytes(*b));
        let mixed = [text.len() / 4, text.len() / 2, text.len() * 3 / 4, 64, text.len().saturating_sub(32)]
            .map(sample)
            .into_iter()
            .fold(text.len() as u64, |mixed, sample| {
                (mixed ^ sample).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
            });
        &mut self.slots[mixed as usize % SLOTS]
    }
}

/// An identity's text, and where its fields lie in it.
#[derive(Clone, Default)]
pub(super) struct Known {
    text: Vec<u8>,
    kind: Place,
    arn: Place,
    account_id: Place,
    invoked_by: Place,
    issuer_arn: Place,
    caller_hash: u128,
}

/// A part of a text: from, to.
type Place = (u32, u32);

impl Known {
    /// Takes an identity's place.
    pub(super) fn set(&mut self, text: &[u8], identity: &Identity<'_>) {
        let base = text.as_ptr() as usize;
        let place = |part: &[u8]| -> Place {
            if part.is_empty() {
                return (0, 0);
            }
            let from = part.as_ptr() as usize - base;
            (from as u32, (from + part.len()) as u32)
        };
        self.text.clear();
        self.text.extend_from_slice(text);
        self.kind = place(identity.kind);
        self.arn = place(identity.arn);
        self.account_id = place(identity.account_id);
        self.invoked_by = place(identity.invoked_by);
        self.issuer_arn = place(identity.issuer_arn);
        self.caller_hash = identity.caller_hash;
    }

    /// The identity in `text`, if it is the one that is known here.
    #[inline]
    pub(super) fn of<'d>(&self, text: &'d [u8]) -> Option<Identity<'d>> {
        let part = |(from, to): Place| &text[from as usize..to as usize];
        (self.text == text).then(|| Identity {
            kind: part(self.kind),
            arn: part(self.arn),
            account_id: part(self.account_id),
            invoked_by: part(self.invoked_by),
            issuer_arn: part(self.issuer_arn),
            caller_hash: self.caller_hash,
        })
    }
}
