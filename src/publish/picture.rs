//! The picture of an incident: the series with the largest excess, around its onset.

use chrono_tz::Tz;

use super::words::{calls, key, key_id};
use crate::alarm::Incident;
use crate::render::BandPoint;
use crate::render::chart::{self, Chart, PictureError, Size};

/// For a desk.
const DESK: Size = Size { width: 720, height: 320 };
/// For mail, which is read on a phone first.
pub(super) const PHONE: Size = Size { width: 390, height: 260 };

/// The incident as an SVG, for a desk.
pub fn svg(incident: &Incident) -> String {
    drawn(incident, DESK)
}

/// The incident as a PNG, for a phone: twice as many pixels as it is shown with, so that it is sharp there.
pub fn png(incident: &Incident) -> Result<Vec<u8>, PictureError> {
    let sides = |times: u16| format!("width=\"{}\" height=\"{}\"", PHONE.width * times, PHONE.height * times);
    chart::png(&drawn(incident, PHONE).replacen(&sides(1), &sides(2), 1))
}

fn drawn(incident: &Incident, size: Size) -> String {
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
        size,
    })
}

/// The picture's values, for a line of blocks.
pub(super) fn values(incident: &Incident) -> Vec<u64> {
    incident.picture.iter().map(|point| point.value.max(0.0).round() as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::Subject;
    use crate::publish::sample;

    #[test]
    fn a_png_is_sharp_on_a_phone_and_an_svg_names_what_it_shows() {
        let Subject::StateChange(change) = sample::page().subject else { panic!("a change") };
        let incident = change.incident.expect("an incident");
        let png = png(&incident).expect("a picture");
        // Width and height are the first fields of the first chunk, IHDR.
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!([&png[16..20], &png[20..24]], [780_u32.to_be_bytes(), 520_u32.to_be_bytes()]);
        let svg = svg(&incident);
        assert!(svg.contains("Decrypt on alias/data-lake-raw") && svg.contains("1234abcd-12ab-34cd-56ef-1234567890ab"));
    }

    #[test]
    fn an_incident_without_a_picture_is_drawn_empty() {
        let Subject::StateChange(change) = sample::page().subject else { panic!("a change") };
        let mut incident = change.incident.expect("an incident");
        incident.picture.clear();
        incident.series.clear();
        assert!(svg(&incident).contains("no values in this range"));
        assert!(png(&incident).is_ok());
    }
}
