//! Why an alarm is in its state, in CloudWatch's words.
//!
//! The texts are those of notifications that CloudWatch has sent; subscribers read values out of them.

use chrono::DateTime;

use super::definition::TreatMissingData;
use super::evaluate::{Because, Comparison, Point, Rule, Slots, Verdict};
use super::operator::BandOperator;
use super::state::StateValue;

/// The reason of an alarm that was never evaluated.
pub const UNCHECKED: &str = "Unchecked: Initial alarm creation";

/// The reason of an alarm that was on several series, and is not any more.
pub const CHANGED: &str = "Unchecked: The alarm was on several series before it was changed";

/// From so many values on, only the newest of them are listed, after the sentence.
const LISTED_MAX: usize = 5;

impl Rule {
    /// CloudWatch's StateReason: `Threshold Crossed: 2 out of the last 3 datapoints [100.0 (14/09/26 05:51:00), 90.0
    /// (14/09/26 05:50:00)] were greater than the threshold (50.0) (minimum 2 datapoints for OK -> ALARM transition).`
    pub fn reason(&self, slots: Slots<'_>, verdict: &Verdict) -> String {
        let n = self.evaluation_periods;
        let fill = match self.treat_missing_data {
            TreatMissingData::Breaching => Some("Breaching"),
            TreatMissingData::NotBreaching => Some("NonBreaching"),
            TreatMissingData::Ignore | TreatMissingData::Missing => None,
        };
        if verdict.state == StateValue::InsufficientData {
            return format!("Insufficient Data: {} unknown.", counted(verdict.missing, "datapoint", true));
        }
        if let (Some(fill), true) = (fill, verdict.missing == n) {
            let (periods, missing) = (counted(n, "period", false), counted(n, "missing datapoint", true));
            let crossed = "Threshold Crossed: no datapoints were received for";
            return format!("{crossed} {periods} and {missing} treated as [{fill}].");
        }
        let is_alarm = verdict.state == StateValue::Alarm;
        let mut text = self.sentence(slots, is_alarm);
        if let (Some(fill), 1..) = (fill, verdict.missing) {
            text += &format!(" and {} treated as [{fill}]", counted(verdict.missing, "missing datapoint", true));
        }
        if self.datapoints_to_alarm.is_some() {
            let least = if is_alarm { self.needed() } else { n - self.needed() + 1 };
            let change = if is_alarm { "OK -> ALARM" } else { "ALARM -> OK" };
            text += &format!(" (minimum {} for {change} transition)", counted(least, "datapoint", false));
        }
        text + "."
    }

    /// The reason up to what stands for missing values.
    fn sentence(&self, slots: Slots<'_>, is_alarm: bool) -> String {
        let told: Vec<(i64, &Point)> =
            self.known(slots).filter(|told| told.2 == is_alarm).map(|(start, point, _)| (start, point)).collect();
        let count = match self.datapoints_to_alarm {
            Some(_) => format!("{} out of the last {} datapoints", told.len(), self.evaluation_periods),
            None => counted(told.len() as u32, "datapoint", false),
        };
        let verb = if told.len() == 1 { "was" } else { "were" };
        let shown = &told[..told.len().min(LISTED_MAX)];
        let list = listed(shown.iter().map(|(start, point)| dated(*start, point.value)));
        let (prefix, compared) = match self.comparison {
            Comparison::Value { operator, threshold } => {
                let not = if is_alarm { "" } else { "not " };
                let threshold = number(threshold);
                ("Threshold", format!("{not}{} the threshold ({threshold})", operator.words()))
            }
            Comparison::Band { operator } => ("Thresholds", edges(operator, shown, is_alarm)),
        };
        if told.is_empty() {
            format!("{prefix} Crossed: {count} {verb} {compared}")
        } else if told.len() < LISTED_MAX {
            format!("{prefix} Crossed: {count} {list} {verb} {compared}")
        } else {
            let which = if is_alarm { " which crossed the threshold" } else { "" };
            format!("{prefix} Crossed: {count} {verb} {compared}. The most recent datapoints{which}: {list}")
        }
    }

