//! Which metrics there are, and what their dimensions are.
//!
//! `AWS/KMS` holds what CloudWatch has, no more: `SuccessfulRequest` by `KeyArn, Operation`, for ReEncrypt by
//! `SourceKeyArn, DestinationKeyArn, Operation`. `Keytide/KMS` holds what CloudWatch lacks:
//!
//! - `ThrottledRequest`, `DeniedRequest`, `FailedRequest`, `DryRunRequest`: as `SuccessfulRequest`;
//! - `CallerRequest`, by `Account, Principal, Service, Resource, VpcEndpoint` and those of `SuccessfulRequest`:
//!   successful calls, each an observation of value 1;
//! - `QuotaRequest` and `QuotaThrottle`, by `Account, Region, QuotaPool`: an observation is one second's requests, or
//!   throttled requests.
//!
//! `AWS.AccountId` is the account that owns the key, of a ReEncrypt either of them; of callers and pools, the calling
//! account. A call whose key can't be told is in none of them. A value that isn't known (the other key of a ReEncrypt,
//! the service of a direct call) is the empty text: the dimension is there.

use polars::prelude::{DataType, Expr, IntoLazy, LazyFrame, col, lit};

use super::error::InsightsError;
use super::matching::{Axis, Kind};
use super::query::{Key, Query};
use crate::domain::{Minute, MinuteRange, Operation, Outcome};
use crate::series::{Counts, whole, with_destination_owners};

/// CloudWatch's own namespace.
pub const AWS_KMS: &str = "AWS/KMS";
/// The namespace of what CloudWatch lacks.
pub const KEYTIDE_KMS: &str = "Keytide/KMS";

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its namespace.
    pub namespace: &'static str,
    /// Its name.
    pub name: &'static str,
    pub(super) counted: Counted,
}

/// Which table a metric is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Minute counts of an outcome.
    Minutes(Outcome),
    /// Counts of an outcome by caller, in slots.
    Callers(Outcome),
    /// A column of the counts by second and quota pool.
    Seconds(&'static str),
}

/// What an observation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// A count of n is n observations of value 1.
    Calls,
    /// A number is one observation of that value.
    Values,
}

const fn metric(namespace: &'static str, name: &'static str, counted: Counted) -> Metric {
    Metric { namespace, name, counted }
}

/// All metrics.
pub const METRICS: [Metric; 8] = [
    metric(AWS_KMS, Outcome::Successful.metric(), Counted::Minutes(Outcome::Successful)),
    metric(KEYTIDE_KMS, Outcome::Throttled.metric(), Counted::Minutes(Outcome::Throttled)),
    metric(KEYTIDE_KMS, Outcome::Denied.metric(), Counted::Minutes(Outcome::Denied)),
    metric(KEYTIDE_KMS, Outcome::Failed.metric(), Counted::Minutes(Outcome::Failed)),
    metric(KEYTIDE_KMS, Outcome::DryRun.metric(), Counted::Minutes(Outcome::DryRun)),
    metric(KEYTIDE_KMS, "CallerRequest", Counted::Callers(Outcome::Successful)),
    metric(KEYTIDE_KMS, "QuotaRequest", Counted::Seconds("requests")),
    metric(KEYTIDE_KMS, "QuotaThrottle", Counted::Seconds("throttled")),
];

/// The metric of that namespace and name.
pub fn find(namespace: &str, name: &str) -> Option<Metric> {
    METRICS.into_iter().find(|metric| metric.namespace == namespace && metric.name == name)
}

const CALLER_DIMENSIONS: [(&str, &str); 5] = [
    ("Account", "account"),
    ("Principal", "principal"),
    ("Service", "service"),
    ("Resource", "resource"),
    ("VpcEndpoint", "vpc_endpoint"),
];

impl Counted {
    pub(super) fn measure(self) -> Measure {
        match self {
            Counted::Minutes(_) | Counted::Callers(_) => Measure::Calls,
            Counted::Seconds(_) => Measure::Values,
        }
    }

    /// Minutes of the finest bucket that a range's counts have: counts by caller come in slots, of old days in hours.
    pub(super) fn resolution(self, counts: &dyn Counts, range: MinuteRange) -> Result<u32, InsightsError> {
        match self {
            Counted::Callers(_) => counts.caller_slot(range).map_err(InsightsError::frame("look for slots")),
            Counted::Minutes(_) | Counted::Seconds(_) => Ok(1),
        }
    }

