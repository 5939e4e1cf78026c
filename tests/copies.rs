//! What several records of one request make, whatever comes first.

use std::path::PathBuf;

use serde_json::json;

use crate::support::files;
use crate::support::oracle;
use crate::support::record::{GUEST, GUEST_KEY, KEY, KEY_2, Record};
use crate::support::runs::{Run, after, assert_equal};
use crate::support::stores::{Said, passing_folder};

/// What stores say that take these records as single files, in every order, batch by batch and all at once.
fn in_every_order(records: &[Record]) -> Vec<Said> {
    let folder = passing_folder();
    let files: Vec<PathBuf> = records
        .iter()
        .enumerate()
        .map(|(n, record)| files::write(folder.path(), &format!("{n}.json"), &files::log_file(&[record.value()])))
        .collect();
    let mut said = Vec::new();
    for order in orders(files.len()) {
        let ordered: Vec<PathBuf> = order.iter().map(|&at| files[at].clone()).collect();
        said.push(after(&[Run { batch_requests: 1, ..Run::of(&ordered) }]));
        said.push(after(&[Run::of(&ordered)]));
    }
    said
}

fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let with_last = |order: &Vec<usize>| -> Vec<Vec<usize>> {
        (0..=order.len())
            .map(|at| {
                let mut longer = order.clone();
                longer.insert(at, count - 1);
                longer
            })
            .collect()
    };
    shorter.iter().flat_map(with_last).collect()
}

fn assert_same(all: &[Said]) {
    for said in all {
        assert_equal(said, &all[0], "another order");
    }
}

/// A call by a role of [`GUEST`] with a context and a service, as the guest's trail shows it.
fn guest_call(operation: &str, event_id: &str) -> Record {
    let identity = json!({
        "type": "AssumedRole", "accountId": GUEST, "invokedBy": "fas.s3.amazonaws.com",
        "arn": format!("arn:aws:sts::{GUEST}:assumed-role/reader/s"),
        "sessionContext": {"sessionIssuer": {"arn": format!("arn:aws:iam::{GUEST}:role/reader")}}
    });
    Record::call(operation)
        .with("userIdentity", identity)
        .with("recipientAccountId", GUEST)
        .parameter("encryptionContext", json!({"aws:s3:arn": "arn:aws:s3:::lake/1"}))
        .id(event_id)
        .shared("shared-1")
}

/// The caller of a [`guest_call`], without its account.
const READER: &str = "arn:aws:iam::444455556666:role/reader s3.amazonaws.com arn:aws:s3:::lake ";

#[test]
fn the_callers_copy_names_the_caller_whether_it_comes_first_or_last() {
    let callers_copy = guest_call("Decrypt", "guest").key(KEY);
    let bare = json!({"encryptionAlgorithm": "SYMMETRIC_DEFAULT"});
    let owners_copy = callers_copy.clone().seen_by_owner("111122223333", "owner");
    let owners_copies = [
        ("with the context and without the service", owners_copy.clone()),
        ("with both", owners_copy.clone().identity("invokedBy", "fas.s3.amazonaws.com")),
        ("with neither", owners_copy.clone().with("requestParameters", bare.clone())),
        (
            "with the service alone",
            owners_copy.identity("invokedBy", "fas.s3.amazonaws.com").with("requestParameters", bare),
        ),
    ];
    for (what, owners_copy) in owners_copies {
        let all = in_every_order(&[callers_copy.clone(), owners_copy]);
        let expected = format!("5892024 {GUEST} {READER} {KEY}  Decrypt");
        for said in &all {
            assert_eq!(said.callers, [(expected.clone(), [1, 0, 0, 0, 0])].into(), "owner's copy {what}");
        }
        assert_same(&all);
    }
}

#[test]
fn of_two_owners_copies_the_one_that_names_the_service_counts() {
    let bare = Record::decrypt("owner-1").shared("shared-1").identity("accountId", GUEST);
    let bare = bare.seen_by_owner("111122223333", "owner-1");
    let with_service = bare.clone().identity("invokedBy", "s3.amazonaws.com").id("owner-2");
    let all = in_every_order(&[bare, with_service]);
    let expected = format!("5892024 {GUEST}  s3.amazonaws.com   {KEY}  Decrypt");
    for said in &all {
        assert_eq!(said.callers, [(expected.clone(), [1, 0, 0, 0, 0])].into());
    }
    assert_same(&all);
}

