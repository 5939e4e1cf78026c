//! A seeded, realistic CloudTrail trail, and the truth about it.
//!
//! What enters is a seed and a handful of numbers; what leaves is a folder as CloudTrail fills a bucket, with the calls
//! of a made-up organization's keys among the events of other services, and beside it, under `truth/`, the counts that
//! a correct reader must reach. The truth is written down as the calls are made, never by reading the trail back, and
//! by none of the reader's code: this room knows nothing of `cloudtrail`, `tally` or `store`. It never holds the trail:
//! time passes minute by minute, and what is kept is the events that wait for their delivery, about ten minutes of
//! them, each a few words from which its record is written when its object is.

mod agenda;
mod caller;
mod delivery;
mod error;
mod fact;
mod flow;
mod flows;
mod generate;
mod incident;
mod key_step;
mod lifecycle;
mod noise;
mod options;
mod population;
mod purposes;
mod random;
mod record;
mod season;
mod seconds;
mod spec;
mod summary;
mod template;
mod threads;
mod truth;
mod world;
mod writer;

#[cfg(test)]
mod tests;

pub use error::SynthError;
pub use generate::generate;
pub use incident::IncidentSpec;
pub use options::{SynthOptions, parse_duration, parse_start};
pub use summary::{SynthProgress, SynthSummary};
