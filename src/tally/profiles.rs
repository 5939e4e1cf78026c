//! Who, what and from which quota: the few thousand combinations that millions of requests are made of.
//!
//! A profile stands for one series (or none, or several), one caller and one quota pool. Threads look profiles up by
//! the hash of the record's own texts and come here only for one they have not met. The numbers of series, callers and
//! pools given here are those of the store: they grow and never change.

use std::cmp::Ordering;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;

use super::note::{Note, Notes};
use super::row::{Claim, Row};
use crate::cloudtrail::{Call, RejectReason};
use crate::domain::{Caller, QuotaPool, SeriesKey};

/// What a row's profile number stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// The series it counts in.
    pub series: SmallVec<[u32; 1]>,
    /// The caller.
    pub caller: u32,
    /// The quota pool.
    pub pool: u32,
}

/// What of a request a copy tells the keys of; the least first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// None, though there is one.
    NoKey,
    /// One of the two of a ReEncrypt.
    OneKey(String),
    /// All.
    Whole,
}

impl Part {
    /// Whether another part of a request counts beside this one: the other key of a ReEncrypt.
    pub fn is_beside(&self, other: &Part) -> bool {
        matches!((self, other), (Part::OneKey(key), Part::OneKey(other)) if key != other)
    }
}

/// Numbers for values, given in order of arrival.
struct Dictionary<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T: Clone + Eq + Hash> Dictionary<T> {
    fn new(values: Vec<T>) -> Self {
        let numbered = values.iter().cloned().zip(0..);
        Self { numbers: numbered.collect(), values }
    }

    fn number(&mut self, value: T) -> u32 {
        if let Some(&number) = self.numbers.get(&value) {
            return number;
        }
        let number = u32::try_from(self.values.len()).expect("fewer than 2^32 distinct values fit into memory");
        self.values.push(value.clone());
        self.numbers.insert(value, number);
        number
    }
}

/// The store's dictionaries: a value's number is its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dictionaries {
    /// Series.
    pub series: Vec<SeriesKey>,
    /// Callers.
    pub callers: Vec<Caller>,
    /// Quota pools.
    pub pools: Vec<QuotaPool>,
}

/// All profiles met, shared by the threads of an ingest.
pub struct Profiles {
    inner: Mutex<Inner>,
    bounds: Bounds,
}

struct Inner {
    series: Dictionary<SeriesKey>,
    callers: Dictionary<Caller>,
    pools: Dictionary<QuotaPool>,
    profiles: Vec<Profile>,
    by_content: HashMap<Profile, u32>,
    /// By the hash of the record's own texts.
    by_hash: HashMap<u128, u32>,
    /// Series without a key.
    unattributed: HashSet<u32>,
}

/// What bounds the tables: the encryption context of a direct call and the name by which it calls its key are any text,
/// so a new one a call would fill memory and store.
struct Bounds {
    /// Beyond so many callers a resource not met before reads [`OTHER`].
    callers_with_resource: usize,
    /// Beyond so many series without a key a name not met before reads [`OTHER`].
    unattributed: usize,
    /// Hashes remembered; when there are more, all are forgotten and their calls looked at once more.
    hashes: usize,
}

const BOUNDS: Bounds = Bounds { callers_with_resource: 200_000, unattributed: 10_000, hashes: 400_000 };

/// What stands for names that are too many.
const OTHER: &str = "(other)";

