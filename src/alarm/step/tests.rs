//! What an alarm tells, and when.

use std::collections::BTreeMap;

use super::Series;
use crate::alarm::{
    Alarm, AlarmMemory, AlarmTables, Definitions, HistoryKind, Moment, MuteRule, Owed, Point, Slots, StateChange,
    StateValue, Stepped, Subject, contributor_id,
};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/a";

fn definitions(text: &str) -> Definitions {
    let tables: AlarmTables = toml::from_str(text).unwrap();
    tables.read().unwrap()
}

fn moment(now: i64, mutes: &[MuteRule]) -> Moment<'_> {
    Moment { now, as_of: now, mutes, account: "999988887777", region: "eu-west-1", configured_at: 5 }
}

fn busy(more: &str) -> Definitions {
    definitions(&format!(
        "[[alarm]]\nname = 'busy'\nkey = '{KEY}'\noperations = ['Decrypt']\nperiod = '1m'\nthreshold = 10\n\
         comparison_operator = 'GreaterThanThreshold'\nalarm_actions = ['pager']\nok_actions = ['log']\n\
         severity = 'error'\ntags = {{ team = 'storage' }}\n{more}"
    ))
}

/// Evaluates at the end of each minute, with one value a minute.
fn steps(definitions: &Definitions, values: &[Option<f64>]) -> (AlarmMemory, Vec<Stepped>) {
    let mut memory = AlarmMemory::new(0);
    let steps = (1..=values.len()).map(|minute| {
        // A restart between any two evaluations changes nothing.
        memory = serde_json::from_str(&serde_json::to_string(&memory).unwrap()).unwrap();
        let points: Vec<Option<Point>> = values[..minute].iter().map(|value| value.map(Point::of)).collect();
        let end = minute as i64 * 60;
        let alarm = &definitions.alarms[0];
        let slots = Slots { end, points: &points, excluded: &[] };
        memory.step_metric(alarm, alarm.metric().unwrap(), &moment(end, &definitions.mutes), slots)
    });
    let steps = steps.collect();
    (memory, steps)
}

fn change(owed: &Owed) -> &StateChange {
    match &owed.notice.subject {
        Subject::StateChange(change) => change,
        other => panic!("{other:?}"),
    }
}

/// Of each step that told something: minute, states and whether it was held before.
fn told(steps: &[Stepped]) -> Vec<(usize, StateValue, StateValue, bool)> {
    let all = steps.iter().enumerate().flat_map(|(place, step)| step.owed.iter().map(move |owed| (place + 1, owed)));
    all.map(|(minute, owed)| (minute, change(owed).old_state, change(owed).new_state, change(owed).after_mute_window))
        .collect()
}

use StateValue::{Alarm as Bad, InsufficientData as Unknown, Ok as Fine};

#[test]
fn only_changes_are_told_and_one_episode_has_one_key() {
    let (memory, steps) = steps(&busy(""), &[Some(1.0), Some(20.0), Some(30.0), Some(1.0), Some(50.0)]);
    assert_eq!(
        told(&steps),
        [(1, Unknown, Fine, false), (2, Fine, Bad, false), (4, Bad, Fine, false), (5, Fine, Bad, false)]
    );
    let keys: Vec<&str> = steps.iter().flat_map(|step| &step.owed).map(|owed| owed.notice.dedup_key.as_str()).collect();
    assert_eq!(keys, ["alarm/busy/60", "alarm/busy/120", "alarm/busy/120", "alarm/busy/300"]);
    // A step without a change says that nothing is to be kept.
    assert_eq!(steps[2], Stepped::default());
    assert_eq!((memory.state, memory.since), (Bad, 300));

    let owed = &steps[1].owed[0];
    assert_eq!(owed.notice.keys, [KEY]);
    assert_eq!(owed.notice.accounts, ["111122223333"]);
    assert_eq!(owed.notice.tags["team"], "storage");
    let change = change(owed);
    assert_eq!(change.alarm_arn, "arn:aws:cloudwatch:eu-west-1:999988887777:alarm:busy");
    assert_eq!((change.changed_at, change.configured_at), (120, 5));
    assert_eq!(change.alarm_actions, ["pager"]);
    assert_eq!(
        change.reason,
        "Threshold Crossed: 1 datapoint [20.0 (01/01/70 00:01:00)] was greater than the threshold (10.0)."
    );
    assert_eq!(change.trigger.as_ref().unwrap()["MetricName"], "SuccessfulRequest");

    let history = &steps[1].history[0];
    assert_eq!((history.at, history.kind), (120, HistoryKind::StateUpdate));
    assert_eq!(history.summary, "Alarm updated from OK to ALARM");
    assert_eq!(history.data["oldState"]["stateValue"], "OK");
    assert_eq!(history.data["newState"]["stateReasonData"]["recentDatapoints"], serde_json::json!([20.0]));
    // The creation has no data.
    assert_eq!(
        steps[0].history[0].data["oldState"],
        serde_json::json!({"stateValue": "INSUFFICIENT_DATA", "stateReason": "Unchecked: Initial alarm creation"})
    );
}

