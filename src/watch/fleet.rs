//! Every series' model, stepped together in order of time.

use std::collections::HashMap;
use std::sync::Arc;

use super::WatchSettings;
use super::error::WatchError;
use crate::band::{Model, Settings, Width};
use crate::domain::{Minute, MinuteRange, Outcome};
use crate::series::{Counts, KeyOperation, PeriodCalls, key_operations, periods};
use crate::store::{SavedModels, Store};

/// A series without a call for so long is forgotten: its model keeps no older days.
const FORGOTTEN_MINUTES: u32 = 35 * Minute::PER_DAY;

/// If so many calls were expected of all series together and not one is stored, nothing was delivered.
const SILENCE_CALLS: f64 = 12.0;

/// What strays by fewer calls than this, since it began to, wakes nobody.
const LEAST_EXCESS: f64 = 10.0;

/// Before a series is a day old nobody knows what its nights look like; before it saw a weekend, what that looks like.
const DAY_SECONDS: i64 = 86_400;
const WEEK_SECONDS: i64 = 8 * DAY_SECONDS;

/// What is as many times larger than everything before is no matter of seasons.
const YOUNG_FACTOR: f64 = 3.0;

/// What tells a watched series from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesId {
    /// The key.
    pub key_arn: String,
    /// The operation.
    pub operation: String,
    /// Which calls are counted.
    pub outcome: Outcome,
}

impl SeriesId {
    /// One text for all of it: what its saved model is called.
    fn name(&self) -> String {
        format!("{} {} {}", self.key_arn, self.operation, self.outcome.metric())
    }

    fn of_name(name: &str) -> Option<Self> {
        let mut parts = name.split(' ');
        let (key_arn, operation, metric) = (parts.next()?.to_owned(), parts.next()?.to_owned(), parts.next()?);
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.metric() == metric)?;
        Some(SeriesId { key_arn, operation, outcome })
    }
}

/// What was seen of one series in one period.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub series: Arc<SeriesId>,
    /// The period's first second.
    pub at: i64,
    /// Calls.
    pub value: f64,
    /// What would be normal.
    pub normal: f64,
    pub anomalous: bool,
}

/// Is told what was seen in a period; answers which series are to be tracked from now on, and which no longer.
pub(super) type Tell<'t> = dyn FnMut(Minute, Vec<Sighting>) -> Result<Vec<(Arc<SeriesId>, bool)>, WatchError> + 't;

/// One watched series.
struct Watched {
    id: Arc<SeriesId>,
    name: String,
    model: Model,
    last_call: Minute,
    /// Calls beyond what was normal since the model's alarm went on.
    strayed: f64,
    /// An incident wants to know of every period.
    tracked: bool,
}

/// Every watched series.
pub(super) struct Fleet {
    settings: Settings,
    metrics: Vec<Outcome>,
    pages_per_week: f64,
    series: Vec<Watched>,
    places: HashMap<Arc<SeriesId>, usize>,
    /// Everything before this minute was seen.
    pub until: Minute,
    /// What was expected of all series in the period before.
    expected: f64,
}

impl Fleet {
    /// A fleet that has seen nothing.
    pub(super) fn new(settings: &WatchSettings) -> Result<Self, WatchError> {
        let model = Settings {
            period_seconds: settings.period_seconds,
            zone: settings.zone,
            width: Width::FalsePagesPerWeek { pages: settings.false_pages_per_week, series: 1 },
            excluded: settings.maintenance.clone(),
        };
        model.check()?;
        Ok(Fleet {
            settings: model,
            metrics: settings.metrics.clone(),
            pages_per_week: settings.false_pages_per_week,
            series: Vec::new(),
            places: HashMap::new(),
            until: Minute(0),
            expected: 0.0,
        })
    }

    /// Minutes of a period.
    pub(super) fn period(&self) -> u32 {
        self.settings.period_seconds / 60
    }

    /// How many series are watched.
    pub(super) fn len(&self) -> usize {
        self.series.len()
    }

    /// Bytes of memory that the models take.
    pub(super) fn size_bytes(&self) -> usize {
        self.series.iter().map(|watched| watched.model.size_bytes() + 2 * watched.name.len()).sum()
    }

    /// Whether every period of a series shall be told, not only those that stray.
    pub(super) fn track(&mut self, series: &SeriesId, tracked: bool) {
        if let Some(&place) = self.places.get(series) {
            self.series[place].tracked = tracked;
        }
    }

