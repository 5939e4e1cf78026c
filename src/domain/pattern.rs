//! Names with wildcards.

use serde::Deserialize;

/// A name in which `*` stands for any characters, `/` and `:` too, and `?` for one. Everything else is itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    text: String,
    is_plain: bool,
}

impl Pattern {
    /// Reads a pattern: every text is one.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Pattern { is_plain: !text.contains(['*', '?']), text }
    }

    /// Whether a name matches, as a whole and with its case.
    pub fn matches(&self, name: &str) -> bool {
        if self.is_plain {
            return self.text == name;
        }
        let (mut pattern, mut rest) = (self.text.chars(), name.chars());
        // What follows the latest star, and the part of the name that this star leaves. A star before it needs no
        // second try: what this one can't reach, none can.
        let mut star = None;
        loop {
            let fits = match pattern.next() {
                Some('*') => {
                    star = Some((pattern.clone(), rest.clone()));
                    true
                }
                Some('?') => rest.next().is_some(),
                Some(sign) => rest.next() == Some(sign),
                None if rest.as_str().is_empty() => return true,
                None => false,
            };
            if fits {
                continue;
            }
            // The star takes one character more.
            let Some((after, left)) = &mut star else { return false };
            if left.next().is_none() {
                return false;
            }
            (pattern, rest) = (after.clone(), left.clone());
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is a plain name, without wildcards.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Pattern::new(text)
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_passes_slashes_and_brackets_are_themselves() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/mrk-12";
        assert!(Pattern::new("arn:aws:kms:*:111122223333:*").matches(arn));
        assert!(Pattern::new("*").matches(arn));
        assert!(Pattern::new("*/mrk-1?").matches(arn));
        assert!(!Pattern::new("*/mrk-?").matches(arn));
        assert!(!Pattern::new("arn:aws:kms:*:999999999999:*").matches(arn));
        assert!(Pattern::new("data[1]*{a}\\!").matches("data[1]/x{a}\\!"));
        assert!(!Pattern::new("data[1]*").matches("data1"));
        assert!(Pattern::new(arn).is_plain() && Pattern::new(arn).matches(arn));
        assert!(!Pattern::new("Decrypt*").matches("decrypts"));
    }

    #[test]
    fn a_star_stands_for_any_characters_and_a_question_mark_for_one() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("*", "", true),
            ("*", "anything", true),
            ("prod", "prod", true),
            ("prod", "production", false),
            ("prod*", "production", true),
            ("*:111122223333:*", "arn:aws:kms:us-east-1:111122223333:key/a", true),
            ("arn:*:key/mrk-*", "arn:aws:kms:us-east-1:111122223333:key/mrk-1", true),
            ("arn:*:key/mrk-*", "arn:aws:kms:us-east-1:111122223333:key/1", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab", "aab", true),
            ("a*b*c", "a-c-b", false),
            ("a**?c", "abc", true),
            ("a*?c", "ac", false),
            ("*a?b*c", "xaab-ayb-c", true),
            ("ä*", "ä", true),
            ("?", "ä", true),
            ("?", "", false),
            ("??", "ä", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), matches, "{pattern} and {text}");
        }
    }

    #[test]
    fn many_stars_are_no_work() {
        let (pattern, name) = ("*a".repeat(100) + "b", "a".repeat(10_000));
        assert!(!Pattern::new(pattern).matches(&name));
    }
}
