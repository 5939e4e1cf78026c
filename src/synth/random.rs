//! Chance, reproducible from a seed: the generator, and the two distributions that counts need.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The odd constant of splitmix64; multiples of it never repeat within 2^64 steps.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Splitmix64's finaliser: a bijection of 64-bit numbers that looks like chance. Since it is one, numbering events and
/// mixing the number gives every event words of its own.
pub(super) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// The `n`th word that belongs to a draw.
pub(super) const fn word(draw: u64, n: u64) -> u64 {
    mix(draw.wrapping_add(GOLDEN.wrapping_mul(n + 1)))
}

/// The trail's generator: ChaCha with eight rounds, the same on every machine.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    /// The generator of a seed; `stream` separates generators of one seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        chance.set_stream(stream);
        Self(chance)
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.random()
    }

    /// A number in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// A number below `bound`, which must not be zero.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        self.0.random_range(0..bound)
    }

    /// An index into a list of `length` entries, which must not be zero.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    /// True with that probability.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// An exponential variate of mean 1, cut at `limit`.
    pub(super) fn exponential(&mut self, limit: f64) -> f64 {
        (-(1.0 - self.unit()).ln()).min(limit)
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A gamma variate of mean 1 with the given shape (at least 1), by Marsaglia and Tsang (2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v <= 0.0 {
                continue;
            }
            let u = 1.0 - self.unit();
            if u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }

    /// A Poisson variate: by multiplication (Knuth) up to a mean of 30, above by the rounded normal.
    pub(super) fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 30.0 {
            // The cast saturates, far above any rate that the options allow.
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u32;
        }
        let limit = (-mean).exp();
        let (mut product, mut count) = (self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// A negative binomial variate: Poisson whose mean itself fluctuates with `1 / shape` as its squared coefficient of
    /// variation. Below a mean of one twentieth the two can't be told apart and the gamma draw is spared.
    pub(super) fn overdispersed(&mut self, mean: f64, shape: f64) -> u32 {
        if mean < 0.05 {
            return self.poisson(mean);
        }
        let factor = self.gamma(shape);
        self.poisson(mean * factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_has_its_mean_and_variance_on_both_sides_of_the_switch() {
        let mut chance = Chance::new(1, 0);
        for mean in [0.02, 3.0, 29.0, 31.0, 400.0] {
            let draws: Vec<f64> = (0..20_000).map(|_| f64::from(chance.poisson(mean))).collect();
            let average = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|x| (x - average).powi(2)).sum::<f64>() / 20_000.0;
            let tolerance = 6.0 * (mean / 20_000.0).sqrt();
            assert!((average - mean).abs() < tolerance, "mean {average} of {mean}");
            assert!((variance / mean - 1.0).abs() < 0.3, "variance {variance} of {mean}");
        }
    }

    #[test]
    fn overdispersed_counts_vary_more_than_poisson() {
        let mut chance = Chance::new(2, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| f64::from(chance.overdispersed(50.0, 5.0))).collect();
        let average = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - average).powi(2)).sum::<f64>() / 20_000.0;
        // A negative binomial's variance: mean + mean² / shape = 50 + 500.
        assert!((average - 50.0).abs() < 1.0, "{average}");
        assert!((variance - 550.0).abs() < 60.0, "{variance}");
    }
}
