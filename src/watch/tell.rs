//! Turns changes of incidents into rows, history and messages.

use serde::Serialize;
use serde_json::json;

use super::alarms::Judged;
use super::cause::Cause;
use super::error::WatchError;
use super::notices;
use super::report::RoundReport;
use super::routed::Routed;
use super::setup::Setup;
use super::stored::incident_name;
use super::strayed::Strayed;
use crate::alarm::{Incident, IncidentSeries, Notice, StateValue, Subject};
use crate::domain::Minute;
use crate::store::{HistoryItem, IncidentRow, IncidentSeriesRow, NewMessage, Store, WatchRound};

/// A month, for what a page says of the past.
pub(super) const MONTH_SECONDS: i64 = 30 * 86_400;

/// Who is behind an alarm is found out for so many of a round: it takes a good part of a second each, and pages wait.
const CAUSES_MAX: usize = 50;

/// Added to the reason of those after them.
const UNASKED: &str = " Who is behind it was not looked up: more than 50 alarms went off at once.";

/// Tells of configured alarms: those on calls and quotas with who calls.
pub(super) fn tell_alarms(
    judged: Judged,
    store: &Store,
    cause: &Cause<'_>,
    setup: &Setup,
    now: i64,
    routed: &mut Routed,
    round: &mut WatchRound,
) -> Result<(), WatchError> {
    for (alarm, item) in judged.history {
        round.history.push(HistoryItem {
            at: item.at,
            alarm,
            kind: item.kind.name().to_owned(),
            summary: item.summary,
            data: item.data.to_string(),
        });
    }
    let mut asked = 0;
    for about in judged.owed {
        let mut notice = about.owed.notice.clone();
        if let Subject::StateChange(change) = &mut notice.subject
            && change.new_state == StateValue::Alarm
            && about.has_callers()
        {
            asked += 1;
            match asked <= CAUSES_MAX {
                true => {
                    change.incident = cause.of(&about, now)?;
                    let alarms = store.alarms_of(&change.alarm_name, now - MONTH_SECONDS, now)?;
                    for series in change.incident.iter_mut().flat_map(|incident| &mut incident.series) {
                        // What the watch tells of mostly set this alarm off too, and is counted once.
                        series.alarms_last_month = incidents_last_month(store, series)?.max(alarms);
                    }
                }
                false => change.reason += UNASKED,
            }
        }
        let routes = routed.routes_of_alarm(&mut notice, &about.members, cause.aliases, setup);
        round.owed.extend(messages(&notice, routes)?);
    }
    Ok(())
}

/// The reason of an incident that nobody watches any more.
const UNWATCHED: &str = "The watch over every series was switched off (every_series = false in [watch]); whether it \
                         goes on is no longer looked at.";

/// What a round has to tell of an incident.
struct News {
    /// Whether its page is owed now.
    begins: bool,
    /// Whether it is over, and was not before the round.
    ends: bool,
    /// What becomes of the message that it is over.
    end: End,
    /// Why an incident that is new has no page.
    unpaged: Option<&'static str>,
}

/// What becomes of the message that an incident is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// There is nothing to say now: it goes on, was told before, or nobody knows of it.
    Silent,
    /// A mute window holds it back.
    Held,
    /// It is owed; a mute window that held it back may be over.
    Owed { after_mute_window: bool },
}

impl News {
    /// `was` is what the incident was before the round, `is_stale` whether it gets no page any more.
    fn of(strayed: &Strayed, was: Option<&Strayed>, muted: bool, is_stale: bool) -> Self {
        let begins = strayed.paged_at.is_none() && !is_stale && !muted;
        let ends = strayed.resolved_at.is_some() && was.is_none_or(|was| was.resolved_at.is_none());
        let is_paged = begins || strayed.paged_at.is_some();
        let end = match ends && is_paged || strayed.end_held {
            false => End::Silent,
            true if muted => End::Held,
            true => End::Owed { after_mute_window: strayed.end_held },
        };
        let unpaged = (was.is_none() && !begins).then_some(match muted {
            true => "Began while it is muted; nobody is told yet",
            false if strayed.resolved_at.is_none() => "Is known only from long ago; nobody is told unless it goes on",
            false => "Was over long before it could be told; nobody was",
        });
        News { begins, ends, end, unpaged }
    }
}

/// The folder of pictures, in that of the store. Whoever runs the watch draws them: they can be drawn again.
const PICTURES: &str = "pictures";

/// Tells of the incidents of one round.
pub(super) struct Teller<'a> {
    pub store: &'a Store,
    pub cause: &'a Cause<'a>,
    pub setup: &'a Setup,
    pub routed: &'a mut Routed,
    pub name: &'a str,
    pub known_until: i64,
    pub now: i64,
}

