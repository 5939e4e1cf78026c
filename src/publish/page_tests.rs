//! What is said of incidents of every shape.

use super::*;
use crate::alarm::{Contribution, Novelty};
use crate::publish::sample;

/// The sample's page with other facts.
fn with(change: impl FnOnce(&mut StateChange)) -> Notice {
    let mut notice = sample::page();
    let Subject::StateChange(inner) = &mut notice.subject else { panic!("a change") };
    change(inner);
    notice
}

fn with_incident(change: impl FnOnce(&mut Incident)) -> Notice {
    with(|inner| change(inner.incident.as_mut().expect("an incident")))
}

fn lines(notice: &Notice, label: &str) -> Vec<String> {
    page(notice).facts.into_iter().find(|fact| fact.label == label).map(|fact| fact.lines).unwrap_or_default()
}

#[test]
fn subjects_tell_what_where_and_how_much() {
    assert_eq!(subject(&sample::page()), "ALARM: 415,230 Decrypt on alias/data-lake-raw, 3,230 expected");
    assert_eq!(subject(&sample::resolved()), "OK: Decrypt on alias/data-lake-raw as expected again, after 1 h 25 min");
    assert_eq!(subject(&with(|change| change.incident = None)), "ALARM: keytide-watch");
    assert_eq!(subject(&sample::report()), "Keytide weekly report, 2026-11-16 to 2026-11-22");
    assert!(subject(&sample::test()).starts_with("TEST: "));
}

#[test]
fn a_subject_has_at_most_a_hundred_characters() {
    let notice = with_incident(|incident| incident.series[0].alias = Some(format!("alias/{}", "ü".repeat(250))));
    assert_eq!(subject(&notice).chars().count(), 100);
}

#[test]
fn several_series_are_told_as_calls_on_keys() {
    let notice = with_incident(|incident| {
        for (operation, key) in
            [("GenerateDataKey", "a"), ("Decrypt", "b"), ("Sign", "c"), ("Sign", "d"), ("Sign", "e")]
        {
            let mut series = incident.series[0].clone();
            series.operation = operation.to_owned();
            series.key_arn = format!("arn:aws:kms:us-east-1:111122223333:key/{key}");
            series.alias = None;
            series.excess = 1_000.0;
            incident.series.push(series);
        }
    });
    assert_eq!(subject(&notice), "ALARM: 415,230 calls on alias/data-lake-raw and 5 other keys, 3,230 expected");
    let expect = ["+1,000 GenerateDataKey on a", "+1,000 Decrypt on b", "+1,000 Sign on c", "and 2 series more"];
    assert_eq!(lines(&notice, "Also"), expect);
    assert_eq!(page(&notice).next.as_deref(), Some("keytide top --by caller --since 2026-11-24T02:40:00Z"));
}

#[test]
fn calls_that_stay_away_are_missing_and_not_in_excess() {
    let notice = with_incident(|incident| {
        (incident.observed, incident.expected, incident.excess) = (12.0, 3_230.0, -3_218.0);
        incident.attribution[0].excess = -3_218.0;
        incident.attribution[0].share = 1.0;
        incident.attribution.truncate(1);
    });
    assert_eq!(subject(&notice), "ALARM: only 12 Decrypt on alias/data-lake-raw, 3,230 expected");
    assert!(page(&notice).lead.ends_with("-3,218 against what was expected"));
    let who = "role etl-nightly through S3, bucket data-lake-raw: 100 % of what is missing, -3,218 Decrypt";
    assert_eq!(lines(&notice, "Who"), [who]);
}

#[test]
fn other_outcomes_are_named_and_asked_for() {
    let notice = with_incident(|incident| incident.series[0].metric = "DeniedRequest".to_owned());
    assert_eq!(subject(&notice), "ALARM: 415,230 denied Decrypt on alias/data-lake-raw, 3,230 expected");
    assert!(page(&notice).next.is_some_and(|next| next.contains(" --metric DeniedRequest ")));
}

