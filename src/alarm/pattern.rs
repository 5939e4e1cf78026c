//! Names with wildcards.

use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

/// A name in which `*` stands for any characters, `/` and `:` too, and `?` for one. Everything else is itself.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    matcher: Option<Arc<GlobMatcher>>,
}

impl Pattern {
    /// Reads a pattern. Fails only if it is too large to be made into one; the error says so.
    pub fn new(text: &str) -> Result<Self, String> {
        if !text.contains(['*', '?']) {
            return Ok(Pattern { text: text.to_owned(), matcher: None });
        }
        let mut escaped = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            if matches!(c, '[' | ']' | '{' | '}' | '!' | '\\') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        let mut builder = GlobBuilder::new(&escaped);
        builder.literal_separator(false).backslash_escape(true).empty_alternates(true);
        let glob = builder.build().map_err(|error| error.kind().to_string())?;
        Ok(Pattern { text: text.to_owned(), matcher: Some(Arc::new(glob.compile_matcher())) })
    }

    /// Whether a name matches, as a whole and with its case.
    pub fn matches(&self, name: &str) -> bool {
        match &self.matcher {
            None => self.text == name,
            Some(matcher) => matcher.is_match(name),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is a plain name, without wildcards.
    pub fn is_plain(&self) -> bool {
        self.matcher.is_none()
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.text, f)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_passes_slashes_and_brackets_are_themselves() {
        let pattern = |text: &str| Pattern::new(text).unwrap();
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/mrk-12";
        assert!(pattern("arn:aws:kms:*:111122223333:*").matches(arn));
        assert!(pattern("*").matches(arn));
        assert!(pattern("*/mrk-1?").matches(arn));
        assert!(!pattern("*/mrk-?").matches(arn));
        assert!(!pattern("arn:aws:kms:*:999999999999:*").matches(arn));
        assert!(pattern("data[1]*{a}\\!").matches("data[1]/x{a}\\!"));
        assert!(!pattern("data[1]*").matches("data1"));
        assert!(pattern(arn).is_plain() && pattern(arn).matches(arn));
        assert!(!pattern("Decrypt*").matches("decrypts"));
    }
}
