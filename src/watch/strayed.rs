//! Series that stray together, and what is counted of them.

use serde::{Deserialize, Serialize};

use super::fleet::SeriesId;
use crate::domain::Outcome;

/// A series of an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StrayedSeries {
    pub key_arn: String,
    pub operation: String,
    pub metric: String,
    /// The first second of the first period that strayed, and of the last.
    pub onset: i64,
    pub last_anomalous: i64,
    /// Calls since the onset, and what would have been normal.
    pub observed: f64,
    pub expected: f64,
    /// Before this second, calls are in.
    pub counted_until: i64,
    /// Of these what came since anything of the incident strayed: it is none of the incident if that is over.
    #[serde(default)]
    pub after: Sums,
}

/// What was counted of a series of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Counted {
    /// As [`StrayedSeries::onset`]: tells incidents of the same series apart.
    pub onset: i64,
    /// See [`StrayedSeries::counted_until`].
    pub until: i64,
    /// Since the onset.
    pub sums: Sums,
    /// See [`StrayedSeries::after`].
    pub after: Sums,
}

/// Calls, and what would have been normal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub observed: f64,
    pub expected: f64,
}

impl StrayedSeries {
    pub(super) fn is(&self, id: &SeriesId) -> bool {
        self.key_arn == id.key_arn && self.operation == id.operation && self.metric == id.outcome.metric()
    }

    /// Calls more than would have been normal; negative in a shortfall.
    pub(super) fn excess(&self) -> f64 {
        self.observed - self.expected
    }

    /// Ends what is counted with the last period in which anything of the incident strayed.
    pub(super) fn cut(&mut self, over_at: i64) {
        let after = std::mem::take(&mut self.after);
        self.observed -= after.observed;
        self.expected -= after.expected;
        self.counted_until = self.counted_until.min(over_at);
    }

    /// What is counted so far.
    pub(super) fn counted(&self) -> Counted {
        let sums = Sums { observed: self.observed, expected: self.expected };
        Counted { onset: self.onset, until: self.counted_until, sums, after: self.after }
    }

    /// Takes back what was counted from a second on, which is counted again. `saved` is what was counted by then; where
    /// nobody knows, what was counted stands.
    pub(super) fn rewind(&mut self, to: i64, saved: Option<&Counted>) {
        let saved = saved.filter(|saved| saved.onset == self.onset).copied();
        let nothing = Counted { until: self.onset, sums: Sums::default(), after: Sums::default(), ..self.counted() };
        let Some(Counted { until, sums, after, .. }) = (if self.onset < to { saved } else { Some(nothing) }) else {
            return;
        };
        (self.observed, self.expected) = (sums.observed, sums.expected);
        (self.counted_until, self.after) = (until, after);
    }

    /// The series.
    pub(super) fn id(&self) -> SeriesId {
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.metric() == self.metric);
        let outcome = outcome.unwrap_or(Outcome::Successful);
        SeriesId { key_arn: self.key_arn.clone(), operation: self.operation.clone(), outcome }
    }
}

/// Series that stray together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Strayed {
    pub number: u64,
    pub onset: i64,
    pub last_anomalous: i64,
    pub resolved_at: Option<i64>,
    /// The end of the last period in which the alarm of a series was on: it outlasts what strays.
    #[serde(default)]
    pub alarm_until: i64,
    /// The end of the period that began it: when it could be known at the earliest.
    pub told_from: i64,
    pub series: Vec<StrayedSeries>,
    /// The callers of note of its series at their onset.
    pub callers: Vec<String>,
    /// Whether calls are too few, not too many.
    pub shortfall: bool,
    /// Whether a page is owed or sent; an incident that was over long before it could be told has none.
    pub paged_at: Option<i64>,
    /// Whether a mute window holds back that it is over.
    #[serde(default)]
    pub end_held: bool,
}

impl Strayed {
    fn has(&self, series: &StrayedSeries) -> bool {
        self.series.iter().any(|own| own.is(&series.id()))
    }

    /// Whether it shares a series, and a time, with one that is over.
    pub(super) fn holds_some_of(&self, over: &Strayed) -> bool {
        let until = |incident: &Strayed| incident.resolved_at.unwrap_or(i64::MAX);
        self.shortfall == over.shortfall
            && self.onset < until(over)
            && over.onset < until(self)
            && over.series.iter().any(|series| self.has(series))
    }

    /// Goes on as one that was told and is over, with what else it had.
    pub(super) fn become_told(&mut self, told: Strayed) {
        (self.number, self.paged_at, self.end_held) = (told.number, told.paged_at, told.end_held);
        self.onset = self.onset.min(told.onset);
        self.last_anomalous = self.last_anomalous.max(told.last_anomalous);
        self.alarm_until = self.alarm_until.max(told.alarm_until);
        self.resolved_at = self.resolved_at.max(told.resolved_at.filter(|_| self.resolved_at.is_some()));
        let others: Vec<StrayedSeries> = told.series.into_iter().filter(|series| !self.has(series)).collect();
        self.series.extend(others);
        self.add_callers(told.callers);
    }

    pub(super) fn add_callers(&mut self, callers: Vec<String>) {
        self.callers.extend(callers);
        self.callers.sort_unstable();
        self.callers.dedup();
    }

    /// The keys of its series, some of them more than once.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.series.iter().map(|series| series.key_arn.as_str())
    }
}
