//! All that a model has learned, and how a day turns it over.

use serde::{Deserialize, Serialize};

use super::adoption::GuessedLevel;
use super::alternatives::{Alternatives, Expected, Turn};
use super::awake::Awake;
use super::baseline::{Baseline, EDGE_SECONDS};
use super::calendar::Place;
use super::change::ChangeDetector;
use super::dispersion::{Dispersion, FEW_A_DAY};
use super::distribution::Distribution;
use super::history::History;
use super::level::{Level, Ratios, STOP_MAX};
use super::season::{self, Noise};

/// Days of history: as many as fit in 64 KB a series with periods of a minute, five weeks with longer ones.
const DAYS: usize = 35;
const DAYS_OF_MINUTES: usize = 15;
const SLOTS_OF_MINUTES: usize = 400;

/// A level of the season below which nothing is told apart: calls a period, or a share of the mean.
const SEASON_MIN_CALLS: f32 = 0.003;
const SEASON_MIN_SHARE: f32 = 0.01;

/// The smallest level of a real series: sums of values that far apart still are numbers.
const SEASON_MIN_REAL: f32 = 1e-15;

/// The season's noise at a mean of 0, as a share of the first day's mean.
const SEASON_FLOOR: f32 = 1e-3;

/// A slot's season may be off by this share of what the windows swing by around it: of a peak nearby something is left
/// where nothing ever comes.
const SEASON_OFF: f32 = 0.01;

/// Relative variance that a whole day shares, when the season is estimated.
const DAY_VARIANCE: f32 = 0.03;

/// Seasons after which a day may be told from another.
const ALTERNATIVES_FROM: u32 = 8;

/// Seasons from which on days bound the noise's scale: before a week is known, errors are the season's, and no band is
/// wide enough for them but that of a scale that they have swollen.
const SCALE_BOUND_FROM: u32 = 8;

/// What clocks are put forward and back by.
const HOUR: i64 = 3_600;

/// Days of history in which the first ones are looked at again.
const FIRST_DAYS: i64 = 8;

/// What has changed by less than this factor is on its level.
pub(super) const LEVEL_CHANGE_MIN: f32 = 1.2;

/// What comes back to this share of what it was runs again.
const RETURN_MIN: f32 = 0.1;

/// A fall among few values a day is of so much of their mean.
const FALL_SHARE: f32 = 0.02;

/// Beyond so many standard deviations history doubts a value: from the band's expectation, and during an alarm from
/// the baseline's.
const DOUBT_DEVIATIONS: f32 = 6.0;
const DOUBT_DEVIATIONS_ALARM: f32 = 2.0;

/// Everything that a model has learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Learned {
    pub history: History,
    /// The mean of the first day.
    pub first_mean: f32,
    /// What today is expected to look like, and what it would as a day of the other group; empty before the second
    /// day.
    pub profile: Vec<f32>,
    pub other: Vec<f32>,
    pub alternatives: Alternatives,
    /// Seconds that the series' clock is ahead of the calendar's: it was put forward or back.
    pub clock: i64,
    pub level: Level,
    pub dispersion: Dispersion,
    pub baseline: Baseline,
    pub changes: ChangeDetector,
    /// The level that days of the other group are guessed to have, since one was adopted.
    pub guess: Option<GuessedLevel>,
    /// The last day on which an alarm where little is due was taken for normal, but for that day alone.
    pub alone_day: Option<i64>,
    /// The share of the season that is expected of a series that stopped; 1 while it runs.
    pub stop_factor: f32,
    /// What has come since it stopped.
    pub awake: Option<Awake>,
    /// How surprising values were lately, and in the last month.
    pub surprise: f32,
    pub habit: f32,
    /// The day that was the first to begin, and the one that began last.
    pub first_day: i64,
    pub today: Option<i64>,
    /// Days that began with a season.
    pub seasons: u32,
    pub first: i64,
    pub last: i64,
    pub values: u32,
    /// Whether all values were whole.
    pub counts: bool,
    /// What is added to values, so that none is negative.
    pub shift: f64,
    pub largest: f64,
}

/// What is expected of a period.
pub(super) struct Guess {
    pub at: i64,
    pub place: Place,
    pub season: f32,
    pub ratios: Ratios,
    pub around: Distribution,
}

