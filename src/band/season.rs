//! What a day is expected to look like, from the days before it.
//!
//! The mean of each slot over all days is refined in two steps: the days of the same group (weekdays, or
//! Saturdays and Sundays) may differ from all days, and the same weekday from its group. Every refinement is shrunk
//! towards what it refines by the positive-part James-Stein factor `1 - c v / e^2`, where `e` is the difference and
//! `v` its variance if there were none: a season that the data don't show leaves no trace, one that they show is
//! taken as it is.
//!
//! Slots are smoothed over windows of 90 and 30 minutes, what comes at the same minute of every hour is added, and each
//! slot's own mean is refined from that in the same way, so that a batch keeps its edges and a smooth day is not noisy.

mod first_days;
mod sums;

use std::cmp::Reverse;

use super::calendar::{DAY, Place};
use super::dispersion::FEW_A_DAY;
use super::history::History;
pub(super) use first_days::doubt_first_days;
use sums::{Occurrence, Spread, Sums};

/// Seconds on each side of a slot that the smoothing windows take.
const WIDE_SECONDS: usize = 2700;
const NARROW_SECONDS: usize = 900;

/// The constants `c` of the shrinkage: of windows, of single slots, which are many and would often seem to differ, and
/// of the same minute of all hours, which is far off its neighbours if it is a job's.
const SHRINK_GROUP: f32 = 1.5;
const SHRINK_WINDOW: f32 = 3.0;
const SHRINK_SLOT: f32 = 4.0;
const SHRINK_HOURLY: f32 = 10.0;

/// Days within which holidays are one occurrence: the new year is on the weekday that Christmas was on.
const HOLIDAYS: i64 = 14;

/// Hours that a day must have shown before they are compared.
const HOURS_LEAST: f32 = 6.0;

/// The variance of a value of mean `m` around the season: `unit m + (scale + slow) m^2 + floor`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise {
    /// Of counts: 1 in the unit that history is kept in.
    pub unit: f32,
    /// Relative variance that is independent from value to value.
    pub scale: f32,
    /// Relative variance that all values of an hour share, so that a day tells of it once.
    pub slow: f32,
    /// What is left at a mean of 0.
    pub floor: f32,
}

impl Noise {
    fn of_a_value(&self, mean: f32) -> f32 {
        self.unit * mean + self.scale * mean * mean + self.floor
    }
}

/// The expected profiles of a day, one value a slot in the unit of the history.
#[derive(Clone, Debug)]
pub(super) struct Profiles {
    /// What the day is expected to look like.
    pub own: Vec<f32>,
    /// What it would look like as a day of the other group: a holiday like a Sunday.
    pub other: Vec<f32>,
    /// What the noise's scale is at most by how days of a group differ; `None` while none has a second day.
    pub scale_max: Option<f32>,
}

