//! Composite alarms: what a rule may be, when it holds, in which order, and what holds it back.

use std::collections::HashMap;

use super::super::state::StateValue::{self, Alarm, InsufficientData, Ok as Fine};
use super::suppress::SuppressedBy::{Alarm as ByAlarm, ExtensionPeriod, WaitPeriod};
use super::{CompositeRule, Passing, Suppression, Suppressor, order};

fn rule(text: &str) -> CompositeRule {
    CompositeRule::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// States of alarms a, b, c …
fn decide<'a>(rule: &'a CompositeRule, states: &[StateValue]) -> (StateValue, Vec<&'a str>) {
    let names = ["a", "b", "c", "d", "e"];
    let states: HashMap<&str, StateValue> = names.into_iter().zip(states.iter().copied()).collect();
    rule.decide(&|name| states.get(name).copied())
}

#[test]
fn rules_hold_as_their_words_say() {
    for (text, states, state, deciding) in [
        ("ALARM(a)", vec![Alarm], Alarm, vec!["a"]),
        ("ALARM(a)", vec![Fine], Fine, vec!["a"]),
        ("OK(a) OR INSUFFICIENT_DATA(b)", vec![Alarm, InsufficientData], Alarm, vec!["b"]),
        ("NOT ALARM(a)", vec![InsufficientData], Alarm, vec!["a"]),
        ("NOT NOT ALARM(a)", vec![Alarm], Alarm, vec!["a"]),
        // AND before OR.
        ("ALARM(a) OR ALARM(b) AND ALARM(c)", vec![Alarm, Fine, Fine], Alarm, vec!["a"]),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(c)", vec![Alarm, Fine, Fine], Fine, vec!["c"]),
        // NOT before AND.
        ("NOT ALARM(a) AND ALARM(b)", vec![Fine, Fine], Fine, vec!["b"]),
        ("ALARM(a) AND ALARM(b)", vec![Alarm, Alarm], Alarm, vec!["a", "b"]),
        ("TRUE", vec![], Alarm, vec![]),
        ("FALSE OR ALARM(a)", vec![Alarm], Alarm, vec!["a"]),
        ("AT_LEAST(2, ALARM, (a, b, c))", vec![Alarm, Fine, Alarm], Alarm, vec!["a", "c"]),
        ("AT_LEAST(2, ALARM, (a, b, c))", vec![Alarm, Fine, Fine], Fine, vec!["b", "c"]),
        ("AT_LEAST(2, NOT OK, (a, b, c))", vec![Alarm, Fine, InsufficientData], Alarm, vec!["a", "c"]),
        // Half of three is two alarms.
        ("AT_LEAST(50%, ALARM, (a, b, c))", vec![Alarm, Fine, Fine], Fine, vec!["b", "c"]),
        ("AT_LEAST(50%, ALARM, (a, b, c, d))", vec![Alarm, Fine, Alarm, Fine], Alarm, vec!["a", "c"]),
        ("AT_LEAST(100%,ALARM,(a,b))", vec![Alarm, Alarm], Alarm, vec!["a", "b"]),
        // An alarm that isn't known is INSUFFICIENT_DATA.
        ("INSUFFICIENT_DATA(z)", vec![], Alarm, vec!["z"]),
    ] {
        let rule = rule(text);
        assert_eq!(decide(&rule, &states), (state, deciding), "{text} with {states:?}");
    }
}

#[test]
fn names_are_bare_quoted_or_arns() {
    let text = r#"ALARM("a (b), \"c\"") AND OK(arn:aws:cloudwatch:us-east-1:111122223333:alarm:busy) OR
        ALARM( Größe-1 ) OR ALARM("arn:aws:cloudwatch:us-east-1:111122223333:alarm:two words") OR OK(busy)"#;
    assert_eq!(rule(text).children(), ["a (b), \"c\"", "busy", "Größe-1", "two words"]);
}

