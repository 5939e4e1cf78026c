//! Settings as they should be, and each way in which they can be wrong.

use std::path::Path;
use std::time::Duration;

use chrono_tz::Tz;

use super::fields::fields_of;
use super::parse::TOP;
use super::tables::SCALAR_SECTIONS;
use super::{CommonSettings, Config, Keep, LogFormat, LogLevel, Outside, SourceSettings, parse, parse_common};
use crate::alarm::{AlarmTable, CompositeAlarmTable, MuteTable};
use crate::domain::Outcome;
use crate::publish::RouteTable;
use crate::report::ReportTable;
use crate::tariff::{PriceTable, QuotaTable};

const EXAMPLE: &str = include_str!("../../keytide.example.toml");

fn good(text: &str) -> Config {
    parse(text, "keytide.toml", &Outside::NOTHING).unwrap_or_else(|errors| panic!("{errors}"))
}

/// All that is said of a text.
fn wrong(text: &str) -> String {
    parse(text, "keytide.toml", &Outside::NOTHING).expect_err("this is wrong").to_string()
}

fn with(text: &str, variable: &str, value: &str) -> Result<Config, String> {
    let variables = [(variable.to_owned(), value.to_owned())];
    let outside = Outside { variables: &variables, ..Outside::NOTHING };
    parse(text, "keytide.toml", &outside).map_err(|errors| errors.to_string())
}

fn shown(config: &Config) -> String {
    format!("{config:#?}")
}

/// The example with its settings that have no default.
fn full_example() -> String {
    let is_setting = |line: &str| line.starts_with(|c: char| c == '[' || c.is_ascii_lowercase());
    let each = EXAMPLE.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if is_setting(rest) => rest,
        _ => line,
    });
    each.map(|line| format!("{line}\n")).collect()
}

#[test]
fn nothing_and_the_example_are_the_defaults() {
    assert_eq!(shown(&good("")), shown(&Config::default()));
    assert_eq!(shown(&good(EXAMPLE)), shown(&Config::default()));
}

#[test]
fn the_example_has_every_setting_and_its_variable() {
    let text = full_example();
    let lists = |path: &Path| match path.to_str() {
        Some("prices.toml") => Ok(include_str!("../../assets/prices.toml").to_owned()),
        Some("quotas.toml") => Ok(include_str!("../../assets/quotas.toml").to_owned()),
        other => Err(format!("{other:?} is not in the example")),
    };
    let config = parse(&text, "keytide.example.toml", &Outside { read: &lists, ..Outside::NOTHING });
    let config = config.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!((config.alarms.len(), config.mutes.len(), config.routes.len(), config.reports.len()), (6, 1, 7, 2));
    let table: toml::Table = text.parse().unwrap();
    for name in TOP {
        assert!(table.contains_key(*name), "{name}");
    }
    for (section, fields) in SCALAR_SECTIONS {
        for field in fields() {
            let value =
                table[*section].get(field).unwrap_or_else(|| panic!("[{section}] {field} is not in the example"));
            let variable = format!("KEYTIDE_{section}__{field}").to_uppercase();
            assert!(value.is_array() || text.contains(&format!("{variable}\n")), "{variable}");
        }
    }
    let of_lists = [
        ("alarm", fields_of::<AlarmTable>()),
        ("composite_alarm", fields_of::<CompositeAlarmTable>()),
        ("mute", fields_of::<MuteTable>()),
        ("route", fields_of::<RouteTable>()),
        ("report", fields_of::<ReportTable>()),
        ("prices", fields_of::<PriceTable>()),
        ("quotas", fields_of::<QuotaTable>()),
    ];
    for (section, fields) in of_lists {
        for field in fields {
            let has = |entry: &toml::Value| entry.get(field).is_some();
            let is_there = match &table[section] {
                toml::Value::Array(entries) => entries.iter().any(has),
                entry => has(entry),
            };
            // A file of certificates is read at once, and there is none beside the example.
            let is_told = *field == "ca_file" && text.contains("# ca_file = ");
            assert!(is_there || is_told, "{section}: {field} is not in the example");
        }
    }
}

