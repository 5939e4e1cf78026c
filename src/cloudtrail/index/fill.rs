//! The pass over the bytes that finds the quotes.

use super::{BLOCK, Block};

/// Where a block's quotes and backslashes are, escapes not yet considered.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    pub quotes: u64,
    pub backslashes: u64,
}

/// What one block hands to the next, and whether any byte was a backslash.
#[derive(Default)]
struct Carry {
    escaped: u64,
    backslashes: u64,
}

impl Carry {
    /// The quotes of a block that open or close a string.
    #[inline(always)]
    fn quotes(&mut self, marks: Marks) -> u64 {
        self.backslashes |= marks.backslashes;
        marks.quotes & !self.escaped_by(marks.backslashes)
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

/// The pass, in the instructions that a processor has.
pub(super) struct Pass<M, P> {
    /// The marks of a block.
    pub marks: M,
    /// Writes the positions of a mask's bits, counted from a first one; what it writes after them is of no account.
    pub place: P,
}

impl<M, P> Pass<M, P>
where
    M: Fn(&[u8; BLOCK]) -> Marks,
    P: Fn(u64, u32, &mut [u32; BLOCK]),
{
    /// Fills blocks and list, the rest of the bytes padded with spaces.
    #[inline(always)]
    pub(super) fn fill(&self, bytes: &[u8], blocks: &mut [Block], list: &mut Vec<u32>) -> (bool, u32) {
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
        Block { quotes: carry.quotes((self.marks)(chunk)), quotes_before: quotes_before as u32 }
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
