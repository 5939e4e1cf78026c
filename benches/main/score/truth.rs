//! What the distribution that made a series scores: no band can be better than that, on the average.

use std::collections::HashMap;

use statrs::distribution::{DiscreteCDF, NegativeBinomial};

/// Probability outside a band of two standard deviations: 2 (1 − Φ(2)).
const ALPHA: f64 = 1.0 - 0.954_499_736_103_641_6;

/// Quantiles are computed for means in steps of half a percent: a band is a hundred times as wide.
const STEP: f64 = 0.005;

/// The scores of the true distribution.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    /// The mean interval score.
    pub winkler: f64,
    /// The share of values inside.
    pub coverage: f64,
}

impl Truth {
    /// Scores rows of true mean and value, whose counts have the given shape. The mean includes the level's wandering,
    /// which no band knows before: that is why a perfect one is above 1.
    pub fn of(rows: impl Iterator<Item = (f64, f64)>, shape: f64) -> Self {
        let mut edges: HashMap<i64, (f64, f64)> = HashMap::new();
        let (mut sum, mut inside, mut count) = (0.0, 0_u32, 0_u32);
        for (mean, value) in rows {
            let step = (mean.ln() / STEP).round();
            let (lower, upper) = *edges.entry(step as i64).or_insert_with(|| quantiles((step * STEP).exp(), shape));
            sum += (upper - lower) + 2.0 / ALPHA * ((lower - value).max(0.0) + (value - upper).max(0.0));
            inside += u32::from(lower <= value && value <= upper);
            count += 1;
        }
        let count = f64::from(count.max(1));
        Truth { winkler: sum / count, coverage: f64::from(inside) / count }
    }
}

/// Half of α lies below the first count, half above the second.
fn quantiles(mean: f64, shape: f64) -> (f64, f64) {
    let counts = NegativeBinomial::new(shape, shape / (shape + mean)).expect("shape and mean are positive");
    let at = |probability| counts.inverse_cdf(probability) as f64;
    (at(ALPHA / 2.0), at(1.0 - ALPHA / 2.0))
}
