//! One object's requests, gathered as the decoder hands them over.

use std::collections::BTreeMap;
use std::fmt;

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::profiles::Profiles;
use super::row::{Claim, Id, MARK_MASK, Row};
use crate::cloudtrail::{Call, Fact, PassedOver, Reject, RejectReason, Sink};
use crate::domain::{Operation, Second, format_second};

/// What a thread keeps from object to object: the profiles it has met, and what its objects are like.
#[derive(Default)]
pub struct Workbench {
    /// By the hash of its text, each with what it tells of its keys.
    met: HashMap<u128, (u32, Claim), HashIsKey>,
    /// Requests of the objects before, about: the next will have as many.
    usual_rows: usize,
}

/// Profiles that a thread remembers; when there are more, all are forgotten and asked for once more.
const MET_MAX: usize = 100_000;

/// How near to the hour's edge an id is remembered in the hour next door too. A record and its copies have one
/// `eventTime`; it is only in case that one was written otherwise that this looks beyond.
const SAME_EVENT_SECONDS: u32 = 5;
/// The same for ids by which other events name this one: the copies of two accounts, and what corrects a record, may
/// lie minutes apart.
const OTHER_EVENT_SECONDS: u32 = 300;

/// A hasher for keys that are hashes.
type HashIsKey = std::hash::BuildHasherDefault<TakeKey>;

#[derive(Default)]
struct TakeKey(u64);

impl std::hash::Hasher for TakeKey {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

/// Which records of an object are taken.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The first second that is taken.
    pub since: Second,
    /// The first second that is not taken any more.
    pub until: Second,
    /// Records later than this are set aside: clocks don't differ by a day.
    pub not_after: Second,
    /// Hours whose ids the ledger has dropped, in ascending order: their records are set aside.
    pub closed_hours: Vec<u32>,
}

/// What was counted of an object's records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectCounts {
    /// Requests to KMS, repeats included.
    pub requests: u64,
    /// Of these, cryptographic ones that use a key: all but GenerateRandom.
    pub calls: u64,
    /// Records of other services.
    pub other_services: u64,
    /// KMS's records that are no requests.
    pub not_requests: u64,
    /// Requests and facts outside the wanted range.
    pub outside_range: u64,
    /// Records set aside.
    pub rejects: u64,
}

impl ObjectCounts {
    /// Records of any kind.
    pub const fn records(&self) -> u64 {
        self.requests + self.other_services + self.not_requests + self.outside_range + self.rejects
    }

    /// Adds another object's.
    pub fn add(&mut self, other: &ObjectCounts) {
        self.requests += other.requests;
        self.calls += other.calls;
        self.other_services += other.other_services;
        self.not_requests += other.not_requests;
        self.outside_range += other.outside_range;
        self.rejects += other.rejects;
    }
}

/// An object's records that were set aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejects {
    /// The first of them: a file of noise shall fill neither memory nor the store.
    pub kept: Vec<Reject>,
    /// How many there are, kept or not.
    pub by_reason: BTreeMap<RejectReason, u64>,
}

impl Rejects {
    /// Rejects kept of one object.
    pub const KEPT_MAX: usize = 10_000;

    fn add(&mut self, position: u64, reason: RejectReason, detail: fmt::Arguments<'_>) {
        *self.by_reason.entry(reason).or_default() += 1;
        if self.kept.len() < Self::KEPT_MAX {
            self.kept.push(Reject { position, reason, detail: detail.to_string() });
        }
    }
}

/// One object's requests, facts and rejects.
pub struct ObjectTally<'w> {
    profiles: &'w Profiles,
    workbench: &'w mut Workbench,
    scope: &'w Scope,
    identity: u128,
    /// The requests.
    pub rows: Vec<Row>,
    /// Their ids, at least one a row.
    pub ids: Vec<Id>,
    /// The lifecycle facts.
    pub facts: Vec<Fact>,
    /// The records set aside.
    pub rejects: Rejects,
    /// How many of what.
    pub counts: ObjectCounts,
    /// Whether requests or facts were left because they lie outside the scope's range.
    pub left_out: bool,
}

impl<'w> ObjectTally<'w> {
    /// Begins an object. Its identity is the hash of its content: a record without any id is known by it and its place.
    pub fn new(profiles: &'w Profiles, workbench: &'w mut Workbench, scope: &'w Scope, identity: u128) -> Self {
        Self {
            profiles,
            scope,
            identity,
            rows: Vec::with_capacity(workbench.usual_rows),
            ids: Vec::with_capacity(workbench.usual_rows + workbench.usual_rows / 4),
            facts: Vec::new(),
            rejects: Rejects::default(),
            counts: ObjectCounts::default(),
            left_out: false,
            workbench,
        }
    }

