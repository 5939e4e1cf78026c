//! A series' model: it predicts a band, then learns from the value.

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, EDGE_SECONDS};
use super::calendar::{Calendar, DAY, Place};
use super::dispersion::Dispersion;
use super::distribution::Distribution;
use super::history::History;
use super::level::{Level, Ratios};
use super::season::{self, Noise};
use super::watch::{Sight, Watch};
use super::{Band, Judgement, Settings, SettingsError, State};

/// Values before the first band: two hours of them, and no fewer than eight.
const READY_SECONDS: i64 = 7_200;
const READY_VALUES: (i64, i64) = (8, 24);

/// Days of history: as many as fit in 64 KB a series with periods of a minute, five weeks with longer ones.
const DAYS: usize = 35;
const DAYS_OF_MINUTES: usize = 15;
const SLOTS_OF_MINUTES: usize = 400;

/// A level of the season below which nothing is told apart: calls a period, or a share of the mean.
const SEASON_MIN_CALLS: f32 = 0.003;
const SEASON_MIN_SHARE: f32 = 0.01;

/// The season's noise at a mean of 0, as a share of the first day's mean.
const SEASON_FLOOR: f32 = 1e-3;

/// Relative variance that a whole day shares, when the season is estimated.
const DAY_VARIANCE: f32 = 0.03;

/// Values move the level up to so many standard deviations; beyond the second, or the third during an alarm, history
/// doubts them.
const LEVEL_DEVIATIONS: f32 = 5.0;
const DOUBT_DEVIATIONS: f32 = 6.0;
const DOUBT_DEVIATIONS_ALARM: f32 = 2.0;

/// Days over which gains are forgotten.
const GAIN_MEMORY_DAYS: f32 = 10.0;

/// An error tells no more than one with this inverse variance.
const INFORMATION_MAX: f32 = 400.0;

/// An alarm that lasts so long is the new normal.
const ADOPT_SECONDS: i64 = 64_800;

/// What is surprising fades over so many days; orders of magnitude beyond ten are all the same.
const SURPRISE_DAYS: f32 = 5.0;
const SURPRISE_MAX: f32 = 10.0;

/// The model of one series.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) settings: Settings,
    calendar: Calendar,
    pub(super) learned: Learned,
}

/// Everything that a model has learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Learned {
    history: History,
    /// The mean of the first day.
    first_mean: f32,
    /// What today is expected to look like, and how far it swings nearby; empty before the second day.
    profile: Vec<f32>,
    swings: Vec<f32>,
    level: Level,
    dispersion: Dispersion,
    baseline: Baseline,
    watch: Watch,
    /// How surprising values were lately.
    surprise: f32,
    today: Option<i64>,
    /// Days that began with a season.
    seasons: u32,
    first: i64,
    last: i64,
    values: u32,
    /// Whether all values were whole.
    counts: bool,
    /// What is added to values, so that none is negative.
    shift: f64,
    largest: f64,
}

/// What is expected of a period.
struct Guess {
    place: Place,
    season: f32,
    ratios: Ratios,
    around: Distribution,
}

