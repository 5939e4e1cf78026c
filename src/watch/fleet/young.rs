//! Series that begin: which do, what they know then, and when they are believed.

use super::{Fleet, Known, SeriesId};
use crate::band::Model;
use crate::domain::{Minute, Outcome};
use crate::series::{KeyOperation, PeriodCalls};
use crate::watch::error::WatchError;

/// A series of errors begins with its first one, but so many minutes without any are learned first.
const CLEAN_MINUTES: u32 = 14 * Minute::PER_DAY;

/// Before a series is a day old nobody knows what its nights look like; before it saw a weekend, what that looks like.
const DAY_SECONDS: i64 = 86_400;
const WEEKEND_SEEN_SECONDS: i64 = 8 * DAY_SECONDS;

/// What is as many times larger than everything before is no matter of seasons.
const YOUNG_FACTOR: f64 = 3.0;

/// Which keys are somebody's, as far as is known.
///
/// Who is refused may have made up the key that he named, and any number of them. So a series of errors begins only
/// where the key was ever called with success; there is no other series of a key that wasn't.
pub(super) struct Proven {
    /// The first place of each key among the keys and operations, which stands for all of its.
    first: Vec<usize>,
    /// Of these places.
    is: Vec<bool>,
}

impl Proven {
    /// By the series that there are; all, where successes aren't watched.
    pub(super) fn new(keys: &[KeyOperation], places: &[[Option<usize>; 5]], metrics: &[Outcome]) -> Self {
        let mut proven = Proven { first: Vec::with_capacity(keys.len()), is: vec![false; keys.len()] };
        let all = !metrics.contains(&Outcome::Successful);
        for (at, key) in keys.iter().enumerate() {
            // The same keys are neighbours.
            let same = at.checked_sub(1).filter(|before| keys[*before].key_arn == key.key_arn);
            let first = same.map_or(at, |before| proven.first[before]);
            proven.first.push(first);
            proven.is[first] |= all || places[at].iter().any(Option::is_some);
        }
        proven
    }

    /// Takes note of the successes of a period.
    pub(super) fn take(&mut self, rows: &[PeriodCalls]) {
        for row in rows.iter().filter(|row| row.calls[Outcome::Successful as usize] > 0) {
            self.is[self.first[row.series as usize]] = true;
        }
    }

    fn has(&self, key: usize) -> bool {
        self.is[self.first[key]]
    }
}

impl Fleet {
    /// The place of the series of a key and operation, and an outcome, that has calls in a period: it may begin with
    /// them. `None` if it isn't watched. `clean` is as for [`Fleet::model_since`].
    pub(super) fn place_for(
        &mut self,
        key: usize,
        outcome: Outcome,
        start: Minute,
        known: &mut Known<'_>,
        clean: &mut Option<(u32, Model)>,
    ) -> Result<Option<usize>, WatchError> {
        let begun = known.places[key][outcome as usize];
        if begun.is_some() || !self.begins(known, key, outcome) {
            return Ok(begun);
        }
        let first_call = self.first_call(&known.places[key]);
        let model = self.model_since(first_call, start, clean)?;
        let KeyOperation { key_arn, operation, .. } = &known.keys[key];
        let place =
            self.add(SeriesId { key_arn: key_arn.clone(), operation: operation.clone(), outcome }, model, start);
        known.places[key][outcome as usize] = Some(place);
        Ok(Some(place))
    }

    /// Whether a key's and operation's series of an outcome is begun with its first call.
    fn begins(&mut self, known: &mut Known<'_>, key: usize, outcome: Outcome) -> bool {
        if outcome != Outcome::Successful && !known.proven.has(key) {
            return false;
        }
        if self.series.len() >= self.series_max {
            self.beyond.add(&known.keys[key], outcome);
            return false;
        }
        true
    }

    /// The first second that is known of a key's and operation's calls, whatever became of them.
    fn first_call(&self, places: &[Option<usize>; 5]) -> Option<i64> {
        let known = places.iter().flatten();
        known.filter_map(|place| self.series[*place].model.seen()).map(|(first, _)| first).min()
    }

    /// A model for a series that begins in this period. Where its key and operation were called before, nothing of its
    /// kind came until now, and it has learned that: a storm of errors is one, on a key that never had any. Series that
    /// never erred have no model for it; `clean` keeps the last one, since most begin alike.
    fn model_since(
        &self,
        first_call: Option<i64>,
        start: Minute,
        clean: &mut Option<(u32, Model)>,
    ) -> Result<Model, WatchError> {
        let first_call = first_call.and_then(Minute::of_second).unwrap_or(start).0;
        let from = first_call.max(start.0.saturating_sub(CLEAN_MINUTES) / self.period() * self.period());
        let mut model = match clean {
            Some((known_from, model)) if *known_from == from => return Ok(model.clone()),
            _ => Model::new(&self.settings)?,
        };
        for minute in (from..start.0).step_by(self.period() as usize) {
            model.step(Minute(minute).first_second(), 0.0);
        }
        *clean = Some((from, model.clone()));
        Ok(model)
    }
}

/// Whether an anomaly of a series can be told from a season that the series has not shown yet.
pub(super) fn is_credible(seen: Option<(i64, f64)>, at: i64, value: f64) -> bool {
    let Some((first, largest)) = seen else { return false };
    match at - first {
        age if age < DAY_SECONDS => false,
        age if age < WEEKEND_SEEN_SECONDS => value >= YOUNG_FACTOR * largest,
        _ => true,
    }
}
