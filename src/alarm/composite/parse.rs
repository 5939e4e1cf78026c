//! Reads a composite alarm's rule.
//!
//! Source: CloudWatch API reference, *PutCompositeAlarm*, AlarmRule. Keywords are upper case; OR binds weakest, then
//! AND, then NOT.

use super::super::state::StateValue;
use super::rule::{CompositeRule, Least, Node};

/// Characters of a rule.
const LENGTH_MAX: usize = 10_240;
/// Alarms that a rule may name.
const CHILDREN_MAX: usize = 100;
/// Operators, states, constants and alarms of a rule.
const ELEMENTS_MAX: usize = 500;
/// Parentheses and NOTs inside each other.
const DEPTH_MAX: usize = 100;

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// Where, in bytes of the rule; none if it is about the whole rule.
    pub at: Option<usize>,
    /// What was expected and what is there.
    pub message: String,
}

impl CompositeRule {
    /// Reads a rule: `ALARM(a) AND (NOT OK("b, c") OR AT_LEAST(50%, ALARM, (d, e)))`.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let whole = |message: String| RuleError { at: None, message };
        let length = text.chars().count();
        if length > LENGTH_MAX {
            return Err(whole(format!("the rule has {length} characters; at most {LENGTH_MAX} are allowed")));
        }
        let mut parser = Parser { text, at: 0, depth: 0 };
        let tree = parser.any()?;
        if parser.peek().is_some() {
            return Err(parser.expected("AND, OR or the end of the rule"));
        }
        let rule = CompositeRule { text: text.to_owned(), tree };
        let (children, elements) = (rule.children().len(), rule.elements());
        if children > CHILDREN_MAX {
            return Err(whole(format!("the rule names {children} alarms; at most {CHILDREN_MAX} are allowed")));
        }
        if elements > ELEMENTS_MAX {
            return Err(whole(format!("the rule has {elements} elements; at most {ELEMENTS_MAX} are allowed")));
        }
        Ok(rule)
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.rest().chars().next()
    }

    /// What stands here without spaces, commas, parentheses and quotes.
    fn word(&mut self) -> &'a str {
        self.peek();
        let rest = self.rest();
        let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '"');
        &rest[..rest.find(is_end).unwrap_or(rest.len())]
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_here = self.word() == word;
        if is_here {
            self.at += word.len();
        }
        is_here
    }

    fn expect(&mut self, mark: char) -> Result<(), RuleError> {
        if self.peek() != Some(mark) {
            return Err(self.expected(&format!("`{mark}`")));
        }
        self.at += mark.len_utf8();
        Ok(())
    }

    /// An error at this place.
    fn expected(&mut self, what: &str) -> RuleError {
        let found = match (self.peek(), self.word()) {
            (None, _) => "the rule ends".to_owned(),
            (Some(mark), "") => format!("there is `{mark}`"),
            (_, word) => format!("there is `{word}`"),
        };
        let position = self.text[..self.at].chars().count() + 1;
        RuleError { at: Some(self.at), message: format!("expected {what} at character {position}, but {found}") }
    }

    fn any(&mut self) -> Result<Node, RuleError> {
        self.joined("OR", Node::Any, Self::all)
    }

    fn all(&mut self) -> Result<Node, RuleError> {
        self.joined("AND", Node::All, Self::not)
    }

    fn joined(
        &mut self,
        word: &str,
        join: fn(Vec<Node>) -> Node,
        part: fn(&mut Self) -> Result<Node, RuleError>,
    ) -> Result<Node, RuleError> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { join(parts) })
    }

    fn not(&mut self) -> Result<Node, RuleError> {
        if self.take_word("NOT") { self.deeper(|parser| Ok(Node::Not(Box::new(parser.not()?)))) } else { self.atom() }
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<Node, RuleError>) -> Result<Node, RuleError> {
        if self.depth == DEPTH_MAX {
            let message = format!("the rule is nested more than {DEPTH_MAX} deep");
            return Err(RuleError { at: Some(self.at), message });
        }
        self.depth += 1;
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn atom(&mut self) -> Result<Node, RuleError> {
        if self.peek() == Some('(') {
            return self.deeper(|parser| {
                parser.expect('(')?;
                let node = parser.any()?;
                parser.expect(')')?;
                Ok(node)
            });
        }
        if self.take_word("TRUE") {
            return Ok(Node::Constant(true));
        }
        if self.take_word("FALSE") {
            return Ok(Node::Constant(false));
        }
        if self.take_word("AT_LEAST") {
            return self.at_least();
        }
        let Some(state) = self.state() else {
            let what = "ALARM(…), OK(…), INSUFFICIENT_DATA(…), AT_LEAST(…), TRUE, FALSE, NOT or `(`";
            return Err(self.expected(what));
        };
        self.expect('(')?;
        let name = self.name()?;
        self.expect(')')?;
        Ok(Node::Is(state, name))
    }

    fn state(&mut self) -> Option<StateValue> {
        let states = [StateValue::Ok, StateValue::Alarm, StateValue::InsufficientData];
        states.into_iter().find(|state| self.take_word(state.name()))
    }

    /// `(2, NOT ALARM, (a, b, c))`
    fn at_least(&mut self) -> Result<Node, RuleError> {
        self.expect('(')?;
        let place = self.at;
        let word = self.word();
        let percent = word.strip_suffix('%');
        let Ok(number) = percent.unwrap_or(word).parse::<u32>() else {
            return Err(self.expected("how many, as `2` or `50%`,"));
        };
        self.at += word.len();
        self.expect(',')?;
        let negated = self.take_word("NOT");
        let Some(state) = self.state() else {
            return Err(self.expected("ALARM, OK or INSUFFICIENT_DATA"));
        };
        self.expect(',')?;
        self.expect('(')?;
        let mut names = vec![self.name()?];
        while self.peek() == Some(',') {
            self.expect(',')?;
            names.push(self.name()?);
        }
        self.expect(')')?;
        self.expect(')')?;
        let least = if percent.is_some() { Least::Percent(number) } else { Least::Count(number) };
        let (most, unit) = if percent.is_some() { (100, "%") } else { (names.len(), " alarms") };
        if number == 0 || number as usize > most {
            let message = format!("AT_LEAST of {} alarms takes 1 to {most}{unit}, not {word}", names.len());
            return Err(RuleError { at: Some(place), message });
        }
        Ok(Node::AtLeast { least, negated, state, names })
    }

    /// An alarm's name or ARN, bare or in double quotes.
    fn name(&mut self) -> Result<String, RuleError> {
        let text = if self.peek() == Some('"') {
            let place = self.at;
            let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<String>();
            let Some(Ok(name)) = values.next() else {
                let message =
                    "the quote that opens here isn't closed, or has an escape that JSON doesn't know".to_owned();
                return Err(RuleError { at: Some(place), message });
            };
            self.at += values.byte_offset();
            name
        } else {
            let word = self.word();
            self.at += word.len();
            word.to_owned()
        };
        if text.is_empty() {
            return Err(self.expected("an alarm's name"));
        }
        let of_arn = text.starts_with("arn:").then(|| text.split_once(":alarm:")).flatten();
        Ok(of_arn.map_or(text.clone(), |(_, name)| name.to_owned()))
    }
}
