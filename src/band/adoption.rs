//! Which days and values a new level is about.
//!
//! What was adopted on days of one group is the best guess for the other's, and a guess: the first of them show whether
//! it holds. And where next to nothing came before an alarm, there is no season to be taken to a level.

use serde::{Deserialize, Serialize};

use super::calendar::Place;
use super::learned::{LEVEL_CHANGE_MIN, Learned};

/// A series begins that rises by this factor from fewer calls a day than this: a few calls an hour show no season.
const BEGIN_FACTOR: f32 = 10.0;
const BEGIN_CALLS_A_DAY: f32 = 100.0;

/// Where less than this share of the mean is due, what comes tells nothing of other days.
const DUE_MIN: f32 = 0.05;

/// A level that was adopted on days of one group, taken over for those of the other.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct GuessedLevel {
    /// Whether it is guessed for Saturdays and Sundays.
    weekend: bool,
    /// What those days were multiplied by.
    factor: f32,
}

impl GuessedLevel {
    fn is_of(&self, day: i64) -> bool {
        Place::is_weekend(day) == self.weekend
    }
}

impl Learned {
    /// Whether a series has begun with an alarm. Multiplied, the few calls before it would each be a spike.
    pub fn has_begun(&self, since: Place) -> bool {
        let slots = self.history.slots() as f32;
        let is_little = |mean: f32| mean * slots < BEGIN_CALLS_A_DAY;
        self.counts
            && self.shift <= 0.0
            && !self.has_stopped()
            && self.level.of_alarm() >= BEGIN_FACTOR
            && self.history.mean_before(since).is_some_and(is_little)
    }

    /// What came on the mean since an alarm went on, if so little was due that it tells nothing of other days: a ratio
    /// to a silent weekend is none.
    pub fn came_where_little_was_due(&self, since: Place) -> Option<f32> {
        let (came, due) = self.history.since(since)?;
        let typical = self.history.mean_before(since)?;
        (due < DUE_MIN * typical && came > due).then_some(came)
    }

    /// Takes note that the other group's days were multiplied as well, if an alarm saw none of them.
    pub fn guess_other_group(&mut self, since: Place, factor: f32) {
        let weekend = !Place::is_weekend(since.day);
        let before = self.guess.filter(|guess| guess.weekend == weekend).map_or(1.0, |guess| guess.factor);
        let guess = GuessedLevel { weekend, factor: factor * before };
        self.guess = self.days_since(since).all(|day| !guess.is_of(day)).then_some(guess);
    }

    /// Whether an alarm is about days whose level is guessed, and no others.
    pub fn is_guessed(&self, since: Place) -> bool {
        let is_of = |guess: GuessedLevel| self.days_since(since).all(|day| guess.is_of(day));
        !self.has_stopped() && self.guess.is_some_and(is_of)
    }

    /// Takes the days whose level was guessed to another, but for those since an alarm's first.
    pub fn rescale_guessed(&mut self, since: Place, factor: f32) {
        let Some(guess) = self.guess.take() else { return };
        self.history.adopt(Place { slot: 0, ..since }, factor, |day| guess.is_of(day));
        for value in &mut self.profile {
            *value *= factor;
        }
    }

    /// Takes a guess back, if an alarm shows that the days that it was about are as they were.
    pub fn take_guess_back(&mut self, since: Place) {
        let Some(guess) = self.guess.filter(|_| self.is_guessed(since)) else { return };
        let of_before = self.level.of_alarm() * guess.factor;
        if (1.0 / LEVEL_CHANGE_MIN..LEVEL_CHANGE_MIN).contains(&of_before) {
            self.rescale_guessed(since, 1.0 / guess.factor);
            self.level.reset();
            self.baseline.reset();
            self.changes.end();
        }
    }

    /// Ends a guess after a day that it was about, at whose end no alarm is on: it was right, or is taken back.
    pub fn end_guess(&mut self) {
        let Some((guess, ended)) = self.guess.zip(self.today) else { return };
        if self.changes.on_since().is_none() && guess.is_of(ended) {
            self.take_guess_back_after(ended, guess.factor);
            self.guess = None;
        }
    }

    fn days_since(&self, since: Place) -> std::ops::RangeInclusive<i64> {
        since.day..=self.today.unwrap_or(since.day)
    }
}
