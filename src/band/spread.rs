//! The distribution of a value around its expectation.

/// A distribution of non-negative values, by mean and variance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread { pub mean: f64, pub variance: f64, pub counts: bool }

/// up to this mean NB sums are exact
const EXACT: f64 = 40.0;

impl Spread {
    /// Quantiles: (lower, upper) at standard normal deviates -zl, zu with probabilities
    pub fn edges(&self, zl: f64, zu: f64, pl: f64, pu: f64) -> (f64, f64) {
        if self.counts && self.mean < EXACT {
            let (lo, hi) = self.exact(pl, 1.0 - pu);
            return (lo, hi);
        }
        let (lo, hi) = (self.cornish(-zl), self.cornish(zu));
        if self.counts { (lo.round().max(0.0), hi.round()) } else { (lo, hi) }
    }
    /// Wilson-Hilferty
    fn cornish(&self, z: f64) -> f64 {
        let a = self.mean * self.mean / self.variance;
        if a > 1e6 { return self.mean + z * self.variance.sqrt(); }
        let t = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt());
        if t <= 0.0 { 0.0 } else { self.mean * t * t * t }
    }
    fn exact(&self, pl: f64, pu: f64) -> (f64, f64) {
        let m = self.mean.max(1e-9);
        let v = self.variance.max(m * 1.0001);
        let r = m * m / (v - m);
        let q = m / v; // success prob p = m/v ; P(0) = p^r
        let mut p = (r * q.ln()).exp();
        let s = 1.0 - q;
        let (mut cum, mut k, mut lo) = (p, 0.0f64, None);
        for _ in 0..2000 {
            if lo.is_none() && cum >= pl { lo = Some(k); }
            if cum >= pu { break; }
            p *= (k + r) / (k + 1.0) * s;
            k += 1.0; cum += p;
        }
        (lo.unwrap_or(k), k)
    }
    /// Standard normal deviate of a value: signed root of the deviance.
    pub fn deviate(&self, value: f64) -> f64 {
        if self.counts {
            let m = self.mean.max(1e-9);
            let r = m * m / (self.variance - m).max(1e-6 * m);
            let side = (value - m).signum();
            // continuity: half a call towards the mean
            let y = if (value - m).abs() < 0.5 { m } else { (value - 0.5 * side).max(0.0) };
            let first = if y > 0.0 { y * (y / m).ln() } else { 0.0 };
            let d = if r > 1e6 * (1.0 + y) { first - (y - m) } else { first - (y + r) * ((y + r) / (m + r)).ln() };
            return side * (2.0 * d.max(0.0)).sqrt();
        }
        let a = self.mean * self.mean / self.variance;
        if a > 1e6 { return (value - self.mean) / self.variance.sqrt(); }
        ((value / self.mean).max(0.0).cbrt() - 1.0 + 1.0 / (9.0 * a)) * 3.0 * a.sqrt()
    }
}
