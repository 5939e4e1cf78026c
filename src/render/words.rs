//! Words around values.

use std::borrow::Cow;

use super::cell::grouped;

/// How many there are of what: `1 object`, `1,234 objects`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(i64::try_from(number).unwrap_or(i64::MAX)), if number == 1 { one } else { many })
}

/// A text in lines of at most `width` characters, broken at blanks; `None`: in one. A longer word stands alone.
pub fn wrapped(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let (mut lines, mut used) = (String::with_capacity(text.len()), 0);
    for word in text.split(' ') {
        let wide = word.chars().count();
        if used > 0 {
            let fits = used + 1 + wide <= width;
            lines.push(if fits { ' ' } else { '\n' });
            used = if fits { used + 1 } else { 0 };
        }
        lines.push_str(word);
        used += wide;
    }
    lines
}

/// A text as a shell takes it for one word: in quotes, if it has other characters than those of names and paths.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:,".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A text of unknown origin as it may be shown on a terminal: a blank in the place of whatever isn't printed but
/// obeyed, such as colours, line ends and marks that turn the direction of writing.
pub fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(is_obeyed) {
        true => Cow::Owned(text.replace(is_obeyed, " ")),
        false => Cow::Borrowed(text),
    }
}

fn is_obeyed(ch: char) -> bool {
    let turns = matches!(ch, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    ch.is_control() || turns || matches!(ch, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        for (number, text) in [(0, "0 keys"), (1, "1 key"), (2, "2 keys"), (1000, "1,000 keys")] {
            assert_eq!(counted(number, "key", "keys"), text);
        }
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_stay_whole() {
        let text = "Top 20 of 57 resources, alias/quite-long-name in all";
        assert_eq!(wrapped(text, None), text);
        assert_eq!(wrapped(text, Some(52)), text);
        assert_eq!(wrapped(text, Some(51)), "Top 20 of 57 resources, alias/quite-long-name in\nall");
        assert_eq!(wrapped(text, Some(14)), "Top 20 of 57\nresources,\nalias/quite-long-name\nin all");
        assert_eq!(wrapped("schöne neue", Some(6)), "schöne\nneue");
    }

    #[test]
    fn a_shell_takes_a_text_for_one_word() {
        for plain in ["keytide-demo/store", "./keytide", "/usr/bin/k", "alias/a:b,c"] {
            assert_eq!(shell_word(plain), plain);
        }
        for (text, word) in
            [("my demo/store", "'my demo/store'"), ("it's", r"'it'\''s'"), ("$HOME", "'$HOME'"), ("", "''")]
        {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_blank() {
        let plain = "schöne Schlüssel 鍵 🗝 a-b_c:/";
        assert_eq!(printable(plain), plain);
        assert_eq!(printable("n\u{1b}[31mred\nx\t\u{9b}1m\u{202e}lmth\u{2066}\u{200f}"), "n [31mred x  1m lmth  ");
    }
}
