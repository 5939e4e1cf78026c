//! When log files did not come: there calls are missing, not zero, for whoever judges them.

use std::collections::HashMap;

use crate::domain::MinuteRange;

/// Ranges in which no log files came, by account and Region.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Silences(HashMap<(String, String), Vec<MinuteRange>>);

impl Silences {
    /// Takes note of ranges of an account's files in a Region.
    pub(super) fn add(&mut self, account: &str, region: &str, ranges: impl Iterator<Item = MinuteRange>) {
        let ranges: Vec<MinuteRange> = ranges.collect();
        if !ranges.is_empty() {
            self.0.entry((account.to_owned(), region.to_owned())).or_default().extend(ranges);
        }
    }

    /// Whether all came.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges of an account's files in a Region that touch a range.
    pub(super) fn within(&self, account: &str, region: &str, range: MinuteRange) -> impl Iterator<Item = MinuteRange> {
        let all = self.0.get(&(account.to_owned(), region.to_owned())).into_iter().flatten();
        all.copied().filter(move |silent| silent.start < range.end && range.start < silent.end)
    }
}