/// The profiles of a day, or `None` without any earlier day.
pub(super) fn profiles(history: &History, day: i64, period_seconds: u32, noise: Noise) -> Option<Profiles> {
    let slots = history.slots();
    let (mut all, mut group, mut same, mut rest) =
        (Sums::new(slots), Sums::new(slots), Sums::new(slots), Sums::new(slots));
    let mut values = Vec::with_capacity(slots);
    // Where a day has few slots, those of a week are compared: else a weekly season would be all noise.
    let slots_of_week = if slots <= FEW_A_DAY { 7 * slots } else { slots };
    let mut spread = Spread::new(slots_of_week);
    let mut spread_of_groups = Spread::new(2 * slots);
    let mut days: Vec<_> = history.days().filter(|(past, _)| *past < day).collect();
    days.sort_unstable_by_key(|(past, _)| Reverse(*past));
    let mut holidays: Option<i64> = None;
    for (past, row) in days {
        values.clear();
        values.extend(row);
        let age_days = (day - past) as f32;
        let was_other = history.was_other(past);
        let shown = holidays.filter(|last| was_other && last - past < HOLIDAYS).unwrap_or(past);
        holidays = if was_other { Some(shown) } else { holidays };
        let occurrence = Occurrence { day: shown, in_a_row: was_other };
        spread.add(Place::weekday(past) * slots % slots_of_week, &values, |value| !value.doubted);
        spread_of_groups.add(usize::from(Place::is_weekend(past)) * slots, &values, |_| true);
        all.add(age_days, &values, occurrence);
        let in_group = Place::is_weekend(past) == Place::is_weekend(day);
        if in_group { &mut group } else { &mut rest }.add(age_days, &values, occurrence);
        if Place::weekday(past) == Place::weekday(day) {
            // What comes every other week is no habit of its weekday.
            same.add(age_days, &values, Occurrence { in_a_row: true, ..occurrence });
        }
    }
    let scale_max = spread_of_groups.scale_max(noise.unit);
    // The errors so far are those of a season that wasn't known yet as well; what differs between days is not.
    let noise = Noise { scale: noise.scale.min(spread.scale(noise.unit).unwrap_or(f32::INFINITY)), ..noise };
    let habits = all.settle();
    for part in [&mut group, &mut same, &mut rest] {
        part.settle_as(&habits);
    }
    let period = usize::try_from(period_seconds).unwrap_or(usize::MAX);
    let wide = wide_slots(slots, period);
    // Periods that don't divide an hour have no slot that comes again with each.
    let an_hour = if 3600 % period == 0 { 3600 / period } else { 1 };
    let base = smooth(&all, wide, NARROW_SECONDS / period, an_hour, noise)?;
    let of_group = refine(&base, &group, wide, noise);
    Some(Profiles { own: refine(&of_group, &same, wide, noise), other: refine(&base, &rest, wide, noise), scale_max })
}

/// How far a profile swings within the wide window around a slot.
pub(super) fn window_swing(profile: &[f32], slot: usize) -> f32 {
    swing(profile, slot, wide_slots(profile.len(), DAY as usize / profile.len().max(1)))
}

/// How far a profile swings around a slot, within so many slots either way.
pub(super) fn swing(profile: &[f32], slot: usize, half: usize) -> f32 {
    let window = profile.get(slot.saturating_sub(half)..(slot + half + 1).min(profile.len())).unwrap_or(&[]);
    let (low, high) = window.iter().fold((f32::MAX, 0.0f32), |(low, high), x| (low.min(*x), high.max(*x)));
    (high - low).max(0.0)
}

/// Slots on each side that the wide window takes.
fn wide_slots(slots: usize, period_seconds: usize) -> usize {
    (WIDE_SECONDS / period_seconds).max(usize::from(slots > 8))
}

/// Means of slots, smoothed as far as the data allow.
fn smooth(sums: &Sums, wide: usize, narrow: usize, an_hour: usize, noise: Noise) -> Option<Vec<f32>> {
    let total: f32 = sums.weight.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let grand = sums.value.iter().sum::<f32>() / total;
    let (wide_weight, wide_value) = (windows(&sums.weight, wide), windows(&sums.value, wide));
    let (narrow_weight, narrow_value) = (windows(&sums.weight, narrow), windows(&sums.value, narrow));
    let window_mean = |slot: usize| {
        let mean = if wide_weight[slot] > 0.0 { wide_value[slot] / wide_weight[slot] } else { grand };
        if narrow_weight[slot] <= 0.0 || narrow >= wide {
            return mean;
        }
        let error = narrow_value[slot] / narrow_weight[slot] - mean;
        mean + shrunk(error, noise.of_a_value(mean) / narrow_weight[slot], SHRINK_WINDOW)
    };
    let mut means: Vec<f32> = (0..sums.weight.len()).map(window_mean).collect();
    repeat_hourly(sums, an_hour, &mut means);
    for (slot, mean) in means.iter_mut().enumerate() {
        *mean = (*mean + own_error(sums, slot, *mean, 0.0, noise)).max(0.0);
    }
    Some(means)
}

/// Refines means by what comes at the same minute of every hour: a day shows an hourly job two dozen times. How much
/// the hours differ says how much of it is chance.
fn repeat_hourly(sums: &Sums, an_hour: usize, means: &mut [f32]) {
    if an_hour < 2 {
        return;
    }
    for minute in 0..an_hour {
        let (mut hours, mut errors, mut squares) = (0.0, 0.0, 0.0);
        for slot in (minute..means.len()).step_by(an_hour).filter(|slot| sums.weight[*slot] > 0.0) {
            let error = sums.value[slot] / sums.weight[slot] - means[slot];
            (hours, errors, squares) = (hours + 1.0, errors + error, squares + error * error);
        }
        if hours < HOURS_LEAST {
            continue;
        }
        let error: f32 = errors / hours;
        let variance = ((squares - hours * error * error) / (hours - 1.0)).max(0.0) / hours;
        let change = shrunk(error, variance, SHRINK_HOURLY);
        for mean in means.iter_mut().skip(minute).step_by(an_hour) {
            *mean = (*mean + change).max(0.0);
        }
    }
}

