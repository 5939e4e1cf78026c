//! The words of a chart: title, subtitle, legend.

use super::Chart;
use super::text::{escaped, fitted, short, width};

/// Colours, as CloudWatch's console has them, dark enough to be told apart on white.
pub(super) const BAND: &str = "#d3dae3";
pub(super) const EXPECTED: &str = "#7b8794";
pub(super) const OBSERVED: &str = "#1d5fbf";
pub(super) const ANOMALY: &str = "#d1242f";
pub(super) const TEXT: &str = "#1f2933";
pub(super) const QUIET: &str = "#52606d";
pub(super) const GRID: &str = "#e9edf2";

/// How a legend's entry is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sample {
    Block,
    Line,
    Dashes,
}

/// Appends title, subtitle and legend; where the plot may begin.
pub(super) fn head(chart: &Chart<'_>, is_logarithmic: bool, font: f64, edge: f64, out: &mut String) -> f64 {
    let room = f64::from(chart.size.width) - 2.0 * edge;
    let mut y = edge + font * 1.15;
    let title = fitted(chart.title, font * 1.25, room);
    out.push_str(&text(edge, y, font * 1.25, TEXT, "start", &title));
    let unit = format!("per {}{}", period_name(chart.period), if is_logarithmic { ", logarithmic" } else { "" });
    let unit = format!("{unit}, {}", chart.zone.name());
    // On one line if there is room for most of the name, else on a line each.
    let beside = room - width(&unit, font) - 2.0 * font;
    y += font * 1.6;
    if beside >= width(chart.subtitle, font).min(24.0 * font) {
        out.push_str(&text(edge, y, font, QUIET, "start", &fitted(chart.subtitle, font, beside)));
        out.push_str(&text(edge + room, y, font, QUIET, "end", &unit));
    } else {
        out.push_str(&text(edge, y, font, QUIET, "start", &fitted(chart.subtitle, font, room)));
        y += font * 1.45;
        out.push_str(&text(edge, y, font, QUIET, "start", &unit));
    }
    y += font * 1.8;
    y = legend(chart, font, edge, y, out);
    y + font * 0.9
}

/// Appends the legend, in as many lines as it takes; the last line's place.
fn legend(chart: &Chart<'_>, font: f64, edge: f64, mut y: f64, out: &mut String) -> f64 {
    let last = chart.points.iter().rev().find_map(|point| point.value);
    let anomalous = chart.points.iter().filter(|point| point.judgement.anomalous).count();
    let observed = last.map_or_else(|| "observed".to_owned(), |last| format!("observed, last {}", short(last)));
    let entries = [
        (Sample::Line, OBSERVED, observed),
        (Sample::Dashes, EXPECTED, "expected".to_owned()),
        (Sample::Block, BAND, "band".to_owned()),
        (Sample::Line, ANOMALY, format!("anomalous: {anomalous} of {}", chart.points.len())),
    ];
    let (sample, gap) = (font * 1.5, font * 0.5);
    let mut x = edge;
    for (kind, colour, name) in entries {
        let wide = sample + gap + width(&name, font);
        if x > edge && x + wide > f64::from(chart.size.width) - edge {
            x = edge;
            y += font * 1.5;
        }
        let middle = y - font * 0.35;
        let mark = match kind {
            Sample::Block => {
                format!(
                    r#"<rect x="{x:.1}" y="{:.1}" width="{sample:.1}" height="{:.1}" fill="{colour}"/>"#,
                    middle - font * 0.4,
                    font * 0.8
                )
            }
            Sample::Line | Sample::Dashes => {
                let dash = if kind == Sample::Dashes { r#" stroke-dasharray="4 3""# } else { "" };
                let width = if kind == Sample::Dashes { 1.3 } else { 2.2 };
                format!(r#"<path d="M{x:.1} {middle:.1}h{sample:.1}" stroke="{colour}" stroke-width="{width}"{dash}/>"#)
            }
        };
        out.push_str(&mark);
        out.push('\n');
        out.push_str(&text(x + sample + gap, y, font, QUIET, "start", &name));
        x += wide + font * 1.4;
    }
    y
}

/// `5 minutes`, `hour`.
fn period_name(seconds: i64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds % unit == 0).unwrap_or((1, "second"));
    match seconds / unit {
        1 => name.to_owned(),
        many => format!("{many} {name}s"),
    }
}

/// A text, set from `x` as `anchor` says.
pub(super) fn text(x: f64, y: f64, size: f64, colour: &str, anchor: &str, text: &str) -> String {
    let text = escaped(text);
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size:.1}\" fill=\"{colour}\" text-anchor=\"{anchor}\">{text}</text>\n"
    )
}
