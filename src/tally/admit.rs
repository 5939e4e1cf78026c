//! A batch: which of its requests are new.
//!
//! Ids of one hour are sorted; equal ids make their rows one request, and so do rows that share an id with a third.
//! Each hour's ids are then looked up in the ledger once, and the notes of the few that were counted provisionally.
//! What is left counts; what was known may still tell more of its keys or its caller than the copy that was counted,
//! and takes its place.

use std::collections::BTreeMap;

use super::admitted::{Admitted, Entry};
use super::profiles::Profiles;
use super::requests::Requests;
use super::row::{Id, MARK_MASK, Mark, Row};

/// The ledger of event ids, as far as a batch needs it.
pub trait Ledger {
    /// What a look-up can fail with.
    type Error;

    /// Looks ids up in an hour. `hashes` are sorted and distinct, their mark bits zero; `found` gets for each known
    /// one its place in `hashes` and the mark it is known with, the latest if it is known several times.
    fn find(&mut self, hour: u32, hashes: &[u128], found: &mut Vec<(u32, Mark)>) -> Result<(), Self::Error>;

    /// Looks an hour's notes up. `uppers` are the upper halves of entries, sorted and distinct; `found` gets every
    /// entry that has one of them, with its place in `uppers`.
    fn find_notes(&mut self, hour: u32, uppers: &[u64], found: &mut Vec<(u32, u128)>) -> Result<(), Self::Error>;
}

/// The requests of several objects, waiting to be counted together.
#[derive(Default)]
pub struct Batch {
    rows: Vec<Row>,
    hours: Hours,
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
                if pair[0].hash() == pair[1].hash() {
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
                if hashes.last() != Some(&entry.hash()) {
                    hashes.push(entry.hash());
                    known_at.push(place);
                }
            }
            found.clear();
            ledger.find(hour, &hashes, &mut found)?;
            for &(place, mark) in &found {
                let hash = hashes[place as usize];
                let same = entries[known_at[place as usize]..].iter_mut().take_while(|entry| entry.hash() == hash);
                for entry in same {
                    (entry.known, entry.mark) = (true, mark);
                    requests.know(entry.row, mark);
                }
            }
        }
        requests.ask_for_notes(&hours, |hour, uppers, found| ledger.find_notes(hour, uppers, found))?;
        Ok(requests.settle(profiles, hours))
    }
}

/// Sorts by hash. Hashes are spread evenly, so their first byte cuts the list into parts that fit into the processor's
/// cache. What `parts` holds is of no account.
fn sort(entries: &mut Vec<Entry>, parts: &mut Vec<Entry>) {
    let order = |entry: &Entry| entry.hash();
    const WORTH_CUTTING: usize = 4096;
    if entries.len() >= WORTH_CUTTING {
        let first_byte = |entry: &Entry| (entry.hash() >> 120) as usize;
        let mut places = [0_usize; 257];
        for entry in entries.iter() {
            places[first_byte(entry) + 1] += 1;
        }
        for byte in 0..256 {
            places[byte + 1] += places[byte];
        }
        let bounds = places;
        parts.resize(entries.len(), Entry::new(0, 0, Mark::FINAL));
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
        let hour = row.second.hour();
        if hour != self.open.0 {
            self.open_hour(hour);
        }
        let entry = Entry::new(id.hash, id.row + first, row.mark());
        self.open.1.push(entry);
        if id.beside != 0 {
            self.closed.entry(hour.saturating_add_signed(i32::from(id.beside))).or_default().push(entry);
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

const _: () = assert!(MARK_MASK == 7, "a caller's detail has three bits, and so has a mark");

#[cfg(test)]
#[path = "admit_tests.rs"]
mod tests;
