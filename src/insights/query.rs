//! A query as parsed.

use std::collections::BTreeSet;
use std::fmt;

/// A Metrics Insights query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What is made of the observations.
    pub function: Function,
    /// The metric's name.
    pub metric: String,
    /// Where metrics of that name are looked for.
    pub source: Source,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// What series are made by; none: one series.
    pub group_by: Vec<Key>,
    /// How series are ordered; none: by the values of `group_by`.
    pub order_by: Option<Order>,
    /// How many series are wanted, at least 1.
    pub limit: Option<u64>,
}

/// The functions of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// Sum by number of observations.
    Avg,
    /// Number of observations; in ORDER BY: number of buckets.
    Count,
    /// Largest observation.
    Max,
    /// Smallest observation.
    Min,
    /// Sum of observations.
    Sum,
}

impl Function {
    /// All of them.
    pub const ALL: [Function; 5] = [Function::Avg, Function::Count, Function::Max, Function::Min, Function::Sum];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Function::Avg => "AVG",
            Function::Count => "COUNT",
            Function::Max => "MAX",
            Function::Min => "MIN",
            Function::Sum => "SUM",
        }
    }

    /// The function of that name, in any case.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name().eq_ignore_ascii_case(name))
    }
}

/// The FROM clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The namespace.
    pub namespace: String,
    /// With SCHEMA: the names that a metric's dimensions must have, no more and no fewer.
    pub schema: Option<BTreeSet<String>>,
}

/// What a condition or a group looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A dimension.
    Dimension(String),
    /// `AWS.AccountId`.
    AccountId,
    /// `tag.NAME`: a tag of the resource.
    Tag(String),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Dimension(name) => f.write_str(name),
            Key::AccountId => f.write_str("AWS.AccountId"),
            Key::Tag(name) => write!(f, "tag.{name}"),
        }
    }
}

/// One comparison of the WHERE clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What is compared.
    pub key: Key,
    /// `=`, or else `!=`.
    pub equal: bool,
    /// What with.
    pub value: Value,
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text in single quotes.
    Text(String),
    /// `CURRENT_ACCOUNT_ID()`.
    CurrentAccount,
}

/// The ORDER BY clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The function over a series' bucket values.
    pub function: Function,
    /// DESC.
    pub descending: bool,
}

impl Query {
    /// The most series that an answer has (CloudWatch's quota).
    pub const SERIES_MAX: usize = 500;

    /// How many series the answer has at most. A LIMIT above CloudWatch's 500 is accepted and means 500.
    pub fn series_max(&self) -> usize {
        self.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(Self::SERIES_MAX).min(Self::SERIES_MAX)
    }
}
