//! What an excess costs.

use crate::tariff::PriceList;

/// Calls in excess of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priced<'a> {
    /// The operation.
    pub operation: &'a str,
    /// The quota pool or the key's spec, if it is known.
    pub pool: Option<&'a str>,
    /// The Region.
    pub region: &'a str,
    /// Calls beyond what was expected; negative if calls are missing.
    pub excess: f64,
}

/// US dollars an hour that an excess of `seconds` costs, going on as it did. `None` if there is no excess, or if the
/// price of a part of it isn't known.
pub fn cost_per_hour(prices: &PriceList, series: &[Priced<'_>], seconds: f64) -> Option<f64> {
    let mut dollars = 0.0;
    for of in series {
        dollars += prices.per_request(of.operation, of.pool, of.region)?.dollars * of.excess;
    }
    (dollars > 0.0 && seconds > 0.0).then(|| dollars * 3600.0 / seconds)
}
