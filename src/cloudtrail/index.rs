//! Where strings and brackets are: one pass over a document's bytes that makes every later step a look-up.
//!
//! For each block of 64 bytes four masks are kept, a bit a byte: quotes that open or close a string, brackets that open
//! and close outside strings, and backslashes. The end of a string is then the next quote bit, the end of an object a
//! count of bracket bits, whatever text lies between. The method is that of simdjson's first stage (Langdale and
//! Lemire, *Parsing gigabytes of JSON per second*, 2019): escapes by carried addition, strings by a prefix xor.

/// Bytes a block.
const BLOCK: usize = 64;

/// The masks of one block.
#[derive(Clone, Copy, Default)]
struct Block {
    quotes: u64,
    opens: u64,
    closes: u64,
    backslashes: u64,
}

/// A document's bytes with their masks.
pub(super) struct Indexed<'d, 'i> {
    bytes: &'d [u8],
    blocks: &'i [Block],
    escapes: bool,
}

/// The masks' memory, kept from document to document.
#[derive(Default)]
pub struct Index {
    blocks: Vec<Block>,
}

impl Index {
    /// Indexes `bytes`.
    pub(super) fn over<'d, 'i>(&'i mut self, bytes: &'d [u8]) -> Indexed<'d, 'i> {
        self.blocks.clear();
        self.blocks.reserve(bytes.len().div_ceil(BLOCK));
        let escapes = fill(bytes, &mut self.blocks);
        Indexed { bytes, blocks: &self.blocks, escapes }
    }
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

    /// The position of the first quote at or after `from`.
    #[inline(always)]
    pub(super) fn next_quote(&self, from: usize) -> Option<usize> {
        let mut at = from / BLOCK;
        let mut mask = self.blocks.get(at)?.quotes & (u64::MAX << (from % BLOCK));
        while mask == 0 {
            at += 1;
            mask = self.blocks.get(at)?.quotes;
        }
        Some(at * BLOCK + mask.trailing_zeros() as usize)
    }

    /// The position of the bracket that closes the one at `open`.
    #[inline]
    pub(super) fn matching_close(&self, open: usize) -> Option<usize> {
        self.enclosing_close(open + 1)
    }

    /// The position of the bracket that closes the object or list in which `from` lies, outside any string.
    #[inline]
    pub(super) fn enclosing_close(&self, from: usize) -> Option<usize> {
        let mut at = from / BLOCK;
        let mut visible = u64::MAX << (from % BLOCK);
        let mut depth = 1_u32;
        loop {
            let block = self.blocks.get(at)?;
            let (opens, closes) = (block.opens & visible, block.closes & visible);
            if closes.count_ones() >= depth
                && let Some(bit) = close_in_block(opens, closes, depth)
            {
                return Some(at * BLOCK + bit as usize);
            }
            depth = depth + opens.count_ones() - closes.count_ones();
            at += 1;
            visible = u64::MAX;
        }
    }

    /// Whether a backslash lies in the range.
    #[inline(always)]
    pub(super) fn has_escape(&self, from: usize, to: usize) -> bool {
        self.escapes && self.bytes[from..to].contains(&b'\\')
    }
}

