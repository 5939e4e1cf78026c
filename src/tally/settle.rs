//! What becomes of a request: counted, known, or counted for more than before.
//!
//! The copy that tells most counts. One that tells all counts for good; one that tells less is counted provisionally,
//! with notes of it in the ledger, and taken back when a copy tells more. So the counts are the same whichever copy
//! comes first.

use smallvec::SmallVec;

use super::admitted::Admitted;
use super::note::{Anchor, Note, Notes, Standing};
use super::profiles::{Part, Profiles};
use super::row::{Mark, Row};
use crate::cloudtrail::CallerDetail;

/// A count that the ledger has a note of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub anchor: Anchor,
    pub note: Note,
    pub standing: Standing,
    /// The hours in which the note was found.
    pub hours: SmallVec<[u32; 2]>,
}

/// What the ledger has of a request's notes.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    pub counts: Vec<Counted>,
    /// Where they lie.
    anchors: Vec<Anchor>,
    /// Anchors whose notes lie elsewhere now.
    left: Vec<Anchor>,
}

impl Remembered {
    /// Adds what was found in an hour.
    pub fn add(&mut self, counted: Counted) {
        if !self.anchors.contains(&counted.anchor) {
            self.anchors.push(counted.anchor);
        }
        let is_same = |known: &&mut Counted| known.anchor == counted.anchor && known.note == counted.note;
        match self.counts.iter_mut().find(is_same) {
            // An hour may not know yet that it was taken back.
            Some(known) => {
                known.standing = known.standing.min(counted.standing);
                known.hours.extend(counted.hours);
            }
            None => self.counts.push(counted),
        }
    }

    /// Adds that a link leads on from an anchor.
    pub fn leave(&mut self, anchor: Anchor) {
        self.left.push(anchor);
    }

    /// Whether what was counted has become final under another of the request's names: all was taken back, and is
    /// nowhere else.
    fn is_settled(&self) -> bool {
        let stands = |anchor: &Anchor| {
            let mut counts = self.counts.iter().filter(|counted| counted.anchor == *anchor);
            counts.any(|counted| counted.standing != Standing::TakenBack)
        };
        self.anchors.iter().any(|anchor| !stands(anchor) && !self.left.contains(anchor))
    }
}

/// What the ledger is to remember of a request.
pub(super) struct Settled {
    pub mark: Mark,
    /// Where its notes lie; the first of its ids if that isn't said here.
    anchor: Option<Anchor>,
    /// Notes that stand as they did.
    standing: Vec<Counted>,
    /// Notes that are new.
    new: SmallVec<[(Note, Standing); 1]>,
    /// Entries beside other anchors: what was taken back, and links to where the notes lie now.
    elsewhere: Vec<u128>,
}

impl Settled {
    fn with(mark: Mark) -> Self {
        Self { mark, anchor: None, standing: Vec::new(), new: SmallVec::new(), elsewhere: Vec::new() }
    }

    fn has_notes(&self) -> bool {
        !self.standing.is_empty() || !self.new.is_empty()
    }

    /// Whether there is anything to remember beside the marks of its ids.
    pub fn has_entries(&self) -> bool {
        self.has_notes() || !self.elsewhere.is_empty()
    }

    /// The entry that leads from an id that is new to the notes, unless they lie beside it.
    pub fn link(&mut self, id: u128) -> Option<u128> {
        let from = Anchor::of(id);
        if !self.has_notes() {
            return None;
        }
        let to = *self.anchor.get_or_insert(from);
        (to != from).then(|| from.link(to))
    }

    /// The entries to write in an hour in which ids of the request lie.
    pub fn entries(&self, hour: u32) -> impl Iterator<Item = u128> {
        let elsewhere = self.elsewhere.iter().copied();
        let standing = self.standing.iter().filter(move |counted| !counted.hours.contains(&hour));
        let standing = standing.map(|counted| counted.note.beside(counted.anchor, counted.standing));
        let new = self
            .anchor
            .into_iter()
            .flat_map(|anchor| self.new.iter().map(move |(note, standing)| note.beside(anchor, *standing)));
        elsewhere.chain(standing).chain(new)
    }

    /// Adds the notes of a copy that counts now, if it can have any.
    fn note(&mut self, notes: &[Note], standing: Standing, fit: bool) {
        if fit {
            self.new.extend(notes.iter().map(|note| (*note, standing)));
        }
    }

    /// Keeps a count. Its note goes where the request's notes lie; if it can't have any it stands for good.
    fn keep(&mut self, counted: &Counted, fits: bool) {
        if fits && self.anchor == Some(counted.anchor) {
            self.standing.push(counted.clone());
            return;
        }
        self.forget(counted);
        if fits {
            self.new.push((counted.note, counted.standing));
        }
    }

    /// Lets a note stand no more where it lies.
    fn forget(&mut self, counted: &Counted) {
        self.elsewhere.push(counted.note.beside(counted.anchor, Standing::TakenBack));
    }
}

/// A count that may stand: it did before, or a copy in the batch asks for it.
struct Candidate {
    part: Part,
    standing: Standing,
    /// Whether it tells which service forwarded the call.
    has_service: bool,
    of: Source,
}

enum Source {
    /// Notes of one count: several if it is of several keys.
    Counted(Vec<Counted>),
    /// A copy, and what it counts as.
    Copy(Row, Notes),
}

