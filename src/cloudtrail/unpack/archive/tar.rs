//! Walking tar: one archive, several one after the other as `cat` joins them, and one with damage between its files.

use std::cell::Cell;
use std::io::{self, Read};

use super::{Step, Stop, Walk, inner_path};
use crate::cloudtrail::unpack::UnpackError;
use crate::cloudtrail::unpack::layer::{TAR_BLOCK, is_litter, is_tar};

/// Bytes that a tar header may have with all its extensions (long names, pax records): the tar crate reads those whole.
const TAR_HEADER_BYTES: u64 = 1 << 20;

/// How a run of entries ended.
enum Run {
    /// At a block of zeros, or where the data ends.
    Ended,
    /// At what is no entry.
    Damaged(io::Error),
    /// In an entry, and its reader has no more: that was reported.
    Over,
}

impl<E> Walk<'_, E> {
    /// Walks a tar to the end of its data: a block of zeros ends an archive, which another may follow, or was a header
    /// before it was lost. What is no header is reported once, and passed over until the next one.
    pub(super) fn tar(&mut self, reader: impl Read, path: &str, depth: usize) -> Step<E> {
        if depth >= self.limits.depth {
            return self.fail(UnpackError::NestedTooDeep { member: path.to_owned(), limit: self.limits.depth }, path);
        }
        let meter = Meter::default();
        let mut reader = Metered { reader, meter: &meter, block: [0; TAR_BLOCK] };
        let (mut header, mut reported) = (Vec::new(), false);
        loop {
            match self.tar_entries(header.as_slice().chain(&mut reader), &meter, path, depth)? {
                Run::Ended => {}
                Run::Damaged(_) if is_label(&reader.block) => {}
                Run::Damaged(error) if !reported => {
                    reported = true;
                    self.fail(UnpackError::from_io(&error, path), path)?;
                }
                Run::Damaged(_) => {}
                Run::Over => return Ok(()),
            }
            let (next, passed) = self.next_tar_header(&mut reader, path)?;
            if let Err(error) = passed
                && !reported
            {
                reported = true;
                self.fail(UnpackError::from_io(&error, path), path)?;
            }
            match next {
                Some(block) => header = block,
                None => return Ok(()),
            }
        }
    }

    /// Walks entries as far as they follow each other.
    fn tar_entries(&mut self, reader: impl Read, meter: &Meter, path: &str, depth: usize) -> Result<Run, Stop<E>> {
        let mut archive = tar::Archive::new(reader);
        let mut entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return Ok(Run::Damaged(error)),
        };
        loop {
            meter.allowance.set(TAR_HEADER_BYTES);
            let mut entry = match entries.next() {
                None => return Ok(Run::Ended),
                Some(Ok(entry)) => entry,
                Some(Err(error)) => return Ok(Run::Damaged(error)),
            };
            // One byte more than the budget has: that it was wanted shows that the budget is exhausted.
            meter.allowance.set(self.budget.saturating_add(1));
            let kind = entry.header().entry_type();
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let inner = inner_path(path, &name);
            if (kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse()) && !is_litter(&name) {
                let size = entry.size();
                if !self.entry(&mut entry, &inner, depth, size)? {
                    return Ok(Run::Over);
                }
            }
            // What is left of an entry is read here, where the object's budget pays for it, not by the next header.
            meter.allowance.set(self.budget.saturating_add(1));
            let skipped = io::copy(&mut entry, &mut io::sink());
            if meter.allowance.get() == 0 {
                return self.exhausted(&inner).map(|()| Run::Over);
            }
            self.budget = meter.allowance.get() - 1;
            if let Err(error) = skipped {
                return self.fail(UnpackError::from_io(&error, &inner), &inner).map(|()| Run::Over);
            }
        }
    }

    /// Reads on to the next block that is a header, and says whether there were only zeros before it. There is none
    /// where the data end, or the reader fails.
    fn next_tar_header<R: Read>(&mut self, reader: &mut Metered<'_, R>, path: &str) -> Result<Passed, Stop<E>> {
        let meter = reader.meter;
        meter.allowance.set(self.budget.saturating_add(1));
        let (mut block, mut passed) = (Vec::with_capacity(TAR_BLOCK), Ok(()));
        let found = loop {
            // Damage may have ended the run inside a block.
            let left = TAR_BLOCK as u64 - meter.taken.get() % TAR_BLOCK as u64;
            block.clear();
            match reader.by_ref().take(left).read_to_end(&mut block) {
                Ok(0) => break None,
                Ok(_) if is_tar(&block) => break Some(block),
                Ok(_) if block.iter().all(|byte| *byte == 0) => {}
                Ok(_) => passed = Err(io::Error::new(io::ErrorKind::InvalidData, "bytes that are no file of a tar")),
                Err(error) => {
                    passed = Err(error);
                    break None;
                }
            }
        };
        if meter.allowance.get() == 0 {
            return self.exhausted(path).map(|()| (None, Ok(())));
        }
        self.budget = meter.allowance.get() - 1;
        Ok((found, passed))
    }
}

/// Whether a block is a volume's label as GNU tar writes it, without a size, which the tar crate takes for damage.
fn is_label(block: &[u8; TAR_BLOCK]) -> bool {
    let (size, kind) = (&block[124..136], block[156]);
    kind == b'V' && size.iter().all(|byte| *byte == 0) && is_tar(block)
}

/// A header, if there is one more, and whether there were only zeros before it.
type Passed = (Option<Vec<u8>>, io::Result<()>);

/// What a reader gave and may give.
#[derive(Default)]
struct Meter {
    /// Bytes that it may give at the moment.
    allowance: Cell<u64>,
    /// Bytes that it gave.
    taken: Cell<u64>,
}

/// A reader that gives no more than is allowed at the moment.
struct Metered<'m, R> {
    reader: R,
    meter: &'m Meter,
    /// The block that was read last, if it was read by itself, as headers are.
    block: [u8; TAR_BLOCK],
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Meter { allowance, taken } = self.meter;
        let allowed = usize::try_from(allowance.get()).unwrap_or(usize::MAX).min(buffer.len());
        if allowed == 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a header or file larger than is allowed"));
        }
        let read = self.reader.read(&mut buffer[..allowed])?;
        allowance.set(allowance.get() - read as u64);
        let at = usize::try_from(taken.get() % TAR_BLOCK as u64).unwrap_or_default();
        if let Some(part) = self.block.get_mut(at..at + read) {
            part.copy_from_slice(&buffer[..read]);
        }
        taken.set(taken.get() + read as u64);
        Ok(read)
    }
}
