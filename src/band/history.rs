//! The past days of a series, two bytes a period.

/// A value of the past, relative to the series' level then, as the upper half of its bits: 8 of mantissa, so within
/// 0.2 %. What is missing has the largest code.
const MISSING: u16 = u16::MAX;

fn encode(value: f32, doubted: bool) -> u16 {
    // Half of the last kept bit is added, so that the cut rounds.
    let bits = (value.max(0.0).min(1e37).to_bits() + (1 << 15)) >> 16;
    u16::try_from(bits << 1 | u32::from(doubted)).unwrap_or(MISSING - 2)
}

fn decode(code: u16) -> f32 {
    f32::from_bits(u32::from(code >> 1) << 16)
}

/// A ring of days.
#[derive(Clone, Debug)]
pub(super) struct History {
    slots: usize,
    /// `days * slots` codes; the day `d` lies at `d % days`.
    codes: Vec<u16>,
    /// The day that each row of the ring holds.
    days: Vec<i64>,
}

impl History {
    /// An empty history of so many days.
    pub fn new(days: usize, slots: usize) -> Self {
        History { slots, codes: Vec::new(), days: vec![i64::MIN; days] }
    }

    /// Keeps a value.
    pub fn put(&mut self, day: i64, slot: usize, value: f32, doubted: bool) {
        let row = self.row(day);
        if row * self.slots >= self.codes.len() {
            self.codes.resize((row + 1) * self.slots, MISSING);
        }
        if self.days[row] != day {
            self.codes[row * self.slots..(row + 1) * self.slots].fill(MISSING);
            self.days[row] = day;
        }
        self.codes[row * self.slots + slot] = encode(value, doubted);
    }

    /// Each day that is kept, with its values; missing ones are NaN.
    pub fn days(&self) -> impl Iterator<Item = (i64, impl Iterator<Item = (f32, bool)>)> {
        self.days.iter().enumerate().filter(|(_, day)| **day != i64::MIN).map(|(row, day)| {
            let codes = &self.codes[row * self.slots..(row + 1) * self.slots];
            (*day, codes.iter().map(|code| if *code == MISSING { (f32::NAN, false) } else { (decode(*code), code & 1 == 1) }))
        })
    }

    fn row(&self, day: i64) -> usize {
        let days = i64::try_from(self.days.len()).expect("few days are kept");
        usize::try_from(day.rem_euclid(days)).expect("a remainder is small")
    }
}
