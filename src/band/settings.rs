//! What an operator sets of a band.

use chrono_tz::Tz;

use super::distribution::tail_probability;

/// CloudWatch's default width.
const DEVIATIONS: f64 = 2.0;

/// Settings of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Length of a period in seconds: 60 to 86,400.
    pub period_seconds: u32,
    /// The time zone of the seasons.
    pub zone: Tz,
    /// How wide the band is and when the alarm goes on.
    pub width: Width,
    /// Ranges that the model doesn't learn from: half-open, seconds since 1970.
    pub excluded: Vec<(i64, i64)>,
}

/// How wide a band is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Width {
    /// As many standard deviations of a normal distribution: 2 leaves 95.45 % inside. The band's edges are the
    /// quantiles of the series' own distribution at those probabilities.
    Deviations(f64),
    /// Thresholds such that the whole fleet of series pages falsely so often a week.
    FalsePagesPerWeek {
        /// False pages a week over the whole fleet.
        pages: f64,
        /// Series in the fleet.
        series: u32,
    },
}

/// False pages that a series may raise a week at two standard deviations: one in five weeks.
const PAGES_PER_SERIES_WEEK: f64 = 0.2;

impl Width {
    /// The band's half width in standard deviations of a normal distribution.
    pub fn deviations(self) -> f64 {
        match self {
            Width::Deviations(deviations) => deviations,
            Width::FalsePagesPerWeek { .. } => DEVIATIONS,
        }
    }

    /// How often one series may page falsely in a week. A wider band pages more rarely, as the normal
    /// distribution's tails shrink.
    pub fn pages_per_week(self) -> f64 {
        match self {
            Width::Deviations(deviations) => {
                PAGES_PER_SERIES_WEEK * tail_probability(deviations) / tail_probability(DEVIATIONS)
            }
            Width::FalsePagesPerWeek { pages, series } => pages / f64::from(series.max(1)),
        }
    }
}

impl Default for Width {
    fn default() -> Self {
        Width::Deviations(DEVIATIONS)
    }
}

/// Settings that no model can have.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// The period is out of range.
    #[error("a period of {0} s has no band; give one from 60 s to 86400 s (a day)")]
    Period(u32),
    /// The width is no positive number.
    #[error("a width of {0} is no band; give a positive number of standard deviations, such as 2")]
    Deviations(f64),
    /// The budget is no positive number.
    #[error("a budget of {0} false pages a week can't be kept; give a positive number, such as 1")]
    Budget(f64),
}

impl Settings {
    /// Settings with a period, in UTC, two standard deviations wide.
    pub fn new(period_seconds: u32) -> Self {
        Settings { period_seconds, zone: Tz::UTC, width: Width::default(), excluded: Vec::new() }
    }

    /// Checks every setting.
    pub fn check(&self) -> Result<(), SettingsError> {
        if !(60..=86_400).contains(&self.period_seconds) {
            return Err(SettingsError::Period(self.period_seconds));
        }
        match self.width {
            Width::Deviations(width) if !(width > 0.0 && width.is_finite()) => Err(SettingsError::Deviations(width)),
            Width::FalsePagesPerWeek { pages, .. } if !(pages > 0.0 && pages.is_finite()) => {
                Err(SettingsError::Budget(pages))
            }
            _ => Ok(()),
        }
    }
}
