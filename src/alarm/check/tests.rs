//! Keytide's own rules, in the language of rule tests; and what the language itself promises.

use super::notation::{read_bands, read_values};
use super::{CheckError, TestResult, check};

fn run(text: &str) -> Result<Vec<TestResult>, CheckError> {
    check(text, &mut |file| Err(format!("there is no file {file}")))
}

fn failures(results: &[TestResult]) -> Vec<String> {
    let told = |result: &TestResult| {
        let name = result.name.clone();
        result.failures.clone().into_iter().map(move |failure| format!("{name}: {failure:?}"))
    };
    results.iter().flat_map(told).collect()
}

#[test]
fn every_rule_file_of_the_house_passes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut expectations = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let results = run(&text).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
        assert_eq!(failures(&results), Vec::<String>::new(), "{}", path.display());
        expectations += results.iter().map(|result| result.expectations).sum::<usize>();
    }
    assert!(expectations > 100, "only {expectations} expectations were found");
}

#[test]
fn a_row_that_is_wrong_fails_with_its_line() {
    let results = run("[[case]]\ndata = \"- - - - -\"\nmissing = \"OK\"\nignore = \"keep\"\n").unwrap();
    let [result] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(result.name, "- - - - -, 3 of 3");
    assert_eq!(result.expectations, 2);
    // From each of the three states.
    assert_eq!(result.failures.len(), 3);
    let failure = &result.failures[0];
    assert_eq!((failure.line, failure.alarm.as_str()), (3, "missing"));
    assert_eq!((failure.expected.as_str(), failure.found.as_str()), ("OK after OK", "INSUFFICIENT_DATA"));
}

#[test]
fn an_expectation_that_is_not_met_says_what_is() {
    let text = r#"
        [[alarm]]
        name = "busy"
        comparison_operator = "GreaterThanThreshold"
        threshold = 10
        period = "1m"

        [[test]]
        name = "quiet"
        series = [{ key = "arn:aws:kms:us-east-1:111122223333:key/a", operation = "Decrypt", values = "3x4" }]
        expect = [
            { at = "2m", alarm = "busy", state = "OK" },
            { at = "3m", alarm = "busy", state = "ALARM", reason = "9.0" },
        ]
    "#;
    let results = run(text).unwrap();
    let [failure] = results[0].failures.as_slice() else { panic!("{results:?}") };
    assert_eq!((failure.line, failure.at.as_str(), failure.alarm.as_str()), (13, "3m", "busy"));
    assert_eq!(failure.expected, "ALARM and a reason with `9.0`");
    // Since the state is that of the first value, so is its reason.
    let reason = "Threshold Crossed: 1 datapoint [3.0 (05/01/26 00:00:00)] was not greater than the threshold (10.0).";
    assert_eq!(failure.found, format!("OK: {reason}"));
}

#[test]
fn values_are_written_as_in_promtool() {
    let values = |text: &str| read_values(text).unwrap();
    // The examples of Prometheus's documentation, "Unit testing for rules".
    let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    assert_eq!(values("-2+4x3"), some(&[-2.0, 2.0, 6.0, 10.0]));
    assert_eq!(values("1-2x4"), some(&[1.0, -1.0, -3.0, -5.0, -7.0]));
    assert_eq!(values("1x4"), some(&[1.0, 1.0, 1.0, 1.0, 1.0]));
    assert_eq!(values("1 _x3 4"), [Some(1.0), None, None, None, Some(4.0)]);
    assert_eq!(values("_ 2.5"), [None, Some(2.5)]);
    for wrong in ["five", "1+x3", "1+2", "x3", "1x", "1x-2", "NaN", "1x999999999"] {
        assert!(read_values(wrong).is_err(), "{wrong}");
    }
    assert_eq!(
        read_bands("0..10x2 _ 2..2.5").unwrap(),
        [Some((0.0, 10.0)), Some((0.0, 10.0)), Some((0.0, 10.0)), None, Some((2.0, 2.5)),]
    );
    for wrong in ["5", "5..", "6..5", "..", "0..1x"] {
        assert!(read_bands(wrong).is_err(), "{wrong}");
    }
}

