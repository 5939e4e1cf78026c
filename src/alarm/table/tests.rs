//! What may be written, and what is said of what may not.

use super::{AlarmTables, Definitions, duration};
use crate::alarm::{BandOperator, Condition, Keys, Operator, Schedule, Severity, TreatMissingData};
use crate::domain::{Operation, Outcome, SettingError};

fn read(text: &str) -> Result<Definitions, Vec<SettingError>> {
    let tables: AlarmTables = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    tables.read()
}

/// A metric alarm named `a`, with more settings.
fn alarm(more: &str) -> String {
    format!("[[alarm]]\nname = 'a'\nperiod = '5m'\n{more}\n")
}

fn busy(more: &str) -> String {
    alarm(&format!("comparison_operator = 'GreaterThanThreshold'\nthreshold = 10\n{more}"))
}

/// Of a text with one error: what is marked, and what is said.
fn wrong(text: &str) -> (String, String) {
    let errors = read(text).expect_err(text);
    let [error] = errors.as_slice() else { panic!("{text}: {errors:?}") };
    (text[error.span.clone()].to_owned(), error.message.clone())
}

#[test]
fn an_alarm_is_what_is_written() {
    let text = busy(
        "description = 'many calls'\nseverity = 'warning'\ntags = { team = 'x' }\nactions_enabled = false\n\
         alarm_actions = ['pager', 'chat']\nok_actions = ['chat']\nmetric = 'DeniedRequest'\n\
         operations = ['Decrypt', 'ReEncrypt']\nkey = 'arn:aws:kms:*:111122223333:key/*'\nevaluation_periods = 3\n\
         datapoints_to_alarm = 2\ntreat_missing_data = 'notBreaching'\n",
    );
    let definitions = read(&text).unwrap();
    let alarm = &definitions.alarms[0];
    assert_eq!((alarm.severity, alarm.actions_enabled), (Severity::Warning, false));
    assert_eq!(alarm.alarm_actions, ["pager", "chat"]);
    let routes: Vec<&str> = definitions.routes.iter().map(|(_, span)| &text[span.clone()]).collect();
    assert_eq!(routes, ["'chat'", "'pager'", "'chat'"]);
    let metric = alarm.metric().unwrap();
    assert_eq!(metric.watched.metric, Outcome::Denied);
    assert_eq!(metric.watched.operations, [Operation::Decrypt, Operation::ReEncrypt]);
    assert!(matches!(&metric.watched.keys, Keys::Matching(pattern) if pattern.as_str().ends_with("key/*")));
    assert!(metric.is_multi_series());
    let threshold = Condition::Threshold { operator: Operator::GreaterThanThreshold, threshold: 10.0 };
    assert_eq!(metric.condition, threshold);
    assert_eq!((metric.period_seconds, metric.evaluation_periods, metric.datapoints_to_alarm), (300, 3, Some(2)));
    assert_eq!(metric.treat_missing_data, Some(TreatMissingData::NotBreaching));
}

#[test]
fn what_is_left_out_has_its_usual_value() {
    let definitions = read(&busy("")).unwrap();
    let alarm = &definitions.alarms[0];
    assert_eq!((alarm.severity, alarm.actions_enabled), (Severity::Critical, true));
    let metric = alarm.metric().unwrap();
    assert_eq!((metric.watched.metric, &metric.watched.keys), (Outcome::Successful, &Keys::Together));
    assert_eq!((metric.evaluation_periods, metric.datapoints_to_alarm, metric.treat_missing_data), (1, None, None));
    assert_eq!(metric.rule().treat_missing_data, TreatMissingData::Missing);
    let band = read(&alarm_with_band()).unwrap();
    let both = BandOperator::LessThanLowerOrGreaterThanUpperThreshold;
    assert_eq!(band.alarms[0].metric().unwrap().condition, Condition::Band { operator: both, deviations: 2.5 });
}

fn alarm_with_band() -> String {
    alarm("every_series = true\nband = 2.5")
}

#[test]
fn keys_that_are_named_are_told_with_their_place() {
    let text = busy("key = 'arn:aws:kms:eu-west-1:111122223333:key/a'");
    let definitions = read(&text).unwrap();
    let [(key, span)] = definitions.keys.as_slice() else { panic!("{:?}", definitions.keys) };
    assert_eq!(key, "arn:aws:kms:eu-west-1:111122223333:key/a");
    assert_eq!(&text[span.clone()], format!("'{key}'"));
}

