//! A watch over a store: round by round, each committed whole.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::alarms::{Alarms, Judged, Now, Present, REVISED_MINUTES, Read, Span};
use super::cause::Cause;
use super::error::WatchError;
use super::evaluate::LEARNED_MINUTES;
use super::fleet::{FORM, Fleet};
use super::gaps::{self, Leap};
use super::incidents::Incidents;
use super::memories::{ALARM, bytes_of, memories, remembered};
use super::notices::dedup_key;
use super::report::{RoundReport, SilentStream};
use super::routed::Routed;
use super::setup::Setup;
use super::silences::Silences;
use super::stored::incident_name;
use super::tell::Teller;
use crate::domain::{Minute, MinuteRange};
use crate::store::{Deliveries, MODELS_REACH_MINUTES, Store, WatchRound};

/// What is known of deliveries is read anew when it reaches back so much further than is needed: with half of it.
const DELIVERIES_MINUTES: u32 = 2 * Minute::PER_DAY;

/// Names of what is remembered.
const INCIDENTS: &str = "incidents";
const POSITION: &str = "position";
const ROUTED: &str = "routed";

/// Where the watch stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// Every period before this minute was judged.
    until: u32,
    /// The configured alarms were judged up to this minute.
    #[serde(default)]
    alarms_until: u32,
    /// The first minute that models have learned from.
    learned_from: u32,
    /// The last batch that was seen.
    batch: i64,
    /// What models were made for; with another, they are learned anew.
    made_for: String,
    /// Tells stores apart in what receivers see.
    store: String,
    /// When the watermark last went on by hours at once.
    #[serde(default)]
    leap: Leap,
}

/// A watch over a store.
pub struct Watch {
    setup: Setup,
    fleet: Fleet,
    incidents: Incidents,
    alarms: Alarms,
    routed: Routed,
    position: Position,
    /// Which log files came, as far as it was asked.
    deliveries: Option<Deliveries>,
}

impl Watch {
    /// Takes up the watch where the store remembers it to be; else begins it.
    pub fn open(store: &Store, setup: Setup) -> Result<Self, WatchError> {
        let fleet = Fleet::new(&setup.settings)?;
        let alarms = Alarms::default();
        let (incidents, position) = (Incidents::default(), Position::default());
        let routed = remembered(store, ROUTED)?.unwrap_or_default();
        let mut watch = Watch { fleet, setup, incidents, alarms, routed, position, deliveries: None };
        watch.incidents = remembered(store, INCIDENTS)?.unwrap_or_default();
        watch.incidents.next_number = watch.incidents.next_number.max(1);
        watch.position = remembered(store, POSITION)?.unwrap_or_default();
        watch.alarms.memories = memories(store)?;
        if watch.position.made_for == watch.made_for() {
            let until = Minute(watch.position.until);
            if !watch.rewind(store, until)? {
                // Everything is learned again.
                watch.position.made_for.clear();
            }
        }
        Ok(watch)
    }

    /// Judges every period that ended before the watermark, and commits what follows.
    pub fn round(&mut self, store: &mut Store, now: DateTime<Utc>) -> Result<RoundReport, WatchError> {
        let Some(watermark) = store.watermark(Minute::nearest(now.timestamp()))? else {
            return Ok(RoundReport::default());
        };
        let revised = self.revised_alarms(store)?;
        self.position.leap = self.position.leap.after(Minute(self.position.until), watermark);
        let back_to = self.back_to();
        let before = self.incidents.clone();
        let looked_again = self.look_again(store, watermark)?;
        let judged_until = self.fleet.until.0;
        let mut round = WatchRound::default();
        let mut report = RoundReport { looked_again, ..RoundReport::default() };
        if self.setup.settings.every_series {
            self.save_behind(store, watermark, back_to, looked_again)?;
            self.advance(store, watermark)?;
            self.incidents.join_told();
            self.tell(store, &before, now, &mut round, &mut report)?;
            self.incidents.forget(&self.setup.settings);
        } else if self.incidents.owe_an_end() {
            // The watch was switched off: nobody sees any more when they are over.
            self.incidents.end_all();
            self.tell(store, &before, now, &mut round, &mut report)?;
        }
        self.judge_alarms(store, revised, watermark, now, &mut round)?;
        self.remember_routes(&mut round)?;
        self.position.until = self.fleet.until.0;
        self.position.made_for = self.made_for();
        round.memories.push((INCIDENTS.to_owned(), bytes_of(INCIDENTS, &self.incidents)?));
        round.memories.push((POSITION.to_owned(), bytes_of(POSITION, &self.position)?));
        report.owed = round.owed.len();
        store.commit_round(&round, now)?;
        let saved = store.saved_models()?.first().map_or(0, |saved| saved.until.0);
        // Where counts come late in each round, a saving of now is forgotten in the next.
        if !looked_again && self.fleet.until.0 >= saved + MODELS_REACH_MINUTES {
            self.save(store)?;
        }
        report.series = self.fleet.len();
        report.periods = u64::from(self.fleet.until.0.saturating_sub(judged_until)) / u64::from(self.fleet.period())
            * self.fleet.len() as u64;
        report.until = Some(self.fleet.until);
        report.open = self.incidents.open.len();
        report.model_bytes = self.fleet.size_bytes();
        report.silent = self.silent();
        report.unwatched = self.fleet.unwatched();
        Ok(report)
    }

