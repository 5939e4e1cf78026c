//! Files and standard input, good and bad.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use super::{band, noisy, rows, series};
use crate::support::program::{keytide, keytide_with, run};
use crate::support::stores::passing_folder;

const HEADER: &str = "timestamp,value,expected,lower,upper,score,anomalous";

fn ok(text: &str, arguments: &[&str]) -> Vec<Vec<String>> {
    let ran = band(text, arguments);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(ran.out.lines().next(), Some(HEADER));
    rows(&ran.out)
}

#[test]
fn every_row_is_echoed_in_its_order_and_has_a_band_once_there_is_one() {
    let text = series(noisy(600));
    let got = ok(&text, &["--period", "300s"]);
    let echoed: Vec<[&str; 2]> = got.iter().map(|row| [row[0].as_str(), row[1].as_str()]).collect();
    let given: Vec<[&str; 2]> = text.lines().skip(1).map(|line| line.split_once(',').unwrap().into()).collect();
    assert_eq!(echoed, given);
    assert!(got[0][2..5].iter().all(String::is_empty), "nothing is known before the first value");
    let last: Vec<f64> = got[599][2..6].iter().map(|number| number.parse().unwrap()).collect();
    assert!(0.0 <= last[1] && last[1] <= last[0] && last[0] <= last[2] && last[2] < 200.0, "{last:?}");
    assert!(got.iter().all(|row| ["0", "1"].contains(&row[6].as_str())));
}

#[test]
fn what_is_written_never_depends_on_rows_to_come() {
    let mut values: Vec<String> = noisy(400).collect();
    let whole = ok(&series(values.clone()), &["--period", "5m"]);
    values.truncate(300);
    values[299] = "99999".to_owned();
    let cut = ok(&series(values), &["--period", "5m"]);
    assert_eq!(cut[..299], whole[..299]);
    assert_eq!(cut[299][2..5], whole[299][2..5], "a row's band doesn't depend on its value");
}