/// Whether each message ends an episode.
fn ends(steps: &[Stepped]) -> Vec<bool> {
    steps.iter().flat_map(|step| &step.owed).map(|owed| change(owed).ends_episode).collect()
}

#[test]
fn an_ok_that_comes_after_a_gap_ends_the_episode_and_the_first_of_all_ends_none() {
    let (_, steps) = steps(&busy(""), &[Some(1.0), Some(20.0), None, None, None, Some(1.0)]);
    assert_eq!(
        told(&steps),
        [(1, Unknown, Fine, false), (2, Fine, Bad, false), (5, Bad, Unknown, false), (6, Unknown, Fine, false)]
    );
    assert_eq!(ends(&steps), [false, false, false, true]);
    let keys: Vec<&str> = steps.iter().flat_map(|step| &step.owed).map(|owed| owed.notice.dedup_key.as_str()).collect();
    assert_eq!(keys[1..], ["alarm/busy/120"; 3]);
}

#[test]
fn an_episode_ends_with_ok_and_not_with_a_gap() {
    // One period is judged, two more are looked at: three gaps make it unknown.
    let (_, steps) = steps(&busy(""), &[Some(20.0), None, None, None, Some(20.0), Some(1.0)]);
    assert_eq!(
        told(&steps),
        [(1, Unknown, Bad, false), (4, Bad, Unknown, false), (5, Unknown, Bad, false), (6, Bad, Fine, false)]
    );
    assert_eq!(ends(&steps), [false, false, false, true]);
    let owed: Vec<&Owed> = steps.iter().flat_map(|step| &step.owed).collect();
    let keys: Vec<&str> = owed.iter().map(|owed| owed.notice.dedup_key.as_str()).collect();
    assert_eq!(keys, ["alarm/busy/60"; 4]);
    // Who has the first ALARM does not take the second for the same message.
    let again: Vec<bool> = owed.iter().map(|owed| change(owed).again).collect();
    assert_eq!(again, [false, false, true, false]);
}

#[test]
fn what_goes_from_ok_to_no_data_and_back_or_on_to_alarm_is_one_episode() {
    let (_, back) = steps(&busy(""), &[Some(1.0), None, None, None, Some(1.0)]);
    assert_eq!(told(&back), [(1, Unknown, Fine, false), (4, Fine, Unknown, false), (5, Unknown, Fine, false)]);
    assert_eq!(ends(&back), [false, false, true]);
    let (memory, on) = steps(&busy(""), &[Some(1.0), None, None, None, Some(20.0), Some(1.0)]);
    assert_eq!(ends(&on), [false, false, false, true]);
    for steps in [back, on] {
        let owed = steps.iter().flat_map(|step| &step.owed).skip(1);
        assert!(owed.into_iter().all(|owed| owed.notice.dedup_key == "alarm/busy/240"));
    }
    assert_eq!(memory.owed, super::super::Owing::default());
}

#[test]
fn disabled_actions_stop_messages_but_no_state() {
    let (memory, steps) = steps(&busy("actions_enabled = false\n"), &[Some(1.0), Some(20.0), Some(1.0), Some(20.0)]);
    assert_eq!(told(&steps), []);
    assert_eq!(memory.state, Bad);
    assert_eq!(steps.iter().map(|step| step.history.len()).sum::<usize>(), 4);
    assert_eq!(memory.owed.episode, Some(240));
}

/// Muted from minute 3 on, until before minute 6.
const MUTE: &str = "[[mute]]\nname = 'quiet'\nschedule = 'at(1970-01-01T00:03)'\nduration = '3m'\nalarms = ['*']\n";

#[test]
fn what_a_window_held_is_told_at_its_end() {
    let values = [1.0, 1.0, 1.0, 20.0, 20.0, 20.0, 20.0].map(Some);
    let (_, steps) = steps(&busy(MUTE), &values);
    assert_eq!(told(&steps), [(1, Unknown, Fine, false), (6, Fine, Bad, true)]);
    let owed = &steps[5].owed[0];
    assert_eq!(owed.muted, Some(("quiet".to_owned(), 180, 360)));
    assert_eq!(change(owed).changed_at, 240);
    assert_eq!(owed.notice.dedup_key, "alarm/busy/240");
}

