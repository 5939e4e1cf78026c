//! Rows to counts: sort, then add up neighbours.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::admitted::Admitted;
use super::note::Note;
use super::profiles::{Profile, Profiles};
use super::row::Row;
use crate::domain::{Minute, Outcome, Second};

/// Minute counts of a day as columns, sorted by hour, series and minute: a reader of a few hours skips the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinuteCells {
    /// Minutes since 1970.
    pub minute: Vec<u32>,
    /// Series numbers.
    pub series: Vec<u32>,
    /// Calls by outcome, in the order of [`Outcome::ALL`].
    pub calls: [Vec<u32>; 5],
}

/// Counts by caller of a day in slots of five minutes, as columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerCells {
    /// Five-minute slots since 1970.
    pub slot: Vec<u32>,
    /// Caller numbers.
    pub caller: Vec<u32>,
    /// Series numbers.
    pub series: Vec<u32>,
    /// Calls by outcome; negative in corrections.
    pub calls: [Vec<i32>; 5],
}

/// Requests of a day by second, as columns, sorted by pool and second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondCells {
    /// Seconds since 1970.
    pub second: Vec<u32>,
    /// Quota pool numbers.
    pub pool: Vec<u32>,
    /// Requests that were let in.
    pub requests: Vec<u32>,
    /// Requests that were throttled.
    pub throttled: Vec<u32>,
}

/// A batch's counts by UTC day since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// Minute counts.
    pub minutes: BTreeMap<u32, MinuteCells>,
    /// Minute counts to take from what was counted before.
    pub taken_back: BTreeMap<u32, MinuteCells>,
    /// Counts by caller.
    pub callers: BTreeMap<u32, CallerCells>,
    /// Requests by second.
    pub seconds: BTreeMap<u32, SecondCells>,
}

/// Counts what was admitted.
pub fn add_up(admitted: &Admitted, profiles: &Profiles) -> Cells {
    let table = profiles.snapshot();
    let mut cells = Cells::default();
    let counted = || admitted.rows.iter().chain(&admitted.mended);
    let of_row = |row: &Row| (row.second, row.outcome, &table[row.profile as usize].series);
    let mut mended = minute_keys(admitted.mended.iter().map(of_row));
    let mut taken_back: Vec<u64> =
        admitted.taken_back.iter().map(|note| minute_key(note.second, note.series, note.outcome)).collect();
    cancel(&mut mended, &mut taken_back);
    let mut keys = minute_keys(admitted.rows.iter().map(of_row));
    keys.append(&mut mended);
    minutes(&mut keys, &mut cells.minutes);
    minutes(&mut taken_back, &mut cells.taken_back);
    callers(counted(), &table, &mut cells.callers);
    seconds(&admitted.rows, &table, &mut cells.seconds);
    for Note { second, outcome, series, caller } in &admitted.taken_back {
        cells.callers.entry(second.day()).or_default().push(second.0 / 300, *caller, *series, *outcome, -1);
    }
    cells
}

/// The minute keys of calls.
fn minute_keys<'r>(calls: impl Iterator<Item = (Second, Outcome, &'r SmallVec<[u32; 1]>)>) -> Vec<u64> {
    let mut keys = Vec::with_capacity(calls.size_hint().0);
    for (second, outcome, series) in calls {
        keys.extend(series.iter().map(|series| minute_key(second, *series, outcome)));
    }
    keys
}

/// Removes what two lists share: a call that is only told better stays where it was counted.
fn cancel(counted: &mut Vec<u64>, taken_back: &mut Vec<u64>) {
    counted.sort_unstable();
    taken_back.sort_unstable();
    let mut others = std::mem::take(taken_back).into_iter().peekable();
    counted.retain(|key| {
        taken_back.extend(std::iter::from_fn(|| others.next_if(|other| other < key)));
        others.next_if_eq(key).is_none()
    });
    taken_back.extend(others);
}

/// Calls `each` with every distinct key and how often it occurs, in ascending order.
fn for_each_run(keys: &mut [u64], mut each: impl FnMut(u64, u32)) {
    radsort::sort(keys);
    for run in keys.chunk_by(|a, b| a == b) {
        each(run[0], u32::try_from(run.len()).expect("a batch is closed long before 2^32 rows"));
    }
}

/// A call of a series and minute as a number, in the order of [`MinuteCells`].
#[inline]
fn minute_key(second: Second, series: u32, outcome: Outcome) -> u64 {
    // day, 16 bits | hour, 5 | series, 32 | minute of the hour, 6 | outcome, 3
    let minute = second.minute();
    let (day, hour) = (u64::from(minute.day()), u64::from(minute.0 / 60 % 24));
    day << 46 | hour << 41 | u64::from(series) << 9 | u64::from(minute.0 % 60) << 3 | outcome as u64
}

