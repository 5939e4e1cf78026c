//! Which log files came, by the names that CloudTrail gave them: whether an account's and Region's files came at all
//! tells silence from zero.

use std::collections::{BTreeSet, HashMap};

use rusqlite::params;

use super::error::StoreError;
use super::open::Store;
use crate::domain::{LogFileName, Minute, MinuteRange};

/// A batch may hold a file that was delivered so much later than the last call in the batch.
const SLACK_MINUTES: u32 = Minute::PER_DAY;

/// The minutes in which log files were delivered, by account and Region. Names that CloudTrail doesn't give are not in
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliveries {
    /// Files that were delivered before are left out.
    from: Minute,
    /// The last batch that is in it.
    batch: i64,
    /// By Region within the account.
    minutes: HashMap<String, HashMap<String, BTreeSet<u32>>>,
}

impl Deliveries {
    /// Everything delivered from this minute on is known.
    pub fn from(&self) -> Minute {
        self.from
    }

    /// In how many minutes of a range files came of an account and Region.
    pub fn count(&self, account: &str, region: &str, range: MinuteRange) -> usize {
        let minutes = self.minutes.get(account).and_then(|regions| regions.get(region));
        minutes.map_or(0, |minutes| minutes.range(range.start.0..range.end.0.max(range.start.0)).count())
    }

    fn add(&mut self, name: &str) {
        let Some(LogFileName { account, region, delivered }) = LogFileName::parse(name) else { return };
        if delivered < self.from {
            return;
        }
        let regions = match self.minutes.get_mut(account) {
            Some(regions) => regions,
            None => self.minutes.entry(account.to_owned()).or_default(),
        };
        match regions.get_mut(region) {
            Some(minutes) => drop(minutes.insert(delivered.0)),
            None => drop(regions.insert(region.to_owned(), BTreeSet::from([delivered.0]))),
        }
    }
}

impl Store {
    /// The deliveries from a minute on.
    pub fn deliveries(&self, from: Minute) -> Result<Deliveries, StoreError> {
        let mut deliveries = Deliveries { from, batch: 0, minutes: HashMap::new() };
        // A batch whose calls all lie long before can be left out; of batches from before format 2 nobody knows.
        let since = match self.watches()? {
            true => format!(
                "AND batch NOT IN (SELECT number FROM batches WHERE minute_last < {})",
                from.0.saturating_sub(SLACK_MINUTES)
            ),
            false => String::new(),
        };
        self.read_deliveries(&mut deliveries, &since)?;
        Ok(deliveries)
    }

    /// Adds what batches brought since.
    pub fn add_deliveries(&self, deliveries: &mut Deliveries) -> Result<(), StoreError> {
        self.read_deliveries(deliveries, "")
    }

    fn read_deliveries(&self, deliveries: &mut Deliveries, and: &str) -> Result<(), StoreError> {
        let mut read = || -> rusqlite::Result<()> {
            let mut statement =
                self.catalog.prepare(&format!("SELECT name, batch FROM objects WHERE batch > ? {and}"))?;
            let mut rows = statement.query(params![deliveries.batch])?;
            let mut last = deliveries.batch;
            while let Some(row) = rows.next()? {
                deliveries.add(row.get_ref(0)?.as_str()?);
                last = last.max(row.get(1)?);
            }
            deliveries.batch = last;
            Ok(())
        };
        read().map_err(|source| self.catalog_error("read which log files came", source))
    }
}
