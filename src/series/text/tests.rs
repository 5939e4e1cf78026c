//! Rows of every form, and lines that are none.

use super::*;

const VALUE_MAX: f64 = 1e16;

/// `at` and `number` of each row, read in two pieces cut at `cut`.
fn read_cut(text: &str, zone: Tz, cut: usize) -> Result<Vec<(i64, Option<f64>)>, TextError> {
    let mut reader = Reader::new(zone, VALUE_MAX);
    let mut rows = Vec::new();
    let bytes = text.as_bytes();
    let used = reader.rows(&bytes[..cut], false, |row| rows.push((row.at, row.number)))?;
    reader.rows(&bytes[used..], true, |row| rows.push((row.at, row.number)))?;
    reader.finish()?;
    Ok(rows)
}

fn read(text: &str) -> Result<Vec<(i64, Option<f64>)>, TextError> {
    let whole = read_cut(text, Tz::UTC, 0);
    for cut in 0..text.len() {
        assert_eq!(read_cut(text, Tz::UTC, cut), whole, "cut at {cut}");
    }
    whole
}

fn stamp(text: &str, zone: Tz) -> Option<i64> {
    Stamps::new(zone).second(text.as_bytes())
}

/// Checked with `date -u -d … +%s`.
const TEN: i64 = 1_767_607_200;

#[test]
fn stamps_are_read_in_every_form() {
    for text in [
        "2026-01-05T10:00:00Z",
        "2026-01-05 10:00:00",
        "2026-01-05T10:00",
        "2026-01-05 10:00:00.000 UTC",
        "2026-01-05T10:00:00.9999Z",
        "2026-01-05T12:00:00+02:00",
        "2026-01-05T04:30:00-0530",
        "2026-01-05T12:00:00+02",
        "1767607200",
        "1767607200.0",
    ] {
        assert_eq!(stamp(text, Tz::UTC), Some(TEN), "{text}");
    }
    assert_eq!(stamp("2026-01-05", Tz::UTC), Some(TEN - 36_000));
    assert_eq!(stamp("0", Tz::UTC), Some(0));
    for text in [
        "",
        "now",
        "2026-01-05T",
        "2026-01-05T10",
        "2026-01-05T24:00:00Z",
        "2026-01-05T10:60:00Z",
        "2026-02-30",
        "2026-01-05T10:00:00X",
        "2026-01-05T10:00:00.Z",
        "2026-01-05T10:00:00+2",
        "2026-01-05X10:00:00",
        "1767607200000000",
        "12.",
        "é2026-01-05",
        "2026-1-5 10:00",
    ] {
        assert_eq!(stamp(text, Tz::UTC), None, "{text}");
    }
}

#[test]
fn stamps_without_a_zone_are_local_also_around_a_clock_change() {
    let berlin = Tz::Europe__Berlin;
    assert_eq!(stamp("2026-01-05 11:00:00", berlin), Some(TEN));
    assert_eq!(stamp("2026-01-05T10:00:00Z", berlin), Some(TEN));
    // 2026-10-25 00:00 UTC is 02:00 for the first time; 01:00 UTC is 02:00 for the second.
    let mut stamps = Stamps::new(berlin);
    let hours = ["2026-10-25 01:45", "2026-10-25 02:00", "2026-10-25 03:00"].map(|text| stamps.second(text.as_bytes()));
    assert_eq!(hours, [Some(1_792_885_500), Some(1_792_886_400), Some(1_792_893_600)]);
}

