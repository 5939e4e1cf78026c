//! The grammar of Metrics Insights, by recursive descent: what parses there parses here. It is as strict as the service
//! but for reserved words, of which the service has more (`words`).

use super::query::{Condition, Function, Key, Order, Query, Source, Value};
use super::syntax::SyntaxError;
use super::token::{Lexeme, What, split};
use super::words::is_reserved;

/// The most characters a query may have (`Expression` of CloudWatch's service model).
pub const CHARACTERS_MAX: usize = 2048;
/// How much of a query an error repeats.
const NEAR_MAX: usize = 30;

const FUNCTION: &str = "a function: AVG, COUNT, MAX, MIN or SUM";
const AFTER_SOURCE: &str = "WHERE, GROUP BY, ORDER BY, LIMIT or the end of the query";
const AFTER_CONDITION: &str = "AND, GROUP BY, ORDER BY, LIMIT or the end of the query";
const AFTER_KEY: &str = "a comma, ORDER BY, LIMIT or the end of the query";
const AFTER_ORDER: &str = "ASC, DESC, LIMIT or the end of the query";
const AFTER_DIRECTION: &str = "LIMIT or the end of the query";
const VALUE: &str = "a value in single quotes, or CURRENT_ACCOUNT_ID()";

/// Parses a query.
pub fn parse(query: &str) -> Result<Query, SyntaxError> {
    if let Some((at, _)) = query.char_indices().nth(CHARACTERS_MAX) {
        let message = format!("Invalid syntax. A query has at most {CHARACTERS_MAX} characters");
        return Err(SyntaxError::new(message, None, query, at, query.len()));
    }
    Parser { query, lexemes: split(query), at: 0 }.query()
}

/// A query file's text for [`parse`]: comment lines (`--`) before the query are emptied, their line ends stay, so that
/// an error names the file's own line. Comments are an extension of files; the language has none.
pub fn without_leading_comments(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let mut bare = String::with_capacity(text.len());
    let mut leading = true;
    for line in text.split_inclusive('\n') {
        leading &= line.trim().is_empty() || line.trim_start().starts_with("--");
        match leading {
            true => bare.push_str(if line.ends_with('\n') { "\n" } else { "" }),
            false => bare.push_str(line),
        }
    }
    bare
}

struct Parser<'q> {
    query: &'q str,
    lexemes: Vec<Lexeme>,
    at: usize,
}

