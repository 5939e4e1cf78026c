//! Every series' model, stepped together in order of time.

mod beyond;
mod saved;
mod series_id;
mod streams;
mod young;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use beyond::Beyond;
pub(super) use saved::FORM;
pub use series_id::SeriesId;
pub(super) use streams::{Stream, Streams};
use young::{Proven, is_credible};

use super::WatchSettings;
use super::error::WatchError;
use super::silences::Silences;
use crate::band::{Model, Settings, Width};
use crate::domain::{Minute, MinuteRange, Outcome};
use crate::series::{CountKind, Counts, KeyOperation, PeriodCalls, key_operations, periods};
use crate::store::Deliveries;

/// A series without a call for so long is forgotten: its model keeps no older days.
pub(super) const FORGOTTEN_MINUTES: u32 = 35 * Minute::PER_DAY;

/// What strays by fewer calls than this, since it began to, wakes nobody.
const LEAST_EXCESS: f64 = 10.0;

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
    /// Whether the alarm is on, and whether the value itself strays.
    pub anomalous: bool,
    pub strays: bool,
}

/// Is told what was seen in a period, and of which streams it did not come; answers which series are to be tracked from
/// now on, and which no longer.
pub(super) type Tell<'t> =
    dyn FnMut(Minute, Vec<Sighting>, &Streams) -> Result<Vec<(Arc<SeriesId>, bool)>, WatchError> + 't;

/// One watched series.
struct FleetSeries {
    id: Arc<SeriesId>,
    name: String,
    model: Model,
    /// The place of its stream.
    stream: usize,
    /// The period in which the fleet began to watch it. Its model may know of earlier ones.
    begun: Minute,
    last_call: Minute,
    /// Calls beyond what was normal since the model's alarm went on.
    strayed: f64,
    /// An incident wants to know of every period.
    tracked: bool,
}

/// What is known of the keys and operations while the fleet advances.
struct Known<'k> {
    keys: &'k [KeyOperation],
    /// The place of each one's series, by outcome.
    places: Vec<[Option<usize>; 5]>,
    /// The place of each one's stream.
    streams: Vec<usize>,
    deliveries: &'k Deliveries,
    proven: Proven,
}

