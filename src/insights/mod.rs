//! CloudWatch Metrics Insights SQL over committed counts.
//!
//! What enters is the text of a query, a range with its period, and the door to the counts; what leaves is an answer:
//! one row a series, or its buckets. The text is parsed as strictly as the service does, so that a query that works here
//! works there. This room refuses to know where counts are stored, how an answer is shown, and what time it is.

mod parse;
mod query;
mod syntax;
mod token;
mod words;

pub use parse::{CHARACTERS_MAX, parse, without_leading_comments};
pub use query::{Condition, Function, Key, Order, Query, Source, Value};
pub use syntax::SyntaxError;
