//! One sorted run of ids in a ledger file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::{FENCE_EVERY, ID_BYTES, MAGIC, hash_of};

/// A run: so many ids from a place in a file on.
#[derive(Clone, Debug)]
pub(in crate::store) struct Run {
    pub file: Arc<File>,
    /// The place of the first id, in bytes.
    pub start: u64,
    pub ids: u64,
}

/// Bytes read at a time when a run is read through.
const BUFFER_BYTES: usize = 64 * 1024;

/// How many times more ids a run must have than are looked for, until searching in blocks beats walking through all of
/// them: a step of the walk is a branch that can't be foreseen.
const SPARSE: u64 = 4;

impl Run {
    /// Reads the run from its first id on.
    pub fn reader(&self) -> Reader<'_> {
        Reader { run: self, next: 0, buffer: Vec::new(), at: 0 }
    }

    /// Looks for sorted hashes; `each` gets the place of a known one and the id it is known as.
    pub fn find(&self, hashes: &[u128], each: &mut impl FnMut(usize, u128)) -> io::Result<()> {
        if self.ids / SPARSE > hashes.len() as u64 {
            return self.find_in_blocks(hashes, each);
        }
        let mut reader = self.reader();
        let mut place = 0;
        while place < hashes.len() && reader.fill()? {
            let ids = reader.rest();
            let mut at = 0;
            while let (Some(id), Some(&hash)) = (ids.get(at), hashes.get(place)) {
                let id = u128::from_le_bytes(*id);
                let known = hash_of(id);
                if known == hash {
                    each(place, id);
                }
                // Which of the two is smaller can't be foreseen: it is added up and not branched on.
                at += usize::from(known <= hash);
                place += usize::from(known >= hash);
            }
            reader.at += at * ID_BYTES;
        }
        Ok(())
    }

    fn find_in_blocks(&self, hashes: &[u128], each: &mut impl FnMut(usize, u128)) -> io::Result<()> {
        let fence = self.fence()?;
        let (fence, _) = fence.as_chunks::<8>();
        let blocks = fence.len();
        let first_of = |block: usize| u64::from_le_bytes(fence[block]);
        let mut window = self.window(hashes.len());
        let mut after = 0;
        for (place, &hash) in hashes.iter().enumerate() {
            let top = (hash >> 64) as u64;
            while after < blocks && first_of(after) < top {
                after += 1;
            }
            // The last block that begins below, then those that begin with the same upper half: an equal id may begin a
            // block, or end the one before.
            for block in after.saturating_sub(1)..blocks {
                if block > after && first_of(block) > top {
                    break;
                }
                let end = fence.get(block + 1).map_or(u64::MAX, |_| first_of(block + 1));
                let ids = window.ids_of(block)?;
                if let Some(id) = find_in_block(ids, hash, first_of(block)..end) {
                    each(place, id);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Looks for all ids that have one of few sorted upper halves; `each` gets the place of the half and the id.
    pub fn find_by_upper(&self, uppers: &[u64], each: &mut impl FnMut(usize, u128)) -> io::Result<()> {
        let fence = self.fence()?;
        let (fence, _) = fence.as_chunks::<8>();
        let mut window = self.window(uppers.len());
        for (place, &upper) in uppers.iter().enumerate() {
            // The last block that begins below, then those that begin with it.
            let after = fence.partition_point(|first| u64::from_le_bytes(*first) < upper);
            for (block, first) in fence.iter().enumerate().skip(after.saturating_sub(1)) {
                if block >= after && u64::from_le_bytes(*first) > upper {
                    break;
                }
                let ids = window.ids_of(block)?;
                let upper_of = |id: &[u8; ID_BYTES]| (u128::from_le_bytes(*id) >> 64) as u64;
                let from = ids.partition_point(|id| upper_of(id) < upper);
                let same = ids[from..].iter().take_while(|id| upper_of(id) == upper);
                same.for_each(|id| each(place, u128::from_le_bytes(*id)));
            }
        }
        Ok(())
    }

    /// A window for so many look-ups in order: where most blocks will be needed, several are read at once.
    fn window(&self, lookups: usize) -> Window<'_> {
        let is_dense = self.ids < (lookups * FENCE_EVERY) as u64;
        Window { run: self, first: 0, bytes: Vec::new(), blocks: if is_dense { 16 } else { 1 } }
    }

    /// The upper halves of the first id of each block, as they lie in the file.
    fn fence(&self) -> io::Result<Vec<u8>> {
        let mut fence = vec![0; self.ids.div_ceil(FENCE_EVERY as u64) as usize * 8];
        self.file.read_exact_at(&mut fence, self.start + self.ids * ID_BYTES as u64)?;
        Ok(fence)
    }
}

/// The id of a hash in a block whose ids have upper halves in a range. Hashes are spread evenly, so the place is about
/// known, and the way from there to it is short.
fn find_in_block(ids: &[[u8; ID_BYTES]], hash: u128, upper: Range<u64>) -> Option<u128> {
    let share = ((hash >> 64) as u64).saturating_sub(upper.start) as f64 / (upper.end - upper.start).max(1) as f64;
    let id_at = |at: usize| u128::from_le_bytes(ids[at]);
    let mut at = ((share * ids.len() as f64) as usize).min(ids.len() - 1);
    while at > 0 && hash_of(id_at(at)) > hash {
        at -= 1;
    }
    while at + 1 < ids.len() && hash_of(id_at(at)) < hash {
        at += 1;
    }
    Some(id_at(at)).filter(|id| hash_of(*id) == hash)
}

/// Some neighbouring blocks of a run.
struct Window<'r> {
    run: &'r Run,
    first: usize,
    bytes: Vec<u8>,
    blocks: usize,
}

impl Window<'_> {
    /// The ids of a block, read with those that follow it if they are not here.
    fn ids_of(&mut self, block: usize) -> io::Result<&[[u8; ID_BYTES]]> {
        const BLOCK_BYTES: usize = FENCE_EVERY * ID_BYTES;
        let here = self.bytes.len().div_ceil(BLOCK_BYTES);
        if block < self.first || block >= self.first + here {
            let start = block * FENCE_EVERY;
            let ids = (FENCE_EVERY * self.blocks).min(self.run.ids as usize - start);
            self.bytes.resize(ids * ID_BYTES, 0);
            self.run.file.read_exact_at(&mut self.bytes, self.run.start + (start * ID_BYTES) as u64)?;
            self.first = block;
        }
        let start = (block - self.first) * BLOCK_BYTES;
        let end = (start + BLOCK_BYTES).min(self.bytes.len());
        Ok(self.bytes[start..end].as_chunks().0)
    }
}

