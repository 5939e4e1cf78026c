//! SVG to PNG.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// The one font that pictures are drawn with, whatever the machine has.
const FONT: &[u8] = include_bytes!("../../../assets/DejaVuSans-Latin.ttf");

/// A picture that can't be drawn.
#[derive(Debug, thiserror::Error)]
#[error("can't draw the picture: {0}; --output svg writes it undrawn")]
pub struct PictureError(String);

/// Draws an SVG of this room as a PNG of its own size.
pub fn png(svg: &str) -> Result<Vec<u8>, PictureError> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    let options = Options { fontdb: Arc::new(fonts), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| PictureError(error.to_string()))?;
    let size = tree.size().to_int_size();
    let mut pixels =
        Pixmap::new(size.width(), size.height()).ok_or_else(|| PictureError("it is too large".to_owned()))?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| PictureError(error.to_string()))
}
