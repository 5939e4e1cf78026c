//! Chance: what series and their incidents are drawn with, and the distribution of counts around a mean.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Poisson, StandardNormal};

/// A series' generator: ChaCha with eight rounds, the same on every machine.
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The generator of a seed; `stream` separates the series of one seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        chance.set_stream(stream);
        Self(chance)
    }

    /// Any number of a range as likely as any other.
    pub fn between(&mut self, least: f64, most: f64) -> f64 {
        self.0.random_range(least..most)
    }

    /// Any order of magnitude of a range as likely as any other.
    pub fn scale(&mut self, least: f64, most: f64) -> f64 {
        self.between(least.ln(), most.ln()).exp()
    }

    /// A whole number of a range without its end.
    pub fn whole(&mut self, least: i64, end: i64) -> i64 {
        self.0.random_range(least..end)
    }

    /// One of a list, which must not be empty.
    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.0.random_range(0..list.len())]
    }

    /// True with that probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.between(0.0, 1.0) < probability
    }

    /// A normal variate of mean 0.
    pub fn normal(&mut self, deviation: f64) -> f64 {
        let deviate: f64 = StandardNormal.sample(&mut self.0);
        deviate * deviation
    }

    /// A list's order, drawn.
    pub fn shuffled<T: Copy>(&mut self, list: &[T]) -> Vec<T> {
        let mut drawn: Vec<T> = list.to_vec();
        for at in (1..drawn.len()).rev() {
            drawn.swap(at, self.0.random_range(0..=at));
        }
        drawn
    }

    /// A count that is negative binomial with variance `mean + mean² / shape`: Poisson around a mean that is itself
    /// gamma distributed.
    pub fn count(&mut self, mean: f64, shape: f64) -> f64 {
        // What has no mean has no distribution, and no calls.
        let Ok(means) = Gamma::new(shape, mean / shape) else { return 0.0 };
        let drawn = means.sample(&mut self.0);
        Poisson::new(drawn).map_or(0.0, |counts| counts.sample(&mut self.0))
    }

    /// A level that wanders about 1: its logarithm is a first-order autoregression, observed once a period.
    pub fn wander(&mut self, rows: usize, step_hours: f64, wander: Wander) -> Vec<f64> {
        let kept = (-step_hours / wander.hours).exp();
        let innovation = wander.deviation * (1.0 - kept * kept).sqrt();
        let mut level = self.normal(wander.deviation);
        let mut next = || {
            let now = level;
            level = kept * level + self.normal(innovation);
            now.exp()
        };
        (0..rows).map(|_| next()).collect()
    }
}

/// How a level wanders.
#[derive(Clone, Copy, Debug)]
pub struct Wander {
    /// The standard deviation of its logarithm.
    pub deviation: f64,
    /// The hours in which it forgets.
    pub hours: f64,
}
