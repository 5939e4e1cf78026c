//! A row of a truth table: what becomes of a few periods under each treatment of missing data.

use super::file::Case;
use super::{Failure, TestResult};
use crate::alarm::definition::TreatMissingData;
use crate::alarm::evaluate::{Comparison, Point, Rule, Slots};
use crate::alarm::operator::Operator;
use crate::alarm::state::StateValue;

const STATES: [StateValue; 3] = [StateValue::Ok, StateValue::Alarm, StateValue::InsufficientData];

/// Runs one row: each treatment that it names, from each state that an alarm may be in.
pub(super) fn run(case: &Case) -> TestResult {
    let points: Vec<Option<Point>> = case.data.iter().map(|value| value.map(Point::of)).collect();
    let slots = Slots { end: 60 * points.len() as i64, points: &points, excluded: &[] };
    let mut failures = Vec::new();
    for (treat, expected, line) in &case.expected {
        let rule = Rule { treat_missing_data: *treat, ..rule(case) };
        for current in STATES {
            let found = rule.evaluate(slots, current).state;
            let wanted = expected.unwrap_or(current);
            if found != wanted {
                failures.push(Failure {
                    line: *line,
                    at: String::new(),
                    alarm: treat.name().to_owned(),
                    expected: format!("{wanted} after {current}"),
                    found: found.to_string(),
                });
            }
        }
    }
    TestResult { name: case.name.clone(), line: case.line, expectations: case.expected.len(), failures }
}

/// The alarm of a row: X is above the threshold, 0 isn't.
pub(super) fn rule(case: &Case) -> Rule {
    Rule {
        comparison: Comparison::Value { operator: Operator::GreaterThanThreshold, threshold: 0.5 },
        period_seconds: 60,
        evaluation_periods: case.evaluation_periods,
        datapoints_to_alarm: Some(case.datapoints_to_alarm),
        treat_missing_data: TreatMissingData::Missing,
        is_statistic: true,
    }
}
