//! What is expected of an alarm's series: a band for each, learned period by period of the clock.

use std::collections::HashMap;

use super::error::WatchError;
use super::settings::WatchSettings;
use super::values::{Reader, Values};
use crate::alarm::{MetricAlarm, Point};
use crate::band::{Model, Settings, Width};
use crate::domain::{Minute, MinuteRange};

/// Days that a band learns from when it is begun.
const BAND_LEARNS_MINUTES: u32 = 35 * Minute::PER_DAY;

/// The bands of one alarm's series.
pub(super) struct Bands {
    settings: Settings,
    period: u32,
    /// Periods that an evaluation looks at.
    range: usize,
    /// Everything before this minute is learned.
    until: Minute,
    series: HashMap<String, Banded>,
}

struct Banded {
    model: Model,
    /// The newest periods with their edges, the newest last. A series has none before its first call.
    recent: Vec<Option<Point>>,
}

impl Bands {
    /// Bands that are to be judged by from a minute on.
    pub(super) fn new(
        metric: &MetricAlarm,
        deviations: f64,
        watch: &WatchSettings,
        from: Minute,
        stored_from: Minute,
    ) -> Self {
        let period = metric.period_seconds / 60;
        let settings = Settings {
            period_seconds: metric.period_seconds,
            zone: watch.zone,
            width: Width::Deviations(deviations),
            excluded: watch.maintenance.clone(),
        };
        let begin = from.0.saturating_sub(BAND_LEARNS_MINUTES).max(stored_from.0);
        let until = Minute(begin.div_ceil(period) * period);
        Bands { settings, period, range: metric.rule().range(), until, series: HashMap::new() }
    }

    /// Learns what is before a minute, a day at a time.
    pub(super) fn learn(&mut self, reader: &Reader<'_>, metric: &MetricAlarm, to: Minute) -> Result<(), WatchError> {
        let to = to.0 / self.period * self.period;
        while self.until.0 < to {
            let end = Minute(to.min(self.until.0 + Minute::PER_DAY));
            let values = reader.values(metric, MinuteRange { start: self.until, end })?;
            self.advance(&values, end)?;
        }
        Ok(())
    }

    /// Steps every series through the periods up to a minute, a multiple of the period.
    pub(super) fn advance(&mut self, values: &Values, end: Minute) -> Result<(), WatchError> {
        while self.until < end {
            let range = MinuteRange { start: self.until, end: Minute(self.until.0 + self.period) };
            for (place, series) in values.series.iter().enumerate() {
                if !self.series.contains_key(&series.id) {
                    let banded = Banded { model: Model::new(&self.settings)?, recent: Vec::new() };
                    self.series.insert(series.id.clone(), banded);
                }
                let banded = self.series.get_mut(&series.id).expect("it was put there if it was not");
                let value = values.over(place, range, range.start);
                banded.step(range.start.first_second(), value, self.range);
            }
            self.until = range.end;
        }
        Ok(())
    }

    /// The newest periods of a series.
    pub(super) fn points(&self, series: &str) -> &[Option<Point>] {
        self.series.get(series).map_or(&[], |banded| &banded.recent)
    }
}

impl Banded {
    fn step(&mut self, at: i64, value: Option<f64>, range: usize) {
        // A key that doesn't exist yet has no zeros to learn from.
        let value = value.filter(|value| *value != 0.0 || self.model.seen().is_some());
        let point = value.map(|value| {
            let band = self.model.step(at, value).band.map(|band| (band.lower, band.upper));
            Point { value, band }
        });
        self.recent.push(point);
        let surplus = self.recent.len().saturating_sub(range);
        self.recent.drain(..surplus);
    }
}
