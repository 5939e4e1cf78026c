//! A file of tests, read.

use super::CheckError;
use super::read::Reader;
use super::tables::{FileTable, RulesTable};
use crate::alarm::definition::TreatMissingData;
use crate::alarm::state::StateValue;
use crate::alarm::table::{AlarmTables, Definitions};
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
    /// Ranges that no alarm is judged by, seconds since 1970.
    pub(super) maintenance: Vec<(i64, i64)>,
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
