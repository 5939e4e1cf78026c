//! Values in short: `0x3 5 _ 10+2x5 7`.
//!
//! As in promtool's tests, `AxN` is A and then N times A again, `A+BxN` is A and N values more that each are B larger,
//! and `_` is a missing value, `_xN` N of them.

use std::ops::Range;

use crate::domain::SettingError;

/// Values that one text may stand for.
const VALUES_MAX: usize = 100_000;

/// Reads values; errors name places of the text.
pub(super) fn read_values(text: &str) -> Result<Vec<Option<f64>>, SettingError> {
    let mut values = Vec::new();
    for (place, token) in tokens(text) {
        let wrong = || {
            let forms = "write 5, 5x3 (5 and three times more), 5+2x3 (5 7 9 11), 5-1x3 or _ for a missing value";
            SettingError::at(place.clone(), format!("`{token}` is no value; {forms}"))
        };
        let (head, more) = repeated(token).ok_or_else(wrong)?;
        room(values.len(), more, &place)?;
        if head == "_" {
            values.extend(std::iter::repeat_n(None, more.unwrap_or(1)));
            continue;
        }
        let (first, by) = grown(head).ok_or_else(wrong)?;
        if by.is_some() && more.is_none() {
            return Err(wrong());
        }
        values.extend((0..=more.unwrap_or(0)).map(|n| Some(first + by.unwrap_or(0.0) * n as f64)));
    }
    Ok(values)
}

/// Reads bands: `0..10x3 _ 2..12`.
pub(super) fn read_bands(text: &str) -> Result<Vec<Option<(f64, f64)>>, SettingError> {
    let mut bands = Vec::new();
    for (place, token) in tokens(text) {
        let wrong = || {
            let forms = "write 0..10, 0..10x3 (that and three times more) or _ for no band";
            SettingError::at(place.clone(), format!("`{token}` is no band; {forms}"))
        };
        let (head, more) = repeated(token).ok_or_else(wrong)?;
        room(bands.len(), more, &place)?;
        if head == "_" {
            bands.extend(std::iter::repeat_n(None, more.unwrap_or(1)));
            continue;
        }
        let (lower, upper) = head.split_once("..").ok_or_else(wrong)?;
        let (lower, upper) = (number(lower).ok_or_else(wrong)?, number(upper).ok_or_else(wrong)?);
        if lower > upper {
            return Err(SettingError::at(place, format!("the band `{head}` has its lower edge above the upper one")));
        }
        bands.extend(std::iter::repeat_n(Some((lower, upper)), more.unwrap_or(0) + 1));
    }
    Ok(bands)
}

fn tokens(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    text.split_whitespace().map(move |token| {
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        (start..start + token.len(), token)
    })
}

/// `5x3`: what is repeated, and how often.
fn repeated(token: &str) -> Option<(&str, Option<usize>)> {
    match token.split_once('x') {
        None => Some((token, None)),
        Some((head, count)) => Some((head, Some(count.parse().ok()?))),
    }
}

/// `10+2`: the first value, and by how much each is larger.
fn grown(head: &str) -> Option<(f64, Option<f64>)> {
    if let Some(first) = number(head) {
        return Some((first, None));
    }
    // A sign at the front is the first value's own.
    let at = head.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-'))?.0;
    let (first, by) = head.split_at(at);
    Some((number(first)?, Some(number(by)?)))
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

fn room(values: usize, more: Option<usize>, place: &Range<usize>) -> Result<(), SettingError> {
    match values.saturating_add(more.unwrap_or(1)) > VALUES_MAX {
        true => Err(SettingError::at(place.clone(), format!("these are more than {VALUES_MAX} values"))),
        false => Ok(()),
    }
}
