//! One sorted run of ids in a ledger file.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::filter::Filter;
use super::{FENCE_EVERY, ID_BYTES, MAGIC, MAGIC_WITHOUT_FILTERS, hash_of, upper_of};

/// A run: so many ids from a place in a file on.
#[derive(Clone, Debug)]
pub(in crate::store) struct Run {
    pub file: Arc<LedgerFile>,
    /// The place of the first id, in bytes.
    pub start: u64,
    pub ids: u64,
}

/// A ledger file, open for reading.
#[derive(Debug)]
pub(in crate::store) struct LedgerFile {
    file: File,
    bytes: u64,
    /// Whether a filter lies before each run's ids.
    has_filters: bool,
}

impl LedgerFile {
    /// Opens a ledger file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact_at(&mut magic, 0)?;
        let has_filters = match &magic {
            MAGIC => true,
            MAGIC_WITHOUT_FILTERS => false,
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "it doesn't begin as a ledger file does")),
        };
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes, has_filters })
    }
}

/// Bytes read at a time when a run is read through.
const BUFFER_BYTES: usize = 64 * 1024;

/// How many times more ids a run must have than are looked for, until searching in blocks beats walking through all of
/// them: a step of the walk is a branch that can't be foreseen.
const SPARSE: u64 = 4;

/// How many of a filter's words may be read for each hash that is looked for: with about twice as many, searching in
/// blocks reads less.
const FILTER_WORDS_A_LOOKUP: u64 = 256;

impl Run {
    /// Whether the file reaches to the run's end.
    pub fn is_whole(&self) -> bool {
        let ids = self.ids.checked_mul(ID_BYTES as u64);
        let end =
            ids.and_then(|ids| self.start.checked_add(ids)?.checked_add(self.ids.div_ceil(FENCE_EVERY as u64) * 8));
        end.is_some_and(|end| end <= self.file.bytes)
    }

    /// Reads the run from its first id on.
    pub fn reader(&self) -> Reader<'_> {
        Reader { run: self, next: 0, buffer: Vec::new(), at: 0 }
    }

    /// Looks for sorted hashes; `each` gets the place of a known one and the id it is known as.
    pub fn find(&self, hashes: &[u128], each: &mut impl FnMut(usize, u128)) -> io::Result<()> {
        let Some(filter) = self.filter(hashes.len())? else { return self.search(hashes, each) };
        let places = filter.passed_by(hashes)?;
        let passed: Vec<u128> = places.iter().map(|place| hashes[*place as usize]).collect();
        self.search(&passed, &mut |at, id| each(places[at] as usize, id))
    }

    /// The run's filter, if it has one and so many look-ups are worth reading it.
    fn filter(&self, lookups: usize) -> io::Result<Option<Filter<'_>>> {
        if !self.file.has_filters {
            return Ok(None);
        }
        let filter = Filter::before(&self.file.file, self.start, self.ids)?;
        Ok((filter.words() / FILTER_WORDS_A_LOOKUP <= lookups as u64).then_some(filter))
    }

    fn search(&self, hashes: &[u128], each: &mut impl FnMut(usize, u128)) -> io::Result<()> {
        if hashes.is_empty() {
            return Ok(());
        }
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
                // Upper halves are compared in one step, and hardly ever equal by chance.
                let (known_upper, upper) = (upper_of(id), upper_of(hash));
                if known_upper == upper {
                    let known = hash_of(id);
                    if known == hash {
                        each(place, id);
                    }
                    at += usize::from(known <= hash);
                    place += usize::from(known >= hash);
                } else {
                    // Which of the two is smaller can't be foreseen: it is added up and not branched on.
                    at += usize::from(known_upper < upper);
                    place += usize::from(known_upper > upper);
                }
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
            let top = upper_of(hash);
            while after < blocks && first_of(after) < top {
                after += 1;
            }
            // The last block that begins below, then those that begin with the same upper half: an equal id may begin a
            // block, or end the one before.
            for block in after.saturating_sub(1)..blocks {
                if block >= after && first_of(block) > top {
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
                let upper_at = |id: &[u8; ID_BYTES]| upper_of(u128::from_le_bytes(*id));
                let from = ids.partition_point(|id| upper_at(id) < upper);
                let same = ids[from..].iter().take_while(|id| upper_at(id) == upper);
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
        self.file.file.read_exact_at(&mut fence, self.start + self.ids * ID_BYTES as u64)?;
        Ok(fence)
    }
}

/// The id of a hash in a block whose ids have upper halves in a range. Hashes are spread evenly, so the place is about
/// known, and the way from there to it is short.
fn find_in_block(ids: &[[u8; ID_BYTES]], hash: u128, upper: Range<u64>) -> Option<u128> {
    let share = upper_of(hash).saturating_sub(upper.start) as f64 / upper.end.saturating_sub(upper.start).max(1) as f64;
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
            self.run.file.file.read_exact_at(&mut self.bytes, self.run.start + (start * ID_BYTES) as u64)?;
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
            self.run.file.file.read_exact_at(&mut self.buffer, self.run.start + self.next * ID_BYTES as u64)?;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::RunWriter;
    use super::*;

    /// A run of these ids in a passing file.
    fn run_of(ids: &BTreeMap<u128, u8>) -> (tempfile::TempDir, Run) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids");
        let mut out = RunWriter::create(&path).unwrap();
        out.begin_run(ids.len() as u64).unwrap();
        for (hash, telling) in ids {
            out.push_all(&[hash | u128::from(*telling)]).unwrap();
        }
        let (start, count) = out.end_run().unwrap();
        out.finish().unwrap();
        (folder, Run { file: Arc::new(LedgerFile::open(&path).unwrap()), start, ids: count })
    }

    /// The same run as a file of before format 5 has it.
    fn without_filter(folder: &tempfile::TempDir, run: &Run) -> Run {
        let mut bytes = MAGIC_WITHOUT_FILTERS.to_vec();
        let mut ids = vec![0; run.ids as usize * ID_BYTES];
        run.file.file.read_exact_at(&mut ids, run.start).unwrap();
        bytes.extend(ids);
        bytes.extend(run.fence().unwrap());
        let path = folder.path().join("without");
        std::fs::write(&path, bytes).unwrap();
        Run { file: Arc::new(LedgerFile::open(&path).unwrap()), start: MAGIC.len() as u64, ids: run.ids }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Few upper halves, so that equal ones lie side by side in several blocks.
        #[test]
        fn walking_and_searching_in_blocks_find_what_a_map_has_with_a_filter_and_without(
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
            let (folder, run) = run_of(&known);
            let mut in_blocks = Vec::new();
            run.find_in_blocks(&wanted, &mut |place, id| in_blocks.push((place, id))).unwrap();
            prop_assert_eq!(&in_blocks, &expect);
            for run in [&run, &without_filter(&folder, &run)] {
                let mut found = Vec::new();
                run.find(&wanted, &mut |place, id| found.push((place, id))).unwrap();
                prop_assert_eq!(&found, &expect);
            }
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