#[test]
fn a_change_and_back_within_a_window_is_not_told() {
    let (memory, steps_) = steps(&busy(MUTE), &[1.0, 1.0, 1.0, 20.0, 1.0, 1.0, 1.0].map(Some));
    assert_eq!(told(&steps_), [(1, Unknown, Fine, false)]);
    assert_eq!(memory.owed, super::super::Owing::default());
    // The other way about: the page before the window stays the page.
    let (memory, steps_) = steps(&busy(MUTE), &[1.0, 20.0, 1.0, 20.0, 20.0, 20.0, 1.0].map(Some));
    assert_eq!(told(&steps_), [(1, Unknown, Fine, false), (2, Fine, Bad, false), (7, Bad, Fine, false)]);
    assert_eq!(steps_[6].owed[0].notice.dedup_key, "alarm/busy/120");
    assert_eq!(memory.owed, super::super::Owing::default());
}

#[test]
fn a_rule_that_is_removed_ends_its_window() {
    let definitions = busy(MUTE);
    let (mut memory, _) = steps(&definitions, &[1.0, 1.0, 1.0, 20.0].map(Some));
    assert!(memory.owed.held.is_some());
    let alarm = &definitions.alarms[0];
    let points = [Some(Point::of(20.0))];
    let slots = Slots { end: 300, points: &points, excluded: &[] };
    let stepped = memory.step_metric(alarm, alarm.metric().unwrap(), &moment(300, &[]), slots);
    assert_eq!(told(&[stepped]), [(1, Fine, Bad, true)]);
}

fn attributes(key: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("KeyArn".to_owned(), key.to_owned())])
}

/// One step of an alarm on several series, each with one value.
fn step_series(
    memory: &mut AlarmMemory,
    alarm: &Alarm,
    mutes: &[MuteRule],
    end: i64,
    values: &[(&str, Option<f64>)],
) -> Stepped {
    let all: Vec<_> = values
        .iter()
        .map(|(key, value)| (contributor_id(&attributes(key)), attributes(key), [value.map(Point::of)]))
        .collect();
    let all = all.iter().map(|(id, attributes, points)| Series {
        id,
        attributes,
        slots: Slots { end, points, excluded: &[] },
    });
    memory.step_series(alarm, alarm.metric().unwrap(), &moment(end, mutes), all)
}

#[test]
fn each_series_has_its_own_messages() {
    let definitions = definitions(
        "[[alarm]]\nname = 'fleet'\nkey = '*'\nperiod = '1m'\nthreshold = 10\n\
         comparison_operator = 'GreaterThanThreshold'\n",
    );
    let alarm = &definitions.alarms[0];
    let other = "arn:aws:kms:us-east-1:444455556666:key/b";
    let mut memory = AlarmMemory::new(0);
    let calm = step_series(&mut memory, alarm, &[], 60, &[(KEY, Some(1.0)), (other, Some(1.0))]);
    // The alarm is OK now; series that always were are no news.
    assert_eq!((calm.owed.len(), calm.history.len(), memory.state), (0, 1, Fine));

    let one = step_series(&mut memory, alarm, &[], 120, &[(KEY, Some(1.0)), (other, Some(99.0))]);
    let owed = &one.owed[0];
    assert_eq!(owed.notice.keys, [other]);
    assert_eq!(owed.notice.accounts, ["444455556666"]);
    let id = contributor_id(&attributes(other));
    assert_eq!(id.len(), 16);
    assert_eq!(owed.notice.dedup_key, format!("alarm/fleet/{id}/120"));
    assert_eq!(owed.contributor.as_ref().unwrap().attributes, attributes(other));
    assert_eq!(memory.reason, "1 out of 2 time series evaluated to ALARM");
    let kinds: Vec<HistoryKind> = one.history.iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [HistoryKind::AlarmContributorStateUpdate, HistoryKind::StateUpdate]);

    let both = step_series(&mut memory, alarm, &[], 180, &[(KEY, Some(50.0)), (other, Some(99.0))]);
    assert_eq!(both.owed.len(), 1);
    assert_eq!(both.owed[0].notice.keys, [KEY]);
    assert_eq!(memory.contributors.len(), 2);

    // One is fine again, the other is gone.
    let after = step_series(&mut memory, alarm, &[], 240, &[(KEY, Some(1.0))]);
    let ended: Vec<(&str, StateValue)> =
        after.owed.iter().map(|owed| (owed.notice.keys[0].as_str(), change(owed).new_state)).collect();
    assert_eq!(ended.len(), 2);
    assert!(ended.contains(&(KEY, Fine)) && ended.contains(&(other, Fine)));
    let gone = after.owed.iter().find(|owed| owed.notice.keys == [other]).unwrap();
    assert_eq!(change(gone).reason, "No data was returned for this contributor");
    assert_eq!(gone.notice.dedup_key, format!("alarm/fleet/{id}/120"));
    assert!(memory.contributors.is_empty());
    assert_eq!(memory.state, Fine);
    assert_eq!(step_series(&mut memory, alarm, &[], 300, &[(KEY, Some(1.0))]), Stepped::default());
}

