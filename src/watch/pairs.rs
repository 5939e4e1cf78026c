//! ReEncrypts between keys that stray together: one is in the series of both keys, but is one call.

use super::cause::Cause;
use super::error::WatchError;
use super::strayed::{Strayed, StrayedSeries};
use crate::domain::{Minute, MinuteRange};
use crate::series::read;

impl Cause<'_> {
    /// What part of each series' calls to add where the series of an incident are added up, in their order: half of
    /// those that another of them has too, and all others.
    ///
    /// Where calls are missing, those of the day before tell.
    pub(super) fn parts(
        &self,
        strayed: &Strayed,
        series: &[StrayedSeries],
        window: MinuteRange,
    ) -> Result<Vec<f64>, WatchError> {
        let mut parts = vec![1.0; series.len()];
        let numbers: Vec<Vec<u32>> =
            series.iter().map(|series| self.numbers_of(std::iter::once(&series.id()))).collect();
        let range = match strayed.shortfall {
            true => MinuteRange { start: Minute(window.start.0.saturating_sub(Minute::PER_DAY)), end: window.start },
            false => window,
        };
        for (at, part) in parts.iter_mut().enumerate() {
            let others = || numbers.iter().zip(series).enumerate().filter(|(other, _)| *other != at);
            let is_shared = |number: &u32| {
                others().any(|(_, (of, other))| other.metric == series[at].metric && of.contains(number))
            };
            let shared: Vec<u32> = numbers[at].iter().copied().filter(is_shared).collect();
            if shared.is_empty() {
                continue;
            }
            let dense = read(self.counts, &[&numbers[at], &shared], series[at].id().outcome, 1, range)?;
            let calls = |set: usize| dense[set].iter().flat_map(|dense| &dense.calls).sum::<u64>() as f64;
            *part -= 0.5 * calls(1) / calls(0).max(1.0);
        }
        Ok(parts)
    }
}
