//! The watch: every series' model stepped through what is committed, and what follows from it.
//!
//! What enters are committed counts up to the watermark; what leaves, in one transaction each round, are states,
//! incidents and the notices that are owed. Everything here can be computed again from the counts: models are kept so
//! that a restart needn't.

mod error;
mod fleet;
mod incidents;
mod replay;
mod settings;
#[cfg(test)]
mod tests;

pub use error::WatchError;
pub use fleet::SeriesId;
pub use settings::WatchSettings;
