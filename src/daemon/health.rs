//! What is wrong with Keytide itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use crate::alarm::{Notice, Severity, StateChange, StateValue, Subject, alarm_arn};
use crate::config::HealthSettings;
use crate::domain::format_second;
use crate::store::GivenUp;
use crate::watch::{SERIES_MAX, SilentStream};

/// What is known of the daemon's work. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When the process began; none of one that makes a single round, and goes by what earlier ones remembered.
    pub started_at: Option<i64>,
    /// When a log object was last committed.
    pub last_data_at: Option<i64>,
    /// Accounts and Regions of which no log files come, as the last evaluation found; none before the first one.
    pub silent: Option<Vec<SilentStream>>,
    /// Series beyond those that can be watched, as the last evaluation found.
    pub unwatched: u64,
    /// When the objects that can't be read were met first, of the last hour, ascending.
    pub quarantined_at: Vec<i64>,
    /// Messages that are owed.
    pub outbox_depth: u64,
    /// When the oldest of them was owed.
    pub oldest_owed_at: Option<i64>,
    /// Watched folders that are not there, and since when.
    pub folders_gone: Vec<(PathBuf, i64)>,
    /// Parts of the work that have failed three times in a row, or more.
    pub failing: Vec<Failing>,
    /// Messages that were given up lately.
    pub given_up: Option<GivenUp>,
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
    /// The account and Region that it is about, if it isn't about all.
    pub about: Option<(String, String)>,
    /// Since when, seconds since 1970.
    pub since: i64,
    /// What, and what to do.
    pub text: String,
}

impl Condition {
    /// Its name, and what it is about: tells conditions apart.
    pub fn id(&self) -> String {
        match &self.about {
            Some((account, region)) => format!("{}/{account}/{region}", self.name),
            None => self.name.to_owned(),
        }
    }

    fn of_all(name: &'static str, since: i64, text: String) -> Self {
        Condition { name, about: None, since, text }
    }
}

/// The names of conditions.
pub const CONDITIONS: [&str; 7] =
    ["no-data", "quarantine-growing", "outbox-stuck", "source-gone", "task-failing", "page-given-up", "series-limit"];

/// Objects that can't be read are counted over so many seconds.
pub(super) const QUARANTINE_SECONDS: i64 = 3600;

/// That a message was given up is told of for so many seconds.
pub(super) const GIVEN_UP_SECONDS: i64 = 86_400;

/// Before every key of a message about Keytide itself.
pub(super) const KEY_PREFIX: &str = "keytide/health/";

