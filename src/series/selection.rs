//! Which stored series are meant: `KeyArn=…,Operation=Decrypt`.

use std::collections::BTreeMap;
use std::str::FromStr;

use polars::prelude::{DataFrame, PolarsError, PolarsResult};

use super::Counts;
use crate::domain::{Arn, Operation};

/// Stored series as one: a key's with an operation or all of them, or an account's and Region's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    key: Option<String>,
    operation: Option<Operation>,
    account: Option<String>,
    region: Option<String>,
}

/// A selection that selects nothing, or can't be understood.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// Nothing is stored of the key.
    #[error("no key with calls has '{0}' in its ARN; keytide top --by key lists those that have")]
    NoKey(String),
    /// Several keys match.
    #[error("'{text}' is in the ARNs of {count} keys; give more of the one that you mean: {some}")]
    SeveralKeys {
        /// As written.
        text: String,
        /// How many match.
        count: usize,
        /// Some of them.
        some: String,
    },
    /// No series matches.
    #[error("nothing is stored of {0}; keytide export minutes lists what is")]
    Nothing(String),
    /// The dictionary can't be read.
    #[error("can't read the dictionary of series: {0}")]
    Read(#[from] PolarsError),
}

const EXPECTED: &str =
    "expected KeyArn=ARN,Operation=NAME, KeyArn=ARN for all operations, or AWS.AccountId=ACCOUNT,AWS.Region=REGION";

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut selection = Selection::default();
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("'{part}' has no '='; {EXPECTED}"))?;
            let (name, value) = (name.trim(), value.trim().to_owned());
            if value.is_empty() {
                return Err(format!("{name} has no value; {EXPECTED}"));
            }
            let named = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            let twice = if named("KeyArn") {
                selection.key.replace(value).is_some()
            } else if named("AWS.AccountId") {
                selection.account.replace(value).is_some()
            } else if named("AWS.Region") {
                selection.region.replace(value).is_some()
            } else if named("Operation") {
                let all = Operation::ALL.iter();
                let known = all.clone().find(|operation| operation.name().eq_ignore_ascii_case(&value));
                let operation = known.copied().ok_or_else(|| {
                    let names = all.map(|operation| operation.name()).collect::<Vec<_>>().join(", ");
                    format!("'{value}' is no cryptographic operation of KMS; there are {names}")
                })?;
                selection.operation.replace(operation).is_some()
            } else {
                return Err(format!("no dimension is called '{name}'; {EXPECTED}"));
            };
            if twice {
                return Err(format!("{name} is given twice; {EXPECTED}"));
            }
        }
        let by_account = selection.account.is_some() || selection.region.is_some();
        match (selection.key.is_some(), by_account) {
            (true, true) => Err(format!("a key has its account and Region in its ARN; {EXPECTED}")),
            (false, false) => Err(format!("neither a key nor an account is given; {EXPECTED}")),
            _ => Ok(selection),
        }
    }
}

impl Selection {
    /// The numbers of the series that are meant, and what they are called: `Decrypt, arn:aws:kms:…`. A ReEncrypt counts
    /// for its source and its destination key, and for the account and Region of each.
    pub fn resolve(&self, counts: &dyn Counts) -> Result<(String, Vec<u32>), SelectionError> {
        let rows = attributed(&counts.series()?)?;
        let key = self.key.as_deref().map(|text| one_key(text, &rows)).transpose()?;
        let operation = self.operation.map(Operation::name);
        let is_meant = |row: &&Named| {
            operation.is_none_or(|operation| row.operation == operation)
                && key.as_deref().is_none_or(|key| row.key == key || row.destination == key)
                && row.keys().any(|key| self.is_of_owner(key))
        };
        let numbers: Vec<u32> = rows.iter().filter(is_meant).map(|row| row.number).collect();
        let owner: Vec<&str> = [&key, &self.account, &self.region].into_iter().flatten().map(String::as_str).collect();
        let name = format!("{}, {}", operation.unwrap_or("all operations"), owner.join(", "));
        if numbers.is_empty() { Err(SelectionError::Nothing(name)) } else { Ok((name, numbers)) }
    }

