//! A batch: which of its requests are new.
//!
//! Ids of one hour are sorted; equal ids make their rows one request, and so do rows that share an id with a third.
//! Each hour's ids are then looked up in the ledger once. What is left counts; what was known may still tell more of
//! its caller than the copy that was counted, and corrects it.

use std::collections::BTreeMap;

use super::known::{Copies, Known, fuller};
use super::profiles::Profiles;
use super::row::{Id, Row, Sides, TELLING_MASK};
use crate::cloudtrail::Telling;

/// The ledger of event ids, as far as a batch needs it.
pub trait Ledger {
    /// What a look-up can fail with.
    type Error;

    /// Looks ids up in an hour. `hashes` are sorted and distinct, their telling bits zero; `found` gets for each known
    /// one its place in `hashes` and the telling bits it is known with, the fullest if it is known several times.
    fn find(&mut self, hour: u32, hashes: &[u128], found: &mut Vec<(u32, u8)>) -> Result<(), Self::Error>;
}

/// The requests of several objects, waiting to be counted together.
#[derive(Default)]
pub struct Batch {
    rows: Vec<Row>,
    hours: Hours,
}

/// A request that was counted before, by a copy that told less of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The copy that tells more.
    pub row: Row,
    /// What the counted copy told.
    pub counted: Telling,
}

/// What a batch adds.
#[derive(Debug, Default)]
pub struct Admitted {
    /// Requests that count.
    pub rows: Vec<Row>,
    /// Requests of which half was counted before: they count in series only, not as requests.
    pub halves: Vec<Row>,
    /// Requests whose caller is known better now.
    pub corrections: Vec<Correction>,
    /// The ids to remember, by hour, sorted, with their telling bits.
    pub new_ids: BTreeMap<u32, Vec<u128>>,
    /// Requests that were copies of others.
    pub duplicates: u64,
}

impl Admitted {
    /// Adds a request that has several copies, or one and the ledger knows it.
    fn add(&mut self, copies: &Copies, known: Known, profiles: &Profiles) {
        let mut missing = copies.told.without(known.sides);
        self.duplicates += u64::from(copies.count);
        if known.telling.is_none() {
            self.duplicates -= 1;
            self.rows.push(copies.best);
            missing = missing.without(copies.best.sides);
        }
        // What the best copy doesn't tell is one side, told by a copy that tells nothing else.
        for row in [Some(copies.best)].into_iter().chain(copies.partial).flatten() {
            let sides = missing.also_in(row.sides);
            missing = missing.without(sides);
            if sides != Sides::NONE {
                self.duplicates -= 1;
                self.halves.push(Row { profile: profiles.half(row.profile, sides), sides, ..row });
            }
        }
        let Some(telling) = known.telling else { return };
        let counted = Telling::from_bits(telling);
        if counted.reduced && !Telling::from_bits(copies.best.telling).reduced {
            self.corrections.push(Correction { row: copies.best, counted });
        }
    }
}

/// How near to the hour's edge a copy's second may make it fall into the next hour.
pub(super) const STRADDLE_SECONDS: u32 = 300;

/// An id in its hour's bucket. `probe` marks the look next door: it finds, but is not remembered there.
#[derive(Clone, Copy)]
struct Entry {
    hash: u128,
    row: u32,
    sides: Sides,
    /// The telling of the row, which lies elsewhere.
    telling: u8,
    probe: bool,
    /// Whether the ledger has it.
    known: bool,
}

impl Batch {
    /// Adds an object's requests. Its ids name its rows by their number in it.
    pub fn add(&mut self, rows: &[Row], ids: &[Id]) {
        let first = u32::try_from(self.rows.len()).expect("a batch is closed long before 2^32 rows");
        self.rows.extend_from_slice(rows);
        for id in ids {
            self.hours.add(id, &rows[id.row as usize], first);
        }
    }

