//! What a message says, for people: what happened in one line, who did it, and what to type next. It is read on a
//! phone, by someone just woken, so the first lines have to do.

use super::words::{calls, clock, clock_second, cut, day, key, key_id, line, percent, span, stamp, times};
use crate::alarm::{Incident, IncidentSeries, Notice, QuotaUse, StateChange, StateValue, Subject, novelty, who};
use crate::domain::{count, counted, dollars, signed};
use crate::render::shell_word;

/// A subject has at most so many characters, as SNS has it.
const SUBJECT_MAX: usize = 100;
/// So many callers, novelties and series are named; the rest is counted.
const NAMED: usize = 3;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// One line that has to do alone: `ALARM: 415,230 Decrypt on alias/data-lake-raw, 3,230 expected`.
    pub subject: String,
    /// What comes after it.
    pub lead: String,
    /// What is known, the most useful first.
    pub facts: Vec<Fact>,
    /// A command that shows more.
    pub next: Option<String>,
}

/// Something known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it answers: `Who`, `New`, `Cost` …
    pub label: &'static str,
    /// The answer, a line each.
    pub lines: Vec<String>,
}

/// The subject of a notice.
pub fn subject(notice: &Notice) -> String {
    let subject = match &notice.subject {
        Subject::Report(report) => report.title.clone(),
        Subject::Test { .. } => "TEST: Keytide's messages arrive here".to_owned(),
        Subject::StateChange(change) => match &change.incident {
            Some(incident) => match quota_alone(incident) {
                Some(quota) => format!("{}: {}", change.new_state, share(quota)),
                None => headline(change, incident),
            },
            None => format!("{}: {}", change.new_state, change.alarm_name),
        },
    };
    cut(&subject, SUBJECT_MAX)
}

/// What a notice says. A report says more than fits a page: of it only the subject is here.
pub fn page(notice: &Notice) -> Page {
    let subject = subject(notice);
    let page = match &notice.subject {
        Subject::Report(_) => Page { subject, lead: String::new(), facts: Vec::new(), next: None },
        Subject::Test { text, at } => {
            let lead = format!("{text} This is no alarm; it was asked for at {}.", stamp(*at));
            Page { subject, lead: lead.trim().to_owned(), facts: Vec::new(), next: None }
        }
        Subject::StateChange(change) => match &change.incident {
            Some(incident) if quota_alone(incident).is_some() => of_quota(subject, notice, change, incident),
            Some(incident) => of_incident(subject, notice, change, incident),
            None => of_alarm(subject, notice, change),
        },
    };
    page.in_lines()
}

impl Page {
    /// Every text as one line: nothing that a caller wrote into a name makes lines of its own, or steers a terminal.
    fn in_lines(self) -> Self {
        let fact = |fact: Fact| Fact { lines: fact.lines.iter().map(|text| line(text)).collect(), ..fact };
        Page {
            subject: self.subject,
            lead: line(&self.lead),
            facts: self.facts.into_iter().map(fact).collect(),
            next: self.next.as_deref().map(line),
        }
    }
}

/// `415,230 Decrypt on alias/data-lake-raw, 3,230 expected`.
fn headline(change: &StateChange, incident: &Incident) -> String {
    let (what, place) = (what(incident), place(incident));
    match change.new_state {
        StateValue::Ok => {
            let lasted = span(end(change, incident) - incident.onset);
            format!("OK: {what} on {place} as expected again, after {lasted}")
        }
        state => {
            let only = if incident.excess < 0.0 { "only " } else { "" };
            let (observed, expected) = (count(incident.observed), count(incident.expected));
            format!("{state}: {only}{observed} {what} on {place}, {expected} expected")
        }
    }
}

/// What was called: an operation, or `calls` of several.
fn what(incident: &Incident) -> String {
    let mut names = incident.series.iter().map(|series| calls(&series.operation, &series.metric));
    match names.next() {
        Some(first) if names.all(|name| name == first) => first,
        _ => "calls".to_owned(),
    }
}

