//! A series' model: it predicts a band, then learns from the value.

use super::awake::Awake;
use super::calendar::{Calendar, DAY};
use super::distribution::Distribution;
use super::learned::{Guess, Learned};
use super::sight::Sight;
use super::{Band, Judgement, Settings, SettingsError, State, Width};

/// Values before the first band: two hours of them, but no fewer than eight and no more than 24.
const READY_SECONDS: i64 = 7_200;
const READY_VALUES: (i64, i64) = (8, 24);

/// Values move the level up to so many standard deviations.
const LEVEL_DEVIATIONS: f32 = 5.0;

/// Days over which gains are forgotten.
const GAIN_MEMORY_DAYS: f32 = 10.0;

/// An error tells no more than one with this inverse variance.
const INFORMATION_MAX: f32 = 400.0;

/// A model is trained after so long, of which it has seen half or more.
const TRAINED_SECONDS: i64 = 14 * DAY;

/// The largest value that is one: beyond it, numbers of 64 bits can't tell counts apart.
pub const VALUE_MAX: f64 = 9_007_199_254_740_992.0;

/// For so long after an alarm's start the band shows what was normal before. After a longer one, values that have come
/// back have its level again.
const SHOWN_SECONDS: i64 = 3_600;

/// In what came during an alarm a value counts up to so many times the season, or as far as it moves the level.
const ALARM_VALUE_MAX: f32 = 10.0;

/// What alarms for so long, and for no fewer periods with a value, is the new normal. So is what began so long ago and
/// has strayed for that much of it, though nights or pauses in which nothing is due have ended its alarm.
const ADOPT_SECONDS: i64 = 64_800;
const ADOPT_STRAYED_SECONDS: i64 = 43_200;
const ADOPT_PERIODS_MIN: i64 = 3;

/// What alarms for so long after a stop, or on days whose level was guessed, and for no fewer periods with a value, may
/// be its end, or their old level.
const RETURN_SECONDS: i64 = 3_600;
const RETURN_PERIODS_MIN: i64 = 2;

/// What is surprising fades over so many days; orders of magnitude beyond twelve are all the same.
const SURPRISE_DAYS: f32 = 3.0;
const SURPRISE_MAX: f32 = 12.0;

/// A series that surprises now and then: so much of what it has shown, fading over so many days, is no surprise either.
const HABIT_DAYS: f32 = 45.0;
const HABIT_SHARE: f32 = 0.75;

/// The model of one series.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) settings: Settings,
    calendar: Calendar,
    pub(super) learned: Learned,
}

