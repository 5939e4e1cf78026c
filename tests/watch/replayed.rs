//! `keytide alarms evaluate`: what the configured alarms and the watch would have sent.

use std::fs;

use keytide::alarm::AlarmTables;
use keytide::domain::{MinuteRange, format_second};
use serde_json::Value;

use super::setup;
use super::storm::Storm;
use crate::support::program::{Ran, keytide_with};
use crate::support::record::{KEY, KEY_2, Record};
use crate::support::watched::Watched;

const RULES: &str = "
[watch]
every_series = false
[[alarm]]
name = 'busy'
key = '*'
operations = ['Decrypt']
threshold = 10
period = '5m'
severity = 'warning'
evaluation_periods = 2
datapoints_to_alarm = 1
comparison_operator = 'GreaterThanThreshold'
[[alarm]]
name = 'denied'
metric = 'DeniedRequest'
threshold = 0
period = '1m'
actions_enabled = false
comparison_operator = 'GreaterThanThreshold'
[[composite_alarm]]
name = 'both'
alarm_rule = 'ALARM(busy) AND ALARM(denied)'
[[mute]]
name = 'evening'
schedule = 'cron(0 20 * * *)'
duration = '1h'
alarms = ['busy']
";

/// A store: each key busy once, a call denied in the second time, and one more busy time in the mute window.
fn store() -> Watched {
    let mut watched = Watched::new("", |_| {});
    let decrypt = |key: &str| Record::call("Decrypt").key(key);
    watched.calls("08:00", 1, &decrypt(KEY));
    watched.calls("10:02", 12, &decrypt(KEY));
    watched.calls("15:30", 25, &decrypt(KEY_2));
    watched.calls("15:32", 1, &decrypt(KEY_2).error("AccessDenied"));
    // 20:05 is known at 20:20, and over at 20:30: within the window.
    watched.calls("20:05", 40, &decrypt(KEY));
    watched.calls("23:00", 1, &decrypt(KEY));
    watched.arrive();
    watched
}

fn evaluate(watched: &Watched, rules: &str, more: &[&str]) -> Ran {
    let config = watched.beside().join("keytide.toml");
    fs::write(&config, rules).unwrap();
    let config = config.to_str().unwrap().to_owned();
    keytide_with(&watched.dir(), &[&["--config", &config, "alarms", "evaluate"][..], more].concat())
}

