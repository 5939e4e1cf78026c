//! Stub.
use crate::domain::MinuteRange;
use chrono::{DateTime, Utc};
#[derive(Debug, clap::Args)]
pub(super) struct Bounds {}
pub(super) struct Range {
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}
impl Range {
    pub(super) fn of(_: &Bounds, _: DateTime<Utc>) -> Result<Self, String> {
        Ok(Range { since: None, until: None })
    }
    pub(super) fn minutes(&self) -> MinuteRange {
        MinuteRange::ALL
    }
}
