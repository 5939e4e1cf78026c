//! A level that has changed without an alarm, or with one that ended early.
//!
//! A fall to a half wakes nobody, and the season would take a month to forget what was before it: until then what
//! comes is measured against too much, and rises pass unseen. So when a day begins, the two before it are compared with
//! the days of their group before them, half a day at a time.

use super::calendar::Place;
use super::dispersion::FEW_A_DAY;
use super::history::{History, Value};
use super::learned::{LEVEL_CHANGE_MIN, Learned};

/// Days that must show the change, and their halves.
const DAYS_SHOWN: usize = 2;
const PARTS: usize = 2;

/// Of the change's logarithm each half of a day shows so much: an incident of 18 hours is not in all of them.
const SHARE_MIN: f32 = 0.5;

/// Half a day tells nothing that is less than this share of its day, or fewer calls.
const PART_MIN: f32 = 0.05;
const CALLS_MIN: f32 = 20.0;

/// A change is beyond so many times what earlier days differ by. Before there are many, they are taken to differ by
/// this much, as of two days.
const DAY_DEVIATIONS: f32 = 4.0;
const DAY_DEVIATION: f32 = 0.1;
const DAYS_KNOWN: f32 = 2.0;

/// Days before it are as in the season: at a half-life of two weeks, and no fewer than this many.
const HALF_LIFE_DAYS: f32 = 14.0;
const EARLIER_MIN: usize = 2;

/// What falls or rises further alarms by itself: next to nothing is a stop.
const FACTOR_RANGE: (f32, f32) = (0.3, 3.0);

/// Days in which a change may have begun, and the share of a day that must have shown it there.
const BEGAN_DAYS: i64 = 7;
const BEGAN_SHARE: f32 = 1.0 / 12.0;

/// Seasons after which days are compared.
const COMPARED_FROM: u32 = 8;

/// The last day's ratio to its season that makes it worth to compare days.
const NOTICED: f32 = 1.1;

/// A level that the last days show.
#[derive(Clone, Copy, Debug)]
struct Change {
    since: Place,
    factor: f32,
}

/// What came and what was due in a part of a day.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    came: f32,
    due: f32,
}

/// What a slot of a day usually holds, of a group of days.
struct Usual {
    slots: Vec<f32>,
    weekend: bool,
    before: i64,
}

impl Learned {
    /// Takes the days before to the level that those before `day` have had without a word.
    pub fn adopt_what_lasts(&mut self, day: i64) {
        let is_off = !(1.0 / NOTICED..NOTICED).contains(&self.level.of_day());
        let is_comparable = self.seasons >= COMPARED_FROM && self.shift <= 0.0 && !self.has_stopped();
        let is_known = self.today == Some(day - 1) && self.changes.on_since().is_none();
        if !is_off || !is_comparable || !is_known || self.history.slots() <= FEW_A_DAY {
            return;
        }
        let Some(Change { since, factor }) = change(&self.history, day, self.counts) else { return };
        self.history.adopt(since, factor, |_| true);
        self.level.rescale(factor);
        self.first_mean *= factor;
        self.guess_other_group(since, factor);
        self.baseline.reset();
        self.changes.forget_level();
    }

    /// Takes a guess back if the day that ends has shown without an alarm that it was wrong.
    pub fn take_guess_back_after(&mut self, ended: i64, factor: f32) {
        let usual = Usual::of(&self.history, ended, Place::is_weekend(ended));
        let Some(ratio) = usual.and_then(|usual| usual.parts(&self.history, ended, self.counts)).map(|parts| {
            let [came, due] =
                [|part: &Part| part.came, |part: &Part| part.due].map(|of| parts.iter().map(of).sum::<f32>());
            came / due
        }) else {
            return;
        };
        if (ratio * factor).ln().abs() < ratio.ln().abs() {
            self.rescale_guessed(Place { day: ended, slot: 0 }, 1.0 / factor);
            self.level.rescale(1.0 / factor);
            self.baseline.reset();
            self.changes.end();
        }
    }
}

