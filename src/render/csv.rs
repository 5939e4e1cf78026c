//! Comma-separated values.

use std::io::{self, Write};

use super::cell::{Cell, Column};
use super::zone::Zone;

/// Writes rows as CSV with a header: times as RFC 3339, trends as numbers separated by blanks, no value as empty field.
pub fn csv<'a>(
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Cell<'a>>>,
    zone: Zone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns.iter().map(|column| column.name.as_str()))?;
    for row in rows {
        for cell in &row {
            match cell {
                Cell::Text(text) => writer.write_field(text.as_bytes())?,
                other => writer.write_field(field(other, zone))?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

fn field(cell: &Cell<'_>, zone: Zone) -> String {
    match cell {
        Cell::Text(text) => text.to_string(),
        Cell::Absent(_) | Cell::Missing => String::new(),
        Cell::Count(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Share(share) => format!("{share:.2}"),
        Cell::Time(minute) => zone.stamp(*minute),
        Cell::Second(second) => zone.stamp_at(*second),
        Cell::Trend(values) => values.iter().map(u64::to_string).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Minute;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let columns = [Column::left("a"), Column::right("b"), Column::left("c"), Column::left("d")];
        let rows = [
            vec![Cell::text("x,\"y\""), Cell::Count(1_000), Cell::Time(Minute(0)), Cell::Trend(vec![1, 5])],
            vec![Cell::Absent("(direct)"), Cell::Share(12.345), Cell::Missing, Cell::Number(2.5)],
        ];
        let mut out = Vec::new();
        csv(&columns, rows, Zone::default(), &mut out).expect("written");
        let expect = "a,b,c,d\n\"x,\"\"y\"\"\",1000,1970-01-01T00:00:00Z,1 5\n,12.35,,2.5\n";
        assert_eq!(String::from_utf8(out).expect("text"), expect);
    }
}