#[test]
fn three_accounts_copies_of_a_re_encrypt_are_one_request() {
    let callers_copy = guest_call("ReEncrypt", "caller").key(KEY).key(GUEST_KEY);
    let bare = callers_copy.clone().without("resources");
    let all = in_every_order(&[
        callers_copy,
        bare.clone().key(KEY).seen_by_owner("111122223333", "source"),
        bare.key(GUEST_KEY).parameter("destinationKeyId", GUEST_KEY).seen_by_owner("777788889999", "destination"),
    ]);
    let expected = "minute,key_arn,operation,successful,throttled,denied,failed,dry_run\n".to_owned()
        + &format!("2026-01-05T10:00:00Z,{KEY},ReEncrypt,1,0,0,0,0\n")
        + &format!("2026-01-05T10:00:00Z,{GUEST_KEY},ReEncrypt,1,0,0,0,0\n");
    for said in &all {
        assert_eq!(said.minutes, expected);
        // It is the pair's, and nothing is left of the halves.
        let pair = format!("5892024 {GUEST} {READER} {KEY} {GUEST_KEY} ReEncrypt");
        assert_eq!(said.callers, [(pair, [1, 0, 0, 0, 0])].into());
    }
    assert_same(&all);
}

#[test]
fn a_half_known_re_encrypt_counts_its_other_half_once() {
    let whole = guest_call("ReEncrypt", "caller").key(KEY).key(KEY_2);
    let half = whole.clone().without("resources").key(KEY_2).parameter("destinationKeyId", KEY_2);
    let all = in_every_order(&[whole, half.seen_by_owner("111122223333", "owner")]);
    assert_same(&all);
    assert_eq!(all[0].minutes.matches(",ReEncrypt,1,0,0,0,0").count(), 2);
}

/// Calls of all keys in all minutes, and calls without a key.
fn totals(said: &Said) -> (u64, usize) {
    let by_key = oracle::totals(&said.minutes);
    (by_key.values().flatten().sum(), said.unattributed.lines().count() - 1)
}

/// Requests that used quota.
fn requests(said: &Said) -> i64 {
    said.seconds.values().flatten().sum()
}

#[test]
fn a_request_whose_copies_lie_in_two_hours_counts_once_in_any_order() {
    let original = |time: &str| Record::decrypt("e-1").at(time);
    let correction = |time: &str| {
        let addendum = json!({"reason": "UPDATED_DATA", "originalEventID": "e-1"});
        Record::decrypt("e-2").at(time).with("addendum", addendum)
    };
    let shared = |id: &str, time: &str| Record::decrypt(id).shared("shared-1").at(time);
    for (what, copies) in [
        ("the same eventID", vec![original("09:59:59"), original("10:00:00")]),
        ("a correction after the hour", vec![original("09:59:59"), correction("10:00:01")]),
        ("a correction well after the hour", vec![original("09:59:59"), correction("10:04:58")]),
        ("a correction of the hour before", vec![original("10:00:01"), correction("09:59:59")]),
        ("the copies of two accounts", vec![shared("e-1", "09:59:40"), shared("e-2", "10:00:20")]),
        ("the later copy near the hour", vec![shared("e-1", "09:54:58"), shared("e-2", "10:00:01")]),
        ("the earlier copy near the hour", vec![shared("e-1", "09:59:59"), shared("e-2", "10:04:59")]),
    ] {
        for said in in_every_order(&copies) {
            assert_eq!((totals(&said), requests(&said)), ((1, 0), 1), "{what}: {}", said.minutes);
        }
    }
}

