//! What is wrong with Keytide itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use crate::alarm::{Notice, Severity, StateChange, StateValue, Subject};
use crate::config::HealthSettings;
use crate::domain::format_second;

/// What is known of the daemon's work. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When the process began.
    pub started_at: i64,
    /// When a log object was last committed.
    pub last_data_at: Option<i64>,
    /// When objects that can't be read were met first, ascending.
    pub quarantined_at: Vec<i64>,
    /// Messages that are owed.
    pub outbox_depth: u64,
    /// When the oldest of them was owed.
    pub oldest_owed_at: Option<i64>,
    /// Watched folders that are not there, and since when.
    pub folders_gone: Vec<(PathBuf, i64)>,
    /// Parts of the work that have failed three times in a row, or more.
    pub failing: Vec<Failing>,
}

/// A part of the work that keeps failing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Which.
    pub task: String,
    /// Since when, seconds since 1970.
    pub since: i64,
    /// The last error.
    pub error: String,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// One of [`CONDITIONS`].
    pub name: &'static str,
    /// Since when, seconds since 1970.
    pub since: i64,
    /// What, and what to do.
    pub text: String,
}

/// The names of conditions.
pub const CONDITIONS: [&str; 5] = ["no-data", "quarantine-growing", "outbox-stuck", "source-gone", "task-failing"];

/// Objects that can't be read are counted over so many seconds.
pub(super) const QUARANTINE_SECONDS: i64 = 3600;

/// What is wrong now, in the order of [`CONDITIONS`].
pub fn health(facts: &Facts, settings: &HealthSettings, now: i64) -> Vec<Condition> {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let mut conditions = Vec::new();
    // A daemon that just began is not to blame for what was before.
    let last_data_at = facts.last_data_at.unwrap_or(i64::MIN).max(facts.started_at);
    if now.saturating_sub(last_data_at) >= seconds(settings.no_data_for) {
        let last = match facts.last_data_at {
            Some(at) => format!("the last log file came at {}", format_second(at)),
            None => "none has come yet".to_owned(),
        };
        conditions.push(Condition {
            name: "no-data",
            since: last_data_at,
            text: format!(
                "no new log file for {} minutes: {last}; check that the trail is on and its files reach the watched folders",
                (now - last_data_at) / 60
            ),
        });
    }
    let recent: Vec<i64> =
        facts.quarantined_at.iter().copied().filter(|at| now.saturating_sub(*at) < QUARANTINE_SECONDS).collect();
    if recent.len() as u64 >= settings.quarantine_growth {
        conditions.push(Condition {
            name: "quarantine-growing",
            since: recent[0],
            text: format!(
                "{} more objects could not be read within an hour; `keytide status` names them and says why",
                recent.len()
            ),
        });
    }
    if let Some(oldest) = facts.oldest_owed_at
        && now.saturating_sub(oldest) >= seconds(settings.outbox_stuck_for)
    {
        conditions.push(Condition {
            name: "outbox-stuck",
            since: oldest,
            text: format!(
                "{} messages are owed, the oldest since {}; check the routes' receivers",
                facts.outbox_depth,
                format_second(oldest)
            ),
        });
    }
    if let Some(since) = facts.folders_gone.iter().map(|(_, since)| *since).min() {
        let names: Vec<String> = facts.folders_gone.iter().map(|(path, _)| path.display().to_string()).collect();
        let text = format!("{} can't be found; it is read again as soon as it is back", names.join(", "));
        conditions.push(Condition { name: "source-gone", since, text });
    }
    if let Some(since) = facts.failing.iter().map(|failing| failing.since).min() {
        let each = facts.failing.iter().map(|failing| format!("{} fails: {}", failing.task, failing.error));
        conditions.push(Condition { name: "task-failing", since, text: each.collect::<Vec<_>>().join("; ") });
    }
    conditions
}

/// The key that all messages about a condition share.
pub fn dedup_key(name: &str) -> String {
    format!("keytide/health/{name}")
}

/// What to tell of a condition that began, or (`condition` is none) is over.
pub fn notice(name: &str, condition: Option<&Condition>, now: i64) -> Notice {
    let alarm_name = format!("keytide-{name}");
    let (old_state, new_state, reason) = match condition {
        Some(condition) => (StateValue::Ok, StateValue::Alarm, condition.text.clone()),
        None => (StateValue::Alarm, StateValue::Ok, "this is over".to_owned()),
    };
    let since = condition.map(|condition| format_second(condition.since));
    Notice {
        dedup_key: dedup_key(name),
        severity: Severity::Error,
        keys: Vec::new(),
        accounts: Vec::new(),
        tags: BTreeMap::from([("source".to_owned(), "keytide".to_owned())]),
        subject: Subject::StateChange(Box::new(StateChange {
            alarm_arn: format!("arn:aws:cloudwatch:us-east-1:000000000000:alarm:{alarm_name}"),
            alarm_name,
            alarm_description: Some("Keytide watches itself".to_owned()),
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            configured_at: now,
            old_state,
            new_state,
            reason,
            reason_data: json!({"condition": name, "since": since}),
            changed_at: now,
            after_mute_window: false,
            ok_actions: Vec::new(),
            alarm_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            trigger: None,
            alarm_rule: None,
            triggering_children: Vec::new(),
            incident: None,
            contributor: None,
        })),
    }
}
