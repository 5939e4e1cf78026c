//! Alarms on several series at once: CloudWatch's multi time series alarms.
//!
//! Each series is a contributor with a state of its own, OK or ALARM. The alarm is in ALARM while one of them is.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::definition::TreatMissingData;
use super::evaluate::{Rule, Verdict};
use super::reason_data::cloudwatch_stamp;
use super::state::StateValue;

/// Contributors in ALARM that CloudWatch counts out; more are `100+`.
const COUNTED_MAX: usize = 100;

/// A contributor's name: 16 hexadecimal digits that follow from its attributes, as `KeyArn` and `Operation`.
pub fn contributor_id(attributes: &BTreeMap<String, String>) -> String {
    let mut bytes = Vec::new();
    for (name, value) in attributes {
        for text in [name, value] {
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    format!("{:016x}", xxh3_64(&bytes))
}

/// A contributor's state: one that nothing is known of is OK.
pub fn contributor_state(verdict: &Verdict) -> StateValue {
    match verdict.state {
        StateValue::Alarm => StateValue::Alarm,
        StateValue::Ok | StateValue::InsufficientData => StateValue::Ok,
    }
}

/// The state of the alarm over all its contributors, and CloudWatch's reason for it: `2 out of 7 time series evaluated
/// to ALARM`. Without contributors what is missing decides. `current` is the state before.
pub fn parent_state(rule: &Rule, in_alarm: usize, contributors: usize, current: StateValue) -> (StateValue, String) {
    let n = rule.evaluation_periods;
    let filled = |fill: &str| {
        let (periods, datapoints) = if n == 1 { ("period", "datapoint was") } else { ("periods", "datapoints were") };
        let crossed = "Threshold Crossed: no datapoints were received for";
        format!("{crossed} {n} {periods} and {n} missing {datapoints} treated as [{fill}].")
    };
    match (in_alarm, contributors) {
        (0, 0) => match rule.treat_missing_data {
            TreatMissingData::Breaching => (StateValue::Alarm, filled("Breaching")),
            TreatMissingData::NotBreaching => (StateValue::Ok, filled("NonBreaching")),
            TreatMissingData::Ignore => (current, nothing_known(n)),
            TreatMissingData::Missing => (StateValue::InsufficientData, nothing_known(n)),
        },
        (0, all) => (StateValue::Ok, format!("{all} time series evaluated to OK")),
        (bad, _) if bad > COUNTED_MAX => (StateValue::Alarm, format!("{COUNTED_MAX}+ time series evaluated to ALARM")),
        (bad, all) => (StateValue::Alarm, format!("{bad} out of {all} time series evaluated to ALARM")),
    }
}

fn nothing_known(periods: u32) -> String {
    match periods {
        1 => "Insufficient Data: 1 datapoint was unknown.".to_owned(),
        n => format!("Insufficient Data: {n} datapoints were unknown."),
    }
}

/// The alarm's StateReasonData, which tells of no contributor.
pub fn parent_reason_data(at: i64) -> Value {
    json!({"version": "1.0", "queryDate": cloudwatch_stamp(at)})
}
