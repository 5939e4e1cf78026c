//! `keytide alarms check`: an operator's own tests of alarm rules.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::alarm::{CheckError, Failure as Unmet, TestResult, check};
use crate::cli::Global;
use crate::cli::exit::{Exit, Failure};
use crate::config::ConfigErrors;
use crate::domain::{SettingError, counted};

/// Flags of `keytide alarms check`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Files of tests; docs/alarms.md describes them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people: one line a test, and what failed.
    Table,
    /// One array of objects, one a test.
    Json,
}

/// A file, and what its tests found, or why they can't be run.
type Checked = (String, Result<Vec<TestResult>, String>);

/// Runs the tests of all files. The exit code is that of a failure if a test fails or a file can't be run.
pub(in crate::cli) fn run(args: &Args, _global: &Global) -> Result<Exit, Failure> {
    let checked: Vec<Checked> = args.files.iter().map(|file| (file.display().to_string(), check_file(file))).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        Output::Table => write_table(&checked, &mut out)?,
        Output::Json => write_json(&checked, &mut out)?,
    }
    out.flush()?;
    for (_, result) in &checked {
        if let Err(message) = result {
            eprint!("{message}");
        }
    }
    let passes = |(_, result): &Checked| {
        result.as_ref().is_ok_and(|results| results.iter().all(|result| result.failures.is_empty()))
    };
    Ok(if checked.iter().all(passes) { Exit::Success } else { Exit::Failure })
}

/// Rule files lie beside the file that names them.
fn check_file(file: &Path) -> Result<Vec<TestResult>, String> {
    let shown = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| format!("error: {shown} can't be read: {error}\n"))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut load = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{} can't be read: {error}", path.display()))
    };
    let results = check(&text, &mut load).map_err(|error| match error {
        CheckError::Test(errors) => told(&shown, &text, errors),
        CheckError::Rules { file, text, errors } => told(&folder.join(file).display().to_string(), &text, errors),
    })?;
    match results.is_empty() {
        true => Err(format!("error: {shown} has no [[test]] and no [[case]]\n")),
        false => Ok(results),
    }
}

/// Errors with their lines, in which secrets are not shown.
fn told(file: &str, text: &str, errors: Vec<SettingError>) -> String {
    let errors = ConfigErrors::in_file(file, text, errors);
    errors.0.iter().map(|error| format!("error: {error}\n")).collect()
}

fn write_table(checked: &[Checked], out: &mut impl Write) -> io::Result<()> {
    let (mut tests, mut failed) = (0, 0);
    for (file, result) in checked {
        for test in result.iter().flatten() {
            tests += 1;
            failed += usize::from(!test.failures.is_empty());
            let word = if test.failures.is_empty() { "ok  " } else { "FAIL" };
            let expectations = counted(test.expectations as u64, "expectation", "expectations");
            writeln!(out, "{word}  {file}:{}  {} ({expectations})", test.line, test.name)?;
            for unmet in &test.failures {
                writeln!(out, "      {file}:{}  {}", unmet.line, sentence(unmet))?;
            }
        }
    }
    writeln!(out, "{}, {failed} failed", counted(tests, "test", "tests"))
}

/// `at 10m busy: expected ALARM, is OK: Threshold Crossed: …`
fn sentence(unmet: &Unmet) -> String {
    let at = if unmet.at.is_empty() { String::new() } else { format!("at {} ", unmet.at) };
    format!("{at}{}: expected {}, is {}", unmet.alarm, unmet.expected, unmet.found)
}

fn write_json(checked: &[Checked], out: &mut impl Write) -> io::Result<()> {
    let rows = checked.iter().flat_map(|(file, result)| match result {
        Ok(results) => results.iter().map(|test| row(file, test)).collect(),
        Err(message) => vec![json!({"file": file, "error": message.trim_end()})],
    });
    let rows: Vec<String> = rows.map(|row| row.to_string()).collect();
    writeln!(out, "[{}]", rows.join(",\n "))
}

