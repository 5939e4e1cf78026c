//! One evaluation of an alarm: from values and memory to states, history, and what is to be told.

mod composite;
mod correct;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use super::contributors::{contributor_state, parent_reason_data, parent_state};
use super::definition::{Alarm, MetricAlarm};
use super::evaluate::Slots;
use super::memory::{AlarmMemory, ContributorMemory, HistoryItem, HistoryKind};
use super::reason::{CHANGED, NO_CONTRIBUTION};
use super::state::StateValue;
use super::stepped::{Moment, Stepped};
use super::tell::{Told, tell};

/// One series of an alarm on several.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// [`super::contributor_id`] of its attributes. Made once, not at each step.
    pub id: &'a str,
    /// What it is: `KeyArn`, `Operation` …
    pub attributes: &'a BTreeMap<String, String>,
    /// Its values.
    pub slots: Slots<'a>,
}

impl AlarmMemory {
    /// Evaluates an alarm on one series.
    pub fn step_metric(
        &mut self,
        alarm: &Alarm,
        metric: &MetricAlarm,
        moment: &Moment<'_>,
        slots: Slots<'_>,
    ) -> Stepped {
        let rule = metric.rule();
        let mut stepped = Stepped::default();
        self.leave_series(moment, &mut stepped);
        let verdict = rule.evaluate(slots, self.state);
        if verdict.state != self.state {
            let reason = rule.reason(slots, &verdict);
            let data = rule.reason_data(slots, &verdict, moment.now);
            self.change(verdict.state, reason, data, moment, &mut stepped);
        }
        self.end_series(alarm, moment, &mut stepped);
        self.tell_change(alarm, moment, &mut stepped);
        stepped
    }

