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
    let bytes = metadata.len();
    if bytes > READ_BYTES_MAX as u64 || !metadata.is_file() {
        return Ok(Content::InPieces(file));
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

/// A file's pieces, cut where `tell` says.
pub fn pieces(file: File, tell: TellCuts) -> io::Result<Pieces<'static>> {
    Pieces::new(file, PieceLimits::default(), tell)
}

/// What comes in on standard input, cut alike.
pub fn standard_input(tell: TellCuts) -> io::Result<Pieces<'static>> {
    Pieces::new(io::stdin().lock(), PieceLimits::default(), tell)
}