impl Model {
    /// A model that has seen nothing.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let slots = Calendar::new(settings.zone, settings.period_seconds).slots();
        Ok(Model::from_parts(settings.clone(), Learned::new(settings.period_seconds, slots)))
    }

    pub(super) fn from_parts(settings: Settings, learned: Learned) -> Self {
        let calendar = Calendar::new(settings.zone, settings.period_seconds);
        Model { settings, calendar, learned }
    }

    /// The band of the period that starts at `at` (seconds since 1970), from what was learned so far. Nothing changes
    /// by asking; it costs a copy of the model.
    pub fn band(&self, at: i64) -> Option<Band> {
        self.clone().band_ahead(at)
    }

    /// Judges the value of the period that starts at `at`, then learns from it.
    ///
    /// Values come in order of time: one at or before the last, or in an excluded range, is given its band and
    /// nothing more. A period without a value is left out, or not a number of at most [`VALUE_MAX`]: it is missing, not
    /// zero.
    pub fn step(&mut self, at: i64, value: f64) -> Judgement {
        let past = self.learned.values > 0 && at <= self.learned.last;
        let excluded = self.settings.excluded.iter().any(|(start, end)| (*start..*end).contains(&at));
        let is_number = value.abs() <= VALUE_MAX;
        if !is_number || past || excluded {
            return Judgement { band: self.band_ahead(at), ..Judgement::default() };
        }
        self.arrive(at);
        // The band comes first: a value has no say in its own.
        let guess = self.guess(at);
        let band = self.band_of(&guess);
        let guess = if self.note(at, value) { self.guess(at) } else { guess };
        let said = self.take(at, value + self.learned.shift, &guess);
        if let Some(band) = band.filter(|_| self.learned.changes.on_since().is_none()) {
            let deviate = guess.around.skewed_deviate(value + self.learned.shift) as f32;
            self.learned.dispersion.learn_edges(value, deviate, &band, self.learned.counts, self.settings.width);
        }
        Judgement { band, ..said }
    }

    /// What would be normal for the period that starts at `at`, whatever an incident has done to the level since it
    /// began. `None` while too little is known. It costs a copy of the model.
    pub fn normal(&self, at: i64) -> Option<f64> {
        let mut asked = self.clone();
        asked.pass(at);
        let guess = asked.guess(at);
        asked.ready().then(|| asked.learned.around_baseline(&guess).mean - asked.learned.shift)
    }

    /// The first second of the first period that was learned from, and the largest value since.
    pub fn seen(&self) -> Option<(i64, f64)> {
        (self.learned.values > 0).then_some((self.learned.first, self.learned.largest))
    }

    /// Sets the width from the next value on: a fleet's budget is shared by as many series as there are.
    pub fn set_width(&mut self, width: Width) {
        self.settings.width = width;
    }

    /// How far training is.
    pub fn state(&self) -> State {
        let seen_seconds = i64::from(self.learned.values) * i64::from(self.settings.period_seconds);
        if !self.ready() {
            State::PendingTraining
        } else if self.learned.last - self.learned.first < TRAINED_SECONDS || seen_seconds < TRAINED_SECONDS / 2 {
            State::TrainedInsufficientData
        } else {
            State::Trained
        }
    }

    /// Bytes of memory that the model takes.
    pub fn size_bytes(&self) -> usize {
        let learned = &self.learned;
        let profiles = (learned.profile.capacity() + learned.other.capacity()) * size_of::<f32>();
        let excluded = self.settings.excluded.capacity() * size_of::<(i64, i64)>();
        size_of::<Self>() + learned.history.heap_bytes() + learned.dispersion.heap_bytes() + profiles + excluded
    }

    /// A series that goes below zero has no ratios: it starts again, far enough above zero that ratios are
    /// differences.
    fn restart_below_zero(&mut self, at: i64, value: f64) {
        let mut learned = Learned::new(self.settings.period_seconds, self.calendar.slots());
        learned.shift = 4.0 * value.abs().max(self.learned.largest);
        learned.counts = false;
        (learned.first, learned.last) = (at, at);
        self.learned = learned;
    }

    /// Watches and learns from a value, shifted; its judgement but for the band.
    fn take(&mut self, at: i64, value: f64, guess: &Guess) -> Judgement {
        let said = self.detect(at, value as f32, guess);
        self.learn(value as f32, guess);
        self.learned.turn(value as f32, guess, self.settings.period_seconds);
        if said.anomalous && self.learned.has_stopped() && value > guess.around.mean {
            self.learned.awake = Some(Awake::wake(self.learned.awake, at, guess.place.day));
        }
        if let Some(since) = self.learned.awake.and_then(|awake| awake.is_another_since()) {
            self.begin_anew(since, at);
            return said;
        }
        // A value as before, and a gap, are no sign that an alarm has lasted.
        let period = i64::from(self.settings.period_seconds);
        let periods = (ADOPT_SECONDS / period).max(ADOPT_PERIODS_MIN);
        let returned = (RETURN_SECONDS / period).max(RETURN_PERIODS_MIN);
        if self.learned.has_stopped() && said.anomalous && self.learned.changes.on_for(returned).is_some() {
            self.learned.come_again();
        }
        if let Some(since) = self.learned.changes.on_for(returned).filter(|_| said.anomalous) {
            let since = self.calendar.place(since + self.learned.clock);
            self.learned.take_guess_back(since);
        }
        let strayed = (ADOPT_STRAYED_SECONDS / period).max(ADOPT_PERIODS_MIN);
        let changes = &self.learned.changes;
        let lasts = changes.on_for(periods).or_else(|| changes.lasts_since(at, ADOPT_SECONDS, strayed));
        if let Some(since) = lasts.filter(|_| said.anomalous) {
            let place = self.calendar.place(since + self.learned.clock);
            if self.learned.has_begun(place) {
                self.begin_anew(since, at);
            } else {
                self.learned.adopt(place);
            }
        }
        said
    }

    /// Learns anew, from what came since a time alone: nothing before it is like it.
    fn begin_anew(&mut self, since: i64, at: i64) {
        let learned = Learned::new(self.settings.period_seconds, self.calendar.slots());
        let before = std::mem::replace(&mut self.learned, learned);
        self.learned.clock = before.clock;
        let period = i64::from(self.settings.period_seconds);
        let kept = i64::try_from(before.history.periods()).unwrap_or(i64::MAX);
        for ago in (0..=((at - since) / period).min(kept)).rev() {
            let then = at - ago * period;
            let place = self.calendar.place(then + before.clock);
            if let Some(value) = before.history.value(place) {
                self.step(then, f64::from(value));
            }
        }
        // The band goes on, and what was shown of late still was.
        self.learned.values = before.values;
        (self.learned.surprise, self.learned.habit) = (before.surprise, before.habit);
    }

    /// Takes note of the time that passed.
    fn arrive(&mut self, at: i64) {
        self.pass(at);
        if self.learned.values == 0 {
            self.learned.first = at;
        }
        self.learned.last = at;
    }

    /// Lets the periods between the last value and `at` pass: what was remembered of the moment fades.
    fn pass(&mut self, at: i64) {
        let periods = (at - self.learned.last) / i64::from(self.settings.period_seconds) - 1;
        if self.learned.values > 0 && periods > 0 {
            self.learned.level.skip(periods as f32);
            self.learned.baseline.skip(periods as f32);
            self.learned.changes.skip(periods as f32);
        }
    }

    /// The band of a period that teaches nothing. Time passes for it as it would if a value came, but for it alone.
    fn band_ahead(&mut self, at: i64) -> Option<Band> {
        let Learned { level, baseline, changes, .. } = &self.learned;
        let now = (level.clone(), baseline.clone(), changes.clone());
        self.pass(at);
        let guess = self.guess(at);
        let band = self.band_of(&guess);
        (self.learned.level, self.learned.baseline, self.learned.changes) = now;
        band
    }

    /// Takes note of what kind a value is; whether it tells something new of the series, so that it is seen otherwise.
    fn note(&mut self, at: i64, value: f64) -> bool {
        let is_below_zero = value + self.learned.shift < 0.0;
        if is_below_zero {
            self.restart_below_zero(at, value);
        }
        let learned = &mut self.learned;
        let is_fraction = learned.counts && value.fract() != 0.0;
        learned.counts &= !is_fraction;
        learned.largest = learned.largest.max(value.abs());
        if learned.values == 0 {
            learned.first_mean = (value + learned.shift) as f32;
        }
        is_below_zero || is_fraction || learned.values == 0 || learned.first_mean <= 0.0
    }

    fn ready(&self) -> bool {
        let needed = (READY_SECONDS / i64::from(self.settings.period_seconds)).clamp(READY_VALUES.0, READY_VALUES.1);
        i64::from(self.learned.values) >= needed
    }

    fn guess(&mut self, at: i64) -> Guess {
        let place = self.calendar.place(at + self.learned.clock);
        if self.learned.today.is_none_or(|today| today < place.day) {
            self.learned.begin_day(place.day, self.settings.period_seconds);
        }
        let learned = &self.learned;
        let season = learned.season(place.slot);
        let ratios = learned.level.ratios();
        let around = learned.around(season * learned.level.factor(&ratios), place.slot);
        Guess { at, place, season, ratios, around }
    }

    fn band_of(&self, guess: &Guess) -> Option<Band> {
        // In a fresh alarm the band is what would be normal, not what the incident has become.
        let fresh = |since: &i64| guess.at - since <= SHOWN_SECONDS;
        let normal = self.learned.changes.on_since().filter(fresh).map(|_| self.learned.around_baseline(guess));
        let around = normal.as_ref().unwrap_or(&guess.around);
        let band = self.ready().then(|| self.learned.dispersion.band(around, self.settings.width))?;
        let shift = self.learned.shift;
        Some(Band { expected: band.expected - shift, lower: band.lower - shift, upper: band.upper - shift })
    }

    /// The judgement of a value but for the band.
    fn detect(&mut self, at: i64, value: f32, guess: &Guess) -> Judgement {
        let ready = self.ready();
        let learned = &mut self.learned;
        let plain = learned.around_baseline(guess);
        let factor = learned.baseline.factor();
        let swing = factor * learned.swing(guess.place.slot, self.settings.period_seconds);
        let jitter = f64::from(learned.baseline.jitter_variance(swing));
        let baseline = Distribution { variance: plain.variance + jitter, ..plain };
        let around = Distribution { variance: guess.around.variance + jitter, ..guess.around };
        if learned.changes.on_since().is_none() {
            learned.baseline.learn_jitter(value, &plain, swing);
        }
        let known = learned.knows_day(guess.place.day);
        let sight = Sight {
            at,
            value,
            expected: around.mean as f32,
            deviate: around.deviate(f64::from(value), known) as f32,
            likelihood_deviate: around.likelihood_deviate(f64::from(value)) as f32,
            off_baseline: baseline.deviate(f64::from(value), known) as f32,
            baseline: &baseline,
            hour: (guess.place.slot as f32 + 0.5) * 24.0 / self.calendar.slots() as f32,
            seasonal: learned.seasons >= 2,
            known,
            ready,
            fall_min: learned.fall_min(),
            has_zero: learned.shift <= 0.0,
        };
        let verdict = learned.changes.look(&sight, self.settings.width.pages_per_week() as f32);
        if learned.changes.changed_at() == Some(at) {
            learned.level.begin_alarm();
        }
        let is_long = learned.changes.on_since().is_some_and(|since| at - since >= SHOWN_SECONDS);
        if verdict.comes_back && is_long {
            // What is expected now may be nearer, where a level wanders anyway.
            let before = guess.season * learned.level.factor_before_alarm();
            if (value - before).abs() < (value - guess.around.mean as f32).abs() {
                learned.level.forget_alarm();
            }
        }
        learned.keep(value, guess, &baseline);
        learned.follow(value, guess.season, guess.place.slot, &baseline);
        // Without a band nothing is a surprise yet, and none is remembered.
        let surprise = if ready { verdict.surprise.min(SURPRISE_MAX) } else { 0.0 };
        let score = (surprise - learned.surprise.max(HABIT_SHARE * learned.habit)).max(0.0);
        let fade = |days: f32| (-(self.settings.period_seconds as f32) / (days * DAY as f32)).exp();
        learned.surprise = (learned.surprise * fade(SURPRISE_DAYS)).max(surprise);
        learned.habit = (learned.habit * fade(HABIT_DAYS)).max(surprise);
        Judgement { band: None, score: f64::from(score), anomalous: verdict.alarm, strays: verdict.strays }
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
        let weight = learned.weight(guess.season, guess.place.slot);
        learned.level.add(weight * cut, weight * guess.season);
        let whole = if learned.has_stopped() { learned.whole_season(guess.place.slot) } else { guess.season };
        let (weight, most) = (learned.weight(whole, guess.place.slot), (mean + reach).max(ALARM_VALUE_MAX * whole));
        learned.level.add_to_alarm(weight * value.min(most), weight * whole);
    }
}
