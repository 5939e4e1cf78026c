//! How numbers read.

/// A whole number with thousands separators: `1,234,567`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with two decimals, `1,234.50`.
pub fn decimal(number: f64) -> String {
    let rounded = format!("{number:.2}");
    let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, "00"));
    match whole.parse() {
        Ok(whole) if whole != 0 => format!("{}.{fraction}", grouped(whole)),
        _ => rounded,
    }
}

/// How many there are of what: `1 object`, `1,234 objects`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(i64::try_from(number).unwrap_or(i64::MAX)), if number == 1 { one } else { many })
}

/// A number of calls: `412,000`; `3.2` of few.
pub fn count(number: f64) -> String {
    match number.is_finite() && number.abs() < 10.0 && (number - number.round()).abs() >= 0.05 {
        true => format!("{number:.1}"),
        false => grouped(number.round() as i64),
    }
}

/// Calls more or fewer: `+412,000`, `-3`.
pub fn signed(number: f64) -> String {
    let text = count(number);
    if number > 0.0 { format!("+{text}") } else { text }
}

/// US dollars, `$1,234.50`; small amounts with the digits that tell them from nothing.
pub fn dollars(amount: f64) -> String {
    let sign = if amount < 0.0 { "-" } else { "" };
    let text = match amount.abs() {
        0.0 => "$0.00".to_owned(),
        size if size < 0.0001 => "less than $0.0001".to_owned(),
        // What isn't a cent when rounded.
        size if size < 0.005 => format!("${size:.4}"),
        size => format!("${}", decimal(size)),
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_separators() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (number, text) in [(0.0, "0.00"), (-0.254, "-0.25"), (1234.5, "1,234.50"), (-1234.0, "-1,234.00")] {
            assert_eq!(decimal(number), text);
        }
    }

    #[test]
    fn one_is_singular() {
        for (number, text) in [(0, "0 keys"), (1, "1 key"), (2, "2 keys"), (1000, "1,000 keys")] {
            assert_eq!(counted(number, "key", "keys"), text);
        }
    }

    #[test]
    fn calls_have_no_more_digits_than_a_reader_needs() {
        let read = [0.0, 3.25, 99.96, 100.4, 412_000.0, -3.0].map(count);
        assert_eq!(read, ["0", "3.2", "100", "100", "412,000", "-3"]);
        assert_eq!([412_000.0, -3_100.0, 0.0].map(signed), ["+412,000", "-3,100", "0"]);
    }

    #[test]
    fn dollars_are_told_to_the_cent_and_small_ones_to_their_first_digits() {
        for (amount, text) in [
            (0.0, "$0.00"),
            (0.00001, "less than $0.0001"),
            (0.003, "$0.0030"),
            (0.01, "$0.01"),
            (4.944, "$4.94"),
            (1_234.5, "$1,234.50"),
            (-4.944, "-$4.94"),
        ] {
            assert_eq!(dollars(amount), text);
        }
    }
}