    /// How many requests wait.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Removes repeats, within the batch and against the ledger.
    pub fn admit<L: Ledger>(self, profiles: &Profiles, ledger: &mut L) -> Result<Admitted, L::Error> {
        let mut requests = Requests::of(self.rows);
        let mut hours = self.hours.close();
        let mut parts = Vec::new();
        for entries in hours.values_mut() {
            sort(entries, &mut parts);
            for pair in entries.windows(2) {
                if pair[0].hash == pair[1].hash {
                    requests.join(pair[0].row, pair[1].row);
                }
            }
        }
        let mut hashes = Vec::new();
        let mut found = Vec::new();
        let mut known_at = Vec::new();
        for (&hour, entries) in &mut hours {
            hashes.clear();
            known_at.clear();
            for (place, entry) in entries.iter().enumerate() {
                if hashes.last() != Some(&entry.hash) {
                    hashes.push(entry.hash);
                    known_at.push(place);
                }
            }
            found.clear();
            ledger.find(hour, &hashes, &mut found)?;
            for &(place, telling) in &found {
                let hash = hashes[place as usize];
                let same = entries[known_at[place as usize]..].iter_mut().take_while(|entry| entry.hash == hash);
                for entry in same {
                    entry.known = true;
                    requests.know(entry.row, Known { sides: entry.sides, telling: Some(telling) });
                }
            }
        }
        Ok(requests.settle(profiles, &hours))
    }
}

/// Sorts by hash, equal ones of this hour before those that only probe. Hashes are spread evenly, so their first byte
/// cuts the list into parts that fit into the processor's cache. What `parts` holds is of no account.
fn sort(entries: &mut Vec<Entry>, parts: &mut Vec<Entry>) {
    // The lowest bit of a hash is zero.
    let order = |entry: &Entry| entry.hash | u128::from(entry.probe);
    const WORTH_CUTTING: usize = 4096;
    if entries.len() >= WORTH_CUTTING {
        let first_byte = |entry: &Entry| (entry.hash >> 120) as usize;
        let mut places = [0_usize; 257];
        for entry in entries.iter() {
            places[first_byte(entry) + 1] += 1;
        }
        for byte in 0..256 {
            places[byte + 1] += places[byte];
        }
        let bounds = places;
        let empty = Entry { hash: 0, row: 0, sides: Sides::NONE, telling: 0, probe: false, known: false };
        parts.resize(entries.len(), empty);
        for entry in entries.iter() {
            let place = &mut places[first_byte(entry)];
            parts[*place] = *entry;
            *place += 1;
        }
        for byte in 0..256 {
            parts[bounds[byte]..bounds[byte + 1]].sort_unstable_by_key(order);
        }
        std::mem::swap(entries, parts);
    } else {
        entries.sort_unstable_by_key(order);
    }
}

/// Ids by hour.
#[derive(Default)]
struct Hours {
    closed: BTreeMap<u32, Vec<Entry>>,
    /// The hour of the last id and its entries, which are out of the tree: the next id is of the same hour nearly
    /// always.
    open: (u32, Vec<Entry>),
}

impl Hours {
    /// Adds an id of a row, whose object has its first row at `first`.
    #[inline]
    fn add(&mut self, id: &Id, row: &Row, first: u32) {
        let Row { second, telling, .. } = *row;
        if second.hour() != self.open.0 {
            self.open_hour(second.hour());
        }
        let entry = Entry { hash: id.hash, row: id.row + first, sides: id.sides, telling, probe: false, known: false };
        self.open.1.push(entry);
        let into_hour = second.0 % 3600;
        if id.may_straddle && into_hour < STRADDLE_SECONDS {
            self.closed.entry(self.open.0 - 1).or_default().push(Entry { probe: true, ..entry });
        } else if id.may_straddle && into_hour >= 3600 - STRADDLE_SECONDS {
            self.closed.entry(self.open.0 + 1).or_default().push(Entry { probe: true, ..entry });
        }
    }

    #[cold]
    fn open_hour(&mut self, hour: u32) {
        let entries = self.closed.remove(&hour).unwrap_or_default();
        let (before, entries) = std::mem::replace(&mut self.open, (hour, entries));
        if !entries.is_empty() {
            self.closed.insert(before, entries);
        }
    }

    /// All ids, by hour.
    fn close(mut self) -> BTreeMap<u32, Vec<Entry>> {
        self.open_hour(u32::MAX);
        self.closed
    }
}

/// The batch's rows as requests: rows joined by ids, with what the ledger knows of them.
struct Requests {
    rows: Vec<Row>,
    /// Union-find: a row's parent, itself at the root.
    parents: Vec<u32>,
    states: Vec<State>,
}

