//! The configured alarms: judged at the watermark, minute by minute.
//!
//! CloudWatch slides: an alarm on periods of five minutes is judged each minute over the periods that end then. "Now"
//! is the watermark, so a period without calls is a real zero. An alarm on a band is judged when a period of the clock
//! ends, since that is what its model learns from.

use std::collections::{BTreeMap, HashMap};

use super::error::WatchError;
use super::setup::Setup;
use super::values::{JudgedSeries, Reader, Values};
use crate::alarm::{
    Alarm, AlarmMemory, Condition, HistoryItem, MetricAlarm, Moment, Owed, Point, Series, Slots, StateValue, Stepped,
};
use crate::band::{Model, Settings, Width};
use crate::domain::{Minute, MinuteRange};
use crate::series::{Counts, SeriesError};

/// Days that a band learns from when it is begun.
const LEARNED_MINUTES: u32 = 35 * Minute::PER_DAY;

/// What the alarms came to in a round.
#[derive(Default)]
pub(super) struct Judged {
    pub history: Vec<(String, HistoryItem)>,
    pub owed: Vec<OwedAbout>,
    /// Alarms whose memory changed.
    pub changed: Vec<String>,
}

/// What is owed, and what it is about.
pub(super) struct OwedAbout {
    pub owed: Owed,
    /// The keys and operations of the series.
    pub members: Vec<(String, String)>,
    /// The periods that decided.
    pub range: MinuteRange,
}

/// A band of an alarm's series.
struct Banded {
    model: Model,
    /// The newest periods, with their edges.
    recent: Vec<Option<Point>>,
    /// Before this minute everything is learned.
    until: Minute,
}

/// The configured alarms, with what is remembered of each.
#[derive(Default)]
pub(super) struct Alarms {
    pub memories: BTreeMap<String, AlarmMemory>,
    bands: HashMap<(String, String), Banded>,
}

/// The time of a round.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// Judged before; the round goes on from here.
    pub from: Minute,
    pub until: Minute,
    /// The first minute that anything is stored of.
    pub stored_from: Minute,
    /// Now, seconds since 1970.
    pub now: i64,
}

impl Alarms {
    /// Judges every alarm at every minute of a span.
    pub(super) fn judge(&mut self, counts: &dyn Counts, setup: &Setup, span: Span) -> Result<Judged, WatchError> {
        let mut judged = Judged::default();
        if setup.alarms.is_empty() || span.from >= span.until {
            return Ok(judged);
        }
        let reader = Reader::new(counts, setup.tariff())?;
        let mut values = Vec::new();
        for alarm in setup.alarms.iter() {
            let Some(metric) = alarm.metric() else { continue };
            let back = metric.rule().range() as u32 * (metric.period_seconds / 60);
            let start = Minute(span.from.0.saturating_sub(back).max(span.stored_from.0.min(span.from.0)));
            values.push((alarm, metric, reader.values(metric, MinuteRange { start, end: span.until })?));
        }
        for minute in span.from.0 + 1..=span.until.0 {
            for (alarm, metric, values) in &values {
                self.judge_one((alarm, metric, values), Minute(minute), counts, setup, span, &mut judged)?;
            }
            for alarm in &setup.alarms {
                let Some(composite) = alarm.composite() else { continue };
                let mut memory = self.memory(&alarm.name, span.now);
                let state_of = |name: &str| self.memories.get(name).map(|memory| (memory.state, memory.since));
                let stepped = memory.step_composite(alarm, composite, &moment(setup, span.now), &state_of);
                self.memories.insert(alarm.name.clone(), memory);
                let range = MinuteRange { start: Minute(minute - 1), end: Minute(minute) };
                judged.take(&alarm.name, stepped, |_| (Vec::new(), range));
            }
        }
        judged.changed.sort_unstable();
        judged.changed.dedup();
        Ok(judged)
    }

    fn memory(&mut self, name: &str, now: i64) -> AlarmMemory {
        self.memories.remove(name).unwrap_or_else(|| AlarmMemory::new(now))
    }

    fn judge_one(
        &mut self,
        (alarm, metric, values): (&Alarm, &MetricAlarm, &Values),
        end: Minute,
        counts: &dyn Counts,
        setup: &Setup,
        span: Span,
        judged: &mut Judged,
    ) -> Result<(), WatchError> {
        let period = metric.period_seconds / 60;
        let ends_period = end.0.is_multiple_of(period);
        let is_by_band = matches!(metric.condition, Condition::Band { .. });
        if !metric.is_due(i64::from(end.0) * 60) || (is_by_band && !ends_period) {
            return Ok(());
        }
        let mut points: Vec<Vec<Option<Point>>> = Vec::with_capacity(values.series.len());
        for (place, series) in values.series.iter().enumerate() {
            points.push(match &metric.condition {
                Condition::Band { deviations, .. } => {
                    self.band_points((alarm, metric, *deviations), series, end, counts, setup)?
                }
                _ => slots(metric, values, place, end, span.stored_from),
            });
        }
        let mut memory = self.memory(&alarm.name, span.now);
        let moment = moment(setup, span.now);
        let seconds = i64::from(end.0) * 60;
        let slots_of = |place: usize| Slots { end: seconds, points: &points[place] };
        let stepped = match (metric.is_multi_series(), values.series.is_empty()) {
            (false, false) => memory.step_metric(alarm, metric, &moment, slots_of(0)),
            _ => {
                let all = values.series.iter().enumerate().map(|(place, series)| Series {
                    id: &series.id,
                    attributes: &series.attributes,
                    slots: slots_of(place),
                });
                memory.step_series(alarm, metric, &moment, all)
            }
        };
        self.memories.insert(alarm.name.clone(), memory);
        let length = metric.evaluation_periods * period;
        let range = MinuteRange { start: Minute(end.0.saturating_sub(length)), end };
        judged.take(&alarm.name, stepped, |owed| {
            let id = owed.contributor.as_ref().map(|contributor| contributor.id.as_str());
            let about = values.series.iter().find(|series| id.is_none_or(|id| series.id == id));
            (about.map(|series| series.members.clone()).unwrap_or_default(), range)
        });
        Ok(())
    }

