//! The instructions that an index is made and read with, as wide as the processor has them.

use super::close::{Brackets, Search};
use super::fill::{Marks, Pass};
use super::{BLOCK, Block};

/// What this processor can do.
#[derive(Clone, Copy)]
pub(super) struct Width(Kind);

/// Made by [`Width::of_processor`] alone: whoever has one has a processor with the features.
#[derive(Clone, Copy)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Default for Width {
    fn default() -> Self {
        Self::of_processor()
    }
}

impl Width {
    #[cfg(target_arch = "x86_64")]
    fn of_processor() -> Self {
        let has_clmul = is_x86_feature_detected!("pclmulqdq") && is_x86_feature_detected!("popcnt");
        let has_avx512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        if has_avx512 && is_x86_feature_detected!("avx512vbmi2") && has_clmul {
            Self(Kind::Avx512)
        } else if is_x86_feature_detected!("avx2") && has_clmul {
            Self(Kind::Avx2)
        } else {
            Self(Kind::Portable)
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn of_processor() -> Self {
        Self(Kind::Portable)
    }

    /// Fills the blocks, one for each 64 bytes, and the list of quotes, which grows as it must and is of no account
    /// after them; whether any byte is a backslash, and how many quotes there are.
    pub(super) fn fill(self, bytes: &[u8], blocks: &mut [Block], quotes: &mut Vec<u32>) -> (bool, u32) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the processor has the features: `Kind`; worth 1.5 x (benches)")]
            Kind::Avx512 => unsafe { avx512::fill(bytes, blocks, quotes) },
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the processor has the features: `Kind`; worth 3 x (benches)")]
            Kind::Avx2 => unsafe { avx2::fill(bytes, blocks, quotes) },
            Kind::Portable => portable::fill(bytes, blocks, quotes),
        }
    }

