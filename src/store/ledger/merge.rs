//! Runs to one run.

use std::io;

use super::hash_of;
use super::run::{Reader, Run};
use super::write::RunWriter;
use crate::tally::Mark;

/// Ids that are taken from a source at a time.
const CHUNK: usize = 4096;

/// Sorted ids, a chunk at a time.
pub(in crate::store) struct Source<'s> {
    origin: Origin<'s>,
    chunk: Vec<u128>,
    /// How many of the chunk are taken.
    taken: usize,
}

/// Where a source's ids come from.
enum Origin<'s> {
    /// Memory: those that are left.
    New(&'s [u128]),
    /// A run on disk.
    Run(Reader<'s>),
    /// Two other sources.
    Two(Box<[Source<'s>; 2]>),
}

impl<'s> Source<'s> {
    /// Ids in memory.
    pub fn of_new(ids: &'s [u128]) -> Self {
        Self::of(Origin::New(ids))
    }

    /// A run on disk.
    pub fn of_run(run: &'s Run) -> Self {
        Self::of(Origin::Run(run.reader()))
    }

    fn of(origin: Origin<'s>) -> Self {
        Self { origin, chunk: Vec::new(), taken: 0 }
    }

    /// The ids of the chunk in hand that were not taken, of the next chunk if all were; none at the end.
    fn rest(&mut self) -> io::Result<&[u128]> {
        if self.taken == self.chunk.len() {
            self.chunk.clear();
            self.taken = 0;
            match &mut self.origin {
                Origin::New(left) => {
                    let (next, after) = left.split_at(CHUNK.min(left.len()));
                    self.chunk.extend_from_slice(next);
                    *left = after;
                }
                Origin::Run(reader) => reader.take(CHUNK, &mut self.chunk)?,
                Origin::Two(sources) => merge_two(sources, &mut self.chunk)?,
            }
        }
        Ok(&self.chunk[self.taken..])
    }
}

/// The next chunk of two sources' ids, in order.
fn merge_two([a, b]: &mut [Source<'_>; 2], chunk: &mut Vec<u128>) -> io::Result<()> {
    chunk.resize(CHUNK, 0);
    let mut filled = 0;
    while filled < CHUNK {
        let (left, right) = (a.rest()?, b.rest()?);
        let (mut from_left, mut from_right) = (0, 0);
        let room = CHUNK - filled;
        if left.is_empty() || right.is_empty() {
            let only = if left.is_empty() { right } else { left };
            let count = room.min(only.len());
            if count == 0 {
                break;
            }
            chunk[filled..filled + count].copy_from_slice(&only[..count]);
            filled += count;
            *(if left.is_empty() { &mut from_right } else { &mut from_left }) = count;
        } else {
            // So many steps use neither of them up.
            for place in &mut chunk[filled..filled + room.min(left.len()).min(right.len())] {
                let (l, r) = (left[from_left], right[from_right]);
                // Which of the two is smaller can't be foreseen: it is added up and not branched on.
                let is_left = l <= r;
                *place = if is_left { l } else { r };
                from_left += usize::from(is_left);
                from_right += usize::from(!is_left);
            }
            filled += from_left + from_right;
        }
        a.taken += from_left;
        b.taken += from_right;
    }
    chunk.truncate(filled);
    Ok(())
}

/// Writes the ids of all sources to one run, an id that several have once, with its latest mark. Smaller sources
/// come first: the first of them pass through as many merges as there are sources.
pub(in crate::store) fn merge(sources: Vec<Source<'_>>, out: &mut RunWriter) -> io::Result<()> {
    let all = sources.into_iter().reduce(|merged, next| Source::of(Origin::Two(Box::new([merged, next]))));
    let Some(mut all) = all else { return Ok(()) };
    // The last id so far, which the next may be a copy of.
    let mut last: Option<u128> = None;
    let mut distinct = Vec::with_capacity(CHUNK);
    loop {
        let chunk = all.rest()?;
        distinct.clear();
        distinct.extend(last);
        if chunk.is_empty() {
            return out.push_all(&distinct);
        }
        let copies = |pair: &[u128]| hash_of(pair[0]) == hash_of(pair[1]);
        if chunk.windows(2).any(copies) || last.is_some_and(|last| copies(&[last, chunk[0]])) {
            for &id in chunk {
                match distinct.last_mut() {
                    Some(before) if hash_of(*before) == hash_of(id) => *before = later(*before, id),
                    _ => distinct.push(id),
                }
            }
        } else {
            distinct.extend_from_slice(chunk);
        }
        last = distinct.pop();
        out.push_all(&distinct)?;
        all.taken = all.chunk.len();
    }
}

/// Of an id written twice the one with the later mark.
pub(in crate::store) fn later(a: u128, b: u128) -> u128 {
    Mark::of_id(a).later(Mark::of_id(b)).on(hash_of(a))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::LedgerFile;
    use super::*;

    /// A run that `write` writes to a passing file, and the folder that it passes with.
    fn run_by(write: impl FnOnce(&mut RunWriter), folder: &tempfile::TempDir, name: &str) -> Run {
        let path = folder.path().join(name);
        let mut out = RunWriter::create(&path).unwrap();
        write(&mut out);
        let (start, ids) = out.end_run().unwrap();
        out.finish().unwrap();
        Run { file: Arc::new(LedgerFile::open(&path).unwrap()), start, ids }
    }

    /// A run of these ids.
    fn run_of(ids: &[u128], folder: &tempfile::TempDir, name: &str) -> Run {
        let write = |out: &mut RunWriter| {
            out.begin_run(ids.len() as u64).unwrap();
            out.push_all(ids).unwrap();
        };
        run_by(write, folder, name)
    }

    /// Ids with their marks, many of them in several sources.
    fn ids() -> impl Strategy<Value = Vec<u128>> {
        prop::collection::btree_map(0..20_000_u128, 0..8_u128, 0..9_000)
            .prop_map(|ids| ids.into_iter().map(|(hash, mark)| hash << 3 | mark).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn a_merged_run_has_each_id_once_in_order_with_its_latest_mark(
            new in ids(),
            runs in prop::collection::vec(ids(), 0..4),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let on_disk: Vec<Run> =
                runs.iter().enumerate().map(|(number, ids)| run_of(ids, &folder, &format!("run-{number}"))).collect();
            let sources = [Source::of_new(&new)].into_iter().chain(on_disk.iter().map(Source::of_run)).collect();
            let ids_max = new.len() + runs.iter().map(Vec::len).sum::<usize>();
            let write = |out: &mut RunWriter| {
                out.begin_run(ids_max as u64).unwrap();
                merge(sources, out).unwrap();
            };
            let merged = run_by(write, &folder, "merged");

            // Provisional is the first mark, one whose lowest bit is set the next, any other the last.
            let rank = |id: &u128| match id & 7 {
                4 => 0,
                1 | 3 | 5 | 7 => 1,
                _ => 2,
            };
            let mut expect: BTreeMap<u128, Vec<u128>> = BTreeMap::new();
            for id in new.iter().chain(runs.iter().flatten()) {
                expect.entry(id >> 3).or_default().push(*id);
            }
            let (mut found, mut reader) = (Vec::new(), merged.reader());
            while found.len() < merged.ids as usize {
                reader.take(usize::MAX, &mut found).unwrap();
            }
            prop_assert_eq!(found.len(), expect.len());
            for (id, copies) in found.iter().zip(expect.values()) {
                prop_assert!(copies.contains(id));
                prop_assert_eq!(rank(id), copies.iter().map(rank).max().unwrap());
            }
        }
    }
}
