//! The whole picture.

use std::fmt::Write;

use super::labels::{ANOMALY, BAND, EXPECTED, GRID, OBSERVED, QUIET, head, text};
use super::text::{escaped, short, width};
use super::times::Times;
use super::trace::{Place, anomalies, bands, observed};
use super::values::Values;
use super::{BandPoint, Chart};

/// Pictures narrower than this are seen on a phone.
const NARROW: u16 = 560;

/// Where things are.
struct Plot<'a> {
    chart: &'a Chart<'a>,
    times: Times,
    values: Values,
    top: f64,
    bottom: f64,
    font: f64,
}

/// Draws a chart.
pub fn svg(chart: &Chart<'_>) -> String {
    let (wide, high) = (f64::from(chart.size.width), f64::from(chart.size.height));
    let font = if chart.size.width < NARROW { 11.0 } else { 12.5 };
    let edge = font * 1.2;
    // Whether the axis is logarithmic doesn't depend on where it is.
    let is_logarithmic = Values::of(chart.points, 0.0, 1.0).is_logarithmic();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" role=\"img\" \
         font-family=\"DejaVu Sans, Verdana, Geneva, sans-serif\" fill=\"none\">\n<title>{}</title>\n\
         <rect width=\"{wide}\" height=\"{high}\" rx=\"6\" fill=\"#ffffff\"/>\n",
        escaped(&format!("{} {}", chart.title, chart.subtitle))
    );
    let top = head(chart, is_logarithmic, font, edge, &mut out);
    let bottom = (high - edge - font * 1.3).max(top + 20.0);
    let values = Values::of(chart.points, top, bottom);
    let labels = values.labels(((bottom - top) / (font * 3.2)) as usize, font * 1.3);
    let names = labels.iter().map(|(_, name)| width(name, font)).fold(0.0, f64::max);
    let last = chart.points.iter().rev().find_map(|point| Some((point, point.value?)));
    let last_name = last.map(|(_, value)| short(value)).unwrap_or_default();
    let at = |place: Option<&BandPoint>| place.map_or(0, |point| point.at);
    let first = chart.points.iter().map(|point| point.at).min().unwrap_or(0);
    let times = Times {
        first,
        last: chart.points.iter().map(|point| point.at).max().unwrap_or(0).max(first + chart.period),
        left: edge + names + font * 0.6,
        right: wide - edge - width(&last_name, font) - font * 0.7,
        zone: chart.zone,
    };
    let plot = Plot { chart, times, values, top, bottom, font };
    plot.axes(&labels, &mut out);
    if last.is_none() {
        let middle = (plot.times.left + plot.times.right) / 2.0;
        out.push_str(&text(middle, (top + bottom) / 2.0, font, QUIET, "middle", "no values in this range"));
    }
    plot.band(&mut out);
    plot.observed(&mut out);
    if let Some((point, value)) = last {
        let (x, y) = (plot.times.x(at(Some(point))), plot.values.y(value));
        let colour = if point.judgement.anomalous { ANOMALY } else { OBSERVED };
        let _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        out.push_str(&text(x + font * 0.6, y + font * 0.35, font, colour, "start", &last_name));
    }
    out.push_str("</svg>\n");
    out
}

/// A tick's name: its middle and its end, in pixels.
struct Name {
    x: f64,
    until: f64,
    /// Whether it would have begun outside the picture.
    is_moved_in: bool,
    text: String,
}

