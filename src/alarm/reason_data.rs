//! CloudWatch's StateReasonData: the numbers behind a reason.

use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::evaluate::{Because, Comparison, Point, Rule, Slots, Verdict};
use super::state::StateValue;

impl Rule {
    /// The StateReasonData of an evaluation at a time (seconds since 1970).
    pub fn reason_data(&self, slots: Slots<'_>, verdict: &Verdict, at: i64) -> Value {
        let known: Vec<(i64, &Point, bool)> = self.known(slots).collect();
        let mut data = Map::new();
        data.insert("version".into(), "1.0".into());
        data.insert("queryDate".into(), cloudwatch_stamp(at).into());
        if let Some((oldest, ..)) = known.last() {
            data.insert("startDate".into(), cloudwatch_stamp(*oldest).into());
        }
        if self.is_statistic {
            data.insert("statistic".into(), "Sum".into());
        }
        data.insert("period".into(), self.period_seconds.into());
        data.insert("recentDatapoints".into(), self.recent(&known, |point| Some(point.value)));
        match self.comparison {
            Comparison::Value { threshold, .. } => {
                data.insert("threshold".into(), threshold.into());
            }
            Comparison::Band { .. } => {
                data.insert("recentLowerThresholds".into(), self.recent(&known, |point| Some(point.band?.0)));
                data.insert("recentUpperThresholds".into(), self.recent(&known, |point| Some(point.band?.1)));
            }
        }
        let evaluated = self.decisive(slots, &known, verdict).into_iter().map(|(start, point)| match point {
            // Each call is one sample of value 1.
            Some(point) if self.is_statistic => {
                json!({"timestamp": cloudwatch_stamp(start), "sampleCount": point.value, "value": point.value})
            }
            Some(point) => json!({"timestamp": cloudwatch_stamp(start), "value": point.value}),
            None => json!({"timestamp": cloudwatch_stamp(start)}),
        });
        data.insert("evaluatedDatapoints".into(), evaluated.collect());
        Value::Object(data)
    }

    /// Something of each value from the oldest to the newest known one, null where none is known.
    fn recent(&self, known: &[(i64, &Point, bool)], of: impl Fn(&Point) -> Option<f64>) -> Value {
        let (Some(newest), Some(oldest)) = (known.first(), known.last()) else { return json!([]) };
        let mut next = known.iter().rev().peekable();
        let mut start = oldest.0;
        let mut values = Vec::new();
        while start <= newest.0 {
            let here = next.next_if(|point| point.0 == start);
            values.push(here.and_then(|point| of(point.1)));
            start += i64::from(self.period_seconds);
        }
        json!(values)
    }

    /// The values that decided the state, newest first: M of them for ALARM, N - M + 1 for OK, missing ones among them
    /// where they stand for something.
    fn decisive<'a>(
        &self,
        slots: Slots<'_>,
        known: &[(i64, &'a Point, bool)],
        verdict: &Verdict,
    ) -> Vec<(i64, Option<&'a Point>)> {
        let (wanted, count) = match verdict.state {
            StateValue::Alarm => (Some(true), self.needed()),
            StateValue::Ok => (Some(false), self.evaluation_periods - self.needed() + 1),
            StateValue::InsufficientData => (None, self.evaluation_periods),
        };
        let of_kind = known.iter().filter(|point| wanted.is_none_or(|bad| point.2 == bad));
        let mut decisive: Vec<_> = of_kind.map(|(start, point, _)| (*start, Some(*point))).collect();
        let has_fill = matches!(
            verdict.because,
            Because::FilledBad | Because::FilledGood | Because::NothingKnown | Because::TooYoung
        );
        if has_fill {
            let starts = (0..self.range()).map(|age| self.starts(slots.end, age));
            let unknown = starts.filter(|start| known.iter().all(|point| point.0 != *start));
            decisive.extend(unknown.take(verdict.missing as usize).map(|start| (start, None)));
            decisive.sort_by_key(|(start, _)| std::cmp::Reverse(*start));
        }
        decisive.truncate(count as usize);
        decisive
    }
}

/// `2026-09-14T05:51:30.000+0000`: the form of every document about an alarm.
pub fn cloudwatch_stamp(second: i64) -> String {
    DateTime::from_timestamp(second, 0).unwrap_or_default().format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}
