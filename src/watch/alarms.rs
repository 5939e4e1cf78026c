//! The configured alarms: judged at the watermark, minute by minute.
//!
//! CloudWatch slides: an alarm on periods of five minutes is judged each minute over the periods that end then. "Now"
//! is the watermark, so a period without calls is a real zero. An alarm on a band is judged when a period of the clock
//! ends, since that is what its model learns from.

use std::collections::{BTreeMap, HashMap};

use super::bands::Bands;
use super::begun::Begun;
use super::error::WatchError;
use super::setup::Setup;
use super::silences::Silences;
use super::values::{JudgedSeries, Reader, Values};
use crate::alarm::{
    Alarm, AlarmMemory, Condition, HistoryItem, MetricAlarm, Moment, Owed, Past, Point, Series, Slots, Stepped, Watched,
};
use crate::domain::{Minute, MinuteRange, QuotaPool};
use crate::series::Counts;
use crate::store::WATERMARK_MINUTES;

/// So many minutes are read at a time: a long span of many series would not fit into memory.
const READ_MINUTES: u32 = 6 * 60;

/// Counts that come late are judged again if they are no older: as long as an incident that is over is remembered.
pub(super) const REVISED_MINUTES: u32 = 3 * Minute::PER_DAY;

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
    /// When it is owed, seconds since 1970.
    pub at: i64,
    /// Which calls, of an alarm on calls.
    pub watched: Option<Watched>,
    /// The keys and operations of the series.
    pub members: Vec<(String, String)>,
    /// Which quota's pool, of an alarm on a quota's share.
    pub pool: Option<QuotaPool>,
    /// The periods that decided.
    pub range: MinuteRange,
}

impl OwedAbout {
    /// Whether it is about calls, or a quota that they fill: someone makes them.
    pub(super) fn has_callers(&self) -> bool {
        self.pool.is_some() || !self.members.is_empty()
    }
}

/// The configured alarms, with what is remembered of each.
#[derive(Default)]
pub(super) struct Alarms {
    pub memories: BTreeMap<String, AlarmMemory>,
    bands: HashMap<String, Bands>,
    begun: Begun,
}

/// What alarms are judged by.
#[derive(Clone, Copy)]
pub(super) struct Read<'a> {
    pub counts: &'a dyn Counts,
    pub silences: &'a Silences,
}

/// The time of a round.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// Judged before; the round goes on from here.
    pub from: Minute,
    pub until: Minute,
    /// The first minute that anything is stored of.
    pub stored_from: Minute,
    pub now: Now,
}

/// What time it is when a minute is judged.
#[derive(Clone, Copy)]
pub(super) enum Now {
    /// Seconds since 1970.
    Is(i64),
    /// As long after the minute as the watermark is behind, as if each had been judged at once.
    InTime,
}

impl Now {
    fn at(self, end: Minute) -> i64 {
        match self {
            Now::Is(now) => now,
            Now::InTime => Minute(end.0 + WATERMARK_MINUTES).first_second(),
        }
    }
}

/// Where a round stands.
#[derive(Clone, Copy)]
pub(super) struct Present {
    /// Everything before this minute is judged.
    pub until: Minute,
    /// Seconds since 1970.
    pub now: i64,
}

impl Present {
    /// The moment at which the periods that end here are judged.
    pub(super) fn moment(self, setup: &Setup) -> Moment<'_> {
        Moment {
            now: self.now,
            as_of: self.until.first_second(),
            mutes: &setup.mutes,
            account: &setup.account,
            region: &setup.region,
            configured_at: setup.configured_at,
        }
    }

    pub(super) fn last_minute(self) -> MinuteRange {
        MinuteRange { start: Minute(self.until.0.saturating_sub(1)), end: self.until }
    }
}

/// An alarm on a metric with the values of its series.
struct Valued<'a> {
    alarm: &'a Alarm,
    metric: &'a MetricAlarm,
    values: Values,
    /// The first minute that each series is judged by, where that matters.
    begun: Option<Vec<Minute>>,
}

impl Alarms {
    /// Judges every alarm at every minute of a span.
    pub(super) fn judge(&mut self, read: Read<'_>, setup: &Setup, span: Span) -> Result<Judged, WatchError> {
        let mut judged = Judged::default();
        if setup.alarms.is_empty() || span.from >= span.until {
            return Ok(judged);
        }
        self.remember(setup, span, &mut judged);
        let reader = Reader::new(read.counts, setup.tariff(), read.silences)?;
        let mut from = span.from;
        while from < span.until {
            let until = Minute(span.until.0.min(from.0 + READ_MINUTES));
            self.judge_part(&reader, setup, Span { from, until, ..span }, &mut judged)?;
            from = until;
        }
        Ok(judged)
    }

