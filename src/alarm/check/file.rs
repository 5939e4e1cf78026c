//! A file of tests, read.

use serde::Deserialize;
use toml::Spanned;

use super::notation::{read_bands, read_values};
use super::{CheckError, line_of};
use crate::alarm::definition::{Alarm, Condition, TreatMissingData};
use crate::alarm::state::StateValue;
use crate::alarm::table::{AlarmTable, AlarmTables, CompositeAlarmTable, Definitions, Duration, MuteTable};
use crate::domain::{Operation, Outcome, SettingError};

/// What a file says.
pub(super) struct TestFile {
    pub(super) definitions: Definitions,
    pub(super) cases: Vec<Case>,
    pub(super) tests: Vec<Test>,
}

/// A row of a truth table.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) data: Vec<Option<f64>>,
    pub(super) evaluation_periods: u32,
    pub(super) datapoints_to_alarm: u32,
    /// Treatment, state (none: the one before), line.
    pub(super) expected: Vec<(TreatMissingData, Option<StateValue>, usize)>,
}

/// A test over time.
pub(super) struct Test {
    pub(super) name: String,
    pub(super) line: usize,
    /// Seconds between values.
    pub(super) period: u32,
    /// Of the first value, seconds since 1970.
    pub(super) start: i64,
    pub(super) series: Vec<TestSeries>,
    pub(super) expected: Vec<Expected>,
}

/// Values of a series.
pub(super) struct TestSeries {
    pub(super) key: String,
    pub(super) operation: Option<Operation>,
    pub(super) metric: Outcome,
    pub(super) caller: String,
    pub(super) resource: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) quota_pool: String,
    pub(super) values: Vec<Option<f64>>,
    pub(super) bands: Vec<Option<(f64, f64)>>,
}

/// What is expected of an alarm at a time.
pub(super) struct Expected {
    pub(super) line: usize,
    pub(super) at: String,
    /// Seconds after the start.
    pub(super) after: u32,
    pub(super) alarm: String,
    pub(super) state: Option<StateValue>,
    pub(super) reason: Option<String>,
    pub(super) sends: Option<bool>,
    pub(super) contributors: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    #[serde(default)]
    rules: Vec<Spanned<String>>,
    #[serde(default)]
    alarm: Vec<AlarmTable>,
    #[serde(default)]
    composite_alarm: Vec<CompositeAlarmTable>,
    #[serde(default)]
    mute: Vec<MuteTable>,
    #[serde(default)]
    case: Vec<CaseTable>,
    #[serde(default)]
    test: Vec<TestTable>,
}

