//! A file's bytes: at once, or in pieces if they are many.

use std::fs::{self, File};
use std::io;

use super::folder::Found;
use super::pieces::{Pieces, READ_BYTES_MAX};

/// What a file holds.
pub enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// More than is taken at once.
    InPieces(Pieces<'static>),
}

impl Found {
    /// Opens and reads the file, or begins to.
    pub fn content(&self) -> io::Result<Content> {
        if self.bytes > READ_BYTES_MAX as u64 {
            return Ok(Content::InPieces(Pieces::new(File::open(&self.path)?)?));
        }
        Ok(Content::Whole(fs::read(&self.path)?))
    }
}

/// What comes in on standard input.
pub fn standard_input() -> io::Result<Pieces<'static>> {
    Pieces::new(io::stdin().lock())
}