#[test]
fn many_callers_are_added_up_and_their_shares_stay_whole() {
    let part = |at: usize, share: f64| Contribution {
        caller: format!("arn:aws:iam::111122223333:role/role-{at}"),
        account: "111122223333".to_owned(),
        service: String::new(),
        resource: String::new(),
        excess: share * 1_000.0,
        share,
    };
    let notice = with_incident(|incident| {
        incident.attribution =
            [0.5, 0.2, 0.1, 0.08, 0.07, 0.05].into_iter().enumerate().map(|(at, share)| part(at, share)).collect();
        incident.new = (0..5)
            .map(|at| Novelty {
                what: "account".to_owned(),
                name: format!("44445555666{at}"),
                key_arn: String::new(),
                known_seconds: None,
            })
            .collect();
    });
    let who = lines(&notice, "Who");
    assert_eq!(who.len(), 4);
    assert_eq!(who[0], "role role-0: 50 % of the excess, +500 Decrypt");
    assert_eq!(who[3], "3 others: 20 % of the excess, +200 Decrypt");
    assert_eq!(lines(&notice, "New").last().map(String::as_str), Some("and 2 more"));
}

#[test]
fn what_is_new_is_never_seen_before_only_where_all_of_before_is_known() {
    let new = |known_seconds: Option<i64>| {
        let notice = with_incident(|incident| incident.new[0].known_seconds = known_seconds);
        lines(&notice, "New").join("; ")
    };
    assert_eq!(new(None), "role etl-nightly, never seen on this key before");
    assert_eq!(new(Some(82 * 3_600)), "role etl-nightly, not seen on this key in the 3 d before");
    assert_eq!(new(Some(82 * 60)), "role etl-nightly, not seen on this key in the 1 h before");
}

#[test]
fn what_is_not_known_is_left_out() {
    let notice = with_incident(|incident| {
        incident.cost_per_hour = None;
        incident.quota = None;
        incident.new.clear();
        incident.picture_path = None;
        incident.series[0].alias = None;
    });
    for label in ["Cost", "Quota", "New", "Picture", "Also"] {
        assert!(lines(&notice, label).is_empty(), "{label}");
    }
    assert!(subject(&notice).contains(" on 1234abcd-12ab-34cd-56ef-1234567890ab, "));
}

#[test]
fn a_price_says_that_it_is_a_list_price_and_estimated() {
    let notice = with_incident(|incident| incident.cost_note.clear());
    assert_eq!(lines(&notice, "Cost"), ["$4.94 more an hour (list price, estimated)"]);
}

#[test]
fn a_composite_alarm_names_the_children_that_decided() {
    let notice = with(|change| {
        change.incident = None;
        change.alarm_name = "two of 'three'".to_owned();
        change.alarm_rule = Some("ALARM(a) AND ALARM(b)".to_owned());
    });
    assert_eq!(lines(&notice, "Because"), ["keytide-watch is ALARM since 2026-11-24T02:40:00Z"]);
    assert_eq!(page(&notice).next.as_deref(), Some("keytide alarms describe 'two of '\\''three'\\'''"));
}

#[test]
fn a_series_that_is_about_no_calls_is_named() {
    let notice = with(|change| {
        change.incident = None;
        let pool = [("Account", "111122223333"), ("QuotaPool", "Symmetric"), ("Region", "us-east-1")];
        let attributes = pool.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        change.contributor = Some(crate::alarm::Contributor { id: "0123456789abcdef".to_owned(), attributes });
    });
    assert_eq!(lines(&notice, "Series"), ["Account 111122223333", "QuotaPool Symmetric", "Region us-east-1"]);
}

#[test]
fn an_alarm_of_no_account_names_no_place() {
    let of = |account: &str| {
        let notice = with(|change| {
            change.incident = None;
            change.account = account.to_owned();
        });
        lines(&notice, "Where")
    };
    assert_eq!(of("111122223333"), ["account 111122223333, us-east-1"]);
    assert_eq!(of("000000000000"), [] as [&str; 0]);
}

#[test]
fn a_page_that_was_held_back_says_so() {
    let notice = with(|change| change.after_mute_window = true);
    assert!(lines(&notice, "Alarm").iter().any(|line| line.contains("mute window")));
}

