//! Answers as Parquet.

use std::io::Write;

use polars::prelude::{
    Column, DataFrame, DataType, IntoColumn, NamedFrom, ParquetWriter, PolarsResult, Series as Values, TimeUnit,
    TimeZone,
};

use super::answer::{Answer, Series};
use super::error::InsightsError;
use crate::domain::Minute;

impl Answer {
    /// Writes one row a series (`rank`, keys, `value`, `peak`, `peak_at`), or with `points` one a bucket (`timestamp`,
    /// keys, `value`), as one Parquet file. Values are whole numbers unless they are averages; times are UTC.
    pub fn write_parquet(&self, points: bool, out: &mut dyn Write) -> Result<(), InsightsError> {
        let failed = InsightsError::frame("write Parquet");
        let mut frame = if points { self.points_frame() } else { self.series_frame() }.map_err(&failed)?;
        ParquetWriter::new(out).finish(&mut frame).map(drop).map_err(failed)
    }

    fn series_frame(&self) -> PolarsResult<DataFrame> {
        let rank: Vec<u32> = self.series.iter().map(|series| series.rank).collect();
        let mut columns = vec![Values::new("rank".into(), rank).into_column()];
        columns.extend(self.key_columns(|_| 1));
        let of = |value: fn(&Series) -> Option<f64>| self.series.iter().map(value).collect::<Vec<_>>();
        columns.push(self.values("value", of(|series| series.value))?);
        columns.push(self.values("peak", of(|series| series.peak))?);
        columns.push(times("peak_at", self.series.iter().map(|series| series.peak_at).collect())?);
        DataFrame::new(self.series.len(), columns)
    }

    fn points_frame(&self) -> PolarsResult<DataFrame> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let mut columns = vec![times("timestamp", points().map(|point| Some(point.start)).collect())?];
        columns.extend(self.key_columns(|series| series.points.len()));
        columns.push(self.values("value", points().map(|point| Some(point.value)).collect())?);
        DataFrame::new(points().count(), columns)
    }

    /// The keys' columns, each series' values so many times.
    fn key_columns(&self, times: impl Fn(&Series) -> usize) -> Vec<Column> {
        let column = |(at, key): (usize, &super::query::Key)| {
            let of = |series| std::iter::repeat_n(self.key_at(series, at), times(series));
            let values: Vec<&str> = self.series.iter().flat_map(of).collect();
            Values::new(key.to_string().into(), values).into_column()
        };
        self.keys.iter().enumerate().map(column).collect()
    }

    fn key_at<'a>(&self, series: &'a Series, at: usize) -> &'a str {
        series.keys.get(at).map_or("", String::as_str)
    }

    fn values(&self, name: &str, values: Vec<Option<f64>>) -> PolarsResult<Column> {
        let column = Values::new(name.into(), values);
        Ok(if self.is_whole() { column.cast(&DataType::Int64)? } else { column }.into_column())
    }
}

fn times(name: &str, minutes: Vec<Option<Minute>>) -> PolarsResult<Column> {
    let millis = minutes.into_iter().map(|minute| minute.map(|minute| i64::from(minute.0) * 60_000));
    let utc = DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
    Ok(Values::new(name.into(), millis.collect::<Vec<Option<i64>>>()).cast(&utc)?.into_column())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use polars::prelude::{ParquetReader, SerReader};

    use super::*;
    use crate::insights::{Function, Key, Point, Window};

    #[test]
    fn what_is_written_reads_back() {
        let series = Series {
            rank: 1,
            keys: vec!["k".to_owned()],
            value: Some(7.0),
            peak: Some(4.0),
            peak_at: Some(Minute(3)),
            points: vec![Point { start: Minute(3), value: 4.0 }, Point { start: Minute(5), value: 3.0 }],
        };
        let empty = Series { rank: 2, value: None, peak: None, peak_at: None, points: vec![], ..series.clone() };
        let answer = Answer {
            metric: None,
            keys: vec![Key::Dimension("KeyArn".to_owned())],
            function: Function::Sum,
            window: Window { range: crate::domain::MinuteRange::ALL, period: 1 },
            resolution: 1,
            series: vec![series, empty],
        };
        let read = |points: bool| {
            let mut bytes = Vec::new();
            answer.write_parquet(points, &mut bytes).expect("written");
            ParquetReader::new(Cursor::new(bytes)).finish().expect("read")
        };
        let frame = read(false);
        assert_eq!(frame.get_column_names(), ["rank", "KeyArn", "value", "peak", "peak_at"]);
        assert_eq!(frame.column("value").expect("value").i64().expect("whole").get(0), Some(7));
        assert_eq!(frame.column("peak_at").expect("time").null_count(), 1);
        let frame = read(true);
        assert_eq!(frame.get_column_names(), ["timestamp", "KeyArn", "value"]);
        assert_eq!(frame.height(), 2);
    }
}
