//! The daemon: one schedule for reading, evaluating, publishing and keeping the store in order.
//!
//! What enters are a store, a clock, settings, and who evaluates, publishes and tells; what leaves is that they are
//! called in time, one writer after the other, and called again with growing pauses when they fail. It watches itself
//! too: what is wrong with it is told like any alarm. The room adds nothing to what is read, decided or sent.
//!
//! **Time.** The schedule counts in the system's monotonic time: a clock that jumps moves nothing. Times that are
//! stored and shown are the clock's, but never earlier than one given before in this process: after a jump back they
//! stand still until the clock has caught up.

mod engine;
mod files;
mod folders;
mod health;
mod manager;
mod memory;
mod on_store;
mod once;
mod parts;
mod run;
mod sending;
mod shared;
mod signals;
mod tasks;
#[cfg(test)]
mod tests;
mod told;
mod watching;

pub use health::{CONDITIONS, Condition, Facts, Failing, dedup_key, health, notice};
pub use once::once;
pub use parts::{Evaluate, Idle, Later, Parts, Publish, PublishSummary, RoundSummary, TaskError, Tell};
pub use run::{Ended, Reload, run};
pub use sending::Sending;
pub use signals::{Signal, signals};
pub use watching::{Telling, Watching, draw, routes_of};