#[test]
fn settings_are_taken_over() {
    let config = good(
        r#"
        data_dir = "store"
        timezone = "Europe/Berlin"
        [[source]]
        kind = "folder"
        path = "logs"
        [[maintenance]]
        start = "2026-11-28 22:00"
        end = 2026-11-29T01:00:00Z
        [watch]
        period = "1m"
        metrics = ["DeniedRequest"]
        [daemon]
        keep_callers = "90d"
        settle_for = "10s"
        [serve]
        address = "[::1]:0"
        [log]
        level = "debug"
        format = "json"
        "#,
    );
    assert_eq!(config.data_dir, Some("store".into()));
    assert_eq!(config.sources, [SourceSettings::Folder { path: "logs".into() }]);
    // 22:00 in Berlin in winter is 21:00 UTC: `date -u -d 2026-11-28T21:00Z +%s`.
    assert_eq!(config.watch.maintenance, [(1_795_899_600, 1_795_914_000)]);
    assert_eq!((config.watch.zone, config.watch.period_seconds), (Tz::Europe__Berlin, 60));
    assert_eq!(config.watch.metrics, [Outcome::Denied]);
    assert_eq!(config.daemon.keep_callers, Keep::Days(90));
    assert_eq!(config.daemon.settle_for, Duration::from_secs(10));
    assert_eq!(config.serve.map(|address| address.to_string()), Some("[::1]:0".to_owned()));
    assert_eq!((config.log.level, config.log.format), (LogLevel::Debug, LogFormat::Json));
    assert_eq!(good("[serve]\naddress = \"off\"").serve, None);
}

#[test]
fn an_error_names_the_line_and_shows_it_with_a_mark() {
    let said = wrong("timezone = \"UTC\"\n\n[watch]\nperoid = \"5m\"\n");
    let expected =
        "keytide.toml:4: unknown setting `peroid`; did you mean `period`?\n  4 | peroid = \"5m\"\n    | ^^^^^^";
    assert_eq!(said, expected);
}

#[test]
fn all_errors_are_said_at_once_in_the_order_of_the_file() {
    let said = wrong(
        "timezone = \"Europe/Berlim\"\nport = 1\n[watch]\nperiod = \"7m\"\nfalse_pages_per_week = \"one\"\nmetric = 1\n\
         [serve]\naddress = \"0.0.0.0:80\"\n[[source]]\nkind = \"s3\"\n[wach]\n",
    );
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("keytide.toml:")).collect();
    let starts = [
        "keytide.toml:1: unknown time zone `Europe/Berlim`; did you mean `Europe/Berlin`?",
        "keytide.toml:2: unknown setting `port`; known here: data_dir, timezone",
        "keytide.toml:4: a period is whole minutes that divide a day; `7m` is not",
        "keytide.toml:5: expected a number, found string \"one\"",
        "keytide.toml:6: unknown setting `metric`; did you mean `metrics`?",
        "keytide.toml:8: 0.0.0.0:80 can be reached from other machines",
        "keytide.toml:10: unknown value `s3`",
        "keytide.toml:11: unknown setting `wach`; did you mean `watch`?",
    ];
    assert_eq!(lines.len(), starts.len(), "{said}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}\ndoes not begin with\n{start}");
    }
}

#[test]
fn every_setting_that_can_be_wrong_is_refused_with_its_line() {
    for (text, line, message) in [
        ("timezone = 1", 1, "expected a text in quotes"),
        ("[watch]\nperiod = \"30s\"", 2, "`30s` is not between 1m and 1d"),
        ("[watch]\nperiod = \"five\"", 2, "`five` is no duration"),
        ("[watch]\nfalse_pages_per_week = 0.0", 2, "not more than 0"),
        ("[watch]\nfalse_pages_per_week = nan", 2, "not more than 0"),
        ("[watch]\nmetrics = [\n\"Succesful\",\n\"DeniedRequests\"]", 3, "unknown metric `Succesful`"),
        ("[watch]\nmetrics = [\n\"DeniedRequest\",\n\"DeniedRequests\"]", 4, "did you mean `DeniedRequest`?"),
        ("[watch]\nevery_series = \"yes\"", 2, "expected true or false"),
        ("[[watch]]\nperiod = \"5m\"", 1, "there is one only; write [watch]"),
        ("[daemon]\n\ningest_every = \"0s\"", 3, "`0s` is not between 1s and 7d"),
        ("[daemon]\nkeep_minutes = \"12h\"", 2, "neither \"all\" nor whole days"),
        ("[daemon]\nkeep_minutes = 30", 2, "expected a text in quotes"),
        ("[serve]\naddress = \"localhost\"", 2, "is no address"),
        ("[serve]\naddress = \"192.168.1.5:9632\"", 2, "can be reached from other machines"),
        ("[log]\nlevel = \"verbose\"", 2, "unknown value `verbose`; known here: error, warn, info, debug, trace"),
        ("[health]\nquarantine_growth = -1", 2, "a whole number from 1 on"),
        ("[health]\nno_data_for = \"10s\"", 2, "not between 1m and 30d"),
        ("[source]\nkind = \"folder\"", 1, "write [[source]]"),
        ("[[source]]\nkind = \"folder\"", 2, "needs its `path`"),
        ("[[source]]\npath = \"logs\"", 1, "`kind` is missing"),
        ("[[maintenance]]\nstart = \"soon\"\nend = \"2026-01-01\"", 2, "`soon` is no time"),
        ("[[maintenance]]\nstart = \"2026-01-02\"\nend = \"2026-01-01\"", 3, "the end is not after the start"),
        ("[watch]\nperiod = \"5m\"\nperiod = \"5m\"", 3, "duplicate key"),
        ("[watch\nperiod = \"5m\"", 1, ""),
    ] {
        let said = wrong(text);
        assert!(said.starts_with(&format!("keytide.toml:{line}: ")) && said.contains(message), "{text}\n{said}");
    }
}

