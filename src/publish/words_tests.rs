//! Numbers and names, as people expect them.

use super::*;

#[test]
fn numbers_have_no_more_digits_than_a_reader_needs() {
    let read = |texts: &[String], expect: &[&str]| assert_eq!(texts, expect);
    read(&[0.0, 0.002, 0.98, 0.994, 1.0].map(percent), &["0 %", "<1 %", "98 %", ">99 %", "100 %"]);
    read(&[1.44, 128.2, 12_000.0].map(times), &["1.4 ×", "128 ×", "12,000 ×"]);
    read(&[40, 900, 5_100, 7_200, 183_600].map(span), &["40 s", "15 min", "1 h 25 min", "2 h", "2 d 3 h"]);
}

#[test]
fn a_day_is_told_only_where_it_is_another() {
    // 2026-11-24T02:40:00Z, by `date -d @1795488000`.
    let at = 1_795_488_000;
    assert_eq!(stamp(at), "2026-11-24T02:40:00Z");
    assert_eq!(day(at), "Tue 2026-11-24");
    assert_eq!(clock(at, at + 3_600), "02:40");
    assert_eq!(clock(at - 86_400, at), "11-23 02:40");
}

#[test]
fn texts_are_cut_by_characters_and_hold_no_line_ends() {
    assert_eq!(cut("äöü", 3), "äöü");
    assert_eq!(cut("äöüß", 3), "äö…");
    assert_eq!(cut("a\r\nb", 10), "a  b");
    // Marks that turn the direction of writing, the Arabic one and the plain ones too.
    assert_eq!(line("a\u{61c}b\u{200e}c\u{200f}d\u{202e}e\u{2066}f\u{2028}g\u{9b}h"), "a b c d e f g h");
}
