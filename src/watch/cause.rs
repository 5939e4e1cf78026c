//! Who and what is behind an incident, read from the counts.

use std::collections::HashMap;

use super::WatchSettings;
use super::error::WatchError;
use super::fleet::{SeriesId, Sighting};
use super::incidents::AskCallers;
use super::quota_use::{is_pool_of, quota_use};
use super::strayed::{Strayed, StrayedSeries};
use crate::alarm::{
    CallerWindow, Contribution, Incident, IncidentSeries, KnownOfKey, Novelty, PicturePoint, Priced, Question,
    QuotaUse, SeenNow, attribute, cost_per_hour, novelties, usual_windows,
};
use crate::band::{Model, Settings, Width};
use crate::domain::{Arn, Minute, MinuteRange, Outcome};
use crate::series::{
    CallerWindows, CountKind, Counts, PoolFilter, PoolUse, caller_windows, callers_seen, key_operations, pool_uses,
    read,
};
use crate::tariff::{PriceList, QuotaList};

/// Days that a caller's usual level is taken from.
const USUAL_DAYS: u32 = 14;

/// Callers that make up so much of an excess connect it with others.
const SHARE_OF_NOTE: f64 = 0.3;

/// What is new is told of so many keys.
const KEYS_TOLD: usize = 3;

/// Days in which something must have been seen of a key not to be new.
const KNOWN_MINUTES: u32 = 30 * Minute::PER_DAY;

/// What a picture shows, and what its model learns from before.
const PICTURE_MINUTES: u32 = 36 * 60;
const PICTURE_LEARNS_MINUTES: u32 = 35 * Minute::PER_DAY;

/// What pages are made from.
pub(super) struct Cause<'a> {
    pub counts: &'a dyn Counts,
    pub settings: &'a WatchSettings,
    pub prices: &'a PriceList,
    pub quotas: &'a QuotaList,
    /// Names of keys.
    pub aliases: &'a HashMap<String, String>,
    numbers: HashMap<(String, String), Vec<u32>>,
    stored_from: Minute,
}

impl<'a> Cause<'a> {
    /// Reads the dictionary.
    pub(super) fn new(
        counts: &'a dyn Counts,
        settings: &'a WatchSettings,
        (prices, quotas): (&'a PriceList, &'a QuotaList),
        aliases: &'a HashMap<String, String>,
    ) -> Result<Self, WatchError> {
        let keys = key_operations(counts)?;
        let numbers = keys.into_iter().map(|key| ((key.key_arn, key.operation), key.numbers)).collect();
        let stored_from = counts.covered(CountKind::Callers, MinuteRange::ALL)?.map_or(Minute(0), |range| range.start);
        Ok(Cause { counts, settings, prices, quotas, aliases, numbers, stored_from })
    }