/// Reads a run in order.
pub(in crate::store) struct Reader<'r> {
    run: &'r Run,
    /// The number of the first id that is not in the buffer.
    next: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Reader<'_> {
    /// Reads on if the buffer is used up; whether ids are in it.
    #[inline]
    fn fill(&mut self) -> io::Result<bool> {
        if self.at == self.buffer.len() {
            let left = (self.run.ids - self.next).min((BUFFER_BYTES / ID_BYTES) as u64);
            if left == 0 {
                return Ok(false);
            }
            self.buffer.resize(left as usize * ID_BYTES, 0);
            self.run.file.read_exact_at(&mut self.buffer, self.run.start + self.next * ID_BYTES as u64)?;
            self.next += left;
            self.at = 0;
        }
        Ok(true)
    }

    /// The ids in the buffer that were not taken.
    fn rest(&self) -> &[[u8; ID_BYTES]] {
        self.buffer[self.at..].as_chunks().0
    }

    /// Adds the next ids to `ids`, so many at most; none at the run's end.
    pub fn take(&mut self, ids_max: usize, ids: &mut Vec<u128>) -> io::Result<()> {
        self.fill()?;
        let rest = self.rest();
        let count = ids_max.min(rest.len());
        ids.extend(rest[..count].iter().map(|id| u128::from_le_bytes(*id)));
        self.at += count * ID_BYTES;
        Ok(())
    }
}

/// Writes the runs of one file.
pub(in crate::store) struct RunWriter {
    out: BufWriter<File>,
    written: u64,
    start: u64,
    ids: u64,
    fence: Vec<u8>,
    /// The ids at hand as they are written.
    bytes: Vec<u8>,
}

