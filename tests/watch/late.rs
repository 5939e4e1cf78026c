//! Counts that come late, and the configured alarms: what they change is judged again, and nobody is paged twice.

use keytide::alarm::StateValue;
use keytide::watch::{Setup, Watch};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::support::record::{KEY, KEY_2, Record};
use crate::support::watched::{Watched, change, setup};

fn busy(more: &str) -> String {
    format!(
        "[[alarm]]\nname = 'busy'\nkey = '{KEY}'\nthreshold = 10\nperiod = '1m'\n\
         comparison_operator = 'GreaterThanThreshold'\n{more}"
    )
}

fn decrypt(key: &str) -> Record {
    Record::call("Decrypt").key(key)
}

/// A watch that has judged all up to 11:00, in which one call came at 10:00.
fn calm(rules: &str, set: impl FnOnce(&mut Setup)) -> Watched {
    let mut watched = Watched::new(rules, set);
    watched.calls("10:00", 1, &decrypt(KEY));
    watched.round("11:00");
    watched.owed();
    watched
}

/// Calls that arrive after 11:00 was judged.
fn late(watched: &mut Watched, times: &[&str], count: usize, key: &str) {
    for time in times {
        watched.calls(time, count, &decrypt(key));
    }
    watched.arrive();
    watched.round_at("11:20");
}

fn revisions(watched: &Watched, alarm: &str) -> Vec<Value> {
    let items = watched.history(alarm).into_iter().filter(|item| item.kind == "StateRevision");
    items.map(|item| serde_json::from_str(&item.data).unwrap()).collect()
}