    pub(super) fn numbers_of<'s>(&self, series: impl Iterator<Item = &'s SeriesId>) -> Vec<u32> {
        let of = |id: &SeriesId| self.numbers.get(&(id.key_arn.clone(), id.operation.clone()));
        let mut numbers: Vec<u32> = series.filter_map(of).flatten().copied().collect();
        // A ReEncrypt counts for both its keys, but happened once.
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The calls of a window by caller, now and usually.
    pub(super) fn windows(
        &self,
        numbers: &[u32],
        outcome: Outcome,
        window: MinuteRange,
    ) -> Result<(CallerWindows, Vec<CallerWindow>), WatchError> {
        let usual = usual_windows(window, USUAL_DAYS, self.settings.zone, self.stored_from);
        let ranges: Vec<MinuteRange> = usual.iter().map(|usual| usual.range).collect();
        let windows = caller_windows(self.counts, numbers, outcome, window, &ranges)?;
        let earlier = usual.iter().zip(&windows.usual);
        let earlier = earlier.map(|(usual, calls)| CallerWindow { calls: calls.clone(), like_today: usual.like_today });
        let earlier = earlier.collect();
        Ok((windows, earlier))
    }

    fn attribute(
        &self,
        series: &[SeriesId],
        window: MinuteRange,
        shortfall: bool,
        expected: Option<f64>,
    ) -> Result<(Vec<Contribution>, CallerWindows), WatchError> {
        let Some(first) = series.first() else { return Ok((Vec::new(), no_windows(window))) };
        let numbers = self.numbers_of(series.iter().filter(|id| id.outcome == first.outcome));
        let (windows, usual) = self.windows(&numbers, first.outcome, window)?;
        let now = CallerWindow { calls: windows.now_by_caller(), like_today: true };
        let total_expected = expected.filter(|_| windows.range == window);
        let question = Question { callers: &windows.callers, window: &now, usual: &usual, shortfall, total_expected };
        Ok((attribute(&question), windows))
    }

    /// All that a page says of an incident, as of what is known before `known_until`.
    pub(super) fn page(&self, strayed: &Strayed, known_until: i64, paged_at: i64) -> Result<Incident, WatchError> {
        let mut series = strayed.series.clone();
        series.sort_by(|a, b| b.excess().abs().total_cmp(&a.excess().abs()));
        let counted = series.iter().map(|series| series.counted_until).max().unwrap_or(known_until);
        let until = strayed.resolved_at.unwrap_or(counted).min(counted);
        let window = MinuteRange { start: Minute::nearest(strayed.onset), end: Minute::nearest(until) };
        let ids: Vec<SeriesId> = series.iter().map(|series| series.id()).collect();
        let at_once = series.iter().all(|other| other.onset == strayed.onset && other.counted_until == until);
        let parts = self.parts(strayed, &series, window)?;
        let expected: f64 = series.iter().zip(&parts).map(|(series, part)| series.expected * part).sum();
        let observed: f64 = series.iter().zip(&parts).map(|(series, part)| series.observed * part).sum();
        let same = ids.iter().all(|id| id.outcome == ids[0].outcome);
        let (attribution, windows) =
            self.attribute(&ids, window, strayed.shortfall, (at_once && same).then_some(expected))?;
        let largest = &ids[0];
        Ok(Incident {
            number: strayed.number,
            onset: strayed.onset,
            paged_at,
            resolved_at: strayed.resolved_at,
            known_until,
            counted_until: strayed.resolved_at.map(|_| until),
            observed,
            expected,
            excess: observed - expected,
            new: self.novelties(&ids, &windows, strayed.onset)?,
            cost_per_hour: self.cost_per_hour(&series, &parts, until),
            cost_note: self.prices.label(),
            quota: self.quota(largest, &attribution, window)?,
            picture: self.picture(largest, window)?,
            attribution_range: (windows.range != window)
                .then(|| [windows.range.start, windows.range.end].map(Minute::first_second)),
            attribution,
            period_seconds: self.settings.period_seconds,
            picture_path: None,
            series: series.into_iter().map(|series| self.told(series)).collect(),
        })
    }

    fn told(&self, series: StrayedSeries) -> IncidentSeries {
        IncidentSeries {
            alias: self.aliases.get(&series.key_arn).cloned(),
            excess: series.excess(),
            key_arn: series.key_arn,
            operation: series.operation,
            metric: series.metric,
            onset: series.onset,
            observed: series.observed,
            expected: series.expected,
            alarms_last_month: 0,
        }
    }

    /// What was never seen of the keys before.
    fn novelties(&self, ids: &[SeriesId], windows: &CallerWindows, onset: i64) -> Result<Vec<Novelty>, WatchError> {
        let onset = Minute::nearest(onset);
        let before = MinuteRange { start: Minute(onset.0.saturating_sub(KNOWN_MINUTES)), end: onset };
        let unknown = before.start < self.stored_from;
        let known_seconds = unknown.then(|| onset.first_second() - self.stored_from.first_second());
        let mut keys: Vec<&str> = Vec::new();
        for id in ids {
            if keys.len() < KEYS_TOLD && !keys.contains(&id.key_arn.as_str()) {
                keys.push(&id.key_arn);
            }
        }
        let mut told = Vec::new();
        for key in keys {
            let of_key = self.numbers.iter().filter(|((arn, _), _)| arn == key);
            let operation_of: HashMap<u32, &str> = of_key
                .flat_map(|((_, operation), numbers)| numbers.iter().map(|number| (*number, operation.as_str())))
                .collect();
            let numbers: Vec<u32> = operation_of.keys().copied().collect();
            let mut known = KnownOfKey::within(known_seconds);
            for (caller, number) in callers_seen(self.counts, &numbers, before)? {
                known.add(&caller, operation_of.get(&number).copied().unwrap_or(""));
            }
            let now: Vec<SeenNow<'_>> = windows
                .now
                .iter()
                .filter_map(|(caller, number, calls)| {
                    let operation = operation_of.get(number)?;
                    Some(SeenNow { caller: windows.callers.get(*caller as usize)?, operation, calls: *calls })
                })
                .collect();
            told.extend(novelties(key, &known, &now));
        }
        Ok(told)
    }

    /// Of each series, a part of its calls is paid for.
    fn cost_per_hour(&self, series: &[StrayedSeries], parts: &[f64], until: i64) -> Option<f64> {
        let priced: Vec<Priced<'_>> = series
            .iter()
            .zip(parts)
            .filter(|(series, _)| series.metric == Outcome::Successful.metric())
            .map(|(series, part)| Priced {
                operation: &series.operation,
                pool: None,
                region: Arn::parse(&series.key_arn).map_or("", |arn| arn.region),
                excess: series.excess() * part,
            })
            .collect();
        let onset = series.iter().map(|series| series.onset).min()?;
        cost_per_hour(self.prices, &priced, (until - onset) as f64)
    }

    /// The quota that the calls use most of.
    fn quota(
        &self,
        largest: &SeriesId,
        attribution: &[Contribution],
        window: MinuteRange,
    ) -> Result<Option<QuotaUse>, WatchError> {
        let Some(arn) = Arn::parse(&largest.key_arn) else { return Ok(None) };
        let account = attribution.first().map_or("", |first| first.account.as_str());
        let account = if account.is_empty() { arn.account } else { account };
        let (account, region) = (Some(account.to_owned()), Some(arn.region.to_owned()));
        let uses = pool_uses(self.counts, window, &PoolFilter { account, region, name: None })?;
        let quota = |used: &PoolUse| {
            let pool = &used.pool;
            if !is_pool_of(&largest.operation, &pool.name) {
                return None;
            }
            let quota = self.quotas.per_second(&pool.account, &pool.region, &pool.name)?;
            Some(quota_use(used, quota))
        };
        let share = |used: &QuotaUse| f64::from(used.peak_per_second) / used.quota_per_second;
        Ok(uses.iter().filter_map(quota).max_by(|a, b| share(a).total_cmp(&share(b))))
    }

    /// The series around the window, as its band had it.
    fn picture(&self, id: &SeriesId, window: MinuteRange) -> Result<Vec<PicturePoint>, WatchError> {
        Ok(self.pictured(id, window)?.0)
    }

    /// The series around the window, as its band had it; and the calls that would have been normal in the window,
    /// whatever went wrong in it.
    pub(super) fn pictured(&self, id: &SeriesId, window: MinuteRange) -> Result<(Vec<PicturePoint>, f64), WatchError> {
        let settings = Settings {
            period_seconds: self.settings.period_seconds,
            zone: self.settings.zone,
            width: Width::Deviations(2.0),
            excluded: self.settings.maintenance.clone(),
        };
        let mut model = Model::new(&settings)?;
        let shown = Minute(window.end.0.saturating_sub(PICTURE_MINUTES).min(window.start.0)).first_second();
        let start = Minute(window.start.0.saturating_sub(PICTURE_LEARNS_MINUTES));
        let numbers = self.numbers_of(std::iter::once(id));
        let range = MinuteRange { start, end: window.end };
        let dense = read(self.counts, &[&numbers], id.outcome, self.settings.period_seconds / 60, range)?;
        let mut points = Vec::new();
        let (onset, until) = (window.start.first_second(), window.end.first_second());
        let period = i64::from(self.settings.period_seconds);
        // Of a series that is too young for a band, what came before is normal.
        let (mut calls_before, mut periods_before) = (0.0, 0.0_f64);
        // The window's ends need not be those of periods.
        let normal_in_window = |model: &Model, mean_before: f64, at: i64| match (at + period).min(until) - at.max(onset)
        {
            overlap if overlap > 0 => model.normal(at).unwrap_or(mean_before) * overlap as f64 / period as f64,
            _ => 0.0,
        };
        let (mut normal, mut next) = (0.0, until);
        for (at, calls) in dense.iter().flatten().flat_map(|dense| dense.points()) {
            // Calls of a period are far below 2^53.
            let value = calls as f64;
            normal += normal_in_window(&model, calls_before / periods_before.max(1.0), at);
            next = at + period;
            if next <= onset {
                calls_before += value;
                periods_before += 1.0;
            }
            let judgement = model.step(at, value);
            if at >= shown {
                let band = judgement.band.map(|band| (band.expected, band.lower, band.upper));
                let outside = judgement.band.is_some_and(|band| value < band.lower || value > band.upper);
                points.push(PicturePoint { at, value, band, anomalous: at >= onset && outside });
            }
        }
        // The last period may not be over yet.
        while next < until {
            normal += normal_in_window(&model, calls_before / periods_before.max(1.0), next);
            next += period;
        }
        Ok((points, normal))
    }
}