/// An alarm on several series that is in ALARM for one of them since the first minute.
fn fleet_in_alarm() -> AlarmMemory {
    let many = definitions(
        "[[alarm]]\nname = 'fleet'\nkey = '*'\nperiod = '1m'\nthreshold = 10\n\
         comparison_operator = 'GreaterThanThreshold'\n",
    );
    let mut memory = AlarmMemory::new(0);
    step_series(&mut memory, &many.alarms[0], &[], 60, &[(KEY, Some(99.0)), ("other", Some(1.0))]);
    assert_eq!(memory.state, Bad);
    memory
}

/// The states that each message tells of, and whether it is about a series.
fn spoken(stepped: &Stepped) -> Vec<(bool, StateValue, StateValue)> {
    let said = |owed: &Owed| (owed.contributor.is_some(), change(owed).old_state, change(owed).new_state);
    stepped.owed.iter().map(said).collect()
}

#[test]
fn an_alarm_that_is_on_one_series_now_ends_what_it_told_of_others_and_speaks_for_itself() {
    let one = busy("");
    let (alarm, mut memory) = (&one.alarms[0], fleet_in_alarm());
    let mut step = |now: i64, value: Option<f64>| {
        let points = [value.map(Point::of)];
        let slots = Slots { end: now, points: &points, excluded: &[] };
        memory.step_metric(alarm, alarm.metric().unwrap(), &moment(now, &[]), slots)
    };
    let first = step(120, Some(99.0));
    assert_eq!(spoken(&first), [(true, Bad, Fine), (false, Unknown, Bad)]);
    assert_eq!(first.owed[0].notice.keys, [KEY]);
    assert!(change(&first.owed[1]).reason.starts_with("Threshold Crossed: 1 datapoint [99.0 ("));
    assert_eq!(step(180, Some(99.0)), Stepped::default());
    let over = step(240, Some(1.0));
    assert_eq!(spoken(&over), [(false, Bad, Fine)]);
    assert!(change(&over.owed[0]).ends_episode);
    assert_eq!(over.owed[0].notice.dedup_key, first.owed[1].notice.dedup_key);
    assert!(memory.contributors.is_empty());

    // Where nothing is known of that one, nobody is told.
    let mut memory = fleet_in_alarm();
    let slots = Slots { end: 120, points: &[None], excluded: &[] };
    let stepped = memory.step_metric(alarm, alarm.metric().unwrap(), &moment(120, &[]), slots);
    assert_eq!((spoken(&stepped), memory.state), (vec![(true, Bad, Fine)], Unknown));
}

#[test]
fn an_alarm_that_is_on_other_alarms_now_ends_what_it_told_of_series_and_speaks_for_itself() {
    let definitions = definitions(&format!(
        "[[alarm]]\nname = 'a'\nperiod = '1m'\nthreshold = 1\ncomparison_operator = 'LessThanThreshold'\n\
         [[composite_alarm]]\nname = 'fleet'\nalarm_rule = 'ALARM(a)'\n{MUTE}"
    ));
    let alarm = &definitions.alarms[1];
    let step = |memory: &mut AlarmMemory, now: i64, mutes: &[MuteRule], state: StateValue| {
        memory.step_composite(alarm, alarm.composite().unwrap(), &moment(now, mutes), &|_: &str| Some((state, 30)))
    };
    let mut memory = fleet_in_alarm();
    let first = step(&mut memory, 120, &[], Bad);
    assert_eq!(spoken(&first), [(false, Unknown, Bad), (true, Bad, Fine)]);
    assert!(change(&first.owed[0]).reason.ends_with("was updated and its alarm rule evaluates to ALARM"));
    assert!(change(&first.owed[1]).triggering_children.is_empty());
    assert_eq!(spoken(&step(&mut memory, 180, &[], Fine)), [(false, Bad, Fine)]);

    // A mute window holds the end of the series too, and no counts need come for it to be told.
    let mut memory = fleet_in_alarm();
    assert_eq!(spoken(&step(&mut memory, 180, &definitions.mutes, Fine)), []);
    let after = memory.tell_held(alarm, &moment(360, &definitions.mutes), &|_: &str| Some((Fine, 30)));
    assert_eq!(spoken(&after), [(false, Unknown, Fine), (true, Bad, Fine)]);
}

