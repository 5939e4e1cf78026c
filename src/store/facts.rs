//! Lifecycle facts: kept, and read back.

use rusqlite::{Row, Transaction, params};

use crate::cloudtrail::Fact;
use crate::domain::Second;

use super::error::StoreError;
use super::open::Store;

/// A fact's columns, as [`read`] takes them.
const COLUMNS: &str =
    "second, coalesce(event_id, ''), coalesce(shared_event_id, ''), event_source, event_name, account,
    region, key_arn, alias, actor, error_code, details, id";

fn read(row: &Row<'_>) -> rusqlite::Result<Fact> {
    Ok(Fact {
        second: Second(row.get(0)?),
        event_id: row.get(1)?,
        shared_event_id: row.get(2)?,
        event_source: row.get(3)?,
        event_name: row.get(4)?,
        account: row.get(5)?,
        region: row.get(6)?,
        key_arn: row.get(7)?,
        alias: row.get(8)?,
        actor: row.get(9)?,
        error_code: row.get(10)?,
        details: row.get(11)?,
        session: None,
    })
}

/// Adds facts, each event once: of its copies (in the other account's trail, restated later) the one that tells most
/// stays, whichever comes first, and of a session that is known of its day the first.
pub(super) fn insert(t: &Transaction<'_>, facts: &[Fact]) -> rusqlite::Result<u64> {
    let mut copies = t.prepare(&format!(
        "SELECT {COLUMNS} FROM lifecycle WHERE event_id = ? OR shared_event_id = ? OR session = ?"
    ))?;
    let mut delete = t.prepare("DELETE FROM lifecycle WHERE id = ?")?;
    let mut insert = t.prepare(
        "INSERT INTO lifecycle (second, event_id, shared_event_id, session, event_source, event_name, account,
         region, key_arn, alias, actor, error_code, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let id = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut new = 0;
    for fact in facts {
        let (event_id, shared_id) = (id(&fact.event_id), id(&fact.shared_event_id));
        let session = fact.session.map(u128::to_le_bytes);
        let known = copies.query_map(params![event_id, shared_id, session], |row| Ok((row.get(12)?, read(row)?)))?;
        let known: Vec<(i64, Fact)> = known.collect::<Result<_, _>>()?;
        if !known.iter().all(|(_, known)| fact.tells_more_than(known)) {
            continue;
        }
        new += u64::from(known.is_empty());
        for (row, _) in known {
            delete.execute([row])?;
        }
        insert.execute(params![
            fact.second.0,
            event_id,
            shared_id,
            session,
            fact.event_source,
            fact.event_name,
            fact.account,
            fact.region,
            fact.key_arn,
            fact.alias,
            fact.actor,
            fact.error_code,
            fact.details
        ])?;
    }
    Ok(new)
}

impl Store {
    /// The facts of a half-open range of seconds, in the order of time, then of all that they say: which came first
    /// doesn't matter.
    pub fn facts(&self, since: Second, until: Second) -> Result<Vec<Fact>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM lifecycle WHERE second >= {} AND second < {}
             ORDER BY second, event_id, shared_event_id, event_source, event_name, account, region, key_arn, alias,
             actor, error_code, details",
            since.0, until.0
        );
        super::rows::rows(&self.catalog, &query, read)
            .map_err(|source| self.catalog_error("read the lifecycle facts", source))
    }

    /// The alias that each key had at a second, by the key's ARN; of several the one set last.
    pub fn key_aliases(&self, second: i64) -> Result<Vec<(String, String)>, StoreError> {
        let query = format!(
            "SELECT key_arn, alias FROM (
                 SELECT key_arn, alias, since,
                        row_number() OVER (PARTITION BY account, region, alias ORDER BY since DESC) AS nth
                 FROM aliases WHERE since < {second})
             WHERE nth = 1 AND key_arn <> '' ORDER BY since"
        );
        super::rows::rows(&self.catalog, &query, |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(|source| self.catalog_error("read the aliases", source))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::store::NewBatch;
    use crate::tally::{Dictionaries, Profiles};

    fn session(actor: &str, known_by: u128) -> Fact {
        Fact {
            second: Second(1_767_571_200),
            event_id: String::new(),
            shared_event_id: String::new(),
            session: Some(known_by),
            event_source: "sts.amazonaws.com".to_owned(),
            event_name: "AssumeRole".to_owned(),
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            key_arn: String::new(),
            alias: String::new(),
            actor: actor.to_owned(),
            error_code: String::new(),
            details: "{}".to_owned(),
        }
    }

    #[test]
    fn facts_come_in_one_order_however_they_arrived_and_new_ones_are_counted() {
        let mut orders = Vec::new();
        for actors in [["a", "b", "c"], ["c", "a", "b"]] {
            let dir = tempfile::tempdir().unwrap();
            let mut store = Store::open_for_writing(dir.path()).unwrap();
            let profiles = Profiles::new(Dictionaries::default());
            let mut facts: Vec<Fact> =
                actors.iter().map(|actor| session(actor, u128::from(actor.as_bytes()[0]))).collect();
            facts.push(facts[0].clone());
            let batch = NewBatch { facts, ..NewBatch::default() };
            let committed = store.commit(batch, &profiles, DateTime::UNIX_EPOCH).unwrap();
            assert_eq!(committed.new_facts, 3);
            let stored = store.facts(Second(0), Second(u32::MAX)).unwrap();
            orders.push(stored.into_iter().map(|fact| fact.actor).collect::<Vec<_>>());
        }
        assert_eq!(orders[0], ["a", "b", "c"]);
        assert_eq!(orders[1], orders[0]);
    }
}