#[test]
fn rows_of_a_pipe_are_answered_as_they_come() {
    let folder = passing_folder();
    let mut command = keytide(folder.path());
    command.args(["band", "--input", "-", "--period", "1m"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut into, mut out) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    into.write_all(b"timestamp,value\n2026-01-05 10:00:00,5\n").unwrap();
    assert_eq!(out.next().unwrap().unwrap(), HEADER);
    assert!(out.next().unwrap().unwrap().starts_with("2026-01-05 10:00:00,5,"));
    into.write_all(b"2026-01-05 10:01:00,6\n").unwrap();
    assert!(out.next().unwrap().unwrap().starts_with("2026-01-05 10:01:00,6,"));
    drop(into);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_json_row_of_a_pipe_is_answered_with_its_line_end() {
    let folder = passing_folder();
    let mut command = keytide(folder.path());
    command.args(["band", "--input", "-", "--period", "1m", "--output", "json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut into, mut out) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    into.write_all(b"timestamp,value\n2026-01-05 10:00:00,5\n").unwrap();
    assert_eq!(out.next().unwrap().unwrap(), "[");
    assert!(out.next().unwrap().unwrap().contains("2026-01-05 10:00:00"));
    into.write_all(b"2026-01-05 10:01:00,6\n").unwrap();
    assert!(out.next().unwrap().unwrap().contains("2026-01-05 10:01:00"));
    drop(into);
    assert_eq!(out.next().unwrap().unwrap(), "]");
    assert!(child.wait().unwrap().success());
}

#[test]
fn rows_before_a_line_that_is_none_are_answered() {
    let text = "timestamp,value\n0,1\n300,2\nrubbish\n900,3\n";
    let ran = band(text, &["--period", "5m"]);
    assert!(ran.code == Some(1) && ran.err.contains("line 4 is no row"), "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 3, "{}", ran.out);
    let folder = passing_folder();
    let to = folder.path().join("band.csv");
    let ran = band("timestamp,value\nrubbish\n", &["--period", "5m", "--to", to.to_str().unwrap()]);
    assert!(ran.code == Some(1) && !to.exists(), "a text without a row leaves no file");
}

#[test]
fn what_would_be_written_over_what_is_read_or_as_nothing_known_is_refused() {
    let folder = passing_folder();
    let text = series(noisy(100));
    let path = |name: &str| folder.path().join(name);
    fs::write(path("calls.csv"), &text).unwrap();
    std::os::unix::fs::symlink(path("calls.csv"), path("same.csv")).unwrap();
    let said = |arguments: &[&str]| {
        let ran = run(keytide(folder.path()).current_dir(folder.path()).arg("band").args(arguments));
        (ran.code, ran.err)
    };
    for to in ["calls.csv", "./calls.csv", "same.csv"] {
        let (code, err) = said(&["--input", "calls.csv", "--period", "5m", "--to", to]);
        assert!(code == Some(1) && err.contains("is what is read, and would be lost"), "{err}");
        assert_eq!(fs::read_to_string(path("calls.csv")).unwrap(), text);
    }
    let (code, err) = said(&["--input", "calls.csv", "--to", "band.gif"]);
    assert!(code == Some(2) && err.contains("--to takes .svg, .png, .csv and .json"), "{err}");
    assert!(!path("band.gif").exists());
    assert_eq!(said(&["--input", "calls.csv", "--to", "band.txt", "--output", "table"]), (Some(0), String::new()));
}

#[test]
fn a_table_tells_its_range_whatever_the_order_and_years_before_1970() {
    let table = |text: &str| {
        let ran = band(text, &["--output", "table", "--period", "5m"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.out
    };
    let late = table("timestamp,value\n2026-01-05 10:00,1\n2026-01-05 10:10,2\n2026-01-05 10:05,3\n");
    assert!(late.contains("of 3 periods anomalous, 2026-01-05 10:00 to 2026-01-05 10:15\n"), "{late}");
    let old = table("timestamp,value\n1969-12-31 23:50,1\n1969-12-31 23:55,2\n1970-01-01 00:00,3\n");
    assert!(old.contains("1969-12-31 23:50 to 1970-01-01 00:05"), "{old}");
    assert!(old.lines().any(|line| line.starts_with("1969-12-31 23:55")), "{old}");
}

#[test]
fn without_a_period_it_is_found_and_a_tiny_or_huge_one_is_refused() {
    let text = series(noisy(300));
    assert_eq!(ok(&text, &[]), ok(&text, &["--period", "300"]));
    let seconds = band("timestamp,value\n0,1\n10,1\n20,1\n", &[]);
    assert_eq!(seconds.code, Some(2));
    assert!(seconds.err.contains("a period of 10 s has no band; give one from 60 s to 86400 s"), "{}", seconds.err);
    assert_eq!(band("timestamp,value\n2026-01-05,1\n2026-02-05,1\n", &[]).code, Some(2));
}

#[test]
fn rows_before_train_are_learned_from_and_not_written() {
    let text = series(noisy(400));
    let all = ok(&text, &["--period", "5m"]);
    // A day and two minutes, so that the row of that very day is written.
    let rest = ok(&text, &["--period", "5m", "--train", "2026-01-06T00:00:00Z"]);
    assert_eq!(rest, all[288..]);
    assert_eq!(ok(&text, &["--train", "2030-01-01"]), Vec::<Vec<String>>::new());
}

#[test]
fn missing_values_are_echoed_with_their_band_and_not_learned() {
    for missing in ["", "NaN", "null"] {
        let mut values: Vec<String> = noisy(100).collect();
        values[50] = missing.to_owned();
        let got = ok(&series(values), &["--period", "5m"]);
        assert_eq!((got[50][1].as_str(), got[50][5].as_str(), got[50][6].as_str()), (missing, "", "0"));
        assert!(!got[50][2].is_empty(), "its band is there");
        let without: String = series(noisy(100))
            .lines()
            .enumerate()
            .filter(|(at, _)| *at != 51)
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        assert_eq!(ok(&without, &["--period", "5m"])[50..], got[51..], "what follows is as if it weren't there");
    }
}

#[test]
fn values_too_large_to_count_are_taken_as_missing_with_one_warning() {
    let mut values: Vec<String> = noisy(100).collect();
    (values[50], values[51], values[52]) = ("inf".to_owned(), "1e999".to_owned(), "-1e19".to_owned());
    let ran = band(&series(values), &["--period", "5m"]);
    assert_eq!(
        ran.err,
        "warning: standard input: 3 rows have a value beyond 2^53: taken as missing; the first is line 52\n"
    );
    for row in &rows(&ran.out)[50..53] {
        assert_eq!(row[5..], ["", "0"]);
    }
}

#[test]
fn rows_out_of_order_are_judged_with_one_warning() {
    let text = "timestamp,value\n600,1\n900,2\n300,3\n0,4\n1200,5\n";
    let ran = band(text, &["--period", "5m"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (Some(0), "warning: standard input: 2 rows come after a later one: judged, not learned; the first is line 4\n")
    );
    let stamps: Vec<String> = rows(&ran.out).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(stamps, ["600", "900", "300", "0", "1200"]);
}

#[test]
fn rows_of_one_stamp_are_judged_with_one_warning() {
    let repeated = "the stamp of an earlier one: judged, not learned; the first is line";
    for (text, told) in [
        ("timestamp,value\n0,1\n0,2\n0,3\n", format!("warning: standard input: 2 rows have {repeated} 3\n")),
        ("timestamp,value\n0,1\n300,2\n300,3\n", format!("warning: standard input: 1 row has {repeated} 4\n")),
        // Nothing was learned of the row before.
        ("timestamp,value\n0,\n0,2\n300,3\n", String::new()),
    ] {
        let ran = band(text, &["--period", "5m"]);
        assert_eq!((ran.code, ran.err.as_str(), rows(&ran.out).len()), (Some(0), told.as_str(), 3));
        assert_eq!(band(text, &["--period", "5m", "--quiet"]).err, "");
    }
}

#[test]
fn a_period_of_two_steps_or_more_is_warned_of() {
    let text = series(noisy(600));
    let ran = band(&text, &["--period", "1d"]);
    let told = "warning: standard input: the median step of its rows is 5m, but each is judged as a period of 1d; \
                leave --period out, or add rows up to 1d first\n";
    assert_eq!((ran.code, ran.err.as_str(), rows(&ran.out).len()), (Some(0), told, 600));
    assert!(
        band(&text, &["--period", "10m"]).err.contains("step of its rows is 5m, but each is judged as a period of 10m")
    );
    for arguments in [&["--period", "9m"][..], &["--period", "1m"], &[], &["--period", "1d", "--quiet"]] {
        assert_eq!(band(&text, arguments).err, "", "{arguments:?}");
    }
}

#[test]
fn series_of_every_odd_kind_have_a_row_for_each_row() {
    let gaps = "timestamp,value\n2016-01-05T10:00:00Z,1\n2016-01-05T10:05:00Z,1\n2026-01-05T10:00:00Z,1\n";
    let irregular = "timestamp,value\n0,1\n300,2\n310,3\n900,4\n2000,5\n";
    let same = |value: &str| series(std::iter::repeat_n(value.to_owned(), 700));
    for (text, count) in [
        ("timestamp,value\n".to_owned(), 0),
        ("timestamp,value\n2026-01-05,7\n".to_owned(), 1),
        (gaps.to_owned(), 3),
        (irregular.to_owned(), 5),
        (same("0"), 700),
        (same("41"), 700),
        (same("1000000000000000"), 700),
        (same("-3.5"), 700),
        (series(noisy(700).map(|value| format!("{value}0000000000000"))), 700),
    ] {
        let got = ok(&text, &["--period", "300s"]);
        assert_eq!(got.len(), count, "{}", &text[..40.min(text.len())]);
        assert!(got.iter().flatten().all(|field| !["NaN", "inf", "-inf"].contains(&field.as_str())));
    }
}

#[test]
fn what_is_no_series_is_named_with_its_line_and_what_is_expected() {
    let folder = passing_folder();
    let path = folder.path().join("odd.csv");
    for (text, told) in [
        ("", "there is no line in it; expected a header that names the columns timestamp and value"),
        ("a,b\n1,2\n", "line 1 names no column 'timestamp' but 'a', 'b'"),
        ("timestamp,value\n1,2\nrubbish\n", "line 3 is no row: it has 1 field; expected 2 fields"),
        ("timestamp,value\nyesterday,2\n", "line 2: 'yesterday' is no time; expected 2026-01-05T10:00:00Z"),
        ("timestamp,value\n1,lots\n", "line 2: 'lots' is no number"),
    ] {
        fs::write(&path, text).unwrap();
        let ran = keytide_with(folder.path(), &["band", "--input", path.to_str().unwrap(), "--period", "5m"]);
        assert_eq!(ran.code, Some(1), "{text}");
        assert!(ran.err.contains("odd.csv: ") && ran.err.contains(told), "{}", ran.err);
    }
    let ran = keytide_with(folder.path(), &["band", "--input", "nowhere.csv"]);
    assert!(ran.err.contains("can't read nowhere.csv") && ran.err.contains("help: name a CSV"), "{}", ran.err);
}

#[test]
fn columns_may_stand_in_any_order_and_stamps_without_a_zone_are_local() {
    let text = "host,value,timestamp\na,5,2026-01-05 10:00\nb,6,2026-01-05 10:05\n";
    let got = ok(text, &["--timezone", "Europe/Berlin", "--train", "2026-01-05T09:05:00Z"]);
    assert_eq!(got.len(), 1);
    assert_eq!(got[0][..2], ["2026-01-05 10:05", "6"]);
}

#[test]
fn the_time_zone_is_the_flags_else_the_environments_else_the_settings() {
    let folder = passing_folder();
    fs::write(folder.path().join("calls.csv"), "timestamp,value\n2026-01-05T09:00:00Z,5\n").unwrap();
    let said = |variable: Option<&str>, arguments: &[&str]| {
        let mut command = keytide(folder.path());
        command.current_dir(folder.path()).args(["band", "--input", "calls.csv", "--output", "table"]);
        run(command.args(arguments).envs(variable.map(|zone| ("KEYTIDE_TIMEZONE", zone))))
    };
    fs::write(folder.path().join("keytide.toml"), "timezone = \"Europe/Berlin\"\n").unwrap();
    for (variable, arguments, hour) in [
        (None, &[][..], "10:00"),
        (Some("Asia/Tokyo"), &[], "18:00"),
        (Some("Asia/Tokyo"), &["--timezone", "America/New_York"], "04:00"),
    ] {
        let ran = said(variable, arguments);
        assert!(ran.out.lines().any(|line| line.starts_with(&format!("2026-01-05 {hour}"))), "{}", ran.out);
    }
    fs::write(folder.path().join("keytide.toml"), "timezone = \"Berlin\"\n").unwrap();
    let ran = said(None, &[]);
    assert!(
        ran.code == Some(1)
            && ran.err.contains("keytide.toml:1: unknown time zone `Berlin`; did you mean `Europe/Berlin`?")
    );
    assert_eq!(said(None, &["--timezone", "UTC"]).code, Some(0));
}

#[test]
fn tables_json_and_pictures_are_written_too() {
    let folder = passing_folder();
    let path = folder.path().join("calls.csv");
    let values = noisy(600).enumerate().map(|(row, value)| if row == 580 { "9000".to_owned() } else { value });
    fs::write(&path, series(values)).unwrap();
    let input = path.to_str().unwrap();
    let said = |arguments: &[&str]| {
        let ran = run(keytide(folder.path()).args(["band", "--input", input]).args(arguments).env("COLUMNS", "80"));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        ran.out
    };
    let table = said(&["--output", "table"]);
    assert!(table.starts_with("calls.csv\n"), "{table}");
    assert!(
        table.lines().all(|line| line.chars().count() <= 80
            || line.contains(input)
            || line.contains(folder.path().to_str().unwrap())),
        "{table}"
    );
    assert!(table.lines().any(|line| line.starts_with("2026-01-07 00:20") && line.ends_with("◀ yes")), "{table}");
    let json: Vec<serde_json::Value> = serde_json::from_str(&said(&["--output", "json"])).unwrap();
    assert_eq!((json.len(), &json[580]["value"], &json[580]["anomalous"]), (600, &9000.into(), &1.into()));
    assert!(said(&["--output", "svg", "--size", "390x260"]).starts_with("<svg "));
    let picture = folder.path().join("band.png");
    assert_eq!(said(&["--to", picture.to_str().unwrap()]), "");
    assert_eq!(fs::read(&picture).unwrap()[..4], *b"\x89PNG");
}

#[test]
fn flags_that_make_no_band_are_refused_with_what_would() {
    for (arguments, told) in [
        (&["--width", "0"][..], "a width of 0 is no band; give a positive number"),
        (&["--false-pages-per-week", "-1"], "a budget of -1 false pages a week can't be kept"),
        (&["--exclude", "2026-01-02/2026-01-01"], "a range of --exclude is empty"),
        (&["--exclude", "2026-01-02"], "expected START/END"),
        (&["--period", "1s"], "a period is 60 s to 86400 s"),
        (&["--size", "9x9"], "a picture is 240x160 to 8000x8000 pixels"),
        (&["--width", "2", "--false-pages-per-week", "1"], "cannot be used with"),
        (&["--since", "2d"], "cannot be used with"),
        (&["--series", "KeyArn=a"], "cannot be used with"),
    ] {
        let ran = band(
            "timestamp,value\n0,1\n",
            &[&["--period=5m"][..usize::from(arguments[0] != "--period")], arguments].concat(),
        );
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(told), "{}", ran.err);
    }
    let budget = ["--period", "5m", "--false-pages-per-week", "1", "--series-in-fleet", "500"];
    assert_eq!(ok(&series(noisy(50)), &budget).len(), 50);
}