/// What is known of a row. Four bytes, since they are asked in the order of hashes: a batch's stay in the cache.
#[derive(Clone, Copy, Default)]
struct State {
    /// Whether it is a copy of another row.
    joined: bool,
    known: Known,
}

impl State {
    /// Whether it counts as it is: it is no copy of any, in the batch or before.
    fn is_plain(&self) -> bool {
        !self.joined && self.known.telling.is_none()
    }
}

impl Requests {
    fn of(rows: Vec<Row>) -> Self {
        let count = u32::try_from(rows.len()).expect("a batch is closed long before 2^32 rows");
        let states = vec![State::default(); rows.len()];
        Self { rows, parents: (0..count).collect(), states }
    }

    fn root(&mut self, mut row: u32) -> u32 {
        while self.parents[row as usize] != row {
            let grandparent = self.parents[self.parents[row as usize] as usize];
            self.parents[row as usize] = grandparent;
            row = grandparent;
        }
        row
    }

    fn join(&mut self, a: u32, b: u32) {
        for row in [a, b] {
            self.states[row as usize].joined = true;
        }
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    fn know(&mut self, row: u32, known: Known) {
        let state = &mut self.states[row as usize];
        state.known = state.known.and(known);
    }

    fn settle(mut self, profiles: &Profiles, hours: &BTreeMap<u32, Vec<Entry>>) -> Admitted {
        let mut admitted = Admitted::default();
        let mut joined = Vec::new();
        for row in 0..self.rows.len() {
            let State { joined: is_joined, known } = self.states[row];
            if is_joined {
                joined.push((self.root(row as u32), row as u32));
            } else if known.telling.is_some() {
                admitted.add(&Copies::of(self.rows[row]), known, profiles);
            }
        }
        joined.sort_unstable();
        for members in joined.chunk_by(|(root, _), (other, _)| root == other) {
            let members = members.iter().map(|&(_, row)| row as usize);
            let first = members.clone().next().expect("a chunk has a member");
            let rest = members.clone().skip(1);
            let mut copies = Copies::of(self.rows[first]);
            rest.for_each(|row| copies.add(self.rows[row]));
            let known = members.clone().map(|row| self.states[row].known).fold(Known::default(), Known::and);
            admitted.add(&copies, known, profiles);
            // They are one request from here on.
            members.for_each(|row| {
                (self.rows[row].telling, self.states[row].known) = (copies.best.telling, known);
            });
        }
        admitted.new_ids = self.new_ids(hours);
        // Those that count as they are are many, and stay where they are.
        let others = std::mem::replace(&mut admitted.rows, self.rows);
        let mut states = self.states.iter();
        admitted.rows.retain(|_| states.next().is_some_and(State::is_plain));
        admitted.rows.extend(others);
        admitted
    }

    /// The ids that the ledger lacks, or has with less telling. Those it has are written again only to raise the
    /// telling.
    fn new_ids(&self, hours: &BTreeMap<u32, Vec<Entry>>) -> BTreeMap<u32, Vec<u128>> {
        let mut new_ids = BTreeMap::new();
        for (&hour, entries) in hours {
            let mut ids: Vec<u128> = Vec::with_capacity(entries.len());
            for entry in entries.iter().filter(|entry| !entry.probe) {
                let state = &self.states[entry.row as usize];
                if state.is_plain() {
                    ids.push(entry.hash | u128::from(entry.telling));
                    continue;
                }
                let (told, known) = (self.rows[entry.row as usize].telling, state.known.telling);
                let telling = known.map_or(told, |known| fuller(known, told));
                if entry.known && known == Some(telling) {
                    continue;
                }
                let id = entry.hash | u128::from(telling);
                if ids.last() != Some(&id) {
                    ids.push(id);
                }
            }
            if !ids.is_empty() {
                new_ids.insert(hour, ids);
            }
        }
        new_ids
    }
}

const _: () = assert!(TELLING_MASK == 7, "a telling has three bits");
const _: () = assert!(size_of::<State>() == 4, "a batch's states stay in the cache");

#[cfg(test)]
#[path = "admit_tests.rs"]
mod tests;