#[test]
fn what_cloudwatch_refuses_is_refused_in_its_words() {
    let day = "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) for alarms using period < 3600";
    let week = "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) for alarms using period >= 3600";
    let treat = "Supported values for TreatMissingData are breaching, notBreaching, ignore, and missing.";
    let period = "Period must be 10, 20, 30 or a multiple of 60";
    for (text, marked, said) in [
        (busy("treat_missing_data = 'never'"), "'never'", treat),
        (busy("").replace("5m", "45s"), "'45s'", period),
        (busy("").replace("5m", "90s"), "'90s'", period),
        (busy("").replace("5m", "0s"), "'0s'", period),
        (busy("evaluation_periods = 289"), "289", day),
        (busy("evaluation_periods = 8").replace("5m", "1d"), "8", week),
        (
            busy("key = '*'\ninsufficient_data_actions = ['pager']"),
            "'pager'",
            "InsufficientData actions are not supported for contributor-level action types in Multi Time Series alarms",
        ),
    ] {
        assert_eq!(wrong(&text), (marked.to_owned(), said.to_owned()));
    }
    assert!(read(&busy("evaluation_periods = 288")).is_ok());
    assert!(read(&busy("evaluation_periods = 7").replace("5m", "1d")).is_ok());
}

#[test]
fn what_is_wrong_is_marked_with_what_to_do() {
    let no_threshold = alarm("comparison_operator = 'GreaterThanThreshold'");
    let no_period = busy("").replace("period = '5m'\n", "");
    for (text, marked, said) in [
        (busy("evaluation_periods = 3\ndatapoints_to_alarm = 4"), "4", "more than the 3 evaluation_periods"),
        (busy("evaluation_periods = 0"), "0", "1 or more"),
        (busy("datapoints_to_alarm = -1"), "-1", "1 or more"),
        (busy("").replace("5m", "10s"), "'10s'", "counted by the minute"),
        (busy("").replace("5m", "5 min"), "'5 min'", "a whole number and s, m, h, d or w"),
        (no_period, "'a'", "should have a Period parameter"),
        (no_threshold, "'a'", "should have valid Threshold parameter"),
        (alarm("threshold = 1"), "'a'", "should have a valid ComparisonOperator parameter"),
        (alarm("threshold = 1\ncomparison_operator = '>'"), "'>'", "`>` is none of GreaterThanThreshold, "),
        (
            alarm("threshold = 1\ncomparison_operator = 'GreaterThanUpperThreshold'"),
            "'GreaterThanUpperThreshold'",
            "write `band = 2`",
        ),
        (alarm("band = 2\ncomparison_operator = 'LessThanThreshold'"), "'LessThanThreshold'", "no operator of a band"),
        (busy("band = 2"), "2", "exclude each other"),
        (busy("").replace("10", "nan"), "nan", "must be a number"),
        (alarm("band = 0"), "0", "above 0"),
        (alarm("comparison_operator = 'GreaterThanThreshold'\nquota_share = 80"), "80", "write 0.8 for 80 %"),
        (
            alarm("comparison_operator = 'GreaterThanThreshold'\nquota_share = 0.8\nkey = '*'"),
            "'*'",
            "belongs to an account",
        ),
        (
            alarm("comparison_operator = 'GreaterThanThreshold'\nquota_share = 0.8\noperations = ['Sign']"),
            "'Sign'",
            "not to a key, caller, metric or operation",
        ),
        (
            alarm("comparison_operator = 'GreaterThanThreshold'\nquota_share = 0.8\nquota_pool = 'symmetric'"),
            "'symmetric'",
            "no quota pool is called 'symmetric'; there are Symmetric, RSA, ",
        ),
        (alarm("band = 2").replace("5m", "7m"), "'7m'", "must divide a day"),
        (busy("quota_pool = 'RSA'"), "'RSA'", "go with `quota_share` only"),
        (busy("operations = ['Decrypt', 'decrypt']"), "'decrypt'", "there are Decapsulate, Decrypt, "),
        (busy("operations = ['GenerateRandom']"), "'GenerateRandom'", "no operation `GenerateRandom` on keys"),
        (busy("metric = 'Requests'"), "'Requests'", "there are SuccessfulRequest, ThrottledRequest, "),
        (busy("key = '1234abcd'"), "'1234abcd'", "write its ARN"),
        (busy("key = '*'\nevery_series = true"), "'*'", "exclude each other"),
        (busy("caller = '*role/etl'").replace("5m", "1m"), "'*role/etl'", "must be a multiple of 300s, not 60s"),
        (busy("resource = 'bucket'").replace("5m", "4m"), "'bucket'", "must be a multiple of 300s, not 240s"),
        (busy("alarm_actions = ['1','2','3','4','5','6']"), "'6'", "at most 5 routes"),
        (busy("").replace("'a'", "''"), "''", "1 to 255 characters"),
        (busy("") + &busy(""), "'a'", "another alarm named `a`"),
    ] {
        let (place, message) = wrong(&text);
        assert_eq!(place, marked, "{text}{message}");
        assert!(message.contains(said), "{text}{message}");
    }
}