/// Every watched series.
pub(super) struct Fleet {
    settings: Settings,
    metrics: Vec<Outcome>,
    pages_per_week: f64,
    series_max: usize,
    /// Series of the day that were more than these.
    beyond: Beyond,
    series: Vec<FleetSeries>,
    places: HashMap<Arc<SeriesId>, usize>,
    /// Series that are to be tracked from their begin on.
    awaited: HashSet<SeriesId>,
    streams: Streams,
    /// Everything before this minute was seen.
    pub until: Minute,
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
        Ok(Fleet::empty(model, settings.metrics.clone(), settings.false_pages_per_week, settings.series_max))
    }

    fn empty(settings: Settings, metrics: Vec<Outcome>, pages_per_week: f64, series_max: usize) -> Self {
        Fleet {
            settings,
            metrics,
            pages_per_week,
            series_max,
            beyond: Beyond::default(),
            series: Vec::new(),
            places: HashMap::new(),
            awaited: HashSet::new(),
            streams: Streams::default(),
            until: Minute(0),
        }
    }

    /// Minutes of a period.
    pub(super) fn period(&self) -> u32 {
        self.settings.period_seconds / 60
    }

    /// How many series are watched.
    pub(super) fn len(&self) -> usize {
        self.series.len()
    }

    /// How many series can't be watched beside these, of this day or the one before.
    pub(super) fn unwatched(&self) -> usize {
        self.beyond.len()
    }

    /// Bytes of memory that the models take.
    pub(super) fn size_bytes(&self) -> usize {
        self.series.iter().map(|watched| watched.model.size_bytes() + 2 * watched.name.len()).sum()
    }

    /// The streams that have stopped.
    pub(super) fn silent(&self) -> impl Iterator<Item = &Stream> {
        self.streams.all().iter().filter(|stream| stream.silent_since.is_some())
    }

    /// From which delivery on the names of files must be known to go on.
    pub(super) fn deliveries_from(&self) -> Minute {
        self.streams.deliveries_from(self.until)
    }

    /// When streams did not come, as far as that is remembered.
    pub(super) fn missed(&self) -> impl Iterator<Item = MinuteRange> {
        self.streams.all().iter().flat_map(|stream| &stream.missed).copied()
    }

    /// Whether deliveries have brought files of a range in which their stream was taken for missing.
    pub(super) fn has_filled(&self, deliveries: &Deliveries, range: MinuteRange) -> bool {
        self.streams.has_filled(deliveries, range, self.period())
    }

    /// Whether every period of a series shall be told, not only those that stray; as well of one that will begin.
    pub(super) fn track(&mut self, series: &SeriesId, tracked: bool) {
        match self.places.get(series) {
            Some(&place) => self.series[place].tracked = tracked,
            None if tracked => drop(self.awaited.insert(series.clone())),
            None => drop(self.awaited.remove(series)),
        }
    }

    /// When log files did not come, before a minute. Of the period that it lies in so much is judged as there is of it:
    /// whoever slides over the minutes doesn't wait for its end.
    pub(super) fn silences(
        &self,
        counts: &dyn Counts,
        deliveries: &Deliveries,
        until: Minute,
    ) -> Result<Silences, WatchError> {
        let mut streams = self.streams.clone();
        let rest = MinuteRange { start: self.until, end: until };
        if !rest.is_empty() && streams.all().iter().any(|stream| stream.expected > 0.0) {
            let keys = key_operations(counts)?;
            let numbers: Vec<&[u32]> = keys.iter().map(|key| key.numbers.as_slice()).collect();
            let of: Vec<usize> = keys.iter().map(|key| streams.of_key(&key.key_arn)).collect();
            let mut calls = vec![0; streams.all().len()];
            periods(counts, &numbers, 1, rest, &mut |rows: &[PeriodCalls]| {
                for row in rows {
                    calls[of[row.series as usize]] += row.calls.iter().sum::<u64>();
                }
            })?;
            streams.judge(rest, self.period(), &calls, deliveries);
        }
        let mut silences = Silences::default();
        for stream in streams.all() {
            silences.add(&stream.account, &stream.region, stream.missed.iter().copied());
        }
        Ok(silences)
    }

    /// Steps every series through the whole periods up to a minute. What strays, and what is tracked, is told period
    /// by period. Deliveries tell which log files came.
    pub(super) fn advance(
        &mut self,
        counts: &dyn Counts,
        deliveries: &Deliveries,
        until: Minute,
        tell: &mut Tell<'_>,
    ) -> Result<(), WatchError> {
        let period = self.period();
        let Some(stored) = counts.covered(CountKind::Minutes, MinuteRange::ALL)? else { return Ok(()) };
        let start = self.until.0.max(stored.start.0.div_ceil(period) * period);
        let end = until.0 / period * period;
        if start >= end {
            return Ok(());
        }
        let keys = key_operations(counts)?;
        let numbers: Vec<&[u32]> = keys.iter().map(|key| key.numbers.as_slice()).collect();
        let streams = keys.iter().map(|key| self.streams.of_key(&key.key_arn)).collect();
        let places = self.places_of(&keys);
        let proven = Proven::new(&keys, &places, &self.metrics);
        let mut known = Known { places, keys: &keys, streams, deliveries, proven };
        self.share_budget(Minute(start));
        let mut next = start;
        let mut failed = None;
        let range = MinuteRange { start: Minute(start), end: Minute(end) };
        periods(counts, &numbers, period, range, &mut |rows: &[PeriodCalls]| {
            for at_once in rows.chunk_by(|a, b| a.start == b.start) {
                let at = at_once[0].start.0;
                while failed.is_none() && next < at {
                    failed = self.period_of(Minute(next), &[], &mut known, tell).err();
                    next += period;
                }
                if failed.is_none() {
                    failed = self.period_of(Minute(at), at_once, &mut known, tell).err();
                    next = at + period;
                }
            }
        })?;
        while failed.is_none() && next < end {
            failed = self.period_of(Minute(next), &[], &mut known, tell).err();
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
        let midnight = at.day() * Minute::PER_DAY;
        let series = self.series.iter().filter(|watched| watched.begun.0 < midnight).count().max(1);
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
        known: &mut Known<'_>,
        tell: &mut Tell<'_>,
    ) -> Result<(), WatchError> {
        if start.0.is_multiple_of(Minute::PER_DAY) {
            self.beyond.day_begins();
        }
        let mut calls = vec![0; self.streams.all().len()];
        for row in rows {
            calls[known.streams[row.series as usize]] += row.calls.iter().sum::<u64>();
        }
        let period = MinuteRange { start, end: Minute(start.0 + self.period()) };
        let missing = self.streams.judge(period, self.period(), &calls, known.deliveries);
        known.proven.take(rows);
        let value = |watched: &FleetSeries| if missing[watched.stream] { f64::NAN } else { 0.0 };
        let mut values: Vec<f64> = self.series.iter().map(value).collect();
        let mut clean = None;
        for row in rows {
            let key = row.series as usize;
            for at in 0..self.metrics.len() {
                let outcome = self.metrics[at];
                let calls = row.calls[outcome as usize];
                if calls == 0 {
                    continue;
                }
                let Some(place) = self.place_for(key, outcome, start, known, &mut clean)? else { continue };
                values.resize(self.series.len(), 0.0);
                if !missing[self.series[place].stream] {
                    // Calls of a period are far below 2^53.
                    values[place] = calls as f64;
                }
                self.series[place].last_call = start;
            }
        }
        let sightings = self.step(start.first_second(), &values, &missing);
        for (series, tracked) in tell(start, sightings, &self.streams)? {
            self.track(&series, tracked);
        }
        if start.0.is_multiple_of(Minute::PER_DAY) {
            if self.forget(start) {
                known.places = self.places_of(known.keys);
                known.proven = Proven::new(known.keys, &known.places, &self.metrics);
            }
            self.share_budget(start);
        }
        Ok(())
    }

    fn add(&mut self, id: SeriesId, model: Model, begun: Minute) -> usize {
        let stream = self.streams.of_key(&id.key_arn);
        let tracked = self.awaited.remove(&id);
        let (name, id) = (id.name(), Arc::new(id));
        self.places.insert(Arc::clone(&id), self.series.len());
        self.series.push(FleetSeries { id, name, model, stream, begun, last_call: begun, strayed: 0.0, tracked });
        self.series.len() - 1
    }

    /// Steps every model; what strays or is tracked. `missing` says which streams did not come.
    fn step(&mut self, at: i64, values: &[f64], missing: &[bool]) -> Vec<Sighting> {
        let mut sightings = Vec::new();
        let mut expected = vec![0.0; missing.len()];
        for (watched, &value) in self.series.iter_mut().zip(values) {
            let is_missing = missing[watched.stream];
            let normal = if watched.tracked { watched.model.normal(at) } else { None };
            let credible = watched.tracked || is_credible(watched.model.seen(), at, value);
            let judgement = watched.model.step(at, value);
            let predicted = judgement.band.map_or(0.0, |band| band.expected);
            expected[watched.stream] += predicted;
            if is_missing {
                continue;
            }
            watched.strayed = if judgement.anomalous { watched.strayed + value - predicted } else { 0.0 };
            let enough = watched.tracked || watched.strayed.abs() >= LEAST_EXCESS;
            let anomalous = judgement.anomalous && credible && enough;
            let strays = anomalous && judgement.strays;
            if anomalous || watched.tracked {
                let normal = normal.unwrap_or(predicted);
                sightings.push(Sighting { series: Arc::clone(&watched.id), at, value, normal, anomalous, strays });
            }
        }
        self.streams.expect(&expected);
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
        self.streams.forget(|stream| self.series.iter().all(|watched| watched.stream != stream));
        true
    }
}
