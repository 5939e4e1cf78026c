//! Gaps: times whose log files did not come, but may come yet, in whatever order. Models must be able to go back to
//! before them, further than for what comes late as ever.

use serde::{Deserialize, Serialize};

use super::alarms::REVISED_MINUTES;
use crate::domain::{Minute, MinuteRange};
use crate::store::MODELS_REACH_MINUTES;

/// The last time that the watermark went on by more than models reach back. Of streams that have few calls nobody could
/// tell whether their files came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leap {
    from: u32,
    to: u32,
}

impl Leap {
    /// The last leap, when all before a minute was judged and the watermark has come.
    pub(super) fn after(self, until: Minute, watermark: Minute) -> Leap {
        let is_leap = until.0 > 0 && until.0 + MODELS_REACH_MINUTES < watermark.0;
        if is_leap { Leap { from: until.0, to: watermark.0 } } else { self }
    }

    /// Where its files may be missing.
    pub(super) fn range(self) -> MinuteRange {
        MinuteRange { start: Minute(self.from), end: Minute(self.to) }
    }
}

/// Which minute models must be able to go back to, of which all before another was judged: the begin of a gap, for as
/// long as what comes late is judged again. `None` without a gap.
pub(super) fn reach(gaps: impl Iterator<Item = MinuteRange>, until: Minute) -> Option<Minute> {
    let oldest = Minute(until.0.saturating_sub(REVISED_MINUTES));
    let start = gaps.filter(|gap| gap.end > oldest && !gap.is_empty()).map(|gap| gap.start).min();
    start.map(|start| start.max(oldest))
}
