//! The pass over the bytes, as wide as the processor allows.

use super::{BLOCK, Block};

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

/// Fills the blocks, one for each 64 bytes, and the list of quotes, which grows as it must and is of no account after
/// them; whether any byte is a backslash, and how many quotes there are.
#[cfg(target_arch = "x86_64")]
pub(super) fn fill(bytes: &[u8], blocks: &mut [Block], quotes: &mut Vec<u32>) -> (bool, u32) {
    let has_clmul = is_x86_feature_detected!("pclmulqdq") && is_x86_feature_detected!("popcnt");
    let has_avx512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    if has_avx512 && is_x86_feature_detected!("avx512vbmi2") && has_clmul {
        #[allow(unsafe_code, reason = "the processor has the features: it was asked above; worth 1.5 x (benches)")]
        unsafe {
            avx512::fill(bytes, blocks, quotes)
        }
    } else if is_x86_feature_detected!("avx2") && has_clmul {
        #[allow(unsafe_code, reason = "the processor has both features: the line above asked it; worth 3 x (benches)")]
        unsafe {
            avx2::fill(bytes, blocks, quotes)
        }
    } else {
        portable::fill(bytes, blocks, quotes)
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) use portable::fill;

/// The pass, in the instructions that a processor has.
struct Pass<R, X, P> {
    /// The raw characters of a block.
    raw: R,
    /// Each bit set to the parity of the bits at and below it.
    prefix_xor: X,
    /// Writes the positions of a mask's bits, counted from a first one; what it writes after them is of no account.
    place: P,
}

impl<R, X, P> Pass<R, X, P>
where
    R: Fn(&[u8; BLOCK]) -> Raw,
    X: Fn(u64) -> u64,
    P: Fn(u64, u32, &mut [u32; BLOCK]),
{
    /// Fills blocks and list, the rest of the bytes padded with spaces.
    #[inline(always)]
    fn fill(&self, bytes: &[u8], blocks: &mut [Block], list: &mut Vec<u32>) -> (bool, u32) {
        let (mut carry, mut count, mut first) = (Carry::default(), 0, 0);
        let (whole, rest) = bytes.as_chunks::<BLOCK>();
        let (whole_blocks, rest_block) = blocks.split_at_mut(whole.len());
        for (chunks, blocks) in whole.chunks(STRIDE).zip(whole_blocks.chunks_mut(STRIDE)) {
            let (room, before) = (make_room(list, count), count);
            for (chunk, block) in chunks.iter().zip(blocks) {
                *block = self.block(chunk, &mut carry, count);
                let place = room[count - before..].first_chunk_mut().expect("there is room for nothing but quotes");
                (self.place)(block.quotes, first, place);
                count += block.quotes.count_ones() as usize;
                first += BLOCK as u32;
            }
        }
        if let [block] = rest_block {
            let mut padded = [b' '; BLOCK];
            padded[..rest.len()].copy_from_slice(rest);
            *block = self.block(&padded, &mut carry, count);
            let place = make_room(list, count).first_chunk_mut().expect("there is room for nothing but quotes");
            (self.place)(block.quotes, first, place);
            count += block.quotes.count_ones() as usize;
        }
        (carry.backslashes != 0, u32::try_from(count).expect("a document of fewer than 2^32 bytes has fewer quotes"))
    }

    #[inline(always)]
    fn block(&self, chunk: &[u8; BLOCK], carry: &mut Carry, quotes_before: usize) -> Block {
        let [quotes, opens, closes] = carry.block((self.raw)(chunk), &self.prefix_xor);
        Block { quotes, opens, closes, quotes_before: quotes_before as u32 }
    }
}

/// Blocks that the list of quotes is made long enough for at a time.
const STRIDE: usize = 64;

/// The rest of the list after what is filled, long enough for a stride that has nothing but quotes.
fn make_room(list: &mut Vec<u32>, filled: usize) -> &mut [u32] {
    let wanted = filled + (STRIDE + 1) * BLOCK;
    if list.len() < wanted {
        list.resize(wanted.max(2 * list.len()), 0);
    }
    &mut list[filled..]
}

/// Writes the positions of a mask's bits, four at a time.
#[inline(always)]
fn place_by_four(mut mask: u64, first: u32, list: &mut [u32; BLOCK]) {
    let (fours, _) = list.as_chunks_mut::<4>();
    for four in fours {
        if mask == 0 {
            break;
        }
        for place in four {
            *place = first + mask.trailing_zeros();
            mask &= mask.wrapping_sub(1);
        }
    }
}

/// The little-endian words of a block.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn words(chunk: &[u8; BLOCK]) -> [i64; 8] {
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
    use std::arch::x86_64::{
        __m128i, _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cvtepu8_epi32,
        _mm512_extracti32x4_epi32, _mm512_maskz_compress_epi8, _mm512_or_si512, _mm512_set1_epi8, _mm512_set1_epi32,
        _mm512_setr_epi64, _mm512_storeu_si512,
    };

    use super::{BLOCK, Block, Pass, Raw, prefix_xor_by_multiplication, words};

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,pclmulqdq,popcnt")]
    pub(super) fn fill(bytes: &[u8], blocks: &mut [Block], quotes: &mut Vec<u32>) -> (bool, u32) {
        let prefix_xor = |mask| prefix_xor_by_multiplication(mask);
        Pass { raw: |chunk: &_| raw(chunk), prefix_xor, place: |mask, first, list: &mut _| place(mask, first, list) }
            .fill(bytes, blocks, quotes)
    }

    /// Writes the positions of a mask's bits, sixteen at a time. Few blocks have more.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn place(mask: u64, first: u32, list: &mut [u32; BLOCK]) {
        const OFFSETS: [i64; 8] = {
            let (mut offsets, mut at) = ([0; 8], 0);
            while at < BLOCK {
                offsets[at / 8] |= (at as i64) << (at % 8 * 8);
                at += 1;
            }
            offsets
        };
        let [a, b, c, d, e, f, g, h] = OFFSETS;
        let offsets = _mm512_maskz_compress_epi8(mask, _mm512_setr_epi64(a, b, c, d, e, f, g, h));
        let first = _mm512_set1_epi32(first.cast_signed());
        let (places, _) = list.as_chunks_mut::<16>();
        let store = |place: &mut [u32; 16], offsets: __m128i| {
            let positions = _mm512_add_epi32(first, _mm512_cvtepu8_epi32(offsets));
            #[allow(unsafe_code, reason = "the place is as long as the register, and there is no safe store")]
            unsafe {
                _mm512_storeu_si512(place.as_mut_ptr().cast(), positions);
            }
        };
        store(&mut places[0], _mm512_castsi512_si128(offsets));
        if mask.count_ones() > 16 {
            store(&mut places[1], _mm512_extracti32x4_epi32::<1>(offsets));
            store(&mut places[2], _mm512_extracti32x4_epi32::<2>(offsets));
            store(&mut places[3], _mm512_extracti32x4_epi32::<3>(offsets));
        }
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

    use super::{BLOCK, Block, Pass, Raw, place_by_four, prefix_xor_by_multiplication, words};

    #[target_feature(enable = "avx2,pclmulqdq,popcnt")]
    pub(super) fn fill(bytes: &[u8], blocks: &mut [Block], quotes: &mut Vec<u32>) -> (bool, u32) {
        let prefix_xor = |mask| prefix_xor_by_multiplication(mask);
        Pass { raw: |chunk: &_| raw(chunk), prefix_xor, place: place_by_four }.fill(bytes, blocks, quotes)
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
    use super::{BLOCK, Block, Pass, Raw, place_by_four};

    pub(super) fn fill(bytes: &[u8], blocks: &mut [Block], quotes: &mut Vec<u32>) -> (bool, u32) {
        let prefix_xor = |mask| (0..6).fold(mask, |parity, step| parity ^ (parity << (1_u32 << step)));
        Pass { raw, prefix_xor, place: place_by_four }.fill(bytes, blocks, quotes)
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

    /// What a pass makes of the bytes: whether it met a backslash, the blocks, and the quotes.
    fn filled(
        bytes: &[u8],
        fill: impl Fn(&[u8], &mut [Block], &mut Vec<u32>) -> (bool, u32),
    ) -> (bool, Vec<Block>, Vec<u32>) {
        let (mut blocks, mut list) = (vec![Block::default(); bytes.len().div_ceil(BLOCK)], Vec::new());
        let (escapes, quotes) = fill(bytes, &mut blocks, &mut list);
        list.truncate(quotes as usize);
        (escapes, blocks, list)
    }

    proptest! {
        #[test]
        fn every_width_of_instruction_makes_the_same(
            bytes in prop::collection::vec(prop::sample::select(&b"\"\"\"\"\\{}[]a,"[..]), 0..9000)
        ) {
            let expect = filled(&bytes, portable::fill);
            prop_assert_eq!(&filled(&bytes, fill), &expect);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("pclmulqdq")
                && is_x86_feature_detected!("popcnt")
            {
                #[allow(unsafe_code, reason = "the processor has the features: the line above asked it")]
                let with_avx2 = filled(&bytes, |bytes, blocks, list| unsafe { avx2::fill(bytes, blocks, list) });
                prop_assert_eq!(&with_avx2, &expect);
            }
        }
    }
}
