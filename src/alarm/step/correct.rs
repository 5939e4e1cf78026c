//! What counts that came late make of an alarm's state.

use std::collections::{BTreeMap, BTreeSet};

use crate::alarm::definition::{Alarm, AlarmKind};
use crate::alarm::memory::{AlarmMemory, ContributorMemory};
use crate::alarm::state::StateValue;
use crate::alarm::stepped::{Moment, Stepped};

/// The reason of a series whose ALARM counts that came late have ended.
const UNDONE: &str = "By counts that came late, the threshold is not crossed";

impl AlarmMemory {
    /// Goes to the states that were found when the alarm was judged again up to now, and tells of each that is another
    /// one than the state before. What was in between is not told here. `state_of` is as for an alarm on other alarms.
    pub fn correct(
        &mut self,
        alarm: &Alarm,
        moment: &Moment<'_>,
        found: AlarmMemory,
        state_of: &impl Fn(&str) -> Option<(StateValue, i64)>,
    ) -> Stepped {
        let mut stepped = Stepped::default();
        let ids: BTreeSet<String> = self.contributors.keys().chain(found.contributors.keys()).cloned().collect();
        for id in ids {
            let state = |contributors: &BTreeMap<String, ContributorMemory>| {
                contributors.get(&id).map_or(StateValue::Ok, |contributor| contributor.state)
            };
            let (was, is) = (state(&self.contributors), state(&found.contributors));
            let known = found.contributors.get(&id).or_else(|| self.contributors.get(&id)).cloned();
            if let Some(known) = known.filter(|_| was != is) {
                let reason = if is == StateValue::Alarm { known.reason } else { UNDONE.to_owned() };
                self.change_contributor(&id, &known.attributes, is, reason, moment, &mut stepped);
            }
        }
        if found.state != self.state {
            self.triggering.clone_from(&found.triggering);
            self.change(found.state, found.reason, found.reason_data, moment, &mut stepped);
        }
        match (found.past, &mut self.past) {
            (Some(found), Some(past)) => past.replace(found),
            (found, past) => *past = found,
        }
        stepped.has_changed = true;
        self.tell_all(alarm, moment, state_of, &mut stepped);
        stepped
    }

    /// Whether anything is held back that time alone may end.
    pub fn holds_back(&self) -> bool {
        let mut owed =
            std::iter::once(&self.owed).chain(self.contributors.values().map(|contributor| &contributor.owed));
        owed.any(|owed| owed.held.is_some()) || self.suppression.by.is_some()
    }

    /// Tells what was held back and is held no longer, without judging anything.
    pub fn tell_held(
        &mut self,
        alarm: &Alarm,
        moment: &Moment<'_>,
        state_of: &impl Fn(&str) -> Option<(StateValue, i64)>,
    ) -> Stepped {
        let mut stepped = Stepped::default();
        self.tell_all(alarm, moment, state_of, &mut stepped);
        stepped
    }

    /// Tells of every change just made, and of those whose time to be told has come.
    fn tell_all(
        &mut self,
        alarm: &Alarm,
        moment: &Moment<'_>,
        state_of: &impl Fn(&str) -> Option<(StateValue, i64)>,
        stepped: &mut Stepped,
    ) {
        match &alarm.kind {
            AlarmKind::Metric(metric) => {
                self.tell_contributors(alarm, moment, stepped);
                // As where it is judged: series speak for themselves.
                let speaks = !metric.is_multi_series() || self.owed.episode.is_some() || self.owed.held.is_some();
                if speaks {
                    self.tell_change(alarm, moment, stepped);
                }
            }
            AlarmKind::Composite(composite) => {
                self.tell_composite(alarm, composite, moment, false, state_of, stepped);
                self.tell_contributors(alarm, moment, stepped);
            }
        }
        self.owed.entered_from = None;
    }
}
