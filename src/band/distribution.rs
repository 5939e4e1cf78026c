//! The distribution of a value around its expectation, given by mean and variance.
//!
//! Counts are negative binomial: its variance is `m + m^2 / r`. Other values are gamma. Both go through the same
//! large-mean approximation, Wilson and Hilferty's cube root (1931); small counts are summed exactly, and where the
//! shape is so small that the root fails the gamma distribution itself is asked.

use statrs::distribution::{ContinuousCDF, Gamma, Normal};

/// Up to this mean the probabilities of counts are summed one by one.
const SUMMED_MEAN_MAX: f64 = 40.0;

/// Below this mean most counts are zero, and the power of one that isn't tells little.
const SKEWED_MEAN_MIN: f64 = 0.5;

/// The share of a mean that is next to nothing, and the mean from which on nothing comes by no chance.
const ABSENCE_SHARE: f64 = 0.1;
const ABSENCE_MEAN_MIN: f64 = 50.0;

/// A shape below which the cube root is off by more than a tenth two deviations up, and soon below the mean.
const ROOT_SHAPE_MIN: f64 = 0.2;

/// A shape above which a gamma distribution is as good as normal.
const NORMAL_SHAPE: f64 = 1e6;

/// The probability above a standard normal deviate.
pub(super) fn tail_probability(deviate: f64) -> f64 {
    Normal::standard().sf(deviate)
}

/// The probability below one, never 1: no value is out of every distribution.
fn probability_below(deviate: f64) -> f64 {
    (1.0 - tail_probability(deviate)).min(1.0 - f64::EPSILON)
}

/// A distribution of values that aren't negative.
#[derive(Clone, Copy, Debug)]
pub(super) struct Distribution {
    pub mean: f64,
    /// Of counts more than the mean.
    pub variance: f64,
    /// Whether values are whole.
    pub counts: bool,
}

impl Distribution {
    /// The edges that leave out as much as a normal distribution does below `-below` and above `above`.
    pub fn edges(&self, below: f64, above: f64) -> (f64, f64) {
        if self.counts && self.mean < SUMMED_MEAN_MAX {
            return self.summed_edges(tail_probability(below), probability_below(above));
        }
        let (lower, upper) = (self.quantile(-below), self.quantile(above));
        if self.counts { (lower.round(), upper.round()) } else { (lower, upper) }
    }

    /// How far a value is from the mean, by `skewed_deviate`; for counts below the mean, or with hardly any mean, in
    /// standard deviations: a power has too little room near zero.
    ///
    /// A mean that is `known` well enough never comes to next to nothing by itself, however it wanders: where many
    /// calls were due their absence deviates by the power, too.
    pub fn deviate(&self, value: f64, known: bool) -> f64 {
        if self.counts && (value <= self.mean || self.mean < SKEWED_MEAN_MIN) {
            let is_absence = known && self.mean >= ABSENCE_MEAN_MIN && value <= ABSENCE_SHARE * self.mean;
            let deviations = self.plain_deviate(value);
            if is_absence { deviations.min(self.skewed_deviate(value)) } else { deviations }
        } else {
            self.at_most_plain(value, self.skewed_deviate(value))
        }
    }

    /// The deviate on the scale of the 2/3 power, which takes the skewness of counts and of other values that aren't
    /// negative (Farrington and others 1996).
    pub fn skewed_deviate(&self, value: f64) -> f64 {
        let shape = self.shape();
        if shape > NORMAL_SHAPE {
            return self.plain_deviate(value);
        }
        let root = (value / self.mean).max(0.0).cbrt();
        (root * root - 1.0 + 1.0 / (9.0 * shape)) * 1.5 * shape.sqrt()
    }

    /// How far a value that isn't a count is from the middle by its likelihood, in standard deviations of a normal
    /// distribution: Wilson and Hilferty's deviate. Of counts it is the plain one.
    pub fn likelihood_deviate(&self, value: f64) -> f64 {
        let shape = self.shape();
        if self.counts || shape > NORMAL_SHAPE {
            return self.plain_deviate(value);
        }
        let deviate = ((value / self.mean).max(0.0).cbrt() - 1.0 + 1.0 / (9.0 * shape)) * 3.0 * shape.sqrt();
        self.at_most_plain(value, deviate)
    }

    /// In standard deviations.
    fn plain_deviate(&self, value: f64) -> f64 {
        (value - self.mean) / self.variance.sqrt()
    }

    /// A power's deviate, or standard deviations if they are less where powers fail. Few values beside a batch that may
    /// come early have so small a shape that the power's correction for skewness, which grows without bound as the
    /// shape falls, would make each of them an incident.
    fn at_most_plain(&self, value: f64, deviate: f64) -> f64 {
        if self.shape() < ROOT_SHAPE_MIN { deviate.min(self.plain_deviate(value)) } else { deviate }
    }

