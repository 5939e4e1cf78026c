//! What goes wrong together: anomalies become incidents, one page each.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::WatchSettings;
use super::error::WatchError;
use super::fleet::{FORGOTTEN_MINUTES, SeriesId, Sighting, Streams};
use super::strayed::{Counted, Strayed, StrayedSeries, Sums};
use crate::domain::Arn;

/// When so many series begin to stray in one period, callers aren't asked for: the account and Region tell enough.
const ASKED_MAX: usize = 16;

/// An incident that is over is remembered for so long at least, so that late counts don't page for it again.
const REMEMBERED_SECONDS: i64 = 3 * 86_400;

/// An incident is over if nothing strayed for so long, whether or not log files come: its account may be closed.
const FORGOTTEN_SECONDS: i64 = FORGOTTEN_MINUTES as i64 * 60;

/// Asks who is behind an anomaly.
pub(super) trait AskCallers {
    /// The callers that make up most of what a series has beyond the usual in a period, by ARN.
    fn callers(&mut self, sighting: &Sighting) -> Result<Vec<String>, WatchError>;
}

/// The incidents that are not over, and those that were until lately.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Incidents {
    pub open: Vec<Strayed>,
    pub over: Vec<Strayed>,
    pub next_number: u64,
    /// Everything before this second was taken in once; where it is taken in again, what began too long ago to be
    /// remembered begins nothing.
    #[serde(default)]
    pub judged_until: i64,
}

impl Incidents {
    /// Takes in what was seen in the period that ends at `end`; streams tell whose log files did not come. Which series
    /// are to be tracked from now on or no longer is returned.
    pub(super) fn take(
        &mut self,
        end: i64,
        mut sightings: Vec<Sighting>,
        streams: &Streams,
        settings: &WatchSettings,
        ask: &mut dyn AskCallers,
    ) -> Result<Vec<(Arc<SeriesId>, bool)>, WatchError> {
        let mut tracked = Vec::new();
        sightings.retain(|sighting| !self.count(sighting, end));
        sightings.retain(|sighting| sighting.anomalous && !self.was_told(sighting, settings));
        // The largest excess opens the incident that others join.
        sightings.sort_by(|a, b| (b.value - b.normal).abs().total_cmp(&(a.value - a.normal).abs()));
        let few = sightings.len() <= ASKED_MAX;
        for sighting in sightings {
            let callers = if few { ask.callers(&sighting)? } else { Vec::new() };
            tracked.push((Arc::clone(&sighting.series), true));
            self.begin(&sighting, end, callers, settings, few);
        }
        for incident in &mut self.open {
            if incident.last_anomalous + i64::from(settings.period_seconds) >= end {
                // What was counted further than this is not counted again.
                let counted = incident.series.iter_mut().filter(|series| series.counted_until <= end);
                counted.for_each(|series| series.after = Sums::default());
            }
        }
        self.end(end, settings, streams, &mut tracked);
        self.judged_until = self.judged_until.max(end);
        Ok(tracked)
    }

    /// What is counted of the series of incidents that are not over.
    pub(super) fn counted(&self) -> impl Iterator<Item = (SeriesId, Counted)> {
        self.open.iter().flat_map(|incident| &incident.series).map(|series| (series.id(), series.counted()))
    }

    /// Goes back with the models to a second that a period begins with: from there on periods are taken in again, and
    /// counted as they are now. `saved` is what was counted by then.
    pub(super) fn rewind(&mut self, to: i64, saved: &HashMap<SeriesId, Counted>) {
        for series in self.open.iter_mut().flat_map(|incident| &mut incident.series) {
            series.rewind(to, saved.get(&series.id()));
        }
    }

    /// Makes one of an incident that nobody was told of yet and one that was told and is over, if they share a series
    /// and a time: where a backlog comes with its newest files first, what was told is the end of what began before.
    pub(super) fn join_told(&mut self) {
        let (told, mut untold): (Vec<Strayed>, Vec<Strayed>) =
            std::mem::take(&mut self.over).into_iter().partition(|incident| incident.paged_at.is_some());
        for told in told {
            let mut new = self.open.iter_mut().chain(&mut untold);
            let Some(new) = new.find(|new| new.paged_at.is_none() && new.holds_some_of(&told)) else {
                self.over.push(told);
                continue;
            };
            if new.number + 1 == self.next_number {
                self.next_number -= 1;
            }
            new.become_told(told);
        }
        self.over.append(&mut untold);
    }

    /// Forgets incidents that were over long ago. Those that nobody was told of yet must be told before.
    pub(super) fn forget(&mut self, settings: &WatchSettings) {
        let before = self.remembered_from(settings);
        self.over.retain(|incident| incident.end_held || incident.resolved_at.is_none_or(|over| over > before));
    }

    fn remembered_from(&self, settings: &WatchSettings) -> i64 {
        self.judged_until - REMEMBERED_SECONDS.max(i64::from(settings.page_back_seconds))
    }