impl AskCallers for Cause<'_> {
    fn callers(&mut self, sighting: &Sighting) -> Result<Vec<String>, WatchError> {
        let start = Minute::nearest(sighting.at);
        let window = MinuteRange { start, end: Minute(start.0 + self.settings.period_seconds / 60) };
        let shortfall = sighting.value < sighting.normal;
        let (contributions, _) =
            self.attribute(&[(*sighting.series).clone()], window, shortfall, Some(sighting.normal))?;
        let of_note = contributions.into_iter().filter(|of| of.share >= SHARE_OF_NOTE && !of.caller.is_empty());
        Ok(of_note.map(|of| of.caller).collect())
    }
}

fn no_windows(range: MinuteRange) -> CallerWindows {
    CallerWindows { callers: Vec::new(), range, now: Vec::new(), usual: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insights::fake::{Fake, FakeSeries};

    /// 2026-01-16T00:00:00Z.
    const DAY: u32 = 29_475_360;

    #[test]
    fn days_whose_callers_were_dropped_are_not_days_without_calls() {
        let tens: Vec<u32> = (0..=10).map(|back| DAY - back * Minute::PER_DAY + 600).collect();
        let counts = Fake {
            series: vec![FakeSeries::key("arn:aws:kms:us-east-1:111122223333:key/a", "Decrypt")],
            callers: vec![["111122223333", "arn:aws:iam::111122223333:role/web", "", "", ""]],
            minutes: tens.iter().map(|minute| (*minute, 0, [10, 0, 0, 0, 0])).collect(),
            slots: tens.iter().map(|minute| (minute / Minute::PER_SLOT, 0, 0, [10, 0, 0, 0, 0])).collect(),
            ..Fake::default()
        };
        let window = MinuteRange { start: Minute(DAY + 600), end: Minute(DAY + 605) };
        let (settings, aliases) = (WatchSettings::default(), HashMap::new());
        let (prices, quotas) = (PriceList::default(), QuotaList::default());
        let usual = |counts: &Fake| {
            let cause = Cause::new(counts, &settings, (&prices, &quotas), &aliases).expect("a cause");
            let (_, usual) = cause.windows(&[0], Outcome::Successful, window).expect("windows");
            usual.iter().map(|day| day.calls.len()).collect::<Vec<_>>()
        };
        // A caller on each of the ten days before, and of the three that are kept.
        assert_eq!(usual(&counts), [1; 10]);
        assert_eq!(usual(&counts.drop_before(CountKind::Callers, DAY - 3 * Minute::PER_DAY)), [1; 3]);
    }

    #[test]
    fn what_is_new_says_how_far_back_is_known_where_callers_are_kept_for_less_than_thirty_days() {
        let at = |back: u32| DAY - back * Minute::PER_DAY + 600;
        // One caller each day, another four days ago and now.
        let slots = (0..=40).map(|back| (back, 0)).chain([(4, 1), (0, 1)]);
        let slots = slots.map(|(back, caller)| (at(back) / Minute::PER_SLOT, caller, 0, [10, 0, 0, 0, 0]));
        let counts = Fake {
            series: vec![FakeSeries::key("arn:aws:kms:us-east-1:111122223333:key/a", "Decrypt")],
            callers: vec![
                ["111122223333", "arn:aws:iam::111122223333:role/web", "", "", ""],
                ["111122223333", "arn:aws:iam::111122223333:role/etl", "", "", ""],
            ],
            minutes: (0..=40).map(|back| (at(back), 0, [10, 0, 0, 0, 0])).collect(),
            slots: slots.collect(),
            ..Fake::default()
        };
        let window = MinuteRange { start: Minute(at(0)), end: Minute(at(0) + 5) };
        let (settings, aliases) = (WatchSettings::default(), HashMap::new());
        let (prices, quotas) = (PriceList::default(), QuotaList::default());
        let new = |counts: &Fake| {
            let cause = Cause::new(counts, &settings, (&prices, &quotas), &aliases).expect("a cause");
            let (windows, _) = cause.windows(&[0], Outcome::Successful, window).expect("windows");
            let (key_arn, operation) = (counts.series[0].key.clone(), "Decrypt".to_owned());
            let id = SeriesId { key_arn, operation, outcome: Outcome::Successful };
            let new = cause.novelties(&[id], &windows, window.start.first_second()).expect("novelties");
            new.into_iter().map(|new| (new.name, new.known_seconds)).collect::<Vec<_>>()
        };
        let etl = || "arn:aws:iam::111122223333:role/etl".to_owned();
        assert_eq!(new(&counts), []);
        // From midnight three days ago on: 3 d 10 h.
        let kept = counts.clone().drop_before(CountKind::Callers, DAY - 3 * Minute::PER_DAY);
        assert_eq!(new(&kept), [(etl(), Some(82 * 3_600))]);
        // Thirty days are all that is looked at.
        let mut first = counts;
        first.slots.retain(|slot| (slot.0 * Minute::PER_SLOT, slot.1) != (at(4), 1));
        assert_eq!(new(&first), [(etl(), None)]);
        assert_eq!(new(&first.drop_before(CountKind::Callers, DAY - 30 * Minute::PER_DAY)), [(etl(), None)]);
    }
}