    /// Steps every series through the whole periods up to a minute. What strays, and what is tracked, is told period
    /// by period.
    pub(super) fn advance(
        &mut self,
        counts: &dyn Counts,
        until: Minute,
        tell: &mut Tell<'_>,
    ) -> Result<(), WatchError> {
        let period = self.period();
        let Some(stored) = counts.covered(MinuteRange::ALL)? else { return Ok(()) };
        let start = self.until.0.max(stored.start.0.div_ceil(period) * period);
        let end = until.0 / period * period;
        if start >= end {
            return Ok(());
        }
        let keys = key_operations(counts)?;
        let numbers: Vec<&[u32]> = keys.iter().map(|key| key.numbers.as_slice()).collect();
        let mut places = self.places_of(&keys);
        self.share_budget(Minute(start));
        let mut next = start;
        let mut failed = None;
        let range = MinuteRange { start: Minute(start), end: Minute(end) };
        periods(counts, &numbers, period, range, &mut |rows: &[PeriodCalls]| {
            for at_once in rows.chunk_by(|a, b| a.start == b.start) {
                let at = at_once[0].start.0;
                while failed.is_none() && next < at {
                    failed = self.period_of(Minute(next), &[], &keys, &mut places, tell).err();
                    next += period;
                }
                if failed.is_none() {
                    failed = self.period_of(Minute(at), at_once, &keys, &mut places, tell).err();
                    next = at + period;
                }
            }
        })?;
        while failed.is_none() && next < end {
            failed = self.period_of(Minute(next), &[], &keys, &mut places, tell).err();
            next += period;
        }
        failed.map_or(Ok(()), Err)?;
        self.until = Minute(end);
        Ok(())
    }

    /// The place of each key's and operation's series, by outcome.
    fn places_of(&self, keys: &[KeyOperation]) -> Vec<[Option<usize>; 5]> {
        let place = |key: &KeyOperation| {
            Outcome::ALL.map(|outcome| {
                let (key_arn, operation) = (key.key_arn.clone(), key.operation.clone());
                self.places.get(&SeriesId { key_arn, operation, outcome }).copied()
            })
        };
        keys.iter().map(place).collect()
    }

    /// Divides the budget among the series that were there when the day of a minute began. So it is the same whenever
    /// the watch was begun or taken up again.
    fn share_budget(&mut self, at: Minute) {
        let midnight = i64::from(at.day()) * DAY_SECONDS;
        let was_there = |watched: &&Watched| watched.model.seen().is_some_and(|(first, _)| first < midnight);
        let series = self.series.iter().filter(was_there).count().max(1);
        let series = u32::try_from(series).unwrap_or(u32::MAX);
        self.settings.width = Width::FalsePagesPerWeek { pages: self.pages_per_week, series };
        for watched in &mut self.series {
            watched.model.set_width(self.settings.width);
        }
    }

    /// Steps every series through one period.
    fn period_of(
        &mut self,
        start: Minute,
        rows: &[PeriodCalls],
        keys: &[KeyOperation],
        places: &mut [[Option<usize>; 5]],
        tell: &mut Tell<'_>,
    ) -> Result<(), WatchError> {
        // Where nothing at all came of a busy fleet, nothing was delivered: the period is missing, not zero.
        let missing = rows.is_empty() && self.expected > SILENCE_CALLS;
        let mut values = vec![if missing { f64::NAN } else { 0.0 }; self.series.len()];
        for row in rows {
            let key = row.series as usize;
            for at in 0..self.metrics.len() {
                let outcome = self.metrics[at];
                let calls = row.calls[outcome as usize];
                if calls == 0 {
                    continue;
                }
                let place = match places[key][outcome as usize] {
                    Some(place) => place,
                    None => {
                        let place = self.begin(&keys[key], outcome)?;
                        places[key][outcome as usize] = Some(place);
                        values.push(0.0);
                        place
                    }
                };
                // Calls of a period are far below 2^53.
                values[place] = calls as f64;
                self.series[place].last_call = start;
            }
        }
        let sightings = self.step(i64::from(start.0) * 60, &values, missing);
        for (series, tracked) in tell(start, sightings)? {
            self.track(&series, tracked);
        }
        if start.0.is_multiple_of(Minute::PER_DAY) {
            if self.forget(start) {
                places.copy_from_slice(&self.places_of(keys));
            }
            self.share_budget(start);
        }
        Ok(())
    }