#[test]
fn alarms_and_reports_name_routes_that_exist_and_errors_of_other_rooms_have_their_lines() {
    let route = "[[route]]\nname = \"pager\"\nkind = \"stdout\"\n";
    let alarm =
        "[[alarm]]\nname = \"a\"\nperiod = \"5m\"\ncomparison_operator = \"GreaterThanThreshold\"\nthreshold = 1.0\n";
    assert_eq!(good(&format!("{route}{alarm}alarm_actions = [\"pager\"]\n")).alarms[0].alarm_actions, ["pager"]);
    for (text, line, message) in [
        (format!("{route}{alarm}alarm_actions = [\"pagr\"]"), 9, "unknown route `pagr`; did you mean `pager`?"),
        (format!("{alarm}ok_actions = [\"pager\"]"), 6, "unknown route `pager`"),
        (format!("{alarm}evaluation_periods = 2\ndatapoints_to_alarm = 3"), 7, "datapoints_to_alarm is 3"),
        (
            format!("{alarm}evaluation_period = 2"),
            6,
            "unknown setting `evaluation_period`; did you mean `evaluation_periods`?",
        ),
        (format!("{alarm}threshold = \"many\"").replacen("threshold = 1.0\n", "", 1), 5, "expected a number"),
        (alarm.replace("5m", "45s"), 3, "Period must be"),
        ("[[composite_alarm]]\nname = \"c\"\nalarm_rule = 'ALARM(\"c\")'".to_owned(), 3, ""),
        ("[[mute]]\nname = \"m\"".to_owned(), 1, "is missing"),
        ("[[route]]\nname = \"r\"\nkind = \"fax\"".to_owned(), 3, "unknown value `fax`"),
        ("[[route]]\nname = \"r\"\nkind = \"slack\"\nurl = \"https://hooks.slack.com/x\"".to_owned(), 4, ""),
        (format!("{route}body = \"{{{{ pgae }}}}\""), 4, "pgae"),
        ("[[report]]\nname = \"w\"\nevery = \"hourly\"\nroutes = []".to_owned(), 2, "routes is empty"),
        (
            format!("{route}[[report]]\nname = \"w\"\nevery = \"weekly\"\nroutes = [\"mail\"]"),
            7,
            "unknown route `mail`",
        ),
        ("[prices]\nfile = \"none.toml\"".to_owned(), 2, "none.toml is not read here"),
        ("[[quotas.override]]\npool = \"Symetric\"\nper_second = 1.0".to_owned(), 2, "Symetric"),
    ] {
        let said = wrong(&text);
        assert!(said.starts_with(&format!("keytide.toml:{line}: ")) && said.contains(message), "{text}\n{said}");
    }
}

#[test]
fn keys_that_alarms_name_are_kept_with_their_place() {
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let text = format!("[[alarm]]\nname = \"a\"\nperiod = \"5m\"\nkey = \"{arn}\"\nband = 3.0\n");
    let keys = good(&text).named_keys;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].arn, arn);
    assert!(matches!(&keys[0].place, super::Place::Line { line: 4, .. }));
}

