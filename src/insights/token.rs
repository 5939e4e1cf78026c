//! The words of a query. The only file that names sqlparser: its tokenizer under a dialect of our own, its grammar not.

use sqlparser::dialect::Dialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

/// A word of a query and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lexeme {
    pub(super) what: What,
    /// Byte offset of its first character.
    pub(super) start: usize,
    /// Byte offset after its last.
    pub(super) end: usize,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A bare word, dots included: `KeyArn`, `AWS.AccountId`, and of `tag."a b"` the `tag.`.
    Word(String),
    /// `"a name"`, unescaped.
    Name(String),
    /// `'a value'`, unescaped.
    Text(String),
    /// A number as written.
    Number(String),
    Open,
    Close,
    Comma,
    Equal,
    NotEqual,
    /// Whatever the language doesn't have.
    Other,
    /// The end of the query.
    End,
}

/// Metrics Insights' lexical rules: names start with a letter or underscore and may contain dots, names are delimited
/// by double quotes only.
#[derive(Debug)]
struct MetricsInsights;

impl Dialect for MetricsInsights {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || ch == '_' || ch == '.'
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }
}

/// Splits a query. Never fails: what can't be read is [`What::Other`], followed by the end.
pub(super) fn split(query: &str) -> Vec<Lexeme> {
    let (rewritten, readable) = double_escaped_quotes(query);
    let mut tokens: Vec<TokenWithSpan> = Vec::new();
    let whole = Tokenizer::new(&MetricsInsights, &rewritten[..readable]).tokenize_with_location_into_buf(&mut tokens);
    let places = Places::of(query);
    let mut lexemes: Vec<Lexeme> = Vec::new();
    for TokenWithSpan { token, span } in tokens {
        let (start, end) = (places.offset(span.start), places.offset(span.end));
        let what = match token {
            // A comment is whitespace to SQL, but not in this language.
            Token::Whitespace(_) if query[start..end].trim().is_empty() => continue,
            Token::Word(word) if word.quote_style.is_none() => What::Word(word.value),
            Token::Word(word) => What::Name(word.value),
            Token::SingleQuotedString(text) => What::Text(text),
            Token::Number(digits, false) => What::Number(digits),
            Token::LParen => What::Open,
            Token::RParen => What::Close,
            Token::Comma => What::Comma,
            Token::Eq => What::Equal,
            Token::Neq if &query[start..end] == "!=" => What::NotEqual,
            _ => What::Other,
        };
        lexemes.push(Lexeme { what, start, end });
    }
    let trimmed = query.trim_end().len();
    if whole.is_err() || readable < query.len() {
        let read = lexemes.last().map_or(0, |last| last.end);
        let start = read + (query[read..].len() - query[read..].trim_start().len());
        lexemes.push(Lexeme { what: What::Other, start: start.min(trimmed), end: trimmed });
    }
    lexemes.push(Lexeme { what: What::End, start: trimmed, end: trimmed });
    lexemes
}

/// Metrics Insights escapes a delimiting quote by a backslash, SQL by doubling it: `\'` becomes `''`, in the same two
/// bytes, so that places hold. Every other backslash is literal. Returns how much of the query can be read: a quote
/// doubled in the source, which the service rejects, ends it.
fn double_escaped_quotes(query: &str) -> (String, usize) {
    let mut rewritten = String::with_capacity(query.len());
    let mut delimiter: Option<char> = None;
    let mut chars = query.char_indices().peekable();
    while let Some((at, ch)) = chars.next() {
        let next = chars.peek().map(|&(_, next)| next);
        match delimiter {
            None => {
                delimiter = matches!(ch, '\'' | '"').then_some(ch);
                rewritten.push(ch);
            }
            Some(quote) if ch == '\\' && next == Some(quote) => {
                chars.next();
                rewritten.push(quote);
                rewritten.push(quote);
            }
            Some(quote) if ch == quote => {
                rewritten.push(ch);
                delimiter = None;
                if next == Some(quote) {
                    return (rewritten, at + quote.len_utf8());
                }
            }
            Some(_) => rewritten.push(ch),
        }
    }
    let readable = rewritten.len();
    (rewritten, readable)
}

/// Where lines start, to turn the tokenizer's lines and columns (of characters, from 1) into byte offsets.
struct Places<'q> {
    query: &'q str,
    line_starts: Vec<usize>,
}

impl<'q> Places<'q> {
    fn of(query: &'q str) -> Self {
        let after_newlines = query.match_indices('\n').map(|(at, _)| at + 1);
        Self { query, line_starts: std::iter::once(0).chain(after_newlines).collect() }
    }

    fn offset(&self, location: Location) -> usize {
        let line = usize::try_from(location.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let column = usize::try_from(location.column.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = self.line_starts.get(line).copied().unwrap_or(self.query.len());
        let rest = &self.query[start..];
        start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(query: &str) -> Vec<What> {
        split(query).into_iter().map(|lexeme| lexeme.what).collect()
    }

    #[test]
    fn a_backslash_escapes_the_delimiting_quote_and_nothing_else() {
        assert_eq!(words(r#"'it\'s'"#), [What::Text("it's".into()), What::End]);
        assert_eq!(words(r#""Bytes\"In\"""#), [What::Name(r#"Bytes"In""#.into()), What::End]);
        assert_eq!(words(r#"'a\b'"#), [What::Text(r"a\b".into()), What::End]);
        assert_eq!(words(r#"'a\\b'"#), [What::Text(r"a\\b".into()), What::End]);
        assert_eq!(words(r#"'a\"b'"#), [What::Text(r#"a\"b"#.into()), What::End]);
        assert_eq!(words("''"), [What::Text(String::new()), What::End]);
    }

    #[test]
    fn what_cannot_be_read_is_one_word_to_the_end() {
        for (query, start) in [("a 'b''c' d", 5), ("a 'b", 2), (r#"a "b"#, 2), ("é 'b''c'", 0), ("a $$ b", 2)] {
            let lexemes = split(query);
            let other = lexemes.iter().find(|lexeme| lexeme.what == What::Other).expect("something unreadable");
            assert_eq!(other.start, start, "{query}: {lexemes:?}");
        }
    }

    #[test]
    fn places_are_bytes_of_the_source() {
        let query = "'é'\n  \"ü\"\r\n\tx";
        let found: Vec<&str> = split(query).iter().map(|lexeme| &query[lexeme.start..lexeme.end]).collect();
        assert_eq!(found, ["'é'", "\"ü\"", "x", ""]);
    }

    #[test]
    fn comments_and_other_inequalities_are_no_words() {
        assert_eq!(words("-- a")[0], What::Other);
        assert_eq!(words("/* a */")[0], What::Other);
        assert_eq!(words("<>")[0], What::Other);
        assert_eq!(words("!=")[0], What::NotEqual);
        assert_eq!(words("tag.\"a b\""), [What::Word("tag.".into()), What::Name("a b".into()), What::End]);
    }
}
