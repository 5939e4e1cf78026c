//! Numbers to text, fast: a band has four of them a row.

use std::io::Write;

/// Powers of ten by which numbers are scaled.
const SCALES: [u64; 10] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// Appends a number with about eight significant digits and at least one decimal of a number below 10,000,000, without
/// zeros at the end. Smaller numbers have as many decimals as that takes; larger ones are written as Rust writes them.
pub(super) fn push(number: f64, out: &mut Vec<u8>) {
    let size = number.abs();
    let decimals = match size {
        size if size < 1.0 => 9,
        size if size < 100.0 => 7,
        size if size < 10_000.0 => 5,
        size if size < 1_000_000.0 => 3,
        size if size < 10_000_000.0 => 2,
        _ => 0,
    };
    if size < 1e-2 && size > 0.0 {
        push_tiny(number, out);
        return;
    }
    if size.is_nan() || size >= 1e15 {
        // A Vec takes all that is written.
        let _ = write!(out, "{number}");
        return;
    }
    let scale = SCALES[decimals];
    // Below 10^15, so the cast is exact.
    let scaled = (size * scale as f64).round() as u64;
    if number < 0.0 && scaled > 0 {
        out.push(b'-');
    }
    push_whole(scaled / scale, out);
    let (mut fraction, mut digits) = (scaled % scale, decimals);
    if fraction == 0 {
        return;
    }
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        digits -= 1;
    }
    out.push(b'.');
    let from = out.len();
    out.resize(from + digits, b'0');
    for digit in out[from..].iter_mut().rev() {
        *digit = b'0' + (fraction % 10) as u8;
        fraction /= 10;
    }
}

fn push_tiny(number: f64, out: &mut Vec<u8>) {
    // From -324 on, the least there is: the cast is exact.
    let decimals = (8.0 - number.abs().log10()) as usize;
    // A Vec takes all that is written.
    let _ = write!(out, "{number:.decimals$}");
    while out.last() == Some(&b'0') {
        out.pop();
    }
}

fn push_whole(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: f64) -> String {
        let mut out = Vec::new();
        push(number, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn numbers_keep_eight_digits_and_lose_zeros_at_the_end() {
        for (number, expect) in [
            (0.0, "0"),
            (-0.0, "0"),
            (7.0, "7"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.333333333"),
            (2.0 / 3.0 * 100.0, "66.6666667"),
            (-12.5, "-12.5"),
            (1_234.567_891, "1234.56789"),
            (9_999.999_999, "10000"),
            (1_234_567.891, "1234567.89"),
            (12_345_678.9, "12345679"),
            (1e14, "100000000000000"),
            (1e15, "1000000000000000"),
            (0.000_012_5, "0.0000125"),
            (0.002_553_456_462_919_712, "0.0025534565"),
            (-0.009_999_999_999, "-0.01"),
        ] {
            assert_eq!(text(number), expect, "{number}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_to_seven_digits_at_any_size() {
        let mut number = 3.141_592_653_589_793e-12;
        while number < 1e300 {
            for sign in [1.0, -1.0] {
                let read: f64 = text(sign * number).parse().expect("a number");
                assert!((read - sign * number).abs() <= 1e-7 * number, "{number} as {}", text(number));
            }
            number *= 7.3;
        }
    }
}