    /// The newest periods of a series with what was expected of each.
    fn band_points(
        &mut self,
        (alarm, metric, deviations): (&Alarm, &MetricAlarm, f64),
        series: &JudgedSeries,
        end: Minute,
        counts: &dyn Counts,
        setup: &Setup,
    ) -> Result<Vec<Option<Point>>, WatchError> {
        let period = metric.period_seconds / 60;
        let name = (alarm.name.clone(), series.id.clone());
        if !self.bands.contains_key(&name) {
            let settings = Settings {
                period_seconds: metric.period_seconds,
                zone: setup.settings.zone,
                width: Width::Deviations(deviations),
                excluded: setup.settings.maintenance.clone(),
            };
            let until = Minute(end.0.saturating_sub(LEARNED_MINUTES) / period * period);
            self.bands.insert(name.clone(), Banded { model: Model::new(&settings)?, recent: Vec::new(), until });
        }
        let banded = self.bands.get_mut(&name).expect("it was just begun");
        banded.learn(counts, series, metric, end)?;
        Ok(banded.recent.clone())
    }

    /// Forgets alarms that are no longer configured; their names.
    pub(super) fn forget(&mut self, setup: &Setup) -> Vec<String> {
        let is_gone = |name: &&String| !setup.alarms.iter().any(|alarm| alarm.name == **name);
        let gone: Vec<String> = self.memories.keys().filter(is_gone).cloned().collect();
        for name in &gone {
            self.memories.remove(name);
            self.bands.retain(|(alarm, _), _| alarm != name);
        }
        gone
    }
}

impl Banded {
    /// Learns the whole periods up to a minute.
    fn learn(
        &mut self,
        counts: &dyn Counts,
        series: &JudgedSeries,
        metric: &MetricAlarm,
        end: Minute,
    ) -> Result<(), SeriesError> {
        if self.until >= end {
            return Ok(());
        }
        let period = metric.period_seconds / 60;
        let numbers: Vec<u32> = series.parts.iter().map(|(number, _)| *number).collect();
        let range = MinuteRange { start: self.until, end };
        let keep = metric.rule().range();
        let dense = crate::series::read(counts, &[&numbers], metric.watched.metric, period, range)?;
        for (at, calls) in dense.iter().flatten().flat_map(|dense| dense.points()) {
            // Calls of a period are far below 2^53.
            let value = calls as f64;
            let band = self.model.step(at, value).band.map(|band| (band.lower, band.upper));
            self.recent.push(Some(Point { value, band }));
        }
        self.recent.drain(..self.recent.len().saturating_sub(keep));
        self.until = end;
        Ok(())
    }
}

impl Judged {
    fn take(&mut self, alarm: &str, stepped: Stepped, about: impl Fn(&Owed) -> (Vec<(String, String)>, MinuteRange)) {
        if stepped.has_changed {
            self.changed.push(alarm.to_owned());
        }
        self.history.extend(stepped.history.into_iter().map(|item| (alarm.to_owned(), item)));
        for owed in stepped.owed {
            let (members, range) = about(&owed);
            self.owed.push(OwedAbout { owed, members, range });
        }
    }
}

/// The newest periods of a series that end at a minute.
fn slots(metric: &MetricAlarm, values: &Values, place: usize, end: Minute, stored_from: Minute) -> Vec<Option<Point>> {
    let period = metric.period_seconds / 60;
    let slot = |back: u32| {
        let end = end.0.checked_sub(back * period)?;
        let range = MinuteRange { start: Minute(end.checked_sub(period)?), end: Minute(end) };
        values.over(place, range, stored_from).map(Point::of)
    };
    (0..metric.rule().range() as u32).rev().map(slot).collect()
}

fn moment(setup: &Setup, now: i64) -> Moment<'_> {
    Moment {
        now,
        mutes: &setup.mutes,
        account: &setup.account,
        region: &setup.region,
        configured_at: setup.configured_at,
    }
}

/// An alarm's state as it is remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmState {
    /// The alarm.
    pub name: String,
    /// Its state.
    pub state: StateValue,
    /// Why.
    pub reason: String,
    /// Since when, seconds since 1970.
    pub since: i64,
    /// Its series in ALARM, each by what tells it from others.
    pub contributors: Vec<BTreeMap<String, String>>,
}

impl AlarmState {
    pub(super) fn of(name: &str, memory: &AlarmMemory) -> Self {
        AlarmState {
            name: name.to_owned(),
            state: memory.state,
            reason: memory.reason.clone(),
            since: memory.since,
            contributors: memory.contributors.values().map(|contributor| contributor.attributes.clone()).collect(),
        }
    }
}
