//! What requests cost.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::domain::{Operation, Pattern, QuotaPool, SettingError};

/// What is charged for a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// US dollars for one request.
    pub dollars: f64,
    /// What is unverified or assumed of it; may be empty.
    pub note: String,
    /// Whether an operator set it, rather than AWS.
    pub own: bool,
}

/// Prices of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceList {
    date: String,
    unknown_regions: Vec<Pattern>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) pools: Vec<Pattern>,
    pub(super) regions: Vec<Pattern>,
    pub(super) price: Price,
}

/// The data file, as `assets/prices.toml`. What is ignored is there for people.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    date: String,
    #[serde(default, rename = "source")]
    _source: IgnoredAny,
    #[serde(default, rename = "note")]
    _note: IgnoredAny,
    #[serde(default)]
    unknown_regions: Vec<Pattern>,
    #[serde(default, rename = "free_tier")]
    _free_tier: IgnoredAny,
    price: Vec<FileRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    #[serde(default, rename = "usage_type")]
    _usage_type: IgnoredAny,
    pools: Vec<Pattern>,
    #[serde(default)]
    regions: Vec<Pattern>,
    per_10000: toml::Spanned<f64>,
    #[serde(default)]
    note: String,
}

const SHIPPED: &str = include_str!("../../assets/prices.toml");

impl Default for PriceList {
    /// The list that is shipped.
    fn default() -> Self {
        Self::parse(SHIPPED).expect("the shipped price list is read in a test")
    }
}

impl PriceList {
    /// A list from a data file's text, in the form of `assets/prices.toml`.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let file: File = toml::from_str(text).map_err(|error| in_file(&error))?;
        let mut rows = Vec::with_capacity(file.price.len());
        for row in file.price {
            let per_10000 = checked(&row.per_10000)?;
            let price = Price { dollars: per_10000 / 10_000.0, note: row.note, own: false };
            rows.push(Row { pools: row.pools, regions: row.regions, price });
        }
        Ok(PriceList { date: file.date, unknown_regions: file.unknown_regions, rows })
    }

    /// Rows that come before all others, and decide in Regions whose prices are unknown too.
    pub(super) fn with_own(mut self, own: Vec<Row>) -> Self {
        self.rows.splice(0..0, own);
        self
    }

    /// What a request costs: by its quota pool (`Symmetric`, `RSA`, `GenerateDataKeyPair-RSA_2048` …, an operation
    /// that is not cryptographic), or better by its key's spec (`RSA_2048`) where that is known. Without either, the
    /// [`usual_pool`] of the operation is taken. `None` where no price is known.
    pub fn per_request(&self, operation: &str, pool: Option<&str>, region: &str) -> Option<&Price> {
        let pool = pool.unwrap_or_else(|| usual_pool(operation));
        let unknown = self.unknown_regions.iter().any(|pattern| pattern.matches(region));
        let is_meant = |row: &&Row| any_matches(&row.pools, pool) && any_matches(&row.regions, region);
        let row = self.rows.iter().find(|row| is_meant(row) && (row.price.own || !unknown));
        row.map(|row| &row.price)
    }

    /// What stands beside an amount: `list price of 2026-08-07, estimated`.
    pub fn label(&self) -> String {
        match self.rows.iter().any(|row| row.price.own) {
            true => format!("list price of {} and own prices, estimated", self.date),
            false => format!("list price of {}, estimated", self.date),
        }
    }
}

/// The quota pool that an operation's requests are usually taken from, where nothing tells the kind of key. Prices of
/// asymmetric keys are equal but for RSA_2048.
pub fn usual_pool(operation: &str) -> &str {
    match Operation::parse(operation) {
        Some(known) => QuotaPool::usual(known),
        None => operation,
    }
}

/// Whether one of several patterns matches; none at all means every name.
pub(super) fn any_matches(patterns: &[Pattern], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(name))
}

/// A price per 10,000 that can be.
pub(super) fn checked(per_10000: &toml::Spanned<f64>) -> Result<f64, SettingError> {
    let value = *per_10000.get_ref();
    match value.is_finite() && value >= 0.0 {
        true => Ok(value),
        false => Err(SettingError::at(per_10000.span(), format!("per_10000 is {value}; expected dollars, 0 or more"))),
    }
}

/// What the parser says of a data file.
pub(super) fn in_file(error: &toml::de::Error) -> SettingError {
    SettingError::at(error.span().unwrap_or_default(), error.message().to_owned())
}
