//! How many requests a second are allowed.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::prices::{any_matches, in_file};
use crate::domain::{Pattern, SettingError};

/// How many requests a second are allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// Requests a second.
    pub per_second: f64,
    /// Where the figure is from.
    pub origin: QuotaOrigin,
}

/// Where a quota is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuotaOrigin {
    /// A list of AWS's defaults; the account's own may be higher.
    Default {
        /// The list's date.
        date: String,
        /// What is unverified or assumed of it; may be empty.
        note: String,
    },
    /// The operator's settings.
    Operator,
}

impl std::fmt::Display for QuotaOrigin {
    /// `AWS's default of 2026-08-07; the account's own may be higher`, or `set by the operator`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            QuotaOrigin::Default { date, note } => {
                write!(f, "AWS's default of {date}; the account's own may be higher")?;
                if note.is_empty() { Ok(()) } else { write!(f, "; {note}") }
            }
            QuotaOrigin::Operator => f.write_str("set by the operator"),
        }
    }
}

/// Request quotas.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaList {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) accounts: Vec<Pattern>,
    pub(super) regions: Vec<Pattern>,
    pub(super) pools: Vec<Pattern>,
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
    accounts: Vec<Pattern>,
    #[serde(default)]
    regions: Vec<Pattern>,
    pools: Vec<Pattern>,
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
            let origin = QuotaOrigin::Default { date: file.date.clone(), note: row.note };
            let quota = Quota { per_second, origin };
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
            any_matches(&row.pools, pool) && any_matches(&row.regions, region) && any_matches(&row.accounts, account)
        };
        self.rows.iter().find(is_meant).map(|row| &row.quota)
    }

    /// Whether the list has the pool.
    pub(super) fn knows(&self, pool: &str) -> bool {
        self.rows.iter().any(|row| row.pools.iter().any(|known| known.as_str() == pool))
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
