//! Inflating gzip, into buffers that are kept.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::layer::may_have_second_member;
use super::{Limits, UnpackError};

/// Compressed bytes a file's claim of its size is believed for: trail files inflate nine- to thirtyfold. What claims
/// more is inflated step by step, so that a lie costs no memory.
const PLAUSIBLE_RATIO: usize = 128;

/// The first step of a file whose size isn't known.
const FIRST_STEP: usize = 64 << 10;

/// Buffers larger than this are given back after use: a log file has 50 MB at most, what is larger is rare.
const KEEP_BYTES: usize = 64 << 20;

/// What inflating needs and what is worth keeping from one object to the next: the decoder's tables and a buffer for
/// each layer. One a thread.
pub struct Inflater {
    decompressor: libdeflater::Decompressor,
    /// By layer, outermost first. A buffer's length is the most it ever held, so that it is zeroed once only.
    buffers: Vec<Vec<u8>>,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { decompressor: libdeflater::Decompressor::new(), buffers: Vec::new() }
    }
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inflater").field("buffers", &self.buffers.len()).finish_non_exhaustive()
    }
}

impl Inflater {
    /// Inflates a gzip file of one or many members and hands it to `read`. `member` names it in errors.
    ///
    /// # Errors
    /// [`UnpackError`] when it is damaged, ends early, or inflates to more than [`Limits::member_bytes`].
    pub fn gunzip<T>(
        &mut self,
        bytes: &[u8],
        member: &str,
        limits: &Limits,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, UnpackError> {
        let mut buffer = self.take_buffer(0);
        let (length, outcome) = self.inflate(bytes, member, &mut buffer, limits.member_bytes);
        let read = outcome.map(|()| read(&buffer[..length]));
        self.release(0, buffer);
        read
    }

    /// Inflates into the beginning of `buffer`: how many bytes came, and whether they are the whole.
    pub(super) fn inflate(
        &mut self,
        bytes: &[u8],
        member: &str,
        buffer: &mut Vec<u8>,
        limit: usize,
    ) -> (usize, Result<(), UnpackError>) {
        if let Some(size) = claimed_size(bytes).filter(|size| *size <= limit)
            && !may_have_second_member(bytes)
        {
            if buffer.len() < size {
                buffer.resize(size, 0);
            }
            if self.decompressor.gzip_decompress(bytes, &mut buffer[..size]) == Ok(size) {
                return (size, Ok(()));
            }
        }
        let (length, end) = read_bounded(&mut GzipReader::new(bytes), buffer, limit);
        (length, end.outcome(member, limit))
    }

    pub(super) fn take_buffer(&mut self, layer: usize) -> Vec<u8> {
        if self.buffers.len() <= layer {
            self.buffers.resize_with(layer + 1, Vec::new);
        }
        std::mem::take(&mut self.buffers[layer])
    }

    /// Puts a buffer back whose content is no longer needed; one beyond `KEEP_BYTES` is given up.
    pub(super) fn release(&mut self, layer: usize, mut buffer: Vec<u8>) {
        if buffer.len() > KEEP_BYTES {
            buffer = Vec::new();
        }
        self.buffers[layer] = buffer;
    }
}

/// The size in the file's last four bytes (RFC 1952, ISIZE), if it is one that compression could give.
fn claimed_size(bytes: &[u8]) -> Option<usize> {
    let size = usize::try_from(u32::from_le_bytes(*bytes.last_chunk()?)).ok()?;
    (size <= bytes.len().saturating_mul(PLAUSIBLE_RATIO)).then_some(size)
}

/// How a bounded read ended.
pub(super) enum End {
    /// All of it is there.
    Whole,
    /// There is more than the limit.
    More,
    /// The reader failed.
    Failed(io::Error),
}

impl End {
    pub(super) fn outcome(self, member: &str, limit: usize) -> Result<(), UnpackError> {
        match self {
            Self::Whole => Ok(()),
            Self::More => Err(UnpackError::TooLarge { member: member.to_owned(), limit }),
            Self::Failed(error) => Err(UnpackError::from_io(&error, member)),
        }
    }
}

/// Reads into the buffer's beginning until the end or `limit`, growing it as bytes come; how many came.
pub(super) fn read_bounded(reader: &mut dyn Read, buffer: &mut Vec<u8>, limit: usize) -> (usize, End) {
    let mut filled = 0;
    while filled <= limit {
        if filled == buffer.len() {
            buffer.resize((filled * 2).max(FIRST_STEP).min(limit.saturating_add(1)), 0);
        }
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => return (filled, End::Whole),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, End::Failed(error)),
        }
    }
    (limit, End::More)
}

/// All members of a gzip file or stream, one after the other. Zeros after the last are padding, as for gzip(1); other
/// bytes are an error, since a damaged member looks the same.
pub struct GzipReader<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> GzipReader<R> {
    /// Begins with the first member.
    pub fn new(input: R) -> Self {
        Self { member: Some(GzDecoder::new(input)) }
    }
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else { break };
            let mut padded = false;
            while next_byte(&mut rest)? == Some(0) {
                rest.consume(1);
                padded = true;
            }
            match next_byte(&mut rest)? {
                None => break,
                Some(0x1f) if !padded => self.member = Some(GzDecoder::new(rest)),
                Some(_) => {
                    let what = "bytes after the gzip data that are no gzip";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, what));
                }
            }
        }
        Ok(0)
    }
}

/// The byte that comes; `None` at the end.
fn next_byte(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            bytes => return Ok(bytes?.first().copied()),
        }
    }
}