    /// The position of the bracket that closes the object or list in which `from` lies, outside any string.
    #[inline]
    pub(super) fn enclosing_close(self, bytes: &[u8], blocks: &[Block], from: usize) -> Option<usize> {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the processor has the features: `Kind`")]
            Kind::Avx512 => unsafe { avx512::enclosing_close(bytes, blocks, from) },
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the processor has the features: `Kind`")]
            Kind::Avx2 => unsafe { avx2::enclosing_close(bytes, blocks, from) },
            Kind::Portable => portable::enclosing_close(bytes, blocks, from),
        }
    }
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
        __m128i, __m512i, _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cvtepu8_epi32,
        _mm512_extracti32x4_epi32, _mm512_maskz_compress_epi8, _mm512_or_si512, _mm512_set1_epi8, _mm512_set1_epi32,
        _mm512_setr_epi64, _mm512_storeu_si512,
    };

    use super::{BLOCK, Block, Brackets, Marks, Pass, Search, prefix_xor_by_multiplication, words};

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,pclmulqdq,popcnt")]
    pub(super) fn fill(bytes: &[u8], blocks: &mut [Block], quotes: &mut Vec<u32>) -> (bool, u32) {
        Pass { marks: |chunk: &_| marks(chunk), place: |mask, first, list: &mut _| place(mask, first, list) }
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

    #[target_feature(enable = "avx512f,avx512bw,pclmulqdq,popcnt")]
    pub(super) fn enclosing_close(bytes: &[u8], blocks: &[Block], from: usize) -> Option<usize> {
        Search { brackets: |chunk: &_| brackets(chunk), prefix_xor: |mask| prefix_xor_by_multiplication(mask) }
            .enclosing_close(bytes, blocks, from)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn text(chunk: &[u8; BLOCK]) -> __m512i {
        let [a, b, c, d, e, f, g, h] = words(chunk);
        _mm512_setr_epi64(a, b, c, d, e, f, g, h)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn equal(text: __m512i, byte: u8) -> u64 {
        _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(byte.cast_signed()))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn marks(chunk: &[u8; BLOCK]) -> Marks {
        let text = text(chunk);
        Marks { quotes: equal(text, b'"'), backslashes: equal(text, b'\\') }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn brackets(chunk: &[u8; BLOCK]) -> Brackets {
        // Bit 5 is all that tells `[` from `{` and `]` from `}`.
        let folded = _mm512_or_si512(text(chunk), _mm512_set1_epi8(0x20));
        Brackets { opens: equal(folded, b'{'), closes: equal(folded, b'}') }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setr_epi64x,
    };

    use super::{BLOCK, Block, Brackets, Marks, Pass, Search, place_by_four, prefix_xor_by_multiplication, words};

    #[target_feature(enable = "avx2,pclmulqdq,popcnt")]
    pub(super) fn fill(bytes: &[u8], blocks: &mut [Block], quotes: &mut Vec<u32>) -> (bool, u32) {
        Pass { marks: |chunk: &_| marks(chunk), place: place_by_four }.fill(bytes, blocks, quotes)
    }

    #[target_feature(enable = "avx2,pclmulqdq,popcnt")]
    pub(super) fn enclosing_close(bytes: &[u8], blocks: &[Block], from: usize) -> Option<usize> {
        Search { brackets: |chunk: &_| brackets(chunk), prefix_xor: |mask| prefix_xor_by_multiplication(mask) }
            .enclosing_close(bytes, blocks, from)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn marks(chunk: &[u8; BLOCK]) -> Marks {
        let halves = halves(chunk);
        Marks { quotes: equal(halves, b'"'), backslashes: equal(halves, b'\\') }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn brackets(chunk: &[u8; BLOCK]) -> Brackets {
        // Bit 5 is all that tells `[` from `{` and `]` from `}`.
        let fold = _mm256_set1_epi8(0x20);
        let folded = halves(chunk).map(|half| _mm256_or_si256(half, fold));
        Brackets { opens: equal(folded, b'{'), closes: equal(folded, b'}') }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn halves(chunk: &[u8; BLOCK]) -> [__m256i; 2] {
        let [a, b, c, d, e, f, g, h] = words(chunk);
        [_mm256_setr_epi64x(a, b, c, d), _mm256_setr_epi64x(e, f, g, h)]
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn equal([low, high]: [__m256i; 2], byte: u8) -> u64 {
        let wanted = _mm256_set1_epi8(byte.cast_signed());
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)).cast_unsigned();
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)).cast_unsigned();
        u64::from(low) | (u64::from(high) << 32)
    }
}

mod portable {
    use super::{BLOCK, Block, Brackets, Marks, Pass, Search, place_by_four};

    pub(super) fn fill(bytes: &[u8], blocks: &mut [Block], quotes: &mut Vec<u32>) -> (bool, u32) {
        Pass { marks, place: place_by_four }.fill(bytes, blocks, quotes)
    }

    pub(super) fn enclosing_close(bytes: &[u8], blocks: &[Block], from: usize) -> Option<usize> {
        let prefix_xor = |mask| (0..6).fold(mask, |parity, step| parity ^ (parity << (1_u32 << step)));
        Search { brackets, prefix_xor }.enclosing_close(bytes, blocks, from)
    }

    fn marks(chunk: &[u8; BLOCK]) -> Marks {
        Marks { quotes: bits(chunk, |byte| byte == b'"'), backslashes: bits(chunk, |byte| byte == b'\\') }
    }

    fn brackets(chunk: &[u8; BLOCK]) -> Brackets {
        Brackets { opens: bits(chunk, |byte| byte | 0x20 == b'{'), closes: bits(chunk, |byte| byte | 0x20 == b'}') }
    }

    fn bits(chunk: &[u8; BLOCK], is_wanted: impl Fn(u8) -> bool) -> u64 {
        chunk.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(is_wanted(byte)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a width makes of the bytes: whether there is a backslash, the blocks, the quotes, and the bracket that
    /// closes what a byte lies in, for bytes here and there, past the end too.
    fn made_by(width: Width, bytes: &[u8]) -> (bool, Vec<Block>, Vec<u32>, Vec<Option<usize>>) {
        let (mut blocks, mut list) = (vec![Block::default(); bytes.len().div_ceil(BLOCK)], Vec::new());
        let (escapes, quotes) = width.fill(bytes, &mut blocks, &mut list);
        list.truncate(quotes as usize);
        let closes =
            (0..bytes.len() + 150).step_by(11).map(|from| width.enclosing_close(bytes, &blocks, from)).collect();
        (escapes, blocks, list, closes)
    }

    proptest! {
        #[test]
        fn every_width_of_instruction_makes_the_same(
            bytes in prop::collection::vec(prop::sample::select(&b"\"\"\"\"\\{}[]a,"[..]), 0..3000)
        ) {
            let expect = made_by(Width(Kind::Portable), &bytes);
            prop_assert_eq!(&made_by(Width::of_processor(), &bytes), &expect);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("pclmulqdq")
                && is_x86_feature_detected!("popcnt")
            {
                prop_assert_eq!(&made_by(Width(Kind::Avx2), &bytes), &expect);
            }
        }
    }
}
