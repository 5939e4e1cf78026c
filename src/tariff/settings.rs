//! An operator's own prices and quotas: `[prices]` and `[quotas]` of `keytide.toml`.

use serde::Deserialize;
use toml::Spanned;

use super::prices::{self, Price, PriceList};
use super::quotas::{self, Quota, QuotaList, QuotaOrigin};
use crate::domain::{Pattern, SettingError};

/// `[prices]`: another list, own prices, or both.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTable {
    /// A file in the form of `assets/prices.toml`, in place of the shipped list.
    pub file: Option<Spanned<String>>,
    /// `[[prices.override]]`: these come before the list; the first that fits is taken.
    #[serde(default, rename = "override")]
    own: Vec<PriceOverride>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceOverride {
    /// A quota pool or a key spec.
    pool: Spanned<String>,
    /// All Regions without it.
    region: Option<Spanned<String>>,
    /// US dollars for 10,000 requests.
    per_10000: Spanned<f64>,
}

/// `[quotas]`: another list, own quotas, or both.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaTable {
    /// A file in the form of `assets/quotas.toml`, in place of the shipped list.
    pub file: Option<Spanned<String>>,
    /// `[[quotas.override]]`: these come before the list; the first that fits is taken.
    #[serde(default, rename = "override")]
    own: Vec<QuotaOverride>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaOverride {
    /// All accounts without it.
    account: Option<Spanned<String>>,
    /// All Regions without it.
    region: Option<Spanned<String>>,
    /// A quota pool.
    pool: Spanned<String>,
    per_second: Spanned<f64>,
}

impl PriceTable {
    /// The prices. `file_text` is the content of `file`, if one is named: whoever reads files passes it in.
    pub fn prices(&self, file_text: Option<&str>) -> Result<PriceList, Vec<SettingError>> {
        let mut errors = Vec::new();
        let list = list_of(self.file.as_ref(), file_text, PriceList::parse, &mut errors);
        let mut own = Vec::with_capacity(self.own.len());
        for row in &self.own {
            errors.extend(wrong_pool(&row.pool, &["RSA_2048", "RSA_3072", "RSA_4096"]));
            errors.extend(row.region.as_ref().and_then(wrong_region));
            match prices::checked(&row.per_10000) {
                Ok(per_10000) => {
                    let note = "set by the operator".to_owned();
                    let price = Price { dollars: per_10000 / 10_000.0, note, own: true };
                    let (pools, regions) = (names(Some(&row.pool)), names(row.region.as_ref()));
                    own.push(prices::Row { pools, regions, price });
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(list.with_own(own)) } else { Err(errors) }
    }
}

impl QuotaTable {
    /// The quotas. `file_text` is the content of `file`, if one is named.
    pub fn quotas(&self, file_text: Option<&str>) -> Result<QuotaList, Vec<SettingError>> {
        let mut errors = Vec::new();
        let list = list_of(self.file.as_ref(), file_text, QuotaList::parse, &mut errors);
        let mut own = Vec::with_capacity(self.own.len());
        for row in &self.own {
            errors.extend(wrong_pool(&row.pool, &[]));
            errors.extend(row.region.as_ref().and_then(wrong_region));
            errors.extend(row.account.as_ref().and_then(wrong_account));
            match quotas::checked(&row.per_second) {
                Ok(per_second) => own.push(quotas::Row {
                    accounts: names(row.account.as_ref()),
                    regions: names(row.region.as_ref()),
                    pools: names(Some(&row.pool)),
                    quota: Quota { per_second, origin: QuotaOrigin::Operator },
                }),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(list.with_own(own)) } else { Err(errors) }
    }
}

fn names(text: Option<&Spanned<String>>) -> Vec<Pattern> {
    text.map(|text| Pattern::new(text.get_ref())).into_iter().collect()
}

/// The list of the file, or the shipped one.
fn list_of<L: Default>(
    file: Option<&Spanned<String>>,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<L, SettingError>,
    errors: &mut Vec<SettingError>,
) -> L {
    let (Some(file), Some(text)) = (file, text) else { return L::default() };
    parse(text).unwrap_or_else(|error| {
        let line = text.get(..error.span.start).map_or(1, |before| before.matches('\n').count() + 1);
        errors.push(SettingError::at(file.span(), format!("{}:{line}: {}", file.get_ref(), error.message)));
        L::default()
    })
}

/// The error of a name that no quota pool has. `more` are names that are allowed beside.
pub fn wrong_pool(pool: &Spanned<String>, more: &[&str]) -> Option<SettingError> {
    let name = pool.get_ref().as_str();
    let pair = name.strip_prefix("GenerateDataKeyPair-").is_some_and(|spec| !spec.is_empty());
    let known = pair || name == "ML-KEM" || more.contains(&name) || QuotaList::default().knows(name);
    let names = "there are Symmetric, RSA, ECC, ML-DSA, ML-KEM, GenerateDataKeyPair-RSA_2048 and the like, and the \
                 names of operations that are not cryptographic";
    (!known).then(|| SettingError::at(pool.span(), format!("no quota pool is called '{name}'; {names}")))
}

fn wrong_region(region: &Spanned<String>) -> Option<SettingError> {
    let name = region.get_ref();
    let may = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = name.contains('-') && name.chars().all(may);
    (!fits).then(|| SettingError::at(region.span(), format!("'{name}' is no Region; expected one such as eu-west-1")))
}

fn wrong_account(account: &Spanned<String>) -> Option<SettingError> {
    let name = account.get_ref();
    let fits = name.len() == 12 && name.bytes().all(|digit| digit.is_ascii_digit());
    (!fits).then(|| SettingError::at(account.span(), format!("'{name}' is no account id; expected twelve digits")))
}