/// What is wrong now, in the order of [`CONDITIONS`].
pub fn health(facts: &Facts, settings: &HealthSettings, now: i64) -> Vec<Condition> {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let mut conditions = Vec::new();
    // A daemon that just began is not to blame for what was before.
    if let Some(waits_since) = facts.last_data_at.max(facts.started_at)
        && now.saturating_sub(waits_since) >= seconds(settings.no_data_for)
    {
        let last = match facts.last_data_at {
            Some(at) => format!("the last log file came at {}", format_second(at)),
            None => "none has come yet".to_owned(),
        };
        let text = format!(
            "no new log file for {} min: {last}; check that the trail is on and its files reach the watched folders",
            (now - waits_since) / 60
        );
        conditions.push(Condition::of_all("no-data", waits_since, text));
    }
    let streams = facts.silent.iter().flatten();
    for SilentStream { account, region, since } in streams.filter(|of| now - of.since >= seconds(settings.no_data_for))
    {
        conditions.push(Condition {
            name: "no-data",
            about: Some((account.clone(), region.clone())),
            since: *since,
            text: format!(
                "no log file of account {account} in {region} has come since {}, while others come; its calls are \
                 taken as missing, not zero, and nobody is paged for them: check its trail",
                format_second(*since)
            ),
        });
    }
    let recent: Vec<i64> =
        facts.quarantined_at.iter().copied().filter(|at| now.saturating_sub(*at) < QUARANTINE_SECONDS).collect();
    if recent.len() as u64 >= settings.quarantine_growth {
        let text = format!(
            "{} more objects could not be read within an hour; `keytide status` names them and says why",
            recent.len()
        );
        conditions.push(Condition::of_all("quarantine-growing", recent[0], text));
    }
    if let Some(oldest) = facts.oldest_owed_at
        && now.saturating_sub(oldest) >= seconds(settings.outbox_stuck_for)
    {
        let text = format!(
            "{} messages are owed, the oldest since {}; check the routes' receivers",
            facts.outbox_depth,
            format_second(oldest)
        );
        conditions.push(Condition::of_all("outbox-stuck", oldest, text));
    }
    if let Some(since) = facts.folders_gone.iter().map(|(_, since)| *since).min() {
        let names: Vec<String> = facts.folders_gone.iter().map(|(path, _)| path.display().to_string()).collect();
        let text = format!("{} can't be found; it is read again as soon as it is back", names.join(", "));
        conditions.push(Condition::of_all("source-gone", since, text));
    }
    if let Some(since) = facts.failing.iter().map(|failing| failing.since).min() {
        let each = facts.failing.iter().map(|failing| format!("{} fails: {}", failing.task, failing.error));
        conditions.push(Condition::of_all("task-failing", since, each.collect::<Vec<_>>().join("; ")));
    }
    if let Some(GivenUp { messages, since, route, error }) = &facts.given_up {
        let text = format!(
            "messages given up within a day: {messages}, the last of route {route}: {error}; whoever they were for has \
             not got them: `keytide status` lists them"
        );
        conditions.push(Condition::of_all("page-given-up", *since, text));
    }
    if facts.unwatched > 0 {
        let text = format!(
            "{} series more than the {SERIES_MAX} that can be watched: nobody is paged for them; `keytide top --by \
             key` shows whether someone makes up keys",
            facts.unwatched
        );
        conditions.push(Condition::of_all("series-limit", now, text));
    }
    conditions
}

/// Whether enough is known to say that a condition is over that an earlier process told of.
pub(super) fn is_known(id: &str, facts: &Facts) -> bool {
    match id {
        "no-data" => facts.last_data_at.is_some() && facts.last_data_at >= facts.started_at,
        // What an evaluation finds.
        id if id.starts_with("no-data/") || id == "series-limit" => facts.silent.is_some(),
        _ => true,
    }
}

/// The key that the messages about one episode of a condition share: that of a store, told at a second. Receivers drop
/// what repeats a key, and one that closed it opens it never again.
pub fn dedup_key(store: &str, id: &str, told_at: i64) -> String {
    format!("{KEY_PREFIX}{store}/{id}/{told_at}")
}

/// What to tell of a condition that began, or (`condition` is none) is over.
pub fn notice(dedup_key: String, id: &str, condition: Option<&Condition>, now: i64) -> Notice {
    let mut parts = id.split('/');
    let name = parts.next().unwrap_or(id);
    let (account, region) = (parts.next().unwrap_or("000000000000"), parts.next().unwrap_or("us-east-1"));
    let alarm_name = format!("keytide-{}", id.replace('/', "-"));
    let (old_state, new_state, reason) = match condition {
        Some(condition) => (StateValue::Ok, StateValue::Alarm, condition.text.clone()),
        None => (StateValue::Alarm, StateValue::Ok, "this is over".to_owned()),
    };
    let since = condition.map(|condition| format_second(condition.since));
    Notice {
        dedup_key,
        severity: Severity::Error,
        keys: Vec::new(),
        aliases: Vec::new(),
        accounts: Vec::new(),
        tags: BTreeMap::from([("source".to_owned(), "keytide".to_owned())]),
        subject: Subject::StateChange(Box::new(StateChange {
            alarm_arn: alarm_arn(&alarm_name, region, account),
            alarm_name,
            alarm_description: Some("Keytide watches itself".to_owned()),
            account: account.to_owned(),
            region: region.to_owned(),
            configured_at: now,
            old_state,
            new_state,
            reason,
            reason_data: json!({"condition": name, "since": since}),
            changed_at: now,
            ends_episode: condition.is_none(),
            again: false,
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
