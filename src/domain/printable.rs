//! Texts of unknown origin, as they may be shown.

use std::borrow::Cow;

/// A text of unknown origin as it may be shown on a terminal: a blank in the place of whatever [`is_obeyed`]. Names of
/// roles, buckets and keys are what callers wrote.
pub fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(is_obeyed) {
        true => Cow::Owned(text.replace(is_obeyed, " ")),
        false => Cow::Borrowed(text),
    }
}

/// Whether a character isn't printed but obeyed: controls, line ends, and marks that turn the direction of writing.
pub fn is_obeyed(ch: char) -> bool {
    let turns = matches!(ch, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    ch.is_control() || turns || matches!(ch, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_blank() {
        let plain = "schöne Schlüssel 鍵 🗝 a-b_c:/";
        assert_eq!(printable(plain), plain);
        assert_eq!(printable("n\u{1b}[31mred\nx\t\u{9b}1m\u{202e}lmth\u{2066}\u{200f}"), "n [31mred x  1m lmth  ");
    }
}
