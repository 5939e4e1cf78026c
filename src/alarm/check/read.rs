//! Reads cases and tests from their tables.

use std::time::Duration;

use chrono_tz::Tz;
use toml::Spanned;

use super::file::{Case, Expected, Test, TestSeries};
use super::line_of;
use super::notation::{read_bands, read_values};
use super::tables::{CaseTable, ExpectTable, RangeTable, SeriesTable, TestTable};
use crate::alarm::definition::{Alarm, Condition, TreatMissingData};
use crate::alarm::state::StateValue;
use crate::alarm::table::duration;
use crate::domain::{Operation, Outcome, SettingError, format_duration};

/// Reads tables of a text, and notes what is wrong.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) alarms: &'a [Alarm],
    pub(super) errors: Vec<SettingError>,
}

impl Reader<'_> {
    fn wrong(&mut self, place: std::ops::Range<usize>, message: impl Into<String>) {
        self.errors.push(SettingError::at(place, message));
    }

    fn line<T>(&self, value: &Spanned<T>) -> usize {
        line_of(self.text, value.span().start)
    }

    /// A value's own error, moved to where the value stands.
    fn inside<T>(&mut self, value: &Spanned<String>, read: Result<T, SettingError>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                let is_exact = value.span().len() == value.get_ref().len() + 2;
                let start = value.span().start + 1;
                let place = start + error.span.start..start + error.span.end;
                self.wrong(if is_exact { place } else { value.span() }, error.message);
                None
            }
        }
    }

    fn state(&mut self, text: &Spanned<String>) -> Option<StateValue> {
        let states = [StateValue::Ok, StateValue::Alarm, StateValue::InsufficientData];
        let found = states.into_iter().find(|state| state.name() == text.get_ref());
        if found.is_none() {
            let message = format!("`{}` is no state; there are OK, ALARM and INSUFFICIENT_DATA", text.get_ref());
            self.wrong(text.span(), message);
        }
        found
    }

    pub(super) fn case(&mut self, table: CaseTable) -> Option<Case> {
        let mut data = Vec::new();
        for mark in table.data.get_ref().split_whitespace() {
            data.push(match mark {
                "0" => Some(0.0),
                "X" => Some(1.0),
                "-" => None,
                _ => {
                    let message = format!("`{mark}` is no period of a case: 0 is good, X is bad, - is missing");
                    self.wrong(table.data.span(), message);
                    return None;
                }
            });
        }
        let n = table.evaluation_periods.unwrap_or(3);
        let m = table.datapoints_to_alarm.as_ref().map_or(n, |m| *m.get_ref());
        if m == 0 || m > n {
            let place = table.datapoints_to_alarm.as_ref().map_or(table.data.span(), Spanned::span);
            self.wrong(place, format!("datapoints_to_alarm must be 1 to {n}, the evaluation_periods"));
        }
        if data.len() > n as usize + 2 {
            let message =
                format!("{} periods, but with {n} evaluation_periods only {} are looked at", data.len(), n + 2);
            self.wrong(table.data.span(), message);
        }
        let treatments = [
            (TreatMissingData::Missing, table.missing),
            (TreatMissingData::Ignore, table.ignore),
            (TreatMissingData::Breaching, table.breaching),
            (TreatMissingData::NotBreaching, table.not_breaching),
        ];
        let mut expected = Vec::new();
        for (treat, state) in treatments {
            let Some(state) = state else { continue };
            let line = self.line(&state);
            let state = if state.get_ref() == "keep" { None } else { Some(self.state(&state)?) };
            expected.push((treat, state, line));
        }
        let name = table.name.unwrap_or_else(|| format!("{}, {m} of {n}", table.data.get_ref()));
        let line = self.line(&table.data);
        Some(Case { name, line, data, evaluation_periods: n, datapoints_to_alarm: m, expected })
    }

    pub(super) fn test(&mut self, table: TestTable) -> Option<Test> {
        let line = self.line(&table.name);
        let period = table.period.as_ref().map_or(Some(60), |period| self.duration(period));
        let period = period.filter(|seconds| *seconds > 0);
        let start = table.start.as_ref().map_or(Some(DEFAULT_START), |start| {
            let read = start.get_ref().second(Tz::UTC);
            read.map_err(|message| self.wrong(start.span(), message)).ok()
        });
        let series: Vec<Option<TestSeries>> = table.series.into_iter().map(|series| self.series(series)).collect();
        let ranges: Vec<Option<(u32, u32)>> = table.maintenance.iter().map(|range| self.range(range)).collect();
        let (period, start) = (period?, start?);
        let ranges = ranges.into_iter().collect::<Option<Vec<_>>>()?;
        let maintenance = ranges.into_iter().map(|(from, until)| (start + i64::from(from), start + i64::from(until)));
        let maintenance = maintenance.collect();
        let expected: Vec<Option<Expected>> =
            table.expect.into_iter().map(|expect| self.expected(expect, period)).collect();
        let series = series.into_iter().collect::<Option<Vec<_>>>()?;
        let expected = expected.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Test { name: table.name.into_inner(), line, period, start, maintenance, series, expected })
    }

    /// The times after the start between which a range lies.
    fn range(&mut self, table: &RangeTable) -> Option<(u32, u32)> {
        let (from, until) = (self.duration(&table.from), self.duration(&table.until));
        let (from, until) = (from?, until?);
        if until <= from {
            self.wrong(table.until.span(), "the end is not after the start");
        }
        Some((from, until))
    }

    fn series(&mut self, table: SeriesTable) -> Option<TestSeries> {
        let operation = match &table.operation {
            None => None,
            Some(text) => {
                let found = Operation::parse(text.get_ref());
                if found.is_none() {
                    self.wrong(text.span(), format!("there is no operation `{}`", text.get_ref()));
                }
                Some(found?)
            }
        };
        let metric = match &table.metric {
            None => Outcome::Successful,
            Some(text) => {
                let found = Outcome::ALL.into_iter().find(|outcome| outcome.metric() == text.get_ref());
                if found.is_none() {
                    self.wrong(text.span(), format!("there is no metric `{}`", text.get_ref()));
                }
                found?
            }
        };
        let values = self.inside(&table.values, read_values(table.values.get_ref()))?;
        let bands = match &table.band {
            None => Vec::new(),
            Some(text) => self.inside(text, read_bands(text.get_ref()))?,
        };
        Some(TestSeries {
            key: table.key,
            operation,
            metric,
            caller: table.caller,
            resource: table.resource,
            account: table.account,
            region: table.region,
            quota_pool: table.quota_pool,
            values,
            bands,
        })
    }

    fn expected(&mut self, table: ExpectTable, period: u32) -> Option<Expected> {
        let after = self.duration(&table.at)?;
        if !after.is_multiple_of(period) || after == 0 {
            self.wrong(
                table.at.span(),
                format!("alarms are evaluated every {period} s after the start, not at this time"),
            );
        }
        match self.alarms.iter().find(|alarm| alarm.name == *table.alarm.get_ref()) {
            None => {
                self.wrong(table.alarm.span(), format!("there is no alarm `{}` in these files", table.alarm.get_ref()));
            }
            Some(alarm) => self.check_period(alarm, period, &table.alarm),
        }
        let state = match &table.state {
            Some(text) => Some(self.state(text)?),
            None => None,
        };
        Some(Expected {
            line: self.line(&table.at),
            at: table.at.get_ref().clone(),
            after,
            alarm: table.alarm.into_inner(),
            state,
            reason: table.reason,
            sends: table.sends,
            contributors: table.contributors,
        })
    }

    /// Whether an alarm's periods can be made of a test's values.
    fn check_period(&mut self, alarm: &Alarm, period: u32, place: &Spanned<String>) {
        let Some(metric) = alarm.metric() else { return };
        let has_band = matches!(metric.condition, Condition::Band { .. });
        if !metric.period_seconds.is_multiple_of(period) || (has_band && metric.period_seconds != period) {
            let alarms = format_duration(Duration::from_secs(metric.period_seconds.into()));
            let message =
                format!("`{}` has a period of {alarms}: write `period = \"{alarms}\"` in this test", alarm.name);
            self.wrong(place.span(), message);
        }
    }

    fn duration(&mut self, text: &Spanned<String>) -> Option<u32> {
        duration(text.get_ref()).map_err(|message| self.wrong(text.span(), message)).ok()
    }
}

/// 2026-01-05T00:00:00Z, a Monday.
const DEFAULT_START: i64 = 1_767_571_200;
