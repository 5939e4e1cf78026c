//! What a key never saw before.

use std::collections::BTreeSet;

use crate::alarm::notice::Novelty;
use crate::domain::Caller;

/// All that a key saw up to a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownOfKey {
    /// Seconds before the moment that anything is known of, where that is less than all that is looked at.
    known_seconds: Option<i64>,
    names: BTreeSet<(What, String)>,
}

/// Calls of one caller and operation, now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenNow<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// What is called.
    pub operation: &'a str,
    /// How often.
    pub calls: f64,
}

/// In the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Account,
    Caller,
    Service,
    Resource,
    Operation,
}

/// What makes up less of the calls isn't worth telling: volumes and functions come and go.
const SHARE_MIN: f64 = 0.01;
/// How many are told, at most.
const TOLD_MAX: usize = 10;

impl What {
    const fn name(self) -> &'static str {
        match self {
            What::Account => "account",
            What::Caller => "caller",
            What::Service => "service",
            What::Resource => "resource",
            What::Operation => "operation",
        }
    }
}

/// The names that a call bears. What isn't told has none.
fn names_of<'a>(caller: &'a Caller, operation: &'a str) -> impl Iterator<Item = (What, &'a str)> {
    let names = [
        (What::Account, caller.account.as_str()),
        (What::Caller, caller.principal.as_str()),
        (What::Service, caller.service.as_str()),
        (What::Resource, caller.resource.as_str()),
        (What::Operation, operation),
    ];
    names.into_iter().filter(|(_, name)| !name.is_empty())
}

impl KnownOfKey {
    /// Nothing yet. Of so many seconds before anything is known, where that is less than all that is looked at.
    pub fn within(known_seconds: Option<i64>) -> Self {
        KnownOfKey { known_seconds, ..KnownOfKey::default() }
    }

    /// Adds what a call showed.
    pub fn add(&mut self, caller: &Caller, operation: &str) {
        self.names.extend(names_of(caller, operation).map(|(what, name)| (what, name.to_owned())));
    }
}

/// What of now's calls was never seen of the key: accounts first, then callers, services, resources and operations,
/// each by calls. Nothing if nothing is known of the key at all: then it is the key that is new.
pub fn novelties(key_arn: &str, known: &KnownOfKey, now: &[SeenNow<'_>]) -> Vec<Novelty> {
    if known.names.is_empty() {
        return Vec::new();
    }
    let total: f64 = now.iter().map(|seen| seen.calls).sum();
    let mut unknown: Vec<((What, &str), f64)> = Vec::new();
    for seen in now {
        for name in names_of(seen.caller, seen.operation) {
            if known.names.contains(&(name.0, name.1.to_owned())) {
                continue;
            }
            match unknown.iter_mut().find(|(of, _)| *of == name) {
                Some((_, calls)) => *calls += seen.calls,
                None => unknown.push((name, seen.calls)),
            }
        }
    }
    unknown.retain(|(_, calls)| *calls > 0.0 && *calls >= SHARE_MIN * total);
    unknown.sort_by(|(a, a_calls), (b, b_calls)| a.0.cmp(&b.0).then(b_calls.total_cmp(a_calls)).then(a.1.cmp(b.1)));
    let told = unknown.into_iter().take(TOLD_MAX);
    told.map(|((what, name), _)| Novelty {
        what: what.name().to_owned(),
        name: name.to_owned(),
        key_arn: key_arn.to_owned(),
        known_seconds: known.known_seconds,
    })
    .collect()
}
