//! The kinds of incidents, and what each does to a series.
//!
//! An incident changes what is expected; chance then draws from that as ever. It is drawn anew until it is visible: who
//! knew the series' true distribution would see it, and so would somebody who counts calls.

use super::course::Course;
use super::draw::Chance;
use super::shapes::{HOUR, Kind};

/// A kind of incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentKind {
    /// Three times as many calls.
    Runaway3,
    /// Ten times as many calls.
    Runaway10,
    /// Thirty times as many calls.
    Runaway30,
    /// Calls out of nowhere, for some minutes.
    Burst,
    /// Many times as many calls, for a period or a few.
    Spike,
    /// No calls at all.
    Stuckoff,
    /// More and more calls, up to several times as many.
    Ramp,
    /// Half to eight tenths more calls for half a day.
    Creep,
    /// Work as by day while the office is closed.
    Offhours,
    /// A batch with twice its calls.
    Doublebatch,
    /// A batch that doesn't come.
    Missedbatch,
    /// Several runs of a job with twice their calls.
    Doublecron,
    /// A run of a job at another time.
    Offcron,
    /// A runaway by ten in the warm-up, which isn't scored and nobody tells the band of.
    Training,
}

/// What an incident does to the expected calls of its rows.
#[derive(Clone, Copy, Debug)]
enum Effect {
    /// There are so many times as many.
    Times(f64),
    /// There are more and more of them, at the end so many times as many.
    Rising(f64),
    /// So many come besides.
    Besides(f64),
    /// There are so many, whatever is usual.
    Instead(f64),
    /// Those of jobs are so many times as many.
    Jobs(f64),
}

/// An incident in a series' rows.
#[derive(Clone, Copy, Debug)]
pub struct Incident {
    /// Its kind.
    pub kind: IncidentKind,
    /// Its first row.
    pub first: usize,
    /// Its last row.
    pub last: usize,
    effect: Effect,
}

/// The least that is visible: calls that come besides, calls that don't come, and both in standard deviations of what
/// is usual.
const CALLS_MORE: f64 = 12.0;
const CALLS_LESS: f64 = 50.0;
const DEVIATIONS: f64 = 4.0;

/// A run of a job so few periods from another is that one, early or late.
const NEAR: usize = 2;

impl IncidentKind {
    /// Its name.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// The incidents that a series of a kind has.
    pub fn of(kind: Kind, chance: &mut Chance) -> Vec<IncidentKind> {
        use IncidentKind::*;
        let (some, count): (&[IncidentKind], usize) = match kind {
            Kind::Quiet => (&[], 0),
            Kind::Cold => (&[Runaway3, Runaway10, Spike, Stuckoff, Ramp, Creep], 2),
            Kind::Consumer | Kind::Flat | Kind::Gaps | Kind::Trend => {
                (&[Runaway3, Runaway10, Spike, Stuckoff, Ramp, Creep], 4)
            }
            Kind::Cron => (&[Runaway10, Spike, Doublecron, Offcron], 4),
            Kind::Lowrate => (&[Runaway3, Runaway10, Ramp, Offhours], 4),
            Kind::Nightly => (&[Runaway3, Runaway10, Spike, Doublebatch, Missedbatch], 4),
            Kind::Sparse => (&[Runaway30, Burst, Burst, Offhours], 4),
            Kind::Weekly => (&[Runaway3, Runaway10, Spike, Ramp, Offhours], 4),
            Kind::Biz | Kind::Deploy | Kind::Dirty | Kind::Dst | Kind::Holiday => {
                (&[Runaway3, Runaway10, Spike, Stuckoff, Ramp, Creep, Offhours], 4)
            }
        };
        let mut drawn = chance.shuffled(some);
        drawn.truncate(count);
        drawn
    }

    /// Minutes that one takes, at least and at most.
    fn minutes(self) -> (f64, f64) {
        match self {
            IncidentKind::Runaway3 | IncidentKind::Runaway10 | IncidentKind::Runaway30 | IncidentKind::Training => {
                (90.0, 360.0)
            }
            IncidentKind::Burst => (15.0, 40.0),
            IncidentKind::Spike => (2.0, 10.0),
            IncidentKind::Stuckoff => (60.0, 280.0),
            IncidentKind::Ramp => (380.0, 720.0),
            IncidentKind::Creep => (480.0, 800.0),
            IncidentKind::Offhours => (60.0, 180.0),
            // As long as their runs.
            IncidentKind::Doublebatch
            | IncidentKind::Missedbatch
            | IncidentKind::Doublecron
            | IncidentKind::Offcron => (0.0, 1.0),
        }
    }
}

