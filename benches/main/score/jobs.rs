//! Jobs: calls that come at once, at a set time.

use super::draw::Chance;
use super::shapes::{DAY, HOUR, Kind};

/// A batch starts within so many seconds of its time.
const JITTER: f64 = 180.0;

/// How much the size of one run differs from that of another, of a batch and of a job to the second: the standard
/// deviation of its logarithm. With chance and level, a job's size varies by about a fifth.
const BATCH_DEVIATION: f64 = 0.15;
const EXACT_DEVIATION: f64 = 0.1;

/// A job.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// The first second of its first run.
    first: i64,
    /// Seconds from run to run.
    every: i64,
    /// Seconds that a run takes.
    seconds: i64,
    /// Calls of a run in all.
    pub calls: f64,
    /// Whether it starts to the second.
    is_exact: bool,
}

/// A run of a job.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Its first second.
    pub start: i64,
    /// The second after its last.
    pub end: i64,
    /// Its calls.
    pub calls: f64,
}

impl Job {
    /// The job of a kind of series whose floor is at most `floor` calls a period.
    pub fn draw(kind: Kind, floor: f64, period: i64, start: i64, chance: &mut Chance) -> Option<Self> {
        let batch = |chance: &mut Chance, every: i64, day: i64| {
            let seconds = chance.whole(50, 130) * 60;
            let calls = floor * chance.scale(15.0, 60.0) * (seconds / period) as f64;
            let minute = chance.whole(0, 5 * 60);
            Job { first: start + day * DAY + minute * 60, every, seconds, calls, is_exact: false }
        };
        match kind {
            Kind::Nightly => Some(batch(chance, DAY, 0)),
            Kind::Weekly => {
                let day = chance.whole(0, 7);
                Some(batch(chance, 7 * DAY, day))
            }
            Kind::Cron => {
                let every = chance.one_of(&[1, 2, 2, 3, 4]) * HOUR;
                let first = start + chance.one_of(&[0, 0, 0, 15, 30]) * 60;
                Some(Job { first, every, seconds: 60, calls: floor * chance.scale(20.0, 120.0), is_exact: true })
            }
            _ => None,
        }
    }

    /// Its runs until a second.
    pub fn runs(&self, until: i64, chance: &mut Chance) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut due = self.first;
        while due < until {
            let (late, deviation) = match self.is_exact {
                true => (0.0, EXACT_DEVIATION),
                false => (chance.between(-JITTER, JITTER), BATCH_DEVIATION),
            };
            let (start, size) = (due + late as i64, chance.normal(deviation).exp());
            runs.push(Run { start, end: start + self.seconds, calls: self.calls * size });
            due += self.every;
        }
        runs
    }
}

impl Run {
    /// Its calls in the period that begins at a second.
    pub fn calls_in(&self, at: i64, period: i64) -> f64 {
        let overlap = self.end.min(at + period) - self.start.max(at);
        self.calls * overlap.max(0) as f64 / (self.end - self.start) as f64
    }
}
