//! Which routes the messages of an alarm go to: what ends an episode goes where its begin went.

use keytide::alarm::{AlarmTables, Notice, StateValue};
use keytide::publish::{RouteTable, Router, Secret, routes};
use keytide::store::Outbox;
use keytide::watch::{Setup, Watch, WatchSettings};
use serde_json::json;

use crate::support::record::{GUEST, KEY, KEY_2, OWNER, Record};
use crate::support::watched::{Watched, at, change};

const DATA: &str = "[[route]]\nname = 'data'\nkind = 'stdout'\nkeys = ['alias/data-*']\n";

#[derive(serde::Deserialize)]
struct File {
    route: Vec<RouteTable>,
}

/// A watch over alarms alone, with these routes.
fn setup(rules: &str, tables: &str) -> Setup {
    let file: File = toml::from_str(tables).unwrap();
    let router = Router::new(&routes(&file.route, &|_| Ok(Secret::new("secret"))).unwrap());
    let definitions = toml::from_str::<AlarmTables>(rules).unwrap().read().unwrap();
    let mut setup = Setup::silent(WatchSettings { every_series: false, ..WatchSettings::default() });
    setup.alarms = definitions.alarms;
    setup.with_router(move |notice, told| match told {
        Some(told) => router.end_routes(notice, told),
        None => router.routes(notice),
    })
}

fn watched(rules: &str, tables: &str) -> Watched {
    let mut watched = Watched::new("", |_| {});
    watched.watch = Watch::open(&watched.store, setup(rules, tables)).unwrap();
    watched
}

fn named(watched: &mut Watched, event: &str, time: &str, alias: &str, key: &str) {
    let parameters = json!({"aliasName": alias, "targetKeyId": key});
    watched.calls(time, 1, &Record::call(event).key(key).with("requestParameters", parameters));
}

/// The routes and states of all messages, in order.
fn sent(watched: &Watched) -> Vec<(String, StateValue)> {
    let all = Outbox::open(&watched.dir()).unwrap().due(at("2026-06-01T00:00"), 1_000).unwrap();
    let read = |notice: &str| serde_json::from_str::<Notice>(notice).unwrap();
    all.into_iter().map(|message| (message.route, change(&read(&message.notice)).new_state)).collect()
}

fn each(route: &str, states: &[StateValue]) -> Vec<(String, StateValue)> {
    states.iter().map(|state| (route.to_owned(), *state)).collect()
}

fn alarm(more: &str) -> String {
    format!("[[alarm]]\nname = 'busy'\nperiod = '1m'\n{more}")
}

fn busy(key: &str) -> String {
    alarm(&format!("key = '{key}'\nthreshold = 10\ncomparison_operator = 'GreaterThanThreshold'\n"))
}

#[test]
fn an_alias_reaches_its_routes_in_every_state_and_for_a_key_that_nobody_calls_any_more() {
    let below = alarm(&format!("key = '{KEY}'\nthreshold = 1\ncomparison_operator = 'LessThanThreshold'\n"));
    let mut watched = watched(&below, DATA);
    named(&mut watched, "CreateAlias", "10:00", "alias/data-lake", KEY);
    watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
    watched.round("10:01");
    assert_eq!(sent(&watched), [], "that it is OK is no news");
    watched.round("10:02");
    assert_eq!(sent(&watched), each("data", &[StateValue::Alarm]));
    watched.calls("10:02", 1, &Record::call("Decrypt").key(KEY));
    watched.round("10:03");
    assert_eq!(sent(&watched), each("data", &[StateValue::Alarm, StateValue::Ok]));
}

#[test]
fn an_end_follows_its_begin_through_a_restart_and_an_alias_that_names_another_key() {
    let mut watched = watched(&busy(KEY), DATA);
    named(&mut watched, "CreateAlias", "09:00", "alias/data-lake", KEY);
    watched.calls("10:00", 20, &Record::call("Decrypt").key(KEY));
    watched.round("10:01");
    watched.watch = Watch::open(&watched.store, setup(&busy(KEY), DATA)).unwrap();
    named(&mut watched, "UpdateAlias", "10:01", "alias/data-lake", KEY_2);
    watched.round("10:02");
    assert_eq!(sent(&watched), each("data", &[StateValue::Alarm, StateValue::Ok]));
    // The next episode goes by the names of then.
    watched.calls("10:30", 20, &Record::call("Decrypt").key(KEY));
    watched.round("10:31");
    watched.round("10:32");
    assert_eq!(sent(&watched).len(), 2);
}

#[test]
fn a_route_that_came_after_the_begin_is_not_told_of_the_end() {
    let all = |name: &str| format!("[[route]]\nname = '{name}'\nkind = 'stdout'\n");
    let mut watched = watched(&busy(KEY), &all("old"));
    watched.calls("10:00", 20, &Record::call("Decrypt").key(KEY));
    watched.round("10:01");
    watched.watch = Watch::open(&watched.store, setup(&busy(KEY), &(all("old") + &all("new")))).unwrap();
    watched.round("10:02");
    assert_eq!(sent(&watched), each("old", &[StateValue::Alarm, StateValue::Ok]));
}

