//! CloudWatch Metrics Insights SQL over committed counts.
//!
//! What enters is the text of a query, a range with its period, and the door to the counts; what leaves is an answer:
//! one row a series, or its buckets. A query that works there works here; the text is parsed as strictly as there, but
//! for some reserved words. This room refuses to know where counts are stored, how an answer is shown, and what time it
//! is.

mod answer;
mod answering;
mod ask;
mod buckets;
mod catalogue;
mod cells;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod matching;
mod numbering;
mod parquet;
mod parse;
mod pieces;
mod query;
mod rollup;
mod syntax;
mod token;
mod top;
mod totals;
mod words;

pub use answer::{Answer, Point, Series, Window};
pub use answering::answer;
pub use catalogue::{AWS_KMS, KEYTIDE_KMS, METRICS, Metric, find};
pub use error::InsightsError;
pub use parse::{CHARACTERS_MAX, parse, without_leading_comments};
pub use query::{Condition, Function, Key, Order, Query, Source, Value};
pub use syntax::SyntaxError;
pub use top::{By, Top, TopQuestion, TopRow, top};

#[cfg(test)]
mod brute_tests;
