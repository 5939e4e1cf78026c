//! A series' model: it predicts a band, then learns from the value.

use super::calendar::{Calendar, DAY};
use super::history::History;
use super::level::Level;
use super::season::{self, Noise};
use super::spread::Spread;
use super::watch::Watch;
use super::{Band, Judgement, Settings, SettingsError, State};

/// The model of one series.
#[derive(Clone, Debug)]
pub struct Model {
    calendar: Calendar,
    period: i64,
    slots: usize,
    history: History,
    profile: Vec<f32>,
    inflation: Vec<f32>,
    level: Level,
    base: f32,
    scale: f32,
    volatility: f32,
    offsets: [f32; 2],
    seen: u32,
    day: i64,
    first: i64,
    last: i64,
    counts: bool,
    seasonal: bool,
    unit: f32,
    shift: f64,
    largest: f32,
    watch: Watch,
    guard: [f32; 2],
    edge: Vec<f32>,
    jitter: [f32; 2],
    refreshed: u32,
    settings: Settings,
}

fn env(name: &str, default: f32) -> f32 { std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default) }

struct Guess { spread: Spread, season: f32, slot: usize, day: i64, mean: f32 }

impl Model {
    /// A model that has seen nothing.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let calendar = Calendar::new(settings.zone, settings.period_seconds);
        let slots = calendar.slots();
        let days = if slots > 400 { 16 } else { 35 };
        Ok(Model {
            period: i64::from(settings.period_seconds), slots,
            history: History::new(days, slots), profile: Vec::new(), inflation: vec![1.0; slots],
            level: Level::new(settings.period_seconds as f32), base: 0.0, scale: 0.1, volatility: 1.0,
            offsets: [0.0; 2], seen: 0, day: i64::MIN, first: 0, last: i64::MIN, counts: true, seasonal: false, unit: 1.0, shift: 0.0, largest: 0.0, watch: Watch::new(settings.period_seconds as f32), guard: [0.0; 2], edge: Vec::new(), jitter: [0.1, 5.0], refreshed: 0, settings: settings.clone(),
            calendar,
        })
    }

    fn guess(&mut self, at: i64) -> Guess {
        let place = self.calendar.place(at);
        if place.day != self.day {
            if self.day != i64::MIN && place.day > self.day { self.refresh(place.day); }
            self.day = place.day;
        }
        let season = self.base * if self.seasonal { self.profile[place.slot] } else { 1.0 };
        let floor = self.floor();
        let season = season.max(floor);
        let prior = self.prior();
        let x = self.level.factor(prior).clamp(-4.0, 4.0);
        let mean = season * x.exp();
        let v = self.variance(mean, place.slot);
        Guess { spread: Spread { mean: f64::from(mean), variance: f64::from(v), counts: self.counts }, season, slot: place.slot, day: place.day, mean }
    }
    fn prior(&self) -> f32 { env("PRIOR", 1.0) }
    fn floor(&self) -> f32 { if self.counts { 0.003 } else { (self.base * env("FLOOR",0.01)).max(1e-12) } }
    fn variance(&self, mean: f32, slot: usize) -> f32 {
        let r = if self.seasonal { self.inflation[slot] } else { 1.0 };
        let b = env("VOL", 0.3);
        let g = 1.0 - b + b * self.volatility;
        let unit = if self.counts { 1.0 } else { 0.0 };
        let v = unit * mean + self.scale * mean * mean;
        let v = v * r * g + if self.counts { 0.0 } else { (1e-3 * self.base).powi(2) };
        if self.counts { v.max(mean * 1.001) } else { v }
    }

    fn refresh(&mut self, day: i64) {
        if self.base > 0.0 {
            let ratio = self.level.ratio(4, self.prior());
            let rho = env("RHO", 0.0);
            let f = ratio.powf(rho);
            if self.seasonal { self.base *= f; self.level.rescale(f); }
        }
        let b = self.base.max(1e-12);
        let noise = Noise { unit: if self.counts { 1.0 / b } else { 0.0 }, scale: self.scale, slow: env("SLOW", 0.03), floor: 1e-6 };
        if let Some(p) = season::profile(&self.history, self.slots, day, usize::try_from(self.period).unwrap_or(1), noise) {
            self.edge = season::edges(&p, (env("JW",600.0) as i64 / self.period).max(1) as usize); self.profile = p; self.seasonal = true; self.refreshed += 1;
        }
    }

    /// Band now.
    pub fn band(&mut self, at: i64) -> Option<Band> {
        if !self.ready() { return None; }
        let g = self.guess(at);
        Some(self.edges(&g))
    }
    fn ready(&self) -> bool { self.seen >= 24.min(u32::try_from((7200 / self.period).max(8)).unwrap_or(24)) }

    fn edges(&self, g: &Guess) -> Band {
        let normal = |z: f64| 0.5 * statrs::function::erf::erfc(z / std::f64::consts::SQRT_2);
        let (zl, zu) = (2.0 + f64::from(self.offsets[0]), 2.0 + f64::from(self.offsets[1]));
        let (lo, hi) = g.spread.edges(zl, zu, normal(zl), normal(zu));
        Band { expected: g.spread.mean, lower: lo, upper: hi }
    }

    /// Judges the value of the period that starts at `at`, then learns from it.
    pub fn step(&mut self, at: i64, value: f64) -> Judgement {
        if value.is_nan() { return Judgement { band: self.band(at), score: 0.0, anomalous: false }; }
        if value.fract() != 0.0 { self.counts = false; }
        if value + self.shift < 0.0 {
            let mut m = Model::new(&self.settings).expect("checked");
            m.shift = 4.0 * value.abs().max(f64::from(self.largest));
            m.counts = false;
            *self = m;
            return self.step(at, value);
        }
        self.largest = self.largest.max(value.abs() as f32);
        let value = value + self.shift;
        let judgement = self.step_shifted(at, value);
        let band = judgement.band.map(|b| Band { expected: b.expected - self.shift, lower: b.lower - self.shift, upper: b.upper - self.shift });
        Judgement { band, ..judgement }
    }
    fn step_shifted(&mut self, at: i64, value: f64) -> Judgement {
        if self.seen == 0 { self.first = at; self.base = value as f32; self.last = at - self.period; }
        let gap = (at - self.last) / self.period;
        if gap > 1 { self.level.skip((gap - 1) as f32); }
        let g = self.guess(at);
        let band = self.ready().then(|| self.edges(&g));
        let z = g.spread.deviate(value) as f32;
        if std::env::var("DBG").is_ok() { eprintln!("{} v={value} mean={} var={} season={} base={} scale={} infl={} vol={} gains={:?} z={z} off={:?}", self.seen, g.mean, g.spread.variance, g.season, self.base, self.scale, self.inflation[g.slot], self.volatility, self.level.gains(), self.offsets); }
        // the guarded baseline
        let gp = env("GPRIOR", 3.0);
        let ratio = ((self.guard[0] + gp) / (self.guard[1] + gp)).powf(env("GPOW", 0.8));
        let baseline = (g.season * ratio).max(self.floor());
        let bv = self.variance(baseline, g.slot);
        let slow = self.refreshed >= 2;
        let swing = if self.seasonal { self.base * ratio * self.edge[g.slot] } else { 0.0 };
        let jittered = (self.jitter[0] / self.jitter[1]).min(0.5) * swing * swing * env("JIT", 1.0);
        if swing * swing > 9.0 * bv && !self.watch.on {
            let e = ((value as f32 - baseline).powi(2) - bv).max(0.0) / (swing * swing);
            self.jitter = [self.jitter[0] * 0.99 + e.min(1.0), self.jitter[1] * 0.99 + 1.0];
        }
        let bv = bv + jittered;
        let zfast = if jittered > 0.0 { Spread { variance: g.spread.variance + f64::from(jittered), ..g.spread }.deviate(value) as f32 } else { z };
        let zb = Spread { mean: f64::from(baseline), variance: f64::from(bv), counts: self.counts }.deviate(value) as f32;
        let h = (g.slot as f32 + 0.5) * 24.0 / self.slots as f32 - 0.5;
        let low = h.floor();
        let hour = ((low as i32).rem_euclid(24) as usize, (low as i32 + 1).rem_euclid(24) as usize, h - low);
        let sight = self.watch.look(at, zfast, value as f32, baseline, bv, self.counts, slow, band.is_some(), hour, zb);
        let w = 1.0 / (if self.counts { 1.0 } else { 0.0 } + self.scale * g.season).max(1e-12);
        let day = (-(self.period as f32) / env("GDAY", 86400.0)).exp();
        let sd = bv.sqrt();
        let c = (value as f32).clamp(baseline - 2.5 * sd, baseline + 2.5 * sd).max(0.0);
        if !self.watch.on { self.guard = [self.guard[0] * day + w * c, self.guard[1] * day + w * g.season]; }
        if std::env::var("DBG2").is_ok() { eprintln!("{at},{value},{:.3},{:.3},{:.2},{:.2},{:.2},{:.2},{:.2},{:.2},{:.2},{}", g.mean, baseline, bv.sqrt(), z, self.watch.last[1], self.watch.last[2], self.watch.last[3], self.watch.last[4], sight.score, self.watch.on as u8); }
        let judgement = Judgement { band, score: f64::from(sight.score), anomalous: sight.alarm };
        self.learn(at, value as f32, z, &g, band, (baseline, bv.sqrt()));
        judgement
    }

    fn learn(&mut self, at: i64, value: f32, z: f32, g: &Guess, band: Option<Band>, baseline: (f32, f32)) {
        self.seen += 1;
        self.last = at;
        let slots_day = (DAY / self.period) as f32;
        // unseasonal base: slow mean in the first day
        if !self.seasonal {
            let gain = 1.0 / self.seen as f32;
            let old = self.base;
            self.base += gain * (value - self.base);
            if self.base > 0.0 && old > 0.0 { self.level.rescale(self.base / old); }
        }
        let sd = f32::sqrt(g.spread.variance as f32);
        let limit = env("CLIP", 5.0);
        let young = self.seen < 24;
        let clipped = if young { value } else { value.clamp(g.mean - limit * sd, g.mean + limit * sd).max(0.0) };
        // conformal offsets
        if let Some(b) = band {
            let alpha = 0.02275f32;
            let eta = env("ETA", 0.03);
            let up = if f64::from(value) > b.upper { 1.0 } else if f64::from(value) == b.upper && self.counts { alpha } else { 0.0 };
            let lo = if f64::from(value) < b.lower { 1.0 } else if f64::from(value) == b.lower && self.counts { alpha } else { 0.0 };
            if z.abs() < 6.0 {
                self.offsets[1] = (self.offsets[1] + eta * (up - alpha)).clamp(-1.0, 2.0);
                self.offsets[0] = (self.offsets[0] + eta * (lo - alpha)).clamp(-1.0, 2.0);
            }
        }
        // dispersion
        let e = clipped - g.mean;
        let z2 = (e * e / (g.spread.variance as f32)).min(9.0);
        let eta = (3.0 / (self.seen as f32 + 10.0)).max(1.0 / (3.0 * slots_day).max(100.0));
        let unit = if self.counts { 1.0 } else { 0.0 };
        let share = self.scale * g.mean / (unit + self.scale * g.mean);
        self.scale = (self.scale * (eta * share * (z2 - 1.0) * env("Z2", 1.0)).exp()).clamp(1e-7, 50.0);
        let hours = (-(self.period as f32) / 3600.0).exp();
        self.volatility = hours * self.volatility + (1.0 - hours) * z2;
        if self.seasonal {
            let w = (300.0 / self.period as f32).clamp(0.05, 1.0);
            let n = (900 / self.period) as i64;
            let kappa = env("INFL", 0.025) * w;
            for j in -n..=n {
                let k = (g.slot as i64 + j).rem_euclid(self.slots as i64) as usize;
                let weight = if j == 0 { 1.0 } else { 0.4 };
                let r = &mut self.inflation[k];
                *r *= 1.0 + kappa * weight * (z2 - 1.0);
                *r = r.clamp(0.2, 20.0);
            }
        }
        // level gains
        let information = (g.mean * g.mean / (g.spread.variance as f32)).min(env("INFO", 400.0));
        let forget = 1.0 - 1.0 / (env("FORGET", 10.0) * slots_day).max(200.0);
        self.level.learn_gain(e / g.mean, information, forget);
        let weight = 1.0 / (1.0 + self.scale * g.season);
        let weight = if self.counts { weight } else { 1.0 / (self.scale * g.season).max(1e-12) };
        self.level.add(weight * clipped, weight * g.season);
        // history
        let limit = env("KEEP", 6.0);
        let mut doubted = (value - g.mean).abs() > limit * sd;
        if self.watch.on { doubted |= (value - baseline.0).abs() > env("KEEPON", 2.0) * baseline.1; }
        doubted &= self.refreshed >= 2;
        let b = self.base.max(1e-12);
        if self.base > 0.0 { self.history.put(g.day, g.slot, value / b, doubted); }
    }

    /// How far training is.
    pub fn state(&self) -> State {
        if !self.ready() { State::PendingTraining }
        else if self.last - self.first < 14 * DAY { State::TrainedInsufficientData } else { State::Trained }
    }
    pub fn gains(&self) -> [f32; 6] { self.level.gains() }
}
