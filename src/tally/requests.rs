//! A batch's rows as requests: rows joined by ids, and what the ledger knows of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hashbrown::HashMap;
use smallvec::{SmallVec, smallvec};

use super::admitted::{Admitted, Entry};
use super::note::{Anchor, Beside};
use super::profiles::Profiles;
use super::row::{Mark, Row};
use super::settle::{Counted, Remembered, Settled};
use crate::cloudtrail::CallerDetail;

pub(super) struct Requests {
    pub rows: Vec<Row>,
    /// Union-find: a row's parent, itself at the root.
    parents: Vec<u32>,
    states: Vec<State>,
    /// Whether the ledger has any of them provisionally.
    any_provisional: bool,
    /// What the ledger has of a request's notes, by its root.
    remembered: HashMap<u32, Remembered>,
}

/// What is known of a row. Four bytes, since they are asked in the order of hashes: a batch's stay in the cache.
#[derive(Clone, Copy)]
struct State {
    /// Whether it is a copy of another row.
    joined: bool,
    /// Whether the ledger has, or is to get, notes of its request.
    noted: bool,
    /// What the ledger knows the request with, if it does.
    known: Option<Mark>,
}

impl State {
    /// Whether it counts as it is, and for good: it tells all, and is no copy of any, in the batch or before.
    fn is_plain(&self) -> bool {
        !self.joined && !self.noted && self.known.is_none()
    }
}

impl Requests {
    pub fn of(rows: Vec<Row>) -> Self {
        let count = u32::try_from(rows.len()).expect("a batch is closed long before 2^32 rows");
        let state = |row: &Row| State { joined: false, noted: !row.is_final(), known: None };
        let states = rows.iter().map(state).collect();
        Self { rows, parents: (0..count).collect(), states, any_provisional: false, remembered: HashMap::new() }
    }

    fn root(&mut self, mut row: u32) -> u32 {
        while self.parents[row as usize] != row {
            let grandparent = self.parents[self.parents[row as usize] as usize];
            self.parents[row as usize] = grandparent;
            row = grandparent;
        }
        row
    }

