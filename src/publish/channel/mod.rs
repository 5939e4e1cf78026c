//! Ways to reach someone, one file each. The text of a message is made by a pure function; sending it says whether
//! the receiver has it, may take it later, or refuses it.

pub(super) mod alertmanager;
pub(super) mod email;
pub(super) mod file;
pub(super) mod http;
pub(super) mod pagerduty;
pub(super) mod slack;
pub(super) mod sns;
pub(super) mod webhook;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::backoff::Wait;
use super::page::subject;
use crate::alarm::{Notice, StateValue, Subject};
use http::Http;

/// A receiver, with all that it takes to send to it.
pub(super) enum Channel {
    Sns(sns::Topic),
    Pagerduty(pagerduty::Service),
    Slack(slack::Hook),
    Alertmanager(alertmanager::Cluster),
    Webhook(webhook::Hook),
    Email(Box<email::Mail>),
    File(file::Lines),
    Stdout(file::Printed),
}

/// Why a message wasn't delivered. Texts hold no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It may work later.
    Later {
        error: String,
        /// How long the receiver asks to be left alone.
        wait: Option<Wait>,
    },
    /// The receiver refuses this message for good.
    Never { error: String },
}

impl Failure {
    pub(super) fn later(error: impl Into<String>) -> Self {
        Failure::Later { error: error.into(), wait: None }
    }

    pub(super) fn never(error: impl Into<String>) -> Self {
        Failure::Never { error: error.into() }
    }
}

/// A value as JSON.
fn json_text(value: &impl Serialize) -> Result<String, Failure> {
    let failed = |error| Failure::never(format!("the message can't be written as JSON: {error}"));
    serde_json::to_string(value).map_err(failed)
}

impl Channel {
    /// Sends a notice; `now` is the time that a signature tells.
    pub(super) async fn send(
        &self,
        notice: &Notice,
        route: &str,
        http: &Http,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        match self {
            Channel::Sns(topic) => topic.send(notice, route, http.timeout()).await,
            Channel::Pagerduty(service) => service.send(notice, http).await,
            Channel::Slack(hook) => hook.send(notice, http).await,
            Channel::Alertmanager(cluster) => cluster.send(notice, http).await,
            Channel::Webhook(hook) => hook.send(notice, http, now).await,
            Channel::Email(mail) => mail.send(notice, http.timeout()).await,
            Channel::File(lines) => lines.send(notice).await,
            Channel::Stdout(printed) => printed.send(notice).await,
        }
    }
}

/// What tells a message from every other: its deduplication key, the state that it announces, and where the episode
/// comes to a state again, when.
pub(super) fn identity(notice: &Notice) -> String {
    let kind = match &notice.subject {
        Subject::StateChange(change) if change.again => {
            return format!("{}:{}:{}", notice.dedup_key, change.new_state, change.changed_at);
        }
        Subject::StateChange(change) => change.new_state.name(),
        Subject::Report(_) => "REPORT",
        Subject::Test { .. } => "TEST",
    };
    format!("{}:{kind}", notice.dedup_key)
}

/// Whether this says that something is wrong, or that it is over.
pub(super) fn is_over(notice: &Notice) -> bool {
    matches!(&notice.subject, Subject::StateChange(change) if change.new_state == StateValue::Ok)
}

/// A subject of plain ASCII letters, for receivers that take nothing else.
pub(super) fn ascii_subject(notice: &Notice) -> String {
    subject(notice).chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sample;

    #[test]
    fn a_state_that_comes_again_is_another_message_and_a_message_that_is_repeated_is_not() {
        let identity_at = |again, changed_at| {
            let mut notice = sample::page();
            if let Subject::StateChange(change) = &mut notice.subject {
                (change.again, change.changed_at) = (again, changed_at);
            }
            identity(&notice)
        };
        assert_eq!(identity_at(false, 60), "keytide/incident/17:ALARM");
        assert_eq!(identity_at(true, 180), "keytide/incident/17:ALARM:180");
        assert_ne!(identity_at(true, 180), identity_at(true, 300));
    }
}
