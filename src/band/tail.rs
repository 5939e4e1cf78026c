//! How rarely a test's deviates go how high.
//!
//! Peaks over a threshold (Davison and Smith 1990): clusters of deviates above 2.5 come at a rate, and the excess
//! of their peaks is exponential. Both are learned, from what a normal distribution says as a prior, so that a
//! heavy-tailed series gets a high threshold and a well-behaved one a low one. One outlier counts little: excesses
//! are cut, at more the higher those before have been.

use serde::{Deserialize, Serialize};

/// Deviates above are peaks.
const THRESHOLD: f32 = 2.5;

/// The share of a normal distribution above the threshold, and a mean excess a little above the 0.323 it has there.
const NORMAL_SHARE: f32 = 0.0062;
const NORMAL_EXCESS: f32 = 0.35;

/// Clusters that the prior of the rate is worth, and the one of the mean excess. Neither fades: a series that has shown
/// no peak for weeks may still show one.
const RATE_CLUSTERS: f32 = 2.0;
const EXCESS_CLUSTERS: f32 = 8.0;

/// What a week of the longest sums shows at least by the prior.
const WEEK_CLUSTERS_MIN: f32 = 0.5;

/// Excesses count at most so much, or so many times the mean of those before: of an exponential distribution with that
/// mean nine in ten are less.
const EXCESS_MAX: f32 = 2.5;
const EXCESS_MEANS_MAX: f32 = 2.5;

/// How an excess is cut.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Cut {
    /// At what the excesses before allow.
    ByMean,
    /// At the same always.
    Fixed,
    Never,
}

/// The upper tail of a test.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tail {
    /// Periods in which a normal distribution would show as many clusters as the prior is worth.
    prior_periods: f32,
    clusters: f32,
    excess: f32,
    periods: f32,
    /// The peak of the cluster that is on, 0 if none is, and periods below the threshold since.
    peak: f32,
    quiet: f32,
    /// Periods that deviates hang together.
    span: f32,
    cut: Cut,
}

impl Tail {
    /// A tail that has seen nothing, of a test with so many periods a week.
    pub fn new(week_periods: f32, span: f32) -> Self {
        let week_clusters = (week_periods / span * NORMAL_SHARE).max(WEEK_CLUSTERS_MIN);
        let prior_periods = RATE_CLUSTERS * week_periods / week_clusters;
        Tail { prior_periods, clusters: 0.0, excess: 0.0, periods: 0.0, peak: 0.0, quiet: 0.0, span, cut: Cut::ByMean }
    }

    /// A tail that high peaks move little, however many there are.
    pub fn fixed(week_periods: f32, span: f32) -> Self {
        Tail { cut: Cut::Fixed, ..Tail::new(week_periods, span) }
    }

    /// A tail for a time in which nothing is known: an outlier counts as it is.
    pub fn uncut(week_periods: f32, span: f32) -> Self {
        Tail { cut: Cut::Never, ..Tail::new(week_periods, span) }
    }

    /// How many clusters a period go as high as a deviate; 1 for one that is no peak.
    pub fn rate(&self, deviate: f32) -> f32 {
        if deviate <= THRESHOLD {
            return 1.0;
        }
        let rate = (self.clusters + RATE_CLUSTERS) / (self.periods + self.prior_periods);
        rate * ((THRESHOLD - deviate) / self.mean_excess()).exp()
    }

    fn mean_excess(&self) -> f32 {
        (self.excess + EXCESS_CLUSTERS * NORMAL_EXCESS) / (self.clusters + EXCESS_CLUSTERS)
    }

    fn excess_max(&self) -> f32 {
        match self.cut {
            Cut::ByMean => EXCESS_MAX.max(EXCESS_MEANS_MAX * self.mean_excess()),
            Cut::Fixed => EXCESS_MAX,
            Cut::Never => f32::INFINITY,
        }
    }

    /// Learns a period's deviate; `keep` is the share of what is known that stays.
    pub fn learn(&mut self, deviate: f32, keep: f32) {
        self.periods = self.periods * keep + 1.0;
        self.clusters *= keep;
        self.excess *= keep;
        if deviate > THRESHOLD {
            self.peak = self.peak.max(deviate);
            self.quiet = 0.0;
        } else if self.peak > 0.0 {
            self.quiet += 1.0;
            if self.quiet >= self.span {
                self.excess += (self.peak - THRESHOLD).min(self.excess_max());
                self.clusters += 1.0;
                self.peak = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_tails_make_high_deviates_common() {
        let (mut light, mut heavy) = (Tail::new(2016.0, 1.0), Tail::new(2016.0, 1.0));
        for i in 0..20_000 {
            light.learn(if i % 200 == 0 { 2.7 } else { 0.5 }, 0.9999);
            heavy.learn(if i % 200 == 0 { 4.5 } else { 0.5 }, 0.9999);
        }
        assert!(heavy.rate(5.0) > 50.0 * light.rate(5.0));
    }

    #[test]
    fn peaks_that_are_always_high_are_learned_as_high_as_they_are_and_a_lone_one_is_not() {
        let (mut lone, mut always) = (Tail::new(2016.0, 1.0), Tail::new(2016.0, 1.0));
        for i in 0..8 * 2016 {
            lone.learn(if i == 1000 { 22.5 } else { 0.5 }, 0.9999);
            always.learn(if i % 200 == 0 { 22.5 } else { 0.5 }, 0.9999);
        }
        // What comes ten times a week may not be rarer than once in ten weeks, and what came once is rarer still.
        assert!(always.rate(22.5) * 2016.0 > 0.1, "{}", always.rate(22.5));
        assert!(lone.rate(22.5) * 2016.0 < 1e-6, "{}", lone.rate(22.5));
    }

    #[test]
    fn weeks_without_a_peak_make_peaks_rarer_but_not_unheard_of() {
        let mut tail = Tail::new(2016.0, 12.0);
        let before = tail.rate(3.5);
        for _ in 0..20_000 {
            tail.learn(0.5, 0.9999);
        }
        assert!((0.2..0.5).contains(&(tail.rate(3.5) / before)));
    }

    #[test]
    fn a_cluster_counts_once() {
        let mut tail = Tail::new(2016.0, 12.0);
        let before = tail.clusters;
        for i in 0..30 {
            tail.learn(if i < 10 { 3.0 } else { 0.0 }, 1.0);
        }
        assert_eq!(tail.clusters, before + 1.0);
    }
}