    pub fn join(&mut self, a: u32, b: u32) {
        for row in [a, b] {
            self.states[row as usize].joined = true;
        }
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    pub fn know(&mut self, row: u32, mark: Mark) {
        let state = &mut self.states[row as usize];
        state.known = Some(state.known.map_or(mark, |known| known.later(mark)));
        if mark == Mark::PROVISIONAL {
            state.noted = true;
            self.any_provisional = true;
        }
    }

    /// Asks for the notes of requests that were counted provisionally; `ask` gets the entries of an hour that have one
    /// of the upper halves, which are sorted and distinct. Rows that lead to the same notes are one request.
    pub fn ask_for_notes<E>(
        &mut self,
        hours: &BTreeMap<u32, Vec<Entry>>,
        mut ask: impl FnMut(u32, &[u64], &mut Vec<(u32, u128)>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.any_provisional {
            return Ok(());
        }
        self.spread_noted();
        let mut met = Vec::new();
        let mut left = Vec::new();
        for (&hour, entries) in hours {
            // All names of such a request are asked, by which it may be known already that a count was taken back.
            let noted = entries.iter().filter(|entry| entry.known && self.states[entry.row as usize].noted);
            let mut asked: Vec<(Anchor, u32)> = noted.map(|entry| (Anchor::of(entry.hash()), entry.row)).collect();
            let mut known: HashMap<Anchor, u32> = HashMap::new();
            while !asked.is_empty() {
                asked.retain(|(anchor, row)| match known.insert(*anchor, *row) {
                    None => true,
                    Some(other) => {
                        self.join(other, *row);
                        false
                    }
                });
                asked.sort_unstable_by_key(|(anchor, _)| anchor.upper());
                let uppers: Vec<u64> = asked.iter().map(|(anchor, _)| anchor.upper()).collect();
                let mut found = Vec::new();
                ask(hour, &uppers, &mut found)?;
                let mut links = Vec::new();
                for (place, entry) in found {
                    let (anchor, row) = asked[place as usize];
                    match Beside::read(entry, hour) {
                        Some(Beside::Link(to)) => {
                            links.push((to, row));
                            left.push((row, anchor));
                        }
                        Some(Beside::Counted(note, standing)) => {
                            met.push((row, Counted { anchor, note, standing, hours: smallvec![hour] }));
                        }
                        None => {}
                    }
                }
                asked = links;
            }
        }
        for (row, counted) in met {
            let root = self.root(row);
            self.remembered.entry(root).or_default().add(counted);
        }
        for (row, anchor) in left {
            let root = self.root(row);
            self.remembered.entry(root).or_default().leave(anchor);
        }
        self.spread_noted();
        Ok(())
    }

    /// Marks all copies of what is noted.
    fn spread_noted(&mut self) {
        for row in 0..self.rows.len() {
            let State { joined, noted, .. } = self.states[row];
            if joined && noted {
                let root = self.root(row as u32);
                self.states[root as usize].noted = true;
            }
        }
        for row in 0..self.rows.len() {
            if self.states[row].joined {
                let root = self.root(row as u32);
                self.states[row].noted = self.states[root as usize].noted;
            }
        }
    }

    /// What the batch adds.
    pub fn settle(mut self, profiles: &Profiles, hours: BTreeMap<u32, Vec<Entry>>) -> Admitted {
        let mut admitted = Admitted::default();
        let mut settled = HashMap::new();
        let mut joined = Vec::new();
        for row in 0..self.rows.len() as u32 {
            let state = self.states[row as usize];
            if state.joined {
                joined.push((self.root(row), row));
            } else if !state.is_plain() {
                self.settle_request(row, &[row], profiles, &mut admitted, &mut settled);
            }
        }
        joined.sort_unstable();
        let mut copies: SmallVec<[u32; 8]> = SmallVec::new();
        for members in joined.chunk_by(|(root, _), (other, _)| root == other) {
            copies.clear();
            copies.extend(members.iter().map(|&(_, row)| row));
            self.settle_request(members[0].0, &copies, profiles, &mut admitted, &mut settled);
        }
        admitted.new_ids = self.new_ids(hours, &mut settled);
        // Those that count as they are are many, and stay where they are.
        let others = std::mem::replace(&mut admitted.rows, std::mem::take(&mut self.rows));
        let mut states = self.states.iter();
        admitted.rows.retain(|_| states.next().is_some_and(|state| !state.joined && state.known.is_none()));
        admitted.rows.extend(others);
        admitted
    }

    fn settle_request(
        &mut self,
        root: u32,
        copies: &[u32],
        profiles: &Profiles,
        admitted: &mut Admitted,
        settled: &mut HashMap<u32, Settled>,
    ) {
        let mut rows: SmallVec<[Row; 8]> = copies.iter().map(|&row| self.rows[row as usize]).collect();
        rows.sort_by(|a, b| worth(b).cmp(&worth(a)).then_with(|| profiles.compare(b.profile, a.profile)));
        let marks = copies.iter().filter_map(|&row| self.states[row as usize].known);
        let known = marks.reduce(Mark::later);
        let remembered = self.remembered.remove(&root).unwrap_or_default();
        let outcome = admitted.settle(&rows, known, remembered, profiles);
        for &row in copies {
            // They are one request from here on, and known.
            self.states[row as usize].known = Some(outcome.mark);
            self.states[row as usize].noted |= outcome.has_entries();
        }
        if outcome.has_entries() {
            settled.insert(root, outcome);
        }
    }

    /// The ids that the ledger lacks, or has with an earlier mark, and the entries beside them. An hour's list is let
    /// go when it is read: the next hour's ids take its place in memory.
    fn new_ids(
        &mut self,
        hours: BTreeMap<u32, Vec<Entry>>,
        settled: &mut HashMap<u32, Settled>,
    ) -> BTreeMap<u32, Vec<u128>> {
        let mut new_ids = BTreeMap::new();
        let (mut noted, mut beside) = (Vec::new(), Vec::new());
        for (hour, entries) in hours {
            let mut ids: Vec<u128> = Vec::with_capacity(entries.len());
            for entry in &entries {
                let state = self.states[entry.row as usize];
                if state.is_plain() {
                    ids.push(entry.mark.on(entry.hash()));
                    continue;
                }
                let mark = state.known.unwrap_or(entry.mark);
                let id = mark.on(entry.hash());
                if !(entry.known && entry.mark == mark) && ids.last() != Some(&id) {
                    ids.push(id);
                }
                if state.noted {
                    let root = self.root(entry.row);
                    if let Some(request) = settled.get_mut(&root) {
                        let link = request.link(entry.hash());
                        beside.extend(link.filter(|_| !entry.known));
                        noted.push(root);
                    }
                }
            }
            if !noted.is_empty() {
                noted.sort_unstable();
                noted.dedup();
                beside.extend(noted.drain(..).flat_map(|root| settled[&root].entries(hour)));
                beside.sort_unstable();
                ids.append(&mut beside);
                // Both are sorted: this sort finds runs, and merges them.
                ids.sort();
                ids.dedup();
            }
            if !ids.is_empty() {
                new_ids.insert(hour, ids);
            }
        }
        new_ids
    }
}

/// How much a row tells, larger is more. Rows of equal worth are told apart by what their profiles stand for, so that
/// their order never matters.
fn worth(row: &Row) -> impl Ord + use<> {
    let detail = CallerDetail::from_bits(row.caller_detail);
    (row.claim, !detail.reduced, detail.context, detail.service, Reverse(row.second), row.outcome)
}

const _: () = assert!(size_of::<State>() == 4, "a batch's states stay in the cache");