impl Profiles {
    /// Begins with what the store knows.
    pub fn new(known: Dictionaries) -> Self {
        let is_unattributed = |key: &SeriesKey| matches!(key, SeriesKey::Unattributed { .. });
        let numbered = known.series.iter().zip(0..);
        let unattributed = numbered.filter(|(key, _)| is_unattributed(key)).map(|(_, number)| number).collect();
        Self {
            inner: Mutex::new(Inner {
                series: Dictionary::new(known.series),
                callers: Dictionary::new(known.callers),
                pools: Dictionary::new(known.pools),
                profiles: Vec::new(),
                by_content: HashMap::new(),
                by_hash: HashMap::new(),
                unattributed,
            }),
            bounds: BOUNDS,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing below can leave the tables half changed in a way that matters: a value without a profile is unused.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The profile of a call, by the hash of its [`Call::profile`] text, and what it tells of its keys.
    pub(super) fn of_call(&self, hash: u128, call: &Call<'_>) -> Result<(u32, Claim), (RejectReason, String)> {
        let mut inner = self.lock();
        if let Some(&number) = inner.by_hash.get(&hash) {
            return Ok((number, inner.claim(number)));
        }
        let (series, mut caller, pool) = (call.series()?, call.caller()?, call.pool()?);
        let callers = &inner.callers;
        let is_new = || !callers.numbers.contains_key(&caller);
        if callers.values.len() >= self.bounds.callers_with_resource && !caller.resource.is_empty() && is_new() {
            caller.resource = OTHER.to_owned();
        }
        let profile = Profile {
            series: series.into_iter().map(|key| inner.number_series(key, self.bounds.unattributed)).collect(),
            caller: inner.callers.number(caller),
            pool: inner.pools.number(pool),
        };
        let number = inner.number_profile(profile);
        if inner.by_hash.len() >= self.bounds.hashes {
            inner.by_hash.clear();
        }
        inner.by_hash.insert(hash, number);
        Ok((number, inner.claim(number)))
    }

    /// The order of two profiles by what they stand for, whatever their numbers.
    pub(super) fn compare(&self, a: u32, b: u32) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        let inner = self.lock();
        let content = |number: u32| {
            let profile = &inner.profiles[number as usize];
            let series: SmallVec<[&SeriesKey; 1]> =
                profile.series.iter().map(|series| &inner.series.values[*series as usize]).collect();
            let caller = &inner.callers.values[profile.caller as usize];
            (series, caller, &inner.pools.values[profile.pool as usize])
        };
        content(a).cmp(&content(b))
    }

    /// What a row counts as, a note for each of its series.
    pub(super) fn notes(&self, row: &Row) -> Notes {
        let inner = self.lock();
        let Profile { series, caller, .. } = &inner.profiles[row.profile as usize];
        let of = |series: &u32| Note { second: row.second, outcome: row.outcome, series: *series, caller: *caller };
        series.iter().map(of).collect()
    }

    /// What a profile's calls are of a request.
    pub(super) fn part(&self, profile: u32) -> Part {
        let inner = self.lock();
        inner.profiles[profile as usize].series.first().map_or(Part::Whole, |series| inner.part(*series))
    }

    /// What a series' calls are of a request.
    pub(super) fn part_of_series(&self, series: u32) -> Part {
        self.lock().part(series)
    }

    /// Whether a service forwarded a caller's calls.
    pub(super) fn has_service(&self, caller: u32) -> bool {
        !self.lock().callers.values[caller as usize].service.is_empty()
    }

    /// A copy of all profiles, for a batch to count with.
    pub(super) fn snapshot(&self) -> Vec<Profile> {
        self.lock().profiles.clone()
    }

    /// The values that came after the first `series`, `callers` and `pools` of each kind.
    pub fn since(&self, series: usize, callers: usize, pools: usize) -> Dictionaries {
        let inner = self.lock();
        Dictionaries {
            series: inner.series.values[series..].to_vec(),
            callers: inner.callers.values[callers..].to_vec(),
            pools: inner.pools.values[pools..].to_vec(),
        }
    }
}

impl Inner {
    fn number_series(&mut self, mut key: SeriesKey, unattributed_max: usize) -> u32 {
        let is_full = self.unattributed.len() >= unattributed_max && !self.series.numbers.contains_key(&key);
        if let SeriesKey::Unattributed { key_ref, .. } = &mut key {
            if is_full && !key_ref.is_empty() {
                OTHER.clone_into(key_ref);
            }
            let number = self.series.number(key);
            self.unattributed.insert(number);
            return number;
        }
        self.series.number(key)
    }

    fn number_profile(&mut self, profile: Profile) -> u32 {
        if let Some(&number) = self.by_content.get(&profile) {
            return number;
        }
        let number = u32::try_from(self.profiles.len()).expect("fewer than 2^32 profiles fit into memory");
        self.profiles.push(profile.clone());
        self.by_content.insert(profile, number);
        number
    }

    fn part(&self, series: u32) -> Part {
        match &self.series.values[series as usize] {
            SeriesKey::Unattributed { .. } => Part::NoKey,
            SeriesKey::ReEncrypt { source, destination } if destination.is_empty() => Part::OneKey(source.clone()),
            SeriesKey::ReEncrypt { source, destination } if source.is_empty() => Part::OneKey(destination.clone()),
            _ => Part::Whole,
        }
    }

    /// What a profile tells of its keys.
    fn claim(&self, profile: u32) -> Claim {
        let series = &self.profiles[profile as usize].series;
        match series.first().map(|first| &self.series.values[*first as usize]) {
            Some(SeriesKey::Unattributed { .. }) => Claim::UNATTRIBUTED,
            Some(SeriesKey::ReEncrypt { source, destination }) if source.is_empty() || destination.is_empty() => {
                Claim::ONE_OF_TWO
            }
            Some(SeriesKey::ReEncrypt { .. }) => Claim::whole(2),
            _ => Claim::whole(series.len()),
        }
    }
}

#[cfg(test)]
#[path = "profiles_tests.rs"]
mod tests;