    /// Saves the models on the way, where no saving reaches back far enough: counts that come late after the first
    /// round of all are learned too. So it does where counts came late and the saving that reaches back is much older:
    /// those that come late again and again don't cost more each time. As well before a gap that was known.
    fn save_behind(
        &mut self,
        store: &mut Store,
        watermark: Minute,
        back_to: Option<Minute>,
        looked_again: bool,
    ) -> Result<(), WatchError> {
        let period = self.fleet.period();
        if let Some(before) = back_to.map(|back_to| Minute(back_to.0 / period * period))
            && self.fleet.until < before
            && store.saved_models()?.last().is_none_or(|oldest| oldest.until > before)
        {
            self.advance(store, before)?;
            self.save(store)?;
        }
        let behind = Minute(watermark.0.saturating_sub(MODELS_REACH_MINUTES) / period * period);
        let before = store.saved_models()?.iter().map(|saved| saved.until.0).find(|until| *until <= behind.0);
        let is_enough = |before: u32| !looked_again || behind.0 - before < MODELS_REACH_MINUTES;
        if self.fleet.until >= behind || before.is_some_and(is_enough) {
            return Ok(());
        }
        self.advance(store, behind)?;
        self.save(store)
    }

    /// Saves the models, so that a restart repeats nothing.
    pub fn save(&mut self, store: &mut Store) -> Result<(), WatchError> {
        self.fleet.save(store, self.back_to(), self.incidents.counted())
    }

    /// Which minute counts may come as late as of, where log files did not come.
    fn back_to(&self) -> Option<Minute> {
        gaps::reach(self.fleet.missed().chain([self.position.leap.range()]), self.fleet.until)
    }

    /// Remembers the routes that were told of what is not over.
    fn remember_routes(&mut self, round: &mut WatchRound) -> Result<(), WatchError> {
        let alarms = self.alarms.memories.iter().flat_map(|(name, memory)| memory.open_episodes(name));
        let held = self.incidents.over.iter().filter(|incident| incident.end_held);
        let incidents = self.incidents.open.iter().chain(held);
        let incidents = incidents.map(|incident| dedup_key(&self.position.store, incident.number));
        self.routed.keep(alarms.chain(incidents));
        if self.routed.take_changed() {
            round.memories.push((ROUTED.to_owned(), bytes_of(ROUTED, &self.routed)?));
        }
        Ok(())
    }

    /// The streams that have stopped. Where the watch is off nobody sees whether one has, or comes again.
    fn silent(&self) -> Vec<SilentStream> {
        if !self.setup.settings.every_series {
            return Vec::new();
        }
        let told = self.fleet.silent().filter_map(|stream| {
            let since = stream.silent_since?.first_second();
            Some(SilentStream { account: stream.account.clone(), region: stream.region.clone(), since })
        });
        told.collect()
    }

    /// What models are made for, and in which form they are saved.
    fn made_for(&self) -> String {
        let settings = &self.setup.settings;
        let metrics: Vec<&str> = settings.metrics.iter().map(|outcome| outcome.metric()).collect();
        format!("{} s, {}, {}, form {FORM}", settings.period_seconds, settings.zone.name(), metrics.join(" "))
    }

