//! Who owns the keys of stored series.

use polars::prelude::{Column, DataFrame, PolarsResult};

use crate::domain::Arn;

/// Adds to rows of [`super::Counts::series`] who owns the destination of a ReEncrypt, whose source `account` and
/// `region` are of: `destination_account` and `destination_region`, empty where no destination is named.
pub fn with_destination_owners(series: DataFrame) -> PolarsResult<DataFrame> {
    let (mut accounts, mut regions) = (Vec::new(), Vec::new());
    for destination in series.column("destination_arn")?.str()?.iter() {
        let (account, region) = destination.and_then(Arn::parse).map_or(("", ""), |arn| (arn.account, arn.region));
        accounts.push(account);
        regions.push(region);
    }
    series.hstack(&[
        Column::new("destination_account".into(), accounts),
        Column::new("destination_region".into(), regions),
    ])
}
