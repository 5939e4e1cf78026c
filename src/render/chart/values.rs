//! The axis of values.

use super::BandPoint;
use super::text::short;

/// How many times the band's usual top a peak must be for the axis to be logarithmic: on a linear one all but the peak
/// would be flat.
const FLATTENS: f64 = 12.0;

/// From values to heights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Values {
    low: f64,
    high: f64,
    /// Of a logarithmic axis: below it the axis is all but linear, so that zero has a place.
    knee: Option<f64>,
    /// Pixels of the axis' top and bottom.
    top: f64,
    bottom: f64,
}

impl Values {
    /// An axis that holds the values, and the band unless that is far wider.
    pub(super) fn of(points: &[BandPoint], top: f64, bottom: f64) -> Self {
        let values = || points.iter().filter_map(|point| point.value);
        let bands = || points.iter().filter_map(|point| point.judgement.band);
        let mut uppers: Vec<f64> = bands().map(|band| band.upper).filter(|upper| upper.is_finite()).collect();
        uppers.sort_by(f64::total_cmp);
        let share = |part: f64| uppers.get((uppers.len() as f64 * part) as usize).or(uppers.last()).copied();
        let peak = values().fold(0.0, f64::max);
        // A young band may be many times wider than anything seen.
        let high = share(0.98).unwrap_or(0.0).min(if peak > 0.0 { 4.0 * peak } else { f64::MAX }).max(peak);
        let low = bands().map(|band| band.lower).chain(values()).filter(|value| value.is_finite()).fold(0.0, f64::min);
        let usual = share(0.9).unwrap_or(0.0);
        let is_flattened = low >= 0.0 && usual > 0.0 && peak > FLATTENS * usual;
        let knee = is_flattened.then(|| (share(0.5).unwrap_or(usual) / 4.0).max(usual / 100.0));
        let mut axis = Values { low, high: if high > low { high } else { low + 1.0 }, knee, top, bottom };
        let ticks = axis.ticks(5);
        match (knee, ticks.len() > 1) {
            (Some(_), _) => axis.high *= 1.25,
            // Up to the next tick, so that the top of the axis has a name.
            (None, true) => {
                let step = ticks[1] - ticks[0];
                axis.high = (axis.high / step).ceil() * step;
                axis.low = (axis.low / step).floor() * step;
            }
            _ => {}
        }
        axis
    }

    pub(super) fn is_logarithmic(&self) -> bool {
        self.knee.is_some()
    }

    /// A value's height in pixels; values beyond the axis are at its ends.
    pub(super) fn y(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        let place = |value: f64| match self.knee {
            Some(knee) => (value / knee).ln_1p(),
            None => value,
        };
        let part = (place(value) - place(self.low)) / (place(self.high) - place(self.low));
        self.bottom - part * (self.bottom - self.top)
    }

    /// Values that get a line and a name, about `wanted` of them.
    pub(super) fn ticks(&self, wanted: usize) -> Vec<f64> {
        let Some(knee) = self.knee else {
            let step = nice((self.high - self.low) / wanted.max(1) as f64);
            let first = (self.low / step).ceil();
            return (0..50)
                .map(|at| (first + f64::from(at)) * step)
                .take_while(|t| *t <= self.high * 1.000_001)
                .collect();
        };
        let first = (knee * 0.7).log10().ceil() as i32;
        let powers = (first..first + 20).map(|power| 10_f64.powi(power)).take_while(|tick| *tick <= self.high);
        std::iter::once(0.0).chain(powers).collect()
    }

    /// The ticks with their names, those left out that would touch the one below.
    pub(super) fn labels(&self, wanted: usize, line: f64) -> Vec<(f64, String)> {
        let mut labels: Vec<(f64, String)> = Vec::new();
        for tick in self.ticks(wanted) {
            let y = self.y(tick);
            if labels.last().is_none_or(|(below, _)| below - y >= line) {
                labels.push((y, short(tick)));
            }
        }
        labels
    }
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn nice(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|step| step * power).find(|step| *step >= least * 0.999_999).unwrap_or(10.0 * power)
}
