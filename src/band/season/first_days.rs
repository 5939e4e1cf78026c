//! The first two days, seen from those after them.
//!
//! Nothing can be doubted before two days are known, so that an incident in one of them would be a season for weeks. As
//! soon as two other days of its group agree on a slot, and what the early one shows there is far from both, it is
//! doubted.

use super::Noise;
use crate::band::calendar::Place;
use crate::band::history::{History, Value};

/// Days before which nothing could be doubted.
const EARLY_DAYS: i64 = 2;

/// Days that must agree against an early one.
const OTHERS_MIN: usize = 2;

/// A day that stands alone for a larger share of its time is another kind of day and no incident.
const INCIDENT_SHARE: f32 = 0.15;

/// How far apart what is not the same is: by this factor, and by so many standard deviations. A fall has no room for as
/// many: it is one by so many deviates of the cube root.
const FACTOR: f32 = 3.0;
const DEVIATIONS: f32 = 12.0;
const FALL_DEVIATES: f32 = 6.0;

/// Doubts what the early days, of which `first` is the first, show alone.
pub(in crate::band) fn doubt_first_days(history: &mut History, first: i64, noise: Noise) {
    let days: Vec<(i64, Vec<Value>)> = history.days().map(|(day, values)| (day, values.collect())).collect();
    for (early, values) in days.iter().filter(|(day, _)| (first..first + EARLY_DAYS).contains(day)) {
        let is_like = |day: i64| day != *early && Place::is_weekend(day) == Place::is_weekend(*early);
        let others: Vec<&[Value]> =
            days.iter().filter(|(day, _)| is_like(*day)).map(|(_, values)| values.as_slice()).collect();
        let is_alone = |slot: &usize| {
            let of_others = others.iter().map(|values| values[*slot].value).filter(|value| !value.is_nan());
            stands_alone(values[*slot].value, of_others, noise)
        };
        let alone: Vec<usize> = (0..values.len()).filter(is_alone).collect();
        if alone.len() as f32 <= INCIDENT_SHARE * values.len() as f32 {
            for slot in alone {
                history.doubt(*early, slot);
            }
        }
    }
}

/// Whether a value is far from what the others agree on. One that is missing (NaN) isn't.
fn stands_alone(value: f32, others: impl Iterator<Item = f32>, noise: Noise) -> bool {
    let (mut days, mut sum, mut low, mut high) = (0, 0.0, f32::INFINITY, 0.0f32);
    for other in others {
        (days, sum, low, high) = (days + 1, sum + other, low.min(other), high.max(other));
    }
    if days < OTHERS_MIN {
        return false;
    }
    let mean = sum / days as f32;
    let variance = noise.of_a_value(mean) + noise.slow * mean * mean;
    let limit = DEVIATIONS * variance.sqrt();
    let has_risen = value > FACTOR * mean && value - mean > limit && high - low <= limit;
    // The others' least counts: if one of them is as low, the value isn't alone.
    let has_fallen = low > FACTOR * value && -root_deviate(value, mean, variance) > FALL_DEVIATES;
    has_risen || has_fallen
}

/// How far a value is from a mean above zero by Wilson and Hilferty's cube root.
fn root_deviate(value: f32, mean: f32, variance: f32) -> f32 {
    let deviation = variance.sqrt() / mean;
    ((value / mean).cbrt() - 1.0 + deviation * deviation / 9.0) * 3.0 / deviation
}
