//! JSON whose fields come in the order in which CloudWatch writes them: some readers of alarm messages look for text,
//! not for fields.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// The order of the fields within `Trigger` and what it holds, by the field that they are in. Fields of any other
/// object, and further ones, follow in alphabetical order. Source: recorded messages of CloudWatch alarms.
const ORDERS: [(&str, &[&str]); 7] = [
    (
        "Trigger",
        &[
            "MetricName",
            "Namespace",
            "StatisticType",
            "Statistic",
            "Unit",
            "Dimensions",
            "Period",
            "EvaluationPeriods",
            "DatapointsToAlarm",
            "ComparisonOperator",
            "Threshold",
            "ThresholdMetricId",
            "TreatMissingData",
            "EvaluateLowSampleCountPercentile",
            "Metrics",
        ],
    ),
    ("Metrics", &["Expression", "Id", "Label", "MetricStat", "Period", "ReturnData", "AccountId"]),
    ("MetricStat", &["Metric", "Period", "Stat", "Unit"]),
    ("Metric", &["Dimensions", "MetricName", "Namespace"]),
    ("Dimensions", &["value", "name"]),
    ("TriggeringChildren", &["Arn", "State"]),
    ("State", &["Value", "Timestamp"]),
];

/// A value with its fields in order.
pub(super) struct Ordered<'a> {
    /// The field that it is in.
    of: &'a str,
    value: &'a Value,
}

/// An object's fields, as they are given.
pub(super) struct Fields<'a>(&'a [(&'a str, Value)]);

impl<'a> Ordered<'a> {
    /// An object whose fields are given in order.
    pub(super) fn fields(fields: &'a [(&'a str, Value)]) -> Fields<'a> {
        Fields(fields)
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, &Ordered { of: name, value })?;
        }
        map.end()
    }
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(object) => {
                let order = ORDERS.iter().find(|(of, _)| *of == self.of).map_or([].as_slice(), |(_, order)| order);
                let place = |name: &str| order.iter().position(|known| *known == name).unwrap_or(usize::MAX);
                let mut names: Vec<&String> = object.keys().collect();
                names.sort_by_key(|name| (place(name), name.as_str()));
                let mut map = serializer.serialize_map(Some(names.len()))?;
                for name in names {
                    map.serialize_entry(name, &Ordered { of: name, value: &object[name] })?;
                }
                map.end()
            }
            Value::Array(array) => {
                let mut list = serializer.serialize_seq(Some(array.len()))?;
                for value in array {
                    list.serialize_element(&Ordered { of: self.of, value })?;
                }
                list.end()
            }
            value => value.serialize(serializer),
        }
    }
}