impl Model {
    /// A model that has seen nothing.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let calendar = Calendar::new(settings.zone, settings.period_seconds);
        let learned = Learned::new(settings.period_seconds, calendar.slots());
        Ok(Model::from_parts(settings.clone(), learned))
    }

    pub(super) fn from_parts(settings: Settings, learned: Learned) -> Self {
        let calendar = Calendar::new(settings.zone, settings.period_seconds);
        Model { settings, calendar, learned }
    }

    /// The band of the period that starts at `at` (seconds since 1970), from what was learned so far.
    pub fn band(&mut self, at: i64) -> Option<Band> {
        let guess = self.guess(at);
        self.band_of(&guess)
    }

    /// Judges the value of the period that starts at `at`, then learns from it.
    ///
    /// Values come in order of time: one at or before the last, or in an excluded range, is given its band and nothing
    /// more. A period without a value is left out or not a number: it is missing, not zero.
    pub fn step(&mut self, at: i64, value: f64) -> Judgement {
        let past = self.learned.values > 0 && at <= self.learned.last;
        let excluded = self.settings.excluded.iter().any(|(start, end)| (*start..*end).contains(&at));
        if !value.is_finite() || past || excluded {
            return Judgement { band: self.band(at), score: 0.0, anomalous: false };
        }
        if value + self.learned.shift < 0.0 {
            self.restart_below_zero(value);
        }
        self.learned.largest = self.learned.largest.max(value.abs());
        self.learned.counts &= value.fract() == 0.0;
        self.step_shifted(at, value + self.learned.shift)
    }

    /// How far training is.
    pub fn state(&self) -> State {
        match () {
            () if !self.ready() => State::PendingTraining,
            () if self.learned.last - self.learned.first < 14 * DAY => State::TrainedInsufficientData,
            () => State::Trained,
        }
    }

    /// Bytes of memory that the model takes.
    pub fn size_bytes(&self) -> usize {
        let learned = &self.learned;
        let profiles = (learned.profile.capacity() + learned.swings.capacity()) * size_of::<f32>();
        let excluded = self.settings.excluded.capacity() * size_of::<(i64, i64)>();
        size_of::<Self>() + learned.history.heap_bytes() + learned.dispersion.heap_bytes() + profiles + excluded
    }

    /// A series that goes below zero has no ratios: it starts again, far enough above zero that ratios are differences.
    fn restart_below_zero(&mut self, value: f64) {
        let mut learned = Learned::new(self.settings.period_seconds, self.calendar.slots());
        learned.shift = 4.0 * value.abs().max(self.learned.largest);
        learned.counts = false;
        self.learned = learned;
    }

    fn step_shifted(&mut self, at: i64, value: f64) -> Judgement {
        self.arrive(at, value as f32);
        let guess = self.guess(at);
        let band = self.band_of(&guess);
        let surprise = self.watch(at, value as f32, &guess, band.is_some());
        self.learn(value as f32, &guess);
        if let Some(since) = self.learned.watch.on_since().filter(|since| at - since > ADOPT_SECONDS) {
            let since = self.calendar.place(since);
            self.learned.adopt(since);
        }
        if let Some(band) = band {
            let own = Band { lower: band.lower + self.learned.shift, upper: band.upper + self.learned.shift, ..band };
            let deviate = guess.around.deviate(value) as f32;
            self.learned.dispersion.learn_edges(value, deviate, &own, self.learned.counts, self.settings.width);
        }
        Judgement { band, score: surprise.0, anomalous: surprise.1 }
    }

    /// Takes note of the time that passed, and of a first value.
    fn arrive(&mut self, at: i64, value: f32) {
        let learned = &mut self.learned;
        let period = i64::from(self.settings.period_seconds);
        if learned.values == 0 {
            learned.first = at;
            learned.first_mean = value;
        } else if (at - learned.last) / period > 1 {
            learned.level.skip(((at - learned.last) / period - 1) as f32);
        }
        learned.last = at;
    }

    fn ready(&self) -> bool {
        let needed = (READY_SECONDS / i64::from(self.settings.period_seconds)).clamp(READY_VALUES.0, READY_VALUES.1);
        i64::from(self.learned.values) >= needed
    }

    fn guess(&mut self, at: i64) -> Guess {
        let place = self.calendar.place(at);
        if self.learned.today.is_none_or(|today| today < place.day) {
            self.learned.begin_day(place.day, self.settings.period_seconds);
        }
        let learned = &self.learned;
        let season = learned.season(place.slot);
        let ratios = learned.level.ratios();
        let around = learned.around(season * learned.level.factor(&ratios), place.slot);
        Guess { place, season, ratios, around }
    }

    fn band_of(&self, guess: &Guess) -> Option<Band> {
        let band = self.ready().then(|| self.learned.dispersion.band(&guess.around, self.settings.width))?;
        let shift = self.learned.shift;
        Some(Band { expected: band.expected - shift, lower: band.lower - shift, upper: band.upper - shift })
    }

    /// The score, and whether the alarm is on.
    fn watch(&mut self, at: i64, value: f32, guess: &Guess, ready: bool) -> (f64, bool) {
        let learned = &mut self.learned;
        let factor = learned.baseline.factor();
        let plain = learned.around((guess.season * factor).max(learned.season_min()), guess.place.slot);
        let swing = learned.swings.get(guess.place.slot).map_or(0.0, |swing| factor * swing);
        let jitter = f64::from(learned.baseline.jitter_variance(swing));
        let baseline = Distribution { variance: plain.variance + jitter, ..plain };
        let around = Distribution { variance: guess.around.variance + jitter, ..guess.around };
        if learned.watch.on_since().is_none() {
            learned.baseline.learn_jitter(value, &plain, swing);
        }
        let sight = Sight {
            at,
            value,
            deviate: around.deviate(f64::from(value)) as f32,
            off_baseline: baseline.deviate(f64::from(value)) as f32,
            baseline: &baseline,
            hour: (guess.place.slot as f32 + 0.5) * 24.0 / self.calendar.slots() as f32,
            seasonal: learned.seasons >= 2,
            ready,
        };
        let verdict = learned.watch.look(&sight, self.settings.width.pages_per_week() as f32);
        learned.keep(value, guess, &baseline);
        learned.follow(value, guess.season, &baseline);
        let surprise = verdict.surprise.min(SURPRISE_MAX);
        let score = (surprise - learned.surprise).max(0.0);
        let fade = (-(self.settings.period_seconds as f32) / (SURPRISE_DAYS * DAY as f32)).exp();
        learned.surprise = (learned.surprise * fade).max(surprise);
        (f64::from(score), verdict.alarm)
    }

    fn learn(&mut self, value: f32, guess: &Guess) {
        let slots_a_day = DAY as f32 / self.settings.period_seconds as f32;
        let learned = &mut self.learned;
        let (mean, deviation) = (guess.around.mean as f32, guess.around.variance.sqrt() as f32);
        learned.values = learned.values.saturating_add(1);
        if learned.profile.is_empty() {
            learned.follow_first_day(value);
        }
        let reach = if learned.values <= 24 { f32::INFINITY } else { LEVEL_DEVIATIONS * deviation };
        let cut = value.clamp(mean - reach, mean + reach).max(0.0);
        let slot = (!learned.profile.is_empty()).then_some(guess.place.slot);
        learned.dispersion.learn(cut - mean, &guess.around, slot);
        let information = (mean * mean / guess.around.variance as f32).min(INFORMATION_MAX);
        let forget = 1.0 - 1.0 / f64::from((GAIN_MEMORY_DAYS * slots_a_day).max(200.0));
        learned.level.learn(&guess.ratios, (cut - mean) / mean, information, forget);
        let weight = learned.weight(guess.season);
        learned.level.add(weight * cut, weight * guess.season);
    }
}

