//! Which hashes a run may hold: a Bloom filter in which a hash's bits lie in one word (Putze, Sanders and Singler:
//! *Cache-, Hash- and Space-Efficient Bloom Filters*, ACM Journal of Experimental Algorithmics 14, 2009).
//!
//! The upper half of a hash tells its word, so sorted hashes go through a filter from its first word to its last, when
//! it is made and when it is asked, and no more than a chunk of it is in memory. Of the hashes that a run lacks about
//! one in five hundred passes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::{MAGIC, upper_of};

/// Bytes of a word, and of the number of words, which lies between a filter and its run.
pub(super) const WORD_BYTES: usize = 8;
pub(super) const HEADER_BYTES: usize = 8;

/// Ids a word, if there are as many as there may be.
const IDS_A_WORD: u64 = 3;

/// Words that are read or written at a time.
const CHUNK_WORDS: usize = 8192;

/// How many words the filter of a run of at most so many ids has.
pub(super) fn words_for(ids_max: u64) -> u64 {
    ids_max.div_ceil(IDS_A_WORD).max(1)
}

/// The word of a hash.
#[inline]
fn word_of(hash: u128, words: u64) -> u64 {
    ((u128::from(upper_of(hash)) * u128::from(words)) >> 64) as u64
}

/// A hash's five bits there, by its lower half.
#[inline]
fn bits_of(hash: u128) -> u64 {
    let lower = hash as u64;
    [8, 14, 20, 26, 32].into_iter().fold(0, |bits, shift| bits | 1 << (lower >> shift & 63))
}

/// Makes a filter, word by word, at a place in a file.
pub(super) struct FilterWriter {
    start: u64,
    words: u64,
    /// Words at hand, and the number of the first of them.
    chunk: Vec<u64>,
    first: u64,
}

impl FilterWriter {
    pub fn new(start: u64, words: u64) -> Self {
        Self { start, words, chunk: Vec::new(), first: 0 }
    }

    /// Adds hashes, or ids, whose marks make no difference; they come in ascending order.
    pub fn add(&mut self, hashes: &[u128], file: &File) -> io::Result<()> {
        for &hash in hashes {
            let word = word_of(hash, self.words);
            if word >= self.first + self.chunk.len() as u64 {
                self.write(file)?;
                self.first = word;
                self.chunk.resize(CHUNK_WORDS.min((self.words - word) as usize), 0);
            }
            self.chunk[(word - self.first) as usize] |= bits_of(hash);
        }
        Ok(())
    }

    /// Writes the words at hand. Those between that no id belongs to are never written: a file reads as zero there.
    pub fn write(&mut self, file: &File) -> io::Result<()> {
        let bytes: Vec<u8> = self.chunk.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.chunk.clear();
        file.write_all_at(&bytes, self.start + self.first * WORD_BYTES as u64)
    }
}

/// A filter in a file.
pub(super) struct Filter<'f> {
    file: &'f File,
    start: u64,
    words: u64,
}

impl<'f> Filter<'f> {
    /// The filter of the run of so many ids whose first one is at `run_start`.
    pub fn before(file: &'f File, run_start: u64, ids: u64) -> io::Result<Self> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a run's filter is shorter or longer than it was");
        let header = run_start.checked_sub(HEADER_BYTES as u64).ok_or_else(damaged)?;
        let mut words = [0; HEADER_BYTES];
        file.read_exact_at(&mut words, header)?;
        let words = u64::from_le_bytes(words);
        let start = words.checked_mul(WORD_BYTES as u64).and_then(|bytes| header.checked_sub(bytes));
        // It was made for these ids at least, and lies behind the file's first bytes.
        let is_possible = |start: &u64| words >= words_for(ids) && *start >= MAGIC.len() as u64;
        let start = start.filter(is_possible).ok_or_else(damaged)?;
        Ok(Self { file, start, words })
    }

    /// Its length.
    pub fn words(&self) -> u64 {
        self.words
    }

    /// The places of those of sorted hashes that the run may hold: all that it holds, and few others.
    pub fn passed_by(&self, hashes: &[u128]) -> io::Result<Vec<u32>> {
        let mut places = vec![0; hashes.len()];
        let (mut passed, mut place) = (0, 0);
        let mut bytes = Vec::new();
        while let Some(&next) = hashes.get(place) {
            let first = word_of(next, self.words);
            let chunk = CHUNK_WORDS.min((self.words - first) as usize);
            bytes.resize(chunk * WORD_BYTES, 0);
            self.file.read_exact_at(&mut bytes, self.start + first * WORD_BYTES as u64)?;
            let (chunk, _) = bytes.as_chunks::<WORD_BYTES>();
            while let Some(&hash) = hashes.get(place) {
                let Some(word) = chunk.get((word_of(hash, self.words) - first) as usize) else { break };
                let bits = bits_of(hash);
                // Whether it passes can't be foreseen where ids are known: it is added up and not branched on.
                places[passed] = place as u32;
                passed += usize::from(u64::from_le_bytes(*word) & bits == bits);
                place += 1;
            }
        }
        places.truncate(passed);
        Ok(places)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Asks a filter of some ids for hashes.
    fn passed(ids: &[u128], ids_max: u64, hashes: &[u128]) -> Vec<u32> {
        let file = tempfile::tempfile().unwrap();
        let words = words_for(ids_max);
        let mut filter = FilterWriter::new(16, words);
        filter.add(ids, &file).unwrap();
        filter.write(&file).unwrap();
        let header = 16 + words * WORD_BYTES as u64;
        file.write_all_at(&words.to_le_bytes(), header).unwrap();
        Filter::before(&file, header + HEADER_BYTES as u64, ids.len() as u64).unwrap().passed_by(hashes).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn every_id_passes_its_filter(
            ids in prop::collection::btree_set(any::<u128>(), 0..3000),
            others in prop::collection::btree_set(any::<u128>(), 0..300),
            unused in 0..200_000_u64,
        ) {
            let all: Vec<u128> = ids.union(&others).copied().collect();
            let places = passed(&ids.iter().copied().collect::<Vec<_>>(), ids.len() as u64 + unused, &all);
            let passed: std::collections::BTreeSet<u128> = places.iter().map(|place| all[*place as usize]).collect();
            prop_assert!(passed.is_superset(&ids));
            prop_assert!(places.is_sorted());
        }
    }

    #[test]
    fn of_hashes_that_a_run_lacks_hardly_any_passes() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut some = || {
            let mut hashes: Vec<u128> = (0..200_000).map(|_| random.random()).collect();
            hashes.sort_unstable();
            hashes
        };
        let (ids, others) = (some(), some());
        let passed = passed(&ids, ids.len() as u64, &others);
        assert!(passed.len() < others.len() / 300, "{} of {}", passed.len(), others.len());
    }

    #[test]
    fn a_length_that_no_filter_has_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        // Behind sixteen bytes of magic there is room for ten words, and ten ids need four.
        for (words, is_possible) in [(0, false), (3, false), (4, true), (10, true), (11, false), (u64::MAX, false)] {
            file.write_all_at(&u64::to_le_bytes(words), 96).unwrap();
            let found = Filter::before(&file, 104, 10).map(|filter| filter.words()).map_err(|error| error.kind());
            assert_eq!(found, if is_possible { Ok(words) } else { Err(io::ErrorKind::InvalidData) });
        }
        assert!(Filter::before(&file, 4, 10).is_err());
    }
}