#[test]
fn a_variable_takes_the_place_of_a_setting() {
    let file = "[watch]\nfalse_pages_per_week = 2.0\n";
    assert_eq!(with(file, "KEYTIDE_WATCH__FALSE_PAGES_PER_WEEK", "0.5").unwrap().watch.false_pages_per_week, 0.5);
    assert_eq!(with("", "KEYTIDE_WATCH__EVERY_SERIES", "false").map(|config| config.watch.every_series), Ok(false));
    assert_eq!(with("", "KEYTIDE_LOG__LEVEL", "warn").map(|config| config.log.level), Ok(LogLevel::Warn));
    assert_eq!(with("", "KEYTIDE_TIMEZONE", "Asia/Tokyo").map(|config| config.timezone), Ok(Tz::Asia__Tokyo));
    let address = with("", "KEYTIDE_SERVE__ADDRESS", "127.0.0.1:0").map(|config| config.serve);
    assert_eq!(address, Ok(Some(([127, 0, 0, 1], 0).into())));
}

#[test]
fn a_variable_that_fits_no_setting_is_an_error_that_names_it() {
    for (variable, value, message) in [
        ("KEYTIDE_WATCH__PEROID", "5m", "KEYTIDE_WATCH__PEROID: unknown setting `peroid`; did you mean `period`?"),
        ("KEYTIDE_WACH__PERIOD", "5m", "KEYTIDE_WACH__PERIOD: unknown section `wach`; did you mean `watch`?"),
        (
            "KEYTIDE_WATCH_PERIOD",
            "5m",
            "KEYTIDE_WATCH_PERIOD: two underscores stand between section and setting; write KEYTIDE_WATCH__PERIOD",
        ),
        (
            "KEYTIDE_WATCH__PERIOD",
            "7m",
            "KEYTIDE_WATCH__PERIOD: a period is whole minutes that divide a day; `7m` is not",
        ),
        (
            "KEYTIDE_LOG__LEVEL",
            "loud",
            "KEYTIDE_LOG__LEVEL: unknown value `loud`; known here: error, warn, info, debug, trace",
        ),
    ] {
        assert_eq!(with("[log]\n", variable, value).expect_err(variable), message);
    }
    for not_a_setting in ["KEYTIDE_CONFIG", "KEYTIDE_LOG_FORMAT", "KEYTIDE_SLACK_URL", "HOME"] {
        let config = with("", not_a_setting, "x").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(shown(&config), shown(&Config::default()), "{not_a_setting}");
    }
}

#[test]
fn what_every_command_takes_is_read_whatever_is_wrong_within_sections() {
    let read = |text: &str| parse_common(text, "keytide.toml", &[]).unwrap_or_else(|errors| panic!("{errors}"));
    let all = "data_dir = \"store\"\ntimezone = \"europe/berlin\"\n[watch]\nperoid = 1\n[[mute]]\ntimezone = 5\n";
    let expected = CommonSettings { data_dir: Some("store".into()), timezone: Some(Tz::Europe__Berlin) };
    assert_eq!(read(all), expected);
    assert_eq!(read("[watch]\n"), CommonSettings::default());
    let replaced = parse_common("data_dir = 5\ntimezone = \"Mars\"\n", "keytide.toml", &["data_dir", "timezone"]);
    assert_eq!(replaced, Ok(CommonSettings::default()));
}

#[test]
fn a_mistake_in_what_every_command_takes_is_told_with_its_line() {
    for (text, line, message) in [
        ("data_dir = 5", 1, "expected a text in quotes"),
        ("data_dir = \"\"", 1, "the folder's name is empty"),
        ("\ndata_dri = \"mine\"", 2, "unknown setting `data_dri`; did you mean `data_dir`?"),
        ("data_dir \"mine\"", 1, ""),
        ("\ndata_dir = \"mine", 2, ""),
        ("[store]\ndata_dir = \"mine\"", 1, "unknown setting `store`"),
        ("[log]\nlevel = \"info\"\ndata_dir = \"mine\"", 3, "`data_dir` belongs to the top of the file"),
        ("[[source]]\nkind = \"folder\"\ndata_dir = \"mine\"", 3, "`data_dir` belongs to the top of the file"),
        ("[watch]\ntimezone = \"UTC\"", 2, "`timezone` belongs to the top of the file"),
        ("\n\ntimezone = \"Mars\"", 3, "unknown time zone `Mars`"),
        ("timezone = 5", 1, "expected a text in quotes"),
        ("timezone = ", 1, ""),
    ] {
        let said = parse_common(text, "keytide.toml", &[]).expect_err(text).to_string();
        assert!(said.starts_with(&format!("keytide.toml:{line}: ")) && said.contains(message), "{text}\n{said}");
    }
    // Whoever names the folder is told of a mistyped name, and of a text that can't be read.
    for text in ["data_dri = \"mine\"", "data_dir \"mine\""] {
        assert!(parse_common(text, "keytide.toml", &["data_dir", "timezone"]).is_err(), "{text}");
    }
}

