//! Which routes a notice takes.

use std::collections::BTreeSet;

use super::matcher::Matcher;
use super::route::Route;
use crate::alarm::{Notice, StateChange, StateValue, Subject};

/// Which routes a notice takes.
#[derive(Clone, Debug, Default)]
pub struct Router {
    routes: Vec<(String, Matcher)>,
}

impl Router {
    /// A router over all routes.
    pub fn new(routes: &[Route]) -> Self {
        Router { routes: routes.iter().map(|route| (route.name().to_owned(), route.matcher().clone())).collect() }
    }

    /// The routes of a notice, in the order of the settings. An alarm that names routes goes to those of its new state,
    /// whatever they match, as CloudWatch's actions do; everything else to every route that accepts it. That an alarm
    /// without routes of its own is OK is no news where nobody was told of another state.
    pub fn routes(&self, notice: &Notice) -> Vec<String> {
        if let Subject::StateChange(change) = &notice.subject {
            if let Some(named) = named(change) {
                return named;
            }
            if change.new_state == StateValue::Ok && !change.ends_episode {
                return Vec::new();
            }
        }
        let accepting = self.routes.iter().filter(|(_, matcher)| matcher.accepts(notice));
        accepting.map(|(name, _)| name.clone()).collect()
    }

    /// The routes of a notice that ends an episode of which the routes in `told` were told: those of them that take its
    /// state, whatever they match now, so that receivers close what they opened; and those that take no ALARM at all,
    /// if they accept it. An alarm that names routes goes to those that it names.
    pub fn end_routes(&self, notice: &Notice, told: &BTreeSet<String>) -> Vec<String> {
        let Subject::StateChange(change) = &notice.subject else { return self.routes(notice) };
        if let Some(named) = named(change) {
            return named;
        }
        let goes = |(name, matcher): &&(String, Matcher)| match told.contains(name) {
            true => matcher.states.contains(&change.new_state),
            false => !matcher.states.contains(&StateValue::Alarm) && matcher.accepts(notice),
        };
        self.routes.iter().filter(goes).map(|(name, _)| name.clone()).collect()
    }

    /// The routes of a report: those that it names, else those with `reports = true`.
    pub fn report_routes(&self, named: &[String]) -> Vec<String> {
        if !named.is_empty() {
            return named.to_vec();
        }
        let carrying = self.routes.iter().filter(|(_, matcher)| matcher.reports);
        carrying.map(|(name, _)| name.clone()).collect()
    }

    /// The names of all routes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|(name, _)| name.as_str())
    }

    /// What is wrong with a route's name in an alarm or a report; none if there is such a route.
    pub fn unknown(&self, name: &str) -> Option<String> {
        if self.names().any(|known| known == name) {
            return None;
        }
        let known: Vec<&str> = self.names().collect();
        Some(match known.is_empty() {
            true => format!("there is no route `{name}`, nor any other; add a [[route]] with that name"),
            false => format!("there is no route `{name}`; known: {}", known.join(", ")),
        })
    }
}

