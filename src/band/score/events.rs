//! Incidents found and missed, and false alarms.

use super::{Labelled, Span};

/// How long an alarm that an incident raised may stay on after it, in seconds.
const STAYS_ON: i64 = 6 * 3600;
const DAY: i64 = 86_400;

/// A series' incidents and alarms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    /// For each scored incident the minutes from its start to the first alarm; `None` if it was missed.
    pub delays: Vec<Option<f64>>,
    /// Episodes of false alarms.
    pub false_alarms: u64,
    /// Seconds in which an alarm would have been false.
    pub clean_seconds: f64,
}

impl Events {
    /// Compares alarms with incidents.
    pub(super) fn of(series: &Labelled, anomalous: &[bool]) -> Self {
        let period = series.period;
        let (slack, grace) = ((2 * period).max(300), (2 * period).max(3600));
        let is_scored = |at: i64| at >= series.score_from;
        let rows = || series.times.iter().zip(anomalous).map(|(at, on)| (*at, *on)).filter(|(at, _)| is_scored(*at));
        let scored = series.incidents.iter().filter(|incident| is_scored(incident.end));
        let first_alarm = |incident: &Span| rows().find(|(at, on)| *on && incident.holds(*at, 0, slack));
        let delay = |incident: &Span| first_alarm(incident).map(|(at, _)| (at - incident.start) as f64 / 60.0);
        let delays = scored.map(delay).collect();

        let early = if series.exact { 0 } else { period };
        let near = |spans: &[Span], at: i64, early: i64| spans.iter().any(|span| span.holds(at, early, grace));
        let is_free = |at: i64| !near(&series.incidents, at, early) && !near(&series.tolerated, at, 0);
        let clean_rows = rows().filter(|(at, _)| is_free(*at)).count();
        let alarms = rows().filter(|(_, on)| *on).map(|(at, _)| at);
        let (free, inside): (Vec<i64>, Vec<i64>) = alarms.partition(|at| is_free(*at));
        Events {
            delays,
            false_alarms: episodes(&free, grace).into_iter().map(|span| falsely(span, &inside, grace)).sum(),
            clean_seconds: clean_rows as f64 * period as f64,
        }
    }

    /// Incidents that were found.
    pub fn found(&self) -> usize {
        self.delays.iter().flatten().count()
    }
}

/// Alarms that follow each other within `merge` seconds, as one.
fn episodes(alarms: &[i64], merge: i64) -> Vec<Span> {
    let mut episodes: Vec<Span> = Vec::new();
    for &at in alarms {
        match episodes.last_mut() {
            Some(last) if at - last.end <= merge => last.end = at,
            _ => episodes.push(Span { start: at, end: at }),
        }
    }
    episodes
}

/// How many false alarms an episode is. `inside` are alarms within incidents.
fn falsely(mut episode: Span, inside: &[i64], merge: i64) -> u64 {
    let before = inside.partition_point(|at| *at < episode.start).checked_sub(1).map(|last| inside[last]);
    if let Some(raised) = before.filter(|raised| episode.start - raised <= merge) {
        // The tail of an alarm that an incident raised.
        if episode.end - raised <= STAYS_ON {
            return 0;
        }
        episode.start = raised + STAYS_ON;
    }
    u64::try_from(1 + (episode.end - episode.start).div_euclid(DAY)).unwrap_or(0)
}
