//! Who, what and from which quota: the few thousand combinations that millions of requests are made of.
//!
//! A profile stands for one series (or none, or several), one caller and one quota pool. Threads look profiles up by
//! the hash of the record's own texts and come here only for one they have not met. The numbers of series, callers and
//! pools given here are those of the store: they grow and never change.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::row::Sides;
use crate::cloudtrail::{Call, RejectReason, Telling};
use crate::domain::{Caller, QuotaPool, SeriesKey};

/// What a row's profile number stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The series it counts in.
    pub series: SmallVec<[u32; 1]>,
    /// The caller.
    pub caller: u32,
    /// The quota pool.
    pub pool: u32,
    /// How its ids are told apart.
    pub(super) salt: Salt,
}

/// What goes into an id beside the event id: copies of a request that count for different things must not hide each
/// other, and copies that count for the same must, whatever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Salt {
    /// Nothing: one id a request.
    Plain,
    /// A request without a key: a copy that names the key counts all the same.
    Unattributed,
    /// A ReEncrypt: one id for the request, and one for each side that is named.
    Keys { source: Option<u128>, destination: Option<u128> },
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
    resources_max: usize,
}

struct Inner {
    series: Dictionary<SeriesKey>,
    callers: Dictionary<Caller>,
    pools: Dictionary<QuotaPool>,
    profiles: Vec<Profile>,
    by_hash: HashMap<u128, u32>,
    halves: HashMap<(u32, u8), u32>,
    /// By profile: the service that forwarded the call, where the context names it better.
    forwarders: HashMap<u32, String>,
}

/// How many callers are told apart by their resource. The encryption context of a direct call is any text, so a new one
/// a call would fill memory and store; beyond this many callers a resource not met before reads `(other)`.
const CALLERS_WITH_RESOURCE_MAX: usize = 200_000;

impl Profiles {
    /// Begins with what the store knows.
    pub fn new(known: Dictionaries) -> Self {
        Self {
            inner: Mutex::new(Inner {
                series: Dictionary::new(known.series),
                callers: Dictionary::new(known.callers),
                pools: Dictionary::new(known.pools),
                profiles: Vec::new(),
                by_hash: HashMap::new(),
                halves: HashMap::new(),
                forwarders: HashMap::new(),
            }),
            resources_max: CALLERS_WITH_RESOURCE_MAX,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing below can leave the tables half changed in a way that matters: a value without a profile is unused.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The profile of a call, by the hash of its [`Call::profile`] text.
    pub(super) fn of_call(&self, hash: u128, call: &Call<'_>) -> Result<(u32, Salt), (RejectReason, String)> {
        let mut inner = self.lock();
        if let Some(&number) = inner.by_hash.get(&hash) {
            return Ok((number, inner.profiles[number as usize].salt));
        }
        let (series, mut caller, pool) = (call.series()?, call.caller()?, call.pool()?);
        let forwarder = Some(call.forwarder()?).filter(|forwarder| *forwarder != caller.service);
        let salt = salt(&series);
        if inner.callers.values.len() >= self.resources_max && !inner.callers.numbers.contains_key(&caller) {
            caller.resource = "(other)".to_owned();
        }
        let profile = Profile {
            series: series.into_iter().map(|key| inner.series.number(key)).collect(),
            caller: inner.callers.number(caller),
            pool: inner.pools.number(pool),
            salt,
        };
        let number = inner.add(profile);
        inner.by_hash.insert(hash, number);
        if let Some(forwarder) = forwarder {
            inner.forwarders.insert(number, forwarder.to_owned());
        }
        Ok((number, salt))
    }

    /// The profile of some sides of a ReEncrypt's.
    pub(super) fn half(&self, profile: u32, sides: Sides) -> u32 {
        let mut inner = self.lock();
        if let Some(&number) = inner.halves.get(&(profile, sides.0)) {
            return number;
        }
        let mut half = inner.profiles[profile as usize].clone();
        half.series = std::mem::take(&mut half.series)
            .into_iter()
            .map(|series| match inner.series.values[series as usize].clone() {
                SeriesKey::ReEncrypt { source, destination } => inner.series.number(SeriesKey::ReEncrypt {
                    source: if sides.without(Sides::DESTINATION) != Sides::NONE { source } else { String::new() },
                    destination: if sides.without(Sides::SOURCE) != Sides::NONE { destination } else { String::new() },
                }),
                _ => series,
            })
            .collect();
        let number = inner.add(half);
        inner.halves.insert((profile, sides.0), number);
        number
    }

    /// The number of a profile's caller as the key owner's copy showed it.
    pub(super) fn caller_as_seen_by_owner(&self, profile: u32, told: Telling) -> u32 {
        let mut inner = self.lock();
        let caller = inner.profiles[profile as usize].caller;
        let mut seen = inner.callers.values[caller as usize].as_seen_by_owner(told.context, told.service);
        if told.service
            && !told.context
            && let Some(forwarder) = inner.forwarders.get(&profile)
        {
            seen.service.clone_from(forwarder);
        }
        inner.callers.number(seen)
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
    fn add(&mut self, profile: Profile) -> u32 {
        let number = u32::try_from(self.profiles.len()).expect("fewer than 2^32 profiles fit into memory");
        self.profiles.push(profile);
        number
    }
}

fn salt(series: &[SeriesKey]) -> Salt {
    let of_key = |key: &str| (!key.is_empty()).then(|| xxh3_128_with_seed(key.as_bytes(), 4));
    match series.first() {
        Some(SeriesKey::Unattributed { .. }) => Salt::Unattributed,
        Some(SeriesKey::ReEncrypt { source, destination }) => {
            Salt::Keys { source: of_key(source), destination: of_key(destination) }
        }
        _ => Salt::Plain,
    }
}
