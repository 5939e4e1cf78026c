//! The past days of a series, two bytes a period.

use serde::{Deserialize, Serialize};

use super::calendar::Place;

/// The code of a period without a value.
const MISSING: u16 = u16::MAX;

/// The largest value that has a code.
const LARGEST: f32 = 1e37;

/// A value in the upper half of its bits without the sign, so within 0.4 %, and a bit for doubt.
fn encode(value: f32, doubted: bool) -> u16 {
    // Half of the last kept bit is added, so that the cut rounds.
    let bits = (value.clamp(0.0, LARGEST).to_bits() + (1 << 15)) >> 16;
    u16::try_from((bits << 1) | u32::from(doubted)).expect("a positive number's upper half has 15 bits")
}

fn decode(code: u16) -> Value {
    match code {
        MISSING => Value { value: f32::NAN, doubted: false },
        _ => Value { value: f32::from_bits(u32::from(code >> 1) << 16), doubted: code & 1 == 1 },
    }
}

/// A value of the past.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    /// In the unit that it was kept in; NaN if there is none.
    pub value: f32,
    /// Whether it was out of all expectation when it came.
    pub doubted: bool,
}

/// A ring of days.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct History {
    slots: usize,
    /// `days.len() * slots` codes; day `d` lies in row `d % days.len()`.
    codes: Vec<u16>,
    /// The day that each row holds.
    days: Vec<i64>,
    /// Whether it has looked like a day of the other group.
    others: Vec<bool>,
}

impl History {
    /// An empty history of so many days.
    pub fn new(days: usize, slots: usize) -> Self {
        History { slots, codes: vec![MISSING; days * slots], days: vec![i64::MIN; days], others: vec![false; days] }
    }

    /// Slots of a day.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Keeps a value, which is not negative.
    pub fn put(&mut self, day: i64, slot: usize, value: f32, doubted: bool) {
        let days = i64::try_from(self.days.len()).expect("few days are kept");
        let row = usize::try_from(day.rem_euclid(days)).expect("a remainder is not negative");
        let codes = &mut self.codes[row * self.slots..(row + 1) * self.slots];
        if self.days[row] != day {
            codes.fill(MISSING);
            self.days[row] = day;
            self.others[row] = false;
        }
        codes[slot] = encode(value, doubted);
    }

    /// Each day that is kept, with its values.
    pub fn days(&self) -> impl Iterator<Item = (i64, impl Iterator<Item = Value>)> {
        let rows = self.codes.chunks_exact(self.slots);
        self.days.iter().zip(rows).filter(|(day, _)| **day != i64::MIN).map(|(day, codes)| {
            let values = codes.iter().map(|code| decode(*code));
            (*day, values)
        })
    }

    /// Takes note that a day has looked like one of the other group: a holiday.
    pub fn note_other(&mut self, day: i64) {
        if let Some(row) = self.days.iter().position(|row| *row == day) {
            self.others[row] = true;
        }
    }

    /// Whether a day has looked like one of the other group.
    pub fn was_other(&self, day: i64) -> bool {
        self.days.iter().zip(&self.others).any(|(row, other)| *row == day && *other)
    }

    /// Doubts a value.
    pub fn doubt(&mut self, day: i64, slot: usize) {
        let code = self.days.iter().position(|row| *row == day).map(|row| &mut self.codes[row * self.slots + slot]);
        if let Some(code) = code.filter(|code| **code != MISSING) {
            *code |= 1;
        }
    }

    /// What came since a place is not doubted any more, and what came before is multiplied by a factor: the series
    /// has changed its level. Days that aren't `of` it stay as they are.
    pub fn adopt(&mut self, since: Place, factor: f32, of: impl Fn(i64) -> bool) {
        let rows = self.days.iter().zip(self.codes.chunks_exact_mut(self.slots));
        for (row, codes) in rows.filter(|(day, _)| of(**day)) {
            for (at, code) in codes.iter_mut().enumerate().filter(|(_, code)| **code != MISSING) {
                let Value { value, doubted } = decode(*code);
                let before = (*row, at) < (since.day, since.slot);
                *code = if before { encode(value * factor, doubted) } else { encode(value, false) };
            }
        }
    }

    /// Periods that it has room for.
    pub fn periods(&self) -> usize {
        self.codes.len()
    }