impl RunWriter {
    /// Begins a file, replacing litter of that name.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).truncate(true).write(true).read(true).open(path)?;
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
        out.write_all(MAGIC)?;
        Ok(Self {
            out,
            written: MAGIC.len() as u64,
            start: MAGIC.len() as u64,
            ids: 0,
            fence: Vec::new(),
            bytes: Vec::new(),
        })
    }

    /// Adds ids to the run; they come in ascending order.
    pub fn push_all(&mut self, ids: &[u128]) -> io::Result<()> {
        let to_fence = (FENCE_EVERY - self.ids as usize % FENCE_EVERY) % FENCE_EVERY;
        for id in ids.iter().skip(to_fence).step_by(FENCE_EVERY) {
            self.fence.extend_from_slice(&((id >> 64) as u64).to_le_bytes());
        }
        self.ids += ids.len() as u64;
        self.bytes.resize(ids.len() * ID_BYTES, 0);
        for (place, id) in self.bytes.as_chunks_mut().0.iter_mut().zip(ids) {
            *place = id.to_le_bytes();
        }
        self.out.write_all(&self.bytes)
    }

    /// Ends the run: its place in bytes and its number of ids.
    pub fn end_run(&mut self) -> io::Result<(u64, u64)> {
        self.out.write_all(&self.fence)?;
        self.written += self.ids * ID_BYTES as u64 + self.fence.len() as u64;
        self.fence.clear();
        let ended = (self.start, std::mem::take(&mut self.ids));
        self.start = self.written;
        Ok(ended)
    }

    /// Ends the file, on disk for good; its handle and its length.
    pub fn finish(self) -> io::Result<(File, u64)> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok((file, self.written))
    }
}

/// Opens a ledger file for reading.
pub(in crate::store) fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    let mut magic = [0; MAGIC.len()];
    file.read_exact_at(&mut magic, 0)?;
    if &magic != MAGIC {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no ledger file of this version"));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// A run of these ids in a passing file.
    fn run_of(ids: &BTreeMap<u128, u8>) -> (tempfile::TempDir, Run) {
        let folder = tempfile::tempdir().unwrap();
        let mut out = RunWriter::create(&folder.path().join("ids")).unwrap();
        for (hash, telling) in ids {
            out.push_all(&[hash | u128::from(*telling)]).unwrap();
        }
        let (start, count) = out.end_run().unwrap();
        let file = Arc::new(out.finish().unwrap().0);
        (folder, Run { file, start, ids: count })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Few upper halves, so that equal ones lie side by side in several blocks.
        #[test]
        fn walking_and_searching_in_blocks_find_what_a_map_has(
            known in prop::collection::btree_map((0..40_u128, 0..600_u128), 0..8_u8, 1..4000),
            wanted in prop::collection::btree_set((0..41_u128, 0..600_u128), 1..300),
        ) {
            let id = |(high, low): &(u128, u128)| high << 64 | low << 3;
            let known: BTreeMap<u128, u8> = known.iter().map(|(parts, telling)| (id(parts), *telling)).collect();
            let wanted: Vec<u128> = wanted.iter().map(id).collect();
            let expect: Vec<(usize, u128)> = wanted
                .iter()
                .enumerate()
                .filter_map(|(place, hash)| known.get(hash).map(|telling| (place, hash | u128::from(*telling))))
                .collect();
            let (_folder, run) = run_of(&known);
            let mut in_blocks = Vec::new();
            run.find_in_blocks(&wanted, &mut |place, id| in_blocks.push((place, id))).unwrap();
            prop_assert_eq!(&in_blocks, &expect);
            let mut found = Vec::new();
            run.find(&wanted, &mut |place, id| found.push((place, id))).unwrap();
            prop_assert_eq!(&found, &expect);
        }

        #[test]
        fn all_ids_of_an_upper_half_are_found(
            known in prop::collection::btree_map((0..40_u128, 0..600_u128), 0..8_u8, 1..4000),
            wanted in prop::collection::btree_set(0..42_u64, 1..20),
        ) {
            let id = |(high, low): &(u128, u128)| high << 64 | low << 3;
            let known: BTreeMap<u128, u8> = known.iter().map(|(parts, mark)| (id(parts), *mark)).collect();
            let wanted: Vec<u64> = wanted.into_iter().collect();
            let (_folder, run) = run_of(&known);
            let mut found = Vec::new();
            run.find_by_upper(&wanted, &mut |place, id| found.push((wanted[place], id))).unwrap();
            let of_half = |(hash, mark): (&u128, &u8)| ((hash >> 64) as u64, hash | u128::from(*mark));
            let all = known.iter().map(of_half).filter(|(upper, _)| wanted.contains(upper));
            prop_assert_eq!(found, all.collect::<Vec<_>>());
        }
    }
}