#[test]
fn errors_say_where_and_what_was_expected() {
    for (text, at, said) in [
        ("", 0, "expected ALARM(…), OK(…)"),
        ("alarm(a)", 0, "there is `alarm`"),
        ("ALARM(a) and ALARM(b)", 9, "expected AND, OR or the end of the rule at character 10, but there is `and`"),
        ("ALARM(a) AND", 12, "but the rule ends"),
        ("ALARM a", 6, "expected `(` at character 7, but there is `a`"),
        ("ALARM(a", 7, "expected `)`"),
        ("ALARM()", 6, "expected an alarm's name at character 7, but there is `)`"),
        ("ALARM(two words)", 10, "expected `)`"),
        ("(ALARM(a)", 9, "expected `)` at character 10, but the rule ends"),
        ("ALARM(\"a)", 6, "the quote that opens here isn't closed"),
        ("AT_LEAST(many, ALARM, (a))", 9, "expected how many"),
        ("AT_LEAST(3, ALARM, (a, b))", 9, "AT_LEAST of 2 alarms takes 1 to 2 alarms, not 3"),
        ("AT_LEAST(0%, ALARM, (a, b))", 9, "takes 1 to 100%"),
        ("AT_LEAST(1, TRUE, (a, b))", 12, "expected ALARM, OK or INSUFFICIENT_DATA"),
        ("OK(a) OR ä", 9, "at character 10"),
    ] {
        let error = CompositeRule::parse(text).unwrap_err();
        assert_eq!(error.at, Some(at), "{text}: {error}");
        assert!(error.message.contains(said), "{text}: {error}");
    }
}

