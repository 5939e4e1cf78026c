//! What goes wrong together: anomalies become incidents, one page each.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::WatchSettings;
use super::error::WatchError;
use super::fleet::{FORGOTTEN_MINUTES, SeriesId, Sighting, Streams};
use crate::domain::{Arn, Outcome};

/// When so many series begin to stray in one period, callers aren't asked for: the account and Region tell enough.
const ASKED_MAX: usize = 16;

/// An incident that is over is remembered for so long at least, so that late counts don't page for it again.
const REMEMBERED_SECONDS: i64 = 3 * 86_400;

/// An incident is over if nothing strayed for so long, whether or not log files come: its account may be closed.
const FORGOTTEN_SECONDS: i64 = FORGOTTEN_MINUTES as i64 * 60;

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

/// Calls, and what would have been normal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub observed: f64,
    pub expected: f64,
}

impl StrayedSeries {
    fn is(&self, id: &SeriesId) -> bool {
        self.key_arn == id.key_arn && self.operation == id.operation && self.metric == id.outcome.metric()
    }

    /// Calls more than would have been normal; negative in a shortfall.
    pub(super) fn excess(&self) -> f64 {
        self.observed - self.expected
    }

    /// Ends what is counted with the last period in which anything of the incident strayed.
    fn cut(&mut self, over_at: i64) {
        let after = std::mem::take(&mut self.after);
        self.observed -= after.observed;
        self.expected -= after.expected;
        self.counted_until = self.counted_until.min(over_at);
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
    fn holds_some_of(&self, over: &Strayed) -> bool {
        let until = |incident: &Strayed| incident.resolved_at.unwrap_or(i64::MAX);
        self.shortfall == over.shortfall
            && self.onset < until(over)
            && over.onset < until(self)
            && over.series.iter().any(|series| self.has(series))
    }

    /// Goes on as one that was told and is over, with what else it had.
    fn become_told(&mut self, told: Strayed) {
        (self.number, self.paged_at, self.end_held) = (told.number, told.paged_at, told.end_held);
        self.onset = self.onset.min(told.onset);
        self.last_anomalous = self.last_anomalous.max(told.last_anomalous);
        self.alarm_until = self.alarm_until.max(told.alarm_until);
        self.resolved_at = self.resolved_at.max(told.resolved_at.filter(|_| self.resolved_at.is_some()));
        let others: Vec<StrayedSeries> = told.series.into_iter().filter(|series| !self.has(series)).collect();
        self.series.extend(others);
        self.add_callers(told.callers);
    }

    fn add_callers(&mut self, callers: Vec<String>) {
        self.callers.extend(callers);
        self.callers.sort_unstable();
        self.callers.dedup();
    }

    /// The keys of its series, some of them more than once.
    fn keys(&self) -> impl Iterator<Item = &str> {
        self.series.iter().map(|series| series.key_arn.as_str())
    }
}

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
        let is_new = end > self.judged_until;
        for incident in &mut self.open {
            if is_new && incident.last_anomalous + i64::from(settings.period_seconds) >= end {
                incident.series.iter_mut().for_each(|series| series.after = Sums::default());
            }
        }
        self.end(end, settings, streams, &mut tracked);
        self.judged_until = self.judged_until.max(end);
        Ok(tracked)
    }

    /// Makes one of an incident that nobody was told of yet and one that was told and is over, if they share a series and
    /// a time: where a backlog comes with its newest files first, what was told is the end of what began before.
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
