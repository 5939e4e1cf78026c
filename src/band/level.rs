//! How far the series is from its season just now.

/// Number of memories.
pub(super) const MEMORIES: usize = 6;

/// Discounted ratios of what came to what the season expected, over several memories, and how much each tells of the
/// next value.
#[derive(Clone, Debug)]
pub(super) struct Level {
    seconds: [f32; MEMORIES],
    came: [f32; MEMORIES],
    due: [f32; MEMORIES],
    gain: [f32; MEMORIES],
    covariance: [[f64; MEMORIES]; MEMORIES],
    last: [f32; MEMORIES],
}

const PRIOR: f64 = 0.03;
const SECONDS: [f32; MEMORIES] = [1.0, 900.0, 3600.0, 14400.0, 86400.0, 300.0];

impl Level {
    pub fn new(period: f32) -> Self {
        let mut covariance = [[0.0; MEMORIES]; MEMORIES];
        let prior = [0.15, 0.15, 0.2, 0.2, 0.2, 0.1];
        for (i, row) in covariance.iter_mut().enumerate() { row[i] = PRIOR; }
        Level {
            seconds: SECONDS.map(|s| (-period / s.max(period * 0.5)).exp()),
            came: [0.0; MEMORIES], due: [0.0; MEMORIES], gain: prior, covariance, last: [0.0; MEMORIES],
        }
    }

    /// The logarithm of the factor on the season.
    pub fn factor(&mut self, prior: f32) -> f32 {
        let mut x = 0.0;
        for k in 0..MEMORIES {
            self.last[k] = ((self.came[k] + prior) / (self.due[k] + prior)).ln();
            x += self.gain[k] * self.last[k];
        }
        x
    }

    /// Learns the gains: `error` relative to what was predicted, `information` its inverse variance.
    pub fn learn_gain(&mut self, error: f32, information: f32, forget: f32) {
        let f = self.last.map(f64::from);
        let forget = f64::from(forget);
        let mut pf = [0.0; MEMORIES];
        for (p, row) in pf.iter_mut().zip(&self.covariance) {
            *p = row.iter().zip(&f).map(|(c, x)| c * x).sum();
        }
        let fpf: f64 = f.iter().zip(&pf).map(|(a, b)| a * b).sum();
        let denominator = 1.0 / f64::from(information) + fpf.max(0.0);
        for i in 0..MEMORIES {
            let k = pf[i] / denominator;
            self.gain[i] = (self.gain[i] + (k * f64::from(error)) as f32).clamp(-0.6, 1.2);
            for j in 0..MEMORIES {
                self.covariance[i][j] -= k * pf[j];
            }
        }
        let sum: f32 = self.gain.iter().sum();
        if sum > 1.02 { let d = (sum - 1.02) / MEMORIES as f32; for g in &mut self.gain { *g -= d; } }
        if sum < -0.1 { let d = (-0.1 - sum) / MEMORIES as f32; for g in &mut self.gain { *g += d; } }
        for (i, row) in self.covariance.iter_mut().enumerate() {
            for c in row.iter_mut() { *c *= forget; }
            row[i] += (1.0 - forget) * PRIOR;
        }
    }

    /// Adds a value and what the season said, both weighted.
    pub fn add(&mut self, came: f32, due: f32) {
        for k in 0..MEMORIES {
            self.came[k] = self.came[k] * self.seconds[k] + came;
            self.due[k] = self.due[k] * self.seconds[k] + due;
        }
    }
    pub fn gains(&self) -> [f32; MEMORIES] { self.gain }

    /// Lets time pass without a value.
    pub fn skip(&mut self, periods: f32) {
        for k in 0..MEMORIES {
            let d = self.seconds[k].powf(periods);
            self.came[k] *= d; self.due[k] *= d;
        }
    }
    /// The ratio over a memory.
    pub fn ratio(&self, k: usize, prior: f32) -> f32 { (self.came[k] + prior) / (self.due[k] + prior) }
    /// The level was taken into the season.
    pub fn rescale(&mut self, factor: f32) { for d in &mut self.due { *d *= factor; } }
}
