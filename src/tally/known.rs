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

/// What is known of requests, by their root: a place for each row, since in a repeated object every row is known.
pub(super) struct ByRoot {
    places: Vec<u32>,
    known: Vec<(u32, Known)>,
}

/// The place of a row of which nothing is known.
const NOWHERE: u32 = u32::MAX;

impl ByRoot {
    pub fn new(rows: usize) -> Self {
        Self { places: vec![NOWHERE; rows], known: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The place of a root, made if there is none.
    pub fn at(&mut self, root: u32) -> &mut Known {
        let place = &mut self.places[root as usize];
        if *place == NOWHERE {
            *place = u32::try_from(self.known.len()).expect("there are no more roots than rows");
            self.known.push((root, Known::default()));
        }
        &mut self.known[*place as usize].1
    }

    pub fn get(&self, root: u32) -> Option<&Known> {
        self.known.get(self.places[root as usize] as usize).map(|(_, known)| known)
    }

    pub fn get_mut(&mut self, root: u32) -> Option<&mut Known> {
        self.known.get_mut(self.places[root as usize] as usize).map(|(_, known)| known)
    }

    pub fn roots(&self) -> Vec<u32> {
        self.known.iter().map(|(root, _)| *root).collect()
    }
}