#[test]
fn rules_have_bounds() {
    let many = |count: usize| (0..count).map(|n| format!("ALARM(a{n})")).collect::<Vec<_>>().join(" OR ");
    assert!(CompositeRule::parse(&many(100)).is_ok());
    assert!(CompositeRule::parse(&many(101)).unwrap_err().message.contains("at most 100"));
    // 250 states and 249 operators are 499 elements.
    let same = |count: usize| vec!["OK(a)"; count].join(" OR ");
    assert!(CompositeRule::parse(&same(250)).is_ok());
    assert!(CompositeRule::parse(&same(251)).unwrap_err().message.contains("501 elements; at most 500"));
    let long = format!("ALARM(a){}", " ".repeat(10_240));
    assert!(CompositeRule::parse(&long).unwrap_err().message.contains("at most 10240"));
    let deep = format!("{}TRUE{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(CompositeRule::parse(&deep).unwrap_err().message.contains("more than 100 deep"));
}

#[test]
fn children_come_first_and_a_circle_is_named() {
    assert_eq!(order(&[vec![1, 2], vec![2], vec![]]), Ok(vec![2, 1, 0]));
    assert_eq!(order(&[vec![], vec![0], vec![0, 1]]), Ok(vec![0, 1, 2]));
    assert_eq!(order(&[vec![1], vec![2], vec![1]]), Err(vec![1, 2, 1]));
    assert_eq!(order(&[vec![0]]), Err(vec![0, 0]));
}

/// Steps at times with the composite's state and whether the suppressor is in ALARM; the answer is what holds back and
/// whether actions run.
fn suppressed(steps: &[(i64, StateValue, bool)]) -> Vec<(Option<super::SuppressedBy>, bool)> {
    let suppressor = Suppressor { alarm: "s".to_owned(), wait_seconds: 60, extension_seconds: 90 };
    let mut suppression = Suppression::default();
    let mut before = InsufficientData;
    let mut step = |&(now, state, suppresses): &(i64, StateValue, bool)| {
        let at = Passing { now, as_of: now, judges: true };
        let runs = suppression.step(&suppressor, at, state, state != before, suppresses);
        before = state;
        (suppression.by, runs)
    };
    steps.iter().map(&mut step).collect()
}

#[test]
fn a_change_waits_for_the_suppressor_and_then_is_told() {
    let steps = [(0, Alarm, false), (59, Alarm, false), (60, Alarm, false), (120, Alarm, false)];
    assert_eq!(suppressed(&steps), [(Some(WaitPeriod), false), (Some(WaitPeriod), false), (None, true), (None, false)]);
    // A new change begins a new wait.
    let steps = [(0, Alarm, false), (50, Fine, false), (60, Fine, false), (110, Fine, false)];
    assert_eq!(suppressed(&steps)[2..], [(Some(WaitPeriod), false), (None, true)]);
}

#[test]
fn between_counts_a_change_waits_for_them_until_they_are_overdue() {
    let suppressor = Suppressor { alarm: "s".to_owned(), wait_seconds: 60, extension_seconds: 90 };
    // Counts up to 0 are judged at 1,000; then only time passes.
    let runs_at = |now: i64| {
        let mut suppression = Suppression::default();
        assert!(!suppression.step(&suppressor, Passing { now: 1_000, as_of: 0, judges: true }, Alarm, true, false));
        suppression.step(&suppressor, Passing { now, as_of: 0, judges: false }, Alarm, false, false)
    };
    assert_eq!([1_060, 1_900, 1_901].map(runs_at), [false, false, true]);
    // The next five minutes come after five: the suppressor went to ALARM in the first of them.
    let mut suppression = Suppression::default();
    let mut step = |now: i64, as_of: i64, judges: bool, suppresses: bool| {
        suppression.step(&suppressor, Passing { now, as_of, judges }, Alarm, as_of == 0 && judges, suppresses)
    };
    assert!(!step(1_000, 0, true, false) && !step(1_120, 0, false, false) && !step(1_240, 0, false, false));
    assert!(!step(1_300, 60, true, true) && !step(1_300, 120, true, true));
}

#[test]
fn the_suppressor_holds_a_change_and_for_a_while_after() {
    let steps = [
        (0, Alarm, true),
        (300, Alarm, true),
        (360, Alarm, false),
        (449, Alarm, false),
        // No further wait.
        (450, Alarm, false),
        // It was told: the suppressor comes too late.
        (500, Alarm, true),
    ];
    let held = [
        (Some(ByAlarm), false),
        (Some(ByAlarm), false),
        (Some(ExtensionPeriod), false),
        (Some(ExtensionPeriod), false),
        (None, true),
        (None, false),
    ];
    assert_eq!(suppressed(&steps), held);
}

#[test]
fn what_was_told_last_is_not_told_again() {
    let steps = [
        (0, Fine, false),
        (60, Fine, false),
        (100, Alarm, true),
        (200, Fine, true),
        (300, Fine, false),
        (390, Fine, false),
    ];
    let runs: Vec<bool> = suppressed(&steps).into_iter().map(|(_, runs)| runs).collect();
    assert_eq!(runs, [false, true, false, false, false, false]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_rule_or_an_error_at_a_place_in_it(text in r#"[A-Z_(), "%a0-9ä]{0,60}"#) {
        if let Err(error) = CompositeRule::parse(&text) {
            proptest::prop_assert!(error.at.is_none_or(|at| text.is_char_boundary(at)));
        }
    }

    #[test]
    fn what_decides_suffices(
        text in r"(NOT )?(ALARM|OK)\([abc]\)( (AND|OR) (NOT )?(ALARM|OK)\([abcde]\)){0,5}",
        states in proptest::collection::vec(0..3usize, 5),
        others in proptest::collection::vec(0..3usize, 5),
    ) {
        // With the deciding alarms as they are, the others may be in any state.
        let rule = rule(&text);
        let all = [Fine, Alarm, InsufficientData];
        let names = ["a", "b", "c", "d", "e"];
        let place = |name: &str| names.iter().position(|known| *known == name);
        let state = |states: &[usize], name: &str| place(name).map(|place| all[states[place]]);
        let (found, deciding) = rule.decide(&|name| state(&states, name));
        let mixed = |name: &str| state(if deciding.contains(&name) { &states } else { &others }, name);
        proptest::prop_assert_eq!(rule.decide(&mixed).0, found);
    }
}
