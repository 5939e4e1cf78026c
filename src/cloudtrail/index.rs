//! Where strings and brackets are: one pass over a document's bytes that makes every later step a look-up.
//!
//! Quotes that open or close a string are kept as a list of positions and as a mask, a bit a byte. The end of a string
//! is then the next quote of the list, and the end of an object a count of brackets outside strings, whatever text lies
//! between. The method is that of simdjson's first stage (Langdale and Lemire, *Parsing gigabytes of JSON per second*,
//! 2019): escapes by carried addition, strings by a prefix xor.
//!
//! A reader that counts the quotes it passes knows where the next strings lie before it has come there: a record whose
//! members are in the usual order is compared at many places at once.

mod close;
mod fill;
mod width;

use width::Width;

/// Bytes a block: a bit each in its masks.
const BLOCK: usize = 64;

/// What is known of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Block {
    /// The quotes that open or close a string.
    quotes: u64,
    /// How many quotes come before the block.
    quotes_before: u32,
}

/// A document's bytes with what is known of them.
#[derive(Clone, Copy)]
pub(super) struct Indexed<'d, 'i> {
    bytes: &'d [u8],
    quotes: &'i [u32],
    blocks: &'i [Block],
    escapes: bool,
    width: Width,
}

/// The index's memory, kept from document to document.
#[derive(Default)]
pub struct Index {
    /// Where the quotes are, in ascending order.
    quotes: Vec<u32>,
    blocks: Vec<Block>,
    width: Width,
}

impl Index {
    /// Indexes `bytes`, of which there are fewer than 2^32: [`super::unpack::Limits`] bounds a document far below.
    pub(super) fn over<'d, 'i>(&'i mut self, bytes: &'d [u8]) -> Indexed<'d, 'i> {
        assert!(u32::try_from(bytes.len()).is_ok(), "a document has fewer than 2^32 bytes");
        let count = bytes.len().div_ceil(BLOCK);
        if self.blocks.len() < count {
            self.blocks.resize(count, Block::default());
        }
        let blocks = &mut self.blocks[..count];
        let (escapes, quotes) = self.width.fill(bytes, blocks, &mut self.quotes);
        Indexed { bytes, quotes: &self.quotes[..quotes as usize], blocks, escapes, width: self.width }
    }
}

impl<'d> Indexed<'d, '_> {
    /// The bytes.
    #[inline(always)]
    pub(super) fn bytes(&self) -> &'d [u8] {
        self.bytes
    }

    /// The byte at `at`, zero past the end.
    #[inline(always)]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// How many quotes come before `at`.
    #[inline(always)]
    pub(super) fn quotes_before(&self, at: usize) -> u32 {
        let Some(block) = self.blocks.get(at / BLOCK) else { return self.quotes.len() as u32 };
        block.quotes_before + (block.quotes & ((1 << (at % BLOCK)) - 1)).count_ones()
    }

    /// The position of a quote by its number, from zero.
    #[inline(always)]
    pub(super) fn quote(&self, number: u32) -> Option<u32> {
        self.quotes.get(number as usize).copied()
    }

    /// The position of the bracket that closes the one at `open`.
    #[inline]
    pub(super) fn matching_close(&self, open: usize) -> Option<usize> {
        self.enclosing_close(open + 1)
    }

    /// The position of the bracket that closes the object or list in which `from` lies, outside any string.
    #[inline]
    pub(super) fn enclosing_close(&self, from: usize) -> Option<usize> {
        self.width.enclosing_close(self.bytes, self.blocks, from)
    }

    /// The positions of the next quotes from a number on.
    #[inline(always)]
    pub(super) fn quotes_from<const N: usize>(&self, number: u32) -> Option<&[u32; N]> {
        self.quotes.get(number as usize..)?.first_chunk()
    }

    /// Whether a backslash lies in the range, or there is no such range.
    #[inline(always)]
    pub(super) fn has_escape(&self, from: usize, to: usize) -> bool {
        self.escapes && self.has_backslash(from, to)
    }

    #[cold]
    fn has_backslash(&self, from: usize, to: usize) -> bool {
        self.bytes.get(from..to).is_none_or(|text| memchr::memchr(b'\\', text).is_some())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The closing bracket, found a byte at a time.
    fn matching_close_by_hand(bytes: &[u8], open: usize) -> Option<usize> {
        let (mut depth, mut in_string, mut escaped) = (0, false, false);
        for (at, &byte) in bytes.iter().enumerate().skip(open) {
            if in_string {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn json() -> impl Strategy<Value = String> {
        let text = r#"[a-z{}\[\]"\\ é]{0,40}"#.prop_map(|text| serde_json::to_string(&text).expect("text"));
        text.prop_recursive(6, 200, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(inner, 0..8).prop_map(|items| format!(
                    "{{{}}}",
                    items.iter().map(|i| format!("\"k\":{i}")).collect::<Vec<_>>().join(",")
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn closing_brackets_are_those_found_a_byte_at_a_time(text in json()) {
            let bytes = text.as_bytes();
            let mut index = Index::default();
            let indexed = index.over(bytes);
            if matches!(bytes[0], b'{' | b'[') {
                prop_assert_eq!(indexed.matching_close(0), matching_close_by_hand(bytes, 0));
                prop_assert_eq!(indexed.matching_close(0), Some(bytes.len() - 1));
            }
        }
    }

    /// The quotes that open or close a string, found a byte at a time.
    fn quotes_by_hand(bytes: &[u8]) -> Vec<u32> {
        let (mut quotes, mut escaped) = (Vec::new(), false);
        for (at, &byte) in bytes.iter().enumerate() {
            if byte == b'"' && !escaped {
                quotes.push(at as u32);
            }
            escaped = byte == b'\\' && !escaped;
        }
        quotes
    }

    proptest! {
        #[test]
        fn quotes_are_listed_and_counted_as_a_byte_at_a_time_finds_them(
            bytes in prop::collection::vec(prop::sample::select(&b"\"\"\"\"\\{a"[..]), 0..9000)
        ) {
            let by_hand = quotes_by_hand(&bytes);
            let mut index = Index::default();
            let indexed = index.over(&bytes);
            prop_assert_eq!(indexed.quotes, &by_hand);
            for at in (0..bytes.len() + 70).step_by(7) {
                let before = by_hand.iter().filter(|&&quote| (quote as usize) < at).count();
                prop_assert_eq!(indexed.quotes_before(at) as usize, before);
            }
        }
    }

    #[test]
    fn an_object_that_never_closes_has_no_end() {
        let mut index = Index::default();
        let indexed = index.over(br#"{"a":[1,2,"}"]"#);
        assert_eq!(indexed.matching_close(0), None);
        assert_eq!(indexed.matching_close(5), Some(13));
    }
}