impl Candidate {
    /// Whether it is counted already, as these notes.
    fn is_of(&self, notes: &[Note]) -> bool {
        matches!(&self.of, Source::Counted(counts) if counts.iter().any(|counted| notes.contains(&counted.note)))
    }
}

impl Admitted {
    /// Settles a request: its copies in the batch, the most telling first, what the ledger knows of it, and the notes
    /// that it has.
    pub(super) fn settle(
        &mut self,
        copies: &[Row],
        known: Option<Mark>,
        remembered: Remembered,
        profiles: &Profiles,
    ) -> Settled {
        self.duplicates += copies.len() as u64 - u64::from(known.is_none());
        let best = copies[0];
        let is_provisional = known == Some(Mark::PROVISIONAL);
        if is_provisional && remembered.counts.is_empty() {
            // Stores of before format 4 had such notes elsewhere: what was counted stands for good.
            return Settled::with(Mark::PROVISIONAL);
        }
        let was_final = if is_provisional { remembered.is_settled() } else { known.is_some() };
        if was_final || best.is_final() {
            let mut settled = Settled::with(Mark::FINAL);
            for counted in &remembered.counts {
                self.take_back(counted, &mut settled);
            }
            if !was_final {
                self.count(best, known.is_none());
            }
            return settled;
        }
        self.count_provisionally(copies, known.is_none(), remembered, profiles)
    }

    /// Counts a copy: as a request, or for what it tells better than one that was counted as the request.
    fn count(&mut self, row: Row, is_first: bool) {
        if is_first { self.rows.push(row) } else { self.mended.push(row) }
    }

    fn take_back(&mut self, counted: &Counted, settled: &mut Settled) {
        if counted.standing != Standing::TakenBack {
            self.taken_back.push(counted.note);
            settled.forget(counted);
        }
    }

    /// Counts copies none of which tells all, beside what stands. All keys are worth more than one of a ReEncrypt's
    /// two, each of which counts once, and these more than none; of equal ones the better told caller.
    fn count_provisionally(
        &mut self,
        copies: &[Row],
        mut is_first: bool,
        remembered: Remembered,
        profiles: &Profiles,
    ) -> Settled {
        let told: SmallVec<[(Row, Notes); 1]> = copies.iter().map(|row| (*row, profiles.notes(row))).collect();
        // With numbers that are too large for notes all counts for good.
        let fits = told.iter().all(|(_, notes)| notes.iter().all(Note::fits));
        let mut settled = Settled::with(if fits { Mark::PROVISIONAL } else { Mark::FINAL });
        if let ([(row, notes)], true) = (&told[..], is_first) {
            // Most come alone, and nothing stands that they would have to be weighed against.
            self.count(*row, true);
            settled.note(notes, Standing::of(row), fits);
            return settled;
        }
        if let Some(anchor) = remembered.anchors.iter().copied().min().filter(|_| fits) {
            let others = remembered.anchors.iter().filter(|other| **other != anchor);
            settled.elsewhere.extend(others.map(|other| other.link(anchor)));
            settled.anchor = Some(anchor);
        }
        let mut candidates = standing(remembered.counts, profiles);
        for (row, notes) in told {
            if !candidates.iter().any(|known| known.is_of(&notes)) {
                let (part, standing) = (profiles.part(row.profile), Standing::of(&row));
                let has_service = CallerDetail::from_bits(row.caller_detail).service;
                candidates.push(Candidate { part, standing, has_service, of: Source::Copy(row, notes) });
            }
        }
        // Among equals what stands comes first, then the copy that tells most.
        let worth = |of: &Candidate| (of.standing, of.has_service);
        candidates.sort_by(|a, b| (&b.part, worth(b)).cmp(&(&a.part, worth(a))));
        let mut last: Option<Part> = None;
        for Candidate { part, standing, of, .. } in candidates {
            let counts = last.as_ref().is_none_or(|last| last.is_beside(&part));
            match of {
                Source::Counted(kept) if counts => kept.iter().for_each(|counted| settled.keep(counted, fits)),
                Source::Counted(replaced) => {
                    replaced.iter().for_each(|counted| self.take_back(counted, &mut settled));
                }
                Source::Copy(row, notes) if counts => {
                    self.count(row, std::mem::take(&mut is_first));
                    settled.note(&notes, standing, fits);
                }
                Source::Copy(..) => {}
            }
            if counts {
                last = Some(part);
            }
        }
        settled
    }
}

/// The counts that stand, one each.
fn standing(mut counts: Vec<Counted>, profiles: &Profiles) -> Vec<Candidate> {
    let of_one = |counted: &Counted| (counted.anchor, counted.note.second, counted.note.outcome, counted.note.caller);
    counts.retain(|counted| counted.standing != Standing::TakenBack);
    counts.sort_by_key(|counted| (of_one(counted), counted.note.series));
    let mut candidates: Vec<Candidate> = Vec::new();
    for counted in counts {
        let (part, standing) = (profiles.part_of_series(counted.note.series), counted.standing);
        if let Some(Candidate { part: last, of: Source::Counted(several), .. }) = candidates.last_mut()
            && *last == part
            && several.last().is_some_and(|other| of_one(other) == of_one(&counted))
        {
            several.push(counted);
            continue;
        }
        let has_service = profiles.has_service(counted.note.caller);
        candidates.push(Candidate { part, standing, has_service, of: Source::Counted(vec![counted]) });
    }
    candidates
}
