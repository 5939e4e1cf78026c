//! The pass over the bytes, as wide as the processor allows.

use super::{BLOCK, WORD};

/// Where the masks go, a word a block.
pub(super) struct Masks<'m> {
    pub quotes: &'m mut [[u8; WORD]],
    pub opens: &'m mut [[u8; WORD]],
    pub closes: &'m mut [[u8; WORD]],
}

/// Where a block's characters are, strings and escapes not yet considered.
#[derive(Clone, Copy)]
struct Raw {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

/// What one block hands to the next, and whether any byte was a backslash.
#[derive(Default)]
struct Carry {
    escaped: u64,
    in_string: u64,
    backslashes: u64,
}

impl Carry {
    /// The quotes, opening and closing brackets of a block, from its raw characters. `prefix_xor` sets each bit to the
    /// parity of the bits at and below it.
    #[inline(always)]
    fn block(&mut self, raw: Raw, prefix_xor: impl Fn(u64) -> u64) -> [u64; 3] {
        self.backslashes |= raw.backslashes;
        let quotes = raw.quotes & !self.escaped_by(raw.backslashes);
        let in_string = prefix_xor(quotes) ^ self.in_string;
        self.in_string = ((in_string as i64) >> 63) as u64;
        [quotes, raw.opens & !in_string, raw.closes & !in_string]
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

/// Fills the masks, which have a word for each block; whether any byte is a backslash.
#[cfg(target_arch = "x86_64")]
pub(super) fn fill(bytes: &[u8], masks: &mut Masks<'_>) -> bool {
    let has_clmul = is_x86_feature_detected!("pclmulqdq");
    let has_avx512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    // It isn't used, but the processors that have it don't slow down for the others.
    let is_fast = is_x86_feature_detected!("avx512vbmi2");
    if has_avx512 && is_fast && has_clmul {
        #[allow(unsafe_code, reason = "the processor has the features: it was asked above; worth 1.5 x (benches)")]
        unsafe {
            avx512::fill(bytes, masks)
        }
    } else if is_x86_feature_detected!("avx2") && has_clmul {
        #[allow(unsafe_code, reason = "the processor has both features: the line above asked it; worth 3 x (benches)")]
        unsafe {
            avx2::fill(bytes, masks)
        }
    } else {
        portable::fill(bytes, masks)
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) use portable::fill;

/// Fills the masks block by block, the rest of the bytes padded with spaces; whether any byte is a backslash.
#[inline(always)]
fn fill_blocks(
    bytes: &[u8],
    masks: &mut Masks<'_>,
    raw: impl Fn(&[u8; BLOCK]) -> Raw,
    prefix_xor: impl Fn(u64) -> u64,
) -> bool {
    let mut carry = Carry::default();
    let mut words = |chunk: &[u8; BLOCK]| carry.block(raw(chunk), &prefix_xor).map(u64::to_le_bytes);
    let (whole, rest) = bytes.as_chunks::<BLOCK>();
    let places = masks.quotes.iter_mut().zip(masks.opens.iter_mut()).zip(masks.closes.iter_mut());
    for (chunk, ((quotes, opens), closes)) in whole.iter().zip(places) {
        [*quotes, *opens, *closes] = words(chunk);
    }
    if !rest.is_empty() {
        let mut padded = [b' '; BLOCK];
        padded[..rest.len()].copy_from_slice(rest);
        [masks.quotes[whole.len()], masks.opens[whole.len()], masks.closes[whole.len()]] = words(&padded);
    }
    carry.backslashes != 0
}

/// The little-endian words of a block.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn words(chunk: &[u8; BLOCK]) -> [i64; WORD] {
    let (words, _) = chunk.as_chunks::<8>();
    std::array::from_fn(|i| i64::from_le_bytes(words[i]))
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "pclmulqdq")]
fn prefix_xor_by_multiplication(mask: u64) -> u64 {
    use std::arch::x86_64::{_mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8};
    let parity = _mm_clmulepi64_si128(_mm_set_epi64x(0, mask.cast_signed()), _mm_set1_epi8(-1), 0);
    _mm_cvtsi128_si64(parity).cast_unsigned()
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{_mm512_cmpeq_epi8_mask, _mm512_or_si512, _mm512_set1_epi8, _mm512_setr_epi64};

    use super::{BLOCK, Masks, Raw, fill_blocks, prefix_xor_by_multiplication, words};

    #[target_feature(enable = "avx512f,avx512bw,pclmulqdq")]
    pub(super) fn fill(bytes: &[u8], masks: &mut Masks<'_>) -> bool {
        fill_blocks(bytes, masks, |chunk| raw(chunk), |mask| prefix_xor_by_multiplication(mask))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,pclmulqdq")]
    fn raw(chunk: &[u8; BLOCK]) -> Raw {
        let [a, b, c, d, e, f, g, h] = words(chunk);
        let text = _mm512_setr_epi64(a, b, c, d, e, f, g, h);
        let equal = |text, byte: u8| _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(byte.cast_signed()));
        // Bit 5 is all that tells `[` from `{` and `]` from `}`.
        let folded = _mm512_or_si512(text, _mm512_set1_epi8(0x20));
        Raw {
            quotes: equal(text, b'"'),
            backslashes: equal(text, b'\\'),
            opens: equal(folded, b'{'),
            closes: equal(folded, b'}'),
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setr_epi64x,
    };

    use super::{BLOCK, Masks, Raw, fill_blocks, prefix_xor_by_multiplication, words};

    #[target_feature(enable = "avx2,pclmulqdq")]
    pub(super) fn fill(bytes: &[u8], masks: &mut Masks<'_>) -> bool {
        fill_blocks(bytes, masks, |chunk| raw(chunk), |mask| prefix_xor_by_multiplication(mask))
    }

    #[inline]
    #[target_feature(enable = "avx2,pclmulqdq")]
    fn raw(chunk: &[u8; BLOCK]) -> Raw {
        let [a, b, c, d, e, f, g, h] = words(chunk);
        let (low, high) = (_mm256_setr_epi64x(a, b, c, d), _mm256_setr_epi64x(e, f, g, h));
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

    #[inline]
    #[target_feature(enable = "avx2")]
    fn equal(low: __m256i, high: __m256i, byte: u8) -> u64 {
        let wanted = _mm256_set1_epi8(byte.cast_signed());
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)).cast_unsigned();
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)).cast_unsigned();
        u64::from(low) | (u64::from(high) << 32)
    }
}

