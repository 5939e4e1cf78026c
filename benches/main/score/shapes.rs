//! The kinds of series, and what each is expected to show: its days and weeks, its jobs, and what changes them.

use super::draw::{Chance, Wander};
use super::jobs::Job;

/// Seconds.
pub const HOUR: i64 = 3600;
/// Seconds.
pub const DAY: i64 = 24 * HOUR;

/// A kind of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An office's days.
    Biz,
    /// Six days in all, of which two are warm-up.
    Cold,
    /// People at home, every day of the week.
    Consumer,
    /// A job every few hours over a low floor.
    Cron,
    /// An office whose level changes for good one afternoon.
    Deploy,
    /// An office with a runaway in the warm-up.
    Dirty,
    /// An office whose clock is put forward or back.
    Dst,
    /// Hardly any season.
    Flat,
    /// Rows are missing, singly and for half a day.
    Gaps,
    /// An office with a day off.
    Holiday,
    /// An office of a few calls a period.
    Lowrate,
    /// A batch every night over a low floor.
    Nightly,
    /// An office in which nothing happens.
    Quiet,
    /// An office of a few calls an hour.
    Sparse,
    /// People at home, more or fewer of them every day.
    Trend,
    /// A batch every week over a low floor.
    Weekly,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 16] = [
        Kind::Biz,
        Kind::Cold,
        Kind::Consumer,
        Kind::Cron,
        Kind::Deploy,
        Kind::Dirty,
        Kind::Dst,
        Kind::Flat,
        Kind::Gaps,
        Kind::Holiday,
        Kind::Lowrate,
        Kind::Nightly,
        Kind::Quiet,
        Kind::Sparse,
        Kind::Trend,
        Kind::Weekly,
    ];

    /// The kinds that there are by the minute, too.
    pub const BY_MINUTE: [Kind; 8] =
        [Kind::Biz, Kind::Cold, Kind::Dst, Kind::Flat, Kind::Holiday, Kind::Sparse, Kind::Trend, Kind::Weekly];

    /// Its name.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// Days in all, and those of them that are not scored.
    pub fn days(self) -> (i64, i64) {
        if self == Kind::Cold { (6, 2) } else { (35, 14) }
    }

    /// Whether calls are so few that chance has no other measure than counts.
    pub fn is_sparse(self) -> bool {
        matches!(self, Kind::Sparse | Kind::Lowrate)
    }
}

/// How calls rise and fall over a day, between 0 and 1.
#[derive(Clone, Copy, Debug)]
enum Rhythm {
    /// Work between two hours of the day; `edge` is how many hours its beginning and end are spread over, `lunch` the
    /// share that is missing at noon.
    Office { from: f64, until: f64, edge: f64, lunch: f64 },
    /// A wave with its crest at an hour of the day, narrower the more `peaked` it is.
    People { crest: f64, peaked: f64 },
}

impl Rhythm {
    fn office(chance: &mut Chance) -> Self {
        let from = chance.between(6.5, 9.0);
        let lunch = if chance.happens(0.7) { chance.between(0.05, 0.3) } else { 0.0 };
        Rhythm::Office { from, until: from + chance.between(9.0, 12.0), edge: chance.between(0.25, 0.5), lunch }
    }

    fn people(chance: &mut Chance, peaked: (f64, f64)) -> Self {
        Rhythm::People { crest: chance.between(8.0, 22.0), peaked: chance.between(peaked.0, peaked.1) }
    }

    fn rise(self, second_of_day: i64) -> f64 {
        let hour = second_of_day as f64 / HOUR as f64;
        match self {
            Rhythm::Office { from, until, edge, lunch } => {
                let after = |start: f64| 1.0 / (1.0 + (-(hour - start) / edge).exp());
                let noon = (-((hour - (from + until) / 2.0) / 0.6).powi(2)).exp();
                after(from) * (1.0 - after(until)) * (1.0 - lunch * noon)
            }
            Rhythm::People { crest, peaked } => {
                let angle = (hour - crest) / 24.0 * std::f64::consts::TAU;
                (peaked * (angle.cos() - 1.0)).exp()
            }
        }
    }
}

/// What a series shows without chance, and how much chance there is.
#[derive(Clone, Debug)]
pub struct Shape {
    rhythm: Rhythm,
    /// Calls a period at the busiest time of a working day, jobs aside.
    pub peak: f64,
    /// The share of it that never ends.
    floor: f64,
    /// The share of a working day's rise that Saturdays and Sundays have.
    weekend: f64,
    /// What the level's logarithm gains in a day.
    growth: f64,
    /// Its job.
    pub job: Option<Job>,
    /// When clocks are put forward or back, and by how many seconds.
    clock: Option<(i64, i64)>,
    /// The start of a day that is like a Sunday.
    pub holiday: Option<i64>,
    /// When the level changes for good, and to how many times what it was.
    pub deploy: Option<(i64, f64)>,
    /// The shape of the negative binomial distribution.
    pub dispersion: f64,
    /// How its level wanders.
    pub wander: Wander,
    start: i64,
}