impl Teller<'_> {
    /// Tells of an incident; `was` is what it was before the round.
    pub(super) fn tell(
        &mut self,
        strayed: &mut Strayed,
        was: Option<&Strayed>,
        muted: bool,
        round: &mut WatchRound,
        report: &mut RoundReport,
    ) -> Result<(), WatchError> {
        let news = News::of(strayed, was, muted, self.is_stale(strayed));
        if news.begins {
            strayed.paged_at = Some(self.now);
        }
        strayed.end_held = news.end == End::Held;
        let incident = self.incident(strayed)?;
        if news.begins {
            report.begun.push(incident.number);
            // What began and ended between two rounds still is two messages: receivers open and close.
            let begun = Incident { resolved_at: None, ..incident.clone() };
            let begun = notices::notice(&begun, self.name, self.now);
            let routes = self.routed.routes(&begun, self.setup);
            self.owe(&begun, routes, round)?;
        }
        if news.ends {
            report.ended.push(incident.number);
        }
        if let End::Owed { after_mute_window } = news.end {
            let mut over = notices::notice(&incident, self.name, self.now);
            let routes = self.routed.routes(&over, self.setup);
            if let Subject::StateChange(change) = &mut over.subject {
                change.after_mute_window = after_mute_window;
                if !self.setup.settings.every_series {
                    // A page of the incident would say that all is as expected again.
                    change.incident = None;
                    change.reason = UNWATCHED.to_owned();
                }
            }
            self.owe(&over, routes, round)?;
        }
        if let Some(why) = news.unpaged {
            round.history.push(HistoryItem {
                at: self.now,
                alarm: incident_name(incident.number),
                kind: "StateUpdate".to_owned(),
                summary: why.to_owned(),
                data: "{}".to_owned(),
            });
        }
        round.incidents.push(IncidentRow {
            number: incident.number,
            onset: incident.onset,
            resolved_at: incident.resolved_at,
            body: text_of("an incident", &incident)?,
            series: incident.series.iter().map(row_of).collect(),
        });
        Ok(())
    }

    /// Whether nobody is to be told of it any more: it was over, or all that is known of it is from, more than a page's
    /// reach ago; or nobody watches.
    fn is_stale(&self, strayed: &Strayed) -> bool {
        let as_of = strayed.resolved_at.unwrap_or(self.known_until);
        let known_until = Minute::nearest(self.known_until);
        as_of < self.setup.pages_since(known_until, self.now) || !self.setup.settings.every_series
    }

    /// All that a page says of it.
    fn incident(&self, strayed: &Strayed) -> Result<Incident, WatchError> {
        let mut incident = self.cause.page(strayed, self.known_until, strayed.paged_at.unwrap_or(self.now))?;
        for series in &mut incident.series {
            series.alarms_last_month = incidents_last_month(self.store, series)?;
        }
        let picture = self.store.dir().join(PICTURES).join(format!("incident-{}.svg", incident.number));
        incident.picture_path = Some(picture.display().to_string());
        Ok(incident)
    }

    fn owe(&self, notice: &Notice, routes: Vec<String>, round: &mut WatchRound) -> Result<(), WatchError> {
        if let Subject::StateChange(change) = &notice.subject {
            round.history.push(HistoryItem {
                at: self.now,
                alarm: change.alarm_name.clone(),
                kind: "StateUpdate".to_owned(),
                summary: format!("Alarm updated from {} to {}", change.old_state, change.new_state),
                data: json!({
                    "version": "1.0",
                    "oldState": {"stateValue": change.old_state},
                    "newState": {
                        "stateValue": change.new_state,
                        "stateReason": change.reason,
                        "stateReasonData": change.reason_data,
                    },
                    "routes": routes,
                })
                .to_string(),
            });
        }
        round.owed.extend(messages(notice, routes)?);
        Ok(())
    }
}

/// A notice as the messages that the outbox is owed, one for each route.
///
/// # Errors
/// The notice can't be written as JSON.
pub fn messages(notice: &Notice, routes: Vec<String>) -> Result<Vec<NewMessage>, WatchError> {
    let body = text_of("a notice", notice)?;
    let message = |route| NewMessage { route, dedup_key: notice.dedup_key.clone(), notice: body.clone() };
    Ok(routes.into_iter().map(message).collect())
}

/// How many incidents a series had in the month before.
fn incidents_last_month(store: &Store, series: &IncidentSeries) -> Result<u32, WatchError> {
    Ok(store.incidents_of(&row_of(series), series.onset - MONTH_SECONDS, series.onset)?)
}

pub(super) fn row_of(series: &IncidentSeries) -> IncidentSeriesRow {
    IncidentSeriesRow {
        key_arn: series.key_arn.clone(),
        operation: series.operation.clone(),
        metric: series.metric.clone(),
        onset: series.onset,
    }
}

fn text_of<T: Serialize>(name: &str, value: &T) -> Result<String, WatchError> {
    serde_json::to_string(value).map_err(|source| WatchError::Memory { name: name.to_owned(), source })
}