impl Learned {
    pub fn new(period_seconds: u32, slots: usize) -> Self {
        let period = period_seconds as f32;
        let days = if slots > SLOTS_OF_MINUTES { DAYS_OF_MINUTES } else { DAYS };
        Learned {
            history: History::new(days, slots),
            first_mean: 0.0,
            profile: Vec::new(),
            other: Vec::new(),
            alternatives: Alternatives::new(period),
            clock: 0,
            level: Level::new(period),
            dispersion: Dispersion::new(i64::from(period_seconds), slots),
            baseline: Baseline::new(period),
            changes: ChangeDetector::new(period),
            guess: None,
            alone_day: None,
            stop_factor: 1.0,
            awake: None,
            surprise: 0.0,
            habit: 0.0,
            first_day: 0,
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
    pub fn begin_day(&mut self, day: i64, period_seconds: u32) {
        let same_group = self.today.is_some_and(|today| Place::is_weekend(today) == Place::is_weekend(day));
        self.alternatives.begin_day(same_group);
        if self.today.is_none() {
            self.first_day = day;
        }
        self.end_guess();
        self.changes.begin_day();
        self.adopt_what_lasts(day);
        self.today = Some(day);
        if self.first_mean <= 0.0 {
            // Nothing but zeros so far: there is no level that a season could be of.
            return;
        }
        let floor = (SEASON_FLOOR * self.first_mean).powi(2);
        let noise = Noise { unit: self.unit(), scale: self.dispersion.scale(), slow: DAY_VARIANCE, floor };
        if day - self.first_day < FIRST_DAYS {
            season::doubt_first_days(&mut self.history, self.first_day, noise);
        }
        if let Some(profiles) = season::profiles(&self.history, day, period_seconds, noise) {
            (self.profile, self.other) = (profiles.own, profiles.other);
            self.seasons = self.seasons.saturating_add(1);
            if let Some(scale) = profiles.scale_max.filter(|_| self.seasons >= SCALE_BOUND_FROM) {
                self.dispersion.bound(scale);
            }
        }
    }

    /// The Poisson part of a value's variance, a mean.
    fn unit(&self) -> f32 {
        if self.counts { 1.0 } else { 0.0 }
    }

    pub fn season(&self, slot: usize) -> f32 {
        self.season_of(self.template(), slot)
    }

    /// How far the season swings within the time that a batch may start early or late.
    pub fn swing(&self, slot: usize, period_seconds: u32) -> f32 {
        let half = usize::try_from((EDGE_SECONDS / i64::from(period_seconds)).max(1)).expect("a few slots");
        self.stop_factor * season::swing(self.template(), slot, half)
    }

    fn template(&self) -> &[f32] {
        if self.alternatives.is_other_day() { &self.other } else { &self.profile }
    }

    fn season_of(&self, profile: &[f32], slot: usize) -> f32 {
        let whole = profile.get(slot).copied().unwrap_or(self.first_mean);
        (self.stop_factor * whole).max(self.season_min())
    }

    /// What the season was before the series stopped, if it did.
    pub fn whole_season(&self, slot: usize) -> f32 {
        self.template().get(slot).copied().unwrap_or(self.first_mean).max(self.season_min())
    }

    pub fn has_stopped(&self) -> bool {
        self.stop_factor < 1.0
    }

    pub fn season_min(&self) -> f32 {
        // A series of zeros until now has no mean to take a share of, only the value that has just come.
        let typical = if self.first_mean > 0.0 { self.first_mean } else { self.largest as f32 };
        if self.counts { SEASON_MIN_CALLS } else { (SEASON_MIN_SHARE * typical).max(SEASON_MIN_REAL) }
    }

    pub fn around(&self, mean: f32, slot: usize) -> Distribution {
        let slot = (!self.profile.is_empty()).then_some(slot);
        self.dispersion.around(mean, slot, self.first_mean, self.counts)
    }

    pub fn around_baseline(&self, guess: &Guess) -> Distribution {
        self.around((guess.season * self.baseline.factor()).max(self.season_min()), guess.place.slot)
    }

    /// Where a day has few values, what is missing on one on which nothing comes is what the season has left there: a
    /// fall is of a share of the mean.
    pub fn fall_min(&self) -> f32 {
        let mean = || self.history.mean_before(Place { day: i64::MAX, slot: 0 }).unwrap_or(0.0);
        if self.history.slots() <= FEW_A_DAY { FALL_SHARE * mean() } else { 0.0 }
    }

    /// Whether days like this one are known: a single one makes no season.
    pub fn knows_day(&self, day: i64) -> bool {
        self.seasons >= 2 && self.history.days_of_group_before(day) >= 2
    }

    /// The weight of a value in a ratio of sums: the inverse of its variance, but for a constant.
    pub fn weight(&self, season: f32, slot: usize) -> f32 {
        let off = SEASON_OFF * season::window_swing(self.template(), slot) / self.whole_season(slot);
        1.0 / (self.unit() + (self.dispersion.scale() + off * off) * season).max(SEASON_MIN_REAL)
    }

    /// Keeps a value in the history; it is doubted if it is out of all expectation.
    pub fn keep(&mut self, value: f32, guess: &Guess, baseline: &Distribution) {
        let off = |around: &Distribution, deviations: f32| {
            (f64::from(value) - around.mean).abs() > f64::from(deviations) * around.variance.sqrt()
        };
        let alarm = self.changes.on_since().is_some() && off(baseline, DOUBT_DEVIATIONS_ALARM);
        let doubted = self.seasons >= 2 && (alarm || off(&guess.around, DOUBT_DEVIATIONS));
        // What a holiday shows is no habit of its weekday.
        let doubted = doubted || self.alternatives.is_other_day() || self.alone_day == self.today;
        // The silence of a series that stopped is no season: it may come again. What comes since then may be another's.
        self.awake = self.awake.filter(|awake| self.has_stopped() && !awake.is_asleep(guess.place.day));
        if self.first_mean > 0.0 && (!self.has_stopped() || self.awake.is_some()) {
            self.history.put(guess.place.day, guess.place.slot, value, doubted || self.has_stopped());
            if self.alternatives.is_other_day() {
                self.history.note_other(guess.place.day);
            }
        }
    }

    /// Lets the baseline follow.
    pub fn follow(&mut self, value: f32, season: f32, slot: usize, baseline: &Distribution) {
        if self.changes.on_since().is_none() {
            let weight = self.weight(season, slot);
            self.baseline.learn(value, season, weight, baseline);
        }
    }

    /// What an alarm has shown for long is the new normal: the days before it are taken to its level. A first weekend
    /// is no new level, though, but a weekend's. A stop leaves the days before it as they are, and where a guess was
    /// wrong, it's not the days that it came from that change.
    pub fn adopt(&mut self, since: Place) {
        let factor = self.level.of_alarm();
        if !self.has_stopped() && (1.0 / LEVEL_CHANGE_MIN..LEVEL_CHANGE_MIN).contains(&factor) {
            // The season was right all the time: it was the level that an incident had left off it.
            self.level.reset();
            self.changes.end();
            return;
        }
        let knows_group = self.history.days_of_group_before(since.day) > 0;
        let alone = self.came_where_little_was_due(since).filter(|_| knows_group && !self.has_stopped());
        if let Some(came) = alone {
            // What history doubts it goes on to doubt, today's rest as well: a habit shows itself.
            self.profile.fill(came);
            self.alone_day = self.today;
            self.level.reset();
        } else if self.is_guessed(since) && factor >= STOP_MAX {
            self.rescale_guessed(since, factor);
            self.level.rescale(factor);
        } else if factor < STOP_MAX && knows_group {
            self.level.rescale(factor / self.stop_factor);
            self.stop_factor = factor;
        } else {
            self.level.rescale(factor / self.stop_factor);
            self.stop_factor = 1.0;
            self.history.adopt(since, if knows_group { factor } else { 1.0 }, |_| true);
            for value in self.profile.iter_mut().chain(&mut self.other) {
                *value *= factor;
            }
            if knows_group {
                self.first_mean *= factor;
                self.guess_other_group(since, factor);
            }
        }
        self.baseline.reset();
        self.changes.end();
    }

    /// A series that stopped and comes again is what it was, if what came since the alarm went on is like it.
    pub fn come_again(&mut self) {
        if self.level.of_alarm() >= RETURN_MIN {
            self.stop_factor = 1.0;
            self.level.reset();
            self.baseline.reset();
            self.changes.end();
        }
    }

    /// Weighs whether today goes as its date says, and takes another day's profile or the clock's change in.
    pub fn turn(&mut self, value: f32, guess: &Guess, period_seconds: u32) {
        // Where nothing has come for a day whatever expects least would win, and silence would be taken for a level.
        let is_silent = self.has_stopped() || self.level.of_day() < STOP_MAX;
        // Of a day whose level is guessed, what it was before is the first thing to ask.
        if self.seasons < ALTERNATIVES_FROM || is_silent || self.is_guessed(guess.place) {
            return;
        }
        let hour = HOUR / i64::from(period_seconds);
        let (slot, slots) = (guess.place.slot, self.profile.len());
        let an_hour = |ahead: i64| {
            let possible = HOUR % i64::from(period_seconds) == 0 && (self.clock + ahead * HOUR).abs() <= HOUR;
            let there = slot.checked_add_signed(isize::try_from(ahead * hour).unwrap_or(0));
            self.season_of(&self.profile, there.filter(|there| possible && *there < slots).unwrap_or(slot))
        };
        let expected = |season: f32| {
            let mean = (season * self.baseline.factor()).max(self.season_min());
            let around = self.around(mean, slot);
            Expected { mean, variance: around.variance as f32 }
        };
        let other = self.season_of(&self.other, slot);
        let alternatives = [other, an_hour(1), an_hour(-1)].map(expected);
        let season = expected(self.season_of(&self.profile, slot));
        match self.alternatives.learn(value, season, alternatives) {
            None => return,
            Some(Turn::Day) => (),
            Some(Turn::Earlier) => self.put_clock(HOUR, guess.place.day, hour),
            Some(Turn::Later) => self.put_clock(-HOUR, guess.place.day, -hour),
        }
        // What seemed to be a level was the wrong season.
        self.level.reset();
    }

    fn put_clock(&mut self, seconds: i64, day: i64, slots: i64) {
        self.clock += seconds;
        self.history.move_day(day, slots);
        self.alternatives.reset();
        self.changes.end();
    }

    /// Before there is a season the level is the mean of all values so far.
    pub fn follow_first_day(&mut self, value: f32) {
        let before = self.first_mean;
        self.first_mean += (value - before) / self.values as f32;
        if before > 0.0 && self.first_mean > 0.0 {
            self.level.rescale(self.first_mean / before);
        }
    }
}