impl Shape {
    /// A series of a kind that begins at `start`, a midnight.
    pub fn draw(kind: Kind, period: i64, start: i64, chance: &mut Chance) -> Self {
        let in_hour = |calls: f64| calls * period as f64 / HOUR as f64;
        let rhythm = match kind {
            Kind::Cold | Kind::Consumer | Kind::Gaps | Kind::Trend => Rhythm::people(chance, (0.9, 1.6)),
            Kind::Flat => Rhythm::people(chance, (0.4, 0.8)),
            _ => Rhythm::office(chance),
        };
        let peak = in_hour(match kind {
            Kind::Sparse => chance.scale(2.0, 9.0),
            Kind::Lowrate => chance.scale(20.0, 70.0),
            // The floor beneath a job.
            Kind::Cron | Kind::Weekly => chance.scale(80.0, 800.0),
            Kind::Nightly => chance.scale(300.0, 3000.0),
            Kind::Flat => chance.scale(1000.0, 200_000.0),
            _ => chance.scale(500.0, 50_000.0),
        });
        let floor = match kind {
            Kind::Flat => chance.between(0.65, 0.85),
            Kind::Cron | Kind::Nightly | Kind::Weekly => chance.between(0.5, 0.7),
            Kind::Cold | Kind::Consumer | Kind::Gaps | Kind::Trend => chance.between(0.1, 0.25),
            _ => chance.between(0.03, 0.1),
        };
        let weekend = match rhythm {
            Rhythm::Office { .. } => chance.between(0.05, 0.35),
            Rhythm::People { .. } if kind == Kind::Trend => chance.between(0.8, 1.4),
            Rhythm::People { .. } => chance.between(0.85, 1.1),
        };
        let dispersion = if kind.is_sparse() { chance.scale(0.6, 1.6) } else { chance.between(12.0, 100.0) };
        let mut shape = Shape {
            rhythm,
            peak,
            floor,
            weekend,
            growth: 0.0,
            job: Job::draw(kind, peak, period, start, chance),
            clock: None,
            holiday: None,
            deploy: None,
            dispersion,
            wander: Wander { deviation: chance.between(0.06, 0.15), hours: chance.scale(0.7, 12.0) },
            start,
        };
        shape.change(kind, chance);
        shape
    }

    /// What changes in the scored weeks, if something does.
    fn change(&mut self, kind: Kind, chance: &mut Chance) {
        let day = self.start + chance.whole(17, 25) * DAY;
        match kind {
            Kind::Trend => self.growth = chance.scale(0.006, 0.02) * chance.one_of(&[-1.0, 1.0]),
            Kind::Deploy => {
                let factor = if chance.happens(0.5) { chance.between(0.4, 0.6) } else { chance.between(1.7, 2.5) };
                self.deploy = Some((day + chance.whole(9, 17) * HOUR, factor));
            }
            Kind::Dst => self.clock = Some((sunday_from(day) + HOUR, chance.one_of(&[-HOUR, HOUR]))),
            Kind::Holiday => self.holiday = Some(if is_weekend(day) { day + 2 * DAY } else { day }),
            _ => {}
        }
    }

    /// The calls that are expected in the period that begins at a second, jobs aside.
    pub fn calls(&self, at: i64) -> f64 {
        let local = self.clock.filter(|(from, _)| at >= *from).map_or(at, |(_, by)| at + by);
        let is_off = is_weekend(local) || self.holiday.is_some_and(|day| (day..day + DAY).contains(&at));
        let rise = self.rhythm.rise(local.rem_euclid(DAY)) * if is_off { self.weekend } else { 1.0 };
        let level = self.deploy.filter(|(from, _)| at >= *from).map_or(1.0, |(_, factor)| factor);
        let days = (at - self.start) as f64 / DAY as f64;
        self.peak * (self.floor + (1.0 - self.floor) * rise) * level * (self.growth * days).exp()
    }

    /// Whether there is an office and it is closed: a quarter of its rise, or less.
    pub fn is_closed(&self, at: i64) -> bool {
        let closed = self.floor + 0.25 * (1.0 - self.floor);
        matches!(self.rhythm, Rhythm::Office { .. }) && self.calls(at) < closed * self.peak
    }
}

/// Whether a day is a Saturday or Sunday; 1970 began on a Thursday.
fn is_weekend(at: i64) -> bool {
    (at.div_euclid(DAY) + 3).rem_euclid(7) >= 5
}

/// The first Sunday from a day on.
fn sunday_from(day: i64) -> i64 {
    day + (6 - (day.div_euclid(DAY) + 3)).rem_euclid(7) * DAY
}
