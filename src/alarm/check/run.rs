//! A test over time: every alarm is evaluated after every value.

use std::collections::{BTreeSet, HashMap};

use super::file::{Expected, Test};
use super::series::{Seen, seen};
use super::{Failure, TestResult};
use crate::alarm::definition::{Alarm, AlarmKind, MetricAlarm};
use crate::alarm::evaluate::Slots;
use crate::alarm::memory::AlarmMemory;
use crate::alarm::state::StateValue;
use crate::alarm::step::Series;
use crate::alarm::stepped::{Moment, Stepped};
use crate::alarm::table::Definitions;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// Runs a test to the last time that something is expected at.
pub(super) fn run(test: &Test, definitions: &Definitions) -> TestResult {
    let wanted: BTreeSet<&str> = test.expected.iter().map(|expected| expected.alarm.as_str()).collect();
    let mut failures = Vec::new();
    let views: HashMap<&str, Vec<Seen>> = definitions
        .alarms
        .iter()
        .filter_map(|alarm| Some((alarm.name.as_str(), seen(alarm.metric()?, test))))
        .collect();
    let mut memories: HashMap<&str, AlarmMemory> = HashMap::new();
    let last = test.expected.iter().map(|expected| expected.after).max().unwrap_or(0);
    for value in 1..=(last / test.period) as usize {
        let now = test.start + i64::from(test.period) * value as i64;
        let moment = Moment {
            now,
            as_of: now,
            mutes: &definitions.mutes,
            account: ACCOUNT,
            region: REGION,
            configured_at: test.start,
        };
        for alarm in &definitions.alarms {
            let mut memory = memories.remove(alarm.name.as_str()).unwrap_or_else(|| AlarmMemory::new(test.start));
            let stepped = match &alarm.kind {
                AlarmKind::Metric(metric) if !metric.is_due(now) => Stepped::default(),
                AlarmKind::Metric(metric) => {
                    let views = &views[alarm.name.as_str()];
                    step_metric(&mut memory, alarm, metric, &moment, views, (test, value))
                }
                AlarmKind::Composite(composite) => {
                    let state_of = |name: &str| memories.get(name).map(|memory| (memory.state, memory.since));
                    memory.step_composite(alarm, composite, &moment, &state_of)
                }
            };
            if wanted.contains(alarm.name.as_str()) {
                let due = test
                    .expected
                    .iter()
                    .filter(|expected| expected.alarm == alarm.name && expected.after == test.period * value as u32);
                failures.extend(due.filter_map(|expected| compare(expected, &memory, &stepped)));
            }
            memories.insert(&alarm.name, memory);
        }
    }
    failures.sort_by_key(|failure| failure.line);
    TestResult { name: test.name.clone(), line: test.line, expectations: test.expected.len(), failures }
}

fn step_metric(
    memory: &mut AlarmMemory,
    alarm: &Alarm,
    metric: &MetricAlarm,
    moment: &Moment<'_>,
    views: &[Seen],
    (test, value): (&Test, usize),
) -> Stepped {
    // Nothing is expected of an alarm whose periods can't be made of the values; the file is refused otherwise.
    let each = (metric.period_seconds / test.period).max(1) as usize;
    let points: Vec<_> = views.iter().map(|seen| seen.slots(metric, each, value)).collect();
    if !metric.is_multi_series() {
        let none = vec![None; metric.rule().range()];
        let points = points.first().unwrap_or(&none);
        return memory.step_metric(
            alarm,
            metric,
            moment,
            Slots { end: moment.now, points, excluded: &test.maintenance },
        );
    }
    let known = views.iter().zip(&points).filter(|(_, points)| points.iter().any(Option::is_some));
    let series = known.map(|(seen, points)| Series {
        id: &seen.id,
        attributes: &seen.attributes,
        slots: Slots { end: moment.now, points, excluded: &test.maintenance },
    });
    memory.step_series(alarm, metric, moment, series)
}

/// What is not as expected.
fn compare(expected: &Expected, memory: &AlarmMemory, stepped: &Stepped) -> Option<Failure> {
    let mut wanted = Vec::new();
    let mut found = Vec::new();
    if let Some(state) = expected.state
        && state != memory.state
    {
        wanted.push(state.to_string());
        found.push(format!("{}: {}", memory.state, memory.reason));
    }
    if let Some(reason) = &expected.reason
        && !memory.reason.contains(reason.as_str())
    {
        wanted.push(format!("a reason with `{reason}`"));
        found.push(format!("{}: {}", memory.state, memory.reason));
    }
    if let Some(sends) = expected.sends
        && sends == stepped.owed.is_empty()
    {
        wanted.push(if sends { "a message" } else { "no message" }.to_owned());
        found.push(if sends { "no message" } else { "a message" }.to_owned());
    }
    if let Some(contributors) = &expected.contributors {
        let in_alarm = memory.contributors.values().filter(|contributor| contributor.state == StateValue::Alarm);
        let is: BTreeSet<String> = in_alarm
            .map(|contributor| contributor.attributes.values().map(String::as_str).collect::<Vec<_>>().join(" "))
            .collect();
        let shall: BTreeSet<String> = contributors.iter().cloned().collect();
        if is != shall {
            let listed = |set: &BTreeSet<String>| set.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            wanted.push(format!("in ALARM: {}", listed(&shall)));
            found.push(format!("in ALARM: {}", listed(&is)));
        }
    }
    found.dedup();
    (!wanted.is_empty()).then(|| Failure {
        line: expected.line,
        at: expected.at.clone(),
        alarm: expected.alarm.clone(),
        expected: wanted.join(" and "),
        found: found.join("; "),
    })
}