    /// What identifies the metric's series, for matching a query.
    pub(super) fn axes(self, counts: &dyn Counts, query: &Query) -> Result<Vec<Axis>, InsightsError> {
        let failed = InsightsError::frame("read the dictionaries");
        Ok(match self {
            Counted::Minutes(_) => vec![series_axis(counts, asks_for_account(query))?],
            Counted::Callers(_) => vec![
                Axis {
                    column: "caller",
                    members: counts.caller_dictionary().map_err(failed)?,
                    kinds: vec![Kind {
                        dimensions: CALLER_DIMENSIONS.to_vec(),
                        account: Some("account"),
                        only: lit(true),
                    }],
                    kinds_overlap: false,
                },
                series_axis(counts, false)?,
            ],
            Counted::Seconds(_) => vec![Axis {
                column: "pool",
                members: counts.pool_dictionary().map_err(failed)?,
                kinds: vec![Kind {
                    dimensions: vec![("Account", "account"), ("Region", "region"), ("QuotaPool", "name")],
                    account: Some("account"),
                    only: lit(true),
                }],
                kinds_overlap: false,
            }],
        })
    }

    /// The observations of a range, a frame a day: `minute` (u32), the axes' columns, `value` (i64, not 0).
    pub(super) fn observations(self, counts: &dyn Counts, range: MinuteRange) -> Result<Vec<LazyFrame>, InsightsError> {
        let failed = InsightsError::frame("read counts");
        let value = |column: &str| col(column).cast(DataType::Int64).alias("value");
        let days = match self {
            Counted::Minutes(_) => counts.minutes(range),
            Counted::Callers(_) => counts.callers(range),
            Counted::Seconds(_) => counts.seconds(range),
        };
        let observed = |day: LazyFrame| match self {
            Counted::Minutes(outcome) => minutes_of(day, outcome),
            Counted::Callers(outcome) => day.filter(col(outcome.column()).neq(lit(0))).select([
                (col("slot") * lit(Minute::PER_SLOT)).alias("minute"),
                col("caller"),
                col("series"),
                value(outcome.column()),
            ]),
            // Each row of a (second, pool) is part of one observation.
            Counted::Seconds(column) => day
                .filter(col(column).gt(lit(0_u32)))
                .select([col("second"), col("pool"), value(column)])
                .group_by([col("second"), col("pool")])
                .agg([col("value").sum()])
                .select([
                    whole(col("second") / lit(60_u32), DataType::UInt32).alias("minute"),
                    col("pool"),
                    col("value"),
                ]),
        };
        let days = days.and_then(|days| days.map(|day| day.map(observed)).collect());
        days.map_err(failed)
    }
}

/// An outcome's minute counts as observations.
pub(super) fn minutes_of(day: LazyFrame, outcome: Outcome) -> LazyFrame {
    let value = col(outcome.column()).cast(DataType::Int64).alias("value");
    day.filter(col(outcome.column()).gt(lit(0_u32))).select([col("minute"), col("series"), value])
}

/// Series of the kind `KeyArn, Operation`, as a filter over the dictionary.
pub(super) fn of_one_key() -> Expr {
    attributed().and(re_encrypt().not())
}

/// Series whose key can be told.
pub(super) fn attributed() -> Expr {
    col("reason").eq(lit(""))
}

/// Series of the kind `SourceKeyArn, DestinationKeyArn, Operation`, if attributed.
pub(super) fn re_encrypt() -> Expr {
    col("operation").eq(lit(Operation::ReEncrypt.name()))
}

/// Whether a query names `AWS.AccountId`.
fn asks_for_account(query: &Query) -> bool {
    query
        .group_by
        .iter()
        .chain(query.conditions.iter().map(|condition| &condition.key))
        .any(|key| *key == Key::AccountId)
}

/// The series of calls of keys, with their accounts if these are asked for. A ReEncrypt between keys of two accounts is
/// a metric of each, so that neither misses what its key was used for.
fn series_axis(counts: &dyn Counts, with_accounts: bool) -> Result<Axis, InsightsError> {
    let failed = InsightsError::frame("read the dictionary of series");
    let members = match with_accounts {
        true => counts.series().and_then(with_destination_owners),
        false => counts.series_without_owners(),
    };
    let members = members.map_err(&failed)?;
    let account = with_accounts.then_some("account");
    let of_two_keys =
        vec![("SourceKeyArn", "key_arn"), ("DestinationKeyArn", "destination_arn"), ("Operation", "operation")];
    let two_keys = attributed().and(re_encrypt());
    let mut kinds = vec![
        Kind { dimensions: vec![("KeyArn", "key_arn"), ("Operation", "operation")], account, only: of_one_key() },
        Kind { dimensions: of_two_keys.clone(), account, only: two_keys.clone() },
    ];
    let mut kinds_overlap = false;
    if with_accounts {
        let is_another = col("destination_account").neq(lit("")).and(col("destination_account").neq(col("account")));
        let only = two_keys.and(is_another);
        let of_two_accounts = members.clone().lazy().filter(only.clone()).collect().map_err(&failed)?;
        kinds_overlap = of_two_accounts.height() > 0;
        if kinds_overlap {
            kinds.push(Kind { dimensions: of_two_keys, account: Some("destination_account"), only });
        }
    }
    Ok(Axis { column: "series", members, kinds, kinds_overlap })
}