    /// Goes back as far as counts came late, or to the beginning where models would have had days more to learn from.
    fn look_again(&mut self, store: &mut Store, watermark: Minute) -> Result<bool, WatchError> {
        let stored = store.minutes_covered()?.map_or(watermark, |range| range.start);
        let from = stored.max(Minute(watermark.0.saturating_sub(LEARNED_MINUTES)));
        let is_new = self.position.made_for != self.made_for();
        let more_days = self.position.learned_from >= from.0 + Minute::PER_DAY;
        let saved = store.saved_models()?;
        if saved.first().is_some_and(|newest| newest.until > self.fleet.until) {
            // A round that was not committed saved them: what comes next may change what they should have learned.
            store.forget_models_after(self.fleet.until)?;
        }
        let oldest = saved.last().map_or(Minute(0), |saved| saved.until);
        let (revised, batch) = store.revised_since(self.position.batch, oldest)?;
        let fills_gap = self.fills_gap_before(store, oldest)?;
        self.position.batch = batch;
        if is_new || more_days || fills_gap {
            self.learn_anew(store, from)?;
            return Ok(!is_new);
        }
        let Some(minute) = revised.filter(|minute| *minute < self.fleet.until) else { return Ok(false) };
        // What was saved after that minute never saw what came late.
        store.forget_models_after(minute)?;
        if !self.rewind(store, minute)? {
            self.learn_anew(store, from)?;
        }
        Ok(true)
    }

    /// Whether log files came of a gap that no saving reaches back to, though what comes so late is judged again.
    fn fills_gap_before(&self, store: &Store, oldest: Minute) -> Result<bool, WatchError> {
        let since = Minute(self.fleet.until.0.saturating_sub(REVISED_MINUTES));
        let (late, _) = store.revised_since(self.position.batch, since)?;
        let end = oldest.min(self.fleet.until);
        let Some(start) = late.filter(|late| *late < end && self.setup.settings.every_series) else { return Ok(false) };
        let is_missed = self.fleet.missed().any(|missed| missed.start < end && start < missed.end);
        Ok(is_missed && self.fleet.has_filled(&store.deliveries(start)?, MinuteRange { start, end }))
    }

    fn learn_anew(&mut self, store: &mut Store, from: Minute) -> Result<(), WatchError> {
        store.forget_models()?;
        self.fleet = Fleet::new(&self.setup.settings)?;
        self.fleet.until = Minute(from.0 / self.fleet.period() * self.fleet.period());
        self.position.learned_from = from.0;
        // What was counted in other periods, or of what is not watched any more, stands.
        if self.position.made_for == self.made_for() {
            self.incidents.rewind(self.fleet.until.first_second(), &HashMap::new());
        }
        self.track_open();
        Ok(())
    }

    /// Puts the models, and what is counted of incidents, back to the last saving before a minute that can be read;
    /// whether there is one.
    fn rewind(&mut self, store: &Store, minute: Minute) -> Result<bool, WatchError> {
        for saved in store.saved_models()?.iter().filter(|saved| saved.until <= minute) {
            match self.fleet.load(store, saved) {
                Ok(counted) => {
                    self.incidents.rewind(saved.until.first_second(), &counted);
                    self.track_open();
                    return Ok(true);
                }
                Err(error) => tracing::warn!(%error, "saved models can't be read; what they knew is learned again"),
            }
        }
        Ok(false)
    }

    /// The first minute that counts came late for, of those that the configured alarms were judged over.
    fn revised_alarms(&self, store: &Store) -> Result<Option<Minute>, WatchError> {
        let until = self.position.alarms_until;
        let oldest = Minute(until.saturating_sub(REVISED_MINUTES));
        let (revised, _) = store.revised_since(self.position.batch, oldest)?;
        Ok(revised.filter(|minute| minute.0 < until))
    }

