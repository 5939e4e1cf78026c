//! Incidents as lines.

use chrono_tz::Tz;

use super::data::{IncidentLine, Moment};
use crate::alarm::Incident;

impl IncidentLine {
    /// The line of an incident: of several series, it names the one with the largest excess.
    pub fn of(incident: &Incident, zone: Tz) -> Self {
        let first = incident.series.first();
        let moment = |at: i64| Moment { at, zone };
        IncidentLine {
            number: incident.number,
            onset: moment(incident.onset),
            resolved_at: incident.resolved_at.map(moment),
            key_arn: first.map(|series| series.key_arn.clone()).unwrap_or_default(),
            alias: first.and_then(|series| series.alias.clone()),
            operation: first.map(|series| series.operation.clone()).unwrap_or_default(),
            series: incident.series.len(),
            observed: incident.observed,
            expected: incident.expected,
            excess: incident.excess,
            cause: incident.attribution.first().cloned(),
            cost_per_hour: incident.cost_per_hour,
        }
    }
}