    /// Sees to it that the states from now on are remembered, of each alarm as it is defined now.
    fn remember(&mut self, setup: &Setup, span: Span, judged: &mut Judged) {
        let from = span.from.first_second();
        for alarm in &setup.alarms {
            let now = span.now.at(span.from);
            let memory = self.memories.entry(alarm.name.clone()).or_insert_with(|| AlarmMemory::new(now));
            let definition = alarm.fingerprint();
            match &mut memory.past {
                Some(past) if past.definition == definition => {
                    past.forget(Minute(span.until.0.saturating_sub(REVISED_MINUTES)).first_second());
                }
                _ => {
                    memory.past = Some(Past::begin(memory, definition, from));
                    judged.changed.push(alarm.name.clone());
                }
            }
        }
    }

    fn judge_part(
        &mut self,
        reader: &Reader<'_>,
        setup: &Setup,
        span: Span,
        judged: &mut Judged,
    ) -> Result<(), WatchError> {
        let mut all = Vec::new();
        for alarm in &setup.alarms {
            let Some(metric) = alarm.metric() else { continue };
            if !(span.from.0 + 1..=span.until.0).any(|minute| is_due(metric, Minute(minute))) {
                continue;
            }
            if let Condition::Band { deviations, .. } = metric.condition {
                let begun = || Bands::new(metric, deviations, &setup.settings, span.from, span.stored_from);
                let bands = self.bands.entry(alarm.name.clone()).or_insert_with(begun);
                bands.learn(reader, metric, span.from)?;
            }
            let back = metric.rule().range() as u32 * (metric.period_seconds / 60);
            let start = Minute(span.from.0.saturating_sub(back).max(span.stored_from.0.min(span.from.0)));
            let values = reader.values(metric, MinuteRange { start, end: span.until })?;
            let mut begun = None;
            if Begun::matters_to(metric) {
                self.begun.find(reader.counts(), &values.series, span.from)?;
                begun = Some(values.series.iter().map(|series| self.begun.of(series)).collect());
            }
            all.push(Valued { alarm, metric, values, begun });
        }
        for end in (span.from.0 + 1..=span.until.0).map(Minute) {
            let moment = Present { until: end, now: span.now.at(end) }.moment(setup);
            for valued in all.iter().filter(|valued| is_due(valued.metric, end)) {
                self.judge_one(valued, end, &moment, setup, span, judged)?;
            }
            for alarm in &setup.alarms {
                let Some(composite) = alarm.composite() else { continue };
                let mut memory = self.memory(&alarm.name, moment.now);
                let state_of = |name: &str| self.memories.get(name).map(|memory| (memory.state, memory.since));
                let stepped = memory.step_composite(alarm, composite, &moment, &state_of);
                self.memories.insert(alarm.name.clone(), memory);
                let range = MinuteRange { start: Minute(end.0 - 1), end };
                judged.take(alarm, stepped, &moment, |_| (Vec::new(), range));
            }
        }
        Ok(())
    }

    fn memory(&mut self, name: &str, now: i64) -> AlarmMemory {
        self.memories.remove(name).unwrap_or_else(|| AlarmMemory::new(now))
    }

    fn judge_one(
        &mut self,
        Valued { alarm, metric, values, begun }: &Valued<'_>,
        end: Minute,
        moment: &Moment<'_>,
        setup: &Setup,
        span: Span,
        judged: &mut Judged,
    ) -> Result<(), WatchError> {
        if let Some(bands) = self.bands.get_mut(&alarm.name) {
            bands.advance(values, end)?;
        }
        let first = |place: usize| begun.as_ref().map_or(span.stored_from, |begun| begun[place].max(span.stored_from));
        let points: Vec<Vec<Option<Point>>> = values
            .series
            .iter()
            .enumerate()
            .map(|(place, series)| match self.bands.get(&alarm.name) {
                Some(bands) => bands.points(&series.id).to_vec(),
                None => slots(metric, values, place, end, first(place)),
            })
            .collect();
        let mut memory = self.memory(&alarm.name, moment.now);
        let excluded = &setup.settings.maintenance;
        let slots_of = |place: usize| Slots { end: moment.as_of, points: &points[place], excluded };
        let stepped = match metric.is_multi_series() {
            false => memory.step_metric(alarm, metric, moment, slots_of(0)),
            true => {
                let there = values.series.iter().enumerate().filter(|(place, _)| first(*place) < end);
                let all = there.map(|(place, series)| Series {
                    id: &series.id,
                    attributes: &series.attributes,
                    slots: slots_of(place),
                });
                memory.step_series(alarm, metric, moment, all)
            }
        };
        self.memories.insert(alarm.name.clone(), memory);
        let range = evaluated(metric, end);
        judged.take(alarm, stepped, moment, |owed| (members_of(&values.series, owed), range));
        Ok(())
    }