#[test]
fn an_episode_that_nobody_knew_of_is_told_once_with_its_end() {
    let mut watched = calm(&busy(""), |_| {});
    late(&mut watched, &["10:20", "10:21"], 20, KEY);
    let owed = watched.owed();
    let [begun, over] = &owed[..] else { panic!("{owed:?}") };
    assert_eq!(
        change(begun).reason,
        "Threshold Crossed: 1 datapoint [20.0 (05/01/26 10:20:00)] was greater than the threshold (10.0). Known only \
         now: counts came late."
    );
    assert_eq!((change(begun).new_state, change(over).new_state), (StateValue::Alarm, StateValue::Ok));
    assert_eq!(begun.dedup_key, over.dedup_key);
    assert_eq!(watched.state("busy"), StateValue::Ok);
    let [revision] = &revisions(&watched, "busy")[..] else { panic!("{:?}", watched.history("busy")) };
    let states: Vec<String> = revision["newStates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|state| format!("{} {}", &state["asOf"].as_str().unwrap()[11..16], state["stateValue"].as_str().unwrap()))
        .collect();
    assert_eq!(states, ["10:20 OK", "10:21 ALARM", "10:23 OK"]);
    assert_eq!(revision["oldStates"].as_array().unwrap().len(), 1);
    // It is known now: a minute more of it, also after a restart, is no news.
    watched.watch = Watch::open(&watched.store, setup(&busy(""), |_| {})).unwrap();
    late(&mut watched, &["10:22"], 20, KEY);
    assert_eq!(watched.told(), [] as [&str; 0]);
    assert_eq!(revisions(&watched, "busy").len(), 2);
    // What lies apart from it is.
    late(&mut watched, &["10:40"], 20, KEY);
    assert_eq!(watched.told().len(), 2);
    watched.round_at("11:30");
    assert_eq!(watched.told(), [] as [&str; 0]);
}

#[test]
fn what_lasts_to_now_is_told_as_any_change() {
    let rules = busy("").replace("'1m'", "'1h'");
    let mut watched = calm(&rules, |_| {});
    // An hour's periods slide: from 10:11 on the newest one has them, until 11:10.
    late(&mut watched, &["10:10"], 20, KEY);
    let told = watched.told();
    let [told] = &told[..] else { panic!("{told:?}") };
    assert!(told.starts_with("busy OK -> ALARM: Threshold Crossed: 1 datapoint [21.0 (05/01/26 10:00:00)]"), "{told}");
    watched.round("11:10");
    assert_eq!(watched.told(), [] as [&str; 0]);
    watched.round("11:11");
    assert_eq!(watched.told().len(), 1);
    assert_eq!(watched.state("busy"), StateValue::Ok);
}

#[test]
fn an_alarm_that_late_counts_undo_is_over_and_does_not_page_when_it_comes_back() {
    let rules = format!(
        "[[alarm]]\nname = 'dead'\nkey = '{KEY}'\nthreshold = 1\nperiod = '5m'\ncomparison_operator = 'LessThanThreshold'\n"
    );
    let mut watched = Watched::new(&rules, |_| {});
    let all: Vec<String> = (0..60).map(|minute| format!("10:{minute:02}")).collect();
    for time in &all[..20] {
        watched.calls(time, 1, &decrypt(KEY));
    }
    watched.round("11:00");
    let owed = watched.owed();
    // OK at 10:05, and in ALARM since 10:25.
    assert_eq!(owed.len(), 2);
    let late_times: Vec<&str> = all[20..].iter().map(String::as_str).collect();
    late(&mut watched, &late_times, 1, KEY);
    let over = watched.owed();
    let [over] = &over[..] else { panic!("{over:?}") };
    assert_eq!((change(over).new_state, &over.dedup_key), (StateValue::Ok, &owed[1].dedup_key));
    assert_eq!(watched.state("dead"), StateValue::Ok);
    let revision = &revisions(&watched, "dead")[0];
    assert_eq!(revision["newStates"].as_array().unwrap().len(), 1, "it never was in ALARM: {revision}");
}

#[test]
fn an_episode_that_was_told_is_corrected_without_a_word() {
    let mut watched = Watched::new(&busy(""), |_| {});
    watched.calls("10:00", 1, &decrypt(KEY));
    watched.calls("10:20", 20, &decrypt(KEY));
    watched.round("11:00");
    assert_eq!(watched.told().len(), 3, "OK, ALARM, OK");
    // Longer at both ends, then with a gap that is shorter than what an evaluation looks at.
    late(&mut watched, &["10:19", "10:21", "10:23"], 20, KEY);
    assert_eq!(watched.told(), [] as [&str; 0]);
    assert_eq!(revisions(&watched, "busy").len(), 1);
}

#[test]
fn what_is_over_for_longer_than_a_page_reaches_is_history_only() {
    let mut watched = calm(&busy(""), |setup| setup.settings.page_back_seconds = 30 * 60);
    late(&mut watched, &["10:20"], 20, KEY);
    assert_eq!((watched.told().len(), revisions(&watched, "busy").len()), (0, 1));
    late(&mut watched, &["10:45"], 20, KEY);
    assert_eq!((watched.told().len(), revisions(&watched, "busy").len()), (2, 2));
}

#[test]
fn counts_older_than_three_days_change_nothing() {
    let mut watched = Watched::new(&busy(""), |setup| setup.settings.page_back_seconds = 30 * 86_400);
    watched.calls("10:00", 1, &decrypt(KEY));
    watched.round("2026-01-09T11:00");
    watched.owed();
    watched.calls("2026-01-06T10:59", 20, &decrypt(KEY));
    watched.arrive();
    watched.round_at("2026-01-09T11:20");
    assert_eq!((watched.told().len(), revisions(&watched, "busy").len()), (0, 0));
    watched.calls("2026-01-06T11:01", 20, &decrypt(KEY));
    watched.arrive();
    watched.round_at("2026-01-09T11:20");
    assert_eq!((watched.told().len(), revisions(&watched, "busy").len()), (2, 1));
}

#[test]
fn a_mute_window_holds_what_is_known_late_too() {
    let mute = "[[mute]]\nname = 'quiet'\nschedule = 'at(2026-01-05T11:15)'\nduration = '1h'\nalarms = ['*']\n";
    let mut watched = calm(&busy(mute), |_| {});
    late(&mut watched, &["10:20"], 20, KEY);
    assert_eq!((watched.told().len(), revisions(&watched, "busy").len()), (0, 1));
}

#[test]
fn each_series_of_an_alarm_is_judged_again_for_itself() {
    let rules = busy("").replace(KEY, "*");
    let mut watched = calm(&rules, |_| {});
    late(&mut watched, &["10:20"], 20, KEY_2);
    let owed = watched.owed();
    assert_eq!(owed.len(), 2);
    assert!(owed.iter().all(|notice| notice.keys == [KEY_2]));
    let revision = &revisions(&watched, "busy")[0];
    assert_eq!(revision["alarmContributors"][0]["attributes"]["KeyArn"], KEY_2);
    assert_eq!(revision["alarmContributors"].as_array().unwrap().len(), 1);
    // The other key at the same time is other news.
    late(&mut watched, &["10:20"], 20, KEY);
    let owed = watched.owed();
    assert_eq!(owed.len(), 2);
    assert!(owed.iter().all(|notice| notice.keys == [KEY]));
}

#[test]
fn a_composite_alarm_follows_the_alarms_that_were_judged_again() {
    let two = busy("actions_enabled = false\n");
    let other = two.replace("'busy'", "'other'").replace(KEY, KEY_2);
    let rules =
        format!("{two}{other}[[composite_alarm]]\nname = 'both'\nalarm_rule = 'ALARM(busy) AND ALARM(other)'\n");
    let mut watched = calm(&rules, |_| {});
    late(&mut watched, &["10:20"], 20, KEY);
    assert_eq!(watched.told(), [] as [&str; 0]);
    late(&mut watched, &["10:20"], 20, KEY_2);
    let told = watched.told();
    let [begun, over] = &told[..] else { panic!("{told:?}") };
    assert!(begun.starts_with("both OK -> ALARM") && over.starts_with("both ALARM -> OK"), "{told:?}");
    assert_eq!(revisions(&watched, "both").len(), 1);
}

#[test]
fn another_definition_is_not_judged_over_what_an_earlier_one_decided() {
    let mut watched = calm(&busy(""), |_| {});
    watched.watch = Watch::open(&watched.store, setup(&busy("").replace("= 10", "= 5"), |_| {})).unwrap();
    watched.round("11:10");
    watched.owed();
    late(&mut watched, &["10:30"], 8, KEY);
    assert_eq!((watched.told().len(), revisions(&watched, "busy").len()), (0, 0));
    late(&mut watched, &["11:05"], 8, KEY);
    assert_eq!((watched.told().len(), revisions(&watched, "busy").len()), (2, 1));
}

#[test]
fn counts_that_come_late_while_the_definition_changes_are_not_judged_by_the_new_one() {
    let both = |limit: u32| {
        let busy = busy("").replace("= 10", &format!("= {limit}"));
        format!("{busy}[[composite_alarm]]\nname = 'named'\nalarm_rule = 'ALARM(busy)'\n")
    };
    let mut watched = Watched::new(&both(10), |_| {});
    watched.calls("10:00", 1, &decrypt(KEY));
    watched.calls("10:30", 8, &decrypt(KEY));
    watched.round("11:00");
    watched.owed();
    watched.watch = Watch::open(&watched.store, setup(&both(5), |_| {})).unwrap();
    late(&mut watched, &["10:20"], 1, KEY);
    assert_eq!(watched.told(), [] as [&str; 0]);
    assert_eq!((revisions(&watched, "busy").len(), revisions(&watched, "named").len()), (0, 0));
}

/// What is remembered of the states of an alarm.
fn remembered(watched: &Watched) -> Value {
    let memory: Value = serde_json::from_slice(&watched.store.memory("alarm/busy").unwrap().unwrap()).unwrap();
    memory["past"]["own"].clone()
}

#[test]
fn in_whatever_order_counts_come_the_states_are_those_of_the_counts_and_no_episode_pages_twice() {
    for seed in 0..4 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let rules = busy("evaluation_periods = 3\ndatapoints_to_alarm = 2\n");
        // Each minute of two hours has up to 16 calls; a third of the minutes come late, in any order.
        let minutes: Vec<(String, usize)> =
            (0..120).map(|at| (format!("{:02}:{:02}", 10 + at / 60, at % 60), rng.random_range(1..16))).collect();
        let is_late: Vec<bool> = (0..120).map(|at| at > 0 && rng.random_ratio(1, 3)).collect();

        let mut in_time = Watched::new(&rules, |_| {});
        minutes.iter().for_each(|(time, count)| in_time.calls(time, *count, &decrypt(KEY)));
        in_time.round("12:00");

        let mut watched = Watched::new(&rules, |_| {});
        let mut waiting: Vec<usize> = Vec::new();
        for at in 0..120_usize {
            match is_late[at] {
                true => waiting.push(at),
                false => watched.calls(&minutes[at].0, minutes[at].1, &decrypt(KEY)),
            }
            if at % 10 == 9 {
                let end = format!("{:02}:{:02}", 10 + (at + 1) / 60, (at + 1) % 60);
                watched.round(&end);
                while waiting.len() > 3 || (at == 119 && !waiting.is_empty()) {
                    for _ in 0..2.min(waiting.len()) {
                        let (time, count) = &minutes[waiting.swap_remove(rng.random_range(0..waiting.len()))];
                        watched.calls(time, *count, &decrypt(KEY));
                    }
                    watched.arrive();
                    watched.round_at(&end);
                }
            }
        }
        assert_eq!(remembered(&watched), remembered(&in_time), "seed {seed}");
        assert_eq!(watched.state("busy"), in_time.state("busy"), "seed {seed}");
        // A page is open or over, never begun twice under one key.
        let mut begun = std::collections::BTreeSet::new();
        for notice in watched.owed() {
            if change(&notice).new_state == StateValue::Alarm {
                assert!(begun.insert(notice.dedup_key.clone()), "seed {seed}: {} pages twice", notice.dedup_key);
            }
        }
        assert!(!begun.is_empty(), "seed {seed}");
    }
}