/// What matters of a rule file, which may be the whole configuration.
#[derive(Deserialize)]
struct RulesTable {
    #[serde(default)]
    alarm: Vec<AlarmTable>,
    #[serde(default)]
    composite_alarm: Vec<CompositeAlarmTable>,
    #[serde(default)]
    mute: Vec<MuteTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseTable {
    data: Spanned<String>,
    name: Option<String>,
    evaluation_periods: Option<u32>,
    datapoints_to_alarm: Option<Spanned<u32>>,
    missing: Option<Spanned<String>>,
    ignore: Option<Spanned<String>>,
    breaching: Option<Spanned<String>>,
    not_breaching: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestTable {
    name: Spanned<String>,
    period: Option<Spanned<String>>,
    start: Option<Spanned<String>>,
    series: Vec<SeriesTable>,
    expect: Vec<ExpectTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeriesTable {
    #[serde(default)]
    key: String,
    operation: Option<Spanned<String>>,
    metric: Option<Spanned<String>>,
    #[serde(default)]
    caller: String,
    #[serde(default)]
    resource: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    quota_pool: String,
    values: Spanned<String>,
    band: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectTable {
    at: Spanned<String>,
    alarm: Spanned<String>,
    state: Option<Spanned<String>>,
    reason: Option<String>,
    sends: Option<bool>,
    contributors: Option<Vec<String>>,
}

/// Reads a file and the rule files that it names.
pub(super) fn read(text: &str, load: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<TestFile, CheckError> {
    let table: FileTable = toml::from_str(text).map_err(|error| CheckError::Test(vec![of_toml(&error)]))?;
    let mut definitions = Definitions::default();
    let mut errors = Vec::new();
    for file in &table.rules {
        match load(file.get_ref()) {
            Err(message) => errors.push(SettingError::at(file.span(), message)),
            Ok(rules) => {
                let found = read_rules(&rules).map_err(|errors| CheckError::Rules {
                    file: file.get_ref().clone(),
                    text: rules,
                    errors,
                })?;
                add(&mut definitions, found, file.span(), &mut errors);
            }
        }
    }
    let own = AlarmTables { alarm: table.alarm, composite_alarm: table.composite_alarm, mute: table.mute };
    match own.read() {
        Ok(own) => add(&mut definitions, own, 0..0, &mut errors),
        Err(wrong) => errors.extend(wrong),
    }
    let mut reader = Reader { text, alarms: &definitions.alarms, errors };
    let cases = table.case.into_iter().filter_map(|case| reader.case(case)).collect();
    let tests = table.test.into_iter().filter_map(|test| reader.test(test)).collect();
    let mut errors = reader.errors;
    errors.sort_by_key(|error| error.span.start);
    if errors.is_empty() { Ok(TestFile { definitions, cases, tests }) } else { Err(CheckError::Test(errors)) }
}

fn read_rules(text: &str) -> Result<Definitions, Vec<SettingError>> {
    let table: RulesTable = toml::from_str(text).map_err(|error| vec![of_toml(&error)])?;
    AlarmTables { alarm: table.alarm, composite_alarm: table.composite_alarm, mute: table.mute }.read()
}

fn of_toml(error: &toml::de::Error) -> SettingError {
    SettingError::at(error.span().unwrap_or(0..0), error.message().trim_end())
}

fn add(to: &mut Definitions, from: Definitions, place: std::ops::Range<usize>, errors: &mut Vec<SettingError>) {
    for alarm in from.alarms {
        if to.alarms.iter().any(|other| other.name == alarm.name) {
            let message = format!("the alarm `{}` is in more than one of the files", alarm.name);
            errors.push(SettingError::at(place.clone(), message));
        }
        to.alarms.push(alarm);
    }
    to.mutes.extend(from.mutes);
}

struct Reader<'a> {
    text: &'a str,
    alarms: &'a [Alarm],
    errors: Vec<SettingError>,
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

    fn case(&mut self, table: CaseTable) -> Option<Case> {
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

    fn test(&mut self, table: TestTable) -> Option<Test> {
        let line = self.line(&table.name);
        let period = table.period.as_ref().map_or(Some(60), |period| self.duration(period));
        let period = period.filter(|seconds| *seconds > 0);
        let start = table.start.as_ref().map_or(Some(DEFAULT_START), |start| {
            let read = chrono::DateTime::parse_from_rfc3339(start.get_ref()).ok();
            if read.is_none() {
                self.wrong(start.span(), "write the start as 2026-01-05T00:00:00Z");
            }
            read.map(|time| time.timestamp())
        });
        let series: Vec<Option<TestSeries>> = table.series.into_iter().map(|series| self.series(series)).collect();
        let (period, start) = (period?, start?);
        let expected: Vec<Option<Expected>> =
            table.expect.into_iter().map(|expect| self.expected(expect, period)).collect();
        let series = series.into_iter().collect::<Option<Vec<_>>>()?;
        let expected = expected.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Test { name: table.name.into_inner(), line, period, start, series, expected })
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
            let alarms = Duration { seconds: metric.period_seconds };
            let message =
                format!("`{}` has a period of {alarms}: write `period = \"{alarms}\"` in this test", alarm.name);
            self.wrong(place.span(), message);
        }
    }

    fn duration(&mut self, text: &Spanned<String>) -> Option<u32> {
        let read: Result<Duration, String> = text.get_ref().parse();
        match read {
            Ok(duration) => Some(duration.seconds),
            Err(message) => {
                self.wrong(text.span(), message);
                None
            }
        }
    }
}

/// 2026-01-05T00:00:00Z, a Monday.
const DEFAULT_START: i64 = 1_767_571_200;
