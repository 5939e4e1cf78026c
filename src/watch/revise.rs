//! Counts that come late: what was decided before is judged again with them.
//!
//! The alarms go back to the states that they had at the first minute that changed, and are judged from there, as if
//! all had come in time. What the states are now is told as any change is. What is over is written into the history,
//! and told only if it is an episode of its own that nobody knew of: an episode that is longer or shorter than it was
//! told to be, or that comes back, pages nobody again.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::alarms::{Alarms, Judged, OwedAbout, Present, Read, Span};
use super::error::WatchError;
use super::setup::Setup;
use crate::alarm::{
    Alarm, AlarmMemory, Episode, HistoryItem, HistoryKind, MetricAlarm, Past, StateValue, Subject, cloudwatch_stamp,
};
use crate::domain::format_second;

/// Added to the reason of what is told only now.
const LATE: &str = " Known only now: counts came late.";

/// So many episodes are named in a line of the history; its data has all.
const EPISODES_NAMED: usize = 3;

impl Alarms {
    /// Judges again a span that was judged before. `now` in seconds since 1970.
    pub(super) fn revise(&mut self, read: Read<'_>, setup: &Setup, span: Span, now: i64) -> Result<Judged, WatchError> {
        let mut told = Judged::default();
        let present = Present { until: span.until, now };
        let since = span.from.first_second();
        let mut again = Alarms::default();
        for (name, memory) in &self.memories {
            // Of one that was made later only what came after is compared.
            let began = memory.past.as_ref().map(|past| past.from.max(since));
            again.memories.extend(began.and_then(|began| memory.at(began)).map(|memory| (name.clone(), memory)));
        }
        let judged = again.judge(read, setup, span)?;
        let redefined = self.redefined(setup);
        for alarm in setup.alarms.iter().filter(|alarm| !redefined.contains(alarm.name.as_str())) {
            let (Some(was), Some(found)) = (self.memories.get(&alarm.name), again.memories.remove(&alarm.name)) else {
                continue;
            };
            let (Some(known), Some(past)) = (&was.past, &found.past) else { continue };
            let since = since.max(known.from);
            if !known.differs(past, since) && was.state == found.state {
                continue;
            }
            told.history.push((alarm.name.clone(), revision(known, past, since, present)));
            let missed = Missed { alarm, known, past, present, setup };
            told.owed.extend(missed.among(&judged.owed));
            self.correct(alarm, found, present, setup, &judged, &mut told);
        }
        self.take_bands(again);
        Ok(told)
    }

    /// The alarms whose past was judged by another definition than they have now, and those that name them.
    fn redefined<'a>(&self, setup: &'a Setup) -> HashSet<&'a str> {
        let mut redefined = HashSet::new();
        for alarm in &setup.alarms {
            let past = self.memories.get(&alarm.name).and_then(|memory| memory.past.as_ref());
            let mut named = alarm.composite().into_iter().flat_map(|composite| composite.rule.children());
            if past.is_some_and(|past| past.definition != alarm.fingerprint())
                || named.any(|name| redefined.contains(name))
            {
                redefined.insert(alarm.name.as_str());
            }
        }
        redefined
    }

    /// Goes to the states that were found, and tells of those that are others than before.
    fn correct(
        &mut self,
        alarm: &Alarm,
        found: AlarmMemory,
        present: Present,
        setup: &Setup,
        judged: &Judged,
        told: &mut Judged,
    ) {
        let Some(mut memory) = self.memories.remove(&alarm.name) else { return };
        let state_of = |name: &str| self.memories.get(name).map(|memory| (memory.state, memory.since));
        let moment = present.moment(setup);
        let stepped = memory.correct(alarm, &moment, found, &state_of);
        self.memories.insert(alarm.name.clone(), memory);
        told.take(alarm, stepped, &moment, |owed| {
            // What it is about was found when it was judged again.
            let like = |about: &&OwedAbout| {
                about.owed.contributor == owed.contributor && name_of(about) == Some(alarm.name.as_str())
            };
            let newest = judged.owed.iter().rev().find(like);
            newest.map_or((Vec::new(), present.last_minute()), |about| (about.members.clone(), about.range))
        });
    }
}

/// Episodes that nobody knew of.
struct Missed<'a> {
    alarm: &'a Alarm,
    known: &'a Past,
    past: &'a Past,
    present: Present,
    setup: &'a Setup,
}

