//! Alarms over real counts: a key that has no call yet, and alarms against counts by hand.

use std::fs;

use chrono::{DurationRound, TimeDelta, Utc};
use serde_json::Value;

use super::Place;
use crate::support::files;
use crate::support::program::run;
use crate::support::record::{KEY, KEY_2, Record};

/// What was paged: alarm and state, in order.
fn pages(place: &Place) -> Vec<(String, String)> {
    let text = fs::read_to_string(place.folder.path().join("pages.ndjson")).unwrap_or_default();
    let page = |line: &str| {
        let page: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| page["subject"][name].as_str().unwrap().to_owned();
        (text("alarm_name"), text("new_state"))
    };
    let mut pages: Vec<(String, String)> = text.lines().map(page).collect();
    pages.sort();
    pages
}

fn set(place: &Place, alarms: &str) {
    let pages = place.folder.path().join("pages.ndjson");
    place.set(&format!(
        "[watch]\nevery_series = false\n[daemon]\nsettle_for = \"1s\"\n\
         [[route]]\nname = \"journal\"\nkind = \"file\"\npath = \"{}\"\nformat = \"json\"\n{alarms}",
        pages.display()
    ));
}

fn alarm(name: &str, more: &str) -> String {
    format!(
        "[[alarm]]\nname = \"{name}\"\nmetric = \"SuccessfulRequest\"\n\
         comparison_operator = \"GreaterThanThreshold\"\nperiod = \"1m\"\nevaluation_periods = 1\n\
         treat_missing_data = \"notBreaching\"\n{more}\n"
    )
}

#[test]
fn a_key_that_no_call_was_made_with_is_warned_of_with_its_line() {
    let place = Place::new();
    set(&place, &alarm("typing-error", &format!("threshold = 1.0\nkey = \"{KEY_2}\"")));
    place.deliver("a.json", 0..1);
    assert_eq!(run(place.command().arg("--once")).code, Some(0));
    let ran = run(place.command().arg("--once"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let warned = ran.err.lines().find(|line| line.contains("no stored call was made with")).unwrap_or_default();
    let line = fs::read_to_string(place.settings()).unwrap().lines().position(|line| line.starts_with("key = "));
    assert!(warned.contains(&format!("keytide.toml:{}: ", line.unwrap() + 1)), "{}", ran.err);
    assert!(warned.contains(KEY_2), "{}", ran.err);
    // Of a key with calls nothing is said.
    set(&place, &alarm("right", &format!("threshold = 1.0\nkey = \"{KEY}\"")));
    let ran = run(place.command().arg("--once"));
    assert!(!ran.err.contains("no stored call was made with"), "{}", ran.err);
}

#[test]
fn alarms_on_a_key_on_operations_and_on_all_keys_together_go_off_at_their_thresholds() {
    let place = Place::new();
    // In a minute of this day: 3 Decrypt and 2 Encrypt with one key, 1 Decrypt with another. An hour later one more
    // call, so that the watermark is beyond.
    let calls =
        [("Decrypt", KEY, 3, 180), ("Encrypt", KEY, 2, 180), ("Decrypt", KEY_2, 1, 180), ("Decrypt", KEY, 1, 120)];
    let mut records = Vec::new();
    let now = Utc::now().duration_trunc(TimeDelta::minutes(1)).unwrap();
    for (operation, key, count, minutes) in calls {
        for _ in 0..count {
            let number = records.len();
            let id = format!("{number:08x}-0000-4000-8000-000000000000");
            let time = now - TimeDelta::minutes(minutes) + TimeDelta::seconds(number as i64);
            let time = time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            records.push(Record::call(operation).key(key).id(&id).with("eventTime", time).value());
        }
    }
    let log = files::log_file(&records);
    files::write(&place.logs(), "calls.json", &log);
    let on = |name: &str, threshold: f64, more: &str| alarm(name, &format!("threshold = {threshold:?}\n{more}"));
    let key = format!("key = \"{KEY}\"");
    let decrypt = "operations = [\"Decrypt\"]";
    set(
        &place,
        &[
            on("key-above-4", 4.0, &key),
            on("key-above-5", 5.0, &key),
            on("decrypt-above-3", 3.0, decrypt),
            on("decrypt-above-4", 4.0, decrypt),
            on("together-above-5", 5.0, ""),
            on("together-above-6", 6.0, ""),
            on("each-key-above-0", 0.0, "key = \"arn:aws:kms:*:111122223333:key/*\""),
            "[[composite_alarm]]\nname = \"both\"\n\
             alarm_rule = 'ALARM(\"key-above-4\") AND NOT ALARM(\"key-above-5\")'\n"
                .to_owned(),
        ]
        .concat(),
    );
    let ran = run(place.command().arg("--once"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let went_off: Vec<String> =
        pages(&place).into_iter().filter(|(_, state)| state == "ALARM").map(|(name, _)| name).collect();
    // Each key is told of by itself.
    let expected =
        ["both", "decrypt-above-3", "each-key-above-0", "each-key-above-0", "key-above-4", "together-above-5"];
    assert_eq!(went_off, expected, "{}", ran.err);
}
