//! A band as a picture: the grey band, what was expected, what was observed, anomalies in red.
//!
//! What enters are judged periods and what to call them; what leaves is an SVG, or a PNG drawn from it with a font that
//! the program carries. The picture has the size it will be shown at, so that its texts can be read there, on a phone
//! (390x260) as on a desk (960x360).

mod draw;
mod labels;
mod picture;
mod text;
mod times;
mod trace;
mod values;

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;

use super::BandPoint;

pub use draw::svg;
pub use picture::{PictureError, png};

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'a> {
    /// What the series is called: the operation, a file's name.
    pub title: &'a str,
    /// What is below it: the key. Its middle gives way if it is too long.
    pub subtitle: &'a str,
    /// The periods, in order of time.
    pub points: &'a [BandPoint],
    /// Seconds of a period.
    pub period: i64,
    /// The time zone of the axis.
    pub zone: Tz,
    /// The picture's size.
    pub size: Size,
}

/// A picture's size in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width: u16,
    /// From top to bottom.
    pub height: u16,
}

impl Default for Size {
    fn default() -> Self {
        Size { width: 960, height: 360 }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once(['x', 'X', '×']).and_then(|(width, height)| {
            Some(Size { width: width.trim().parse().ok()?, height: height.trim().parse().ok()? })
        });
        match sides {
            Some(size) if (240..=8000).contains(&size.width) && (160..=8000).contains(&size.height) => Ok(size),
            Some(_) => Err("a picture is 240x160 to 8000x8000 pixels".to_owned()),
            None => Err("expected WIDTHxHEIGHT in pixels, such as 960x360 or 390x260".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
