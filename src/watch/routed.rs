//! Which routes messages go to: what ends an episode goes where its begin went, whatever matches now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::setup::Setup;
use crate::alarm::{Notice, StateValue, Subject};
use crate::domain::Arn;

/// The routes that were told of the episodes that are not over, by deduplication key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Routed {
    told: BTreeMap<String, BTreeSet<String>>,
    /// Whether it is another one than the store remembers.
    #[serde(skip)]
    has_changed: bool,
}

impl Routed {
    /// The routes of a notice. They are remembered until its episode is over.
    pub(super) fn routes(&mut self, notice: &Notice, setup: &Setup) -> Vec<String> {
        let Subject::StateChange(change) = &notice.subject else { return setup.routes(notice, None) };
        if change.ends_episode {
            let told = self.told.remove(&notice.dedup_key);
            self.has_changed |= told.is_some();
            return setup.routes(notice, told.as_ref());
        }
        let routes = setup.routes(notice, None);
        if change.new_state != StateValue::Ok {
            self.told.entry(notice.dedup_key.clone()).or_default().extend(routes.iter().cloned());
            self.has_changed = true;
        }
        routes
    }

    /// As [`Self::routes`], of a configured alarm over `members`, keys and operations. The notice gets the accounts of
    /// owners and callers, and the aliases of its keys. An alarm on many keys together goes wherever one of them does;
    /// the notice names none of these, since they may be thousands.
    pub(super) fn routes_of_alarm(
        &mut self,
        notice: &mut Notice,
        members: &[(String, String)],
        aliases: &HashMap<String, String>,
        setup: &Setup,
    ) -> Vec<String> {
        let mut keys: Vec<String> = members.iter().map(|(key, _)| key).chain(&notice.keys).cloned().collect();
        sorted(&mut keys);
        let owners = keys.iter().filter_map(|key| Arn::parse(key)).map(|arn| arn.account.to_owned());
        notice.accounts.extend(owners.chain(callers(notice)));
        sorted(&mut notice.accounts);
        let aliases_of = |keys: &[String]| -> Vec<String> {
            let mut named: Vec<String> = keys.iter().filter_map(|key| aliases.get(key).cloned()).collect();
            sorted(&mut named);
            named
        };
        notice.aliases = aliases_of(&notice.keys);
        let concerned = Notice { aliases: aliases_of(&keys), keys, ..notice.clone() };
        self.routes(&concerned, setup)
    }

    /// Forgets episodes that were over without a message; `open` are the deduplication keys of those that are not.
    pub(super) fn keep(&mut self, open: impl Iterator<Item = String>) {
        if self.told.is_empty() {
            return;
        }
        let (open, before): (BTreeSet<String>, usize) = (open.collect(), self.told.len());
        self.told.retain(|key, _| open.contains(key));
        self.has_changed |= self.told.len() < before;
    }

    /// Whether it has changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }
}

fn sorted(names: &mut Vec<String>) {
    names.sort_unstable();
    names.dedup();
}

/// The accounts of those who are behind an alarm, as far as that was found out.
fn callers(notice: &Notice) -> Vec<String> {
    let Subject::StateChange(change) = &notice.subject else { return Vec::new() };
    let of = change.incident.iter().flat_map(|incident| &incident.attribution);
    of.map(|contribution| contribution.account.clone()).filter(|account| !account.is_empty()).collect()
}
