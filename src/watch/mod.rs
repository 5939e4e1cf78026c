//! The watch: every series' model stepped through what is committed, and what follows from it.
//!
//! What enters are committed counts up to the watermark; what leaves, in one transaction each round, are states,
//! incidents and the notices that are owed. Everything here can be computed again from the counts: models are kept so
//! that a restart needn't.

mod alarm_cause;
mod alarms;
mod bands;
mod begun;
mod cause;
mod error;
mod evaluate;
mod fleet;
mod gaps;
mod gone;
#[cfg(test)]
mod incident_tests;
mod incidents;
mod memories;
mod notices;
mod pairs;
mod pool_cause;
mod quota_use;
mod replay;
mod report;
mod revise;
mod rounds;
mod routed;
mod settings;
mod setup;
mod silences;
mod states;
mod stored;
mod strayed;
mod tell;
mod values;

pub use error::WatchError;
pub use evaluate::{Evaluation, evaluate, pages_by_budget};
pub use fleet::SeriesId;
pub use notices::incident_notice;
pub use replay::{AlarmPage, alarm_pages};
pub use report::{RoundReport, SilentStream};
pub use rounds::Watch;
pub use settings::{SERIES_MAX, WatchSettings};
pub use setup::Setup;
pub use states::{AlarmState, states};
pub use stored::{incident, incident_name, incident_number, incidents_since};
pub use tell::messages;
