//! What series are called.

use crate::domain::Outcome;

/// What tells a watched series from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesId {
    /// The key.
    pub key_arn: String,
    /// The operation.
    pub operation: String,
    /// Which calls are counted.
    pub outcome: Outcome,
}

impl SeriesId {
    /// One text for all of it: what its saved model is called.
    pub(super) fn name(&self) -> String {
        format!("{} {} {}", self.key_arn, self.operation, self.outcome.metric())
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        let mut parts = name.split(' ');
        let (key_arn, operation, metric) = (parts.next()?.to_owned(), parts.next()?.to_owned(), parts.next()?);
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.metric() == metric)?;
        Some(SeriesId { key_arn, operation, outcome })
    }
}