impl Parser<'_> {
    fn query(mut self) -> Result<Query, SyntaxError> {
        if self.now().what == What::Open {
            return Err(self.plain("SELECT, without parentheses around the query"));
        }
        self.keyword("SELECT", "SELECT")?;
        if self.rest_starts_with('*') {
            return Err(self.plain(FUNCTION));
        }
        let function = self.function("aggregate", FUNCTION)?;
        if self.lexemes[self.at + 1].what == What::Close {
            return Err(self.near("the name of a metric in the parentheses"));
        }
        self.symbol(&What::Open, "(")?;
        let metric = self.name("the name of a metric")?;
        self.symbol(&What::Close, ")")?;
        self.keyword("FROM", "FROM")?;
        let source = self.source()?;
        let mut expected = AFTER_SOURCE;
        let mut conditions = Vec::new();
        if self.is("WHERE") {
            expected = AFTER_CONDITION;
            self.at += 1;
            conditions.push(self.condition()?);
            while self.is("AND") {
                self.at += 1;
                conditions.push(self.condition()?);
            }
        }
        let mut group_by = Vec::new();
        if self.is("GROUP") {
            expected = AFTER_KEY;
            self.at += 1;
            self.keyword("BY", "BY")?;
            group_by = self.list(Self::key)?;
        }
        let mut order_by = None;
        if self.is("ORDER") {
            self.at += 1;
            self.keyword("BY", "BY")?;
            let (order, after) = self.order()?;
            (order_by, expected) = (Some(order), after);
        }
        let mut limit = None;
        if self.is("LIMIT") {
            expected = "the end of the query";
            self.at += 1;
            limit = Some(self.limit()?);
        }
        if self.now().what != What::End {
            let is_closed = self.rest_starts_with(';');
            return Err(self.near(if is_closed { "the end of the query, without ;" } else { expected }));
        }
        Ok(Query { function, metric, source, conditions, group_by, order_by, limit })
    }

    fn source(&mut self) -> Result<Source, SyntaxError> {
        if !(self.is("SCHEMA") && self.lexemes[self.at + 1].what == What::Open) {
            let namespace = self.namespace("a namespace, or SCHEMA(namespace, dimension, …)")?;
            return Ok(Source { namespace, schema: None });
        }
        self.at += 2;
        let namespace = self.namespace("a namespace")?;
        let mut names = Vec::new();
        if self.now().what == What::Comma {
            self.at += 1;
            names = self.list(Self::dimension)?;
        }
        self.symbol(&What::Close, "a comma or )")?;
        Ok(Source { namespace, schema: Some(names.into_iter().collect()) })
    }

    fn namespace(&mut self, expected: &str) -> Result<String, SyntaxError> {
        let (start, is_bare) = (self.now().start, matches!(self.now().what, What::Word(_)));
        let name = self.name(expected)?;
        let next = self.now();
        let touches = next.what == What::Other && next.start == self.lexemes[self.at - 1].end;
        if !is_bare || !touches || self.rest_starts_with(';') {
            return Ok(name);
        }
        // `FROM AWS/KMS`.
        let rest = &self.query[start..];
        let whole = &rest[..rest.find(|ch: char| ch.is_whitespace() || ",();".contains(ch)).unwrap_or(rest.len())];
        let quoted = whole.replace('"', "");
        Err(self.near(&format!(
            "double quotes around a namespace with other characters than letters, digits and _: \"{quoted}\""
        )))
    }

    fn condition(&mut self) -> Result<Condition, SyntaxError> {
        let key = self.key()?;
        let equal = match self.now().what {
            What::Equal => true,
            What::NotEqual => false,
            _ => return Err(self.near("= or !=")),
        };
        self.at += 1;
        let value = match self.now().what.clone() {
            What::Text(text) => {
                self.at += 1;
                Value::Text(text)
            }
            What::Word(word) if word.eq_ignore_ascii_case("CURRENT_ACCOUNT_ID") => {
                self.at += 1;
                self.symbol(&What::Open, "()")?;
                self.symbol(&What::Close, ")")?;
                Value::CurrentAccount
            }
            What::Word(_) | What::Name(_) => {
                let text = "Comparing identifiers is not supported. Values must be surrounded by single quotes";
                return Err(self.error(format!("Invalid syntax. {text}"), Some(VALUE)));
            }
            _ => return Err(self.near(VALUE)),
        };
        Ok(Condition { key, equal, value })
    }

    fn order(&mut self) -> Result<(Order, &'static str), SyntaxError> {
        const ORDER_FUNCTION: &str = "a function: AVG(), COUNT(), MAX(), MIN() or SUM()";
        let function = self.function("ORDER BY", ORDER_FUNCTION)?;
        if self.lexemes[self.at + 1].what != What::Close {
            return Err(self.near("() with nothing in it"));
        }
        self.at += 2;
        let descending = self.is("DESC");
        if !descending && !self.is("ASC") {
            return Ok((Order { function, descending }, AFTER_ORDER));
        }
        self.at += 1;
        Ok((Order { function, descending }, AFTER_DIRECTION))
    }

    fn limit(&mut self) -> Result<u64, SyntaxError> {
        let digits = match &self.now().what {
            What::Number(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits,
            _ => return Err(self.near("a whole number greater than 0")),
        };
        // A number that doesn't fit is far beyond the cap.
        let limit = digits.parse().unwrap_or(u64::MAX);
        if limit == 0 {
            let message = "Invalid syntax. LIMIT must be greater than 0".to_owned();
            return Err(self.error(message, Some("a whole number greater than 0")));
        }
        self.at += 1;
        Ok(limit)
    }

    /// A function's name; the parenthesis after it is the next word.
    fn function(&mut self, kind: &str, expected: &str) -> Result<Function, SyntaxError> {
        let What::Word(word) = &self.now().what else { return Err(self.near(expected)) };
        if self.lexemes[self.at + 1].what != What::Open {
            let known = Function::parse(word).is_some();
            self.at += usize::from(known);
            return Err(self.near(if known { "(" } else { expected }));
        }
        let Some(function) = Function::parse(word) else {
            let message = format!("Invalid syntax. '{word}' is not a valid {kind} function");
            return Err(self.error(message, Some(expected)));
        };
        self.at += 1;
        Ok(function)
    }

    /// A key of WHERE or GROUP BY.
    fn key(&mut self) -> Result<Key, SyntaxError> {
        let tag = match &self.now().what {
            What::Word(word) if word == "AWS.AccountId" => {
                self.at += 1;
                return Ok(Key::AccountId);
            }
            What::Word(word) => word.strip_prefix("tag.").map(str::to_owned),
            _ => None,
        };
        let Some(tag) = tag else { return self.name("the name of a dimension").map(Key::Dimension) };
        let quoted = &self.lexemes[self.at + 1];
        match &quoted.what {
            What::Name(name) if tag.is_empty() && !name.is_empty() && quoted.start == self.now().end => {
                let name = name.clone();
                self.at += 2;
                Ok(Key::Tag(name))
            }
            _ if tag.is_empty() || tag.contains('.') => {
                Err(self.near("tag.NAME, or tag.\"NAME\" if the name has other characters"))
            }
            _ => {
                self.at += 1;
                Ok(Key::Tag(tag))
            }
        }
    }

    /// A key of SCHEMA.
    fn dimension(&mut self) -> Result<String, SyntaxError> {
        match &self.now().what {
            What::Word(word) if word == "AWS.AccountId" || word.starts_with("tag.") => {
                Err(self.near("the name of a dimension; tags and AWS.AccountId are none"))
            }
            _ => self.name("the name of a dimension"),
        }
    }

    /// A metric, namespace or dimension.
    fn name(&mut self, expected: &str) -> Result<String, SyntaxError> {
        let name = match &self.now().what {
            What::Name(name) if !name.is_empty() => name.clone(),
            What::Word(word) if is_reserved(word) => {
                let message = format!("Invalid syntax. Reserved keyword '{word}' must be surrounded by double quotes");
                return Err(self.error(message, Some(expected)));
            }
            What::Word(word) if word.contains('.') => {
                return Err(self.near(&format!("{expected}, in double quotes because of its dot")));
            }
            What::Word(word) => word.clone(),
            _ => return Err(self.near(expected)),
        };
        self.at += 1;
        Ok(name)
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, SyntaxError>) -> Result<Vec<T>, SyntaxError> {
        let mut items = vec![item(self)?];
        while self.now().what == What::Comma {
            self.at += 1;
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn now(&self) -> &Lexeme {
        &self.lexemes[self.at]
    }

    fn is(&self, keyword: &str) -> bool {
        matches!(&self.now().what, What::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn keyword(&mut self, keyword: &str, expected: &str) -> Result<(), SyntaxError> {
        if !self.is(keyword) {
            return Err(self.near(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn symbol(&mut self, symbol: &What, expected: &str) -> Result<(), SyntaxError> {
        if self.now().what != *symbol {
            return Err(self.near(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn rest_starts_with(&self, ch: char) -> bool {
        self.query[self.now().start..].starts_with(ch)
    }

    /// CloudWatch's `Invalid syntax near '…'`, from the current word on.
    fn near(&self, expected: &str) -> SyntaxError {
        let rest = self.query[self.now().start..].trim_end();
        let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'));
        let unclosed = quote.filter(|quote| {
            self.now().what == What::Other && !rest[1..].replace(&format!("\\{quote}"), "").contains(*quote)
        });
        let unclosed = unclosed.map(|quote| format!("a closing {quote} for what this one opens"));
        let expected = unclosed.as_deref().unwrap_or(expected);
        let near = match rest.chars().count() > NEAR_MAX {
            true => rest.chars().take(NEAR_MAX - 3).chain("...".chars()).collect(),
            false => rest.to_owned(),
        };
        self.error(format!("Invalid syntax near '{near}'"), Some(expected))
    }

    fn plain(&self, expected: &str) -> SyntaxError {
        self.error("Invalid syntax".to_owned(), Some(expected))
    }

    fn error(&self, message: String, expected: Option<&str>) -> SyntaxError {
        let Lexeme { start, end, .. } = *self.now();
        SyntaxError::new(message, expected.map(str::to_owned), self.query, start, end)
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
