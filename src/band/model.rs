//! A series' model: it predicts a band, then learns from the value.

use super::{Band, Judgement, Settings, SettingsError, State};

/// The model of one series.
#[derive(Clone, Debug)]
pub struct Model {
    mean: f64,
    square: f64,
    seen: u32,
}

impl Model {
    /// A model that has seen nothing.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Model { mean: 0.0, square: 0.0, seen: 0 })
    }

    /// The band of the period that starts at `at` (seconds since 1970), from what was learned so far.
    pub fn band(&self, _at: i64) -> Option<Band> {
        let deviation = self.square.sqrt();
        let lower = (self.mean - 2.0 * deviation).max(0.0);
        (self.seen >= 12).then_some(Band { expected: self.mean, lower, upper: self.mean + 2.0 * deviation })
    }

    /// Judges the value of the period that starts at `at`, then learns from it. Values come in order of time; one of a
    /// time at or before the last is judged but not learned. A period without a value is left out, not zero.
    pub fn step(&mut self, at: i64, value: f64) -> Judgement {
        let band = self.band(at);
        let error = value - self.mean;
        let score = error.abs() / self.square.sqrt().max(1.0);
        let gain = 1.0 / f64::from(self.seen.min(288) + 1);
        self.mean += gain * error;
        self.square += gain * (error * error - self.square);
        self.seen += 1;
        Judgement { band, score, anomalous: band.is_some() && score > 5.0 }
    }

    /// How far training is.
    pub fn state(&self) -> State {
        match self.seen {
            0..12 => State::PendingTraining,
            12..4032 => State::TrainedInsufficientData,
            _ => State::Trained,
        }
    }
}
