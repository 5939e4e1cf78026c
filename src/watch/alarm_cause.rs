//! Who and what is behind a configured alarm on calls.

use std::collections::HashMap;

use super::alarms::OwedAbout;
use super::cause::Cause;
use super::error::WatchError;
use super::fleet::SeriesId;
use super::strayed::{Strayed, StrayedSeries, Sums};
use crate::alarm::{Incident, Watched};
use crate::domain::MinuteRange;
use crate::series::{caller_cells, read};

/// An alarm over many keys tells of so many series.
const ALARM_SERIES_MAX: usize = 5;

impl Cause<'_> {
    /// What is behind an alarm on calls or on a quota's share; `None` if it is about neither, or nothing was called.
    pub(super) fn of(&self, about: &OwedAbout, now: i64) -> Result<Option<Incident>, WatchError> {
        match (&about.pool, &about.watched) {
            (Some(pool), _) => self.of_pool(pool, about.range, now),
            (None, Some(watched)) if !about.members.is_empty() => {
                self.of_alarm(&about.members, watched, about.range, now)
            }
            (None, _) => Ok(None),
        }
    }

    /// What an alarm on calls says of its keys and operations over the periods that decided. Its number is 0: it is no
    /// incident of the watch. `None` if nothing was called.
    fn of_alarm(
        &self,
        members: &[(String, String)],
        watched: &Watched,
        range: MinuteRange,
        now: i64,
    ) -> Result<Option<Incident>, WatchError> {
        let of = |(key_arn, operation): &(String, String)| {
            let (key_arn, operation) = (key_arn.clone(), operation.clone());
            SeriesId { key_arn, operation, outcome: watched.metric }
        };
        let ids: Vec<SeriesId> = members.iter().map(of).collect();
        let numbers: Vec<Vec<u32>> = ids.iter().map(|id| self.numbers_of(std::iter::once(id))).collect();
        let sets: Vec<&[u32]> = numbers.iter().map(Vec::as_slice).collect();
        let dense = read(self.counts, &sets, watched.metric, 1, range)?;
        let observed = dense.iter().map(|dense| dense.iter().flat_map(|dense| &dense.calls).sum::<u64>() as f64);
        let observed: Vec<f64> = observed.collect();
        // Of an alarm by caller the series that these called most.
        let meant = match watched.is_by_caller() {
            true => self.by_meant_callers(watched, &sets, range)?,
            false => observed.clone(),
        };
        let mut ranked: Vec<(f64, f64, SeriesId)> =
            meant.into_iter().zip(observed).zip(ids).map(|((meant, observed), id)| (meant, observed, id)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked.truncate(ALARM_SERIES_MAX);
        ranked.retain(|(meant, ..)| *meant > 0.0);
        let (onset, until) = (range.start.first_second(), range.end.first_second());
        let mut strayed = Vec::with_capacity(ranked.len());
        for (_, observed, id) in ranked {
            let expected = self.pictured(&id, range)?.1;
            strayed.push(StrayedSeries {
                key_arn: id.key_arn,
                operation: id.operation,
                metric: id.outcome.metric().to_owned(),
                onset,
                last_anomalous: onset,
                observed,
                expected,
                counted_until: until,
                after: Sums::default(),
            });
        }
        if strayed.is_empty() {
            return Ok(None);
        }
        let shortfall = strayed.iter().map(StrayedSeries::excess).sum::<f64>() < 0.0;
        let as_incident = Strayed {
            number: 0,
            onset,
            last_anomalous: onset,
            resolved_at: None,
            alarm_until: until,
            told_from: until,
            series: strayed,
            callers: Vec::new(),
            shortfall,
            paged_at: None,
            end_held: false,
        };
        self.page(&as_incident, until, now).map(Some)
    }

    /// The calls of series in a range by the callers, and for the resources, that an alarm means.
    fn by_meant_callers(&self, watched: &Watched, sets: &[&[u32]], range: MinuteRange) -> Result<Vec<f64>, WatchError> {
        let numbers: Vec<u32> = sets.iter().copied().flatten().copied().collect();
        let cells = caller_cells(self.counts, &numbers, watched.metric, &[range])?;
        let mut calls: HashMap<u32, f64> = HashMap::new();
        for (caller, series, count) in cells.within(range) {
            if cells.callers.get(caller as usize).is_some_and(|caller| watched.has_caller(caller)) {
                *calls.entry(series).or_default() += count;
            }
        }
        let of_set = |set: &&[u32]| set.iter().filter_map(|number| calls.get(number)).sum();
        Ok(sets.iter().map(of_set).collect())
    }
}
