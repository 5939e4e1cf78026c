//! A caller's usual level and its scatter, from few windows of which some may be odd.

/// With fewer windows than this, days of another kind are looked at too.
pub(super) const WINDOWS_MIN: usize = 3;
/// With fewer windows than this, little is known of the scatter.
const WINDOWS_ENOUGH: usize = 5;
/// The part of the windows that is left out at either end.
const TRIMMED: f64 = 0.25;
/// Quantiles of the windows between which the scatter is measured, and how many standard deviations lie between them.
const QUANTILES: (f64, f64) = (0.15, 0.85);
const DEVIATIONS: f64 = 2.073;
/// A level is known no better than to this part of it.
const KNOWN_TO: f64 = 0.1;
const BARELY_KNOWN_TO: f64 = 0.3;

/// What is usual.
pub(super) struct Level {
    /// Calls of a usual window.
    pub(super) usual: f64,
    /// The standard deviation between windows, where it shows.
    spread: f64,
    known_to: f64,
}

impl Level {
    /// Of earlier windows; nothing is usual if there are none.
    pub(super) fn of(mut windows: Vec<f64>) -> Level {
        windows.sort_by(f64::total_cmp);
        let count = windows.len();
        let known_to = if count < WINDOWS_ENOUGH { BARELY_KNOWN_TO } else { KNOWN_TO };
        if count == 0 {
            return Level { usual: 0.0, spread: 0.0, known_to };
        }
        let cut = ((count as f64 * TRIMMED) as usize).max((count - 1) / 2 * usize::from(count < WINDOWS_MIN + 1));
        let kept = &windows[cut..count - cut];
        let quantile = |part: f64| windows[(part * (count - 1) as f64) as usize];
        let spread = (quantile(QUANTILES.1) - quantile(QUANTILES.0)) / DEVIATIONS;
        Level { usual: kept.iter().sum::<f64>() / kept.len() as f64, spread, known_to }
    }

    /// The standard deviation that one more window may have: of counting, between days, and of not knowing better.
    pub(super) fn scatter(&self) -> f64 {
        (self.usual.max(1.0) + self.spread * self.spread + (self.known_to * self.usual).powi(2)).sqrt()
    }
}