impl Learned {
    fn new(period_seconds: u32, slots: usize) -> Self {
        let period = period_seconds as f32;
        let days = if slots > SLOTS_OF_MINUTES { DAYS_OF_MINUTES } else { DAYS };
        Learned {
            history: History::new(days, slots),
            first_mean: 0.0,
            profile: Vec::new(),
            swings: Vec::new(),
            level: Level::new(period),
            dispersion: Dispersion::new(i64::from(period_seconds), slots),
            baseline: Baseline::new(period),
            watch: Watch::new(period),
            surprise: 0.0,
            today: None,
            seasons: 0,
            first: 0,
            last: 0,
            values: 0,
            counts: true,
            shift: 0.0,
            largest: 0.0,
        }
    }

    /// Estimates the season of a day that begins.
    fn begin_day(&mut self, day: i64, period_seconds: u32) {
        let slots = self.history.slots();
        let unit = if self.counts { 1.0 } else { 0.0 };
        let floor = (SEASON_FLOOR * self.first_mean).powi(2);
        let noise = Noise { unit, scale: self.dispersion.scale(), slow: DAY_VARIANCE, floor };
        if self.first_mean <= 0.0 {
            // Nothing but zeros so far: there is no level that a season could be of.
            self.today = Some(day);
            return;
        }
        if let Some(profile) = season::profile(&self.history, slots, day, period_seconds, noise) {
            let half = usize::try_from((EDGE_SECONDS / i64::from(period_seconds)).max(1)).expect("a few slots");
            self.swings = season::swings(&profile, half);
            self.profile = profile;
            self.seasons = self.seasons.saturating_add(1);
        }
        self.today = Some(day);
    }

    fn season(&self, slot: usize) -> f32 {
        self.profile.get(slot).copied().unwrap_or(self.first_mean).max(self.season_min())
    }

    fn season_min(&self) -> f32 {
        if self.counts { SEASON_MIN_CALLS } else { (SEASON_MIN_SHARE * self.first_mean).max(f32::MIN_POSITIVE) }
    }

    fn around(&self, mean: f32, slot: usize) -> Distribution {
        let slot = (!self.profile.is_empty()).then_some(slot);
        self.dispersion.around(mean, slot, self.first_mean, self.counts)
    }

    /// The weight of a value in a ratio of sums: the inverse of its variance, but for a constant.
    fn weight(&self, season: f32) -> f32 {
        let unit = if self.counts { 1.0 } else { 0.0 };
        1.0 / (unit + self.dispersion.scale() * season).max(f32::MIN_POSITIVE)
    }

    /// Keeps a value in the history; it is doubted if it is out of all expectation.
    fn keep(&mut self, value: f32, guess: &Guess, baseline: &Distribution) {
        let off = |around: &Distribution, deviations: f32| {
            (f64::from(value) - around.mean).abs() > f64::from(deviations) * around.variance.sqrt()
        };
        let alarm = self.watch.on_since().is_some() && off(baseline, DOUBT_DEVIATIONS_ALARM);
        let doubted = self.seasons >= 2 && (alarm || off(&guess.around, DOUBT_DEVIATIONS));
        if self.first_mean > 0.0 {
            self.history.put(guess.place.day, guess.place.slot, value, doubted);
        }
    }

    /// Lets the baseline follow.
    fn follow(&mut self, value: f32, season: f32, baseline: &Distribution) {
        if self.watch.on_since().is_none() {
            let weight = self.weight(season);
            self.baseline.learn(value, season, weight, baseline);
        }
    }

    /// What an alarm has shown for long is the new normal: the days before it are taken to its level.
    fn adopt(&mut self, since: Place) {
        let factor = self.level.of_hours();
        self.history.adopt(since.day, since.slot, factor);
        for value in self.profile.iter_mut().chain(&mut self.swings) {
            *value *= factor;
        }
        self.first_mean *= factor;
        self.level.rescale(factor);
        self.baseline.reset();
        self.watch.end();
    }

    /// Before there is a season the level is the mean of all values so far.
    fn follow_first_day(&mut self, value: f32) {
        let before = self.first_mean;
        self.first_mean += (value - before) / self.values as f32;
        if before > 0.0 && self.first_mean > 0.0 {
            self.level.rescale(self.first_mean / before);
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
