//! Runs to one run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use super::hash_of;
use super::run::{Reader, Run, RunWriter};
use crate::cloudtrail::Telling;

/// Where sorted ids come from.
pub(in crate::store) enum Source<'s> {
    /// Ids in memory.
    New(std::slice::Iter<'s, u128>),
    /// A run on disk.
    Run(Reader<'s>),
}

impl<'s> Source<'s> {
    pub fn of_run(run: &'s Run) -> Self {
        Source::Run(run.reader())
    }

    fn next(&mut self) -> io::Result<Option<u128>> {
        match self {
            Source::New(ids) => Ok(ids.next().copied()),
            Source::Run(reader) => reader.next(),
        }
    }
}

/// Writes the ids of all sources to one run, an id that several have once, with the fullest telling.
pub(in crate::store) fn merge(mut sources: Vec<Source<'_>>, out: &mut RunWriter) -> io::Result<()> {
    if let [only] = &mut sources[..] {
        let mut pending = only.next()?;
        while let Some(id) = pending {
            let mut fullest = id;
            pending = only.next()?;
            while let Some(next) = pending.filter(|next| hash_of(*next) == hash_of(id)) {
                fullest = fuller(fullest, next);
                pending = only.next()?;
            }
            out.push(fullest)?;
        }
        return Ok(());
    }
    let mut heads = BinaryHeap::with_capacity(sources.len());
    for (number, source) in sources.iter_mut().enumerate() {
        if let Some(id) = source.next()? {
            heads.push(Reverse((id, number)));
        }
    }
    let mut pending: Option<u128> = None;
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((id, number)) = *head;
        match sources[number].next()? {
            Some(next) => *head = Reverse((next, number)),
            None => {
                std::collections::binary_heap::PeekMut::pop(head);
            }
        }
        match pending {
            Some(before) if hash_of(before) == hash_of(id) => pending = Some(fuller(before, id)),
            Some(before) => {
                out.push(before)?;
                pending = Some(id);
            }
            None => pending = Some(id),
        }
    }
    pending.map_or(Ok(()), |id| out.push(id))
}

/// Of two ids of one request the one whose copy told more of the caller.
pub(in crate::store) fn fuller(a: u128, b: u128) -> u128 {
    let reduced = |id: u128| Telling::from_bits((id & crate::tally::TELLING_MASK) as u8).reduced;
    if reduced(a) && !reduced(b) { b } else { a }
}