impl Plot<'_> {
    fn axes(&self, labels: &[(f64, String)], out: &mut String) {
        let (left, right) = (self.times.left, self.times.right);
        for (y, name) in labels {
            let _ = writeln!(out, "<path d=\"M{left:.1} {y:.1}H{right:.1}\" stroke=\"{GRID}\"/>");
            out.push_str(&text(left - self.font * 0.5, y + self.font * 0.35, self.font, QUIET, "end", name));
        }
        let y = self.bottom + self.font * 1.5;
        let mut names: Vec<Name> = Vec::new();
        for tick in self.times.ticks(self.font * 5.2) {
            let x = tick.x;
            let (stroke, from) = if tick.is_day { ("#cbd2d9", self.top) } else { ("#cbd2d9", self.bottom) };
            let _ = writeln!(out, "<path d=\"M{x:.1} {from:.1}V{:.1}\" stroke=\"{stroke}\"/>", self.bottom + 4.0);
            let half = width(&tick.text, self.font) / 2.0;
            let kept = x.clamp(left + half - self.font, (right + self.font * 2.0 - half).max(left + half - self.font));
            let runs_into = |before: &Name| kept - half <= before.until + self.font * 0.5;
            // One moved in from the edge gives way to the next, which stands in its place; a long name is left out.
            names.pop_if(|before| before.is_moved_in && runs_into(before));
            if !names.last().is_some_and(runs_into) {
                names.push(Name { x: kept, until: kept + half, is_moved_in: kept > x, text: tick.text });
            }
        }
        for name in names {
            out.push_str(&text(name.x, y, self.font, QUIET, "middle", &name.text));
        }
        let _ = writeln!(out, "<path d=\"M{left:.1} {0:.1}H{right:.1}\" stroke=\"#9aa5b1\"/>", self.bottom);
    }

    fn columns(&self) -> usize {
        (self.times.right - self.times.left).max(1.0) as usize
    }

    fn band(&self, out: &mut String) {
        let (points, period) = (self.chart.points, self.chart.period);
        for (from, to) in anomalies(points, period) {
            let (x, end) = (self.times.x(from), self.times.x(to.min(self.times.last)));
            let wide = (end - x).max(2.0);
            let high = self.bottom - self.top;
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" fill=\"{ANOMALY}\" opacity=\".09\"/>",
                self.top
            );
        }
        for run in bands(points, period, self.columns()) {
            let place = |at: i64, value: f64| format!("{:.1} {:.1}", self.times.x(at), self.values.y(value));
            let upper: Vec<String> = run.iter().map(|(at, band)| place(*at, band.upper)).collect();
            let lower: Vec<String> = run.iter().rev().map(|(at, band)| place(*at, band.lower)).collect();
            let expected: Vec<String> = run.iter().map(|(at, band)| place(*at, band.expected)).collect();
            let (upper, lower, expected) = (upper.join("L"), lower.join("L"), expected.join("L"));
            let _ =
                writeln!(out, "<path d=\"M{upper}L{lower}Z\" fill=\"{BAND}\" stroke=\"{BAND}\" stroke-width=\".8\"/>");
            let _ = writeln!(
                out,
                "<path d=\"M{expected}\" stroke=\"{EXPECTED}\" stroke-width=\"1.1\" stroke-dasharray=\"4 3\"/>"
            );
        }
    }

    fn observed(&self, out: &mut String) {
        let place = |place: &Place| (self.times.x(place.at), self.values.y(place.value));
        let line = |places: &[Place]| -> String {
            places.iter().map(&place).map(|(x, y)| format!("{x:.1} {y:.1}")).collect::<Vec<_>>().join("L")
        };
        let runs = observed(self.chart.points, self.chart.period, self.columns());
        for run in &runs {
            let end = if run.len() == 1 { "h.1" } else { "" };
            let _ = writeln!(
                out,
                "<path d=\"M{}{end}\" stroke=\"{OBSERVED}\" stroke-width=\"1.5\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>",
                line(run)
            );
        }
        // Red lies on top, so that blue neighbours don't hide it, and begins with the way up to the first period.
        for run in &runs {
            let mut from = 0;
            for stretch in run.chunk_by(|a, b| a.is_anomalous == b.is_anomalous) {
                let to = from + stretch.len();
                if stretch[0].is_anomalous {
                    self.anomaly(&line(&run[from.saturating_sub(1)..to]), stretch, out);
                }
                from = to;
            }
        }
    }

    fn anomaly(&self, line: &str, stretch: &[Place], out: &mut String) {
        let _ = writeln!(
            out,
            "<path d=\"M{line}\" stroke=\"{ANOMALY}\" stroke-width=\"2.2\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        );
        if let [only] = stretch {
            let (x, y) = (self.times.x(only.at), self.values.y(only.value));
            let _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{ANOMALY}\"/>");
        }
    }
}