/// Where: the key, or how many keys.
fn place(incident: &Incident) -> String {
    let Some(first) = incident.series.first() else { return "no key".to_owned() };
    let mut arns: Vec<&str> = incident.series.iter().map(|series| series.key_arn.as_str()).collect();
    arns.sort_unstable();
    arns.dedup();
    match arns.len() {
        1 => key(first).to_owned(),
        keys => format!("{} and {}", key(first), counted(keys as u64 - 1, "other key", "other keys")),
    }
}

fn end(change: &StateChange, incident: &Incident) -> i64 {
    incident.resolved_at.unwrap_or(change.changed_at)
}

fn of_incident(subject: String, notice: &Notice, change: &StateChange, incident: &Incident) -> Page {
    let is_over = change.new_state == StateValue::Ok;
    let counted_until = incident.counted_until.unwrap_or(incident.known_until);
    let until = if is_over { end(change, incident) } else { counted_until };
    // The day that is named is that of the onset; the end has one of its own if it lies in another.
    let (day, to) = (day(incident.onset), clock(until, incident.onset));
    let from = clock(incident.onset, incident.onset);
    let lead = match is_over {
        true => format!(
            "{day}, {from} to {to} UTC: {} {}, {} expected ({})",
            count(incident.observed),
            what(incident),
            count(incident.expected),
            signed(incident.excess),
        ),
        false => format!("{day}, {from} to {to} UTC: {}", how_many(incident)),
    };
    let mut facts = vec![
        Fact { label: "Who", lines: attribution(incident) },
        Fact { label: "New", lines: news(incident) },
        Fact { label: "Key", lines: keys(incident) },
        Fact { label: "Also", lines: others(incident) },
    ];
    if !is_over {
        facts.push(Fact { label: "Cost", lines: cost(incident) });
        facts.push(Fact { label: "Quota", lines: quota(incident) });
        facts.push(Fact { label: "Data", lines: vec![lag(incident)] });
        facts.push(Fact { label: "Before", lines: before(incident) });
    }
    let mut alarm = alarm(notice, change);
    if change.trigger.is_some() || change.alarm_rule.is_some() {
        alarm.push(change.reason.clone());
    }
    alarm.extend(change.after_mute_window.then(|| MUTED.to_owned()));
    facts.push(Fact { label: "Alarm", lines: alarm });
    facts.push(Fact { label: "Picture", lines: incident.picture_path.iter().cloned().collect() });
    facts.retain(|fact| !fact.lines.is_empty());
    Page { subject, lead, facts, next: Some(top(incident)) }
}

/// The quota, where it is all that an alarm is about: no series of a key.
fn quota_alone(incident: &Incident) -> Option<&QuotaUse> {
    incident.quota.as_ref().filter(|_| incident.series.is_empty())
}

/// An alarm on a quota's share, of which its busiest second and who called are known.
fn of_quota(subject: String, notice: &Notice, change: &StateChange, incident: &Incident) -> Page {
    let mut alarm = alarm(notice, change);
    alarm.extend(change.after_mute_window.then(|| MUTED.to_owned()));
    let mut facts = vec![
        Fact { label: "Who", lines: attribution(incident) },
        Fact { label: "Quota", lines: quota(incident) },
        Fact { label: "Data", lines: vec![lag(incident)] },
        Fact { label: "Alarm", lines: alarm },
    ];
    facts.retain(|fact| !fact.lines.is_empty());
    Page { subject, lead: change.reason.clone(), facts, next: Some(top(incident)) }
}

/// The alarm's name, how much it matters, and what its owner says of it.
fn alarm(notice: &Notice, change: &StateChange) -> Vec<String> {
    let mut lines = vec![format!("{}, {}", change.alarm_name, notice.severity.name())];
    lines.extend(change.alarm_description.clone());
    lines
}