fn pages(watched: &Watched, rules: &str, more: &[&str]) -> Vec<Value> {
    let ran = evaluate(watched, rules, &[&["--output", "json"][..], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_replay_shows_what_configured_alarms_would_have_sent_and_keeps_nothing_of_it() {
    let watched = store();
    let found = pages(&watched, RULES, &[]);
    let told = found.iter().map(|page| {
        let text = |field: &str| page[field].as_str().unwrap();
        let times = ["onset", "paged_at", "resolved_at"].map(|field| &text(field)[11..16]);
        let key = page["contributor"]["KeyArn"].as_str().map_or("-", |key| if key == KEY { "1" } else { "2" });
        format!("{} {key} {}", text("alarm"), times.join(" "))
    });
    let told: Vec<String> = told.collect();
    // Periods slide: the first with twelve calls ends at 10:03, the last of two periods with them at 10:12.
    assert_eq!(told, ["busy 1 09:53 10:18 10:13", "busy 2 15:21 15:46 15:41", "both - 15:32 15:48 15:34"]);
    let first = &found[0];
    assert_eq!((&first["incident"], &first["severity"]), (&Value::Null, &Value::from("warning")));
    assert_eq!((&first["observed"], &first["series"][0]["key_arn"]), (&Value::from(12.0), &Value::from(KEY)));
    assert_eq!(first["attribution"][0]["caller"], "arn:aws:iam::111122223333:role/app");
    assert_eq!(
        first["reason"],
        "Threshold Crossed: 1 datapoint was greater than the threshold (10.0). The most recent datapoint which crossed \
         the threshold: [12.0 (05/01/26 09:58:00)]."
    );
    // Of the composite alarm nothing is counted.
    assert_eq!((&found[2]["observed"], found[2]["series"].as_array().unwrap().len()), (&Value::Null, 0));
    assert_eq!(watched.store.alarm_history(None, 0, i64::MAX, 10).unwrap().len(), 0);
    assert_eq!(watched.store.memories("").unwrap().len(), 0);
    assert_eq!(watched.store.outbox_depth().unwrap().owed, 0);
}

#[test]
fn a_range_has_the_pages_that_begin_in_it() {
    let watched = store();
    let names = |more: &[&str]| -> Vec<String> {
        pages(&watched, RULES, more).iter().map(|page| page["paged_at"].as_str().unwrap()[11..16].to_owned()).collect()
    };
    assert_eq!(names(&["--since", "2026-01-05T12:00"]), ["15:46", "15:48"]);
    // Begun before the range; over in it, or never.
    assert_eq!(names(&["--since", "2026-01-05T10:05", "--until", "2026-01-05T11:00"]), [] as [&str; 0]);
    let cut = pages(&watched, RULES, &["--until", "2026-01-05T10:05"]);
    assert_eq!((cut.len(), &cut[0]["resolved_at"]), (1, &Value::Null));
}

#[test]
fn a_table_has_the_alarms_beside_the_incidents() {
    let watched = store();
    let ran = evaluate(&watched, RULES, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("3 pages of 3 configured alarms from "), "{}", ran.out);
    let rows: Vec<Vec<&str>> = ran.out.lines().skip(3).take(3).map(|line| line.split_whitespace().collect()).collect();
    let times = ["busy", "2026-01-05", "10:03", "2026-01-05", "10:13", "2026-01-05", "10:18"];
    assert_eq!((rows.len(), &rows[0][..7]), (3, &times[..]), "{}", ran.out);
    let both = evaluate(&watched, &RULES.replace("every_series = false", ""), &[]);
    assert!(
        both.out.starts_with("0 pages over ") && both.out.contains("\nBudget: 1 false page a week\n"),
        "{}",
        both.out
    );
    let first = both.out.lines().next().unwrap();
    assert!(first.chars().count() <= 80 && first.contains(" from 2026-01-05 "), "{first}");
    assert!(both.out.contains("3 pages of 3 configured alarms"), "{}", both.out);
}

#[test]
fn an_incident_that_is_over_within_a_mute_window_would_not_have_been_sent_and_one_that_lasts_at_its_end() {
    let mut storm = Storm::new(40);
    storm.passes(40);
    let paged = |mute: &str| -> Vec<String> {
        let mut setup = setup();
        setup.mutes = toml::from_str::<AlarmTables>(mute).unwrap().read().unwrap().mutes;
        let found = keytide::watch::evaluate(&storm.store, &setup, MinuteRange::ALL, MinuteRange::ALL.end).unwrap();
        let by_budget =
            keytide::watch::pages_by_budget(&storm.store, &setup, (MinuteRange::ALL, MinuteRange::ALL.end), &[1.0])
                .unwrap();
        assert_eq!(by_budget, [(1.0, found.incidents.len())]);
        found.incidents.iter().map(|incident| format_second(incident.paged_at)[11..16].to_owned()).collect()
    };
    let mute = |alarms: &str, duration: &str| {
        format!(
            "[[mute]]\nname = 'm'\nschedule = 'at(2026-01-19T12:00)'\nduration = '{duration}'\nalarms = ['{alarms}']\n"
        )
    };
    // The storm's first five minutes are in at 12:20, that it has been over for half an hour since 12:40 at 13:25.
    assert_eq!(paged(""), ["12:20"]);
    assert_eq!(paged(&mute("keytide-incident-*", "1h")), ["13:00"]);
    assert_eq!(paged(&mute("keytide-incident-*", "2h")), [] as [&str; 0]);
    assert_eq!(paged(&mute("*", "2h")), [] as [&str; 0]);
}

/// Runs `keytide alarms` with these rules.
fn alarms(watched: &Watched, rules: &str, arguments: &[&str]) -> Ran {
    let config = watched.beside().join("keytide.toml");
    fs::write(&config, rules).unwrap();
    keytide_with(&watched.dir(), &[&["--config", config.to_str().unwrap(), "alarms"][..], arguments].concat())
}

#[test]
fn what_sends_nothing_needs_no_secret_of_a_route() {
    let watched = store();
    let route = "[[route]]\nname = 'chat'\nkind = 'slack'\nurl = { env = 'KEYTIDE_TESTS_UNSET_SLACK_URL' }\n";
    let rules = format!("{RULES}{route}");
    for arguments in [&["list"][..], &["describe", "busy"], &["evaluate"], &["history", "busy"]] {
        let ran = alarms(&watched, &rules, arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
    }
    let ran = alarms(&watched, &rules, &["test"]);
    assert!(ran.code != Some(0) && ran.err.contains("KEYTIDE_TESTS_UNSET_SLACK_URL"), "{}", ran.err);
}

#[test]
fn the_history_of_an_alarm_that_is_none_is_an_error_with_those_there_are() {
    let watched = store();
    for (name, said) in [("buzy", "there is no alarm `buzy`"), ("keytide-incident-7", "there is no incident 7")] {
        let ran = alarms(&watched, RULES, &["history", name]);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    assert!(alarms(&watched, RULES, &["history", "buzy"]).err.contains("configured are busy, denied, both"));
    let ran = alarms(&watched, RULES, &["history", "busy"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "`busy` did not change its state in this range.\n"));
    let none = alarms(&watched, RULES, &["history", "--limit", "0"]);
    assert!(none.code == Some(2) && none.err.contains("--limit"), "{}", none.err);
}
