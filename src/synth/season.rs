//! How use varies over the day and the week.

use super::random::Chance;

/// Minutes of a week; the first is Monday's midnight, UTC.
const WEEK: usize = 10_080;

/// A rhythm of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rhythm {
    /// The same at all times: services and queues.
    Flat,
    /// People at work: weekdays from morning to evening, at an offset from UTC in hours.
    Business(i32),
    /// People at home: every evening, more on weekends, at an offset from UTC in hours.
    Evening(i32),
    /// A batch of two hours that begins at that hour, UTC, over a low floor.
    Nightly(u32),
    /// A burst in the first minutes of every period of so many minutes.
    Cron(u32),
}

/// All rhythms that keys can have.
pub(super) const RHYTHMS: &[Rhythm] = &[
    Rhythm::Flat,
    Rhythm::Business(0),
    Rhythm::Business(-5),
    Rhythm::Business(9),
    Rhythm::Evening(1),
    Rhythm::Evening(-8),
    Rhythm::Nightly(1),
    Rhythm::Nightly(3),
    Rhythm::Cron(60),
    Rhythm::Cron(15),
];

/// The factors of all rhythms for each minute of the week; each rhythm's mean is 1.
pub(super) struct Seasons(Vec<Vec<f32>>);

impl Seasons {
    /// Computes the factors.
    pub(super) fn new() -> Self {
        Self(RHYTHMS.iter().map(|rhythm| factors(*rhythm)).collect())
    }

    /// The factor of a rhythm, named by its place in [`RHYTHMS`], in a minute since 1970.
    pub(super) fn factor(&self, rhythm: usize, minute: u32) -> f64 {
        // 1970 began on a Thursday.
        f64::from(self.0[rhythm][(minute as usize + 3 * 1440) % WEEK])
    }
}

fn factors(rhythm: Rhythm) -> Vec<f32> {
    let raw: Vec<f64> = (0..WEEK).map(|minute| raw_factor(rhythm, minute as u32)).collect();
    let mean = raw.iter().sum::<f64>() / WEEK as f64;
    raw.iter().map(|factor| (factor / mean) as f32).collect()
}

fn raw_factor(rhythm: Rhythm, minute: u32) -> f64 {
    let local = |offset: i32| (minute as i32 + offset * 60).rem_euclid(WEEK as i32);
    match rhythm {
        Rhythm::Flat => 1.0,
        Rhythm::Business(offset) => {
            let local = local(offset);
            let hour = f64::from(local % 1440) / 60.0;
            let weekend = local / 1440 >= 5;
            let bell = (-((hour - 13.5) / 4.0).powi(4)).exp();
            0.06 + bell * if weekend { 0.15 } else { 1.0 }
        }
        Rhythm::Evening(offset) => {
            let local = local(offset);
            let hour = f64::from(local % 1440) / 60.0;
            let weekend = local / 1440 >= 5;
            let wave = 1.0 + 0.8 * ((hour - 20.0) / 24.0 * std::f64::consts::TAU).cos();
            wave * if weekend { 1.3 } else { 1.0 }
        }
        Rhythm::Nightly(hour) => {
            let since = (minute % 1440 + 1440 - hour * 60) % 1440;
            if since < 120 { 8.0 - f64::from(since) / 30.0 } else { 0.15 }
        }
        Rhythm::Cron(period) => match minute % period {
            0 => 6.0,
            1 => 2.5,
            _ => 0.2,
        },
    }
}

/// The second of the minute that a call falls in: anywhere, but a cron burst's calls come in its first seconds.
pub(super) fn second_of_minute(rhythm: usize, minute: u32, chance: &mut Chance) -> u32 {
    match RHYTHMS[rhythm] {
        Rhythm::Cron(period) if minute.is_multiple_of(period) => chance.below(12),
        _ => chance.below(60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-05T00:00:00Z, a Monday.
    const MONDAY: u32 = 29_459_520;

    #[test]
    fn every_rhythm_has_a_mean_of_one() {
        let seasons = Seasons::new();
        for (rhythm, name) in RHYTHMS.iter().enumerate() {
            let sum: f64 = (0..10_080).map(|minute| seasons.factor(rhythm, MONDAY + minute)).sum();
            assert!((sum / 10_080.0 - 1.0).abs() < 1e-3, "{name:?}");
        }
    }

    #[test]
    fn offices_are_busier_on_monday_noon_than_at_night_and_on_sunday() {
        let seasons = Seasons::new();
        let noon = seasons.factor(1, MONDAY + 12 * 60);
        assert!(noon > 5.0 * seasons.factor(1, MONDAY + 3 * 60));
        assert!(noon > 3.0 * seasons.factor(1, MONDAY + 6 * 1440 + 12 * 60));
    }
}
