//! When series began: a key that doesn't exist yet has no zeros, so no alarm finds it dead.

use std::collections::HashMap;

use super::error::WatchError;
use super::values::JudgedSeries;
use crate::alarm::{Condition, Keys, MetricAlarm, Operator};
use crate::domain::{Minute, MinuteRange};
use crate::series::{Counts, first_calls};

/// What was not called for so long before began earlier.
const LOOKED_BACK: u32 = 35 * Minute::PER_DAY;

/// A series that was not there before began within so much time, late counts included.
const NEW_LOOKED_BACK: u32 = 4 * Minute::PER_DAY;

/// The first minutes of stored series, as far as they were asked for.
#[derive(Default)]
pub(super) struct Begun {
    first: HashMap<u32, Minute>,
}

impl Begun {
    /// Whether an alarm must know when its series began: zeros are bad, and there are series that come and go.
    pub(super) fn matters_to(metric: &MetricAlarm) -> bool {
        let is_below =
            |operator| matches!(operator, Operator::LessThanThreshold | Operator::LessThanOrEqualToThreshold);
        let zeros_are_bad = match metric.condition {
            Condition::Threshold { operator, .. } | Condition::SpendPerHour { operator, .. } => is_below(operator),
            Condition::Band { .. } | Condition::QuotaShare { .. } => false,
        };
        zeros_are_bad && matches!(metric.watched.keys, Keys::Matching(_) | Keys::EverySeries)
    }

    /// Finds when the series began that are not known yet. `from`: the first minute that is judged.
    pub(super) fn find(
        &mut self,
        counts: &dyn Counts,
        series: &[JudgedSeries],
        from: Minute,
    ) -> Result<(), WatchError> {
        let numbers = series.iter().flat_map(|series| &series.parts).map(|(number, _)| *number);
        let unknown: Vec<u32> = numbers.filter(|number| !self.first.contains_key(number)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let back = if self.first.is_empty() { LOOKED_BACK } else { NEW_LOOKED_BACK };
        let range = MinuteRange { start: Minute(from.0.saturating_sub(back)), end: MinuteRange::ALL.end };
        let found = first_calls(counts, &unknown, range)?;
        self.first.extend(unknown.into_iter().map(|number| (number, found.get(&number).copied().unwrap_or(Minute(0)))));
        Ok(())
    }

    /// The first minute of a series.
    pub(super) fn of(&self, series: &JudgedSeries) -> Minute {
        let first = series.parts.iter().filter_map(|(number, _)| self.first.get(number));
        first.min().copied().unwrap_or(Minute(0))
    }
}
