//! When a value is bad: one of `threshold`, `band`, `quota_share` and `spend_per_hour`.

use std::ops::Range;

use toml::Spanned;

use super::Reading;
use super::reading::named;
use crate::alarm::definition::Condition;
use crate::alarm::operator::{BandOperator, Operator};
use crate::tariff::wrong_pool;

/// The settings of a condition.
pub(super) struct ConditionTable {
    pub(super) name_span: Range<usize>,
    pub(super) comparison_operator: Option<Spanned<String>>,
    pub(super) threshold: Option<Spanned<f64>>,
    pub(super) band: Option<Spanned<f64>>,
    pub(super) quota_share: Option<Spanned<f64>>,
    pub(super) quota_pool: Option<Spanned<String>>,
    pub(super) account: Option<Spanned<String>>,
    pub(super) region: Option<Spanned<String>>,
    pub(super) spend_per_hour: Option<Spanned<f64>>,
}

/// Reads the condition of an alarm.
pub(super) fn read_condition(table: ConditionTable, reading: &mut Reading) -> Option<Condition> {
    let settings = [
        ("threshold", &table.threshold),
        ("band", &table.band),
        ("quota_share", &table.quota_share),
        ("spend_per_hour", &table.spend_per_hour),
    ];
    let mut given = settings.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let Some((name, value)) = given.next() else {
        let message = "PutMetricAlarm request should have valid Threshold parameter: write one of `threshold`, `band`, \
                       `quota_share` and `spend_per_hour` in this alarm";
        reading.wrong(table.name_span, message);
        return None;
    };
    if let Some((other, value)) = given.next() {
        reading.wrong(value.span(), format!("`{name}` and `{other}` exclude each other; make two alarms of them"));
        return None;
    }
    let number = *value.get_ref();
    let is_positive = name == "threshold" || number > 0.0;
    if !number.is_finite() || !is_positive {
        let needs = if name == "threshold" { "a number" } else { "a number above 0" };
        reading.wrong(value.span(), format!("`{name}` must be {needs}"));
        return None;
    }
    if name == "quota_share" && number > 1.0 {
        reading.wrong(value.span(), format!("`quota_share` is a part of the quota: write 0.8 for 80 %, not {number}"));
        return None;
    }
    if name != "quota_share" {
        let of_quotas = [&table.quota_pool, &table.account, &table.region];
        for value in of_quotas.into_iter().flatten() {
            let message = "`quota_pool`, `account` and `region` go with `quota_share` only; \
                           for keys of an account or Region write `key = \"arn:aws:kms:REGION:ACCOUNT:*\"`";
            reading.wrong(value.span(), message);
        }
    }
    if name == "quota_share" {
        reading.errors.extend(table.quota_pool.as_ref().and_then(|pool| wrong_pool(pool, &[])));
    }
    if name == "band" {
        let operator = read_band_operator(table.comparison_operator.as_ref(), reading)?;
        return Some(Condition::Band { operator, deviations: number });
    }
    let operator = read_operator(table.comparison_operator.as_ref(), &table.name_span, reading)?;
    match name {
        "quota_share" => Some(Condition::QuotaShare {
            operator,
            share: number,
            pool: table.quota_pool.map(Spanned::into_inner),
            account: table.account.as_ref().and_then(|pattern| reading.pattern(pattern)),
            region: table.region.as_ref().and_then(|pattern| reading.pattern(pattern)),
        }),
        "spend_per_hour" => Some(Condition::SpendPerHour { operator, dollars: number }),
        _ => Some(Condition::Threshold { operator, threshold: number }),
    }
}

/// CloudWatch's text.
const NO_OPERATOR: &str = "PutMetricAlarm request should have a valid ComparisonOperator parameter";

fn read_operator(text: Option<&Spanned<String>>, name: &Range<usize>, reading: &mut Reading) -> Option<Operator> {
    let known = named(Operator::ALL.iter().map(|operator| operator.name()));
    let Some(text) = text else {
        reading
            .wrong(name.clone(), format!("{NO_OPERATOR}: write `comparison_operator` in this alarm, one of {known}"));
        return None;
    };
    let found = Operator::parse(text.get_ref());
    if found.is_none() {
        let message = match BandOperator::parse(text.get_ref()) {
            Some(operator) => format!("{operator} compares with a band: write `band = 2` instead, or one of {known}"),
            None => format!("{NO_OPERATOR}: `{}` is none of {known}", text.get_ref()),
        };
        reading.wrong(text.span(), message);
    }
    found
}

fn read_band_operator(text: Option<&Spanned<String>>, reading: &mut Reading) -> Option<BandOperator> {
    let Some(text) = text else { return Some(BandOperator::LessThanLowerOrGreaterThanUpperThreshold) };
    let found = BandOperator::parse(text.get_ref());
    if found.is_none() {
        let known = named(BandOperator::ALL.iter().map(|operator| operator.name()));
        let message = format!("{NO_OPERATOR}: `{}` is no operator of a band; there are {known}", text.get_ref());
        reading.wrong(text.span(), message);
    }
    found
}
