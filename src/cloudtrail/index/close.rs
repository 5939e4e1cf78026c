//! The search for the bracket that closes an object or a list.

use super::{BLOCK, Block};

/// Where a block's brackets are, in strings or not.
#[derive(Clone, Copy)]
pub(super) struct Brackets {
    pub opens: u64,
    pub closes: u64,
}

/// The search, in the instructions that a processor has. Brackets are looked for only where something is skipped: most
/// of a record of KMS is read by its quotes alone.
pub(super) struct Search<B, X> {
    /// The brackets of a block.
    pub brackets: B,
    /// Each bit set to the parity of the bits at and below it.
    pub prefix_xor: X,
}

impl<B, X> Search<B, X>
where
    B: Fn(&[u8; BLOCK]) -> Brackets,
    X: Fn(u64) -> u64,
{
    /// See [`super::width::Width::enclosing_close`].
    #[inline(always)]
    pub(super) fn enclosing_close(&self, bytes: &[u8], blocks: &[Block], from: usize) -> Option<usize> {
        let first = from / BLOCK;
        let (chunks, rest) = bytes.as_chunks::<BLOCK>();
        let mut depth = Depth { at: first * BLOCK, visible: u64::MAX << (from % BLOCK), open: 1 };
        for (chunk, block) in chunks.get(first..).unwrap_or_default().iter().zip(blocks.get(first..)?) {
            if let Some(close) = depth.close_in(self.outside_strings(chunk, block)) {
                return Some(close);
            }
        }
        let block = blocks.get(chunks.len().max(first))?;
        let mut padded = [b' '; BLOCK];
        padded[..rest.len()].copy_from_slice(rest);
        depth.close_in(self.outside_strings(&padded, block))
    }

    /// A block's brackets outside strings.
    #[inline(always)]
    fn outside_strings(&self, chunk: &[u8; BLOCK], block: &Block) -> Brackets {
        let Brackets { opens, closes } = (self.brackets)(chunk);
        // All ones if the block begins in a string.
        let begins = 0_u64.wrapping_sub(u64::from(block.quotes_before & 1));
        let in_string = (self.prefix_xor)(block.quotes) ^ begins;
        Brackets { opens: opens & !in_string, closes: closes & !in_string }
    }
}

/// How many brackets are open, block by block.
struct Depth {
    /// Where the block begins.
    at: usize,
    /// The bytes of it that count.
    visible: u64,
    open: u32,
}

impl Depth {
    /// Where the outermost bracket closes, if it does so in this block.
    #[inline(always)]
    fn close_in(&mut self, Brackets { opens, closes }: Brackets) -> Option<usize> {
        let (opens, closes) = (opens & self.visible, closes & self.visible);
        if closes.count_ones() >= self.open
            && let Some(bit) = close_in_window(opens, closes, self.open)
        {
            return Some(self.at + bit as usize);
        }
        self.open = self.open + opens.count_ones() - closes.count_ones();
        self.at += BLOCK;
        self.visible = u64::MAX;
        None
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
