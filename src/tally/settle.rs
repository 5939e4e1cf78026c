//! What becomes of a request: counted, known, or counted for more than before.
//!
//! The copy that tells most counts. One that names all keys counts for good; one that names fewer is counted
//! provisionally, with a note of it in the ledger, and taken back when a copy tells more. So the counts are the same
//! whichever copy comes first.

use super::admitted::{Admitted, Correction, Entry};
use super::note::Note;
use super::profiles::Profiles;
use super::row::{Claim, Mark, Row};

/// What the ledger is to remember of a request.
pub(super) struct Settled {
    pub mark: Mark,
    /// Notes that stand as they did before.
    standing: Vec<(Note, Mark)>,
    /// Notes that are new, or taken back now.
    changed: Vec<(Note, Mark)>,
}

impl Settled {
    fn with(mark: Mark) -> Self {
        Self { mark, standing: Vec::new(), changed: Vec::new() }
    }

    pub fn has_notes(&self) -> bool {
        !self.standing.is_empty() || !self.changed.is_empty()
    }

    /// The notes to write beside an id: one that is new gets all, one that the ledger has those that changed.
    pub fn beside(&self, entry: &Entry) -> impl Iterator<Item = u128> {
        let standing = if entry.known { &[][..] } else { &self.standing };
        standing.iter().chain(&self.changed).filter_map(|(note, mark)| note.beside(entry.hash, *mark))
    }
}

impl Admitted {
    /// Settles a request: its copies in the batch, the most telling first, what the ledger knows of it, and the notes
    /// that it has.
    pub(super) fn settle(
        &mut self,
        copies: &[Row],
        known: Option<Mark>,
        mut notes: Vec<(Note, Mark)>,
        profiles: &Profiles,
    ) -> Settled {
        let best = copies[0];
        self.duplicates += copies.len() as u64 - u64::from(known.is_none());
        notes.retain(|(_, mark)| *mark != Mark::TAKEN_BACK);
        match known {
            None if best.claim.is_whole() => {
                self.rows.push(best);
                Settled::with(best.mark())
            }
            None => {
                let (counted, settled) = self.provisionally(copies, notes, profiles);
                let (first, others) = counted.split_first().expect("a request not known counts");
                self.rows.push(*first);
                self.mended.extend(others);
                settled
            }
            Some(Mark::PROVISIONAL) if notes.is_empty() => Settled::with(Mark::PROVISIONAL),
            Some(Mark::PROVISIONAL) if best.claim.is_whole() => {
                self.mended.push(best);
                Settled { changed: self.take_back(notes), ..Settled::with(best.mark()) }
            }
            Some(Mark::PROVISIONAL) => {
                let (counted, settled) = self.provisionally(copies, notes, profiles);
                self.mended.extend(counted);
                settled
            }
            // Counted for good; a provisional count that stands is of a part that was not known to be this request.
            Some(known) => {
                let changed = self.take_back(notes);
                match known.reduced() {
                    Some(counted) if best.claim.is_whole() && !best.is_reduced() => {
                        self.corrections.push(Correction { row: best, counted });
                        Settled { changed, ..Settled::with(best.mark()) }
                    }
                    _ => Settled { changed, ..Settled::with(known) },
                }
            }
        }
    }

    /// Counts copies none of which tells all keys, beside what stands: each key of a ReEncrypt once, no key if none is
    /// known, and the caller as well as any copy tells it.
    fn provisionally(
        &mut self,
        copies: &[Row],
        mut standing: Vec<(Note, Mark)>,
        profiles: &Profiles,
    ) -> (Vec<Row>, Settled) {
        let key_of = |note: &Note| profiles.one_of_two(note.series);
        let mut settled = Settled::with(Mark::PROVISIONAL);
        let mut counted = Vec::new();
        let mut new: Vec<Note> = Vec::new();
        for row in copies.iter().filter(|row| row.claim == copies[0].claim) {
            let note = profiles.note(row);
            let key = key_of(&note);
            if new.iter().any(|other| key_of(other) == key) {
                continue;
            }
            if row.claim == Claim::UNATTRIBUTED && standing.iter().any(|(other, _)| key_of(other).is_some()) {
                continue;
            }
            // A key is worth more than none, and a caller more than an account.
            let (replaced, rest) = standing.into_iter().partition(|(other, mark)| {
                let names_a_key = key_of(other).is_none() && key.is_some();
                let names_the_caller = key_of(other) == key && *mark == Mark::STANDS_REDUCED && !row.is_reduced();
                names_a_key || names_the_caller
            });
            standing = rest;
            settled.changed.extend(self.take_back(replaced));
            if standing.iter().all(|(other, _)| key_of(other) != key) {
                counted.push(*row);
                new.push(note);
                let mark = if row.is_reduced() { Mark::STANDS_REDUCED } else { Mark::STANDS };
                settled.changed.push((note, mark));
            }
        }
        settled.standing = standing;
        (counted, settled)
    }

    /// Takes back what was counted; the notes as the ledger is to know them.
    fn take_back(&mut self, notes: Vec<(Note, Mark)>) -> Vec<(Note, Mark)> {
        self.taken_back.extend(notes.iter().map(|(note, _)| *note));
        notes.into_iter().map(|(note, _)| (note, Mark::TAKEN_BACK)).collect()
    }
}
