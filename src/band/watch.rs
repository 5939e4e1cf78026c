//! When the alarm goes on: how unusual the value and its recent sums are.
use super::spread::Spread;

pub(super) const SUMS: usize = 4;
const SUM_SECONDS: [f32; SUMS] = [900.0, 3600.0, 10800.0, 28800.0];
pub(super) const TESTS: usize = SUMS + 1;
const THRESHOLD: f32 = 2.5;

fn env(name: &str, default: f32) -> f32 { std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default) }

/// The tail of one test on one side: how often clusters of high values come, and how high they go.
#[derive(Clone, Debug)]
struct Tail { clusters: f32, excess: f32, steps: f32, open: f32, quiet: f32 }
impl Tail {
    fn new(prior_steps: f32, clusters: f32) -> Self {
        let n = clusters.max(0.5);
        Tail { clusters: n, excess: n * env("BETA", 0.35), steps: prior_steps, open: 0.0, quiet: 0.0 }
    }
    fn beta(&self) -> f32 { (self.excess + env("BN", 8.0) * env("BETA", 0.35)) / (self.clusters + env("BN", 8.0)) }
    /// Clusters a step that go as high.
    fn rate(&self, z: f32) -> f32 { self.clusters / self.steps * (-(z - THRESHOLD) / self.beta()).exp() }
    fn learn(&mut self, z: f32, span: f32, forget: f32) {
        self.steps = self.steps * forget + 1.0;
        self.clusters *= forget; self.excess *= forget;
        if z > THRESHOLD { self.open = self.open.max(z); self.quiet = 0.0; }
        else if self.open > 0.0 {
            self.quiet += 1.0;
            if self.quiet >= span {
                self.clusters += 1.0; self.excess += (self.open - THRESHOLD).min(env("BCAP", 2.5)); self.open = 0.0; self.quiet = 0.0;
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Watch {
    came: [f32; SUMS], due: [f32; SUMS], variance: [f32; SUMS], slow: [f32; SUMS], hours: Vec<[f32; SUMS]>,
    keep: [f32; SUMS], span: [f32; TESTS],
    tails: [[Tail; 2]; TESTS],
    forget: f32, week: f32, period: f32,
    pub on: bool, pub since: i64, pub side: f32,
    pub calm: f32,
    seen: f32,
    pub last: [f32; TESTS],
}

/// What a step says.
pub(super) struct Sight { pub score: f32, pub alarm: bool }

impl Watch {
    pub fn new(period: f32) -> Self {
        let week = 604_800.0 / period;
        let keep = SUM_SECONDS.map(|s| (-period / s.max(2.0 * period)).exp());
        let mut span = [1.0; TESTS];
        for k in 0..SUMS { span[k + 1] = (SUM_SECONDS[k] / period).max(1.0); }
        let tails = std::array::from_fn(|k| {
            let per_week = week / span[k] * 0.0062;
            [Tail::new(week, per_week), Tail::new(week, per_week)]
        });
        Watch { came: [0.0; SUMS], due: [0.0; SUMS], variance: [0.0; SUMS], slow: [env("SLOW0", 0.04); SUMS], hours: vec![[1.0; SUMS]; 24], keep, span, tails,
            forget: 1.0 - 1.0 / (4.0 * week), week, period, on: false, since: 0, side: 0.0, calm: 0.0, seen: 0.0, last: [0.0; TESTS] }
    }

    /// `z`: one-step deviate; baseline mean and variance; slow: whether sums may speak.
    pub fn look(&mut self, at: i64, z: f32, value: f32, mean: f32, variance: f32, counts: bool, slow: bool, ready: bool, hour: (usize, usize, f32), zb: f32) -> Sight {
        let sd = variance.sqrt();
        let clip = value.min(mean + 8.0 * sd).max(mean - 8.0 * sd).max(0.0);
        let mut zs = [0.0f32; TESTS];
        zs[0] = z;
        self.seen += 1.0;
        for k in 0..SUMS {
            let d = self.keep[k];
            self.came[k] = self.came[k] * d + clip;
            self.due[k] = self.due[k] * d + mean;
            self.variance[k] = self.variance[k] * d * d + variance;
            let (y, b) = (self.came[k], self.due[k]);
            let factor = self.hours[hour.0][k] * (1.0 - hour.2) + self.hours[hour.1][k] * hour.2;
            let v = self.variance[k] + self.slow[k] * factor * b * b;
            let s = Spread { mean: f64::from(b), variance: f64::from(v), counts };
            zs[k + 1] = s.deviate(f64::from(y)) as f32;
            if slow {
                if !self.on && env("HOURS", 1.0) > 0.0 {
                    // relative to the model: how far squared deviations of this hour exceed it
                    let q = ((y - b).powi(2) / v).min(9.0);
                    let share = self.slow[k] * factor * b * b / v;
                    let h = &mut self.hours[if hour.2 < 0.5 { hour.0 } else { hour.1 }][k];
                    let per_day = (3600.0 / self.period).max(1.0);
                    *h = (*h * (1.0 + env("HGAIN", 0.15) / per_day * share * (q - 1.0))).clamp(0.3, 30.0);
                }
                if !self.on {
                    let q = ((y - b).powi(2) / v).min(9.0);
                    let eta = (self.span[k + 1].recip() * env("SETA", 0.01)).max(1.0 / (3.0 * self.week)).min(0.02);
                    self.slow[k] = (self.slow[k] * (1.0 + eta * self.slow[k] * factor * b * b / v * (q - 1.0))).clamp(1e-5, 10.0);
                }
            }
        }
        self.last = zs;
        let mut best = f32::INFINITY;
        let mut side = 0.0;
        let mut fast = f32::INFINITY;
        let budget = env("BUDGET", 0.15) / (2.0 * TESTS as f32);
        for k in 0..TESTS {
            if k > 0 && !slow { continue; }
            for (i, sign) in [1.0f32, -1.0].into_iter().enumerate() {
                let mut x = zs[k] * sign;
                if k >= 2 && zs[k - 1] * sign < env("SUPPORT", 1.0) { x = x.min(0.0); }
                if k == 0 && slow && zb * sign < env("SIGN", 1.5) { x = x.min(0.0); }
                let rate = if x > THRESHOLD { self.tails[k][i].rate(x) * self.week } else { 100.0 };
                if rate < best { best = rate; side = sign; }
                if k == 0 { fast = fast.min(rate); }
                if !self.on { self.tails[k][i].learn(x, self.span[k], self.forget); }
            }
        }
        let score = (-(best / self.week).log10()).max(0.0);
        let excess = (value - mean).abs();
        let enough = !counts || excess >= env("MINX", 3.0) || side < 0.0;
        let hit = ready && best < budget && enough;
        if hit && !self.on { self.on = true; self.since = at; self.side = side; }
        let quiet = z.abs() < 2.0 && (!slow || zs[1].abs() < env("CALM", 2.0));
        self.calm = if quiet { self.calm + 1.0 } else { 0.0 };
        let mut alarm = self.on && !quiet;
        if self.on && self.calm >= self.span[1].max(2.0) {
            self.on = false; alarm = false;
            self.reset();
        }
        Sight { score, alarm }
    }

    /// Forgets what the sums hold beyond the expected.
    pub fn reset(&mut self) { self.came = self.due; }
    pub fn ratio(&self, k: usize) -> f32 { self.came[k] / self.due[k].max(1e-12) }
}
