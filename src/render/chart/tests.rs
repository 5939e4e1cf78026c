//! Pictures of every kind of range, read back as XML and as pixels.

use super::*;
use crate::band::{Band, Judgement};

/// 2026-01-05T00:00:00Z.
const START: i64 = 1_767_571_200;

fn points(count: i64, value: impl Fn(i64) -> Option<f64>, anomalous: std::ops::Range<i64>) -> Vec<BandPoint> {
    let band = Band { expected: 100.0, lower: 50.0, upper: 150.0 };
    let point = |row: i64| BandPoint {
        at: START + row * 300,
        value: value(row),
        judgement: Judgement {
            band: (row >= 12).then_some(band),
            score: 1.0,
            anomalous: anomalous.contains(&row),
            ..Judgement::default()
        },
    };
    (0..count).map(point).collect()
}

fn chart(points: &[BandPoint], size: Size) -> Chart<'_> {
    Chart {
        title: "Decrypt",
        subtitle: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        points,
        period: 300,
        zone: Tz::UTC,
        size,
    }
}

const PHONE: Size = Size { width: 390, height: 260 };

/// Each text of a picture: its left and right end, and what it says.
fn texts(svg: &str) -> Vec<(f64, f64, String)> {
    let attribute = |line: &str, name: &str| -> String {
        let from = line.find(&format!("{name}=\"")).expect("an attribute") + name.len() + 2;
        line[from..].split('"').next().unwrap_or("").to_owned()
    };
    let lines = svg.lines().filter(|line| line.starts_with("<text"));
    lines
        .map(|line| {
            let said = line.split('>').nth(1).and_then(|rest| rest.split('<').next()).unwrap_or("").to_owned();
            let (x, size): (f64, f64) =
                (attribute(line, "x").parse().expect("x"), attribute(line, "font-size").parse().expect("size"));
            let wide = text::width(&said, size);
            match attribute(line, "text-anchor").as_str() {
                "end" => (x - wide, x, said),
                "middle" => (x - wide / 2.0, x + wide / 2.0, said),
                _ => (x, x + wide, said),
            }
        })
        .collect()
}

#[test]
fn every_text_lies_within_the_picture_on_a_phone_and_on_a_desk() {
    for size in [PHONE, Size::default(), Size { width: 240, height: 160 }] {
        for count in [1, 2, 37, 288, 2016, 40_000] {
            let points = points(count, |row| Some((row * 7919 % 140) as f64 + 1e6 * f64::from(row % 40 == 3)), 3..5);
            let svg = svg(&chart(&points, size));
            for (left, right, said) in texts(&svg) {
                assert!(
                    left >= 0.0 && right <= f64::from(size.width),
                    "{said} at {left} to {right} of {size}, {count}"
                );
            }
        }
    }
}

#[test]
fn names_of_times_do_not_touch_and_are_those_of_the_zone() {
    let points = points(576, |_| Some(100.0), 0..0);
    let axis = |zone: Tz, size: Size| -> Vec<String> {
        let svg = svg(&Chart { zone, ..chart(&points, size) });
        let named = texts(&svg)
            .into_iter()
            .filter(|(_, _, said)| said.contains(':') && said.len() == 5 || said.ends_with("Jan"));
        let named: Vec<_> = named.collect();
        assert!(named.windows(2).all(|pair| pair[0].1 + 4.0 < pair[1].0), "{named:?}");
        named.into_iter().map(|(_, _, said)| said).collect()
    };
    let utc = axis(Tz::UTC, Size::default());
    assert_eq!(utc[0], "5 Jan");
    assert!(utc.contains(&"6 Jan".to_owned()) && utc.len() >= 6, "{utc:?}");
    // Midnight in Kathmandu is 18:15 UTC, on the fifth.
    assert!(axis(Tz::Asia__Kathmandu, Size::default()).contains(&"6 Jan".to_owned()));
    assert!((2..=6).contains(&axis(Tz::UTC, PHONE).len()));
}

#[test]
fn names_of_months_and_years_do_not_touch_either() {
    for days in [200, 400, 800, 1_500, 3_000, 4_500, 7_000, 12_000] {
        let mut points = points(40, |_| Some(100.0), 0..0);
        points.iter_mut().zip(0..).for_each(|(point, row)| point.at = START + row * days * 86_400 / 40);
        for width in [240, 360, 390, 600, 960] {
            let svg = svg(&chart(&points, Size { width, height: 240 }));
            let is_month = |said: &str| said.len() == 8 && said[3..].trim_start().parse::<u16>().is_ok();
            let named: Vec<_> = texts(&svg).into_iter().filter(|(_, _, said)| is_month(said)).collect();
            assert!(days < 400 || !named.is_empty(), "{days} days at {width}: {svg}");
            assert!(named.windows(2).all(|pair| pair[0].1 + 4.0 < pair[1].0), "{days} days at {width}: {named:?}");
        }
    }
}