    fn begin(&mut self, key: &KeyOperation, outcome: Outcome) -> Result<usize, WatchError> {
        let (key_arn, operation) = (key.key_arn.clone(), key.operation.clone());
        let model = Model::new(&self.settings)?;
        Ok(self.add(SeriesId { key_arn, operation, outcome }, model, Minute(0)))
    }

    fn add(&mut self, id: SeriesId, model: Model, last_call: Minute) -> usize {
        let (name, id) = (id.name(), Arc::new(id));
        self.places.insert(Arc::clone(&id), self.series.len());
        self.series.push(Watched { id, name, model, last_call, strayed: 0.0, tracked: false });
        self.series.len() - 1
    }

    /// Steps every model; what strays or is tracked.
    fn step(&mut self, at: i64, values: &[f64], missing: bool) -> Vec<Sighting> {
        let mut sightings = Vec::new();
        let mut expected = 0.0;
        for (watched, &value) in self.series.iter_mut().zip(values) {
            let normal = if watched.tracked { watched.model.normal(at) } else { None };
            let credible = watched.tracked || is_credible(watched.model.seen(), at, value);
            let judgement = watched.model.step(at, value);
            let predicted = judgement.band.map_or(0.0, |band| band.expected);
            expected += predicted;
            watched.strayed = if judgement.anomalous { watched.strayed + value - predicted } else { 0.0 };
            let enough = watched.tracked || watched.strayed.abs() >= LEAST_EXCESS;
            let anomalous = judgement.anomalous && credible && enough;
            if (anomalous || watched.tracked) && !missing {
                let normal = normal.unwrap_or(predicted);
                sightings.push(Sighting { series: Arc::clone(&watched.id), at, value, normal, anomalous });
            }
        }
        self.expected = expected;
        sightings
    }

    /// Drops series that had no call for long; whether there were any.
    fn forget(&mut self, now: Minute) -> bool {
        let before = self.series.len();
        self.series.retain(|watched| watched.tracked || watched.last_call.0 + FORGOTTEN_MINUTES >= now.0);
        if self.series.len() == before {
            return false;
        }
        self.places = self.series.iter().enumerate().map(|(place, watched)| (Arc::clone(&watched.id), place)).collect();
        true
    }

    /// Saves every model.
    pub(super) fn save(&self, store: &mut Store) -> Result<(), WatchError> {
        let bytes = self.series.iter().map(|watched| {
            let bytes = watched.model.to_bytes().map_err(std::io::Error::other)?;
            let (last_call, strayed) = (watched.last_call.0.to_le_bytes(), watched.strayed.to_le_bytes());
            Ok((watched.name.as_str(), [&last_call[..], &strayed, &bytes].concat()))
        });
        Ok(store.save_models(self.until, bytes)?)
    }

    /// Puts the models of a file in the place of those in hand. One that can't be read is begun anew.
    pub(super) fn load(&mut self, store: &Store, saved: &SavedModels) -> Result<(), WatchError> {
        self.series.clear();
        self.places.clear();
        self.until = saved.until;
        self.expected = 0.0;
        let settings = self.settings.clone();
        store.read_models(saved, |name, bytes| {
            let Some(id) = SeriesId::of_name(name).filter(|id| self.metrics.contains(&id.outcome)) else { return };
            let Some((last_call, bytes)) = bytes.split_first_chunk::<4>() else { return };
            let Some((strayed, bytes)) = bytes.split_first_chunk::<8>() else { return };
            match Model::from_bytes(bytes, &settings) {
                Ok(model) => {
                    let place = self.add(id, model, Minute(u32::from_le_bytes(*last_call)));
                    self.series[place].strayed = f64::from_le_bytes(*strayed);
                }
                Err(error) => tracing::warn!(series = name, %error, "the model of a series is learned anew"),
            }
        })?;
        Ok(())
    }
}

/// Whether an anomaly of a series can be told from a season that the series has not shown yet.
fn is_credible(seen: Option<(i64, f64)>, at: i64, value: f64) -> bool {
    let Some((first, largest)) = seen else { return false };
    match at - first {
        age if age < DAY_SECONDS => false,
        age if age < WEEK_SECONDS => value >= YOUNG_FACTOR * largest,
        _ => true,
    }
}