    /// What is kept of a period, if it had a value.
    pub fn value(&self, place: Place) -> Option<f32> {
        let row = self.days.iter().position(|row| *row == place.day)?;
        let value = decode(self.codes[row * self.slots + place.slot]).value;
        (!value.is_nan()).then_some(value)
    }

    /// The mean of what came before a place.
    pub fn mean_before(&self, place: Place) -> Option<f32> {
        let (mut sum, mut values) = (0.0, 0.0);
        for (day, row) in self.days() {
            let before = row.enumerate().take_while(|(slot, _)| (day, *slot) < (place.day, place.slot));
            for (_, value) in before.filter(|(_, value)| !value.value.is_nan()) {
                (sum, values) = (sum + f64::from(value.value), values + 1.0);
            }
        }
        (values > 0.0).then(|| (sum / values) as f32)
    }

    /// The mean of what came since a place, and of what had come before it on days of the same groups in the same
    /// slots.
    pub fn since(&self, place: Place) -> Option<(f32, f32)> {
        let at = |day: i64, slot: usize| usize::from(Place::is_weekend(day)) * self.slots + slot;
        let (mut asked, mut usual) = (vec![0.0f32; 2 * self.slots], vec![[0.0f32; 2]; 2 * self.slots]);
        let (mut came, mut values) = (0.0, 0.0);
        for (day, row) in self.days() {
            for (slot, value) in row.enumerate().filter(|(_, value)| !value.value.is_nan()) {
                if (day, slot) >= (place.day, place.slot) {
                    (came, values) = (came + value.value, values + 1.0);
                    asked[at(day, slot)] += 1.0;
                } else if !value.doubted {
                    let [sum, number] = &mut usual[at(day, slot)];
                    (*sum, *number) = (*sum + value.value, *number + 1.0);
                }
            }
        }
        let known = asked.iter().zip(&usual).filter(|(asked, [_, number])| **asked > 0.0 && *number > 0.0);
        let due =
            known.fold([0.0, 0.0], |[due, all], (asked, [sum, number])| [due + asked * sum / number, all + asked]);
        (due[1] > 0.0).then(|| (came / values, due[0] / due[1]))
    }

    /// How many days of the same group there are before. Days from before a long gap, which have outstayed the ring,
    /// weigh too little to be one.
    pub fn days_of_group_before(&self, day: i64) -> usize {
        let kept = i64::try_from(self.days.len()).expect("few days are kept");
        let same = |past: i64| Place::is_weekend(past) == Place::is_weekend(day);
        self.days.iter().filter(|past| (day - kept..day).contains(past) && same(**past)).count()
    }

    /// Moves what a day holds by so many slots: its clock was another. What leaves the day is lost.
    pub fn move_day(&mut self, day: i64, slots: i64) {
        let by = usize::try_from(slots.unsigned_abs()).unwrap_or(usize::MAX).min(self.slots);
        for (row, codes) in self.days.iter().zip(self.codes.chunks_exact_mut(self.slots)) {
            if *row == day && slots > 0 {
                codes.rotate_right(by);
                codes[..by].fill(MISSING);
            } else if *row == day {
                codes.rotate_left(by);
                codes[self.slots - by..].fill(MISSING);
            }
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.codes.capacity() * size_of::<u16>() + self.days.capacity() * size_of::<i64>() + self.others.capacity()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_comes_back_within_half_a_percent(value in 1e-30f32..1e30, doubted: bool) {
            let kept = decode(encode(value, doubted));
            prop_assert!((kept.value - value).abs() <= 0.005 * value);
            prop_assert_eq!(kept.doubted, doubted);
        }
    }

    #[test]
    fn zero_is_kept_and_missing_is_not_zero() {
        let mut history = History::new(3, 2);
        history.put(10, 0, 0.0, false);
        let days: Vec<(i64, Vec<Value>)> = history.days().map(|(day, values)| (day, values.collect())).collect();
        assert_eq!(days.len(), 1);
        assert_eq!(days[0].1[0].value, 0.0);
        assert!(days[0].1[1].value.is_nan());
    }

    #[test]
    fn a_new_day_takes_the_oldest_days_place() {
        let mut history = History::new(2, 1);
        for day in -1..4 {
            history.put(day, 0, 8.0, false);
        }
        let mut days: Vec<i64> = history.days().map(|(day, _)| day).collect();
        days.sort_unstable();
        assert_eq!(days, [2, 3]);
    }
}
