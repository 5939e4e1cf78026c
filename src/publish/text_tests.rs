//! The page as it stands on a terminal.

use super::*;
use crate::publish::sample;

/// Written by hand, with the figures of the sample: what someone just woken should see.
const PAGE: &str = "\
ALARM: 415,230 Decrypt on alias/data-lake-raw, 3,230 expected

Tue 2026-11-24, 02:40 to 02:55 UTC: +412,000, 129 × what was expected
▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▇█  the last 3 h 15 min

Who      role etl-nightly through S3, bucket data-lake-raw: 98 % of the excess,
         +403,760 Decrypt
         everyone else: 2 % of the excess, +8,240 Decrypt
New      role etl-nightly, never seen on this key before
Key      alias/data-lake-raw
         1234abcd-12ab-34cd-56ef-1234567890ab
         account 111122223333, us-east-1
Cost     $4.94 more an hour (list price of 2026-11-01, estimated)
Quota    41 % of Symmetric in 111122223333, us-east-1: 4,120 of 10,000 a second
         at 02:52:13 UTC
Data     complete up to 02:55 UTC, 12 min before this page
Before   2 alarms of this series in the last 30 days
Alarm    keytide-watch, critical
         Every active series. Runbook: wiki/kms-runaway
Picture  pictures/incident-17.svg

Next     keytide top --by caller --key 1234abcd-12ab-34cd-56ef-1234567890ab \\
           --since 2026-11-24T02:40:00Z
";

#[test]
fn a_page_says_who_did_it_and_what_to_type_next() {
    let mut notice = sample::page();
    let Subject::StateChange(change) = &mut notice.subject else { panic!("a change") };
    change.trigger = None;
    assert_eq!(text(&notice), PAGE);
}

#[test]
fn lines_are_at_most_80_columns_unless_a_name_is_longer() {
    for mut notice in [sample::page(), sample::resolved(), sample::test()] {
        if let Subject::StateChange(change) = &mut notice.subject {
            change.alarm_description = Some(format!("{} {}", "word ".repeat(60), "x".repeat(90)));
        }
        let text = text(&notice);
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80 && !line.contains("xxx")).collect();
        assert!(
            long.len() <= 1 && long.iter().all(|line| line.starts_with("ALARM") || line.starts_with("OK")),
            "{long:?}"
        );
        assert!(text.ends_with('\n') && !text.contains(" \n"), "{text}");
    }
}

#[test]
fn a_copied_command_is_one_command() {
    let text = text(&sample::page());
    let (_, command) = text.split_once("Next     ").expect("a command");
    let words: Vec<&str> = command.split_whitespace().filter(|word| *word != "\\").collect();
    let expect = "keytide top --by caller --key 1234abcd-12ab-34cd-56ef-1234567890ab --since 2026-11-24T02:40:00Z";
    assert_eq!(words.join(" "), expect);
}

#[test]
fn a_report_is_its_markdown() {
    assert!(text(&sample::report()).starts_with("# Top keys\n"));
}