    /// Tells what mute windows and suppressors held back and hold no longer. Time alone ends them, however long no
    /// counts come; and an alarm that is judged once an hour doesn't keep what it owes for so long.
    pub(super) fn tell_held(&mut self, read: Read<'_>, setup: &Setup, present: Present) -> Result<Judged, WatchError> {
        let mut judged = Judged::default();
        for alarm in &setup.alarms {
            let Some(mut memory) = self.memories.remove(&alarm.name) else { continue };
            let moment = present.moment(setup);
            let state_of = |name: &str| self.memories.get(name).map(|memory| (memory.state, memory.since));
            let stepped = match memory.holds_back() {
                true => memory.tell_held(alarm, &moment, &state_of),
                false => Stepped::default(),
            };
            self.memories.insert(alarm.name.clone(), memory);
            let mut series = Vec::new();
            let mut range = present.last_minute();
            if let (false, Some(metric)) = (stepped.owed.is_empty(), alarm.metric()) {
                let is_spend = matches!(metric.condition, Condition::SpendPerHour { .. });
                let is_of_calls = !matches!(metric.condition, Condition::QuotaShare { .. });
                if is_of_calls {
                    series = Reader::new(read.counts, setup.tariff(), read.silences)?.series(&metric.watched, is_spend);
                }
                range = evaluated(metric, present.until);
            }
            judged.take(alarm, stepped, &moment, |owed| (members_of(&series, owed), range));
        }
        Ok(judged)
    }

    /// Takes over the bands of alarms that were judged again: they saw what came late.
    pub(super) fn take_bands(&mut self, from: Alarms) {
        self.bands = from.bands;
    }

    /// Forgets alarms that are no longer configured; what was remembered of each.
    pub(super) fn forget(&mut self, setup: &Setup) -> Vec<(String, AlarmMemory)> {
        let is_gone = |name: &String| !setup.alarms.iter().any(|alarm| alarm.name == *name);
        let gone: Vec<_> = self.memories.extract_if(.., |name, _| is_gone(name)).collect();
        self.bands.retain(|name, _| !is_gone(name));
        gone
    }
}

impl Judged {
    /// Adds what came after.
    pub(super) fn append(&mut self, later: Judged) {
        self.history.extend(later.history);
        self.owed.extend(later.owed);
        self.changed.extend(later.changed);
        self.changed.sort_unstable();
        self.changed.dedup();
    }

    pub(super) fn take(
        &mut self,
        alarm: &Alarm,
        stepped: Stepped,
        moment: &Moment<'_>,
        about: impl Fn(&Owed) -> (Vec<(String, String)>, MinuteRange),
    ) {
        if stepped.has_changed {
            self.changed.push(alarm.name.clone());
        }
        self.history.extend(stepped.history.into_iter().map(|item| (alarm.name.clone(), item)));
        for owed in stepped.owed {
            let (members, range) = about(&owed);
            let watched = alarm.metric().map(|metric| metric.watched.clone());
            let pool = alarm.metric().and_then(|metric| pool_of(metric, &owed));
            self.owed.push(OwedAbout { owed, at: moment.now, watched, members, pool, range });
        }
    }
}

fn is_due(metric: &MetricAlarm, end: Minute) -> bool {
    let ends_period = end.0.is_multiple_of(metric.period_seconds / 60);
    let is_by_band = matches!(metric.condition, Condition::Band { .. });
    metric.is_due(end.first_second()) && (ends_period || !is_by_band)
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

/// The periods that decide at a minute.
fn evaluated(metric: &MetricAlarm, end: Minute) -> MinuteRange {
    let length = metric.evaluation_periods * (metric.period_seconds / 60);
    MinuteRange { start: Minute(end.0.saturating_sub(length)), end }
}

/// The pool of an alarm on a quota's share that something is owed about.
fn pool_of(metric: &MetricAlarm, owed: &Owed) -> Option<QuotaPool> {
    let Condition::QuotaShare { pool, account, region, .. } = &metric.condition else { return None };
    Some(match &owed.contributor {
        Some(contributor) => {
            let attribute = |name: &str| contributor.attributes.get(name).cloned();
            QuotaPool { account: attribute("Account")?, region: attribute("Region")?, name: attribute("QuotaPool")? }
        }
        None => QuotaPool {
            account: account.as_ref()?.as_str().to_owned(),
            region: region.as_ref()?.as_str().to_owned(),
            name: pool.clone()?,
        },
    })
}

/// The keys and operations of the series that something is owed about.
fn members_of(series: &[JudgedSeries], owed: &Owed) -> Vec<(String, String)> {
    let id = owed.contributor.as_ref().map(|contributor| contributor.id.as_str());
    let about = series.iter().find(|series| id.is_none_or(|id| series.id == id));
    about.map(|series| series.members.clone()).unwrap_or_default()
}
