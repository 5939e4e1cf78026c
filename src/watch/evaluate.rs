//! What would have been paged: the watch over stored counts, from nothing, without writing anything.

use std::collections::{HashMap, HashSet};

use super::WatchSettings;
use super::cause::Cause;
use super::error::WatchError;
use super::fleet::Fleet;
use super::incidents::{AskCallers, Incidents};
use super::setup::Setup;
use super::silences::Silences;
use super::stored::incident_name;
use super::strayed::Strayed;
use super::tell::{MONTH_SECONDS, row_of};
use crate::alarm::{Incident, IncidentSeries, muted_by};
use crate::domain::{Minute, MinuteRange};
use crate::series::{CountKind, Counts};
use crate::store::{Deliveries, IncidentSeriesRow, Store, WATERMARK_MINUTES};

/// Models keep no older days than these: a watch that begins here has learned all that it can.
pub(super) const LEARNED_MINUTES: u32 = 42 * Minute::PER_DAY;

/// Seconds after which a period's counts should be in.
const LAG: i64 = WATERMARK_MINUTES as i64 * 60;

/// The incidents that began in a range, in order of time, as a watch would have had them that began long before; and
/// how many series it watched.
fn replay(
    counts: &dyn Counts,
    deliveries: &Deliveries,
    settings: &WatchSettings,
    range: MinuteRange,
    ask: &mut dyn AskCallers,
) -> Result<(Vec<Strayed>, Fleet), WatchError> {
    let mut fleet = Fleet::new(settings)?;
    let mut incidents = Incidents::default();
    let mut over = Vec::new();
    fleet.until = learned_from(range, fleet.period());
    let seconds = i64::from(settings.period_seconds);
    fleet.advance(counts, deliveries, range.end, &mut |start, sightings, streams| {
        let at = start.first_second();
        let tracked = incidents.take(at + seconds, sightings, streams, settings, ask)?;
        over.append(&mut incidents.over);
        Ok(tracked)
    })?;
    over.append(&mut incidents.open);
    over.sort_by_key(|incident| incident.number);
    over.retain(|incident| incident.onset >= range.start.first_second());
    Ok((over, fleet))
}

/// Where a watch begins that has learned all that it can when the range begins: with a whole period.
fn learned_from(range: MinuteRange, period: u32) -> Minute {
    Minute(range.start.0.saturating_sub(LEARNED_MINUTES) / period * period)
}

/// The log files that a replay of a range is told of.
fn deliveries(store: &Store, range: MinuteRange) -> Result<Deliveries, WatchError> {
    // Those of the day before the first period say whether names tell of them at all.
    Ok(store.deliveries(Minute(learned_from(range, 1).0.saturating_sub(Minute::PER_DAY)))?)
}

/// When a page would have been owed, if it would: what a mute window holds is sent at its end, if it still holds.
fn paged_at(strayed: &Strayed, setup: &Setup, until: Minute) -> Option<i64> {
    let known_over = strayed.resolved_at.map(|over| over + i64::from(setup.settings.quiet_seconds) + LAG);
    let last = known_over.unwrap_or(i64::MAX).min(i64::from(until.0) * 60 + LAG);
    let name = incident_name(strayed.number);
    let mut at = strayed.told_from + LAG;
    while let Some((_, window)) = muted_by(&setup.mutes, &name, at) {
        at = window.end;
        if at > last {
            return None;
        }
    }
    Some(at)
}

/// What would have been paged in a range before `now`, had the watch run long before it.
pub fn evaluate(store: &Store, setup: &Setup, range: MinuteRange, now: Minute) -> Result<Evaluation, WatchError> {
    let counts = store.counts();
    let watermark = store.watermark(now)?.unwrap_or(Minute(0));
    let range = MinuteRange { start: range.start, end: range.end.min(watermark) };
    let covered = counts.covered(CountKind::Minutes, range)?;
    let aliases = store.key_aliases(range.end.first_second())?.into_iter().collect();
    let mut cause = Cause::new(&counts, &setup.settings, setup.tariff(), &aliases)?;
    let (mut strayed, mut series, mut silences) = (Vec::new(), 0, Silences::default());
    if setup.settings.every_series {
        let deliveries = deliveries(store, range)?;
        let (found, fleet) = replay(&counts, &deliveries, &setup.settings, range, &mut cause)?;
        silences = fleet.silences(&counts, &deliveries, range.end)?;
        (strayed, series) = (found, fleet.len());
    }
    let mut incidents: Vec<Incident> = Vec::with_capacity(strayed.len());
    let mut unsent = HashSet::new();
    for strayed in &strayed {
        let known_until = strayed.resolved_at.unwrap_or(range.end.first_second());
        let paged_at = paged_at(strayed, setup, range.end);
        if paged_at.is_none() {
            unsent.insert(strayed.number);
        }
        let mut incident = cause.page(strayed, known_until, paged_at.unwrap_or(strayed.told_from + LAG))?;
        for series in &mut incident.series {
            let month = series.onset - MONTH_SECONDS..series.onset;
            let same = |other: &&IncidentSeries| {
                row_of(other) == IncidentSeriesRow { onset: other.onset, ..row_of(series) }
                    && month.contains(&other.onset)
            };
            let before = incidents.iter().flat_map(|incident| &incident.series).filter(same).count();
            series.alarms_last_month = u32::try_from(before).unwrap_or(u32::MAX);
        }
        incidents.push(incident);
    }
    incidents.retain(|incident| !unsent.contains(&incident.number));
    Ok(Evaluation { incidents, series, range: covered, silences })
}

/// How many pages each budget (false pages a week over all series) would have given in a range.
pub fn pages_by_budget(
    store: &Store,
    setup: &Setup,
    (range, now): (MinuteRange, Minute),
    budgets: &[f64],
) -> Result<Vec<(f64, usize)>, WatchError> {
    let counts = store.counts();
    let watermark = store.watermark(now)?.unwrap_or(Minute(0));
    let range = MinuteRange { start: range.start, end: range.end.min(watermark) };
    let aliases = HashMap::new();
    let mut cause = Cause::new(&counts, &setup.settings, setup.tariff(), &aliases)?;
    let deliveries = deliveries(store, range)?;
    let pages = |budget: &f64| {
        let settings = WatchSettings { false_pages_per_week: *budget, ..setup.settings.clone() };
        let (strayed, _) = replay(&counts, &deliveries, &settings, range, &mut cause)?;
        let paged = strayed.iter().filter(|strayed| paged_at(strayed, setup, range.end).is_some());
        Ok((*budget, paged.count()))
    };
    budgets.iter().map(pages).collect()
}

/// What a replay found.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// The incidents, each of which would have been a page, as they were when they were over.
    pub incidents: Vec<Incident>,
    /// Series that were watched.
    pub series: usize,
    /// The part of the range that anything is stored of.
    pub range: Option<MinuteRange>,
    /// When log files did not come.
    pub(super) silences: Silences,
}
