//! Values as written, to numbers.

/// What a value says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number, or an infinity.
    Number(f64),
    /// Nothing was measured: an empty field, `NaN`, `null`, `NA`.
    Missing,
}

const POWERS_OF_TEN: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

impl Value {
    /// Reads a field. `None` if it is no number and doesn't say that there is none.
    pub fn read(text: &[u8]) -> Option<Self> {
        if let Some(number) = plain(text) {
            return Some(Value::Number(number));
        }
        let text = std::str::from_utf8(text).ok()?;
        if ["", "nan", "null", "na", "n/a", "none"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Some(Value::Missing);
        }
        match text.parse::<f64>().ok()? {
            number if number.is_nan() => Some(Value::Missing),
            number => Some(Value::Number(number)),
        }
    }
}

/// Up to fifteen digits with or without a point: both the digits and the power of ten are exact then, so one division
/// rounds correctly.
fn plain(text: &[u8]) -> Option<f64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    let (mut digits, mut number, mut point) = (0_usize, 0_u64, None);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + u64::from(byte - b'0');
                digits += 1;
            }
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    if !(1..=15).contains(&digits) {
        return None;
    }
    let fraction = point.map_or(0, |point| text.len() - 1 - point);
    Some(number as f64 / POWERS_OF_TEN[fraction])
}