/// Of a file with one error: the text that is marked, and the message.
fn wrong(text: &str) -> (String, String) {
    match run(text) {
        Err(CheckError::Test(errors)) => {
            let [error] = errors.as_slice() else { panic!("{errors:?}") };
            (text[error.span.clone()].to_owned(), error.message.clone())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_wrong_in_a_file_is_marked() {
    let alarm = "[[alarm]]\nname = 'a'\ncomparison_operator = 'GreaterThanThreshold'\nthreshold = 1\nperiod = '5m'\n";
    let test =
        |series: &str, expect: &str| format!("{alarm}[[test]]\nname = 't'\nseries = [{series}]\nexpect = [{expect}]\n");
    let cases = [
        ("[[case]]\ndata = '0 1'\n".to_owned(), "'0 1'", "`1` is no period of a case"),
        ("[[case]]\ndata = '0'\nmissing = 'FINE'\n".to_owned(), "'FINE'", "`FINE` is no state"),
        ("[[case]]\ndata = '0'\ndatapoints_to_alarm = 4\n".to_owned(), "4", "must be 1 to 3"),
        ("[[case]]\ndata = '0 0 0 0 0 0'\n".to_owned(), "'0 0 0 0 0 0'", "only 5 are looked at"),
        (test("{ values = '1 2y 3' }", ""), "2y", "`2y` is no value"),
        (test("{ values = '1', band = '3..1' }", ""), "3..1", "lower edge above"),
        (test("", "{ at = '90s', alarm = 'a' }"), "'90s'", "every 60 s"),
        (test("", "{ at = '1m', alarm = 'b' }"), "'b'", "there is no alarm `b`"),
        ("rules = ['gone.toml']\n".to_owned(), "'gone.toml'", "there is no file gone.toml"),
        ("[[tset]]\n".to_owned(), "tset", "unknown field"),
    ];
    for (text, marked, said) in cases {
        let (place, message) = wrong(&text);
        assert_eq!(place, marked, "{message}");
        assert!(message.contains(said), "{message}");
    }
    let text = test("", "{ at = '2m', alarm = 'a' }").replace("name = 't'\n", "name = 't'\nperiod = '2m'\n");
    assert_eq!(wrong(&text).1, "`a` has a period of 5m: write `period = \"5m\"` in this test");
}

#[test]
fn rules_come_from_other_files_whose_other_settings_do_not_matter() {
    let rules = "[daemon]\nx = 1\n[[alarm]]\nname = 'a'\ncomparison_operator = 'LessThanThreshold'\nthreshold = 1\nperiod = '1m'\n";
    let text = "rules = ['keytide.toml']\n[[test]]\nname = 'dead'\nseries = [{ values = '1 0' }]\n\
                expect = [{ at = '1m', alarm = 'a', state = 'OK' }, { at = '2m', alarm = 'a', state = 'ALARM' }]\n";
    let results = check(text, &mut |file| (file == "keytide.toml").then(|| rules.to_owned()).ok_or(String::new()));
    assert_eq!(failures(&results.unwrap()), Vec::<String>::new());
    let broken = check(text, &mut |_| Ok(rules.replace("'1m'", "'45s'")));
    match broken {
        Err(CheckError::Rules { file, text, errors }) => {
            assert_eq!(file, "keytide.toml");
            assert_eq!(&text[errors[0].span.clone()], "'45s'");
        }
        other => panic!("{other:?}"),
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_values_or_an_error_at_a_place_in_it(text in "[0-9x_+.\\- e]{0,30}") {
        for error in [read_values(&text).err(), read_bands(&text).err()].into_iter().flatten() {
            proptest::prop_assert!(text.get(error.span).is_some_and(|place| !place.is_empty()));
        }
    }
}

/// The blocks of TOML in the page about alarms.
fn documented() -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/alarms.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.collect()
}

#[test]
fn the_examples_of_the_documentation_are_true() {
    let blocks = documented();
    let (tests, settings): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|block| block.contains("[[test]]") || block.contains("[[case]]"));
    assert_eq!((tests.len(), settings.len()), (2, 3));
    for text in tests {
        let text = text.replace("rules = [\"keytide.toml\"]", "");
        assert_eq!(failures(&run(&text).unwrap()), Vec::<String>::new(), "{text}");
    }
    // One file together.
    assert_eq!(run(&settings.concat()), Ok(Vec::new()));
}
