//! Hashes of several texts together.

use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The hash of a set of texts, each of which has a place among the others. Each is hashed where it lies, by a function
/// of its place's own, and in no order, so that a processor works at several at once; to write them into one text first
/// takes longer than to hash them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hash(pub u128);

impl Hash {
    /// Adds the text of a place. An empty one is one that is absent.
    #[inline(always)]
    pub(super) fn add(&mut self, place: u64, text: &[u8]) {
        if !text.is_empty() {
            self.0 = self.0.wrapping_add(xxh3_128_with_seed(text, place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(texts: &[(u64, &str)]) -> Hash {
        texts.iter().fold(Hash::default(), |mut hash, (place, text)| {
            hash.add(*place, text.as_bytes());
            hash
        })
    }

    #[test]
    fn the_place_of_a_text_counts_and_the_order_does_not() {
        assert_eq!(hash(&[(1, "a"), (2, "b")]), hash(&[(2, "b"), (1, "a")]));
        assert_ne!(hash(&[(1, "a"), (2, "b")]), hash(&[(1, "b"), (2, "a")]));
        assert_ne!(hash(&[(1, "ab")]), hash(&[(1, "a"), (2, "b")]));
        assert_eq!(hash(&[(1, "a"), (2, "")]), hash(&[(1, "a")]));
    }
}