#[test]
fn nothing_that_a_caller_wrote_is_a_command_or_a_line_of_its_own() {
    let key = "arn:aws:kms:us-east-1:111122223333:key/$(reboot);'a\n\u{1b}[2J";
    let notice = with_incident(|incident| {
        (incident.series[0].key_arn, incident.series[0].alias) = (key.to_owned(), None);
        incident.attribution[0].resource = "arn:aws:s3:::a\u{1b}[2J\nALARM: all is well\u{202e}".to_owned();
        incident.attribution[0].caller = "arn:aws:iam::111122223333:role/a\rb".to_owned();
    });
    let page = page(&notice);
    let next = page.next.as_deref().expect("a command");
    assert_eq!(
        next, "keytide top --by caller --key '$(reboot);'\\''a  [2J' --since 2026-11-24T02:40:00Z",
        "one word of a shell, without line ends"
    );
    assert!(lines(&notice, "Who")[0].starts_with("role a b through S3, bucket a [2J ALARM: all is well : 98 %"));
    let is_plain = |text: &str| !text.chars().any(|c| c.is_control() || c == '\u{202e}');
    assert!(
        page.facts.iter().flat_map(|fact| &fact.lines).chain([&page.subject, &page.lead]).all(|text| is_plain(text))
    );
    assert!(crate::publish::text(&notice).lines().all(is_plain));
}

#[test]
fn of_a_quota_a_page_says_which_second_was_the_busiest_and_who_called() {
    let notice = with_incident(|incident| {
        incident.series.clear();
        incident.picture.clear();
        incident.new.clear();
    });
    assert_eq!(subject(&notice), "ALARM: 41 % of Symmetric in 111122223333, us-east-1: 4,120 of 10,000 a second");
    let who = "role etl-nightly through S3, bucket data-lake-raw: 98 % of the excess, +403,760 calls";
    assert_eq!(lines(&notice, "Who")[0], who);
    let peak = "41 % of Symmetric in 111122223333, us-east-1: 4,120 of 10,000 a second at 02:52:13 UTC";
    assert_eq!(lines(&notice, "Quota"), [peak]);
    assert_eq!(page(&notice).next.as_deref(), Some("keytide top --by caller --since 2026-11-24T02:40:00Z"));
    // Filled as it is every day.
    let usual = with_incident(|incident| {
        incident.series.clear();
        incident.expected = 0.0;
    });
    assert_eq!(lines(&usual, "Who")[0], who.replace("the excess", "the calls"));
}

#[test]
fn an_incident_over_midnight_begins_with_the_day_of_its_onset() {
    // 2026-11-28 23:20 to 2026-11-29 01:45.
    let (onset, end) = (1_795_908_000, 1_795_916_700);
    let notice = with_incident(|incident| {
        (incident.onset, incident.known_until) = (onset, end);
        incident.quota.as_mut().expect("a quota").peak_at = end - 60;
    });
    let page_of = page(&notice);
    assert!(page_of.lead.starts_with("Sat 2026-11-28, 23:20 to 11-29 01:45 UTC: +"), "{}", page_of.lead);
    assert!(lines(&notice, "Quota")[0].ends_with(" at Sun 2026-11-29 01:44:00 UTC"), "{:?}", lines(&notice, "Quota"));
    let over = with(|change| {
        change.new_state = StateValue::Ok;
        let incident = change.incident.as_mut().expect("an incident");
        (incident.onset, incident.resolved_at) = (onset, Some(end));
    });
    assert!(page(&over).lead.starts_with("Sat 2026-11-28, 23:20 to 11-29 01:45 UTC: "), "{}", page(&over).lead);
}

#[test]
fn what_keytide_says_of_itself_leads_to_its_status() {
    let mut notice = with(|change| change.incident = None);
    assert_eq!(page(&notice).next.as_deref(), Some("keytide alarms describe keytide-watch"));
    notice.tags.insert("source".to_owned(), "keytide".to_owned());
    assert_eq!(page(&notice).next.as_deref(), Some("keytide status"));
}