    /// The reason of one series of several: `Threshold Crossed: 1 datapoint was less than the threshold (1.0). The most
    /// recent datapoint which crossed the threshold: [0.0 (01/12/25 13:34:00)].`
    pub fn contributor_reason(&self, slots: Slots<'_>, verdict: &Verdict) -> String {
        if matches!(verdict.because, Because::NothingKnown | Because::TooYoung) || verdict.bad + verdict.good == 0 {
            return NO_CONTRIBUTION.to_owned();
        }
        let is_alarm = verdict.state == StateValue::Alarm;
        let told: Vec<(i64, &Point)> =
            self.known(slots).filter(|told| told.2 == is_alarm).map(|(start, point, _)| (start, point)).collect();
        let shown = &told[..told.len().min(LISTED_MAX)];
        let (prefix, compared) = match self.comparison {
            Comparison::Value { operator, threshold } => {
                let not = if is_alarm { "" } else { "not " };
                ("Threshold", format!("{not}{} the threshold ({})", operator.words(), number(threshold)))
            }
            Comparison::Band { operator } => ("Thresholds", edges(operator, shown, is_alarm)),
        };
        let count = counted(told.len() as u32, "datapoint", true);
        let newest = if shown.len() == 1 { "datapoint" } else { "datapoints" };
        let which = if is_alarm { " which crossed the threshold" } else { "" };
        let list = listed(shown.iter().map(|(start, point)| dated(*start, point.value)));
        format!("{prefix} Crossed: {count} {compared}. The most recent {newest}{which}: {list}.")
    }
}

/// The reason of a series of several that nothing is known of any more.
pub const NO_CONTRIBUTION: &str = "No data was returned for this contributor";

/// The StateReason of one period outside its band, 1 of 1: as [`Rule::reason`] has it, where no rule is configured.
/// `start` is the period's first second since 1970.
pub fn band_reason(start: i64, point: Point) -> String {
    let datapoint = dated(start, point.value);
    let compared = edges(BandOperator::LessThanLowerOrGreaterThanUpperThreshold, &[(start, &point)], true);
    format!(
        "Thresholds Crossed: 1 out of the last 1 datapoints [{datapoint}] was {compared} (minimum 1 datapoint for \
         OK -> ALARM transition)."
    )
}

/// `was less than the lower thresholds [0.02] or greater than the upper thresholds [0.5]`, without the verb.
fn edges(operator: BandOperator, told: &[(i64, &Point)], is_alarm: bool) -> String {
    let not = if is_alarm { "" } else { "not " };
    let bands = || told.iter().filter_map(|(_, point)| point.band);
    let lower = || format!("{not}less than the lower thresholds {}", listed(bands().map(|band| number(band.0))));
    let upper = || format!("{not}greater than the upper thresholds {}", listed(bands().map(|band| number(band.1))));
    match operator {
        BandOperator::LessThanLowerOrGreaterThanUpperThreshold => format!("{} or {}", lower(), upper()),
        BandOperator::GreaterThanUpperThreshold => upper(),
        BandOperator::LessThanLowerThreshold => lower(),
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// `21.5 (14/09/26 05:51:30)`, in UTC.
fn dated(start: i64, value: f64) -> String {
    let time = DateTime::from_timestamp(start, 0).unwrap_or_default();
    format!("{} ({})", number(value), time.format("%d/%m/%y %H:%M:%S"))
}

/// `1 datapoint`, `3 datapoints`; with their verb, `1 datapoint was`.
fn counted(count: u32, what: &str, with_verb: bool) -> String {
    match (count, with_verb) {
        (1, true) => format!("1 {what} was"),
        (1, false) => format!("1 {what}"),
        (_, true) => format!("{count} {what}s were"),
        (_, false) => format!("{count} {what}s"),
    }
}

/// A number with at least one decimal, and an exponent where CloudWatch has one: `100.0`, `1.0E7`, `2.5E-4`.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && size.is_finite() && !(1e-3..1e7).contains(&size) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let point = if digits.contains('.') { "" } else { ".0" };
        return format!("{digits}{point}E{exponent}");
    }
    format!("{value:?}")
}
