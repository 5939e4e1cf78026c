//! How many requests a second are allowed.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::pattern::any_fits;
use super::prices::in_file;
use crate::domain::SettingError;

/// How many requests a second are allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// Requests a second.
    pub per_second: f64,
    /// Where the figure is from: `AWS's default of 2026-08-07; the account's own may be higher`, or `set by the
    /// operator`.
    pub note: String,
}

/// Request quotas.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaList {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) accounts: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) pools: Vec<String>,
    pub(super) quota: Quota,
}

/// The data file, as `assets/quotas.toml`. What is ignored is there for people.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    date: String,
    #[serde(default, rename = "source")]
    _source: IgnoredAny,
    #[serde(default, rename = "note")]
    _note: IgnoredAny,
    quota: Vec<FileRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    #[serde(default)]
    accounts: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    pools: Vec<String>,
    per_second: toml::Spanned<f64>,
    #[serde(default)]
    note: String,
}

const SHIPPED: &str = include_str!("../../assets/quotas.toml");

impl Default for QuotaList {
    /// The list that is shipped.
    fn default() -> Self {
        Self::parse(SHIPPED).expect("the shipped quota list is read in a test")
    }
}

impl QuotaList {
    /// A list from a data file's text, in the form of `assets/quotas.toml`.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let file: File = toml::from_str(text).map_err(|error| in_file(&error))?;
        let mut rows = Vec::with_capacity(file.quota.len());
        for row in file.quota {
            let per_second = checked(&row.per_second)?;
            let default = format!("AWS's default of {}; the account's own may be higher", file.date);
            let note = if row.note.is_empty() { default } else { format!("{default}; {}", row.note) };
            let quota = Quota { per_second, note };
            rows.push(Row { accounts: row.accounts, regions: row.regions, pools: row.pools, quota });
        }
        Ok(QuotaList { rows })
    }

    /// Rows that come before all others.
    pub(super) fn with_own(mut self, own: Vec<Row>) -> Self {
        self.rows.splice(0..0, own);
        self
    }

    /// How many requests a second an account may make in a Region, of a pool (see [`crate::domain::QuotaPool::name`]).
    /// `None` for a pool whose quota isn't known.
    pub fn per_second(&self, account: &str, region: &str, pool: &str) -> Option<&Quota> {
        let is_meant = |row: &&Row| {
            any_fits(&row.pools, pool) && any_fits(&row.regions, region) && any_fits(&row.accounts, account)
        };
        self.rows.iter().find(is_meant).map(|row| &row.quota)
    }

    /// Whether the list has the pool.
    pub(super) fn knows(&self, pool: &str) -> bool {
        self.rows.iter().any(|row| row.pools.iter().any(|known| known == pool))
    }
}

/// A rate that can be.
pub(super) fn checked(per_second: &toml::Spanned<f64>) -> Result<f64, SettingError> {
    let value = *per_second.get_ref();
    match value.is_finite() && value > 0.0 {
        true => Ok(value),
        false => {
            let expected = "expected requests a second, more than 0";
            Err(SettingError::at(per_second.span(), format!("per_second is {value}; {expected}")))
        }
    }
}
