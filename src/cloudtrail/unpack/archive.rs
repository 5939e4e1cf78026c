//! Walking archives, one layer inside the other.

mod tar;
mod zip_extent;

use std::io::{Cursor, Read};

use super::gzip::{End, GzipReader, read_bounded};
use super::layer::{Layer, is_litter};
use super::{Inflater, Limits, Member, UnpackError};

/// Why a walk ended before the object's end.
pub(super) enum Stop<E> {
    /// The visitor said so.
    Visitor(E),
    /// A bound of the whole object is reached, and was reported.
    Bound,
}

type Step<E> = Result<(), Stop<E>>;

/// One walk through one object.
pub(super) struct Walk<'w, E> {
    inflater: &'w mut Inflater,
    limits: &'w Limits,
    visit: &'w mut dyn FnMut(Member<'_>) -> Result<(), E>,
    members: u64,
    /// Bytes that may still be inflated.
    budget: u64,
}

impl<'w, E> Walk<'w, E> {
    pub(super) fn new(
        inflater: &'w mut Inflater,
        limits: &'w Limits,
        visit: &'w mut dyn FnMut(Member<'_>) -> Result<(), E>,
    ) -> Self {
        Self { inflater, limits, visit, members: 0, budget: limits.total_bytes }
    }

    pub(super) fn run(mut self, bytes: &[u8], name: &str) -> Result<(), E> {
        match self.open(bytes, name, 0) {
            Err(Stop::Visitor(error)) => Err(error),
            Ok(()) | Err(Stop::Bound) => Ok(()),
        }
    }

    /// Opens a file that lies under `depth` layers.
    fn open(&mut self, bytes: &[u8], path: &str, depth: usize) -> Step<E> {
        let layer = Layer::of(bytes);
        if layer != Layer::Plain && depth >= self.limits.depth {
            return self.fail(UnpackError::NestedTooDeep { member: path.to_owned(), limit: self.limits.depth }, path);
        }
        match layer {
            Layer::Plain => self.hand(path, Ok(bytes)),
            Layer::Gzip => self.gzip(bytes, path, depth),
            Layer::Zip => self.zip(bytes, path, depth),
            Layer::Tar => self.tar(bytes, path, depth),
            Layer::Unsupported(format) => {
                self.fail(UnpackError::Unsupported { member: path.to_owned(), format: format.to_owned() }, path)
            }
        }
    }

    fn gzip(&mut self, bytes: &[u8], path: &str, depth: usize) -> Step<E> {
        let mut buffer = self.inflater.take_buffer(depth);
        let limit = self.member_limit();
        let (length, outcome) = self.inflater.inflate(bytes, path, &mut buffer, limit);
        self.budget -= length as u64;
        let step = match outcome {
            Ok(()) => self.open(&buffer[..length], path, depth + 1),
            // A `.tar.gz` needs no room for the whole of it.
            Err(UnpackError::TooLarge { .. }) if Layer::of(&buffer[..length]) == Layer::Tar => {
                self.budget += length as u64;
                buffer = Vec::new();
                self.tar(GzipReader::new(bytes), path, depth + 1)
            }
            Err(UnpackError::TooLarge { .. }) if self.budget == 0 => self.exhausted(path),
            Err(error) => self.fail(error, path),
        };
        self.inflater.release(depth, buffer);
        step
    }

    fn zip(&mut self, bytes: &[u8], path: &str, depth: usize) -> Step<E> {
        let mut archive = match zip::ZipArchive::new(Cursor::new(bytes)) {
            Ok(archive) => archive,
            Err(error) => return self.fail(UnpackError::from_zip(&error, path), path),
        };
        for index in 0..archive.len() {
            let name = archive.name_for_index(index).unwrap_or_default();
            if is_litter(name) {
                continue;
            }
            let (inner, is_folder) = (inner_path(path, name), name.ends_with(['/', '\\']));
            // A folder's name is no promise that there are no data.
            if is_folder && archive.by_index_raw(index).is_ok_and(|entry| entry.size() == 0) {
                continue;
            }
            match archive.by_index(index) {
                Ok(entry) if entry.is_symlink() => {}
                Ok(mut entry) => {
                    self.entry(&mut entry, &inner, depth, 0)?;
                }
                Err(error) => self.fail(UnpackError::from_zip(&error, &inner), &inner)?,
            }
        }
        match zip_extent::unread(bytes, &archive) {
            Some(more) => self.fail(UnpackError::PartUnread { member: path.to_owned(), more }, path),
            None => Ok(()),
        }
    }

    /// Reads one file of an archive, of at least `size` bytes, and opens it. Whether its reader can go on: a failure
    /// is reported here.
    fn entry(&mut self, reader: &mut dyn Read, path: &str, depth: usize, size: u64) -> Result<bool, Stop<E>> {
        let mut buffer = self.inflater.take_buffer(depth);
        let limit = self.member_limit();
        let (length, end) = read_bounded(reader, &mut buffer, limit);
        self.budget -= length as u64;
        let step = match end {
            // The reader takes the end of a cut archive for the end of the file.
            End::Whole if size > length as u64 => {
                self.fail(UnpackError::Truncated { member: path.to_owned() }, path).map(|()| false)
            }
            End::Whole => self.open(&buffer[..length], path, depth + 1).map(|()| true),
            End::More if self.budget == 0 => self.exhausted(path).map(|()| false),
            End::More => self.fail(UnpackError::TooLarge { member: path.to_owned(), limit }, path).map(|()| true),
            End::Failed(error) => self.fail(UnpackError::from_io(&error, path), path).map(|()| false),
        };
        self.inflater.release(depth, buffer);
        step
    }

    fn member_limit(&self) -> usize {
        self.limits.member_bytes.min(usize::try_from(self.budget).unwrap_or(usize::MAX))
    }

    fn exhausted(&mut self, path: &str) -> Step<E> {
        self.fail(UnpackError::TotalTooLarge { member: path.to_owned(), limit: self.limits.total_bytes }, path)?;
        Err(Stop::Bound)
    }

    fn fail(&mut self, error: UnpackError, path: &str) -> Step<E> {
        self.hand(path, Err(error))
    }

    fn hand(&mut self, path: &str, content: Result<&[u8], UnpackError>) -> Step<E> {
        if self.members == self.limits.members {
            let error = UnpackError::TooManyMembers { member: path.to_owned(), limit: self.limits.members };
            (self.visit)(Member { path, content: Err(error) }).map_err(Stop::Visitor)?;
            return Err(Stop::Bound);
        }
        self.members += 1;
        (self.visit)(Member { path, content }).map_err(Stop::Visitor)
    }
}

fn inner_path(archive: &str, name: &str) -> String {
    let name = name.strip_prefix("./").unwrap_or(name);
    let printable = name.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter });
    let mut path = String::with_capacity(archive.len() + 1 + name.len());
    path.push_str(archive);
    path.push('!');
    path.extend(printable);
    path
}
