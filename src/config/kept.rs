//! How long counts are kept, against how far alarms look back.

use std::time::Duration;

use super::parse::Sections;
use super::settings::{Config, Keep};
use crate::alarm::{Condition, MetricAlarm};
use crate::domain::{SettingError, format_duration};

const DAY: u64 = 86_400;

/// The newest counts that an alarm looks at are some minutes old, and it may look at them once an hour.
const LAG_SECONDS: u64 = 3_600;

/// Asks an alarm whether it is judged by counts of a kind.
type IsJudgedBy = fn(&MetricAlarm) -> bool;

impl Sections<'_, '_> {
    /// Refuses to keep counts for less than what an alarm looks back over: what was dropped would be no calls to it.
    pub(super) fn refuse_short_retention(&mut self, config: &Config) {
        let daemon = &config.daemon;
        let kinds: [(&str, Keep, IsJudgedBy); 3] = [
            // Whatever an alarm counts, it knows nothing from before the first minute that is kept.
            ("keep_minutes", daemon.keep_minutes, |_| true),
            ("keep_callers", daemon.keep_callers, |metric| metric.watched.is_by_caller()),
            ("keep_seconds", daemon.keep_seconds, |metric| matches!(metric.condition, Condition::QuotaShare { .. })),
        ];
        for (setting, keep, is_judged_by) in kinds {
            let Keep::Days(days) = keep else { continue };
            let alarms = config.alarms.iter().filter_map(|alarm| Some((&alarm.name, alarm.metric()?)));
            let looks_back = alarms.filter(|(_, metric)| is_judged_by(metric));
            let looks_back = looks_back.map(|(name, metric)| (metric.looks_back_seconds(), name));
            let Some((seconds, name)) = looks_back.max_by_key(|(seconds, _)| *seconds) else { continue };
            let least = (seconds + LAG_SECONDS).div_ceil(DAY);
            let Some(written) = self.root.get("daemon").and_then(|daemon| daemon.get_ref().get(setting)) else {
                continue;
            };
            if u64::from(days) < least {
                let back = format_duration(Duration::from_secs(seconds));
                let message = format!(
                    "the alarm `{name}` looks back over {back}, and counts are dropped by whole days; write {setting} = \
                     \"{least}d\" or more, or give the alarm fewer or shorter periods"
                );
                self.errors.push(SettingError::at(written.span(), message));
            }
        }
    }
}