    /// A profile that this thread has not met yet, and what it tells of its keys.
    #[cold]
    fn meet(&mut self, hash: u128, call: &Call<'_>) -> Result<(u32, Claim), (RejectReason, String)> {
        let met = self.profiles.of_call(hash, call)?;
        if self.workbench.met.len() >= MET_MAX {
            self.workbench.met.clear();
        }
        self.workbench.met.insert(hash, met);
        Ok(met)
    }

    /// Adds the ids of a row.
    fn add_ids(&mut self, position: u64, call: &Call<'_>, row: u32) {
        let fields = call.fields;
        let event = |text: &[u8]| (!text.is_empty()).then(|| hash_of_id(text, 1));
        let shared = (!fields.shared_event_id.is_empty()).then(|| hash_of_id(fields.shared_event_id, 2));
        let mut named = [
            (event(fields.event_id), SAME_EVENT_SECONDS),
            (shared, OTHER_EVENT_SECONDS),
            (event(fields.original_event_id), OTHER_EVENT_SECONDS),
        ];
        if named.iter().all(|(id, _)| id.is_none()) {
            let mut place = [0; 24];
            place[..16].copy_from_slice(&self.identity.to_le_bytes());
            place[16..].copy_from_slice(&position.to_le_bytes());
            named[0].0 = Some(xxh3_128_with_seed(&place, 3));
        }
        for (id, seconds) in named {
            let Some(id) = id else { continue };
            self.ids.push(Id { hash: id & !MARK_MASK, row, beside: self.beside(call.second, seconds) });
        }
    }

    /// Where the other hour lies that must know an id of a second: next door, if the hour's edge is so near. An hour
    /// whose ids are dropped gets no new ones.
    #[inline]
    fn beside(&self, second: Second, seconds: u32) -> i8 {
        let into_hour = second.0 % 3600;
        let beside = i8::from(into_hour >= 3600 - seconds) - i8::from(into_hour < seconds);
        let is_closed = |hour: u32| self.scope.closed_hours.binary_search(&hour).is_ok();
        if beside != 0 && is_closed(second.hour().saturating_add_signed(i32::from(beside))) { 0 } else { beside }
    }
}

/// The hash of an id. Nearly all are UUIDs, and of a text of known length the way through the hash is known too.
#[inline(always)]
fn hash_of_id(id: &[u8], seed: u64) -> u128 {
    match <&[u8; 36]>::try_from(id) {
        Ok(uuid) => xxh3_128_with_seed(uuid, seed),
        Err(_) => xxh3_128_with_seed(id, seed),
    }
}

impl Drop for ObjectTally<'_> {
    fn drop(&mut self) {
        self.workbench.usual_rows = (self.workbench.usual_rows + self.counts.requests as usize).div_ceil(2);
    }
}

impl Sink for ObjectTally<'_> {
    fn request(&mut self, position: u64, call: &Call<'_>) -> Result<(), (RejectReason, String)> {
        if call.second > self.scope.not_after {
            let detail = format!("eventTime is {}", String::from_utf8_lossy(call.fields.event_time));
            return Err((RejectReason::TimeInFuture, detail));
        }
        if call.second < self.scope.since || call.second >= self.scope.until {
            self.counts.outside_range += 1;
            self.left_out = true;
            return Ok(());
        }
        if self.scope.closed_hours.binary_search(&call.second.hour()).is_ok() {
            let detail = format!("the event ids of {} are dropped", String::from_utf8_lossy(call.fields.event_time));
            return Err((RejectReason::HourClosed, detail));
        }
        let hash = call.profile();
        let (profile, claim) = match self.workbench.met.get(&hash) {
            Some(&met) => met,
            None => self.meet(hash, call)?,
        };
        self.counts.requests += 1;
        self.counts.calls += u64::from(call.operation.is_some_and(Operation::uses_key));
        let row = u32::try_from(self.rows.len()).expect("an object of bounded size has fewer than 2^32 records");
        self.add_ids(position, call, row);
        let caller_detail = call.caller_detail().bits();
        self.rows.push(Row { second: call.second, profile, outcome: call.outcome, caller_detail, claim });
        Ok(())
    }

    fn fact(&mut self, fact: Fact) -> Result<(), (RejectReason, String)> {
        if fact.second > self.scope.not_after {
            return Err((
                RejectReason::TimeInFuture,
                format!("eventTime is {}", format_second(i64::from(fact.second.0))),
            ));
        }
        if fact.second >= self.scope.since && fact.second < self.scope.until {
            self.facts.push(fact);
        } else {
            self.left_out = true;
        }
        Ok(())
    }

    fn reject(&mut self, position: u64, reason: RejectReason, detail: fmt::Arguments<'_>) {
        self.counts.rejects += 1;
        self.rejects.add(position, reason, detail);
    }

    fn passed_over(&mut self, kind: PassedOver) {
        match kind {
            PassedOver::OtherService => self.counts.other_services += 1,
            PassedOver::NotARequest => self.counts.not_requests += 1,
        }
    }
}

#[cfg(test)]
#[path = "beside_tests.rs"]
mod tests;