/// A profile, refined by a set of days in which it may differ.
fn refine(base: &[f32], sums: &Sums, wide: usize, noise: Noise) -> Vec<f32> {
    let due: Vec<f32> = sums.weight.iter().zip(base).map(|(weight, base)| weight * base).collect();
    let (weight, due, came) = (windows(&sums.weight, wide), windows(&due, wide), windows(&sums.value, wide));
    let window_slots = 2.0 * wide as f32 + 1.0;
    let slot_mean = |slot: usize| {
        let mut mean = base[slot];
        if weight[slot] > 0.0 {
            let expected = due[slot] / weight[slot];
            let error = came[slot] / weight[slot] - expected;
            let days = (weight[slot] / window_slots).max(0.05);
            let variance = noise.of_a_value(expected) / weight[slot] + noise.slow * expected * expected / days;
            let change = shrunk(error, variance, SHRINK_GROUP);
            mean += if expected > 0.0 { mean * change / expected } else { change };
        }
        (mean + own_error(sums, slot, mean, noise.slow, noise)).max(0.0)
    };
    (0..base.len()).map(slot_mean).collect()
}

/// How far a slot's own mean is from its neighbours', shrunk.
fn own_error(sums: &Sums, slot: usize, mean: f32, slow: f32, noise: Noise) -> f32 {
    let weight = sums.weight[slot];
    if weight <= 0.0 {
        return 0.0;
    }
    let own = sums.value[slot] / weight;
    // A peak or a valley that the neighbours don't show has noise of its own, not theirs; what it shows counts as if it
    // had one day more that is like them.
    let shown = (sums.value[slot] + mean) / (weight + 1.0);
    let of = mean.max(0.3 * shown).min(shown / 0.3);
    let variance = noise.of_a_value(of) + slow * of * of;
    shrunk(own - mean, variance / weight, SHRINK_SLOT)
}

fn shrunk(error: f32, variance: f32, c: f32) -> f32 {
    let square = error * error;
    if square <= c * variance { 0.0 } else { error * (1.0 - c * variance / square) }
}