/// The routes of an alarm that names any: those of its new state.
fn named(change: &StateChange) -> Option<Vec<String>> {
    let named = match change.new_state {
        StateValue::Ok => &change.ok_actions,
        StateValue::Alarm => &change.alarm_actions,
        StateValue::InsufficientData => &change.insufficient_data_actions,
    };
    let lists = [&change.ok_actions, &change.alarm_actions, &change.insufficient_data_actions];
    lists.iter().any(|list| !list.is_empty()).then(|| named.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::Severity;
    use crate::domain::Pattern;
    use crate::publish::sample;

    fn router(routes: &[(&str, Matcher)]) -> Router {
        Router { routes: routes.iter().map(|(name, matcher)| ((*name).to_owned(), matcher.clone())).collect() }
    }

    fn own(texts: &[&str]) -> Option<Vec<Pattern>> {
        Some(texts.iter().map(|text| Pattern::new(*text)).collect())
    }

    #[test]
    fn a_notice_takes_every_route_that_accepts_it() {
        let all = Matcher::default;
        let tag = |value: &str| [("team".to_owned(), Pattern::new(value))].into();
        let router = router(&[
            ("all", all()),
            ("by-alias", Matcher { keys: own(&["alias/data-*"]), ..all() }),
            ("by-id", Matcher { keys: own(&["other", "1234abcd-*"]), ..all() }),
            ("by-arn", Matcher { keys: own(&["arn:aws:kms:*:111122223333:key/*"]), ..all() }),
            ("by-sign", Matcher { keys: own(&["*/1234abc?-*"]), ..all() }),
            ("other-sign", Matcher { keys: own(&["*/1234abcd?-*"]), ..all() }),
            ("other-key", Matcher { keys: own(&["alias/web-*"]), ..all() }),
            ("account", Matcher { accounts: own(&["1111*"]), ..all() }),
            ("other-account", Matcher { accounts: own(&["4444*"]), ..all() }),
            ("tag", Matcher { tags: tag("da*"), ..all() }),
            ("other-tag", Matcher { tags: tag("web"), ..all() }),
            ("missing-tag", Matcher { tags: [("stage".to_owned(), Pattern::new("*"))].into(), ..all() }),
            ("critical", Matcher { severities: Some(vec![Severity::Critical]), ..all() }),
            ("warnings", Matcher { severities: Some(vec![Severity::Warning]), ..all() }),
            ("ends", Matcher { states: vec![StateValue::Ok], ..all() }),
            ("reports", Matcher { reports: true, states: Vec::new(), ..all() }),
        ]);
        let begun = ["all", "by-alias", "by-id", "by-arn", "by-sign", "account", "tag", "critical"];
        assert_eq!(router.routes(&sample::page()), begun);
        assert_eq!(router.routes(&sample::resolved()), [&begun[..], &["ends"]].concat());
        assert_eq!(router.routes(&sample::report()), ["reports"]);
        assert_eq!(router.routes(&sample::test()).len(), 16);
    }

    #[test]
    fn an_alarm_that_names_routes_takes_exactly_those_of_its_state() {
        let router =
            router(&[("a", Matcher::default()), ("b", Matcher { keys: own(&["none"]), ..Matcher::default() })]);
        let named = |mut notice: Notice| {
            if let Subject::StateChange(change) = &mut notice.subject {
                change.alarm_actions = vec!["b".to_owned()];
            }
            router.routes(&notice)
        };
        assert_eq!(named(sample::page()), ["b"]);
        assert!(named(sample::resolved()).is_empty());
    }

    #[test]
    fn an_end_goes_where_its_begin_went_whatever_it_matches_now() {
        let by_alias = || Matcher { keys: own(&["alias/data-*"]), ..Matcher::default() };
        let router = router(&[
            ("told", by_alias()),
            ("not-told", by_alias()),
            ("no-ends", Matcher { states: vec![StateValue::Alarm], ..by_alias() }),
            ("ends-alone", Matcher { states: vec![StateValue::Ok], ..Matcher::default() }),
            ("other-ends", Matcher { states: vec![StateValue::Ok], keys: own(&["alias/web-*"]), ..Matcher::default() }),
        ]);
        let told = BTreeSet::from(["told", "no-ends", "gone"].map(str::to_owned));
        let mut over = sample::resolved();
        // The alias names another key by now.
        over.aliases.clear();
        assert_eq!(router.end_routes(&over, &told), ["told", "ends-alone"]);
        if let Subject::StateChange(change) = &mut over.subject {
            change.ok_actions = vec!["no-ends".to_owned()];
        }
        assert_eq!(router.end_routes(&over, &told), ["no-ends"]);
    }

    #[test]
    fn an_alias_matches_in_every_state_and_without_who_is_behind_it() {
        let router = router(&[("data", Matcher { keys: own(&["alias/data-*"]), ..Matcher::default() })]);
        for mut notice in [sample::page(), sample::resolved()] {
            if let Subject::StateChange(change) = &mut notice.subject {
                change.incident = None;
            }
            assert_eq!(router.routes(&notice), ["data"]);
        }
    }

    #[test]
    fn that_an_alarm_is_ok_of_which_nobody_was_told_is_no_news() {
        let mut found = sample::resolved();
        if let Subject::StateChange(change) = &mut found.subject {
            (change.old_state, change.ends_episode) = (StateValue::InsufficientData, false);
        }
        let router = router(&[("a", Matcher::default())]);
        assert_eq!(router.routes(&sample::resolved()), ["a"]);
        assert!(router.routes(&found).is_empty());
        // It went to ALARM while nothing was to be sent.
        if let Subject::StateChange(change) = &mut found.subject {
            change.old_state = StateValue::Alarm;
        }
        assert!(router.routes(&found).is_empty());
        // From ALARM it went to INSUFFICIENT_DATA and then to OK.
        if let Subject::StateChange(change) = &mut found.subject {
            (change.old_state, change.ends_episode) = (StateValue::InsufficientData, true);
        }
        assert_eq!(router.routes(&found), ["a"]);
    }

    #[test]
    fn a_report_takes_the_routes_that_it_names() {
        let router = router(&[("a", Matcher::default()), ("b", Matcher { reports: true, ..Matcher::default() })]);
        assert_eq!(router.report_routes(&[]), ["b"]);
        assert_eq!(router.report_routes(&["a".to_owned()]), ["a"]);
    }

    #[test]
    fn an_unknown_route_is_named_with_the_known_ones() {
        let router = router(&[("a", Matcher::default()), ("b", Matcher::default())]);
        assert_eq!(router.unknown("a"), None);
        assert_eq!(router.unknown("c").as_deref(), Some("there is no route `c`; known: a, b"));
        assert!(Router::default().unknown("c").is_some_and(|error| error.contains("[[route]]")));
    }
}