/// The bit in this block at which `depth` falls to zero.
#[inline(always)]
fn close_in_block(opens: u64, closes: u64, depth: u32) -> Option<u32> {
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

/// What one block hands to the next.
#[derive(Default)]
struct Carry {
    escaped: u64,
    in_string: u64,
}

impl Carry {
    /// The masks of a block from those of its raw characters. `prefix_xor` sets each bit to the parity of the bits at
    /// and below it.
    #[inline(always)]
    fn block(&mut self, raw: Raw, prefix_xor: impl Fn(u64) -> u64) -> Block {
        let quotes = raw.quotes & !self.escaped_by(raw.backslashes);
        let in_string = prefix_xor(quotes) ^ self.in_string;
        self.in_string = ((in_string as i64) >> 63) as u64;
        Block { quotes, opens: raw.opens & !in_string, closes: raw.closes & !in_string, backslashes: raw.backslashes }
    }

    /// The characters that follow an odd run of backslashes.
    #[inline(always)]
    fn escaped_by(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        if backslashes == 0 {
            return std::mem::take(&mut self.escaped);
        }
        let starts = backslashes & !self.escaped;
        let follows = (starts << 1) | self.escaped;
        let odd_starts = starts & !EVEN & !follows;
        let (sequences, carried) = odd_starts.overflowing_add(starts);
        self.escaped = u64::from(carried);
        (EVEN ^ (sequences << 1)) & follows
    }
}

/// Where a block's characters are, strings and escapes not yet considered.
#[derive(Clone, Copy)]
struct Raw {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

/// Fills `blocks`; whether any byte is a backslash.
#[cfg(target_arch = "x86_64")]
fn fill(bytes: &[u8], blocks: &mut Vec<Block>) -> bool {
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq") {
        #[allow(unsafe_code, reason = "the processor has both features: the line above asked it; worth 3 x (benches)")]
        unsafe {
            avx2::fill(bytes, blocks)
        }
    } else {
        portable::fill(bytes, blocks)
    }
}

#[cfg(not(target_arch = "x86_64"))]
use portable::fill;

/// Runs `block` over whole blocks and over the padded rest.
#[inline(always)]
fn for_each_block(bytes: &[u8], mut block: impl FnMut(&[u8; BLOCK])) {
    let (whole, rest) = bytes.as_chunks::<BLOCK>();
    for chunk in whole {
        block(chunk);
    }
    if !rest.is_empty() {
        let mut padded = [b' '; BLOCK];
        padded[..rest.len()].copy_from_slice(rest);
        block(&padded);
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setr_epi64x,
    };

    use super::{BLOCK, Block, Carry, Raw, for_each_block};

    #[target_feature(enable = "avx2,pclmulqdq")]
    pub(super) fn fill(bytes: &[u8], blocks: &mut Vec<Block>) -> bool {
        let ones = _mm_set1_epi8(-1);
        let mut carry = Carry::default();
        let mut escapes = 0;
        for_each_block(bytes, |chunk| {
            let block = carry.block(raw(chunk), |mask| {
                let parity = _mm_clmulepi64_si128(_mm_set_epi64x(0, mask.cast_signed()), ones, 0);
                _mm_cvtsi128_si64(parity).cast_unsigned()
            });
            escapes |= block.backslashes;
            blocks.push(block);
        });
        escapes != 0
    }

    #[target_feature(enable = "avx2,pclmulqdq")]
    fn raw(chunk: &[u8; BLOCK]) -> Raw {
        let (low, high) = (load(chunk, 0), load(chunk, 32));
        // Bit 5 is all that tells `[` from `{` and `]` from `}`.
        let fold = _mm256_set1_epi8(0x20);
        let (low_folded, high_folded) = (_mm256_or_si256(low, fold), _mm256_or_si256(high, fold));
        Raw {
            quotes: equal(low, high, b'"'),
            backslashes: equal(low, high, b'\\'),
            opens: equal(low_folded, high_folded, b'{'),
            closes: equal(low_folded, high_folded, b'}'),
        }
    }

    #[target_feature(enable = "avx2")]
    fn load(chunk: &[u8; BLOCK], at: usize) -> __m256i {
        let (words, _) = chunk[at..at + 32].as_chunks::<8>();
        let word = |i: usize| i64::from_le_bytes(words[i]);
        _mm256_setr_epi64x(word(0), word(1), word(2), word(3))
    }

    #[target_feature(enable = "avx2")]
    fn equal(low: __m256i, high: __m256i, byte: u8) -> u64 {
        let wanted = _mm256_set1_epi8(byte.cast_signed());
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)).cast_unsigned();
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)).cast_unsigned();
        u64::from(low) | (u64::from(high) << 32)
    }
}

mod portable {
    use super::{BLOCK, Block, Carry, Raw, for_each_block};

    pub(super) fn fill(bytes: &[u8], blocks: &mut Vec<Block>) -> bool {
        let mut carry = Carry::default();
        let mut escapes = 0;
        for_each_block(bytes, |chunk| {
            let block =
                carry.block(raw(chunk), |mask| (0..6).fold(mask, |parity, step| parity ^ (parity << (1_u32 << step))));
            escapes |= block.backslashes;
            blocks.push(block);
        });
        escapes != 0
    }

    fn raw(chunk: &[u8; BLOCK]) -> Raw {
        let mut raw = Raw { quotes: 0, backslashes: 0, opens: 0, closes: 0 };
        for (i, &byte) in chunk.iter().enumerate() {
            raw.quotes |= u64::from(byte == b'"') << i;
            raw.backslashes |= u64::from(byte == b'\\') << i;
            raw.opens |= u64::from(byte | 0x20 == b'{') << i;
            raw.closes |= u64::from(byte | 0x20 == b'}') << i;
        }
        raw
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

        #[test]
        fn every_width_of_instruction_makes_the_same_masks(bytes in prop::collection::vec(prop::sample::select(&b"\"\\{}[]a,"[..]), 0..400)) {
            let (mut wide, mut plain) = (Vec::new(), Vec::new());
            let escapes = fill(&bytes, &mut wide);
            prop_assert_eq!(portable::fill(&bytes, &mut plain), escapes);
            let masks = |blocks: &[Block]| -> Vec<[u64; 4]> {
                blocks.iter().map(|b| [b.quotes, b.opens, b.closes, b.backslashes]).collect()
            };
            prop_assert_eq!(masks(&wide), masks(&plain));
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
