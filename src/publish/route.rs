//! Routes: `[[route]]` tables, checked.

use std::collections::BTreeSet;
use std::fmt;

use toml::Spanned;

use super::channel::Channel;
use super::limit::RateLimit;
use super::matcher::Matcher;
use super::reader::Reader;
use super::secret::Resolve;
use super::table::{Kind, RouteTable};
use crate::alarm::StateValue;
use crate::domain::{Pattern, SettingError};

/// A way to reach someone, and what goes there.
pub struct Route {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) matcher: Matcher,
    pub(super) limit: Option<RateLimit>,
    pub(super) channel: Channel,
}

impl Route {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What receives.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What goes there.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }
}

impl fmt::Debug for Route {
    /// Without what sends: it holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Checks routes and reads their secrets through `resolve` ([`super::SecretSource::read`], unless for a test). All
/// that is wrong is told at once.
pub fn routes(tables: &[RouteTable], resolve: Resolve<'_>) -> Result<Vec<Route>, Vec<SettingError>> {
    let (mut routes, mut errors, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
    for table in tables {
        let name = table.name.get_ref();
        if !names.insert(name.as_str()) {
            errors.push(SettingError::at(
                table.name.span(),
                format!("there are two routes `{name}`; a name is given once"),
            ));
        }
        routes.extend(route(table, resolve, &mut errors));
    }
    if errors.is_empty() { Ok(routes) } else { Err(errors) }
}

fn route(table: &RouteTable, resolve: Resolve<'_>, errors: &mut Vec<SettingError>) -> Option<Route> {
    let (name, kind) = (table.name.get_ref(), *table.kind.get_ref());
    let before = errors.len();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
        let expected = "expected 1 to 64 letters, digits, `-`, `_` and `.`";
        errors.push(SettingError::at(table.name.span(), format!("`{name}` can't be a route's name; {expected}")));
    }
    for (setting, span) in table.own_given() {
        if !kind.own().contains(&setting) {
            let own = kind.own().join(", ");
            let kind = kind.name();
            errors.push(SettingError::at(
                span,
                format!("`{setting}` is no setting of a route of kind {kind}; it has {own}"),
            ));
        }
    }
    let matcher = matcher(table, errors);
    let limit = table.rate_limit.as_ref().and_then(|limit| {
        let read = limit.get_ref().parse::<RateLimit>();
        read.map_err(|error| errors.push(SettingError::at(limit.span(), error))).ok()
    });
    let channel = Reader::new(table, resolve, errors).channel();
    if errors.len() > before {
        return None;
    }
    Some(Route { name: name.clone(), kind, matcher, limit, channel: channel? })
}

fn matcher(table: &RouteTable, errors: &mut Vec<SettingError>) -> Matcher {
    let mut list = |list: &Option<Spanned<Vec<Pattern>>>, what: &str| {
        let list = list.as_ref()?;
        if list.get_ref().is_empty() {
            let advice = "leave the setting out for all";
            errors.push(SettingError::at(list.span(), format!("an empty list matches no {what}; {advice}")));
        }
        Some(list.get_ref().clone())
    };
    let (keys, accounts) = (list(&table.keys, "key"), list(&table.accounts, "account"));
    let reports = table.reports.as_ref().is_some_and(|reports| *reports.get_ref());
    if let (true, Kind::Alertmanager, Some(setting)) = (reports, *table.kind.get_ref(), &table.reports) {
        errors.push(SettingError::at(setting.span(), "Alertmanager carries alarms and no reports"));
    }
    Matcher {
        keys,
        accounts,
        tags: table.tags.as_ref().map(|tags| tags.get_ref().clone()).unwrap_or_default(),
        severities: table.severities.as_ref().map(|severities| severities.get_ref().clone()),
        states: match &table.states {
            Some(states) => states.get_ref().clone(),
            None => vec![StateValue::Alarm, StateValue::Ok],
        },
        reports,
    }
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