impl Missed<'_> {
    /// Their messages among those that would have been sent in time.
    fn among(&self, owed: &[OwedAbout]) -> Vec<OwedAbout> {
        let ids = std::iter::once("").chain(self.past.series().map(|(id, _)| id));
        let mut keys: HashSet<&str> = HashSet::new();
        for (id, episode) in ids.flat_map(|id| self.past.episodes(id).into_iter().map(move |episode| (id, episode))) {
            if self.is_told(id, episode) {
                let of_episode = |about: &&OwedAbout| {
                    let at = about.range.end.first_second();
                    let contributor = about.owed.contributor.as_ref().map_or("", |contributor| &contributor.id);
                    contributor == id && episode.from <= at && episode.to.is_some_and(|to| at < to)
                };
                keys.extend(
                    owed.iter().filter(|about| self.is_of_alarm(about) && is_alarm(about)).filter(of_episode).map(key),
                );
            }
        }
        let of_them = owed.iter().filter(|about| self.is_of_alarm(about) && keys.contains(key(about)));
        of_them.map(late).collect()
    }

    fn is_of_alarm(&self, about: &OwedAbout) -> bool {
        name_of(about) == Some(self.alarm.name.as_str())
    }

    /// What is over is told if it is news, not too old, and nothing is muted now.
    fn is_told(&self, id: &str, episode: Episode) -> bool {
        let Present { until, now } = self.present;
        let oldest = self.setup.pages_since(until, now);
        let apart = self
            .alarm
            .metric()
            .map_or(60, |metric: &MetricAlarm| i64::from(metric.period_seconds) * metric.rule().range() as i64);
        episode.to.is_some_and(|to| to >= oldest)
            && self.known.is_news(id, episode, apart)
            && !self.setup.is_muted(&self.alarm.name, now)
    }
}

fn key(about: &OwedAbout) -> &str {
    &about.owed.notice.dedup_key
}

fn name_of(about: &OwedAbout) -> Option<&str> {
    match &about.owed.notice.subject {
        Subject::StateChange(change) => Some(&change.alarm_name),
        Subject::Report(_) | Subject::Test { .. } => None,
    }
}

fn is_alarm(about: &OwedAbout) -> bool {
    matches!(&about.owed.notice.subject, Subject::StateChange(change) if change.new_state == StateValue::Alarm)
}

fn late(about: &OwedAbout) -> OwedAbout {
    let mut owed = about.owed.clone();
    if let Subject::StateChange(change) = &mut owed.notice.subject {
        change.reason += LATE;
    }
    let (watched, members, pool) = (about.watched.clone(), about.members.clone(), about.pool.clone());
    OwedAbout { owed, watched, members, pool, ..*about }
}

/// What the history says of it.
fn revision(known: &Past, past: &Past, since: i64, Present { until, now }: Present) -> HistoryItem {
    let states = |past: &Past| -> Value {
        let all = past.states_since(since).into_iter();
        all.map(|(at, state)| json!({"stateValue": state.name(), "asOf": cloudwatch_stamp(at)})).collect()
    };
    let lasted = |past: &Past, id: &str| -> Vec<Episode> {
        past.episodes(id).into_iter().filter(|episode| episode.to.is_none_or(|to| to > since)).collect()
    };
    let mut series: Vec<_> = known.series().chain(past.series()).collect();
    series.sort_unstable();
    series.dedup();
    let series = series.into_iter().filter(|(id, _)| lasted(known, id) != lasted(past, id)).map(|(id, attributes)| {
        let times = |past: &Past| -> Value {
            let all = lasted(past, id).into_iter();
            all.map(|episode| json!({"from": cloudwatch_stamp(episode.from), "to": episode.to.map(cloudwatch_stamp)}))
                .collect()
        };
        json!({"id": id, "attributes": attributes, "oldAlarms": times(known), "newAlarms": times(past)})
    });
    let series: Vec<Value> = series.collect();
    HistoryItem {
        at: now,
        kind: HistoryKind::StateRevision,
        summary: format!(
            "Counts came late. In ALARM since {}: {}; known before: {}",
            format_second(since),
            named(&lasted(past, "")),
            named(&lasted(known, ""))
        ),
        data: json!({
            "version": "1.0",
            "from": cloudwatch_stamp(since),
            "until": cloudwatch_stamp(until.first_second()),
            "oldStates": states(known),
            "newStates": states(past),
            "alarmContributors": series,
        }),
    }
}

/// `10:05 to 10:20`, in whole times.
fn named(episodes: &[Episode]) -> String {
    if episodes.is_empty() {
        return "never".to_owned();
    }
    let named = episodes.iter().take(EPISODES_NAMED).map(|episode| match episode.to {
        Some(to) => format!("{} to {}", format_second(episode.from), format_second(to)),
        None => format!("from {} on", format_second(episode.from)),
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if episodes.len() > EPISODES_NAMED {
        text += &format!(" and {} more", episodes.len() - EPISODES_NAMED);
    }
    text
}