#[test]
fn values_are_numbers_or_missing() {
    for (text, number) in [
        ("0", 0.0),
        ("12", 12.0),
        ("0.1", 0.1),
        (".5", 0.5),
        ("5.", 5.0),
        ("-3", -3.0),
        ("1e15", 1e15),
        ("1000000000000000", 1e15),
        ("123456789.123456789", 123_456_789.123_456_79),
        ("+7", 7.0),
    ] {
        assert_eq!(Value::read(text.as_bytes()), Some(Value::Number(number)), "{text}");
    }
    for text in ["", "NaN", "nan", "-nan", "null", "NA", "None"] {
        assert_eq!(Value::read(text.as_bytes()), Some(Value::Missing), "{text}");
    }
    for (text, infinity) in [("inf", f64::INFINITY), ("-Infinity", -f64::INFINITY), ("1e999", f64::INFINITY)] {
        assert_eq!(Value::read(text.as_bytes()), Some(Value::Number(infinity)), "{text}");
    }
    for text in ["x", "1,5", "1 2", "0x10", ".", "é", "1.2.3"] {
        assert_eq!(Value::read(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn columns_may_come_in_any_order_among_others_and_in_quotes() {
    let text = "\u{feff}Value,\"note, \"\"x\"\"\",Timestamp,more\r\n5,\"a, \"\"b\"\"\",\"1767607200\",\r\n\r\n , ,1767607500,z\n";
    assert_eq!(read(text), Ok(vec![(TEN, Some(5.0)), (TEN + 300, None)]));
    let comma_at_the_end = "timestamp,value,more\n1,2\n3,4,\n5,6,7,\n";
    assert_eq!(read(comma_at_the_end), Ok(vec![(1, Some(2.0)), (3, Some(4.0)), (5, Some(6.0))]));
    assert_eq!(read("timestamp,value\n"), Ok(vec![]));
    assert_eq!(read("timestamp,value"), Ok(vec![]));
}

#[test]
fn what_is_no_series_is_told_with_its_line_and_what_is_expected() {
    for (text, told) in [
        ("", "no line in it; expected a header"),
        ("\n \n", "no line in it"),
        ("time,count\n1,2\n", "line 1 names no column 'timestamp' but 'time', 'count'; expected a header such as"),
        ("timestamp;value\n1;2\n", "no column 'timestamp' but 'timestamp;value'"),
        ("timestamp\n", "no column 'value'"),
        ("timestamp,value\n1,2\njunk\n", "line 3 is no row: it has 1 field; expected 2 fields"),
        ("timestamp,value\n1,2\n300,1,234\n", "line 3 is no row: it has 3 fields; expected 2 fields"),
        ("timestamp,value,note\n300,1,234,a,b\n", "line 2 is no row: it has 5 fields; expected 3 fields"),
        ("timestamp,value\n\"1,2\n", "line 2 is no row: it has a quote that doesn't end"),
        ("timestamp,value\n\nnow,2\n", "line 3: 'now' is no time; expected 2026-01-05T10:00:00Z"),
        ("timestamp,value\n1,many\n", "line 2: 'many' is no number; expected one such as 12"),
    ] {
        let error = read(text).expect_err(text).to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn rows_out_of_order_or_of_one_stamp_and_values_too_large_are_counted_with_the_first_line() {
    let mut reader = Reader::new(Tz::UTC, VALUE_MAX);
    let text = "timestamp,value\n300,1\n600,2\n300,3\n600,4\n0,inf\n900,-2e16\n900,5\n";
    let mut rows = 0;
    reader.rows(text.as_bytes(), true, |_| rows += 1).expect("rows");
    assert_eq!(rows, 7);
    assert_eq!(reader.unsorted(), Noted { rows: 2, first_line: 4 });
    assert_eq!(reader.repeated(), Noted { rows: 1, first_line: 5 }, "the value of 900 is the first that it has");
    assert_eq!(reader.too_large(), Noted { rows: 2, first_line: 6 });
}

#[test]
fn the_period_is_the_median_of_the_steps_forward() {
    for (stamps, step) in [
        (&[0, 300, 600, 4200, 4500][..], Some(300)),
        (&[0, 60, 60, 50, 110, 3000], Some(60)),
        (&[0, 60, 660], Some(60)),
        (&[5, 5, 5], None),
        (&[5], None),
        (&[0, 315_360_000_000], Some(u32::MAX)),
    ] {
        assert_eq!(median_step(stamps), step, "{stamps:?}");
        let mut steps = Steps::new(300);
        stamps.iter().for_each(|at| steps.note(*at));
        assert_eq!(steps.median(), step.filter(|step| *step <= 300), "{stamps:?} row by row");
    }
}
