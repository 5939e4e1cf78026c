//! What would have been paged: the watch over stored counts, from nothing, without writing anything.

use super::WatchSettings;
use super::error::WatchError;
use super::fleet::Fleet;
use super::incidents::{AskCallers, Incidents, Strayed};
use crate::domain::{Minute, MinuteRange};
use crate::series::Counts;

/// Models keep no older days than these: a watch that begins here has learned all that it can.
pub(super) const LEARNED_MINUTES: u32 = 42 * Minute::PER_DAY;

/// The incidents that began in a range, in order of time, as a watch would have had them that began long before; and how many
/// series it watched.
pub(super) fn replay(
    counts: &dyn Counts,
    settings: &WatchSettings,
    range: MinuteRange,
    ask: &mut dyn AskCallers,
) -> Result<(Vec<Strayed>, usize), WatchError> {
    let mut fleet = Fleet::new(settings)?;
    let mut incidents = Incidents::default();
    let mut over = Vec::new();
    fleet.until = Minute(range.start.0.saturating_sub(LEARNED_MINUTES) / fleet.period() * fleet.period());
    let seconds = i64::from(settings.period_seconds);
    fleet.advance(counts, range.end, &mut |start, sightings| {
        let at = i64::from(start.0) * 60;
        let tracked = incidents.take((at, at + seconds), sightings, settings, ask)?;
        over.append(&mut incidents.over.clone());
        Ok(tracked)
    })?;
    over.append(&mut incidents.open);
    over.sort_by_key(|incident| (incident.number, incident.resolved_at.is_none()));
    over.dedup_by_key(|incident| incident.number);
    over.retain(|incident| incident.onset >= i64::from(range.start.0) * 60);
    Ok((over, fleet.len()))
}