    fn shape(&self) -> f64 {
        self.mean * self.mean / self.variance
    }

    fn quantile(&self, deviate: f64) -> f64 {
        let shape = self.shape();
        if shape > NORMAL_SHAPE {
            return (self.mean + deviate * self.variance.sqrt()).max(0.0);
        }
        if shape < ROOT_SHAPE_MIN {
            // The lower half of so bursty a distribution is next to nothing.
            let upper = Gamma::new(shape, shape).ok().filter(|_| deviate > 0.0);
            return upper.map_or(0.0, |gamma| self.mean * gamma.inverse_cdf(probability_below(deviate)));
        }
        let root = 1.0 - 1.0 / (9.0 * shape) + deviate / (3.0 * shape.sqrt());
        self.mean * root.max(0.0).powi(3)
    }

    fn summed_edges(&self, lower: f64, upper: f64) -> (f64, f64) {
        let variance = self.variance.max(self.mean * 1.0001);
        let shape = self.mean * self.mean / (variance - self.mean);
        let mut probability = (shape * (self.mean / variance).ln()).exp();
        let step = 1.0 - self.mean / variance;
        let (mut sum, mut count, mut low) = (probability, 0.0, None);
        // The sum may stay below its limit by rounding; the edge is far out by then.
        let grows = |sum: f64, probability: f64, count: f64| count <= self.mean || sum + probability > sum;
        while sum < upper && count < 100.0 * SUMMED_MEAN_MAX && grows(sum, probability, count) {
            if low.is_none() && sum >= lower {
                low = Some(count);
            }
            probability *= (count + shape) / (count + 1.0) * step;
            count += 1.0;
            sum += probability;
        }
        (low.unwrap_or(count), count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statrs::distribution::{DiscreteCDF, Gamma, NegativeBinomial};

    use super::*;

    proptest! {
        #[test]
        fn edges_of_small_counts_are_the_quantiles_of_the_negative_binomial(
            mean in 0.01f64..39.0,
            shape in 0.5f64..50.0,
        ) {
            let counts = Distribution { mean, variance: mean + mean * mean / shape, counts: true };
            let (lower, upper) = counts.edges(2.0, 2.0);
            let exact = NegativeBinomial::new(shape, shape / (shape + mean)).unwrap();
            let at = |edge: f64| exact.cdf(edge as u64);
            prop_assert!(at(upper) >= 0.97725 - 1e-6);
            prop_assert!(upper == 0.0 || at(upper - 1.0) < 0.97725 + 1e-6);
            prop_assert!(at(lower) >= 0.02275 - 1e-6);
        }

        #[test]
        fn edges_of_large_counts_are_within_two_percent_of_the_negative_binomial(
            mean in 41f64..5000.0,
            shape in 4f64..100.0,
        ) {
            let counts = Distribution { mean, variance: mean + mean * mean / shape, counts: true };
            let (lower, upper) = counts.edges(2.0, 2.0);
            let exact = NegativeBinomial::new(shape, shape / (shape + mean)).unwrap();
            let (low, high) = (exact.inverse_cdf(0.02275) as f64, exact.inverse_cdf(0.97725) as f64);
            prop_assert!((upper - high).abs() <= 0.02 * high + 1.0, "{upper} {high}");
            prop_assert!((lower - low).abs() <= 0.02 * mean + 1.0, "{lower} {low}");
        }

        #[test]
        fn the_likelihood_deviate_of_a_real_value_matches_its_tail_probability(
            mean in 0.01f64..1e6,
            shape in 4f64..1000.0,
            off in -4.5f64..4.5,
        ) {
            let ratio = (off / shape.sqrt()).exp();
            let values = Distribution { mean, variance: mean * mean / shape, counts: false };
            let below = Gamma::new(shape, shape / mean).unwrap().cdf(mean * ratio);
            prop_assume!(below > 1e-7 && below < 1.0 - 1e-7);
            let deviate = Normal::standard().inverse_cdf(below);
            prop_assert!((values.likelihood_deviate(mean * ratio) - deviate).abs() < 0.15, "{deviate}");
        }

        #[test]
        fn near_the_mean_both_deviates_are_standard_deviations(mean in 0.01f64..1e6, shape in 100f64..1e5) {
            let deviation = mean / shape.sqrt();
            let values = Distribution { mean, variance: deviation * deviation, counts: false };
            for off in [-1.0, 0.0, 1.0] {
                prop_assert!((values.deviate(mean + off * deviation, true) - off).abs() < 0.1);
                prop_assert!((values.likelihood_deviate(mean + off * deviation) - off).abs() < 0.1);
            }
        }

        #[test]
        fn edges_of_real_values_are_those_of_the_gamma_distribution(mean in 0.01f64..1e6, shape in 4f64..1000.0) {
            let values = Distribution { mean, variance: mean * mean / shape, counts: false };
            let (lower, upper) = values.edges(2.0, 2.0);
            let exact = Gamma::new(shape, shape / mean).unwrap();
            prop_assert!((exact.cdf(upper) - 0.97725).abs() < 0.002);
            prop_assert!((exact.cdf(lower) - 0.02275).abs() < 0.004);
        }
    }

    #[test]
    fn beside_a_large_batch_a_few_calls_more_are_within_a_standard_deviation() {
        // 8.6 calls are due, and 5,000 would be one standard deviation.
        for counts in [true, false] {
            let around = Distribution { mean: 8.6, variance: 2.5e7, counts };
            for value in [9.0, 12.0, 40.0, 5_000.0] {
                let deviates = [around.deviate(value, true), around.likelihood_deviate(value)];
                assert!(deviates.into_iter().all(|deviate| deviate <= 1.0), "{value}: {deviates:?}");
            }
        }
    }

    #[test]
    fn the_upper_edge_of_bursty_values_is_that_of_the_gamma_distribution() {
        // The quantiles at two deviations, in multiples of the mean, by scipy.stats.gamma.ppf.
        for (shape, exact) in [(0.2, 7.8984), (0.15, 8.9146), (0.1, 10.3687), (0.05, 12.3029), (0.02, 11.0995)] {
            for counts in [true, false] {
                let values = Distribution { mean: 5000.0, variance: 5000.0 * 5000.0 / shape, counts };
                let (lower, upper) = values.edges(2.0, 2.0);
                assert!((upper / 5000.0 / exact - 1.0).abs() < 0.1, "{shape}: {upper}");
                assert!(lower < 1.0, "{shape}: {lower}");
            }
        }
    }

    #[test]
    fn however_wide_the_band_its_edge_is_near_what_can_come() {
        // One in 10^19 calls of a Poisson variable of mean 1 is 21 or more.
        let counts = Distribution { mean: 1.0, variance: 1.001, counts: true };
        for width in [8.0, 9.0, 12.0] {
            let (lower, upper) = counts.edges(width, width);
            assert!(lower == 0.0 && (15.0..25.0).contains(&upper), "{width}: {upper}");
        }
    }

    #[test]
    fn high_counts_deviate_as_their_tail_says_and_not_as_their_skewness_does() {
        for (mean, shape) in [(5.0, 2.0), (50.0, 5.0), (2000.0, 20.0)] {
            let counts = Distribution { mean, variance: mean + mean * mean / shape, counts: true };
            let exact = NegativeBinomial::new(shape, shape / (shape + mean)).unwrap();
            // One in 1000 and one in a million, of a normal distribution 3.09 and 4.75 deviations up.
            for (probability, deviate) in [(1e-3, 3.09), (1e-6, 4.75)] {
                let high = exact.inverse_cdf(1.0 - probability) as f64;
                let plain = (high - mean) / counts.variance.sqrt();
                assert!(counts.deviate(high, true) < plain, "{mean} {probability}");
                assert!((counts.deviate(high, true) - deviate).abs() < 0.7 * (plain - deviate), "{mean} {probability}");
            }
        }
    }

    #[test]
    fn a_missing_burst_of_few_calls_is_less_surprising_than_one_of_many() {
        let of =
            |mean: f64| Distribution { mean, variance: mean + 0.05 * mean * mean, counts: true }.deviate(0.0, false);
        assert!(of(8.0) > -2.5 && of(800.0) < -4.0);
    }

    #[test]
    fn of_a_level_that_wanders_silence_is_as_rare_as_its_tail_says_and_a_fall_is_not() {
        // A level that wanders by a third: a tenth of it or less comes once in a million. In standard deviations it
        // would be once in 270.
        let (mean, shape) = (500.0, 9.0);
        let counts = Distribution { mean, variance: mean + mean * mean / shape, counts: true };
        let exact = NegativeBinomial::new(shape, shape / (shape + mean)).unwrap();
        let deviate = |count: f64| Normal::standard().inverse_cdf(exact.cdf(count as u64));
        assert!(counts.deviate(50.0, false) > -2.8 && counts.deviate(50.0, true) < -3.4 && deviate(50.0) < -4.0);
        assert!(counts.deviate(5.0, true) > deviate(5.0), "never rarer than it is");
        assert_eq!(counts.deviate(200.0, true), counts.deviate(200.0, false));
        let few = Distribution { mean: 8.0, variance: 15.0, counts: true };
        assert_eq!(few.deviate(0.0, true), few.deviate(0.0, false));
    }
}
