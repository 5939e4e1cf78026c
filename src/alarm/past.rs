//! What an alarm's states were, by the time that they are about.
//!
//! A state is decided at some time; what it is about are the counts up to a minute. Counts of before that minute may
//! come later and change what would have been decided. So states are remembered for a while, and can be judged again
//! from there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::memory::{AlarmMemory, ContributorMemory, Owing};
use super::state::StateValue;

/// Of one series so many changes are remembered; of what was before the oldest, nothing.
const CHANGES_MAX: usize = 256;

/// The states of an alarm, and of its series, as of each minute. Times are seconds since 1970: up to when counts were
/// known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// What was before is not remembered.
    pub from: i64,
    /// The [`super::Alarm::fingerprint`] of what was judged.
    pub definition: u64,
    own: Track,
    /// Of an alarm on several series those that were in ALARM, by contributor id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    series: BTreeMap<String, SeriesTrack>,
    /// Episodes of ALARM that counts which came late undid: contributor id (empty for the alarm itself), from, to. They
    /// were news once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    undone: Vec<(String, i64, i64)>,
}

/// One state after another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Track {
    first: StateValue,
    /// As of when, and to which state; the oldest first.
    changes: Vec<(i64, StateValue)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SeriesTrack {
    attributes: BTreeMap<String, String>,
    track: Track,
}

/// A time in ALARM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Episode {
    /// As of when it began.
    pub from: i64,
    /// As of when it was over; none if it isn't.
    pub to: Option<i64>,
}

impl Track {
    fn at(&self, as_of: i64) -> StateValue {
        self.changes.iter().rev().find(|(at, _)| *at <= as_of).map_or(self.first, |(_, state)| *state)
    }

    /// Notes a state. Once the track is too long, the time before which half of it lies.
    fn note(&mut self, as_of: i64, state: StateValue) -> Option<i64> {
        self.changes.retain(|(at, _)| *at < as_of);
        if self.at(as_of) != state {
            self.changes.push((as_of, state));
        }
        (self.changes.len() > CHANGES_MAX).then(|| self.changes[CHANGES_MAX / 2].0)
    }

    fn until(&self, as_of: i64) -> Track {
        Track { first: self.first, changes: self.changes.iter().copied().filter(|(at, _)| *at <= as_of).collect() }
    }

    /// Forgets what was before; the changes that are left begin after it.
    fn forget(&mut self, before: i64) {
        self.first = self.at(before);
        self.changes.retain(|(at, _)| *at > before);
    }

    fn episodes(&self, from: i64) -> Vec<Episode> {
        let mut episodes: Vec<Episode> = Vec::new();
        for (at, state) in std::iter::once((from, self.first)).chain(self.changes.iter().copied()) {
            match state {
                StateValue::Alarm => episodes.push(Episode { from: at, to: None }),
                _ => episodes.iter_mut().filter(|episode| episode.to.is_none()).for_each(|open| open.to = Some(at)),
            }
        }
        episodes
    }
}

impl Past {
    /// Begins to remember at a time, with the states that the alarm and its series have then.
    pub fn begin(memory: &AlarmMemory, definition: u64, from: i64) -> Self {
        let in_alarm = memory.contributors.iter().filter(|(_, contributor)| contributor.state == StateValue::Alarm);
        let series = in_alarm.map(|(id, contributor)| {
            let track = Track { first: StateValue::Alarm, changes: Vec::new() };
            (id.clone(), SeriesTrack { attributes: contributor.attributes.clone(), track })
        });
        let own = Track { first: memory.state, changes: Vec::new() };
        Past { from, definition, own, series: series.collect(), undone: Vec::new() }
    }

    pub(super) fn note(&mut self, as_of: i64, state: StateValue) {
        if as_of <= self.from {
            return;
        }
        let too_long = self.own.note(as_of, state);
        self.forget_half(too_long);
    }

    pub(super) fn note_series(
        &mut self,
        id: &str,
        attributes: &BTreeMap<String, String>,
        as_of: i64,
        state: StateValue,
    ) {
        if as_of <= self.from {
            return;
        }
        let series = self.series.entry(id.to_owned()).or_insert_with(|| SeriesTrack {
            attributes: attributes.clone(),
            track: Track { first: StateValue::Ok, changes: Vec::new() },
        });
        let too_long = series.track.note(as_of, state);
        self.forget_half(too_long);
    }

