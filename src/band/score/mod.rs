//! How good a band is, on series whose incidents are known.
//!
//! What enters are a series' times and values, what is known of it, and what the band said, as arrays; what leaves are
//! the measures by which bands are compared, for one series or pooled over many. No files, no clock: how long the band
//! took is handed in.
//!
//! - **Events.** An incident is found if an alarm is raised inside its window or two periods (at least five minutes)
//!   after it. An alarm elsewhere is false; alarms within an hour of each other are one; one that an incident raised
//!   may stay on for six hours after it; one that never goes off counts again each day. From these precision, recall,
//!   F1, false alarms a week, and the delay from an incident's start to its first alarm.
//! - **Tails.** On rows away from incidents, the share of values above and below the band, and the *tail error*: how
//!   far these are from the nominal 2.275 % each, where a tie with an edge may count either way, so that counts are
//!   judged fairly (0 is perfect). Also of each hour of the day of UTC with a hundred rows or more, averaged.
//! - **Interval score** (Winkler; Gneiting and Raftery, *Strictly Proper Scoring Rules*, 2007, section 6.2): width plus
//!   2/α times what a value strays, α = 4.55 %, divided by that of the seasonal-naive band: last week's value ± 2 root
//!   mean squares of its errors of the last week. Pooled as a geometric mean.

mod events;
mod pool;
mod quality;
mod reference;
mod statistics;

pub use events::Events;
pub use pool::{Summary, pool};
pub use quality::Quality;

/// A span of time, both ends in it, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first second.
    pub start: i64,
    /// The last second.
    pub end: i64,
}

impl Span {
    /// Whether a second lies in the span, made longer at both ends.
    fn holds(self, second: i64, before: i64, after: i64) -> bool {
        self.start - before <= second && second <= self.end + after
    }
}

/// A series and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// The start of each period that has a row, ascending, in seconds since 1970.
    pub times: Vec<i64>,
    /// The values; NaN where one is missing.
    pub values: Vec<f64>,
    /// Seconds of a period.
    pub period: i64,
    /// Nothing before it is scored.
    pub score_from: i64,
    /// What must be found.
    pub incidents: Vec<Span>,
    /// What may or may not be found: a deploy, a holiday.
    pub tolerated: Vec<Span>,
    /// Whether incidents begin exactly where they say; else an alarm one period earlier isn't false.
    pub exact: bool,
    /// Whether it isn't known what is an incident: only the band is judged then.
    pub unlabelled: bool,
    /// The mean interval score of the distribution that the values were drawn from, where it is known.
    pub truth: Option<f64>,
}

/// What a band said of each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Lower edges; NaN where there was none yet.
    pub lower: Vec<f64>,
    /// Upper edges; NaN where there was none yet.
    pub upper: Vec<f64>,
    /// Whether the alarm was on.
    pub anomalous: Vec<bool>,
    /// Nanoseconds that all rows took.
    pub nanoseconds: f64,
}

/// The measures of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Rows.
    pub points: usize,
    /// Nanoseconds that they took.
    pub nanoseconds: f64,
    /// Its incidents and alarms, if it is labelled.
    pub events: Option<Events>,
    /// Its band, if there was one and at least fifty rows can be judged.
    pub quality: Option<Quality>,
}

/// Scores what a band said of a series.
pub fn score(series: &Labelled, said: &Said) -> Scored {
    let events = (!series.unlabelled).then(|| Events::of(series, &said.anomalous));
    let has_band = said.upper.iter().any(|edge| edge.is_finite());
    let quality = if has_band { Quality::of(series, &said.lower, &said.upper) } else { None };
    Scored { points: series.times.len(), nanoseconds: said.nanoseconds, events, quality }
}

#[cfg(test)]
mod tests;
