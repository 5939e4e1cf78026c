//! Who is told of a change, when, and in what words.
//!
//! A change is told once, when it happens. In a mute window it is held; at the window's end it is told if the state is
//! then another one than the state that was told last.

use std::collections::BTreeMap;

use serde_json::Value;

use super::definition::{Alarm, AlarmKind, Keys};
use super::memory::{Held, Owing};
use super::mute::muted_by;
use super::notice::{Contributor, Notice, StateChange, Subject};
use super::state::StateValue;
use super::stepped::{Moment, Owed, Stepped};
use super::trigger::trigger;
use crate::domain::KeyArn;

/// A state, and the one that a change came from if there was one just now.
pub(super) struct Told<'a> {
    pub(super) old: Option<StateValue>,
    pub(super) state: StateValue,
    pub(super) since: i64,
    pub(super) reason: &'a str,
    pub(super) reason_data: &'a Value,
    pub(super) contributor: Option<(&'a String, &'a BTreeMap<String, String>)>,
}

/// Tells of a change, holds it, or tells of one that was held.
pub(super) fn tell(owing: &mut Owing, alarm: &Alarm, moment: &Moment<'_>, told: &Told<'_>, stepped: &mut Stepped) {
    if told.old.is_none() && owing.held.is_none() {
        return;
    }
    if told.old.is_some() && told.state != StateValue::Ok && owing.episode.is_none() {
        owing.episode = Some(moment.as_of);
    }
    let held = owing.held.take();
    let Some(old) = held.as_ref().map(|held| held.old_state).or(told.old) else { return };
    let is_owed = alarm.actions_enabled && old != told.state;
    let muted = if is_owed { muted_by(moment.mutes, &alarm.name, moment.now) } else { None };
    if let Some((rule, window)) = muted {
        let held_now =
            Held { old_state: old, rule: rule.name.clone(), window_start: window.start, window_end: window.end };
        stepped.has_changed |= held.as_ref() != Some(&held_now);
        owing.held = Some(held_now);
        return;
    }
    stepped.has_changed = true;
    if is_owed {
        let muted = held.map(|held| (held.rule, held.window_start, held.window_end));
        stepped.owed.push(owed(owing, alarm, moment, told, old, muted));
        if !owing.announced.contains(&told.state) {
            owing.announced.push(told.state);
        }
    }
    if told.state == StateValue::Ok {
        owing.episode = None;
        owing.announced.clear();
    }
}

fn owed(
    owing: &Owing,
    alarm: &Alarm,
    moment: &Moment<'_>,
    told: &Told<'_>,
    old: StateValue,
    muted: Option<(String, i64, i64)>,
) -> Owed {
    let contributor =
        told.contributor.map(|(id, attributes)| Contributor { id: id.clone(), attributes: attributes.clone() });
    let (keys, accounts) = concerned(alarm, contributor.as_ref());
    let change = StateChange {
        alarm_name: alarm.name.clone(),
        alarm_description: alarm.description.clone(),
        alarm_arn: alarm.arn(moment.region, moment.account),
        account: moment.account.to_owned(),
        region: moment.region.to_owned(),
        configured_at: moment.configured_at,
        old_state: old,
        new_state: told.state,
        reason: told.reason.to_owned(),
        reason_data: told.reason_data.clone(),
        changed_at: told.since,
        // One that a mute window held, or of which nothing was to be sent, was never begun for anyone.
        ends_episode: told.state == StateValue::Ok && !owing.announced.is_empty(),
        again: owing.announced.contains(&told.state),
        after_mute_window: muted.is_some(),
        ok_actions: alarm.ok_actions.clone(),
        alarm_actions: alarm.alarm_actions.clone(),
        insufficient_data_actions: alarm.insufficient_data_actions.clone(),
        trigger: alarm.metric().map(trigger),
        alarm_rule: alarm.composite().map(|composite| composite.rule.text.clone()),
        triggering_children: Vec::new(),
        incident: None,
        contributor: contributor.clone(),
    };
    let id = contributor.as_ref().map(|contributor| contributor.id.as_str());
    let notice = Notice {
        dedup_key: episode_key(&alarm.name, id, owing.episode.unwrap_or(moment.as_of)),
        severity: alarm.severity,
        keys,
        aliases: Vec::new(),
        accounts,
        tags: alarm.tags.clone(),
        subject: Subject::StateChange(Box::new(change)),
    };
    Owed { notice, contributor, muted }
}

/// What all messages about one episode of an alarm share. `contributor` is its series' id, of an alarm on several.
pub(super) fn episode_key(alarm: &str, contributor: Option<&str>, episode: i64) -> String {
    match contributor {
        Some(id) => format!("alarm/{alarm}/{id}/{episode}"),
        None => format!("alarm/{alarm}/{episode}"),
    }
}

/// Keys and accounts that an alarm, or one series of it, is about.
fn concerned(alarm: &Alarm, contributor: Option<&Contributor>) -> (Vec<String>, Vec<String>) {
    let attribute = |name: &str| contributor.and_then(|contributor| contributor.attributes.get(name));
    let of_alarm = match &alarm.kind {
        AlarmKind::Metric(metric) => match &metric.watched.keys {
            Keys::One(arn) => Some(arn),
            Keys::Together | Keys::Matching(_) | Keys::EverySeries => None,
        },
        AlarmKind::Composite(_) => None,
    };
    let key = attribute("KeyArn").or(of_alarm);
    let owner = key.and_then(|key| KeyArn::parse(key)).map(|key| key.account().to_owned());
    let accounts = owner.into_iter().chain(attribute("Account").cloned());
    (key.cloned().into_iter().collect(), accounts.collect())
}
