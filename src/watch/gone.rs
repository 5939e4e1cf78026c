//! Alarms that the settings no longer have, because they were removed or have another name: whoever was told of one is
//! told that nobody looks at it any more. What receivers tell its page by is in the message that they were sent.

use serde_json::{Value, json};

use super::error::WatchError;
use super::routed::Routed;
use super::setup::Setup;
use super::tell::messages;
use crate::alarm::{AlarmMemory, HistoryKind, Notice, StateChange, StateValue, Subject};
use crate::store::{HistoryItem, Store, WatchRound};

/// The reason of an alarm that nobody watches any more.
const GONE: &str = "The settings no longer have this alarm: it was removed or has another name. Whether what it told \
                    of goes on is no longer looked at under this one.";

/// Ends all that was told of these alarms and is not over. `now` in seconds since 1970.
pub(super) fn tell_ends(
    store: &Store,
    gone: &[(String, AlarmMemory)],
    now: i64,
    setup: &Setup,
    routed: &mut Routed,
    round: &mut WatchRound,
) -> Result<(), WatchError> {
    for (name, memory) in gone {
        for key in memory.open_episodes(name) {
            // Nobody may have been told, or so long ago that nobody knows in what words.
            let Some(body) = store.last_message(&key)? else { continue };
            let told: Notice =
                serde_json::from_str(&body).map_err(|source| WatchError::Memory { name: name.clone(), source })?;
            let Some(end) = End::of(told, now) else { continue };
            let routes = routed.routes(&end.to_be_routed(), setup);
            round.history.push(end.history());
            round.owed.extend(messages(&end.notice, routes)?);
        }
    }
    Ok(())
}

/// The end of what was told of an alarm.
struct End {
    notice: Notice,
    change: StateChange,
}

impl End {
    /// Of what was told last; none if that was no change of state.
    fn of(told: Notice, now: i64) -> Option<Self> {
        let Subject::StateChange(last) = told.subject else { return None };
        let change = StateChange {
            old_state: last.new_state,
            new_state: StateValue::Ok,
            reason: GONE.to_owned(),
            reason_data: Value::Null,
            changed_at: now,
            ends_episode: true,
            again: false,
            after_mute_window: false,
            triggering_children: Vec::new(),
            incident: None,
            ..*last
        };
        let notice = Notice { subject: Subject::StateChange(Box::new(change.clone())), ..told };
        Some(End { notice, change })
    }

    /// The notice as routes are found for it: those that were told, since what the alarm named may be gone too.
    fn to_be_routed(&self) -> Notice {
        let (ok_actions, alarm_actions, insufficient_data_actions) = (Vec::new(), Vec::new(), Vec::new());
        let change = StateChange { ok_actions, alarm_actions, insufficient_data_actions, ..self.change.clone() };
        Notice { subject: Subject::StateChange(Box::new(change)), ..self.notice.clone() }
    }

    /// What the history says of it.
    fn history(&self) -> HistoryItem {
        let StateChange { alarm_name, old_state, new_state, reason, changed_at, contributor, .. } = &self.change;
        let kind = match contributor {
            Some(_) => HistoryKind::AlarmContributorStateUpdate,
            None => HistoryKind::StateUpdate,
        };
        HistoryItem {
            at: *changed_at,
            alarm: alarm_name.clone(),
            kind: kind.name().to_owned(),
            summary: format!("Alarm updated from {old_state} to {new_state}"),
            data: json!({
                "version": "1.0",
                "oldState": {"stateValue": old_state},
                "newState": {"stateValue": new_state, "stateReason": reason},
            })
            .to_string(),
        }
    }
}
