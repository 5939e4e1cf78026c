//! What a batch knows of its requests while it joins their copies.

use super::row::Sides;

/// What is known of one request.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    /// The sides that the ledger has.
    pub sides: Sides,
    /// The sides that the batch's copies tell together.
    pub told: Sides,
    /// Of copies that tell one side only, the one that tells most of each.
    pub partial: [Option<u32>; 2],
    /// The telling that the ledger has; `None` if it has no id of the request.
    pub telling: Option<u8>,
    /// The row that tells most.
    pub best: Option<u32>,
    pub members: u32,
}

/// What is known of requests, at the place of their root. There is nothing until one is known; then there is room for
/// each row, since in a repeated object every row is known, and a list in the order of rows is walked faster than one
/// in the order of hashes.
pub(super) struct ByRoot {
    known: Vec<Option<Known>>,
    rows: usize,
}

impl ByRoot {
    pub fn new(rows: usize) -> Self {
        Self { known: Vec::new(), rows }
    }

    /// What is known of a root, from now on something.
    pub fn at(&mut self, root: u32) -> &mut Known {
        if self.known.is_empty() {
            self.known.resize(self.rows, None);
        }
        self.known[root as usize].get_or_insert_default()
    }

    pub fn get(&self, root: u32) -> Option<&Known> {
        self.known.get(root as usize)?.as_ref()
    }

    /// The roots of which something is known, in ascending order.
    pub fn roots(&self) -> impl Iterator<Item = (u32, &Known)> {
        (0..).zip(&self.known).filter_map(|(root, known)| Some((root, known.as_ref()?)))
    }
}
