//! Where strings and brackets are: one pass over a document's bytes that makes every later step a look-up.
//!
//! Three masks are kept, a bit a byte: quotes that open or close a string, and brackets that open and close outside
//! strings. The end of a string is then the next quote bit, the end of an object a count of bracket bits, whatever text
//! lies between. The method is that of simdjson's first stage (Langdale and Lemire, *Parsing gigabytes of JSON per
//! second*, 2019): escapes by carried addition, strings by a prefix xor.
//!
//! A mask is read from any byte of it on, so that a window begins where the reader is: equal texts then take equal
//! steps wherever they lie, which is what a processor's branch prediction learns.

mod fill;

/// Bytes a block: a word of each mask.
const BLOCK: usize = 64;
/// Bytes of a mask a block.
const WORD: usize = BLOCK / 8;
/// Bits that a window of a mask has at least, wherever it begins.
const WINDOW: usize = BLOCK - 8;

/// A document's bytes with their masks.
pub(super) struct Indexed<'d, 'i> {
    bytes: &'d [u8],
    quotes: &'i [u8],
    opens: &'i [u8],
    closes: &'i [u8],
    escapes: bool,
}

/// The masks' memory, kept from document to document.
#[derive(Default)]
pub struct Index {
    quotes: Vec<u8>,
    opens: Vec<u8>,
    closes: Vec<u8>,
}

impl Index {
    /// Indexes `bytes`.
    pub(super) fn over<'d, 'i>(&'i mut self, bytes: &'d [u8]) -> Indexed<'d, 'i> {
        let filled = bytes.len().div_ceil(BLOCK) * WORD;
        // A word more, so that a window that begins in the last one is whole.
        let [quotes, opens, closes] = [&mut self.quotes, &mut self.opens, &mut self.closes].map(|mask| {
            if mask.len() < filled + WORD {
                mask.resize(filled + WORD, 0);
            }
            mask[filled..filled + WORD].fill(0);
            &mut mask[..filled + WORD]
        });
        let mut masks = fill::Masks {
            quotes: &mut quotes.as_chunks_mut().0[..filled / WORD],
            opens: &mut opens.as_chunks_mut().0[..filled / WORD],
            closes: &mut closes.as_chunks_mut().0[..filled / WORD],
        };
        let escapes = fill::fill(bytes, &mut masks);
        Indexed { bytes, quotes, opens, closes, escapes }
    }
}

/// The bits of a mask from `at` on; `None` past its end.
#[inline(always)]
fn window(mask: &[u8], at: usize) -> Option<u64> {
    let word = mask.get(at / 8..)?.first_chunk()?;
    Some(u64::from_le_bytes(*word) >> (at % 8))
}

impl<'d> Indexed<'d, '_> {
    /// The bytes.
    pub(super) fn bytes(&self) -> &'d [u8] {
        self.bytes
    }

    /// The byte at `at`, zero past the end.
    #[inline(always)]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Whether a string that begins at `from` has `LENGTH` bytes. That is less than asking where it ends: a reader that
    /// guesses right goes on from there without waiting for the answer.
    #[inline(always)]
    pub(super) fn is_quoted_for<const LENGTH: usize>(&self, from: usize) -> bool {
        const { assert!(LENGTH < WINDOW) };
        window(self.quotes, from).is_some_and(|quotes| quotes & ((2 << LENGTH) - 1) == 1 << LENGTH)
    }

    /// The position of the first quote at or after `from`.
    #[inline(always)]
    pub(super) fn next_quote(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let quotes = window(self.quotes, at)?;
            if quotes != 0 {
                return Some(at + quotes.trailing_zeros() as usize);
            }
            at += WINDOW;
        }
    }

    /// The position of the bracket that closes the one at `open`.
    #[inline]
    pub(super) fn matching_close(&self, open: usize) -> Option<usize> {
        self.enclosing_close(open + 1)
    }

    /// The position of the bracket that closes the object or list in which `from` lies, outside any string.
    #[inline]
    pub(super) fn enclosing_close(&self, from: usize) -> Option<usize> {
        let first = from / 8;
        let (opens, _) = self.opens.get(first..)?.as_chunks();
        let (closes, _) = self.closes.get(first..)?.as_chunks();
        let mut visible = u64::MAX << (from % 8);
        let mut depth = 1_u32;
        let mut at = first * 8;
        for (opens, closes) in opens.iter().zip(closes) {
            let (opens, closes) = (u64::from_le_bytes(*opens) & visible, u64::from_le_bytes(*closes) & visible);
            if closes.count_ones() >= depth
                && let Some(bit) = close_in_window(opens, closes, depth)
            {
                return Some(at + bit as usize);
            }
            depth = depth + opens.count_ones() - closes.count_ones();
            at += BLOCK;
            visible = u64::MAX;
        }
        None
    }

    /// Whether a backslash lies in the range.
    #[inline(always)]
    pub(super) fn has_escape(&self, from: usize, to: usize) -> bool {
        self.escapes && self.has_backslash(from, to)
    }

    #[cold]
    fn has_backslash(&self, from: usize, to: usize) -> bool {
        memchr::memchr(b'\\', &self.bytes[from..to]).is_some()
    }
}

/// The bit in this window at which `depth` falls to zero.
#[inline(always)]
fn close_in_window(opens: u64, closes: u64, depth: u32) -> Option<u32> {
    let mut rest = closes;
    let mut closed = 0;
    while rest != 0 {
        let bit = rest.trailing_zeros();
        closed += 1;
        let opened = (opens & ((1_u64 << bit) - 1)).count_ones();
        if depth + opened == closed {
            return Some(bit);
        }
        rest &= rest - 1;
    }
    None
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

    #[test]
    fn an_object_that_never_closes_has_no_end() {
        let mut index = Index::default();
        let indexed = index.over(br#"{"a":[1,2,"}"]"#);
        assert_eq!(indexed.matching_close(0), None);
        assert_eq!(indexed.matching_close(5), Some(13));
    }
}