    /// Judges the configured alarms up to the watermark, and again where counts came late. Of a backlog not all is
    /// judged: what happened more than a page's reach ago wakes nobody.
    fn judge_alarms(
        &mut self,
        store: &Store,
        revised: Option<Minute>,
        watermark: Minute,
        now: DateTime<Utc>,
        round: &mut WatchRound,
    ) -> Result<(), WatchError> {
        let stored_from = store.minutes_covered()?.map_or(watermark, |range| range.start);
        let counts = store.counts();
        let silences = match &self.deliveries {
            Some(deliveries) if !self.setup.alarms.is_empty() => self.fleet.silences(&counts, deliveries, watermark)?,
            _ => Silences::default(),
        };
        let read = Read { counts: &counts, silences: &silences };
        let gone = self.alarms.forget(&self.setup);
        super::gone::tell_ends(store, &gone, now.timestamp(), &self.setup, &mut self.routed, round)?;
        let mut judged = Judged::default();
        if let Some(from) = revised {
            let until = Minute(self.position.alarms_until);
            let span = Span { from, until, stored_from, now: Now::InTime };
            judged = self.alarms.revise(read, &self.setup, span, now.timestamp())?;
        }
        let reach = u32::try_from(self.setup.pages_since(watermark, now.timestamp()) / 60).unwrap_or(0);
        let from = Minute(self.position.alarms_until.max(reach).max(stored_from.0));
        let span = Span { from, until: watermark, stored_from, now: Now::Is(now.timestamp()) };
        judged.append(self.alarms.judge(read, &self.setup, span)?);
        let present = Present { until: watermark, now: now.timestamp() };
        judged.append(self.alarms.tell_held(read, &self.setup, present)?);
        for name in &judged.changed {
            if let Some(memory) = self.alarms.memories.get(name) {
                round.memories.push((format!("{ALARM}{name}"), bytes_of(name, memory)?));
            }
        }
        round.forgotten.extend(gone.into_iter().map(|(name, _)| format!("{ALARM}{name}")));
        let aliases = store.key_aliases(watermark.first_second())?.into_iter().collect();
        let cause = Cause::new(&counts, &self.setup.settings, self.setup.tariff(), &aliases)?;
        super::tell::tell_alarms(judged, store, &cause, &self.setup, now.timestamp(), &mut self.routed, round)?;
        self.position.alarms_until = self.position.alarms_until.max(watermark.0);
        Ok(())
    }

    fn track_open(&mut self) {
        for series in self.incidents.open.iter().flat_map(|incident| &incident.series) {
            self.fleet.track(&series.id(), true);
        }
    }

    fn advance(&mut self, store: &Store, watermark: Minute) -> Result<(), WatchError> {
        let counts = store.counts();
        let aliases = HashMap::new();
        let mut cause = Cause::new(&counts, &self.setup.settings, self.setup.tariff(), &aliases)?;
        let seconds = i64::from(self.setup.settings.period_seconds);
        let (incidents, settings) = (&mut self.incidents, &self.setup.settings);
        let from = self.fleet.deliveries_from();
        let deliveries = match self.deliveries.take() {
            Some(mut known) if known.from() <= from && from.0 - known.from().0 <= DELIVERIES_MINUTES => {
                store.add_deliveries(&mut known)?;
                known
            }
            _ => store.deliveries(Minute(from.0.saturating_sub(DELIVERIES_MINUTES / 2)))?,
        };
        let deliveries = self.deliveries.insert(deliveries);
        self.fleet.advance(&counts, deliveries, watermark, &mut |start, sightings, streams| {
            let at = start.first_second();
            incidents.take(at + seconds, sightings, streams, settings, &mut cause)
        })
    }

    /// Says what began, what is over and what changed.
    fn tell(
        &mut self,
        store: &Store,
        before: &Incidents,
        now: DateTime<Utc>,
        round: &mut WatchRound,
        report: &mut RoundReport,
    ) -> Result<(), WatchError> {
        let known_until = self.fleet.until.first_second();
        let counts = store.counts();
        let aliases = store.key_aliases(known_until)?.into_iter().collect();
        let cause = Cause::new(&counts, &self.setup.settings, self.setup.tariff(), &aliases)?;
        if self.position.store.is_empty() {
            self.position.store = format!("{:08x}", now.timestamp_micros() & 0xffff_ffff);
        }
        let mut teller = Teller {
            store,
            cause: &cause,
            setup: &self.setup,
            routed: &mut self.routed,
            name: &self.position.store,
            known_until,
            now: now.timestamp(),
        };
        let is_watched = self.setup.settings.every_series;
        let all = self.incidents.open.iter_mut().chain(self.incidents.over.iter_mut());
        for strayed in all {
            let was = before.open.iter().chain(&before.over).find(|was| was.number == strayed.number);
            let muted = self.setup.is_muted(&incident_name(strayed.number), now.timestamp());
            let is_told = strayed.paged_at.is_some() || strayed.resolved_at.is_some();
            let is_held = strayed.end_held && !muted;
            let is_old = was.is_some_and(|was| was == strayed);
            if is_old && !is_held && (is_told || !is_watched) {
                continue;
            }
            teller.tell(strayed, was, muted, round, report)?;
        }
        Ok(())
    }
}
