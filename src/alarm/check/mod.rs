//! Tests of alarm rules, that an operator keeps beside the rules.
//!
//! A file holds series in a short notation, the alarms, and the states expected at times, as promtool does it for
//! Prometheus. Keytide's own truth tables are written in the same language (`tests/rules/`).

mod case;
mod file;
mod notation;
mod read;
mod run;
mod series;
mod tables;
#[cfg(test)]
mod tests;

use crate::domain::SettingError;

/// What a file's tests found.
#[derive(Clone, Debug, PartialEq)]
pub struct TestResult {
    /// The test's name.
    pub name: String,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// How many expectations it has.
    pub expectations: usize,
    /// Those that were not met.
    pub failures: Vec<Failure>,
}

/// An expectation that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line that it stands on, from 1.
    pub line: usize,
    /// When, as written: `10m` after the start; empty in a case.
    pub at: String,
    /// The alarm; in a case the treatment of missing data.
    pub alarm: String,
    /// What was expected.
    pub expected: String,
    /// What is.
    pub found: String,
}

/// Why a file can't be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckError {
    /// Something in the file itself is wrong.
    Test(Vec<SettingError>),
    /// Something in a rule file is wrong.
    Rules {
        /// Its name, as the test file has it.
        file: String,
        /// Its text.
        text: String,
        /// What is wrong in it.
        errors: Vec<SettingError>,
    },
}

/// Runs the tests of a file. `load` gives the text of a rule file that the test file names, or why it can't.
pub fn check(text: &str, load: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<Vec<TestResult>, CheckError> {
    let file = file::read(text, load)?;
    let mut results: Vec<TestResult> = file.cases.iter().map(case::run).collect();
    results.extend(file.tests.iter().map(|test| run::run(test, &file.definitions)));
    results.sort_by_key(|result| result.line);
    Ok(results)
}

/// The line of a byte of a text, from 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}
