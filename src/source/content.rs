//! A file's bytes: at once, or in pieces if they are many.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::pieces::{PieceLimits, Pieces, READ_BYTES_MAX, TellCuts};

/// What reading a file came to.
pub enum Content {
    /// All of it is in the buffer.
    Whole,
    /// It is more than is taken at once.
    InPieces(Pieces<'static>),
}

/// Reads a file into `buffer`, in the place of what that held, or begins to hand it out in pieces.
pub fn read(path: &Path, buffer: &mut Vec<u8>, tell: TellCuts) -> io::Result<Content> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > READ_BYTES_MAX as u64 {
        return Ok(Content::InPieces(Pieces::new(file, PieceLimits::default(), tell)?));
    }
    // A byte more than there should be, so that the end is met without making room for more.
    buffer.resize(usize::try_from(bytes).map_or(READ_BYTES_MAX, |bytes| bytes + 1), 0);
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize(filled * 2, 0);
        }
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(Content::Whole)
}

/// What comes in on standard input.
pub fn standard_input(tell: TellCuts) -> io::Result<Pieces<'static>> {
    Pieces::new(io::stdin().lock(), PieceLimits::default(), tell)
}