#[test]
fn every_error_of_a_text_is_told_in_order() {
    let text = busy("operations = ['X']\ndatapoints_to_alarm = 9\ntreat_missing_data = 'Y'")
        + &busy("metric = 'Z'").replace("'a'", "'b'");
    let marked: Vec<String> = read(&text).unwrap_err().into_iter().map(|error| text[error.span].to_owned()).collect();
    assert_eq!(marked, ["'X'", "9", "'Y'", "'Z'"]);
}

fn composite(name: &str, rule: &str, more: &str) -> String {
    format!("[[composite_alarm]]\nname = '{name}'\nalarm_rule = '{rule}'\n{more}\n")
}

#[test]
fn composites_come_after_what_they_name() {
    let text = composite("top", "ALARM(middle)", "") + &composite("middle", "ALARM(a)", "") + &busy("");
    let names: Vec<String> = read(&text).unwrap().alarms.into_iter().map(|alarm| alarm.name).collect();
    assert_eq!(names, ["a", "middle", "top"]);
}

#[test]
fn what_is_wrong_in_a_composite_is_marked() {
    let held = "actions_suppressor = 'a'\nactions_suppressor_wait_period = '1m'\n";
    for (text, marked, said) in [
        (composite("c", "ALARM(a) AND OK(gone)", "") + &busy(""), "gone", "there is no alarm `gone`"),
        (composite("c", "ALARM(a) or OK(a)", "") + &busy(""), "or", "expected AND, OR or the end"),
        (composite("c", "ALARM(a)", held) + &busy(""), "'a'", "needs `actions_suppressor_extension_period` too"),
        (
            composite("c", "ALARM(a)", "actions_suppressor_wait_period = '1m'") + &busy(""),
            "'1m'",
            "needs an `actions_suppressor`",
        ),
        (composite("a", "ALARM(a)", ""), "'ALARM(a)'", "in a circle: a -> a"),
        (
            composite("x", "ALARM(y)", "") + &composite("y", "OK(z)", "") + &composite("z", "OK(x)", ""),
            "'ALARM(y)'",
            "in a circle: x -> y -> z -> x",
        ),
        (composite("a", "TRUE", "") + &busy(""), "'a'", "another alarm named `a`"),
    ] {
        let (place, message) = wrong(&text);
        assert!(message.contains(said), "{text}{message}");
        assert_eq!(place, marked, "{text}{message}");
    }
    // A suppressor is a dependence too.
    let suppressor =
        "actions_suppressor = 'd'\nactions_suppressor_wait_period = '1m'\nactions_suppressor_extension_period = '0s'\n";
    let text = composite("c", "TRUE", suppressor) + &composite("d", "ALARM(c)", "");
    assert!(wrong(&text).1.contains("c -> d -> c"));
}

fn mute(schedule: &str, duration: &str, more: &str) -> String {
    format!("[[mute]]\nname = 'm'\nschedule = '{schedule}'\nduration = '{duration}'\n{more}\n")
}

#[test]
fn mute_rules_are_read_with_their_time_zone() {
    let text = mute("at(2026-07-01T20:00)", "4h", "alarms = ['*']\ntimezone = 'Europe/Berlin'\nexpire = '2026-07-02'");
    let rule = &read(&text).unwrap().mutes[0];
    let second = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp();
    assert!(matches!(rule.schedule, Schedule::At(start) if start == second("2026-07-01T18:00:00Z")));
    assert_eq!((rule.duration_seconds, rule.expire), (14_400, Some(second("2026-07-01T22:00:00Z"))));
    // In all forms in which [[maintenance]] takes them, TOML's own among them.
    for start in ["2026-07-01", "2026-07-01T00:00:00", "'2026-07-01 00:00:00'", "'2026-07-01T00:00+02:00'"] {
        let more = format!("alarms = ['*']\ntimezone = 'Europe/Berlin'\nstart = {start}");
        let rule = &read(&mute("at(2026-07-01 20:00)", "4h", &more)).unwrap().mutes[0];
        assert_eq!(rule.start, Some(second("2026-06-30T22:00:00Z")), "{start}");
    }
}