#[test]
fn without_any_series_the_alarm_speaks_itself() {
    let definitions = definitions(
        "[[alarm]]\nname = 'fleet'\nkey = '*'\nperiod = '1m'\nthreshold = 10\n\
         comparison_operator = 'GreaterThanThreshold'\ntreat_missing_data = 'breaching'\n",
    );
    let alarm = &definitions.alarms[0];
    let mut memory = AlarmMemory::new(0);
    let none = step_series(&mut memory, alarm, &[], 60, &[]);
    assert_eq!(told(std::slice::from_ref(&none)), [(1, Unknown, Bad, false)]);
    assert_eq!(none.owed[0].contributor, None);
    let some = step_series(&mut memory, alarm, &[], 120, &[(KEY, Some(1.0))]);
    assert_eq!(told(std::slice::from_ref(&some)), [(1, Bad, Fine, false)]);
    assert_eq!(some.owed[0].notice.dedup_key, none.owed[0].notice.dedup_key);
}

#[test]
fn a_window_holds_each_series_for_itself() {
    let definitions = definitions(&format!(
        "[[alarm]]\nname = 'fleet'\nkey = '*'\nperiod = '1m'\nthreshold = 10\n\
         comparison_operator = 'GreaterThanThreshold'\n{MUTE}"
    ));
    let (alarm, mutes) = (&definitions.alarms[0], &definitions.mutes);
    let mut memory = AlarmMemory::new(0);
    let other = "arn:aws:kms:us-east-1:444455556666:key/b";
    assert!(step_series(&mut memory, alarm, mutes, 180, &[(KEY, Some(99.0)), (other, Some(99.0))]).owed.is_empty());
    assert!(step_series(&mut memory, alarm, mutes, 240, &[(KEY, Some(99.0)), (other, Some(1.0))]).owed.is_empty());
    let after = step_series(&mut memory, alarm, mutes, 360, &[(KEY, Some(99.0)), (other, Some(1.0))]);
    assert_eq!(told(std::slice::from_ref(&after)), [(1, Fine, Bad, true)]);
    assert_eq!(after.owed[0].notice.keys, [KEY]);
    assert_eq!(memory.contributors.len(), 1);
}

#[test]
fn a_composite_alarm_names_the_children_that_decided() {
    let definitions = definitions(
        "[[alarm]]\nname = 'a'\nperiod = '1m'\nthreshold = 1\ncomparison_operator = 'LessThanThreshold'\n\
         [[alarm]]\nname = 'b'\nperiod = '1m'\nthreshold = 1\ncomparison_operator = 'LessThanThreshold'\n\
         [[composite_alarm]]\nname = 'c'\nalarm_rule = 'ALARM(a) OR ALARM(b)'\n",
    );
    let alarm = &definitions.alarms[2];
    let composite = alarm.composite().unwrap();
    let mut memory = AlarmMemory::new(0);
    let mut step = |now: i64, b: (StateValue, i64)| {
        let state_of = |name: &str| Some(if name == "b" { b } else { (Fine, 10) });
        memory.step_composite(alarm, composite, &moment(now, &[]), &state_of)
    };
    step(60, (Fine, 20));
    let second = 1_658_505_465;
    let stepped = step(second, (Bad, second));
    let change = change(&stepped.owed[0]);
    let arn = "arn:aws:cloudwatch:eu-west-1:999988887777:alarm:b";
    assert_eq!(change.triggering_children, [(arn.to_owned(), Bad, second)]);
    // The form of the API reference's example.
    assert_eq!(change.reason, format!("{arn} transitioned to ALARM at Friday 22 July, 2022 15:57:45 UTC"));
    assert_eq!(
        change.reason_data,
        serde_json::json!({"triggeringAlarms": [
            {"arn": arn, "state": {"value": "ALARM", "timestamp": "2022-07-22T15:57:45.000+0000"}},
        ]})
    );
    assert_eq!(change.alarm_rule.as_deref(), Some("ALARM(a) OR ALARM(b)"));
    assert_eq!(change.trigger, None);
}
