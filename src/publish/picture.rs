//! The picture of an incident: the series with the largest excess, around its onset.

use chrono_tz::Tz;

use super::words::{calls, key, key_id};
use crate::alarm::Incident;
use crate::render::BandPoint;
use crate::render::chart::{self, Chart, PictureError, Size};

/// Large enough for a desk, and its texts can still be read on a phone's width.
const SIZE: Size = Size { width: 720, height: 320 };

/// The incident as an SVG.
pub fn svg(incident: &Incident) -> String {
    let points: Vec<BandPoint> = incident
        .picture
        .iter()
        .map(|point| BandPoint::drawn(point.at, Some(point.value), point.band, point.anomalous))
        .collect();
    let (title, subtitle) = match incident.series.first() {
        Some(series) => {
            let title = format!("{} on {}", calls(&series.operation, &series.metric), key(series));
            (title, if series.alias.is_some() { key_id(&series.key_arn) } else { "" })
        }
        None => (format!("Incident {}", incident.number), ""),
    };
    chart::svg(&Chart {
        title: &title,
        subtitle,
        points: &points,
        period: i64::from(incident.period_seconds),
        zone: Tz::UTC,
        size: SIZE,
    })
}

/// The incident as a PNG.
pub fn png(incident: &Incident) -> Result<Vec<u8>, PictureError> {
    chart::png(&svg(incident))
}

/// The picture's values, for a line of blocks.
pub(super) fn values(incident: &Incident) -> Vec<u64> {
    incident.picture.iter().map(|point| point.value.max(0.0).round() as u64).collect()
}
