//! Files that `cat` put together: each with a byte order mark of its own, and Lake results in CSV among others.

use serde_json::Value;

use super::super::Shape;
use super::{all, envelopes, record, try_walk, walk};
use crate::cloudtrail::RejectReason;

const MARK: &str = "\u{feff}";

/// A Lake result of the columns, without its last line end.
fn csv(columns: &[&str], records: &[Value], quote_all: bool) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let name = |name: &&str| if quote_all { quoted(name) } else { (*name).to_owned() };
    let header = columns.iter().map(name).collect::<Vec<_>>().join(",");
    let cell = |column: &str, record: &Value| match column {
        "eventJson" => quoted(&record.to_string()),
        _ if quote_all => quoted("7"),
        _ => "7".to_owned(),
    };
    let row = |record| columns.iter().map(|column| cell(column, record)).collect::<Vec<_>>().join(",");
    [vec![header], records.iter().map(row).collect()].concat().join("\n")
}

/// Columns of a Lake result, with the record first, last and alone.
const COLUMNS: [&[&str]; 3] = [&["eventID", "eventJson"], &["eventJson", "eventID"], &["eventJson"]];

#[test]
fn a_byte_order_mark_may_stand_before_each_file() {
    for count in [1, 2] {
        let (first, second): (Vec<_>, Vec<_>) = ((0..count).map(record).collect(), (count..4).map(record).collect());
        for ((shape, one), (_, other)) in envelopes(&first).into_iter().zip(envelopes(&second)) {
            let [one, other] = [&one, &other].map(|text| text.trim_start_matches(MARK));
            for between in ["", "\n", "\r\n", " "] {
                let document = format!("{MARK}{one}{between}{MARK}{other}{between}{MARK}{other}");
                let expected = all(&[&first[..], &second, &second].concat());
                let (told, found) = walk(&document);
                assert_eq!(found, expected, "{document}");
                if count > 1 {
                    assert_eq!(told, shape, "{document}");
                }
            }
        }
    }
}

#[test]
fn a_marked_file_is_found_after_a_damaged_one() {
    let records: Vec<_> = (0..2).map(record).collect();
    for (shape, document) in envelopes(&records) {
        let document = document.trim_start_matches(MARK).trim_start();
        for between in ["", "\n"] {
            let joined = format!("{{\"Records\":[],\"x\":}}{between}{MARK}{document}");
            let (_, found) = walk(&joined);
            let whole: Vec<_> = found.iter().filter(|outcome| outcome.is_ok()).cloned().collect();
            assert_eq!(whole, all(&records), "{shape:?}: {joined}");
            assert_eq!(found.len(), 3, "{shape:?}: {joined}");
        }
    }
}

#[test]
fn lake_results_in_csv_may_follow_each_other_also_without_a_last_line_end() {
    let records: Vec<_> = (0..4).map(record).collect();
    for (columns, quote_all) in COLUMNS.into_iter().flat_map(|columns| [(columns, false), (columns, true)]) {
        let [one, other] = [&records[..2], &records[2..]].map(|records| csv(columns, records, quote_all));
        for between in ["", "\n", "\r\n", "\n\n"] {
            for mark in ["", MARK] {
                let document = format!("{mark}{one}{between}{mark}{other}\n");
                assert_eq!(walk(&document), (Shape::LakeCsv, all(&records)), "{document}");
            }
        }
    }
    // Where the columns differ, each header goes for the rows after it.
    let [one, other] = [(COLUMNS[0], &records[..2]), (COLUMNS[1], &records[2..])].map(|(c, r)| csv(c, r, false));
    assert_eq!(walk(format!("{one}\n{other}\n{one}")).1, all(&[&records[..], &records[..2]].concat()));
    let plain = "eventID,eventSource,eventName,eventTime";
    let row = "1,kms.amazonaws.com,Decrypt,2023-07-10 11:57:36.000";
    let (_, found) = walk(format!("{plain}\n{row}{plain}\n{row}\n"));
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|record| record.as_ref().unwrap()["eventTime"] == "2023-07-10T11:57:36Z"));
}

