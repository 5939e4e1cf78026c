//! How much of a request quota was used, and which operations use it.

use crate::alarm::QuotaUse;
use crate::domain::Pool;
use crate::series::PoolUse;
use crate::tariff::{Quota, usual_pool};

/// How much of a quota its pool's busiest second took.
pub(super) fn quota_use(used: &PoolUse, quota: &Quota) -> QuotaUse {
    QuotaUse {
        account: used.pool.account.clone(),
        region: used.pool.region.clone(),
        pool: used.pool.name.clone(),
        peak_per_second: used.peak,
        peak_at: i64::from(used.peak_at.0),
        quota_per_second: quota.per_second,
        note: quota.origin.to_string(),
    }
}

/// Whether an operation's requests may be taken from a pool. Key pairs have a pool for each spec; of keys that are not
/// symmetric the algorithm decides, which a series doesn't tell.
pub(super) fn is_pool_of(operation: &str, pool: &str) -> bool {
    const KEY_PAIRS: &str = "GenerateDataKeyPair";
    if operation.starts_with(KEY_PAIRS) || pool.starts_with(KEY_PAIRS) {
        return operation.starts_with(KEY_PAIRS) && pool.starts_with(KEY_PAIRS);
    }
    match usual_pool(operation) == Pool::Symmetric.name() {
        true => pool == Pool::Symmetric.name(),
        false => [Pool::Rsa, Pool::Ecc, Pool::MlDsa, Pool::MlKem].iter().any(|of| of.name() == pool),
    }
}