#[test]
fn a_copy_that_names_the_key_takes_the_place_of_one_that_names_none() {
    let callers_copy = guest_call("Decrypt", "guest").parameter("keyId", "alias/app").key(KEY);
    let owners_copy = callers_copy.clone().seen_by_owner("111122223333", "owner");
    let bare = json!({"encryptionAlgorithm": "SYMMETRIC_DEFAULT"});
    let without = |copy: &Record| copy.clone().without("resources");
    let reader = format!("5892024 {GUEST} {READER} {KEY}  Decrypt");
    let account = format!("5892024 {GUEST}   arn:aws:s3:::lake  {KEY}  Decrypt");
    for (what, copies, caller) in [
        ("the same record twice", vec![callers_copy.clone(), without(&callers_copy)], &reader),
        ("the owner's without", vec![callers_copy.clone(), without(&owners_copy)], &reader),
        (
            "the owner's bare",
            vec![callers_copy.clone(), without(&owners_copy).with("requestParameters", bare)],
            &reader,
        ),
        ("the caller's without", vec![owners_copy.clone(), without(&callers_copy)], &account),
        (
            "all",
            vec![callers_copy.clone(), owners_copy.clone(), without(&owners_copy), without(&callers_copy)],
            &reader,
        ),
    ] {
        let all = in_every_order(&copies);
        assert_same(&all);
        let said = &all[0];
        assert_eq!((totals(said), requests(said)), ((1, 0), 1), "{what}: {}{}", said.minutes, said.unattributed);
        assert_eq!(said.callers, [(caller.clone(), [1, 0, 0, 0, 0])].into(), "{what}");
    }
}

#[test]
fn a_call_that_no_copy_names_a_key_of_counts_once_by_the_caller_that_is_told_best() {
    let callers_copy = guest_call("Decrypt", "guest").parameter("keyId", "alias/app");
    let owners_copy = callers_copy.clone().seen_by_owner("111122223333", "owner");
    let all = in_every_order(&[callers_copy.clone(), callers_copy, owners_copy]);
    assert_same(&all);
    assert_eq!((totals(&all[0]), requests(&all[0])), ((0, 1), 1));
    let caller = format!("5892024 {GUEST} {READER} alias/app  Decrypt");
    assert_eq!(all[0].callers, [(caller, [1, 0, 0, 0, 0])].into());
}

#[test]
fn owners_copies_of_a_re_encrypt_count_for_both_keys_though_neither_says_which_side_it_is() {
    let call = guest_call("ReEncrypt", "caller").parameter("destinationKeyId", "alias/lake");
    let of_source = call.clone().key(KEY).seen_by_owner("111122223333", "source");
    let of_destination = call.clone().key(GUEST_KEY).seen_by_owner("777788889999", "destination");
    let nameless = call.clone().seen_by_owner("777788889999", "nameless");
    let both = "minute,key_arn,operation,successful,throttled,denied,failed,dry_run\n".to_owned()
        + &format!("2026-01-05T10:00:00Z,{KEY},ReEncrypt,1,0,0,0,0\n")
        + &format!("2026-01-05T10:00:00Z,{GUEST_KEY},ReEncrypt,1,0,0,0,0\n");
    let halves = [nameless, of_source, of_destination];
    let whole = call.key(KEY).key(GUEST_KEY);
    for copies in [halves.to_vec(), [&halves[..], &[whole]].concat()] {
        let all = in_every_order(&copies);
        assert_same(&all);
        assert_eq!((&all[0].minutes, requests(&all[0])), (&both, 1));
        assert_eq!(totals(&all[0]).1, 0);
    }
}

#[test]
fn which_of_two_copies_in_one_batch_counts_is_told_by_what_they_say_and_not_by_their_order() {
    let key = |key: &str| Record::call("Decrypt").key(key).id("e-1");
    let corrected = |code: &str| Record::decrypt("e-2").error(code).with("addendum", json!({"originalEventID": "e-1"}));
    for copies in [
        [key(KEY), key(KEY_2)],
        [key(KEY), key(KEY).key(KEY_2)],
        [key(KEY), corrected("AccessDenied")],
        [Record::decrypt("e-1").shared("s").at("10:00:59"), Record::decrypt("e-2").shared("s").at("10:01:00")],
        [key(KEY).with("vpcEndpointId", "vpce-1"), key(KEY).with("vpcEndpointId", "vpce-2")],
    ] {
        let folder = passing_folder();
        let of = |name: &str, records: &[&Record]| {
            let records: Vec<_> = records.iter().map(|record| record.value()).collect();
            after(&[Run::of(&[files::write(folder.path(), name, &files::log_file(&records))])])
        };
        let (one, other) = (of("one.json", &[&copies[0], &copies[1]]), of("other.json", &[&copies[1], &copies[0]]));
        assert_equal(&one, &other, "the other order");
        assert_eq!(requests(&one), 1);
    }
}
