//! A file's bytes: at once, or in pieces if they are many or a stream's.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::pieces::{PieceLimits, Pieces, READ_BYTES_MAX, TellCuts};

/// What reading a file came to.
pub enum Content {
    /// All of it is in the buffer.
    Whole,
    /// It is more than is taken at once, or comes through a pipe: [`pieces`] reads it.
    InPieces(File),
}

/// Reads a file into `buffer`, in the place of what that held, if it is to be taken at once.
pub fn read(path: &Path, buffer: &mut Vec<u8>) -> io::Result<Content> {
    // Opening a pipe waits for who writes to it. Its size is not known before its end.
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.len() > READ_BYTES_MAX as u64 || !metadata.is_file() {
        return Ok(Content::InPieces(file));
    }
    buffer.clear();
    file.read_to_end(buffer)?;
    Ok(Content::Whole)
}

/// A file's pieces, cut where `tell` says.
pub fn pieces(file: File, tell: TellCuts) -> io::Result<Pieces<'static>> {
    Pieces::new(file, PieceLimits::default(), tell)
}

/// What comes in on standard input, cut alike.
pub fn standard_input(tell: TellCuts) -> io::Result<Pieces<'static>> {
    Pieces::new(io::stdin().lock(), PieceLimits::default(), tell)
}
