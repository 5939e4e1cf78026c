//! Callers in groups: all that is told of them, or only what many have in common.

use std::collections::BTreeMap;

use super::CallerWindow;
use crate::alarm::notice::Contribution;
use crate::domain::Caller;

/// What a group's callers have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Principal, account, service and resource.
    All,
    /// Principal, account and service: a role that reads many buckets.
    Principal,
    /// Service and resource: a bucket that many roles read.
    Resource,
    /// The account.
    Account,
}

/// The finest first.
pub(super) const BY: [By; 4] = [By::All, By::Principal, By::Resource, By::Account];

/// Principal, account, service, resource; empty where the group doesn't tell it.
type Name = [String; 4];

/// Callers in groups.
pub(super) struct Groups {
    names: Vec<Name>,
    /// The group of each caller.
    of_caller: Vec<usize>,
}

impl Groups {
    /// Groups are numbered in order of their names, so that nothing depends on the order of callers.
    pub(super) fn of(by: By, callers: &[Caller]) -> Groups {
        let name = |caller: &Caller| -> Name {
            let Caller { principal, account, service, resource, .. } = caller;
            let none = String::new;
            match by {
                By::All => [principal.clone(), account.clone(), service.clone(), resource.clone()],
                By::Principal => [principal.clone(), account.clone(), service.clone(), none()],
                By::Resource => [none(), none(), service.clone(), resource.clone()],
                By::Account => [none(), account.clone(), none(), none()],
            }
        };
        let names: Vec<Name> = callers.iter().map(name).collect();
        let mut numbers: BTreeMap<&Name, usize> = names.iter().map(|name| (name, 0)).collect();
        numbers.values_mut().zip(0..).for_each(|(number, at)| *number = at);
        let of_caller = names.iter().map(|name| numbers[name]).collect();
        let names = numbers.into_keys().cloned().collect();
        Groups { names, of_caller }
    }

    /// Each group's calls in a window. Rows of callers that aren't in the list are left out.
    pub(super) fn add_up(&self, window: &CallerWindow) -> Vec<f64> {
        let group = |caller: u32| self.of_caller.get(caller as usize).copied();
        let mut rows: Vec<(usize, f64)> =
            window.calls.iter().filter_map(|(caller, calls)| Some((group(*caller)?, *calls))).collect();
        // Sums of fractions depend on their order.
        rows.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut sums = vec![0.0; self.names.len()];
        for (group, calls) in rows {
            sums[group] += calls;
        }
        sums
    }

    /// A group's name, as a contribution of nothing yet.
    pub(super) fn named(&self, group: usize) -> Contribution {
        let [caller, account, service, resource] = self.names[group].clone();
        Contribution { caller, account, service, resource, excess: 0.0, share: 0.0 }
    }
}

/// A contribution of no one by name.
pub(super) fn nobody() -> Contribution {
    let none = String::new;
    Contribution { caller: none(), account: none(), service: none(), resource: none(), excess: 0.0, share: 0.0 }
}
