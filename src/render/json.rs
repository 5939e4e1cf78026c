//! JSON: an array of objects, one a line.

use std::io::{self, Write};

use serde_json::Value;

use super::cell::{Cell, Column};
use super::zone::Zone;

/// Writes rows as an array of objects, each on its own line, with the columns' names as fields in their order: times as
/// RFC 3339, trends as arrays, no value as `null`, absence (`(direct)`) as empty text.
pub fn json<'a>(
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Cell<'a>>>,
    zone: Zone,
    out: &mut dyn Write,
) -> io::Result<()> {
    out.write_all(b"[")?;
    for (at, row) in rows.into_iter().enumerate() {
        out.write_all(if at == 0 { b"\n{" } else { b",\n{" })?;
        for (place, (column, cell)) in columns.iter().zip(row).enumerate() {
            if place > 0 {
                out.write_all(b",")?;
            }
            serde_json::to_writer(&mut *out, &column.name)?;
            out.write_all(b":")?;
            serde_json::to_writer(&mut *out, &value(cell, zone))?;
        }
        out.write_all(b"}")?;
    }
    out.write_all(b"\n]\n")
}

fn value(cell: Cell<'_>, zone: Zone) -> Value {
    match cell {
        Cell::Text(text) => Value::from(text),
        Cell::Absent(_) => Value::from(""),
        Cell::Count(number) => Value::from(number),
        Cell::Number(number) => Value::from(number),
        Cell::Share(share) => Value::from((share * 100.0).round() / 100.0),
        Cell::Time(minute) => Value::from(zone.stamp(minute)),
        Cell::Second(second) => Value::from(zone.stamp_at(second)),
        Cell::Trend(values) => Value::from(values),
        Cell::Missing => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Minute;

    #[test]
    fn rows_are_objects_one_a_line() {
        let columns = [Column::left("a"), Column::right("b"), Column::left("c")];
        let rows = [
            vec![Cell::text("x\"\n"), Cell::Count(1), Cell::Time(Minute(0))],
            vec![Cell::Absent("(direct)"), Cell::Share(12.345), Cell::Missing],
        ];
        let mut out = Vec::new();
        json(&columns, rows, Zone::default(), &mut out).expect("written");
        let expect =
            "[\n{\"a\":\"x\\\"\\n\",\"b\":1,\"c\":\"1970-01-01T00:00:00Z\"},\n{\"a\":\"\",\"b\":12.35,\"c\":null}\n]\n";
        assert_eq!(String::from_utf8(out).expect("text"), expect);
        let mut none = Vec::new();
        json(&columns, [], Zone::default(), &mut none).expect("written");
        assert_eq!(none, b"[\n]\n");
    }
}