    fn forget_half(&mut self, too_long: Option<i64>) {
        if let Some(before) = too_long {
            self.forget(before);
        }
    }

    /// Forgets what was before a time.
    pub fn forget(&mut self, before: i64) {
        if before <= self.from {
            return;
        }
        self.from = before;
        self.own.forget(before);
        self.series.retain(|_, series| {
            series.track.forget(before);
            series.track.first == StateValue::Alarm || !series.track.changes.is_empty()
        });
        self.undone.retain(|(_, _, to)| *to > before);
    }

    /// The times in ALARM of the alarm itself (an empty id) or of one of its series.
    pub fn episodes(&self, contributor: &str) -> Vec<Episode> {
        match contributor {
            "" => self.own.episodes(self.from),
            id => self.series.get(id).map_or_else(Vec::new, |series| series.track.episodes(self.from)),
        }
    }

    /// The series that were in ALARM at some time: id and attributes.
    pub fn series(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, String>)> {
        self.series.iter().map(|(id, series)| (id.as_str(), &series.attributes))
    }

    /// The states of the alarm itself from a time on: as of when, which.
    pub fn states_since(&self, since: i64) -> Vec<(i64, StateValue)> {
        let later = self.own.changes.iter().copied().filter(|(at, _)| *at > since);
        std::iter::once((since, self.own.at(since))).chain(later).collect()
    }

    /// Whether anything was otherwise since a time.
    pub fn differs<'a>(&'a self, other: &'a Past, since: i64) -> bool {
        let fine = Track { first: StateValue::Ok, changes: Vec::new() };
        let track = |past: &'a Past, id: &str| past.series.get(id).map(|series| &series.track);
        let is_other = |one: &Track, other: &Track| {
            let later = |(at, _): &&(i64, StateValue)| *at > since;
            one.at(since) != other.at(since) || !one.changes.iter().filter(later).eq(other.changes.iter().filter(later))
        };
        let mut ids = self.series.keys().chain(other.series.keys());
        is_other(&self.own, &other.own)
            || ids.any(|id| is_other(track(self, id).unwrap_or(&fine), track(other, id).unwrap_or(&fine)))
    }

    /// Whether an episode is none that was known: it lies by itself, farther than `apart` seconds from each.
    pub fn is_news(&self, contributor: &str, episode: Episode, apart: i64) -> bool {
        let to = episode.to.unwrap_or(i64::MAX - apart);
        let is_near = |from: i64, until: i64| from <= to + apart && episode.from <= until.saturating_add(apart);
        let known = self.episodes(contributor);
        let mut undone = self.undone.iter().filter(|(id, ..)| id == contributor);
        episode.from > self.from
            && !known.iter().any(|known| is_near(known.from, known.to.unwrap_or(i64::MAX)))
            && !undone.any(|(_, from, until)| is_near(*from, *until))
    }

    /// Takes over what was found when it was judged again. What is no longer true is not news when it comes back.
    pub(super) fn replace(&mut self, found: Past) {
        let mut undone = std::mem::take(&mut self.undone);
        for id in std::iter::once("").chain(self.series.keys().map(String::as_str)) {
            let now = found.episodes(id);
            let gone = self.episodes(id).into_iter().filter(|was| !now.iter().any(|is| is.from == was.from));
            undone.extend(gone.filter_map(|was| Some((id.to_owned(), was.from, was.to?))));
        }
        *self = Past { undone, ..found };
    }
}