    /// Evaluates an alarm on several series: all that there are now.
    pub fn step_series<'a>(
        &mut self,
        alarm: &Alarm,
        metric: &MetricAlarm,
        moment: &Moment<'_>,
        all: impl IntoIterator<Item = Series<'a>>,
    ) -> Stepped {
        let rule = metric.rule();
        let mut stepped = Stepped::default();
        let (mut count, mut in_alarm, mut seen) = (0, 0, HashSet::new());
        for series in all {
            count += 1;
            let known = self.contributors.get(series.id);
            let state = known.map_or(StateValue::Ok, |contributor| contributor.state);
            let verdict = rule.evaluate(series.slots, state);
            let new = contributor_state(&verdict);
            in_alarm += usize::from(new == StateValue::Alarm);
            if known.is_some() {
                seen.insert(series.id);
            }
            if new != state {
                let reason = rule.contributor_reason(series.slots, &verdict);
                self.change_contributor(series.id, series.attributes, new, reason, moment, &mut stepped);
                seen.insert(series.id);
            }
        }
        self.let_go(&seen, moment, &mut stepped);
        let (state, reason) = parent_state(&rule, in_alarm, count, self.state);
        if state != self.state {
            self.change(state, reason, parent_reason_data(moment.now), moment, &mut stepped);
        }
        self.tell_contributors(alarm, moment, &mut stepped);
        // The series speak for themselves; the alarm only where there is none and that is an alarm.
        let is_filled = count == 0 && self.state == StateValue::Alarm;
        if is_filled || self.owed.episode.is_some() || self.owed.held.is_some() {
            self.tell_change(alarm, moment, &mut stepped);
        }
        self.owed.entered_from = None;
        stepped
    }

    /// An alarm that was on several series before it was changed may be in ALARM for them alone: of what it is on now
    /// nothing is known.
    fn leave_series(&mut self, moment: &Moment<'_>, stepped: &mut Stepped) {
        let is_theirs = !self.contributors.is_empty() && self.owed.episode.is_none();
        if is_theirs && self.state == StateValue::Alarm {
            self.change(StateValue::InsufficientData, CHANGED.to_owned(), Value::Null, moment, stepped);
            self.owed.entered_from = None;
            self.suppression.is_told(self.state);
        }
    }

    /// Ends what was told of the series that an alarm was on before it was changed.
    fn end_series(&mut self, alarm: &Alarm, moment: &Moment<'_>, stepped: &mut Stepped) {
        if !self.contributors.is_empty() {
            self.let_go(&HashSet::new(), moment, stepped);
            self.tell_contributors(alarm, moment, stepped);
        }
    }

    /// Series in ALARM that are not there any more are OK.
    fn let_go(&mut self, seen: &HashSet<&str>, moment: &Moment<'_>, stepped: &mut Stepped) {
        let is_gone = |(id, contributor): &(&String, &ContributorMemory)| {
            contributor.state == StateValue::Alarm && !seen.contains(id.as_str())
        };
        let gone: Vec<String> = self.contributors.iter().filter(is_gone).map(|(id, _)| id.clone()).collect();
        for id in gone {
            let attributes = self.contributors[&id].attributes.clone();
            let reason = NO_CONTRIBUTION.to_owned();
            self.change_contributor(&id, &attributes, StateValue::Ok, reason, moment, stepped);
        }
    }

    /// Enters another state.
    fn change(&mut self, state: StateValue, reason: String, data: Value, moment: &Moment<'_>, stepped: &mut Stepped) {
        let documented = |state: StateValue, reason: &str, data: &Value| match data {
            Value::Null => json!({"stateValue": state.name(), "stateReason": reason}),
            data => json!({"stateValue": state.name(), "stateReason": reason, "stateReasonData": data}),
        };
        stepped.history.push(HistoryItem {
            at: moment.now,
            kind: HistoryKind::StateUpdate,
            summary: format!("Alarm updated from {} to {state}", self.state),
            data: json!({
                "version": "1.0",
                "oldState": documented(self.state, &self.reason, &self.reason_data),
                "newState": documented(state, &reason, &data),
            }),
        });
        stepped.has_changed = true;
        self.owed.entered_from = Some(self.state);
        if let Some(past) = &mut self.past {
            past.note(moment.as_of, state);
        }
        (self.state, self.reason, self.reason_data, self.since) = (state, reason, data, moment.now);
    }

    fn change_contributor(
        &mut self,
        id: &str,
        attributes: &BTreeMap<String, String>,
        state: StateValue,
        reason: String,
        moment: &Moment<'_>,
        stepped: &mut Stepped,
    ) {
        let contributor = self.contributors.entry(id.to_owned()).or_insert_with(|| ContributorMemory {
            attributes: attributes.clone(),
            state: StateValue::Ok,
            reason: String::new(),
            since: moment.now,
            owed: super::memory::Owing::default(),
        });
        stepped.history.push(HistoryItem {
            at: moment.now,
            kind: HistoryKind::AlarmContributorStateUpdate,
            summary: format!("Contributor state updated to {state}"),
            data: json!({
                "version": "1.0",
                "alarmContributor": {"id": id, "attributes": attributes},
                "newState": {"stateValue": state.name(), "stateReason": reason},
            }),
        });
        stepped.has_changed = true;
        if let Some(past) = &mut self.past {
            past.note_series(id, attributes, moment.as_of, state);
        }
        contributor.owed.entered_from = Some(contributor.state);
        (contributor.state, contributor.reason, contributor.since) = (state, reason, moment.now);
    }

    /// Tells of a change just made, or of one whose mute window is over.
    fn tell_change(&mut self, alarm: &Alarm, moment: &Moment<'_>, stepped: &mut Stepped) {
        let old = self.owed.entered_from;
        if old.is_some() {
            self.suppression.is_told(self.state);
        }
        self.tell(alarm, moment, old, stepped);
    }

    fn tell(&mut self, alarm: &Alarm, moment: &Moment<'_>, old: Option<StateValue>, stepped: &mut Stepped) {
        self.owed.entered_from = None;
        let told = Told {
            old,
            state: self.state,
            since: self.since,
            reason: &self.reason,
            reason_data: &self.reason_data,
            contributor: None,
        };
        tell(&mut self.owed, alarm, moment, &told, stepped);
    }

    fn tell_contributors(&mut self, alarm: &Alarm, moment: &Moment<'_>, stepped: &mut Stepped) {
        self.contributors.retain(|id, contributor| {
            let told = Told {
                old: contributor.owed.entered_from.take(),
                state: contributor.state,
                since: contributor.since,
                reason: &contributor.reason,
                reason_data: &Value::Null,
                contributor: Some((id, &contributor.attributes)),
            };
            tell(&mut contributor.owed, alarm, moment, &told, stepped);
            contributor.state == StateValue::Alarm || contributor.owed.held.is_some()
        });
    }
}
