//! A range in pieces small enough to add up in memory.

use super::error::InsightsError;
use crate::domain::{Minute, MinuteRange};
use crate::series::{CountKind, Counts};

/// Minutes of a piece if buckets are short, and many: a quarter of a day.
const SHORT: u32 = 360;
/// From so many minutes on, a day has few enough buckets to be one piece.
const LONG_BUCKET: u32 = 30;

/// Minutes of a piece, for buckets of a period.
pub(super) const fn piece_length(period: u32) -> u32 {
    if period < LONG_BUCKET { SHORT } else { Minute::PER_DAY }
}

/// The pieces of a range, in order: cut on the clock, so that each lies in one day.
pub(super) fn pieces(range: MinuteRange, period: u32) -> impl Iterator<Item = MinuteRange> {
    let length = piece_length(period);
    let first = range.start.0 / length * length;
    // An empty range has no piece, also if it lies inside of one.
    let end = if range.is_empty() { first } else { range.end.0 };
    (first..end).step_by(length as usize).map(move |start| MinuteRange {
        start: Minute(start).max(range.start),
        end: Minute(start.saturating_add(length)).min(range.end),
    })
}

/// The part of a range that can have observations of a kind, in minutes; empty if none are stored.
pub(super) fn covered(counts: &dyn Counts, kind: CountKind, range: MinuteRange) -> Result<MinuteRange, InsightsError> {
    let stored = counts.covered(kind, range).map_err(InsightsError::frame("find the first and the last minute"))?;
    Ok(stored.unwrap_or(MinuteRange { start: range.start, end: range.start }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_a_range_once_and_stay_within_a_day() {
        let range = |start: u32, end: u32| MinuteRange { start: Minute(start), end: Minute(end) };
        let short: Vec<MinuteRange> = pieces(range(1000, 1900), 1).collect();
        assert_eq!(short, [range(1000, 1080), range(1080, 1440), range(1440, 1800), range(1800, 1900)]);
        assert_eq!(pieces(range(1000, 1900), 60).collect::<Vec<_>>(), [range(1000, 1440), range(1440, 1900)]);
        assert_eq!(pieces(range(1000, 1000), 1).count(), 0);
        assert_eq!(pieces(range(1000, 1001), 1).count(), 1);
    }
}
