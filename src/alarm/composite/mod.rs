//! Alarms on the states of other alarms.

mod decide;
mod order;
mod parse;
mod rule;
mod suppress;
#[cfg(test)]
mod tests;

pub(super) use order::order;
pub use parse::RuleError;
pub use rule::{CompositeRule, Least, Node};
pub use suppress::{Passing, SuppressedBy, Suppression, Suppressor};
