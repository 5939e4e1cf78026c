//! Texts as terminals and shells take them.

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