#[test]
fn no_error_repeats_what_may_be_a_secret_however_wrong_its_line_is() {
    let route = "[[route]]\nname = \"ops\"\n";
    for settings in [
        "kind = \"pagerduty\"\nrouting_key = \"s3cret\"",
        "kind = \"pagerduty\"\nrouting_key = \"s3cret",
        "kind = \"pagerduty\"\nrouting_key = s3cret",
        "kind = \"pagerduty\"\nrouting_ky = \"s3cret\"",
        "kind = \"slack\"\nurl = \"https://hooks.slack.com/services/s3cret\"",
        "kind = \"slack\"\nurl = \"hooks.slack.com/services/s3cret\"",
        "kind = \"alertmanager\"\nurls = [\"https://user:s3cret@example.com\"]",
        "kind = \"webhook\"\nurl = \"https://example.com\"\nsecret = \"s3cret\"",
        "kind = \"webhook\"\nurl = \"https://example.com\"\nheaders = { Authorization = \"Bearer s3cret\" }",
        "kind = \"webhook\"\nurl = \"https://example.com\"\n[route.headers]\nX-Api-Key = \"s3cret\"\n\"b d\" = \"x\"",
        "kind = \"webhook\"\nurl = \"https://example.com\"\n[route.headers]\nCookie = \"s3cret\" x",
        "kind = \"email\"\nserver = \"a\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\"]\nusername = \"u\"\npassword = \"s3cret\"",
    ] {
        let said = wrong(&format!("{route}{settings}\n"));
        assert!(!said.contains("s3cret") && said.contains('^'), "{said}");
    }
    let said = wrong("route = [{ name = \"a\", kind = \"pagerduty\", routing_key = \"s3cret\" }]\n");
    let expect = "  1 | route = [{ name = \"a\", kind = \"pagerduty\", routing_key = ***\n    | ";
    assert!(said.contains(expect) && said.ends_with(" ^^^") && !said.contains("s3cret"), "{said}");
    // Where a secret is kept is none, and is shown.
    let said = wrong(&format!("{route}kind = \"pagerduty\"\nrouting_key = {{ env = \"NAME\", fle = \"PATH\" }}\n"));
    assert!(said.contains("routing_key = { env = \"NAME\", fle = \"PATH\" }\n"), "{said}");
}

#[test]
fn counts_are_kept_for_longer_than_each_alarm_looks_back() {
    let settings = |kept: &str, alarm: &str| {
        format!("[daemon]\n{kept}\n[[alarm]]\nname = \"quiet\"\ncomparison_operator = \"LessThanThreshold\"\n{alarm}\n")
    };
    let week = "threshold = 1\nperiod = \"1d\"\nevaluation_periods = 7";
    let said = wrong(&settings("keep_minutes = \"7d\"", week));
    let expected = "keytide.toml:2: the alarm `quiet` looks back over 7d, and counts are dropped by whole days; write \
                    keep_minutes = \"8d\" or more, or give the alarm fewer or shorter periods\n  \
                    2 | keep_minutes = \"7d\"\n    |                ^^^^";
    assert_eq!(said, expected);
    good(&settings("keep_minutes = \"8d\"", week));
    // Other kinds of counts matter to the alarms that are judged by them.
    good(&settings("keep_callers = \"1d\"\nkeep_seconds = \"1d\"", week));
    let hours = "period = \"1h\"\nevaluation_periods = 24";
    for (setting, alarm) in [
        ("keep_callers", format!("threshold = 1\ncaller = \"*:role/etl\"\n{hours}")),
        ("keep_callers", format!("threshold = 1\nresource = \"arn:aws:s3:::raw\"\n{hours}")),
        ("keep_seconds", format!("quota_share = 0.1\n{hours}")),
    ] {
        let said = wrong(&settings(&format!("{setting} = \"1d\""), &alarm));
        assert!(
            said.contains(&format!(
                "looks back over 1d, and counts are dropped by whole days; write {setting} = \"2d\""
            )),
            "{said}"
        );
        good(&settings(&format!("{setting} = \"2d\""), &alarm));
    }
    // The least that can be kept is enough for what looks back over less than a day.
    good(&settings("keep_minutes = \"1d\"", "threshold = 1\nperiod = \"1h\"\nevaluation_periods = 23"));
    let said = with(&settings("", week), "KEYTIDE_DAEMON__KEEP_MINUTES", "3d").expect_err("too short");
    assert!(said.contains("KEYTIDE_DAEMON__KEEP_MINUTES") && said.contains("the alarm `quiet`"), "{said}");
}