impl Incident {
    /// An incident that begins in a row of a course or with the next run of its job; `None` if it would not be seen.
    pub fn draw(kind: IncidentKind, row: usize, course: &Course, chance: &mut Chance) -> Option<Self> {
        let (least, most) = kind.minutes();
        let minutes = chance.between(least, most);
        // A spike by the minute is one of two to four.
        let minutes = if kind == IncidentKind::Spike && course.period == 60 { minutes.min(4.0) } else { minutes };
        let rows = ((minutes * 60.0 / course.period as f64).round() as usize).max(1);
        let (first, last) = match kind {
            IncidentKind::Doublebatch | IncidentKind::Missedbatch | IncidentKind::Doublecron => {
                course.runs_from(row, 6 * HOUR)?
            }
            _ => (row, row + rows - 1),
        };
        let peak = course.shape.peak;
        let effect = match kind {
            IncidentKind::Runaway3 => Effect::Times(3.0),
            IncidentKind::Runaway10 | IncidentKind::Training => Effect::Times(10.0),
            IncidentKind::Runaway30 => Effect::Times(30.0),
            IncidentKind::Burst => {
                Effect::Besides(chance.between(10.0, 30.0) * (course.period as f64 / 300.0).powf(0.75))
            }
            IncidentKind::Spike => Effect::Times(chance.scale(7.0, 30.0)),
            IncidentKind::Stuckoff => Effect::Times(0.0),
            IncidentKind::Ramp => Effect::Rising(chance.between(3.5, 5.0)),
            IncidentKind::Creep => Effect::Times(chance.between(1.5, 1.8)),
            IncidentKind::Offhours => Effect::Instead(peak * chance.between(0.8, 1.2)),
            IncidentKind::Doublebatch | IncidentKind::Doublecron => Effect::Jobs(2.0),
            IncidentKind::Missedbatch => Effect::Jobs(0.0),
            IncidentKind::Offcron => Effect::Besides(course.shape.job.map_or(0.0, |job| job.calls)),
        };
        let incident = Incident { kind, first, last, effect };
        (last < course.usual.len() && incident.is_visible(course)).then_some(incident)
    }

    /// What is expected in one of its rows.
    pub fn calls(&self, row: usize, course: &Course) -> f64 {
        let usual = course.usual[row];
        match self.effect {
            Effect::Times(factor) => usual * factor,
            Effect::Rising(factor) => {
                let part = (row - self.first + 1) as f64 / (self.last - self.first + 1) as f64;
                usual * (1.0 + (factor - 1.0) * part)
            }
            Effect::Besides(calls) => usual + calls,
            Effect::Instead(calls) => calls.max(usual),
            Effect::Jobs(factor) => usual + (factor - 1.0) * course.jobs[row],
        }
    }

    fn is_visible(&self, course: &Course) -> bool {
        // Of what concerns jobs, rows without are no measure.
        let concerns = |row: &usize| !matches!(self.effect, Effect::Jobs(_)) || course.jobs[*row] > 0.0;
        let rows = || (self.first..=self.last).filter(concerns);
        let fits = match self.kind {
            IncidentKind::Offhours => rows().all(|row| course.shape.is_closed(course.at(row))),
            IncidentKind::Offcron => {
                course.jobs[self.first.saturating_sub(NEAR)..].iter().take(2 * NEAR + 1).all(|calls| *calls == 0.0)
            }
            _ => true,
        };
        let usual: f64 = rows().map(|row| course.usual[row]).sum();
        let excess = rows().map(|row| self.calls(row, course)).sum::<f64>() - usual;
        let shape = course.shape.dispersion;
        let chance: f64 = rows().map(|row| course.usual[row] * (1.0 + course.usual[row] / shape)).sum();
        let deviation = (chance + (course.shape.wander.deviation * usual).powi(2)).sqrt();
        let least = if excess < 0.0 { CALLS_LESS } else { CALLS_MORE };
        fits && excess.abs() >= least.max(DEVIATIONS * deviation)
    }
}
