//! How wide texts are, and texts made shorter.

use crate::domain::is_obeyed;

/// Advances of DejaVu Sans from blank to tilde, in thousandths of the font's size.
const ADVANCES: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
];
/// The widest that other signs are.
const WIDEST: u16 = 1000;

/// A text's width at a size of the font, in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let advance = |sign: char| ADVANCES.get((sign as usize).wrapping_sub(32)).copied().unwrap_or(WIDEST);
    text.chars().map(|sign| f64::from(advance(sign))).sum::<f64>() / 1000.0 * size
}

/// A text no wider than `most`, its middle replaced by `…`.
pub(super) fn fitted(text: &str, size: f64, most: f64) -> String {
    let mut fitted = text.to_owned();
    let mut signs = text.chars().count();
    while width(&fitted, size) > most && signs > 1 {
        signs -= 1;
        fitted = crate::render::shorten::middle(text, signs);
    }
    fitted
}

/// A text as XML has it. What XML can't have, or turns the direction of writing, becomes a blank.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            sign if is_obeyed(sign) || matches!(sign, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            sign => escaped.push(sign),
        }
    }
    escaped
}

/// A number in little space: `950`, `1.5k`, `20M`.
pub(super) fn short(number: f64) -> String {
    const UNITS: [(f64, &str); 5] = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let size = number.abs();
    let (scale, unit) = UNITS.into_iter().find(|(scale, _)| size >= *scale * 0.9995).unwrap_or((1.0, ""));
    let scaled = number / scale;
    let decimals = match scaled.abs() {
        scaled if scaled >= 100.0 || scaled == 0.0 => 0,
        scaled if scaled >= 10.0 => 1,
        scaled if scaled >= 0.1 => 2,
        _ => 4,
    };
    let text = format!("{scaled:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}