#[test]
fn the_incidents_of_the_watch_are_muted_by_their_names() {
    for (alarms, incident) in [("keytide-incident-*", 7), ("keytide-*", 7), ("keytide-incident-7", 7), ("*", 1)] {
        let text = mute("cron(0 2 * * 1)", "4h", &format!("alarms = ['{alarms}']"));
        let rule = &read(&text).unwrap().mutes[0];
        assert!(rule.concerns(&format!("keytide-incident-{incident}")), "{alarms}");
    }
    let text = mute("cron(0 2 * * 1)", "4h", "alarms = ['keytide-incident-*']");
    assert!(!read(&text).unwrap().mutes[0].concerns("busy"));
}

#[test]
fn what_is_wrong_in_a_mute_rule_is_marked() {
    let all = "alarms = ['*']";
    for (text, marked, said) in [
        (mute("cron(0 2 * *)", "4h", all), "'cron(0 2 * *)'", "five fields"),
        (mute("cron(0 0 2 * * 1)", "4h", all), "'cron(0 0 2 * * 1)'", "five fields"),
        (mute("cron(61 2 * * 1)", "4h", all), "'cron(61 2 * * 1)'", "`61 2 * * 1` is no schedule"),
        (mute("cron(@daily)", "4h", all), "'cron(@daily)'", "five fields"),
        (mute("at(tomorrow)", "4h", all), "'at(tomorrow)'", "`tomorrow` is no time; write 2026-11-01"),
        (mute("daily", "4h", all), "'daily'", "cron(MINUTE HOUR DAY MONTH WEEKDAY)"),
        (mute("cron(0 2 * * 1)", "16d", all), "'16d'", "1m to 15d"),
        (mute("cron(0 2 * * 1)", "59s", all), "'59s'", "1m to 15d"),
        (mute("cron(0 2 * * 1)", "4h", "alarms = []"), "[]", "mutes no alarm"),
        (mute("cron(0 2 * * 1)", "4h", "alarms = ['gone']"), "'gone'", "there is no alarm `gone`"),
        (
            mute("cron(0 2 * * 1)", "4h", &format!("{all}\ntimezone = 'Berlin'")),
            "'Berlin'",
            "did you mean `Europe/Berlin`?",
        ),
        (mute("cron(0 2 * * 1)", "4h", &format!("{all}\nstart = 'soon'")), "'soon'", "is no time"),
        (
            mute("cron(0 2 * * 1)", "4h", &format!("{all}\nstart = '2026-01-02'\nexpire = '2026-01-01'")),
            "'2026-01-01'",
            "expires before it starts",
        ),
    ] {
        let (place, message) = wrong(&text);
        assert_eq!(place, marked, "{text}{message}");
        assert!(message.contains(said), "{text}{message}");
    }
    let two = mute("cron(0 2 * * 1)", "4h", all).repeat(2);
    assert!(wrong(&two).1.contains("another mute rule named `m`"));
}

#[test]
fn durations_have_the_units_of_all_settings() {
    assert_eq!(["300s", "5m", "2d", "1w"].map(duration), [Ok(300), Ok(300), Ok(172_800), Ok(604_800)]);
    for wrong in ["", "5", "1.5h", "99999999d"] {
        assert!(duration(wrong).is_err_and(|error| error.starts_with(&format!("`{wrong}` is "))), "{wrong}");
    }
    let text = mute("cron(0 2 * * 1)", "1w", "alarms = ['*']");
    assert_eq!(read(&text).unwrap().mutes[0].duration_seconds, 604_800);
}

#[test]
fn alarms_that_are_defined_elsewhere_can_be_named() {
    let text = composite("c", "ALARM(anomalies)", "") + &mute("cron(0 2 * * 1)", "4h", "alarms = ['anomalies']");
    let tables = || toml::from_str::<AlarmTables>(&text).unwrap();
    assert!(tables().read_beside(&["anomalies"]).is_ok());
    assert_eq!(tables().read().unwrap_err().len(), 2);
    let taken: AlarmTables = toml::from_str(&busy("")).unwrap();
    assert!(taken.read_beside(&["a"]).unwrap_err()[0].message.contains("another alarm named `a`"));
}
