//! The seasonal band: for every series, what is expected now and how far it may stray.
//!
//! What enters are a series' values, one a period, in order of time. What leaves for each is the band that was
//! predicted from the values before it, a score of how surprising the value is, and whether the alarm is on. This
//! room refuses to know where values come from and what time it is: it does no I/O, and the same values always give
//! the same bands.
//!
//! How a value is judged and learned, one file each: `season` estimates once a day, from the days that `history`
//! keeps, what the day will look like; `alternatives` notices holidays, and clocks that are put forward or back;
//! `level` corrects the season by what came in the last minutes and hours; `dispersion` and `distribution` turn the
//! expectation into edges; `baseline` is a slower expectation that incidents can't drag along; `change` tests values
//! and their recent sums against it, each test by its own `tail`; `spell` knows which alarms are about one change, and
//! `adoption` takes what it has shown for long for the new normal, as does `lasting` what has lasted for two days
//! without an alarm; `awake` watches what comes after a stop. `docs/band.md` has the equations in order, their sources,
//! and what each costs to leave out.

mod adoption;
mod alternatives;
mod awake;
mod baseline;
mod calendar;
mod change;
mod dispersion;
mod distribution;
mod history;
mod lasting;
mod learned;
mod level;
mod model;
mod saved;
pub mod score;
mod season;
mod settings;
mod sight;
mod spell;
mod tail;
#[cfg(test)]
mod tests;

pub use model::{Model, VALUE_MAX};
pub use saved::SavedError;
pub use settings::{Settings, SettingsError, Width};

/// What was expected of a period, from the past alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// The expected value, in the series' unit a period.
    pub expected: f64,
    /// The lower edge: values below it stray. Never below zero for a series that has never been negative.
    pub lower: f64,
    /// The upper edge: values above it stray.
    pub upper: f64,
}

/// What a model says of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Judgement {
    /// The band of the value's period, from earlier values only; `None` while there are too few of them.
    pub band: Option<Band>,
    /// How surprising the value is beyond what the series has shown in the last days, in decimal orders of magnitude:
    /// 3 means a thousand times rarer. 0 for a value that is nothing new.
    pub score: f64,
    /// Whether the alarm is on.
    pub anomalous: bool,
    /// Whether the value itself strays: an alarm stays on for a while after values have come back.
    pub strays: bool,
}

/// How far a model's training is, in CloudWatch's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No band yet.
    PendingTraining,
    /// A band, but from too little to rely on its seasons.
    TrainedInsufficientData,
    /// A band from two weeks or more.
    Trained,
}

impl State {
    /// CloudWatch's name.
    pub fn name(self) -> &'static str {
        match self {
            State::PendingTraining => "PENDING_TRAINING",
            State::TrainedInsufficientData => "TRAINED_INSUFFICIENT_DATA",
            State::Trained => "TRAINED",
        }
    }
}
