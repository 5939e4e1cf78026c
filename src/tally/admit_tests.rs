//! What a batch admits, beside a ledger in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::*;
use crate::cloudtrail::CallerDetail;
use crate::domain::{Outcome, Second};
use crate::tally::{Claim, Dictionaries};

/// The ids that were given to it, by hour and hash, each with its latest mark.
#[derive(Default)]
struct Remembered(BTreeMap<(u32, u128), Mark>);

impl Remembered {
    fn remember(&mut self, admitted: &Admitted) {
        for (hour, ids) in &admitted.new_ids {
            self.0.extend(ids.iter().map(|id| ((*hour, id & !MARK_MASK), Mark::of_id(*id))));
        }
    }
}

impl Ledger for Remembered {
    type Error = Infallible;

    fn find(&mut self, hour: u32, hashes: &[u128], found: &mut Vec<(u32, Mark)>) -> Result<(), Infallible> {
        let known = |(place, hash): (u32, &u128)| Some((place, *self.0.get(&(hour, *hash))?));
        found.extend((0..).zip(hashes).filter_map(known));
        Ok(())
    }

    fn find_notes(&mut self, hour: u32, uppers: &[u64], found: &mut Vec<(u32, u128)>) -> Result<(), Infallible> {
        let of_hour = self.0.iter().filter(|((of, _), _)| *of == hour);
        let place = |hash: &u128| uppers.iter().position(|upper| *upper == (hash >> 64) as u64);
        found.extend(of_hour.filter_map(|((_, hash), mark)| Some((place(hash)? as u32, mark.on(*hash)))));
        Ok(())
    }
}

/// A batch of copies of one request, each with what it tells of the caller, and what the ledger remembers of it.
fn admit(copies: &[CallerDetail], ledger: &mut Remembered) -> Admitted {
    let row = |detail: &CallerDetail| Row {
        second: Second(1_767_571_200),
        profile: 0,
        outcome: Outcome::Successful,
        caller_detail: detail.bits(),
        claim: Claim::whole(1),
    };
    let id = |row: u32| Id { hash: 8, row, beside: 0 };
    let rows: Vec<Row> = copies.iter().map(row).collect();
    let ids: Vec<Id> = (0..rows.len() as u32).map(id).collect();
    let mut batch = Batch::default();
    batch.add(&rows, &ids);
    let Ok(admitted) = batch.admit(&Profiles::new(Dictionaries::default()), ledger);
    ledger.remember(&admitted);
    admitted
}

const REDUCED: CallerDetail = CallerDetail { reduced: true, context: false, service: false };
const REDUCED_WITH_CONTEXT: CallerDetail = CallerDetail { context: true, ..REDUCED };
const WHOLE: CallerDetail = CallerDetail { reduced: false, context: true, service: true };

#[test]
fn a_correction_takes_back_what_the_counted_copy_told_whatever_copies_came_between() {
    // Each copy but the first comes alone, or with a copy of itself.
    for copies in [1, 2] {
        let mut ledger = Remembered::default();
        let counted = admit(&[REDUCED], &mut ledger);
        assert_eq!((counted.rows.len(), counted.duplicates), (1, 0));
        let between = admit(&vec![REDUCED_WITH_CONTEXT; copies], &mut ledger);
        assert_eq!((between.rows.len(), between.duplicates as usize), (0, copies));
        let whole = admit(&vec![WHOLE; copies], &mut ledger);
        assert_eq!(whole.corrections.iter().map(|correction| correction.counted).collect::<Vec<_>>(), [REDUCED]);
        assert!(admit(&vec![WHOLE; copies], &mut ledger).corrections.is_empty(), "it is corrected once");
    }
}

#[test]
fn of_copies_in_one_batch_the_one_that_tells_most_counts_and_the_ledger_knows_that_all_is_told() {
    for copies in [[REDUCED, WHOLE, REDUCED_WITH_CONTEXT], [WHOLE, REDUCED_WITH_CONTEXT, REDUCED]] {
        let mut ledger = Remembered::default();
        let admitted = admit(&copies, &mut ledger);
        assert_eq!(admitted.rows.iter().map(|row| row.caller_detail).collect::<Vec<_>>(), [WHOLE.bits()]);
        assert_eq!(admitted.duplicates, 2);
        assert_eq!(ledger.0.into_values().collect::<Vec<_>>(), [Mark::FULL]);
    }
}
