//! What bounds the tables of profiles.

use super::*;
use crate::cloudtrail::{Fields, Request, Resource};
use crate::domain::{Operation, Outcome, Second};

/// Tables that are full after two of each.
fn small() -> Profiles {
    let bounds = Bounds { callers_with_resource: 2, unattributed: 2, hashes: 2 };
    Profiles { bounds, ..Profiles::new(Dictionaries::default()) }
}

/// A Decrypt by a role, with a context and a key.
fn meet(profiles: &Profiles, role: &str, context: &str, key_id: &str, key: &str) -> Profile {
    let mut fields = Fields { event_name: b"Decrypt", aws_region: b"eu-west-1", ..Fields::default() };
    fields.identity.account_id = b"111122223333";
    fields.identity.arn = role.as_bytes();
    let context = (!context.is_empty()).then_some((&b"job"[..], context.as_bytes()));
    fields.request = Request { key_id: key_id.as_bytes(), context, ..Request::default() };
    if !key.is_empty() {
        fields.resources = vec![Resource { kind: b"", arn: key.as_bytes() }];
    }
    let operation = Some(Operation::Decrypt);
    let call = Call { fields: &fields, second: Second(0), operation, outcome: Outcome::Successful };
    let (number, _) = profiles.of_call(call.profile(), &call).expect("its texts are UTF-8");
    profiles.snapshot().swap_remove(number as usize)
}

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

#[test]
fn past_the_bound_a_new_resource_is_other_and_a_caller_without_one_stays_itself() {
    let profiles = small();
    for bucket in ["arn:a:1", "arn:a:2", "arn:a:3"] {
        meet(&profiles, "arn:aws:iam::111122223333:user/ann", bucket, "", KEY);
    }
    meet(&profiles, "arn:aws:iam::111122223333:user/bob", "", "", KEY);
    meet(&profiles, "arn:aws:iam::111122223333:user/ann", "arn:a:1", "", KEY);
    let callers = profiles.since(0, 0, 0).callers;
    let resources: Vec<&str> = callers.iter().map(|caller| caller.resource.as_str()).collect();
    assert_eq!(resources, ["arn:a:1", "arn:a:2", "(other)", ""]);
}

#[test]
fn any_number_of_contexts_and_names_takes_a_bounded_number_of_profiles() {
    let profiles = small();
    for number in 0..100 {
        let (context, alias) = (format!("arn:a:{number}"), format!("alias/{number}"));
        let role = "arn:aws:iam::111122223333:user/ann";
        let with_key = meet(&profiles, role, &context, "", KEY);
        assert_eq!(meet(&profiles, role, &context, "", KEY), with_key, "it is known again");
        meet(&profiles, role, "", &alias, "");
    }
    let known = profiles.since(0, 0, 0);
    // The key's, those of two aliases and of all others.
    assert_eq!(known.series.len(), 4);
    // Those of one context, of none, and of all others, since the second caller was met without context.
    assert_eq!(known.callers.len(), 3);
    assert!(profiles.snapshot().len() <= 12 && profiles.lock().by_hash.len() <= 2);
}

#[test]
fn what_a_call_tells_of_its_keys_is_read_off_its_series() {
    let claim = |key_id: &str, key: &str| {
        let profiles = small();
        meet(&profiles, "", "", key_id, key);
        profiles.lock().claim(0)
    };
    assert!(claim("", KEY).is_whole() && claim(KEY, "").is_whole());
    assert_eq!(claim("alias/app", ""), Claim::UNATTRIBUTED);
}