fn row(file: &str, test: &TestResult) -> Value {
    let unmet = |unmet: &Unmet| {
        json!({
            "line": unmet.line, "at": unmet.at, "alarm": unmet.alarm, "expected": unmet.expected, "found": unmet.found,
        })
    };
    json!({
        "file": file, "line": test.line, "name": test.name, "passed": test.failures.is_empty(),
        "expectations": test.expectations, "failures": test.failures.iter().map(unmet).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALARM: &str = "[[alarm]]\nname = 'busy'\nperiod = '1m'\nthreshold = 10\n\
                         comparison_operator = 'GreaterThanThreshold'\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn table(folder: &tempfile::TempDir, file: &str) -> String {
        let result = check_file(&folder.path().join(file));
        let mut out = Vec::new();
        write_table(&[(file.to_owned(), result)], &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_test_is_a_line_and_what_failed_has_its_own() {
        let tests = "rules = ['keytide.toml']\n[[test]]\nname = 'calm'\nseries = [{ values = '1 20' }]\n\
                     expect = [\n  { at = '1m', alarm = 'busy', state = 'OK' },\n  { at = '2m', alarm = 'busy', state = 'OK' },\n]\n";
        let folder = folder(&[("keytide.toml", ALARM), ("rules.toml", tests)]);
        let reason = "Threshold Crossed: 1 datapoint [20.0 (05/01/26 00:01:00)] was greater than the threshold (10.0).";
        let expected = format!(
            "FAIL  rules.toml:3  calm (2 expectations)\n      rules.toml:7  at 2m busy: expected OK, is ALARM: {reason}\n1 test, 1 failed\n"
        );
        assert_eq!(table(&folder, "rules.toml"), expected);
    }

    #[test]
    fn what_is_wrong_is_shown_with_its_line() {
        let folder = folder(&[
            ("keytide.toml", &ALARM.replace("1m", "45s")),
            ("rules.toml", "rules = ['keytide.toml']\n"),
            ("gone.toml", "rules = ['none.toml']\n"),
            ("empty.toml", ALARM),
        ]);
        let error = |file: &str| check_file(&folder.path().join(file)).unwrap_err();
        let expected = "keytide.toml:3: Period must be 10, 20, 30 or a multiple of 60\n  3 | period = '45s'\n    |          ^^^^^\n";
        assert!(error("rules.toml").ends_with(expected), "{}", error("rules.toml"));
        assert!(error("gone.toml").contains("gone.toml:1: ") && error("gone.toml").contains("none.toml can't be read"));
        assert!(error("empty.toml").contains("has no [[test]] and no [[case]]"));
        assert!(error("absent.toml").contains("absent.toml can't be read"));
    }

    #[test]
    fn no_error_repeats_a_secret_of_a_rule_file() {
        for line in ["password = \"s3cret", "routing_key = s3cret", "Cookie = \"s3cret\" x"] {
            let rules = format!("{ALARM}[[route]]\nname = 'ops'\n{line}\n");
            let folder = folder(&[("keytide.toml", &rules), ("rules.toml", "rules = ['keytide.toml']\n")]);
            let error = check_file(&folder.path().join("rules.toml")).unwrap_err();
            assert!(error.contains("keytide.toml:8: ") && error.contains("***"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn json_has_a_row_a_test() {
        let result = check("[[case]]\ndata = 'X'\nmissing = 'OK'\n", &mut |_| Err(String::new())).unwrap();
        let checked = [("a.toml".to_owned(), Ok(result)), ("b.toml".to_owned(), Err("error: no\n".to_owned()))];
        let mut out = Vec::new();
        write_json(&checked, &mut out).unwrap();
        let rows: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(rows[0]["passed"], false);
        assert_eq!(rows[0]["name"], "X, 3 of 3");
        assert_eq!(rows[0]["failures"][0]["line"], 3);
        assert_eq!(rows[1], json!({"file": "b.toml", "error": "error: no"}));
    }
}