/// The change that the two days before `day` show.
fn change(history: &History, day: i64, counts: bool) -> Option<Change> {
    let (last, weekend) = (day - 1, Place::is_weekend(day - 1));
    let same_group = |past: &i64| Place::is_weekend(*past) == weekend;
    let first = (last - 3..last).rev().find(same_group)?;
    let usual = Usual::of(history, first, weekend)?;
    let rest = Usual::of(history, first, !weekend);
    // Of days between that aren't silent it isn't known whether they have changed.
    let is_silent = |past: i64| rest.as_ref().is_none_or(|rest| rest.parts(history, past, counts).is_none());
    if history.was_other(first) || history.was_other(last) || !(first + 1..last).all(is_silent) {
        return None;
    }
    let mut ratios = [0.0f32; DAYS_SHOWN * PARTS];
    for (of_day, day) in ratios.chunks_exact_mut(PARTS).zip([first, last]) {
        let parts = usual.parts(history, day, counts)?;
        // Halves that tell nothing are as the other.
        let telling = parts.iter().filter(|part| part.due > 0.0).map(|part| (part.came / part.due).ln());
        let mean = telling.clone().sum::<f32>() / telling.count() as f32;
        for (ratio, part) in of_day.iter_mut().zip(parts) {
            *ratio = if part.due > 0.0 { (part.came / part.due).ln() } else { mean };
        }
    }
    ratios.sort_by(f32::total_cmp);
    let middle = &ratios[1..ratios.len() - 1];
    let log = middle.iter().sum::<f32>() / middle.len() as f32;
    let least = LEVEL_CHANGE_MIN.ln().max(DAY_DEVIATIONS * usual.deviation(history, counts));
    let lasts = ratios.iter().all(|ratio| ratio * log.signum() >= SHARE_MIN * log.abs());
    let factor = log.exp();
    let possible = (FACTOR_RANGE.0..=FACTOR_RANGE.1).contains(&factor);
    (log.abs() >= least && lasts && possible).then(|| {
        let since = began(history, first, factor, [Some(&usual), rest.as_ref()]);
        Change { since, factor }
    })
}

/// Where a change began: from there on values are nearer to the new level than to the old, as sums.
fn began(history: &History, first: i64, factor: f32, usual: [Option<&Usual>; 2]) -> Place {
    let (mut since, mut sum, mut most) = (Place { day: first, slot: 0 }, 0.0, 0.0f32);
    for day in (first - BEGAN_DAYS..first).rev() {
        let Some(usual) = usual.iter().flatten().find(|usual| usual.weekend == Place::is_weekend(day)) else {
            continue;
        };
        most = most.max(BEGAN_SHARE * 0.5 * (factor - 1.0).abs() * usual.whole());
        for slot in (0..history.slots()).rev() {
            let place = Place { day, slot };
            let Some(value) = history.value(place).filter(|_| usual.slots[slot].is_finite()) else { continue };
            let between = usual.slots[slot] * 0.5 * (1.0 + factor);
            sum += (value - between) * (factor - 1.0).signum();
            if sum > most {
                (since, most) = (place, sum);
            }
        }
    }
    since
}

impl Usual {
    /// What the days of a group before a day hold.
    fn of(history: &History, before: i64, weekend: bool) -> Option<Usual> {
        let mut usual = Usual { slots: vec![0.0; history.slots()], weekend, before };
        let mut weights = vec![0.0f32; history.slots()];
        let mut days = 0;
        for (day, row) in history.days() {
            if !usual.is_of(history, day) {
                continue;
            }
            days += 1;
            let weight = (-((before - day) as f32) / HALF_LIFE_DAYS).exp2();
            for (slot, value) in row.enumerate().filter(|(_, value)| is_believed(value)) {
                usual.slots[slot] += weight * value.value;
                weights[slot] += weight;
            }
        }
        usual.slots.iter_mut().zip(weights).for_each(|(slot, weight)| *slot /= weight);
        (days >= EARLIER_MIN).then_some(usual)
    }

    fn is_of(&self, history: &History, day: i64) -> bool {
        day < self.before && Place::is_weekend(day) == self.weekend && !history.was_other(day)
    }

    fn whole(&self) -> f32 {
        self.slots.iter().filter(|slot| slot.is_finite()).sum()
    }

    /// The parts of a day; `None` if none tells anything.
    fn parts(&self, history: &History, day: i64, counts: bool) -> Option<[Part; PARTS]> {
        let row = history.days().find(|(past, _)| *past == day)?.1;
        let least = (PART_MIN * self.whole()).max(if counts { CALLS_MIN } else { f32::MIN_POSITIVE });
        let mut parts = [Part::default(); PARTS];
        for (slot, value) in row.enumerate() {
            if value.value.is_finite() && self.slots[slot].is_finite() {
                let part = &mut parts[slot * PARTS / self.slots.len()];
                (part.came, part.due) = (part.came + value.value, part.due + self.slots[slot]);
            }
        }
        for part in parts.iter_mut().filter(|part| part.due < least) {
            *part = Part::default();
        }
        parts.iter().any(|part| part.due > 0.0).then_some(parts)
    }

    /// What the logarithms of the days' sums differ by.
    fn deviation(&self, history: &History, counts: bool) -> f32 {
        let (mut squares, mut days) = (DAYS_KNOWN * DAY_DEVIATION.powi(2), DAYS_KNOWN);
        for (_, row) in history.days().filter(|(day, _)| self.is_of(history, *day)) {
            let (mut came, mut due) = (0.0, 0.0);
            for (usual, value) in
                self.slots.iter().zip(row).filter(|(usual, value)| is_believed(value) && usual.is_finite())
            {
                (came, due) = (came + value.value, due + usual);
            }
            if due > if counts { CALLS_MIN } else { 0.0 } {
                let ratio = (came / due).max(FACTOR_RANGE.0).ln();
                (squares, days) = (squares + ratio * ratio, days + 1.0);
            }
        }
        (squares / days).sqrt()
    }
}

fn is_believed(value: &Value) -> bool {
    value.value.is_finite() && !value.doubted
}
