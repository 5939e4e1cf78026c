//! A series whose incidents and whose true distribution are known.

use keytide::band::score::{Labelled, Span};

use super::course::Course;
use super::draw::Chance;
use super::incidents::{Incident, IncidentKind};
use super::shapes::{DAY, HOUR, Kind, Shape};
use super::truth::Truth;

/// 2024-01-01T00:00:00Z; a series begins on a day of that year.
const YEAR: i64 = 1_704_067_200;

/// Incidents, deploys and gaps are so many seconds apart.
const APART: i64 = DAY;

/// How often another place is tried for an incident that would not be seen.
const TRIES: usize = 400;

/// Rows this near to an incident don't show the true distribution, as the scorer has it.
const PAD: i64 = 1800;

/// A span of time with the name of what happened in it.
#[derive(Clone, Debug)]
pub struct Window {
    /// The incident's or the change's kind.
    pub kind: String,
    /// Both ends in it.
    pub span: Span,
}

/// A series.
#[derive(Clone, Debug)]
pub struct Series {
    /// `synth5m` or `synth1m`.
    pub group: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its place among those of its kind.
    pub number: u64,
    /// Its rows, and what the scorer is told of it.
    pub labelled: Labelled,
    /// Its incidents, those of the warm-up included.
    pub windows: Vec<Window>,
    /// What may or may not be found.
    pub tolerated: Vec<Window>,
    /// How well its true distribution does.
    pub truth: Truth,
}

impl Series {
    /// The series of a kind and number. The same ones are the same on every machine.
    pub fn make(kind: Kind, group: &'static str, period: i64, number: u64, seed: u64) -> Self {
        let stream = (period as u64) << 32 | (kind as u64) << 16 | number;
        let chance = &mut Chance::new(seed, stream);
        let (days, warm_up) = kind.days();
        let start = YEAR + chance.whole(0, 330) * DAY;
        let (score_from, rows) = (start + warm_up * DAY, (days * DAY / period) as usize);
        let course = Course::draw(Shape::draw(kind, period, start, chance), period, start, rows, chance);

        let tolerated = tolerated(&course.shape, period);
        let gaps = if kind == Kind::Gaps { gaps(start, score_from, chance) } else { Vec::new() };
        let mut taken: Vec<Span> = tolerated.iter().map(|window| window.span).chain(gaps.iter().copied()).collect();
        let mut incidents = Vec::new();
        if kind == Kind::Dirty {
            place(
                IncidentKind::Training,
                (start + 5 * DAY, score_from - DAY),
                &course,
                &mut taken,
                chance,
                &mut incidents,
            );
        }
        for incident in IncidentKind::of(kind, chance) {
            place(incident, (score_from, start + days * DAY), &course, &mut taken, chance, &mut incidents);
        }
        incidents.sort_by_key(|incident| incident.first);

        let mut means = course.usual.clone();
        for incident in &incidents {
            (incident.first..=incident.last).for_each(|row| means[row] = incident.calls(row, &course));
        }
        let windows: Vec<Window> = incidents
            .iter()
            .map(|incident| Window { kind: incident.kind.name(), span: span_of(incident, &course) })
            .collect();
        let spans = |windows: &[Window]| windows.iter().map(|window| window.span).collect::<Vec<_>>();
        let mut labelled = Labelled {
            times: Vec::with_capacity(rows),
            values: Vec::with_capacity(rows),
            period,
            score_from,
            incidents: spans(&windows),
            tolerated: spans(&tolerated),
            exact: true,
            unlabelled: false,
            truth: None,
        };
        let mut judged = Vec::new();
        for (row, &mean) in means.iter().enumerate() {
            let (at, value) = (course.at(row), chance.count(mean, course.shape.dispersion));
            let is_missing = kind == Kind::Gaps
                && (chance.happens(0.01) || gaps.iter().any(|gap| (gap.start..gap.end).contains(&at)));
            if is_missing {
                continue;
            }
            labelled.times.push(at);
            labelled.values.push(value);
            let mut known = labelled.incidents.iter().chain(&labelled.tolerated);
            if at >= score_from && !known.any(|span| is_near(span, at, PAD)) {
                judged.push((mean, value));
            }
        }
        let truth = Truth::of(judged.into_iter(), course.shape.dispersion);
        labelled.truth = Some(truth.winkler);
        Series { group, kind, number, labelled, windows, tolerated, truth }
    }
}

fn is_near(span: &Span, at: i64, by: i64) -> bool {
    (span.start - by..=span.end + by).contains(&at)
}

fn span_of(incident: &Incident, course: &Course) -> Span {
    Span { start: course.at(incident.first), end: course.at(incident.last) }
}

/// The day after a deploy, and a day off.
fn tolerated(shape: &Shape, period: i64) -> Vec<Window> {
    let deploy = shape.deploy.map(|(at, _)| ("deploy", Span { start: at, end: at + DAY }));
    let holiday = shape.holiday.map(|day| ("holiday", Span { start: day, end: day + DAY - period }));
    let named = |(kind, span): (&str, Span)| Window { kind: kind.to_owned(), span };
    deploy.into_iter().chain(holiday).map(named).collect()
}

/// Two stretches without rows, half-open: one in the warm-up, one in what is scored.
fn gaps(start: i64, score_from: i64, chance: &mut Chance) -> Vec<Span> {
    let mut stretch = |from: i64, days: i64| {
        let start = from + chance.whole(0, days * 24) * HOUR + chance.whole(0, 12) * 300;
        Span { start, end: start + chance.whole(10, 20) * HOUR }
    };
    vec![stretch(start + 3 * DAY, 9), stretch(score_from + 2 * DAY, 16)]
}

/// Draws an incident somewhere between two seconds, apart from what is `taken`; none if it would be seen nowhere.
fn place(
    kind: IncidentKind,
    (from, until): (i64, i64),
    course: &Course,
    taken: &mut Vec<Span>,
    chance: &mut Chance,
    placed: &mut Vec<Incident>,
) {
    for _ in 0..TRIES {
        let row = course.row(chance.whole(from, until));
        let Some(incident) = Incident::draw(kind, row, course, chance) else { continue };
        let span = span_of(&incident, course);
        let is_free = |other: &Span| span.start > other.end + APART || span.end + APART < other.start;
        if span.end < until && taken.iter().all(is_free) {
            taken.push(span);
            placed.push(incident);
            return;
        }
    }
}