#[test]
fn names_of_months_leave_none_out_and_none_comes_twice() {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    for (days, width, between) in [(365, 960, 1), (365, 1200, 1), (730, 960, 3), (3_000, 960, 12)] {
        for first_day in [0, 12, 26, 55, 330] {
            let mut points = points(40, |_| Some(100.0), 0..0);
            points.iter_mut().zip(0..).for_each(|(point, row)| {
                point.at = START + first_day * 86_400 + row * days * 86_400 / 39;
            });
            let svg = svg(&chart(&points, Size { width, height: 360 }));
            let number = |said: &str| {
                let month = MONTHS.iter().position(|name| said.starts_with(name))?;
                said.get(4..)?.parse::<usize>().ok().map(|year| year * 12 + month)
            };
            let named: Vec<usize> = texts(&svg).into_iter().filter_map(|(_, _, said)| number(&said)).collect();
            assert!(named.len() >= 7, "{days} days at {width}: {named:?}");
            assert!(named.windows(2).all(|pair| pair[1] - pair[0] == between), "{days} days at {width}: {named:?}");
        }
    }
}

#[test]
fn anomalies_are_red_and_counted_in_the_legend() {
    let points = points(288, |row| Some(if (100..110).contains(&row) { 400.0 } else { 100.0 }), 100..110);
    let svg = svg(&chart(&points, Size::default()));
    assert!(svg.contains("anomalous: 10 of 288") && svg.contains("observed, last 100"));
    assert_eq!(svg.matches("stroke=\"#d1242f\" stroke-width=\"2.2\" stroke-linejoin").count(), 1);
    let quiet = super::svg(&chart(&points[..90], Size::default()));
    assert!(!quiet.contains("opacity=\".09\"") && quiet.contains("anomalous: 0 of 90"));
}

#[test]
fn a_peak_that_would_flatten_all_else_makes_the_axis_logarithmic() {
    let with_peak = |peak: f64| points(288, move |row| Some(if row == 200 { peak } else { 100.0 }), 200..201);
    assert!(!svg(&chart(&with_peak(1_500.0), PHONE)).contains("logarithmic"));
    assert!(svg(&chart(&with_peak(15_000.0), PHONE)).contains("logarithmic"));
    let values = values::Values::of(&with_peak(15_000.0), 0.0, 300.0);
    // The band's usual top is still well above the ground.
    assert!(values.y(0.0) - values.y(150.0) > 60.0);
    assert!(values.y(15_000.0) < 20.0 && values.y(0.0) == 300.0);
}

#[test]
fn gaps_and_missing_values_break_the_line() {
    let mut points = points(60, |row| (row != 20).then_some(100.0), 0..0);
    points.retain(|point| !(START + 40 * 300..START + 45 * 300).contains(&point.at));
    let svg = svg(&chart(&points, PHONE));
    assert_eq!(svg.matches("stroke=\"#1d5fbf\" stroke-width=\"1.5\"").count(), 3);
}

#[test]
fn long_ranges_keep_their_peaks_in_few_points() {
    let points = points(40_000, |row| Some(if row == 31_234 { 149.0 } else { 100.0 }), 31_234..31_235);
    let runs = trace::observed(&points, 300, 800);
    let kept: usize = runs.iter().map(Vec::len).sum();
    assert!(kept < 1_700, "{kept}");
    assert!(runs.iter().flatten().any(|place| place.value == 149.0 && place.is_anomalous));
}

#[test]
fn every_range_becomes_a_png_of_its_size() {
    let some = points(300, |row| (row % 50 != 7).then_some(row as f64), 20..30);
    let zeros = points(10, |_| Some(0.0), 0..0);
    let none = points(10, |_| None, 0..0);
    let huge = points(30, |_| Some(1e15), 0..0);
    let mut apart = points(2, |_| Some(1.0), 0..0);
    apart[1].at += 10 * 365 * 86_400;
    for points in [&some[..], &zeros, &none, &huge, &apart, &some[..1], &[]] {
        let drawn = svg(&chart(points, PHONE));
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
        let png = png(&drawn).expect("a picture");
        assert_eq!(png[1..4], *b"PNG");
        let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((side(16), side(20)), (390, 260));
    }
}

#[test]
fn names_are_escaped_and_numbers_short() {
    let points = points(20, |_| Some(1.0), 0..0);
    let odd = Chart { title: "a<b>&\"c\"\u{1}", ..chart(&points, PHONE) };
    assert!(svg(&odd).contains("a&lt;b&gt;&amp;&quot;c&quot; </text>"));
    let odd = Chart { title: "a\u{1b}b\u{61c}c\u{200e}d\u{202e}e\u{2066}f\u{2029}g", ..chart(&points, PHONE) };
    assert!(svg(&odd).contains("a b c d e f g</text>"));
    for (number, expect) in [
        (0.0, "0"),
        (7.0, "7"),
        (0.25, "0.25"),
        (999.0, "999"),
        (1500.0, "1.5k"),
        (2e6, "2M"),
        (1e15, "1P"),
        (999_999.0, "1M"),
        (104_790.0, "105k"),
    ] {
        assert_eq!(text::short(number), expect);
    }
}

#[test]
fn sizes_are_read_as_width_by_height() {
    assert_eq!("390x260".parse(), Ok(PHONE));
    assert_eq!(PHONE.to_string(), "390x260");
    for text in ["390", "x", "10x10", "390x260x1", "9000x300", "-1x3"] {
        assert!(text.parse::<Size>().is_err(), "{text}");
    }
}