    /// Counts a period of a series that an open incident has; whether one has it.
    fn count(&mut self, sighting: &Sighting, end: i64) -> bool {
        let has = |incident: &&mut Strayed| incident.series.iter().any(|series| series.is(&sighting.series));
        let Some(incident) = self.open.iter_mut().find(has) else { return false };
        let series = incident.series.iter_mut().find(|series| series.is(&sighting.series));
        let series = series.expect("an incident with the series was found");
        if sighting.at >= series.counted_until {
            series.observed += sighting.value;
            series.expected += sighting.normal;
            series.after.observed += sighting.value;
            series.after.expected += sighting.normal;
            series.counted_until = end;
        }
        if sighting.anomalous {
            incident.alarm_until = incident.alarm_until.max(end);
        }
        if sighting.strays {
            series.last_anomalous = series.last_anomalous.max(sighting.at);
            incident.last_anomalous = incident.last_anomalous.max(sighting.at);
        }
        true
    }

    /// Whether an incident that is over had the series then or nearly then: counts that came late change nothing of it.
    /// As well if it is so long ago that no incident of then is remembered.
    fn was_told(&self, sighting: &Sighting, settings: &WatchSettings) -> bool {
        let quiet = i64::from(settings.quiet_seconds);
        // A backlog may come with its newest files first: what strays less than a quiet spell before is the same.
        let before = quiet.max(i64::from(settings.together_seconds));
        sighting.at < self.remembered_from(settings)
            || self.over.iter().any(|incident| {
                let until = incident.resolved_at.map_or(i64::MAX, |over| incident.alarm_until.max(over + quiet));
                let had = |series: &StrayedSeries| series.is(&sighting.series) && series.onset - before <= sighting.at;
                sighting.at < until && incident.series.iter().any(had)
            })
    }

    fn begin(
        &mut self,
        sighting: &Sighting,
        end: i64,
        callers: Vec<String>,
        settings: &WatchSettings,
        by_caller: bool,
    ) {
        let id = &sighting.series;
        let shortfall = sighting.value < sighting.normal;
        let series = StrayedSeries {
            key_arn: id.key_arn.clone(),
            operation: id.operation.clone(),
            metric: id.outcome.metric().to_owned(),
            onset: sighting.at,
            last_anomalous: sighting.at,
            observed: sighting.value,
            expected: sighting.normal,
            counted_until: end,
            after: Sums::default(),
        };
        let together = i64::from(settings.together_seconds);
        let joins = |incident: &&mut Strayed| {
            let near = (sighting.at - incident.last_anomalous).abs() <= together;
            let same_key = incident.series.iter().any(|other| other.key_arn == id.key_arn);
            let same_caller = incident.callers.iter().any(|caller| callers.contains(caller));
            // Of a key with few calls it takes hours to know that none come any more.
            let place_tells = shortfall || !by_caller && (sighting.at - incident.onset).abs() <= together;
            let same_place =
                place_tells && incident.series.iter().any(|other| place(&other.key_arn) == place(&id.key_arn));
            near && incident.shortfall == shortfall && (same_key || same_caller || same_place)
        };
        if let Some(incident) = self.open.iter_mut().find(joins) {
            incident.onset = incident.onset.min(sighting.at);
            incident.last_anomalous = incident.last_anomalous.max(sighting.at);
            incident.alarm_until = incident.alarm_until.max(end);
            incident.series.push(series);
            incident.add_callers(callers);
            return;
        }
        self.next_number = self.next_number.max(1);
        self.open.push(Strayed {
            number: self.next_number,
            onset: sighting.at,
            last_anomalous: sighting.at,
            resolved_at: None,
            alarm_until: end,
            told_from: end,
            series: vec![series],
            callers,
            shortfall,
            paged_at: None,
            end_held: false,
        });
        self.next_number += 1;
    }

    /// Whether an incident is still to end, or to be told to be over.
    pub(super) fn owe_an_end(&self) -> bool {
        !self.open.is_empty() || self.over.iter().any(|incident| incident.end_held)
    }

    /// Ends every incident with what was taken in last, as nothing more will be.
    pub(super) fn end_all(&mut self) {
        for mut incident in std::mem::take(&mut self.open) {
            incident.resolved_at = Some(self.judged_until.max(incident.last_anomalous));
            self.over.push(incident);
        }
    }

    /// Ends incidents whose series have been as expected for long enough. Where log files of any of them did not come,
    /// nobody knows: that time doesn't count.
    fn end(&mut self, now: i64, settings: &WatchSettings, streams: &Streams, tracked: &mut Vec<(Arc<SeriesId>, bool)>) {
        let period = i64::from(settings.period_seconds);
        let quiet = i64::from(settings.quiet_seconds);
        let is_over = |incident: &Strayed| {
            let since = incident.last_anomalous + period;
            let quiet_seconds = now - since - streams.missed_seconds(incident.keys(), since, now);
            quiet_seconds >= quiet && incident.alarm_until < now || now - since >= FORGOTTEN_SECONDS
        };
        let (over, open): (Vec<Strayed>, _) = std::mem::take(&mut self.open).into_iter().partition(is_over);
        self.open = open;
        for mut incident in over {
            let since = incident.last_anomalous + period;
            let over_at = streams.come_again_at(incident.keys(), since);
            incident.resolved_at = Some(over_at);
            incident.series.iter_mut().for_each(|series| series.cut(over_at));
            tracked.extend(incident.series.iter().map(|series| (Arc::new(series.id()), false)));
            self.over.push(incident);
        }
    }
}

/// The account and Region of a key.
fn place(key_arn: &str) -> Option<(&str, &str)> {
    Arn::parse(key_arn).map(|arn| (arn.account, arn.region))
}
