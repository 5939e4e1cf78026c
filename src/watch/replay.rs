//! What configured alarms would have sent in a range.

use std::collections::BTreeMap;

use super::alarms::{Alarms, Now, OwedAbout, Read, Span};
use super::cause::Cause;
use super::error::WatchError;
use super::evaluate::Evaluation;
use super::setup::Setup;
use crate::alarm::{Incident, Severity, StateChange, StateValue, Subject};
use crate::domain::{Minute, MinuteRange};
use crate::series::{CountKind, Counts};
use crate::store::Store;

/// The alarms begin so long before the range, so that they have a state when it begins.
const BEFORE_MINUTES: u32 = Minute::PER_DAY;

/// A time in ALARM that would have been sent. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmPage {
    /// The alarm.
    pub alarm: String,
    /// How much it matters.
    pub severity: Severity,
    /// Of an alarm on several series the one that it is about, by what tells it from others.
    pub contributor: Option<BTreeMap<String, String>>,
    /// The alias of that series' key, if one is known.
    pub alias: Option<String>,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// Where the periods that decided begin.
    pub onset: i64,
    /// Where they end: as of when it was in ALARM.
    pub began_at: i64,
    /// When the page would have been owed.
    pub paged_at: i64,
    /// As of when it was OK again; none if it was not.
    pub resolved_at: Option<i64>,
    /// Who and what was behind it, where it is about calls and that was asked for.
    pub cause: Option<Incident>,
}

/// What the configured alarms would have sent in a range, in order of time, as if each minute had been judged when its
/// counts should be in. Nothing is written. `found` is what the watch found: it knows which log files did not come.
/// `with_causes`: with who was behind each, which is most of the work.
pub fn alarm_pages(
    store: &Store,
    setup: &Setup,
    found: &Evaluation,
    (range, now): (MinuteRange, Minute),
    with_causes: bool,
) -> Result<Vec<AlarmPage>, WatchError> {
    let counts = store.counts();
    let until = range.end.min(store.watermark(now)?.unwrap_or(Minute(0)));
    let Some(stored) = counts.covered(CountKind::Minutes, MinuteRange::ALL)? else { return Ok(Vec::new()) };
    let from = Minute(range.start.0.saturating_sub(BEFORE_MINUTES).max(stored.start.0));
    let span = Span { from, until, stored_from: stored.start, now: Now::InTime };
    let judged = Alarms::default().judge(Read { counts: &counts, silences: &found.silences }, setup, span)?;
    let aliases = store.key_aliases(until.first_second())?.into_iter().collect();
    let cause = Cause::new(&counts, &setup.settings, setup.tariff(), &aliases)?;
    let mut pages: Vec<(String, AlarmPage)> = Vec::new();
    for about in &judged.owed {
        let Subject::StateChange(change) = &about.owed.notice.subject else { continue };
        let key = &about.owed.notice.dedup_key;
        let open = pages.iter_mut().rev().find(|(of, page)| of == key && page.resolved_at.is_none());
        match (change.new_state, open) {
            (StateValue::Alarm, None) if about.range.end > range.start => {
                let mut page = page(about, change);
                page.alias = page.contributor.as_ref().and_then(|series| aliases.get(series.get("KeyArn")?).cloned());
                if with_causes {
                    page.cause = cause.of(about, about.at)?;
                }
                pages.push((key.clone(), page));
            }
            (StateValue::Ok, Some((_, page))) => page.resolved_at = Some(about.range.end.first_second()),
            _ => {}
        }
    }
    Ok(pages.into_iter().map(|(_, page)| page).collect())
}

fn page(about: &OwedAbout, change: &StateChange) -> AlarmPage {
    AlarmPage {
        alarm: change.alarm_name.clone(),
        severity: about.owed.notice.severity,
        contributor: about.owed.contributor.as_ref().map(|contributor| contributor.attributes.clone()),
        alias: None,
        reason: change.reason.clone(),
        onset: about.range.start.first_second(),
        began_at: about.range.end.first_second(),
        paged_at: about.at,
        resolved_at: None,
        cause: None,
    }
}