/// Sums of windows of `half` slots either side, cut at the day's ends.
fn windows(values: &[f32], half: usize) -> Vec<f32> {
    let mut running = 0.0f64;
    let mut before = Vec::with_capacity(values.len() + 1);
    before.push(0.0);
    for value in values {
        running += f64::from(*value);
        before.push(running);
    }
    let sum = |slot: usize| {
        let (start, end) = (slot.saturating_sub(half), (slot + half + 1).min(values.len()));
        (before[end] - before[start]).max(0.0) as f32
    };
    (0..values.len()).map(sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISE: Noise = Noise { unit: 0.0, scale: 0.01, slow: 0.001, floor: 1e-6 };
    const SLOTS: usize = 288;

    /// Days 0 to `days` (0 is a Thursday) of what `value` says for (day, slot).
    fn history(days: i64, value: impl Fn(i64, usize) -> (f32, bool)) -> History {
        let mut history = History::new(35, SLOTS);
        for day in 0..days {
            for slot in 0..SLOTS {
                let (value, doubted) = value(day, slot);
                history.put(day, slot, value, doubted);
            }
        }
        history
    }

    fn own(history: &History, day: i64) -> Vec<f32> {
        profiles(history, day, 300, NOISE).unwrap().own
    }

    #[test]
    fn a_constant_series_has_no_season() {
        let profile = own(&history(14, |_, _| (1.0, false)), 14);
        assert!(profile.iter().all(|x| (x - 1.0).abs() < 1e-3));
    }

    #[test]
    fn a_cron_burst_keeps_its_slot() {
        let cron = |_, slot: usize| (if slot.is_multiple_of(12) { 50.0 } else { 1.0 }, false);
        let profile = own(&history(14, cron), 14);
        assert!((profile[24] - 50.0).abs() < 2.0, "{}", profile[24]);
        assert!(profile[25] < 3.0, "{}", profile[25]);
    }

    #[test]
    fn an_hourly_job_is_known_after_a_day() {
        let cron = |_, slot: usize| (if slot % 12 == 7 { 50.0 } else { 1.0 }, false);
        let profile = own(&history(1, cron), 1);
        assert!((profile[31] - 50.0).abs() < 2.0, "{}", profile[31]);
        assert!((profile[32] - 1.0).abs() < 0.2, "{}", profile[32]);
    }

    #[test]
    fn periods_that_do_not_divide_an_hour_have_no_minute_of_every_hour() {
        // Every eighth period of seven minutes: 56 minutes are no hour.
        let (day, period) = (86_400 / 420, 420);
        let mut history = History::new(35, day);
        for slot in 0..day {
            history.put(0, slot, if slot % 8 == 3 { 50.0 } else { 1.0 }, false);
        }
        let profile = profiles(&history, 1, period, Noise { scale: 40.0, ..NOISE }).unwrap().own;
        assert!(profile[83] < 25.0, "{}", profile[83]);
    }

    #[test]
    fn a_job_of_few_hours_is_none_of_every_hour() {
        let cron = |_, slot: usize| (if slot % 12 == 7 && (slot / 12).is_multiple_of(6) { 50.0 } else { 1.0 }, false);
        let profile = own(&history(1, cron), 1);
        assert!(profile[31] < 6.0, "{}", profile[31]);
    }

    #[test]
    fn errors_of_a_season_that_was_not_known_do_not_hide_it() {
        // A job every third hour, whose size varies by a tenth.
        let size = |day: i64| if day % 2 == 0 { 45.0 } else { 55.0 };
        let cron = |day: i64, slot: usize| (if slot % 36 == 7 { size(day) } else { 1.0 }, false);
        let noise = Noise { scale: 40.0, ..NOISE };
        let profile = profiles(&history(3, cron), 3, 300, noise).unwrap().own;
        assert!((profile[43] - 50.0).abs() < 5.0, "{}", profile[43]);
        assert!((profile[44] - 1.0).abs() < 0.3, "{}", profile[44]);
    }

    #[test]
    fn a_weekly_batch_is_expected_on_its_weekday_only() {
        let weekly = |day: i64, slot: usize| (if day % 7 == 2 && slot / 12 == 3 { 40.0 } else { 1.0 }, false);
        let history = history(15, weekly);
        let on = own(&history, 16);
        let off = own(&history, 15);
        assert!(on[40] > 30.0 && off[40] < 10.0, "{} {}", on[40], off[40]);
    }

    #[test]
    fn a_doubted_incident_is_no_season_but_a_doubted_habit_is() {
        let incident = |day: i64, slot: usize| if day == 9 && slot == 100 { (80.0, true) } else { (1.0, false) };
        let once = own(&history(14, incident), 16);
        assert!((once[100] - 1.0).abs() < 0.1);
        let habit = |day: i64, slot: usize| if day > 8 && slot == 100 { (80.0, true) } else { (1.0, false) };
        let again = own(&history(14, habit), 14);
        assert!(again[100] > 10.0, "{}", again[100]);
    }

    #[test]
    fn doubted_values_that_are_unlike_each_other_are_no_habit() {
        // Two Saturdays were odd in their own ways.
        let odd = |day: i64, slot: usize| match day {
            2 if slot == 100 => (0.2, true),
            23 if slot == 100 => (80.0, true),
            _ => (1.0, false),
        };
        let saturday = own(&history(30, odd), 30);
        assert!((saturday[100] - 1.0).abs() < 0.1, "{}", saturday[100]);
    }

    #[test]
    fn weekends_differ_where_the_data_say_so() {
        let business = |day: i64, _| (if Place::is_weekend(day) { 0.2 } else { 1.0 }, false);
        let history = history(14, business);
        let saturday = own(&history, 16);
        let monday = own(&history, 18);
        assert!((saturday[150] - 0.2).abs() < 0.05 && (monday[150] - 1.0).abs() < 0.05);
    }
}
