//! Long ranges for people: what strays row by row, the rest in steps.

use chrono::{DateTime, Timelike};
use chrono_tz::Tz;

use super::BandPoint;

/// Rows that a table should have at most, unless more than that stray.
const ROWS: usize = 48;

/// A line of the table: the most surprising period of a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condensed {
    /// That period.
    pub point: BandPoint,
    /// How many periods the line stands for.
    pub periods: usize,
}

/// Neighbouring periods as one line, within steps of the zone's clock that are long enough for a table to fit a screen,
/// and never an anomalous one with one that isn't.
pub fn condense(points: &[BandPoint], zone: Tz) -> Vec<Condensed> {
    /// In hours; the last is used however long the range is.
    const STEPS: [Option<i64>; 6] = [None, Some(1), Some(3), Some(6), Some(24), Some(7 * 24)];
    let by = |hours: Option<i64>| -> Vec<Condensed> {
        let mut lines: Vec<(i64, Condensed)> = Vec::new();
        for point in points {
            let step = hours.map_or(point.at, |hours| local_hour(point.at, zone).div_euclid(hours));
            match lines.last_mut() {
                Some((last, line)) if *last == step && line.point.judgement.anomalous == point.judgement.anomalous => {
                    line.periods += 1;
                    if surprise(point) > surprise(&line.point) {
                        line.point = *point;
                    }
                }
                _ => lines.push((step, Condensed { point: *point, periods: 1 })),
            }
        }
        lines.into_iter().map(|(_, line)| line).collect()
    };
    let last = STEPS[STEPS.len() - 1];
    STEPS[..STEPS.len() - 1]
        .iter()
        .map(|hours| by(*hours))
        .find(|lines| lines.len() <= ROWS)
        .unwrap_or_else(|| by(last))
}

fn surprise(point: &BandPoint) -> f64 {
    if point.value.is_some() { point.judgement.score } else { f64::NEG_INFINITY }
}

/// Hours of the zone's clock since its 1 January 1970, so that days of local time are multiples of 24.
fn local_hour(at: i64, zone: Tz) -> i64 {
    let time = DateTime::from_timestamp(at, 0).unwrap_or_default().with_timezone(&zone).naive_local();
    i64::from(time.date().to_epoch_days()) * 24 + i64::from(time.hour())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::band::Judgement;

    /// Five-minute periods from 2026-01-05T00:00:00Z on; those in `anomalous` stray.
    fn points(count: i64, anomalous: std::ops::Range<i64>) -> Vec<BandPoint> {
        let point = |at: i64| BandPoint {
            at: 1_767_571_200 + at * 300,
            value: Some(at as f64),
            judgement: Judgement {
                band: None,
                score: (at % 7) as f64,
                anomalous: anomalous.contains(&at),
                ..Judgement::default()
            },
        };
        (0..count).map(point).collect()
    }

    #[test]
    fn a_short_range_has_a_line_a_period() {
        let lines = condense(&points(48, 0..0), Tz::UTC);
        assert!(lines.len() == 48 && lines.iter().all(|line| line.periods == 1));
        assert_eq!(condense(&[], Tz::UTC), []);
    }

    #[test]
    fn a_long_one_has_a_line_an_hour_and_one_for_what_strays_within() {
        // 03:20 to 04:10 strays.
        let lines = condense(&points(288, 40..50), Tz::UTC);
        let told: Vec<(usize, bool)> =
            lines.iter().map(|line| (line.periods, line.point.judgement.anomalous)).collect();
        assert_eq!(lines.len(), 26);
        assert_eq!(told[2..7], [(12, false), (4, false), (8, true), (2, true), (10, false)]);
        assert_eq!(lines.iter().map(|line| line.periods).sum::<usize>(), 288);
        // The most surprising of periods 24 to 35 is the 27th, whose score is 6.
        assert_eq!(lines[2].point.value, Some(27.0));
    }

    #[test]
    fn days_are_those_of_the_zone() {
        // Ten days from 01:00 in Berlin on.
        let lines = condense(&points(10 * 288, 0..0), Tz::Europe__Berlin);
        assert!(lines.len() <= 48, "{}", lines.len());
        let days = condense(&points(30 * 288, 0..0), Tz::Europe__Berlin);
        assert_eq!((days.len(), days[0].periods, days[1].periods, days[30].periods), (31, 23 * 12, 288, 12));
    }
}
