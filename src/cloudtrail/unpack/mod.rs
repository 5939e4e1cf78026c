//! From an object's bytes to the documents inside.
//!
//! What enters is one object as it lies on disk or in a bucket. What leaves is each innermost file, inflated: gzip of
//! one or many members, zip and tar, one inside the other, are opened by what they hold and never by their names. No
//! claim of an object about its size is believed beyond reason: output grows as it comes and stops at a limit. The room
//! refuses to know what a document means, and where objects come from.

mod archive;
mod error;
mod gzip;
mod layer;
#[cfg(test)]
mod tests;

pub use error::UnpackError;
pub use gzip::{GzipReader, Inflater};

use archive::Walk;

/// How far an object is opened. [`Limits::default`] suits trails: CloudTrail's own log files hold at most 50 MB before
/// compression ("CloudTrail log file name format" and the General Reference disagree on before or after; this allows
/// both).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that one compressed file, or one file of an archive, may inflate to. It bounds memory: one buffer of
    /// at most this size for each layer that is open at once.
    pub member_bytes: usize,
    /// Bytes that all layers of one object together may inflate to. It bounds time.
    pub total_bytes: u64,
    /// Files in one object, those of nested archives counted too.
    pub members: u64,
    /// Layers one inside the other: `.json.gz` inside `.tar.gz` is three.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { member_bytes: 256 << 20, total_bytes: 16 << 30, members: 1 << 20, depth: 4 }
    }
}

/// One innermost file of an object.
#[derive(Debug)]
pub struct Member<'a> {
    /// The object's name, then for each archive `!` and the path inside: `year.tar!day/file.json.gz`. For people:
    /// control characters are replaced, and two members can have the same path.
    pub path: &'a str,
    /// The file's bytes, inflated; or why it, alone, can't be read.
    pub content: Result<&'a [u8], UnpackError>,
}

impl Inflater {
    /// Opens `bytes` and hands each innermost file to `visit`, in the archive's order. An object that is neither
    /// compressed nor an archive is handed out as it is, without a copy. Folders, links and what macOS adds (`._*`,
    /// `__MACOSX`, `.DS_Store`) are passed over.
    ///
    /// What can't be opened reaches `visit` as a member with an error, and the others follow. Tars that follow each
    /// other are all opened; what else lies around an archive or between its files, and files of a zip whose names are
    /// not their own, are such a member, once an archive. When
    /// [`Limits::total_bytes`] or [`Limits::members`] is reached, an error member is the last.
    ///
    /// # Errors
    /// Only `visit`'s own, which ends the walk.
    pub fn unpack<E>(
        &mut self,
        bytes: &[u8],
        name: &str,
        limits: &Limits,
        visit: &mut dyn FnMut(Member<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        Walk::new(self, limits, visit).run(bytes, name)
    }
}
