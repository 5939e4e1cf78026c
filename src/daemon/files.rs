//! Which files of the watched folders are new, and which of these are whole.
//!
//! A file is known by its path, size and time of change, in forty bytes; what it holds is known to the store alone,
//! which counts nothing twice whatever is forgotten here. Times are since the process began.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_128;

use crate::domain::LogFileName;

/// A file as it was when it was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Stamp {
    /// Bytes.
    pub(super) size: u64,
    /// Its time of change, nanoseconds since 1970.
    pub(super) changed: i64,
}

/// A file that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

/// What is known of a look at a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub(super) stamp: Stamp,
    /// When.
    pub(super) at: Duration,
    /// By the clock, the time since it was last changed.
    pub(super) age: Duration,
    /// Whether its writer is done with it: it was closed or moved here, and ends as such a file should.
    pub(super) is_closed: bool,
}

/// The files of the watched folders.
#[derive(Default)]
pub(super) struct Files {
    /// What was read.
    seen: HashMap<u128, Seen>,
    /// What is not read yet.
    waiting: BTreeMap<PathBuf, Waiting>,
    /// What could not be read, and when to try again.
    again: HashMap<u128, Again>,
    /// Counts walks over all folders.
    walk: u32,
}

#[derive(Clone, Copy)]
struct Seen {
    stamp: Stamp,
    walk: u32,
}

struct Waiting {
    stamp: Stamp,
    still_since: Duration,
    age: Duration,
    is_closed: bool,
}

struct Again {
    tries: u32,
    at: Duration,
}

/// The first pause before a file that can't be read is tried again; it doubles with each try.
const AGAIN_AFTER: Duration = Duration::from_secs(300);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(86_400);

fn id(path: &Path) -> u128 {
    xxh3_128(path.as_os_str().as_encoded_bytes())
}

impl Files {
    /// With what an earlier process remembered.
    pub(super) fn remembering(seen: impl IntoIterator<Item = (u128, Stamp)>) -> Self {
        let seen = seen.into_iter().map(|(id, stamp)| (id, Seen { stamp, walk: 0 })).collect();
        Self { seen, ..Self::default() }
    }

    /// What the next process shall remember.
    pub(super) fn memory(&self) -> impl Iterator<Item = (u128, Stamp)> {
        // What could not be read is tried again by the next process.
        self.seen.iter().filter(|(id, _)| !self.again.contains_key(id)).map(|(id, seen)| (*id, seen.stamp))
    }

    /// A file was looked at.
    pub(super) fn saw(&mut self, path: &Path, sight: Sight) {
        let id = id(path);
        if let Some(seen) = self.seen.get_mut(&id) {
            seen.walk = self.walk;
            let is_due = self.again.get(&id).is_some_and(|again| again.at <= sight.at);
            if seen.stamp == sight.stamp && !is_due {
                return;
            }
        }
        let Sight { stamp, at, age, is_closed } = sight;
        match self.waiting.get_mut(path) {
            Some(waiting) if waiting.stamp == stamp => {
                waiting.is_closed |= is_closed;
                waiting.age = age;
            }
            _ => {
                self.waiting.insert(path.to_owned(), Waiting { stamp, still_since: at, age, is_closed });
            }
        }
    }

    /// A file is gone.
    pub(super) fn lost(&mut self, path: &Path) {
        self.waiting.remove(path);
    }

    /// The files that wait, to be looked at again.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &PathBuf> {
        self.waiting.keys()
    }

    /// How many files wait, and the earliest time of change of these, seconds since 1970.
    pub(super) fn backlog(&self) -> (usize, Option<i64>) {
        let oldest = self.waiting.values().map(|waiting| waiting.stamp.changed).min();
        (self.waiting.len(), oldest.map(|changed| changed.div_euclid(1_000_000_000)))
    }

    /// Takes the files that are whole, in the order in which they were delivered: closed by their writer, or not
    /// changed for `settle_for`.
    pub(super) fn take_ready(&mut self, at: Duration, settle_for: Duration) -> Vec<Ready> {
        let is_whole = |waiting: &Waiting| {
            let still = at.saturating_sub(waiting.still_since);
            waiting.is_closed || still >= settle_for || waiting.age >= settle_for
        };
        let whole = self.waiting.extract_if(.., |_, waiting| is_whole(waiting));
        let mut ready: Vec<Ready> = whole.map(|(path, waiting)| Ready { path, stamp: waiting.stamp }).collect();
        ready.sort_by_cached_key(|ready| (delivered(ready), ready.path.clone()));
        ready
    }

    /// Files were read; `is_unreadable` says of which nothing could be taken.
    pub(super) fn took(&mut self, files: &[Ready], at: Duration, is_unreadable: impl Fn(&Path) -> bool) {
        for file in files {
            let id = id(&file.path);
            self.seen.insert(id, Seen { stamp: file.stamp, walk: self.walk });
            if is_unreadable(&file.path) {
                let again = self.again.entry(id).or_insert(Again { tries: 0, at });
                let pause = AGAIN_AFTER.saturating_mul(1 << again.tries.min(10)).min(AGAIN_AFTER_MAX);
                (again.tries, again.at) = (again.tries + 1, at + pause);
            } else {
                self.again.remove(&id);
            }
        }
    }

    /// Files were not read after all.
    pub(super) fn put_back(&mut self, files: &[Ready], at: Duration) {
        for Ready { path, stamp } in files {
            let waiting = Waiting { stamp: *stamp, still_since: at, age: Duration::ZERO, is_closed: true };
            self.waiting.insert(path.clone(), waiting);
        }
    }

    /// A walk over all folders begins.
    pub(super) fn walk_begins(&mut self) {
        self.walk += 1;
    }

    /// A walk over all folders ended and missed nothing: what it did not meet is gone, and forgotten.
    pub(super) fn walk_ended(&mut self) {
        let walk = self.walk;
        self.seen.retain(|_, seen| seen.walk == walk);
        let seen = &self.seen;
        self.again.retain(|id, _| seen.contains_key(id));
    }
}

/// When a file was delivered, seconds since 1970: as CloudTrail's names say, else when it was last changed.
fn delivered(file: &Ready) -> i64 {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let changed = file.stamp.changed.div_euclid(1_000_000_000);
    LogFileName::parse(&name).map_or(changed, |name| name.delivered.first_second())
}