const MUTED: &str = "held back by a mute window that is over now";

/// `+412,000, 128 × what was expected`.
fn how_many(incident: &Incident) -> String {
    let excess = signed(incident.excess);
    match incident.observed / incident.expected {
        ratio if ratio.is_finite() && incident.expected >= 0.5 && ratio >= 1.0 => {
            format!("{excess}, {} what was expected", times(ratio))
        }
        _ => format!("{excess} against what was expected"),
    }
}

fn attribution(incident: &Incident) -> Vec<String> {
    let whole = match incident.excess {
        excess if excess < 0.0 => "what is missing",
        // A quota that is filled as it usually is.
        _ if quota_alone(incident).is_some() && incident.expected == 0.0 => "the calls",
        _ => "the excess",
    };
    let what = what(incident);
    let part = |share: f64, excess: f64| match incident.attribution_range {
        None => format!("{} of {whole}, {} {what}", percent(share), signed(excess)),
        // Of a longer range than the page is about, a share would blame for what came before or after.
        Some([from, to]) => {
            let (from, to) = (clock(from, incident.onset), clock(to, incident.onset));
            format!("{} {what} in {from} to {to}", signed(excess))
        }
    };
    let parts = &incident.attribution;
    let named = if parts.len() == NAMED + 1 { parts.len() } else { parts.len().min(NAMED) };
    let mut lines: Vec<String> =
        parts[..named].iter().map(|each| format!("{}: {}", who(each), part(each.share, each.excess))).collect();
    let rest = &parts[named..];
    if !rest.is_empty() {
        let share = rest.iter().map(|each| each.share).sum();
        let excess = rest.iter().map(|each| each.excess).sum();
        lines.push(format!("{}: {}", counted(rest.len() as u64, "other", "others"), part(share, excess)));
    }
    lines
}

fn news(incident: &Incident) -> Vec<String> {
    let line = |new: &crate::alarm::Novelty| {
        let name = novelty(&new.what, &new.name);
        match new.known_seconds {
            None => format!("{name}, never seen on this key before"),
            Some(known) => format!("{name}, not seen on this key in the {} before", span(whole(known))),
        }
    };
    let mut lines: Vec<String> = incident.new.iter().take(NAMED).map(line).collect();
    if incident.new.len() > NAMED {
        lines.push(format!("and {} more", incident.new.len() - NAMED));
    }
    lines
}

/// Whole days of a span, or hours.
fn whole(seconds: i64) -> i64 {
    let unit = if seconds < 86_400 { 3_600 } else { 86_400 };
    seconds / unit * unit
}

fn keys(incident: &Incident) -> Vec<String> {
    let Some(first) = incident.series.first() else { return Vec::new() };
    let id = key_id(&first.key_arn);
    let mut lines: Vec<String> = first.alias.iter().cloned().collect();
    lines.push(id.to_owned());
    if let Some(arn) = crate::domain::KeyArn::parse(&first.key_arn) {
        lines.push(format!("account {}, {}", arn.account(), arn.region()));
    }
    lines
}

/// The series after the first.
fn others(incident: &Incident) -> Vec<String> {
    let line = |series: &IncidentSeries| {
        format!("{} {} on {}", signed(series.excess), calls(&series.operation, &series.metric), key(series))
    };
    let others = incident.series.get(1..).unwrap_or_default();
    let mut lines: Vec<String> = others.iter().take(NAMED).map(line).collect();
    if others.len() > NAMED {
        lines.push(format!("and {} more", counted((others.len() - NAMED) as u64, "series", "series")));
    }
    lines
}

fn cost(incident: &Incident) -> Vec<String> {
    let note = if incident.cost_note.is_empty() { "list price, estimated" } else { &incident.cost_note };
    incident.cost_per_hour.map(|cost| format!("{} more an hour ({note})", dollars(cost))).into_iter().collect()
}

