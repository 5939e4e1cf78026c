//! A batch: which of its requests are new.
//!
//! Ids of one hour are sorted; equal ids make their rows one request, and so do rows that share an id with a third.
//! Each hour's ids are then looked up in the ledger once. What is left counts; what was known may still tell more of
//! its caller than the copy that was counted, and corrects it.

use std::collections::BTreeMap;

use super::known::ByRoot;
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

/// How near to the hour's edge a copy's second may make it fall into the next hour.
const STRADDLE_SECONDS: u32 = 300;

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
        let mut requests = Requests::of(&self.rows);
        let mut hours = self.hours.close();
        for entries in hours.values_mut() {
            sort(entries);
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
                    requests.know(entry.row, entry.sides, telling);
                }
            }
        }
        Ok(requests.settle(profiles, &hours))
    }
}

/// Sorts by hash, equal ones of this hour before those that only probe. Hashes are spread evenly, so their first byte
/// cuts the list into parts that fit into the processor's cache.
fn sort(entries: &mut Vec<Entry>) {
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
        let mut parts =
            vec![Entry { hash: 0, row: 0, sides: Sides::NONE, telling: 0, probe: false, known: false }; entries.len()];
        for entry in entries.iter() {
            let place = &mut places[first_byte(entry)];
            parts[*place] = *entry;
            *place += 1;
        }
        for byte in 0..256 {
            parts[bounds[byte]..bounds[byte + 1]].sort_unstable_by_key(order);
        }
        *entries = parts;
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
struct Requests<'r> {
    rows: &'r [Row],
    /// Union-find: a row's parent, itself at the root.
    parents: Vec<u32>,
    /// The rows that were joined with none, and of which the ledger knows nothing: they count as they are.
    plain: Vec<bool>,
    /// At the roots of all others: what is known. Filled once all rows are joined.
    known: ByRoot,
}

impl<'r> Requests<'r> {
    fn of(rows: &'r [Row]) -> Self {
        let count = u32::try_from(rows.len()).expect("a batch is closed long before 2^32 rows");
        Self { rows, parents: (0..count).collect(), plain: vec![true; rows.len()], known: ByRoot::new(rows.len()) }
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
        (self.plain[a as usize], self.plain[b as usize]) = (false, false);
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    fn know(&mut self, row: u32, sides: Sides, telling: u8) {
        self.plain[row as usize] = false;
        let root = self.root(row);
        let known = self.known.at(root);
        known.sides = known.sides.and(sides);
        known.telling = Some(known.telling.map_or(telling, |before| fuller(before, telling)));
    }

    /// How much a row tells, larger is more; equal rows are told apart by their content alone, never by their order.
    fn worth(row: &Row) -> impl Ord + use<> {
        let telling = Telling::from_bits(row.telling);
        let reversed = u32::MAX - row.second.0;
        (row.sides.0.count_ones(), !telling.reduced, telling.context, telling.service, reversed, row.outcome)
    }

    fn settle(mut self, profiles: &Profiles, hours: &BTreeMap<u32, Vec<Entry>>) -> Admitted {
        let mut admitted = Admitted::default();
        let rows = self.rows;
        let plain = std::mem::take(&mut self.plain);
        let others = (0..).zip(&plain).filter(|(_, plain)| !**plain).map(|(row, _)| row);
        for row in others {
            let root = self.root(row);
            let known = self.known.at(root);
            known.members += 1;
            let sides = rows[row as usize].sides;
            known.told = known.told.and(sides);
            let best_of_side = Sides::EACH.iter().zip(&mut known.partial);
            let best_of_side = best_of_side.filter(|(side, _)| **side == sides).map(|(_, best)| best);
            for best in best_of_side.chain([&mut known.best]) {
                if best.is_none_or(|best| Self::worth(&rows[row as usize]) > Self::worth(&rows[best as usize])) {
                    *best = Some(row);
                }
            }
        }
        admitted.rows.extend(rows.iter().zip(&plain).filter(|(_, plain)| **plain).map(|(row, _)| *row));
        for (_, known) in self.known.roots() {
            let best = rows[known.best.expect("a root is a member of its own request") as usize];
            let mut missing = known.told.without(known.sides);
            admitted.duplicates += u64::from(known.members);
            if known.telling.is_none() {
                admitted.duplicates -= 1;
                admitted.rows.push(best);
                missing = missing.without(best.sides);
            }
            // What the best copy doesn't tell is one side, told by a copy that tells nothing else.
            let of_side = Sides::EACH.iter().zip(known.partial).map(|(side, row)| (*side, row));
            let tellers = [(best.sides, known.best)].into_iter().chain(of_side);
            for (told, row) in tellers.filter_map(|(told, row)| Some((told, rows[row? as usize]))) {
                let sides = missing.also_in(told);
                missing = missing.without(sides);
                if sides != Sides::NONE {
                    admitted.duplicates -= 1;
                    admitted.halves.push(Row { profile: profiles.half(row.profile, sides), sides, ..row });
                }
            }
            let Some(telling) = known.telling else { continue };
            let counted = Telling::from_bits(telling);
            if counted.reduced && !Telling::from_bits(best.telling).reduced {
                admitted.corrections.push(Correction { row: best, counted });
            }
        }
        admitted.new_ids = self.new_ids(hours, &plain);
        admitted
    }

    /// The ids that the ledger lacks, or has with less telling. Those it has are written again only to raise the
    /// telling.
    fn new_ids(&mut self, hours: &BTreeMap<u32, Vec<Entry>>, plain: &[bool]) -> BTreeMap<u32, Vec<u128>> {
        let mut new_ids = BTreeMap::new();
        for (&hour, entries) in hours {
            let mut ids: Vec<u128> = Vec::with_capacity(entries.len());
            for entry in entries.iter().filter(|entry| !entry.probe) {
                if plain[entry.row as usize] {
                    ids.push(entry.hash | u128::from(entry.telling));
                    continue;
                }
                let root = self.root(entry.row);
                let known = self.known.get(root).copied().unwrap_or_default();
                let told = self.rows[known.best.unwrap_or(entry.row) as usize].telling;
                let telling = known.telling.map_or(told, |before| fuller(before, told));
                if entry.known && known.telling == Some(telling) {
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

/// The telling that stands when a request is known with two: not reduced before reduced.
fn fuller(a: u8, b: u8) -> u8 {
    if Telling::from_bits(a).reduced && !Telling::from_bits(b).reduced { b } else { a }
}

const _: () = assert!(TELLING_MASK == 7, "a telling has three bits");