#[test]
fn an_alarm_on_all_keys_together_goes_by_their_owners_and_by_who_calls() {
    let together = alarm("operations = ['Decrypt']\nthreshold = 10\ncomparison_operator = 'GreaterThanThreshold'\n");
    for account in [OWNER, GUEST] {
        let table = format!("[[route]]\nname = 'its'\nkind = 'stdout'\naccounts = ['{account}']\n");
        let mut watched = watched(&together, &table);
        let by_guest = Record::call("Decrypt")
            .key(KEY)
            .identity("accountId", GUEST)
            .identity("arn", format!("arn:aws:sts::{GUEST}:assumed-role/etl/session"));
        watched.calls("10:00", 20, &by_guest);
        watched.round("10:01");
        watched.round("10:02");
        assert_eq!(sent(&watched), each("its", &[StateValue::Alarm, StateValue::Ok]), "{account}");
    }
}

#[test]
fn the_fifty_first_alarm_of_a_round_reaches_the_routes_of_its_alias_too() {
    let mut watched = watched(&busy("arn:aws:kms:us-east-1:111122223333:key/*"), DATA);
    for number in 0..60 {
        let key = format!("arn:aws:kms:us-east-1:111122223333:key/{number:08x}-12ab-34cd-56ef-1234567890ab");
        named(&mut watched, "CreateAlias", "09:00", &format!("alias/data-{number}"), &key);
        watched.calls("10:05", 11, &Record::call("Decrypt").key(&key));
    }
    watched.round("10:06");
    assert_eq!(sent(&watched).len(), 60);
}

const ALL: &str =
    "[[route]]\nname = 'all'\nkind = 'stdout'\n[[route]]\nname = 'ends'\nkind = 'stdout'\nstates = ['OK']\n";

#[test]
fn the_end_of_an_episode_that_a_mute_window_held_goes_to_nobody() {
    let mute = "[[mute]]\nname = 'quiet'\nschedule = 'at(2026-01-05T10:00)'\nduration = '1h'\nalarms = ['busy']\n";
    let mut watched = watched(&busy(KEY), ALL);
    let mut muted = setup(&busy(KEY), ALL);
    muted.mutes = toml::from_str::<AlarmTables>(&(busy(KEY) + mute)).unwrap().read().unwrap().mutes;
    watched.watch = Watch::open(&watched.store, muted).unwrap();
    watched.calls("10:10", 20, &Record::call("Decrypt").key(KEY));
    watched.round("10:11");
    assert_eq!(watched.state("busy"), StateValue::Alarm);
    watched.round("10:12");
    assert_eq!(watched.state("busy"), StateValue::Ok);
    watched.round_at("11:00");
    assert_eq!(sent(&watched), []);
}

#[test]
fn the_end_of_an_episode_that_began_while_actions_were_off_goes_to_nobody_and_the_next_is_told() {
    let mut watched = watched(&(busy(KEY) + "actions_enabled = false\n"), ALL);
    watched.calls("10:10", 20, &Record::call("Decrypt").key(KEY));
    watched.round("10:11");
    assert_eq!(watched.state("busy"), StateValue::Alarm);
    watched.watch = Watch::open(&watched.store, setup(&busy(KEY), ALL)).unwrap();
    watched.round("10:12");
    assert_eq!(watched.state("busy"), StateValue::Ok);
    assert_eq!(sent(&watched), []);
    watched.calls("10:20", 20, &Record::call("Decrypt").key(KEY));
    watched.round("10:21");
    watched.round("10:22");
    let all = [each("all", &[StateValue::Alarm, StateValue::Ok]), each("ends", &[StateValue::Ok])].concat();
    assert_eq!(sent(&watched), all);
}

#[test]
fn an_alarm_that_the_settings_no_longer_have_ends_with_an_ok_to_who_was_told() {
    let mut watched = watched(&busy(KEY), ALL);
    watched.calls("10:20", 20, &Record::call("Decrypt").key(KEY));
    watched.round("10:21");
    let renamed = busy(KEY).replace("'busy'", "'busier'");
    watched.watch = Watch::open(&watched.store, setup(&renamed, ALL)).unwrap();
    watched.round_at("10:37");
    let owed = watched.owed();
    let [begun, over, ..] = &owed[..] else { panic!("{owed:?}") };
    assert_eq!((&over.dedup_key, &over.tags, &over.accounts), (&begun.dedup_key, &begun.tags, &begun.accounts));
    let change = change(over);
    assert_eq!((change.alarm_name.as_str(), change.new_state, change.ends_episode), ("busy", StateValue::Ok, true));
    assert!(change.reason.starts_with("The settings no longer have this alarm"), "{}", change.reason);
    assert!(watched.history("busy").last().unwrap().data.contains("no longer have"));
    let all = [each("all", &[StateValue::Alarm, StateValue::Ok]), each("ends", &[StateValue::Ok])].concat();
    assert_eq!(sent(&watched), all);
    // Once.
    watched.watch = Watch::open(&watched.store, setup(&renamed, ALL)).unwrap();
    watched.round_at("10:38");
    assert_eq!(sent(&watched).len(), 3);
}

#[test]
fn of_an_alarm_that_was_fine_nobody_is_told_that_it_is_gone() {
    let mut watched = watched(&busy(KEY), ALL);
    watched.calls("10:20", 20, &Record::call("Decrypt").key(KEY));
    watched.round("10:21");
    watched.round("10:22");
    let before = sent(&watched);
    watched.watch = Watch::open(&watched.store, setup("", ALL)).unwrap();
    watched.round("10:23");
    assert_eq!(sent(&watched), before);
}