fn minutes(keys: &mut [u64], days: &mut BTreeMap<u32, MinuteCells>) {
    let mut last = u64::MAX;
    let mut day: (u32, MinuteCells) = (0, MinuteCells::default());
    for_each_run(keys, |key, calls| {
        let of = (key >> 46) as u32;
        if of != day.0 {
            flush(days, &mut day, of);
        }
        let cells = &mut day.1;
        if key >> 3 != last {
            last = key >> 3;
            cells.minute.push(of * Minute::PER_DAY + (key >> 41 & 0x1f) as u32 * 60 + (key >> 3 & 0x3f) as u32);
            cells.series.push((key >> 9) as u32);
            cells.calls.iter_mut().for_each(|column| column.push(0));
        }
        let at = cells.minute.len() - 1;
        cells.calls[(key & 7) as usize][at] += calls;
    });
    flush(days, &mut day, 0);
}

/// Moves a finished day into the map and begins another.
fn flush<C: Default>(days: &mut BTreeMap<u32, C>, day: &mut (u32, C), next: u32) {
    let (number, cells) = std::mem::replace(day, (next, C::default()));
    if number != 0 {
        days.insert(number, cells);
    }
}

fn callers<'r>(rows: impl Iterator<Item = &'r Row>, table: &[Profile], days: &mut BTreeMap<u32, CallerCells>) {
    // day, 16 bits | slot of the day, 9 | profile, 32 | outcome, 3
    let mut keys: Vec<u64> = rows
        .filter(|row| !table[row.profile as usize].series.is_empty())
        .map(|row| {
            let slot = u64::from(row.second.0 % 86_400 / 300);
            u64::from(row.second.day()) << 44 | slot << 35 | u64::from(row.profile) << 3 | row.outcome as u64
        })
        .collect();
    let mut last = u64::MAX;
    let mut width = 0;
    let mut day: (u32, CallerCells) = (0, CallerCells::default());
    for_each_run(&mut keys, |key, calls| {
        let of = (key >> 44) as u32;
        if of != day.0 {
            flush(days, &mut day, of);
        }
        let cells = &mut day.1;
        if key >> 3 != last {
            last = key >> 3;
            let profile = &table[(key >> 3) as u32 as usize];
            let slot = of * 288 + (key >> 35 & 0x1ff) as u32;
            width = profile.series.len();
            for &series in &profile.series {
                cells.push_empty(slot, profile.caller, series);
            }
        }
        let end = cells.slot.len();
        for at in end - width..end {
            cells.calls[(key & 7) as usize][at] += i32::try_from(calls).expect("a batch has fewer than 2^31 rows");
        }
    });
    flush(days, &mut day, 0);
}

impl CallerCells {
    fn push_empty(&mut self, slot: u32, caller: u32, series: u32) {
        self.slot.push(slot);
        self.caller.push(caller);
        self.series.push(series);
        self.calls.iter_mut().for_each(|column| column.push(0));
    }

    fn push(&mut self, slot: u32, caller: u32, series: u32, outcome: Outcome, calls: i32) {
        self.push_empty(slot, caller, series);
        let at = self.slot.len() - 1;
        self.calls[outcome as usize][at] = calls;
    }
}

fn seconds(rows: &[Row], table: &[Profile], days: &mut BTreeMap<u32, SecondCells>) {
    // day, 16 bits | pool, 30 | second of the day, 17 | throttled, 1
    let mut keys: Vec<u64> = rows
        .iter()
        .map(|row| {
            let pool = u64::from(table[row.profile as usize].pool);
            let throttled = u64::from(row.outcome == Outcome::Throttled);
            u64::from(row.second.day()) << 48 | pool << 18 | u64::from(row.second.0 % 86_400) << 1 | throttled
        })
        .collect();
    let mut last = u64::MAX;
    let mut day: (u32, SecondCells) = (0, SecondCells::default());
    for_each_run(&mut keys, |key, calls| {
        let of = (key >> 48) as u32;
        if of != day.0 {
            flush(days, &mut day, of);
        }
        let cells = &mut day.1;
        if key >> 1 != last {
            last = key >> 1;
            cells.second.push(of * 86_400 + (key >> 1 & 0x1_ffff) as u32);
            cells.pool.push((key >> 18 & 0x3fff_ffff) as u32);
            cells.requests.push(0);
            cells.throttled.push(0);
        }
        let at = cells.second.len() - 1;
        let column = if key & 1 == 1 { &mut cells.throttled } else { &mut cells.requests };
        column[at] += calls;
    });
    flush(days, &mut day, 0);
}
