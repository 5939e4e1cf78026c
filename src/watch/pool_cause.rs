//! Who fills a request quota, for a configured alarm on its share.

use super::cause::Cause;
use super::error::WatchError;
use super::quota_use::{is_pool_of, quota_use};
use crate::alarm::{CallerWindow, Contribution, Incident, Question, attribute};
use crate::domain::{Minute, MinuteRange, Outcome, QuotaPool};
use crate::series::{CallerWindows, PoolFilter, PoolUse, operations_in, pool_uses};
use crate::tariff::usual_pool;

/// Calls by caller don't tell the pool that they were taken from, only the operation does, and not for certain; and
/// GenerateRandom has none. Where they are this many times more or fewer than the pool's requests, they tell nothing.
const UNLIKE: f64 = 2.0;

impl Cause<'_> {
    /// What an alarm on a quota's share says of the periods that decided: the busiest second, and who called more than
    /// usual around it; who called, where nobody did. Its number is 0 and it has no series: a quota is not a key's.
    /// `None` if nothing was asked of the pool.
    pub(super) fn of_pool(
        &self,
        pool: &QuotaPool,
        range: MinuteRange,
        now: i64,
    ) -> Result<Option<Incident>, WatchError> {
        let Some(used) = self.pool_use(pool, range)? else { return Ok(None) };
        let Some(quota) = self.quotas.per_second(&pool.account, &pool.region, &pool.name) else { return Ok(None) };
        let is_of_pool = |operation: &str| usual_pool(operation) == pool.name || is_pool_of(operation, &pool.name);
        let of_pool =
            operations_in(self.counts, &pool.region)?.into_iter().filter(|(operation, _)| is_of_pool(operation));
        let numbers: Vec<u32> = of_pool.flat_map(|(_, numbers)| numbers).collect();
        // Windows right before it shall hold nothing of it.
        let (windows, usual) = self.windows(&numbers, Outcome::Successful, range.widened(Minute::PER_SLOT))?;
        let calls = of_account(&windows, &pool.account, &windows.now_by_caller());
        let calls = CallerWindow { calls, like_today: true };
        let observed: f64 = calls.calls.iter().map(|(_, calls)| calls).sum();
        let asked = self.pool_use(pool, windows.range)?.map_or(0.0, |used| used.requests as f64);
        let is_told = observed > 0.0 && observed <= asked * UNLIKE && asked <= observed * UNLIKE;
        let usual: Vec<CallerWindow> = usual
            .into_iter()
            .map(|earlier| CallerWindow { calls: of_account(&windows, &pool.account, &earlier.calls), ..earlier })
            .collect();
        let who = |usual: &[CallerWindow]| -> Vec<Contribution> {
            let (callers, window) = (&windows.callers[..], &calls);
            attribute(&Question { callers, window, usual, shortfall: false, total_expected: None })
        };
        let mut attribution = if is_told { who(&usual) } else { Vec::new() };
        let mut excess: f64 = attribution.iter().map(|part| part.excess).sum();
        if is_told && attribution.is_empty() {
            (attribution, excess) = (who(&[]), observed);
        }
        let (onset, known_until) = (range.start.first_second(), range.end.first_second());
        Ok(Some(Incident {
            number: 0,
            onset,
            paged_at: now,
            resolved_at: None,
            known_until,
            counted_until: None,
            series: Vec::new(),
            observed,
            expected: (observed - excess).max(0.0),
            excess,
            attribution,
            attribution_range: None,
            new: Vec::new(),
            cost_per_hour: None,
            cost_note: self.prices.label(),
            quota: Some(quota_use(&used, quota)),
            picture: Vec::new(),
            period_seconds: self.settings.period_seconds,
            picture_path: None,
        }))
    }

    fn pool_use(&self, pool: &QuotaPool, range: MinuteRange) -> Result<Option<PoolUse>, WatchError> {
        let QuotaPool { account, region, name } = pool.clone();
        let filter = PoolFilter { account: Some(account), region: Some(region), name: Some(name) };
        Ok(pool_uses(self.counts, range, &filter)?.into_iter().next())
    }
}

/// The calls of callers of an account.
fn of_account(windows: &CallerWindows, account: &str, calls: &[(u32, f64)]) -> Vec<(u32, f64)> {
    let is_of = |caller: u32| windows.callers.get(caller as usize).is_some_and(|caller| caller.account == account);
    calls.iter().copied().filter(|(caller, _)| is_of(*caller)).collect()
}
