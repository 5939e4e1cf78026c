//! An Amazon SNS topic, with CloudWatch's own alarm message, so that what reads alarms today reads these too.

use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Failure, ascii_subject, identity, json_text};
use crate::alarm::{Incident, Notice, StateChange, Subject, cloudwatch_stamp};
use crate::aws::{SnsFailure, SnsMessage, SnsTopic};
use crate::publish::ordered::Ordered;
use crate::publish::page::subject;
use crate::publish::region;
use crate::publish::text::text;
use crate::publish::words::{cut, stamp};

/// SNS takes 256 KiB; room is left for the envelope.
const MESSAGE_MAX: usize = 250 * 1_024;
/// So many series and callers are told of an incident; the page names fewer.
const SERIES_MAX: usize = 100;

/// A topic.
pub(in crate::publish) struct Topic {
    pub(in crate::publish) topic: SnsTopic,
}

impl Topic {
    pub(super) async fn send(&self, notice: &Notice, route: &str, timeout: Duration) -> Result<(), Failure> {
        let is_fifo = self.topic.arn().ends_with(".fifo");
        let hash = |text: &str| -> String {
            Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let message = SnsMessage {
            subject: topic_subject(notice),
            body: body(notice, route, self.topic.arn())?,
            group: is_fifo.then(|| hash(&notice.dedup_key)),
            deduplication: is_fifo.then(|| hash(&identity(notice))),
        };
        self.topic.publish(message, timeout).await.map_err(|failure| match failure {
            SnsFailure::Refused(error) => Failure::never(error),
            SnsFailure::Passing(error) => Failure::later(error),
        })
    }
}

/// `ALARM: "NAME" in US East (N. Virginia)`, at most 100 characters of ASCII: a name that is too long ends with `...`.
pub(super) fn topic_subject(notice: &Notice) -> String {
    const MOST: usize = 100;
    /// The longest name of a Region has 28 characters.
    const REGION_MAX: usize = 40;
    let Subject::StateChange(change) = &notice.subject else {
        return ascii_subject(notice).chars().take(MOST).collect();
    };
    let after = format!("\" in {}", ascii(&cut(region::name(&change.region), REGION_MAX)));
    let before = format!("{}: \"", change.new_state);
    let name = ascii(&change.alarm_name);
    let room = MOST.saturating_sub(before.len() + after.len());
    let name = match name.len() <= room {
        true => name,
        false => format!("{}...", &name[..room.saturating_sub(3)]),
    };
    format!("{before}{name}{after}")
}

/// Runs of other characters become one `_`, as CloudWatch does it.
fn ascii(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut in_run = false;
    for c in name.chars() {
        let is_plain = c.is_ascii() && !c.is_ascii_control();
        if is_plain || !in_run {
            out.push(if is_plain { c } else { '_' });
        }
        in_run = !is_plain;
    }
    out
}

/// The message: CloudWatch's JSON of an alarm, our own fields under one key at its end. Reports and tests are texts.
pub(super) fn body(notice: &Notice, route: &str, arn: &str) -> Result<String, Failure> {
    let Subject::StateChange(change) = &notice.subject else {
        return Ok(cut_bytes(text(notice), MESSAGE_MAX));
    };
    let fields = fields(notice, change, route, arn);
    let whole = json_text(&Ordered::fields(&fields))?;
    match whole.len() <= MESSAGE_MAX {
        true => Ok(whole),
        // What CloudWatch would send always fits.
        false => json_text(&Ordered::fields(&fields[..fields.len() - 1])),
    }
}

/// The fields in the order in which CloudWatch sends them.
fn fields(notice: &Notice, change: &StateChange, route: &str, arn: &str) -> Vec<(&'static str, Value)> {
    // Subscribers look for the topic that a message came through.
    let actions = |names: &[String]| -> Value {
        names.iter().map(|name| if name == route { arn } else { name.as_str() }).collect::<Vec<_>>().into()
    };
    let mut fields: Vec<(&'static str, Value)> = vec![
        ("AlarmName", change.alarm_name.as_str().into()),
        ("AlarmDescription", change.alarm_description.as_deref().into()),
        ("AWSAccountId", change.account.as_str().into()),
        ("AlarmConfigurationUpdatedTimestamp", cloudwatch_stamp(change.configured_at).into()),
        ("NewStateValue", change.new_state.name().into()),
        ("NewStateReason", change.reason.as_str().into()),
        ("StateChangeTime", cloudwatch_stamp(change.changed_at).into()),
        ("Region", region::name(&change.region).into()),
        ("AlarmArn", change.alarm_arn.as_str().into()),
        ("OldStateValue", change.old_state.name().into()),
    ];
    if let Some(contributor) = &change.contributor {
        fields.push(("AlarmContributorId", contributor.id.as_str().into()));
        fields.push(("AlarmContributorAttributes", json!(contributor.attributes)));
    }
    fields.extend([
        ("ActionExecutedAfterMuteWindow", change.after_mute_window.into()),
        ("OKActions", actions(&change.ok_actions)),
        ("AlarmActions", actions(&change.alarm_actions)),
        ("InsufficientDataActions", actions(&change.insufficient_data_actions)),
    ]);
    match &change.alarm_rule {
        Some(rule) => {
            let children = change.triggering_children.iter().map(|(arn, state, since)| {
                json!({ "Arn": arn, "State": { "Value": state.name(), "Timestamp": cloudwatch_stamp(*since) } })
            });
            fields.push(("AlarmRule", rule.as_str().into()));
            fields.push(("TriggeringChildren", children.collect::<Vec<_>>().into()));
        }
        None => fields.extend(change.trigger.clone().map(|trigger| ("Trigger", trigger))),
    }
    fields.push(("Keytide", own(notice, change)));
    fields
}

/// What CloudWatch doesn't tell: who did it, and what it costs.
fn own(notice: &Notice, change: &StateChange) -> Value {
    let mut own = Map::new();
    own.insert("DedupKey".to_owned(), notice.dedup_key.as_str().into());
    own.insert("Severity".to_owned(), notice.severity.name().into());
    own.insert("Summary".to_owned(), subject(notice).into());
    own.insert("Page".to_owned(), text(notice).into());
    own.insert("Tags".to_owned(), json!(notice.tags));
    if let Some(incident) = &change.incident {
        own.insert("Incident".to_owned(), of_incident(incident));
    }
    own.into()
}

fn of_incident(incident: &Incident) -> Value {
    let series = incident.series.iter().take(SERIES_MAX).map(|series| {
        json!({
            "KeyArn": series.key_arn, "Alias": series.alias, "Operation": series.operation, "MetricName": series.metric,
            "Observed": series.observed, "Expected": series.expected, "Excess": series.excess,
        })
    });
    let attribution = incident.attribution.iter().take(SERIES_MAX).map(|part| {
        json!({
            "Caller": part.caller, "Account": part.account, "Service": part.service, "Resource": part.resource,
            "Excess": part.excess, "Share": part.share,
        })
    });
    json!({
        "Number": incident.number,
        "Onset": stamp(incident.onset),
        "PagedAt": stamp(incident.paged_at),
        "ResolvedAt": incident.resolved_at.map(stamp),
        "Observed": incident.observed,
        "Expected": incident.expected,
        "Excess": incident.excess,
        "CostPerHour": incident.cost_per_hour,
        "SeriesTotal": incident.series.len(),
        "Series": series.collect::<Vec<_>>(),
        "Attribution": attribution.collect::<Vec<_>>(),
        "AttributionRange": incident.attribution_range.map(|range| range.map(stamp)),
    })
}

fn cut_bytes(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

#[cfg(test)]
#[path = "sns_tests.rs"]
mod tests;