#[test]
fn what_of_any_shape_follows_a_lake_csv_is_read() {
    let (first, more): (Vec<_>, Vec<_>) = ((0..2).map(record).collect(), (2..4).map(record).collect());
    for (shape, document) in envelopes(&more) {
        let document = document.trim_start_matches(MARK);
        for (columns, quote_all) in COLUMNS.into_iter().flat_map(|columns| [(columns, false), (columns, true)]) {
            let csv = csv(columns, &first, quote_all);
            for between in ["\n", "\r\n", "\n\u{feff}"] {
                let joined = format!("{csv}{between}{document}");
                let expected = all(&[&first[..], &more].concat());
                assert_eq!(walk(&joined), (Shape::LakeCsv, expected), "{shape:?}: {joined}");
            }
        }
    }
    // Without the last line end it begins in the record's field.
    let csv = csv(COLUMNS[0], &first, false);
    for (_, document) in envelopes(&more).into_iter().filter(|(shape, _)| matches!(shape, Shape::Trail | Shape::Lines))
    {
        let joined = format!("{csv}{document}");
        assert_eq!(walk(&joined).1, all(&[&first[..], &more].concat()), "{joined}");
    }
}

#[test]
fn a_lake_csv_may_follow_anything_that_ends_its_line() {
    let (first, more): (Vec<_>, Vec<_>) = ((0..2).map(record).collect(), (2..4).map(record).collect());
    for (shape, document) in envelopes(&first) {
        for (columns, quote_all) in COLUMNS.into_iter().flat_map(|columns| [(columns, false), (columns, true)]) {
            let csv = csv(columns, &more, quote_all);
            let joined = format!("{}\n{csv}\n{document}", document.trim_end());
            let expected = all(&[&first[..], &more, &first].concat());
            assert_eq!(walk(&joined).1, expected, "{shape:?}: {joined}");
        }
    }
    // After a damaged line too.
    let joined = format!("{}\n{{\"eventVersion\":\n{}\n", first[0], csv(COLUMNS[0], &more, false));
    let expected = [all(&first[..1]), vec![Err(RejectReason::Malformed)], all(&more)].concat();
    assert_eq!(walk(joined), (Shape::Lines, expected));
}

#[test]
fn a_row_that_begins_like_another_file_is_a_row() {
    let records: Vec<_> = (0..2).map(record).collect();
    let json = records[0].to_string().replace('"', "\"\"");
    for field in [
        MARK,
        "eventName",
        "\"eventName,eventTime\"",
        "[{accountid=1}]",
        "\"[{\"\"a\"\":1}, {}]\"",
        "{}",
        "2026-01-05T {x}",
    ] {
        let document = format!("userAgent,eventJson\n{field},\"{json}\"\n7,\"{json}\"\n");
        let expected = all(&[records[0].clone(), records[0].clone()]);
        let (_, found, walked) = try_walk(document.as_bytes());
        assert_eq!((found, walked), (expected, Ok(())), "{document}");
    }
}

#[test]
fn blank_lines_and_columns_that_are_expressions_may_be_in_a_header() {
    let records: Vec<_> = (0..2).map(record).collect();
    let [one, two] = [0, 1].map(|number: usize| records[number].to_string().replace('"', "\"\""));
    for header in [
        "eventJson,count(*)",
        "\"eventJson\",\"element_at(requestParameters, 'keyId')\"",
        "EVENTJSON , \"requestParameters['keyId']\"\r",
    ] {
        for before in ["", "\n\n", "\r\n \n", "\u{feff}"] {
            let document = format!("{before}{header}\n\"{one}\",\"1\"\n\"{two}\",\"2\"\n");
            assert_eq!(walk(&document), (Shape::LakeCsv, all(&records)), "{document}");
        }
    }
}

#[test]
fn a_damaged_row_costs_no_row_after_the_next() {
    let records: Vec<_> = (0..4).map(record).collect();
    for pretty in [false, true] {
        let text = |record: &Value| if pretty { format!("{record:#}") } else { record.to_string() };
        let rows: Vec<_> =
            records.iter().map(|record| format!("x,\"{}\"", text(record).replace('"', "\"\""))).collect();
        for place in 0..rows[1].len() {
            let mut damaged = vec![rows[1].clone().into_bytes()];
            damaged[0].remove(place);
            for byte in *b"\"\\{}[],x\n" {
                let (mut added, mut other) = (rows[1].clone().into_bytes(), rows[1].clone().into_bytes());
                added.insert(place, byte);
                other[place] = byte;
                damaged.extend([added, other]);
            }
            damaged.push([&b"[\""[..], rows[1].as_bytes()].concat());
            for row in damaged {
                let rows = [rows[0].as_bytes(), &row, rows[2].as_bytes(), rows[3].as_bytes()].join(&b'\n');
                let document = [&b"eventID,eventJson\n"[..], &rows[..], &b"\n"[..]].concat();
                let (_, found, _) = try_walk(&document);
                let shown = String::from_utf8_lossy(&document);
                assert_eq!(found.first(), Some(&Ok(records[0].clone())), "{shown}");
                assert_eq!(found.last(), Some(&Ok(records[3].clone())), "{shown}");
            }
        }
    }
}
