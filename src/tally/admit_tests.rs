//! What a batch admits, beside a ledger in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::cloudtrail::Decoder;
use crate::domain::{Caller, Operation, Second, SeriesKey, Unattributed};
use crate::tally::{Cells, Dictionaries, ObjectTally, Scope, Workbench, add_up};

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

/// A copy of a request: what its record tells, and the batch that it comes in.
#[derive(Clone, Debug)]
struct Copy {
    batch: usize,
    own_id: u8,
    /// Whether it has the id that copies in other accounts share.
    is_shared: bool,
    /// The copy that it corrects.
    corrects: Option<u8>,
    keys: Keys,
    is_reduced: bool,
    /// Whether it names the service that forwarded the call.
    has_service: bool,
    second: u32,
}

/// Which of a ReEncrypt's two keys a copy names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Keys {
    None,
    Source,
    Destination,
    Both,
}

/// What forwards a call.
const SERVICE: &str = "s3.amazonaws.com";
/// Who calls.
const PRINCIPAL: &str = "arn:aws:iam::444455556666:user/ann";

/// Rows of a copy as the decoder makes them.
fn record(copy: &Copy) -> String {
    let arn = |key: &str| format!("arn:aws:kms:eu-west-1:111122223333:key/{key}");
    let resource = |key: &str| format!(r#"{{"ARN":"{}","accountId":"111122223333","type":"AWS::KMS::Key"}}"#, arn(key));
    let (resources, parameters) = match copy.keys {
        Keys::None => (String::new(), "null".to_owned()),
        Keys::Source => (resource("a"), format!(r#"{{"sourceKeyId":"{}"}}"#, arn("a"))),
        Keys::Destination => (resource("b"), format!(r#"{{"destinationKeyId":"{}"}}"#, arn("b"))),
        Keys::Both => (format!("{},{}", resource("a"), resource("b")), "null".to_owned()),
    };
    let identity = match copy.is_reduced {
        true => r#"{"type":"AWSAccount","accountId":"444455556666"}"#,
        false => r#"{"type":"IAMUser","arn":"arn:aws:iam::444455556666:user/ann","accountId":"444455556666"}"#,
    };
    let invoked_by = if copy.has_service { format!(r#""invokedBy":"{SERVICE}","#) } else { String::new() };
    let identity = identity.replacen('{', &format!("{{{invoked_by}"), 1);
    let shared = if copy.is_shared { r#","sharedEventID":"shared""# } else { "" };
    let corrects =
        copy.corrects.map(|id| format!(r#","addendum":{{"originalEventID":"id-{id}"}}"#)).unwrap_or_default();
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{identity},"eventTime":"2026-01-05T10:{:02}:{:02}Z",
        "eventSource":"kms.amazonaws.com","eventName":"ReEncrypt","awsRegion":"eu-west-1",
        "requestParameters":{parameters},"eventID":"id-{}","resources":[{resources}]{shared}{corrects}}}"#,
        30 + copy.second / 60,
        copy.second % 60,
        copy.own_id
    )
}

/// The net counts of a feed: by series and minute, and by series, slot and caller. A caller is its principal, and where
/// that isn't told its service.
#[derive(Debug, Default, PartialEq, Eq)]
struct Net {
    minutes: BTreeMap<(SeriesKey, u32), i64>,
    callers: BTreeMap<(SeriesKey, u32, String), i64>,
}

/// What each batch of copies adds.
fn cells(copies: &[Copy], profiles: &Profiles) -> Vec<Cells> {
    let scope =
        Scope { since: Second(0), until: Second(u32::MAX), not_after: Second(u32::MAX), closed_hours: Vec::new() };
    let mut ledger = Remembered::default();
    let of_batch = |number: usize| {
        let mut batch = Batch::default();
        for (copy, identity) in copies.iter().zip(0..).filter(|(copy, _)| copy.batch == number) {
            let mut workbench = Workbench::default();
            let mut tally = ObjectTally::new(profiles, &mut workbench, &scope, identity);
            Decoder::default().document(record(copy).as_bytes(), &mut tally).expect("a record is a document");
            batch.add(&tally.rows, &tally.ids);
        }
        let Ok(admitted) = batch.admit(profiles, &mut ledger);
        ledger.remember(&admitted);
        add_up(&admitted, profiles)
    };
    (0..BATCHES).map(of_batch).collect()
}

fn net(copies: &[Copy]) -> Net {
    let profiles = Profiles::new(Dictionaries::default());
    let mut net = Net::default();
    for cells in cells(copies, &profiles) {
        let Dictionaries { series, callers, .. } = profiles.since(0, 0, 0);
        for (days, sign) in [(&cells.minutes, 1), (&cells.taken_back, -1)] {
            for day in days.values() {
                for (at, minute) in day.minute.iter().enumerate() {
                    let key = (series[day.series[at] as usize].clone(), *minute);
                    let calls: u32 = day.calls.iter().map(|column| column[at]).sum();
                    *net.minutes.entry(key).or_default() += sign * i64::from(calls);
                }
            }
        }
        for day in cells.callers.values() {
            for (at, slot) in day.slot.iter().enumerate() {
                let Caller { principal, service, .. } = &callers[day.caller[at] as usize];
                let caller = if principal.is_empty() { service } else { principal };
                let calls: i32 = day.calls.iter().map(|column| column[at]).sum();
                let key = (series[day.series[at] as usize].clone(), *slot, caller.clone());
                *net.callers.entry(key).or_default() += i64::from(calls);
            }
        }
    }
    net.minutes.retain(|_, calls| *calls != 0);
    net.callers.retain(|_, calls| *calls != 0);
    net
}

/// How many batches copies are spread over.
const BATCHES: usize = 4;

/// The copies that are one request, by their ids alone.
fn requests(copies: &[&Copy]) -> Vec<Vec<Copy>> {
    let mut groups: Vec<Vec<Copy>> = Vec::new();
    for copy in copies {
        let names = |copy: &Copy| {
            let shared = copy.is_shared.then_some(u8::MAX);
            [Some(copy.own_id), shared, copy.corrects].into_iter().flatten().collect::<Vec<u8>>()
        };
        let own = names(copy);
        let is_of = |group: &Vec<Copy>| group.iter().any(|other| names(other).iter().any(|name| own.contains(name)));
        let (of, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_of);
        groups = others;
        groups.push(of.into_iter().flatten().chain([(*copy).clone()]).collect());
    }
    groups
}

fn is_final(copies: &[Copy]) -> bool {
    copies.iter().any(|copy| copy.keys == Keys::Both && !copy.is_reduced)
}

/// Whether a copy shows that two requests which were counted for good are one: they stay two.
fn joins_what_was_final(copies: &[Copy]) -> bool {
    (1..BATCHES).any(|batch| {
        let until = |last: usize| copies.iter().filter(|copy| copy.batch <= last).collect::<Vec<_>>();
        let before: Vec<Vec<Copy>> = requests(&until(batch - 1)).into_iter().filter(|of| is_final(of)).collect();
        requests(&until(batch)).iter().any(|of| {
            let parts = before.iter().filter(|part| of.iter().any(|copy| copy.own_id == part[0].own_id));
            parts.count() > 1
        })
    })
}

/// The series' keys and the caller that a request counts for, as in [`Net`].
fn expected(copies: &[Copy]) -> Vec<(SeriesKey, &'static str)> {
    let caller = |keys: Keys| {
        let told = |is: fn(&Copy) -> bool| copies.iter().any(|copy| copy.keys == keys && is(copy));
        match (told(|copy| !copy.is_reduced), told(|copy| copy.has_service)) {
            (true, _) => PRINCIPAL,
            (false, true) => SERVICE,
            (false, false) => "",
        }
    };
    let arn = |key: &str| format!("arn:aws:kms:eu-west-1:111122223333:key/{key}");
    let pair = |source: bool, destination: bool| SeriesKey::ReEncrypt {
        source: if source { arn("a") } else { String::new() },
        destination: if destination { arn("b") } else { String::new() },
    };
    let has = |keys: Keys| copies.iter().any(|copy| copy.keys == keys);
    if has(Keys::Both) {
        return vec![(pair(true, true), caller(Keys::Both))];
    }
    let halves = [(Keys::Source, pair(true, false)), (Keys::Destination, pair(false, true))];
    let told: Vec<_> = halves.into_iter().filter(|(keys, _)| has(*keys)).collect();
    if told.is_empty() {
        let unattributed = SeriesKey::Unattributed {
            account: "444455556666".to_owned(),
            region: "eu-west-1".to_owned(),
            key_ref: String::new(),
            operation: Operation::ReEncrypt,
            reason: Unattributed::None,
        };
        return vec![(unattributed, caller(Keys::None))];
    }
    told.into_iter().map(|(keys, series)| (series, caller(keys))).collect()
}

#[test]
fn a_copy_that_tells_the_caller_alone_better_leaves_the_minutes_as_they_are() {
    let reduced = Copy {
        batch: 0,
        own_id: 0,
        is_shared: true,
        corrects: None,
        keys: Keys::Both,
        is_reduced: true,
        has_service: true,
        second: 0,
    };
    let of_caller = Copy { batch: 1, own_id: 1, is_reduced: false, ..reduced.clone() };
    let cells = cells(&[reduced, of_caller], &Profiles::new(Dictionaries::default()));
    assert_eq!(cells[1].minutes.len() + cells[1].taken_back.len(), 0);
    assert_eq!(cells[1].callers.values().map(|day| day.slot.len()).sum::<usize>(), 2, "one caller less, one more");
}

fn copies() -> impl Strategy<Value = Vec<Copy>> {
    let keys = prop_oneof![Just(Keys::None), Just(Keys::Source), Just(Keys::Destination), Just(Keys::Both)];
    let one =
        (0..BATCHES, 0..5_u8, any::<bool>(), proptest::option::of(0..5_u8), keys, any::<(bool, bool)>(), 0..600_u32);
    let copy = one.prop_map(|(batch, own_id, is_shared, corrects, keys, (is_reduced, has_service), second)| Copy {
        batch,
        own_id,
        is_shared,
        corrects,
        keys,
        is_reduced,
        has_service,
        second,
    });
    proptest::collection::vec(copy, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_request_counts_once_for_the_best_that_any_copy_tells_whatever_the_order_and_the_links(copies in copies()) {
        prop_assume!(!joins_what_was_final(&copies));
        let net = net(&copies);
        let mut by_series: BTreeMap<SeriesKey, i64> = BTreeMap::new();
        let mut by_caller: BTreeMap<(SeriesKey, String), i64> = BTreeMap::new();
        for request in requests(&copies.iter().collect::<Vec<_>>()) {
            for (series, caller) in expected(&request) {
                *by_series.entry(series.clone()).or_default() += 1;
                *by_caller.entry((series, caller.to_owned())).or_default() += 1;
            }
        }
        let mut series_of_minutes: BTreeMap<SeriesKey, i64> = BTreeMap::new();
        let mut slots: BTreeMap<(SeriesKey, u32), i64> = BTreeMap::new();
        for ((series, minute), calls) in &net.minutes {
            prop_assert!(*calls > 0, "no minute is less than nothing: {:?}", net);
            *series_of_minutes.entry(series.clone()).or_default() += calls;
            *slots.entry((series.clone(), minute / 5)).or_default() += calls;
        }
        prop_assert_eq!(&series_of_minutes, &by_series);
        let mut series_of_callers: BTreeMap<(SeriesKey, String), i64> = BTreeMap::new();
        let mut slots_of_callers: BTreeMap<(SeriesKey, u32), i64> = BTreeMap::new();
        for ((series, slot, caller), calls) in &net.callers {
            prop_assert!(*calls > 0, "no caller has less than nothing: {:?}", net);
            *series_of_callers.entry((series.clone(), caller.clone())).or_default() += calls;
            *slots_of_callers.entry((series.clone(), *slot)).or_default() += calls;
        }
        prop_assert_eq!(series_of_callers, by_caller);
        prop_assert_eq!(slots_of_callers, slots, "minutes and callers agree in time");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Spread hashes, and some that have their first bits in common; few, some thousands, and more.
    #[test]
    fn an_hours_ids_are_sorted_however_many_they_are(
        count in prop::sample::select(vec![0_usize, 1, 4095, 4096, 70_000]),
        alike in 0..3_usize,
        seed in any::<u64>(),
    ) {
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state
        };
        let mut hash = |row: usize| {
            let upper = if alike > 0 && row.is_multiple_of(alike) { u64::MAX - random() % 8 } else { random() };
            u128::from(upper) << 64 | u128::from(random())
        };
        let mut entries: Vec<Entry> = (0..count).map(|row| Entry::new(hash(row), row as u32, Mark::FINAL)).collect();
        let of = |entry: &Entry| (entry.hash(), entry.row);
        let mut expect: Vec<(u128, u32)> = entries.iter().map(of).collect();
        expect.sort_unstable();
        sort(&mut entries, &mut vec![Entry::new(7, 7, Mark::FINAL); 5_000]);
        let mut sorted: Vec<(u128, u32)> = entries.iter().map(of).collect();
        prop_assert!(sorted.is_sorted_by_key(|(hash, _)| *hash));
        sorted.sort_unstable();
        prop_assert_eq!(sorted, expect);
    }
}
