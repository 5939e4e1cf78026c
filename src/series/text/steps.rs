//! The steps of a series, as its rows come.

/// Counts steps from a stamp to a later next one. Memory is that of the longest step that is told apart, however many
/// rows come.
#[derive(Clone, Debug)]
pub struct Steps {
    before: Option<i64>,
    /// How many steps were of so many seconds.
    of_seconds: Vec<u64>,
    /// How many there were, longer ones too.
    all: u64,
}

impl Steps {
    /// No step yet. Those of at most `seconds_max` are told apart.
    pub fn new(seconds_max: u32) -> Self {
        Steps { before: None, of_seconds: vec![0; seconds_max as usize + 1], all: 0 }
    }

    /// Takes the next row's stamp, in seconds.
    pub fn note(&mut self, at: i64) {
        let step = self.before.replace(at).map_or(0, |before| at.saturating_sub(before));
        if step > 0 {
            self.all += 1;
            if let Some(count) = usize::try_from(step).ok().and_then(|step| self.of_seconds.get_mut(step)) {
                *count += 1;
            }
        }
    }

    /// The median as [`median_step`](super::median_step) has it, if it is one of those told apart.
    pub fn median(&self) -> Option<u32> {
        let (middle, mut reached) = (self.all.div_ceil(2), 0);
        (0..).zip(&self.of_seconds).find_map(|(seconds, count)| {
            reached += count;
            (*count > 0 && reached >= middle).then_some(seconds)
        })
    }
}
