//! Tables at the width of a terminal.

use super::*;
use crate::domain::Minute;

fn lines(columns: &[Column], rows: &[Vec<Cell<'_>>], width: Option<usize>) -> Vec<String> {
    let mut out = Vec::new();
    table(columns, rows, width, Zone::default(), &mut out).expect("written");
    String::from_utf8(out).expect("text").lines().map(str::to_owned).collect()
}

fn key(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{id}-12ab-34cd-56ef-1234567890ab")
}

fn top(keys: &[String]) -> (Vec<Column>, Vec<Vec<Cell<'_>>>) {
    let columns = vec![
        Column::right("rank"),
        Column::left("key"),
        Column::right("calls"),
        Column::right("share"),
        Column::right("peak"),
        Column::left("peak_at"),
        Column::left("trend"),
    ];
    let rows = keys.iter().enumerate().map(|(at, key)| {
        vec![
            Cell::Count(at as i64 + 1),
            Cell::text(key),
            Cell::Count(1_234_567 / (at as i64 + 1)),
            Cell::Share(61.25 / (at as f64 + 1.0)),
            Cell::Count(12_345),
            Cell::Time(Minute(29_460_120)),
            Cell::Trend((0..24).collect()),
        ]
    });
    let rows = rows.collect();
    (columns, rows)
}

#[test]
fn a_top_list_of_one_account_reads_well_at_80_columns() {
    let keys = [key("us-east-1", "111122223333", "1234abcd"), key("us-east-1", "111122223333", "0987dcba")];
    let (columns, rows) = top(&keys);
    let got = lines(&columns, &rows, Some(80));
    assert!(got.iter().all(|line| line.chars().count() <= 80), "{}", got.join("\n"));
    assert!(got[1].starts_with("   1  …:key/1234abcd…90ab  1,234,567  61.2%  12,345  "), "{}", got.join("\n"));
    assert!(got[1].ends_with('█'));
    assert_eq!(got[4], "Times are UTC, of 2026. … stands for arn:aws:kms:us-east-1:111122223333.");
}

#[test]
fn accounts_and_regions_stay_when_they_differ() {
    let keys = [key("us-east-1", "111122223333", "1234abcd"), key("eu-west-1", "444455556666", "0987dcba")];
    let (columns, rows) = top(&keys);
    let got = lines(&columns, &rows, Some(110));
    assert!(got[1].contains("…:us-east-1:111122223333:key/1234abcd…90ab"), "{}", got.join("\n"));
    for width in [64, 80, 100, 110, 120, 160, 200] {
        let got = lines(&columns, &rows, Some(width));
        let widest = got.iter().map(|line| line.chars().count()).max().expect("lines");
        assert!(widest <= width, "{width}:\n{}", got.join("\n"));
    }
}

#[test]
fn without_a_width_names_are_whole() {
    let keys = [key("us-east-1", "111122223333", "1234abcd")];
    let (columns, rows) = top(&keys);
    let got = lines(&columns, &rows, None);
    assert!(got[1].contains(&keys[0]));
    assert_eq!(got.last().map(String::as_str), Some("Times are UTC."));
}

#[test]
fn numbers_are_set_right_and_absence_is_told() {
    let columns = [Column::left("service"), Column::right("value")];
    let rows = [
        vec![Cell::text("s3.amazonaws.com"), Cell::Count(1_000)],
        vec![Cell::Absent("(direct)"), Cell::Number(2.5)],
        vec![Cell::text("a\nb\u{61c}\u{202e}c"), Cell::Missing],
    ];
    let expect =
        ["service           value", "s3.amazonaws.com  1,000", "(direct)           2.50", "a b  c                -"];
    assert_eq!(lines(&columns, &rows, Some(80)), expect);
}

#[test]
fn times_without_their_year_are_of_one_year_that_is_named() {
    let key = key("us-east-1", "111122223333", "1234abcd").repeat(2);
    let columns = [Column::left("key"), Column::left("peak_at"), Column::left("trend")];
    let row = |minute| vec![Cell::text(&key), Cell::Time(Minute(minute)), Cell::Trend((0..24).collect())];
    // 2026-01-05T10:00:00Z, and a day and a year later.
    let [first, next_day, next_year] = [29_460_120, 29_461_560, 29_985_720];
    let got = lines(&columns, &[row(first), row(next_day)], Some(40));
    assert!(got[1].contains(" 01-05 10:00 "), "{}", got.join("\n"));
    assert!(got[4].starts_with("Times are UTC, of 2026."), "{}", got.join("\n"));
    let got = lines(&columns, &[row(first), row(next_year)], Some(40));
    assert!(got[1].contains(" 2026-01-05 10:00 ") && got[2].contains(" 2027-01-05 10:00 "), "{}", got.join("\n"));
    assert!(got[4].starts_with("Times are UTC."), "{}", got.join("\n"));
}

#[test]
fn where_it_is_narrow_titles_have_a_line_for_each_word_and_times_are_not_cut() {
    let columns = [Column::left("calling account"), Column::right("busiest second"), Column::left("at")];
    // 2026-01-05T10:00:30Z.
    let rows = [
        vec![Cell::text("111122223333"), Cell::Count(3), Cell::Second(1_767_607_230)],
        vec![Cell::text("444455556666"), Cell::Count(12), Cell::text("goes on")],
    ];
    let wide = [
        "calling account  busiest second  at",
        "111122223333                  3  2026-01-05 10:00:30",
        "444455556666                 12  goes on",
        "",
        "Times are UTC.",
    ];
    assert_eq!(lines(&columns, &rows, Some(80)), wide);
    let narrow = [
        "calling       busiest  at",
        "account        second",
        "111122223333        3  01-05 10:00:30",
        "444455556666       12  goes on",
        "",
        "Times are UTC, of 2026.",
    ];
    assert_eq!(lines(&columns, &rows, Some(40)), narrow);
    let cut = lines(&columns, &rows, Some(30));
    assert!(cut[2].ends_with(" 01-05 10:00:30"), "{}", cut.join("\n"));
}

#[test]
fn numbers_that_come_as_texts_are_not_cut() {
    let columns = [Column::left("series"), Column::right("calls")];
    let rows = [vec![Cell::text("Decrypt, alias/data-lake-raw"), Cell::text("1,234,567,890")]];
    let got = lines(&columns, &rows, Some(26));
    assert!(got[1].ends_with(" 1,234,567,890") && got[1].chars().count() <= 26, "{}", got[1]);
}

#[test]
fn sentences_are_wrapped_and_keep_their_end() {
    let columns = [Column::left("at"), Column::left("alarm"), Column::prose("summary")];
    let summary = "Alarm updated from INSUFFICIENT_DATA to ALARM";
    let row = vec![Cell::Time(Minute(29_460_120)), Cell::text("payments-decrypt-too-many"), Cell::text(summary)];
    let got = lines(&columns, &[row], Some(72));
    assert!(got.iter().all(|line| line.chars().count() <= 72), "{}", got.join("\n"));
    let words: Vec<&str> = got[1..].iter().flat_map(|line| line.split_whitespace()).collect();
    assert!(summary.split(' ').all(|word| words.contains(&word)), "{}", got.join("\n"));
    assert!(words.contains(&"payments-decrypt-too-many"), "{}", got.join("\n"));
    let wide = lines(&columns, &[vec![Cell::Missing, Cell::text("a"), Cell::text(summary)]], None);
    assert!(wide[1].ends_with(summary));
}