mod portable {
    use super::{BLOCK, Masks, Raw, fill_blocks};

    pub(super) fn fill(bytes: &[u8], masks: &mut Masks<'_>) -> bool {
        let prefix_xor = |mask| (0..6).fold(mask, |parity, step| parity ^ (parity << (1_u32 << step)));
        fill_blocks(bytes, masks, raw, prefix_xor)
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

    /// The three masks that a way of filling them makes, and whether it met a backslash.
    fn masks(bytes: &[u8], fill: impl Fn(&[u8], &mut Masks<'_>) -> bool) -> (bool, [Vec<[u8; WORD]>; 3]) {
        let mut words = [(); 3].map(|()| vec![[0; WORD]; bytes.len().div_ceil(BLOCK)]);
        let [quotes, opens, closes] = &mut words;
        let escapes = fill(bytes, &mut Masks { quotes, opens, closes });
        (escapes, words)
    }

    proptest! {
        #[test]
        fn every_width_of_instruction_makes_the_same_masks(bytes in prop::collection::vec(prop::sample::select(&b"\"\\{}[]a,"[..]), 0..400)) {
            let expect = masks(&bytes, portable::fill);
            prop_assert_eq!(&masks(&bytes, fill), &expect);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq") {
                #[allow(unsafe_code, reason = "the processor has both features: the line above asked it")]
                let with_avx2 = masks(&bytes, |bytes, masks| unsafe { avx2::fill(bytes, masks) });
                prop_assert_eq!(&with_avx2, &expect);
            }
        }
    }
}
