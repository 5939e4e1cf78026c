//! A row a period, as CSV or JSON, appended to a buffer that is used again.

use std::io::Write;

use super::number::push;
use crate::band::Judgement;

/// A row to be written.
#[derive(Clone, Copy, Debug)]
pub struct BandRow<'a> {
    /// The stamp, as it was read or in the zone of the command.
    pub timestamp: &'a [u8],
    /// The value, as it was read.
    pub value_text: &'a [u8],
    /// The value; `None` if it is missing.
    pub value: Option<f64>,
    /// What the band says of it.
    pub judgement: Judgement,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BandLines {
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects, one a line.
    Json,
}

impl BandLines {
    /// Appends what comes before the first row.
    pub fn begin(self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            BandLines::Csv => b"timestamp,value,expected,lower,upper,score,anomalous\n".as_slice(),
            BandLines::Json => b"[\n",
        });
    }

    /// Appends a row with its line end, so that whoever reads lines has it at once: what parts it from the row before
    /// stands at its beginning. `is_first` says that there is none before.
    pub fn row(self, row: &BandRow<'_>, is_first: bool, out: &mut Vec<u8>) {
        match self {
            BandLines::Csv => csv(row, out),
            BandLines::Json => {
                out.extend_from_slice(if is_first { b" " } else { b"," });
                json(row, out);
                out.push(b'\n');
            }
        }
    }

    /// Appends what comes after the last row.
    pub fn end(self, out: &mut Vec<u8>) {
        if self == BandLines::Json {
            out.extend_from_slice(b"]\n");
        }
    }
}

fn edges(row: &BandRow<'_>) -> [Option<f64>; 4] {
    let band = row.judgement.band;
    let score = row.value.map(|_| row.judgement.score);
    let numbers = [band.map(|band| band.expected), band.map(|band| band.lower), band.map(|band| band.upper), score];
    numbers.map(|number| number.filter(|number| number.is_finite()))
}

fn csv(row: &BandRow<'_>, out: &mut Vec<u8>) {
    field(row.timestamp, out);
    out.push(b',');
    field(row.value_text, out);
    for number in edges(row) {
        out.push(b',');
        if let Some(number) = number {
            push(number, out);
        }
    }
    out.extend_from_slice(if row.judgement.anomalous { b",1\n" } else { b",0\n" });
}

/// Appends a text as it was read: stamps and values have no commas, quotes or line ends in them, or they were no stamps
/// and values.
fn field(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(text);
}

fn json(row: &BandRow<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"timestamp\":\"");
    field(row.timestamp, out);
    out.extend_from_slice(b"\",\"value\":");
    match row.value {
        // A Vec takes all that is written.
        Some(value) => drop(write!(out, "{value}")),
        None => out.extend_from_slice(b"null"),
    }
    for (name, number) in ["expected", "lower", "upper", "score"].iter().zip(edges(row)) {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        match number {
            Some(number) => push(number, out),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.extend_from_slice(if row.judgement.anomalous { b",\"anomalous\":1}" } else { b",\"anomalous\":0}" });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::band::Band;

    fn written(lines: BandLines) -> String {
        let band = Band { expected: 4.25, lower: 0.0, upper: 9.0 };
        let judged = Judgement { band: Some(band), score: 12.5, anomalous: true, ..Judgement::default() };
        let young = Judgement { band: None, score: 0.0, anomalous: false, ..Judgement::default() };
        let rows = [
            BandRow { timestamp: b"2026-01-05", value_text: b"07.50", value: Some(7.5), judgement: judged },
            BandRow { timestamp: b"1767607200", value_text: b"NaN", value: None, judgement: young },
        ];
        let mut out = Vec::new();
        lines.begin(&mut out);
        for (at, row) in rows.iter().enumerate() {
            lines.row(row, at == 0, &mut out);
        }
        lines.end(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn csv_echoes_the_texts_and_leaves_empty_what_there_is_not() {
        let expect = "timestamp,value,expected,lower,upper,score,anomalous\n\
                      2026-01-05,07.50,4.25,0,9,12.5,1\n1767607200,NaN,,,,,0\n";
        assert_eq!(written(BandLines::Csv), expect);
    }

    #[test]
    fn json_is_read_back_by_a_parser() {
        let read: serde_json::Value = serde_json::from_str(&written(BandLines::Json)).expect("JSON");
        let expect = serde_json::json!([
            {"timestamp": "2026-01-05", "value": 7.5, "expected": 4.25, "lower": 0, "upper": 9, "score": 12.5,
             "anomalous": 1},
            {"timestamp": "1767607200", "value": null, "expected": null, "lower": null, "upper": null, "score": null,
             "anomalous": 0},
        ]);
        assert_eq!(read, expect);
    }

    #[test]
    fn a_json_row_ends_with_its_line_before_the_next_is_known() {
        let written = written(BandLines::Json);
        let begins: Vec<&str> = written.lines().map(|line| &line[..line.len().min(3)]).collect();
        assert_eq!(begins, ["[", " {\"", ",{\"", "]"]);
        let mut one = Vec::new();
        BandLines::Json.begin(&mut one);
        let judgement = Judgement { band: None, score: 0.0, anomalous: false, ..Judgement::default() };
        let row = BandRow { timestamp: b"0", value_text: b"1", value: Some(1.0), judgement };
        BandLines::Json.row(&row, true, &mut one);
        assert!(one.ends_with(b"}\n"), "{}", String::from_utf8_lossy(&one));
    }
}