impl AlarmMemory {
    /// What was remembered at a time: states, and what was owed to be told as over. `None` if that is not remembered.
    pub fn at(&self, as_of: i64) -> Option<AlarmMemory> {
        let past = self.past.as_ref().filter(|past| past.from <= as_of)?;
        let owing = |track: &Track| {
            let began = track.until(as_of).episodes(past.from).pop().filter(|episode| episode.to.is_none());
            Owing { episode: began.map(|episode| episode.from), ..Owing::default() }
        };
        let series = past.series.iter().filter(|(_, series)| series.track.at(as_of) == StateValue::Alarm);
        let contributors = series.map(|(id, series)| {
            let memory = ContributorMemory {
                attributes: series.attributes.clone(),
                state: StateValue::Alarm,
                reason: String::new(),
                since: as_of,
                owed: owing(&series.track),
            };
            (id.clone(), memory)
        });
        let until = |series: &SeriesTrack| SeriesTrack { track: series.track.until(as_of), ..series.clone() };
        let mut memory = AlarmMemory::new(as_of);
        memory.state = past.own.at(as_of);
        memory.reason = self.reason.clone();
        memory.contributors = contributors.collect();
        memory.owed = if memory.contributors.is_empty() { owing(&past.own) } else { Owing::default() };
        memory.suppression.is_told(memory.state);
        memory.past = Some(Past {
            own: past.own.until(as_of),
            series: past.series.iter().map(|(id, series)| (id.clone(), until(series))).collect(),
            undone: Vec::new(),
            ..*past
        });
        Some(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use StateValue::{Alarm as Bad, Ok as Fine};

    fn past(changes: &[(i64, StateValue)]) -> Past {
        let mut past = Past::begin(&AlarmMemory { state: Fine, ..AlarmMemory::new(0) }, 7, 0);
        changes.iter().for_each(|(at, state)| past.note(*at, *state));
        past
    }

    fn memory(past: Past) -> AlarmMemory {
        AlarmMemory { past: Some(past), ..AlarmMemory::new(0) }
    }

    #[test]
    fn what_was_at_a_time_can_be_taken_up_again() {
        let memory = memory(past(&[(60, Bad), (180, Fine)]));
        let states: Vec<StateValue> = [0, 59, 60, 179, 180].map(|at| memory.at(at).unwrap().state).to_vec();
        assert_eq!(states, [Fine, Fine, Bad, Bad, Fine]);
        assert_eq!(memory.at(120).unwrap().owed.episode, Some(60));
        assert_eq!(memory.at(-1), None);
        let within = memory.at(120).unwrap().past.unwrap();
        assert_eq!(within.episodes(""), [Episode { from: 60, to: None }]);
    }

    #[test]
    fn series_are_remembered_each_for_itself() {
        let mut past = past(&[]);
        let attributes = BTreeMap::from([("KeyArn".to_owned(), "k".to_owned())]);
        past.note_series("k", &attributes, 60, Bad);
        past.note_series("k", &attributes, 120, Fine);
        let memory = memory(past.clone());
        assert_eq!(memory.at(60).unwrap().contributors["k"].attributes, attributes);
        assert!(memory.at(120).unwrap().contributors.is_empty());
        past.forget(100);
        assert_eq!(past.episodes("k"), [Episode { from: 100, to: Some(120) }]);
        past.forget(120);
        assert_eq!(past.series().count(), 0);
    }

    #[test]
    fn an_episode_is_news_only_by_itself() {
        let known = past(&[(600, Bad), (900, Fine)]);
        let is_news = |from, to| known.is_news("", Episode { from, to: Some(to) }, 60);
        assert!(is_news(100, 539) && is_news(961, 1_000));
        assert!(!is_news(100, 540) && !is_news(960, 1_000) && !is_news(700, 800) && !is_news(100, 2_000));
        // What is open lasts for ever.
        assert!(!past(&[(600, Bad)]).is_news("", Episode { from: 5_000, to: Some(6_000) }, 60));
    }

    #[test]
    fn what_was_undone_is_no_news_when_it_comes_back() {
        let mut known = past(&[(600, Bad), (900, Fine)]);
        known.replace(past(&[]));
        assert_eq!(known.episodes(""), []);
        assert!(!known.is_news("", Episode { from: 660, to: Some(720) }, 60));
        assert!(known.is_news("", Episode { from: 2_000, to: Some(2_100) }, 60));
        known.forget(900);
        assert!(known.is_news("", Episode { from: 960, to: Some(980) }, 60));
    }

    #[test]
    fn a_state_that_flaps_is_remembered_for_less_long() {
        let mut flapping = past(&[]);
        for minute in 1..=400 {
            flapping.note(minute * 60, if minute % 2 == 0 { Fine } else { Bad });
        }
        assert!(flapping.own.changes.len() <= CHANGES_MAX);
        assert!(flapping.from > 0);
        assert_eq!(memory(flapping).at(400 * 60).unwrap().state, Fine);
    }

    #[test]
    fn pasts_are_compared_from_a_time_on() {
        let (one, other) = (past(&[(60, Bad), (120, Fine), (300, Bad)]), past(&[(300, Bad)]));
        assert!(one.differs(&other, 60) && one.differs(&other, 0));
        assert!(!one.differs(&other, 120));
    }
}