fn quota(incident: &Incident) -> Vec<String> {
    let Some(quota) = &incident.quota else { return Vec::new() };
    let day = if quota.peak_at.div_euclid(86_400) == incident.onset.div_euclid(86_400) {
        String::new()
    } else {
        format!("{} ", day(quota.peak_at))
    };
    vec![format!("{} at {day}{} UTC", share(quota), clock_second(quota.peak_at))]
}

/// `41 % of Symmetric in 111122223333, us-east-1: 4,120 of 10,000 a second`.
fn share(quota: &QuotaUse) -> String {
    format!(
        "{} of {} in {}, {}: {} of {} a second",
        percent(f64::from(quota.peak_per_second) / quota.quota_per_second),
        quota.pool,
        quota.account,
        quota.region,
        count(f64::from(quota.peak_per_second)),
        count(quota.quota_per_second),
    )
}

fn lag(incident: &Incident) -> String {
    let behind = span(incident.paged_at - incident.known_until);
    format!("complete up to {} UTC, {behind} before this page", clock(incident.known_until, incident.known_until))
}

fn before(incident: &Incident) -> Vec<String> {
    let line = |series: &IncidentSeries| match series.alarms_last_month {
        0 => "no alarm of this series in the last 30 days".to_owned(),
        alarms => format!("{} of this series in the last 30 days", counted(alarms.into(), "alarm", "alarms")),
    };
    incident.series.first().map(line).into_iter().collect()
}

/// The command that shows who called.
fn top(incident: &Incident) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for series in &incident.series {
        let id = key_id(&series.key_arn);
        if !id.is_empty() && !ids.contains(&id) {
            ids.push(id);
        }
    }
    let keys =
        if (1..=NAMED).contains(&ids.len()) { format!(" --key {}", shell_word(&ids.join(","))) } else { String::new() };
    let metric = match incident.series.first() {
        Some(first) if first.metric != "SuccessfulRequest" => format!(" --metric {}", first.metric),
        _ => String::new(),
    };
    format!("keytide top --by caller{keys}{metric} --since {}", stamp(incident.onset))
}

/// An alarm that isn't about calls of callers, or of which no more is known.
fn of_alarm(subject: String, notice: &Notice, change: &StateChange) -> Page {
    let child = |(arn, state, since): &(String, StateValue, i64)| {
        let name = arn.split_once(":alarm:").map_or(arn.as_str(), |(_, name)| name);
        format!("{name} is {state} since {}", stamp(*since))
    };
    let mut alarm = vec![format!("{}, was {}", change.alarm_name, change.old_state)];
    alarm.extend(change.after_mute_window.then(|| MUTED.to_owned()));
    let place = match (change.account.as_str(), change.region.as_str()) {
        ("", "") => Vec::new(),
        // An alarm of the settings belongs to no account.
        (account, _) if account.bytes().all(|digit| digit == b'0') => Vec::new(),
        (account, region) => vec![format!("account {account}, {region}")],
    };
    let series = change.contributor.iter().flat_map(|contributor| &contributor.attributes);
    let mut facts = vec![
        Fact { label: "About", lines: change.alarm_description.iter().cloned().collect() },
        Fact { label: "Series", lines: series.map(|(name, value)| format!("{name} {value}")).collect() },
        Fact { label: "Because", lines: change.triggering_children.iter().map(child).collect() },
        Fact { label: "Since", lines: vec![stamp(change.changed_at)] },
        Fact { label: "Alarm", lines: alarm },
        Fact { label: "Where", lines: place },
    ];
    facts.retain(|fact| !fact.lines.is_empty());
    // What Keytide says of itself is no alarm that it could describe.
    let is_of_keytide = notice.tags.get("source").is_some_and(|source| source == "keytide");
    let next = match is_of_keytide {
        true => "keytide status".to_owned(),
        false => format!("keytide alarms describe {}", shell_word(&change.alarm_name)),
    };
    Page { subject, lead: change.reason.clone(), facts, next: Some(next) }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
