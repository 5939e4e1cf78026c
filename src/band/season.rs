//! What a day is expected to look like, from the days before it.
use super::calendar::Place;
use super::history::History;

/// Spread that the estimate is weighed against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise {
    /// Variance of a value of mean m: `unit * m + scale * m * m`, relative to the level.
    pub unit: f32,
    pub scale: f32,
    /// Relative variance that doesn't average out within a day.
    pub slow: f32,
    pub floor: f32,
}

impl Noise {
    fn variance(&self, mean: f32) -> f32 {
        self.unit * mean + self.scale * mean * mean + self.floor
    }
}

/// Weight halves with this many days.
const MEMORY_DAYS: f32 = 14.0;

struct Sums { weight: Vec<f32>, value: Vec<f32>, doubt: Vec<[f32; 4]> }
impl Sums {
    fn new(n: usize) -> Self { Sums { weight: vec![0.0; n], value: vec![0.0; n], doubt: vec![[0.0; 4]; n] } }
    fn add(&mut self, w: f32, recent: f32, values: &[(f32, bool)]) {
        for (((s, v), d), (x, doubted)) in self.weight.iter_mut().zip(&mut self.value).zip(&mut self.doubt).zip(values) {
            if x.is_nan() { continue; }
            if *doubted { d[0] += w; d[1] += w * x; d[2] += recent; d[3] += 1.0; }
            else { *s += w; *v += w * x; d[2] -= recent; }
        }
    }
    /// Takes doubted values in where they came again.
    fn settle(mut self) -> Self {
        for ((s, v), d) in self.weight.iter_mut().zip(&mut self.value).zip(&self.doubt) {
            if d[2] > 0.0 && d[3] >= 2.0 { 
                if std::env::var("FULL").is_ok() { *s = d[0]; *v = d[1]; } else { *s += d[0]; *v += d[1]; }
            }
        }
        self
    }
}

fn windows(weight: &[f32], value: &[f32], half: usize) -> (Vec<f32>, Vec<f32>) {
    let n = weight.len();
    let (mut w, mut v) = (vec![0.0; n], vec![0.0; n]);
    let (mut sw, mut sv) = (0.0f64, 0.0f64);
    let half = half.min(n - 1);
    for i in 0..half { sw += f64::from(weight[i]); sv += f64::from(value[i]); }
    for i in 0..n {
        if i + half < n { sw += f64::from(weight[i + half]); sv += f64::from(value[i + half]); }
        if i > half { sw -= f64::from(weight[i - half - 1]); sv -= f64::from(value[i - half - 1]); }
        w[i] = sw.max(0.0) as f32; v[i] = sv.max(0.0) as f32;
    }
    (w, v)
}

/// The profile of a day.
pub(super) fn profile(history: &History, slots: usize, day: i64, period: usize, noise: Noise) -> Option<Vec<f32>> {
    let (mut all, mut group, mut same) = (Sums::new(slots), Sums::new(slots), Sums::new(slots));
    let mut n_days = 0;
    let mut buf = vec![(0.0f32, false); slots];
    for (d, values) in history.days() {
        if d >= day { continue; }
        let age = (day - d) as f32;
        let w = (-age * std::f32::consts::LN_2 / MEMORY_DAYS).exp();
        for (b, x) in buf.iter_mut().zip(values) { *b = x; }
        let recent = (-age * std::f32::consts::LN_2 / env("RECENT", 2.0)).exp();
        all.add(w, recent, &buf);
        if Place::is_weekend(d) == Place::is_weekend(day) { group.add(w, recent, &buf); }
        if Place::weekday(d) == Place::weekday(day) { same.add(w, recent, &buf); }
        n_days += 1;
    }
    if n_days == 0 { return None; }
    let (all, group, same) = (all.settle(), group.settle(), same.settle());
    let wide = (2700 / period).max(if slots > 8 { 1 } else { 0 });
    let mid = 900 / period;
    let base = smooth_mean(&all, wide, mid, noise);
    let base = base?;
    let with_group = deviate(&base, &group, wide, noise);
    Some(deviate(&with_group, &same, wide, noise))
}

fn smooth_mean(sums: &Sums, wide: usize, mid: usize, noise: Noise) -> Option<Vec<f32>> {
    let n = sums.weight.len();
    let (ww, wv) = windows(&sums.weight, &sums.value, wide);
    let (mw, mv) = windows(&sums.weight, &sums.value, mid);
    let total: f32 = sums.weight.iter().sum();
    if total <= 0.0 { return None; }
    let grand = sums.value.iter().sum::<f32>() / total;
    let mut out = vec![0.0; n];
    for i in 0..n {
        let mut p = if ww[i] > 0.0 { wv[i] / ww[i] } else { grand };
        let var = noise.variance(p);
        if mw[i] > 0.0 && mid < wide {
            let e = mv[i] / mw[i] - p;
            let v = var / mw[i];
            p += shrink(e, v, 3.0) * e;
        }
        if sums.weight[i] > 0.0 {
            let raw = sums.value[i] / sums.weight[i];
            let e = raw - p;
            let v = noise.variance(p.max(0.3*raw)) / sums.weight[i];
            p += shrink(e, v, 4.0) * e;
        }
        out[i] = p.max(0.0);
    }
    Some(out)
}

fn deviate(base: &[f32], sums: &Sums, wide: usize, noise: Noise) -> Vec<f32> {
    let n = base.len();
    // ratio form: observed sum against expected sum
    let expected: Vec<f32> = sums.weight.iter().zip(base).map(|(w, b)| w * b).collect();
    let (ew, ev) = windows(&expected, &sums.value, wide);
    let (nw, _) = windows(&sums.weight, &sums.value, wide);
    let mut out = vec![0.0; n];
    for i in 0..n {
        let mut p = base[i];
        let w = sums.weight[i];
        if nw[i] > 0.0 {
            let eb = ew[i] / nw[i];
            let wide_mean = ev[i] / nw[i];
            let e = wide_mean - eb;
            let per_slot = nw[i] / (2.0 * wide as f32 + 1.0);
            let v = noise.variance(eb) / nw[i] + noise.slow * eb * eb / per_slot.max(0.05);
            let k = shrink(e, v, 1.5);
            if eb > 0.0 { p *= 1.0 + k * e / eb } else { p += k * e }
        }
        if w > 0.0 {
            let raw = sums.value[i] / w;
            let e = raw - p;
            let v = noise.variance(p.max(0.3*raw)) / w + noise.slow * p * p / w;
            p += shrink(e, v, 4.0) * e;
        }
        out[i] = p.max(0.0);
    }
    out
}

fn shrink(e: f32, v: f32, c: f32) -> f32 {
    let e2 = e * e;
    if e2 <= c * v { 0.0 } else { 1.0 - c * v / e2 }
}

fn env(name: &str, default: f32) -> f32 { std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default) }

/// How far the profile swings within so many slots either way.
pub(super) fn edges(profile: &[f32], half: usize) -> Vec<f32> {
    let n = profile.len();
    (0..n).map(|i| {
        let window = &profile[i.saturating_sub(half)..(i + half + 1).min(n)];
        let (low, high) = window.iter().fold((f32::MAX, 0.0f32), |(l, h), x| (l.min(*x), h.max(*x)));
        high - low
    }).collect()
}
