//! One evaluation of an alarm on other alarms.

use serde_json::{Value, json};

use crate::alarm::alarm_arn;
use crate::alarm::composite::{Passing, Suppressor};
use crate::alarm::definition::{Alarm, CompositeAlarm};
use crate::alarm::memory::AlarmMemory;
use crate::alarm::reason::UNCHECKED;
use crate::alarm::reason_data::cloudwatch_stamp;
use crate::alarm::state::StateValue;
use crate::alarm::stepped::{Moment, Stepped};

impl AlarmMemory {
    /// Evaluates an alarm on other alarms, after those. `state_of` gives an alarm's state and since when it has it
    /// (seconds since 1970).
    pub fn step_composite(
        &mut self,
        alarm: &Alarm,
        composite: &CompositeAlarm,
        moment: &Moment<'_>,
        state_of: &impl Fn(&str) -> Option<(StateValue, i64)>,
    ) -> Stepped {
        let mut stepped = Stepped::default();
        self.leave_series(moment, &mut stepped);
        let (state, deciding) = composite.rule.decide(&|name| state_of(name).map(|(state, _)| state));
        if state != self.state {
            let (reason, data) = self.composite_reason(alarm, state, &deciding, moment, state_of);
            self.triggering = deciding.iter().map(|name| (*name).to_owned()).collect();
            self.change(state, reason, data, moment, &mut stepped);
        }
        self.tell_composite(alarm, composite, moment, true, state_of, &mut stepped);
        self.end_series(alarm, moment, &mut stepped);
        stepped
    }

    /// Tells of a change, unless it is suppressed, with the alarms that decided. `judges`: a minute of counts is being
    /// judged, rather than that time has passed.
    pub(super) fn tell_composite(
        &mut self,
        alarm: &Alarm,
        composite: &CompositeAlarm,
        moment: &Moment<'_>,
        judges: bool,
        state_of: &impl Fn(&str) -> Option<(StateValue, i64)>,
        stepped: &mut Stepped,
    ) {
        match &composite.suppressor {
            None => self.tell_change(alarm, moment, stepped),
            Some(suppressor) => {
                let at = Passing { now: moment.now, as_of: moment.as_of, judges };
                self.tell_unless_suppressed(suppressor, at, alarm, moment, state_of, stepped);
            }
        }
        for owed in &mut stepped.owed {
            owed.set_children(self.triggering.iter().filter_map(|name| {
                let (state, since) = state_of(name)?;
                Some((alarm_arn(name, moment.region, moment.account), state, since))
            }));
        }
    }

    fn tell_unless_suppressed(
        &mut self,
        suppressor: &Suppressor,
        at: Passing,
        alarm: &Alarm,
        moment: &Moment<'_>,
        state_of: &impl Fn(&str) -> Option<(StateValue, i64)>,
        stepped: &mut Stepped,
    ) {
        let is_alarm = state_of(&suppressor.alarm).is_some_and(|(state, _)| state == StateValue::Alarm);
        let before = self.suppression;
        let has_changed = !stepped.history.is_empty();
        let runs = self.suppression.step(suppressor, at, self.state, has_changed, is_alarm);
        stepped.has_changed |= self.suppression != before;
        let old = runs.then(|| before.told());
        self.tell(alarm, moment, old, stepped);
    }

    fn composite_reason(
        &self,
        alarm: &Alarm,
        state: StateValue,
        deciding: &[&str],
        moment: &Moment<'_>,
        state_of: &impl Fn(&str) -> Option<(StateValue, i64)>,
    ) -> (String, Value) {
        let known = deciding.iter().filter_map(|name| Some((*name, state_of(name)?)));
        let known: Vec<(&str, (StateValue, i64))> = known.collect();
        let arn = |name: &str| alarm_arn(name, moment.region, moment.account);
        let triggering = known.iter().map(|(name, (state, since))| {
            json!({"arn": arn(name), "state": {"value": state.name(), "timestamp": cloudwatch_stamp(*since)}})
        });
        let data = json!({"triggeringAlarms": triggering.collect::<Vec<_>>()});
        let newest = known.iter().max_by_key(|(_, (_, since))| *since);
        let reason = match newest {
            _ if self.reason == UNCHECKED => {
                format!("{} was created and its alarm rule evaluates to {state}", arn(&alarm.name))
            }
            Some((name, (of_child, since))) if *since >= self.since => {
                let time = chrono::DateTime::from_timestamp(*since, 0).unwrap_or_default();
                let time = time.format("%A %d %B, %Y %H:%M:%S UTC");
                format!("{} transitioned to {of_child} at {time}", arn(name))
            }
            _ => format!("{} was updated and its alarm rule evaluates to {state}", arn(&alarm.name)),
        };
        (reason, data)
    }
}