    /// Whether a key is of the account and Region that are meant.
    fn is_of_owner(&self, key: &str) -> bool {
        let arn = Arn::parse(key);
        let is = |wanted: &Option<String>, part: fn(Arn<'_>) -> &str| {
            wanted.as_deref().is_none_or(|wanted| arn.map(part) == Some(wanted))
        };
        is(&self.account, |arn| arn.account) && is(&self.region, |arn| arn.region)
    }
}

/// A series of a key and an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOperation {
    /// The key.
    pub key_arn: String,
    /// The operation.
    pub operation: String,
    /// The numbers of the stored series that count for it.
    pub numbers: Vec<u32>,
}

/// Every key and operation there is, sorted: the per-key view, in which a ReEncrypt counts for both its keys.
pub fn key_operations(counts: &dyn Counts) -> PolarsResult<Vec<KeyOperation>> {
    let mut found: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
    for row in attributed(&counts.series()?)? {
        for key in row.keys() {
            found.entry((key.to_owned(), row.operation.clone())).or_default().push(row.number);
        }
    }
    let named = |((key_arn, operation), numbers)| KeyOperation { key_arn, operation, numbers };
    Ok(found.into_iter().map(named).collect())
}

/// The numbers of the stored series of each operation in a Region, also of those that tell no key. A ReEncrypt is in
/// the Region of each of its keys.
pub fn operations_in(counts: &dyn Counts, region: &str) -> PolarsResult<BTreeMap<String, Vec<u32>>> {
    let mut found: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for row in named(&counts.series()?, |_| true)? {
        if row.region == region || row.keys().any(|key| Arn::parse(key).is_some_and(|arn| arn.region == region)) {
            found.entry(row.operation).or_default().push(row.number);
        }
    }
    Ok(found)
}

struct Named {
    number: u32,
    key: String,
    destination: String,
    operation: String,
    region: String,
}

impl Named {
    /// Its keys, each once.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let second = (self.destination != self.key).then_some(self.destination.as_str());
        std::iter::once(self.key.as_str()).chain(second).filter(|key| !key.is_empty())
    }
}

/// The dictionary's rows whose key can be told.
fn attributed(series: &DataFrame) -> PolarsResult<Vec<Named>> {
    named(series, str::is_empty)
}

/// The dictionary's rows, as far as the reason why their key can't be told is one that is wanted.
fn named(series: &DataFrame, is_wanted: impl Fn(&str) -> bool) -> PolarsResult<Vec<Named>> {
    let numbers = series.column("series")?.u32()?;
    let text = |name: &str| series.column(name)?.str();
    let [keys, destinations, operations] = [text("key_arn")?, text("destination_arn")?, text("operation")?];
    let [regions, reasons] = [text("region")?, text("reason")?];
    let at = |column: &polars::prelude::StringChunked, row: usize| column.get(row).unwrap_or("").to_owned();
    let rows = (0..series.height()).filter(|&row| is_wanted(reasons.get(row).unwrap_or("")));
    let named = rows.filter_map(|row| {
        Some(Named {
            number: numbers.get(row)?,
            key: at(keys, row),
            destination: at(destinations, row),
            operation: at(operations, row),
            region: at(regions, row),
        })
    });
    Ok(named.collect())
}

/// The one key whose ARN has the text in it, or is it.
fn one_key(text: &str, rows: &[Named]) -> Result<String, SelectionError> {
    let mut keys: Vec<&str> = rows.iter().flat_map(|row| [row.key.as_str(), row.destination.as_str()]).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.contains(&text) {
        return Ok(text.to_owned());
    }
    keys.retain(|key| key.contains(text));
    match keys[..] {
        [] => Err(SelectionError::NoKey(text.to_owned())),
        [key] => Ok(key.to_owned()),
        _ => {
            let some: Vec<&str> = keys.iter().copied().take(3).collect();
            let rest = if keys.len() > some.len() { " …" } else { "" };
            Err(SelectionError::SeveralKeys { text: text.to_owned(), count: keys.len(), some: some.join(", ") + rest })
        }
    }
}
