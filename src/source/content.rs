//! A file's bytes: at once, or in pieces if they are many.

use std::fs::File;
use std::io::{self, Read};

use super::folder::Found;
use super::pieces::{Pieces, READ_BYTES_MAX};

/// What reading a file came to.
pub enum Content {
    /// All of it is in the buffer.
    Whole,
    /// It is more than is taken at once.
    InPieces(Pieces<'static>),
}

impl Found {
    /// Reads the file into `buffer`, in the place of what that held, or begins to hand it out in pieces.
    pub fn read(&self, buffer: &mut Vec<u8>) -> io::Result<Content> {
        let mut file = File::open(&self.path)?;
        if self.bytes > READ_BYTES_MAX as u64 {
            return Ok(Content::InPieces(Pieces::new(file)?));
        }
        buffer.clear();
        file.read_to_end(buffer)?;
        Ok(Content::Whole)
    }
}

/// What comes in on standard input.
pub fn standard_input() -> io::Result<Pieces<'static>> {
    Pieces::new(io::stdin().lock())
}
