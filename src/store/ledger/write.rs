//! Writing a ledger file.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::filter::{FilterWriter, HEADER_BYTES, WORD_BYTES, words_for};
use super::{FENCE_EVERY, ID_BYTES, MAGIC, upper_of};

/// Bytes that are written at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// Writes the runs of one file.
pub(in crate::store) struct RunWriter {
    out: BufWriter<File>,
    /// The same file, for filters: they lie before the ids that fill them.
    filters: File,
    written: u64,
    /// The place of the run's first id.
    start: u64,
    ids: u64,
    filter: FilterWriter,
    fence: Vec<u8>,
    /// The ids at hand as they are written.
    bytes: Vec<u8>,
}

impl RunWriter {
    /// Begins a file, replacing litter of that name.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).truncate(true).write(true).read(true).open(path)?;
        let filters = file.try_clone()?;
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
        out.write_all(MAGIC)?;
        let written = MAGIC.len() as u64;
        Ok(Self {
            out,
            filters,
            written,
            start: written,
            ids: 0,
            filter: FilterWriter::new(written, 0),
            fence: Vec::new(),
            bytes: Vec::new(),
        })
    }

    /// Begins a run of at most so many ids.
    pub fn begin_run(&mut self, ids_max: u64) -> io::Result<()> {
        let words = words_for(ids_max);
        self.filter = FilterWriter::new(self.written, words);
        let filter_bytes = words * WORD_BYTES as u64;
        self.out.seek(SeekFrom::Start(self.written + filter_bytes))?;
        self.out.write_all(&words.to_le_bytes())?;
        self.written += filter_bytes + HEADER_BYTES as u64;
        self.start = self.written;
        Ok(())
    }

    /// Adds ids to the run; they come in ascending order.
    pub fn push_all(&mut self, ids: &[u128]) -> io::Result<()> {
        let to_fence = (FENCE_EVERY - self.ids as usize % FENCE_EVERY) % FENCE_EVERY;
        for id in ids.iter().skip(to_fence).step_by(FENCE_EVERY) {
            self.fence.extend_from_slice(&upper_of(*id).to_le_bytes());
        }
        self.ids += ids.len() as u64;
        self.filter.add(ids, &self.filters)?;
        self.bytes.resize(ids.len() * ID_BYTES, 0);
        for (place, id) in self.bytes.as_chunks_mut().0.iter_mut().zip(ids) {
            *place = id.to_le_bytes();
        }
        self.out.write_all(&self.bytes)
    }

    /// Ends the run: its place in bytes and its number of ids.
    pub fn end_run(&mut self) -> io::Result<(u64, u64)> {
        self.filter.write(&self.filters)?;
        self.out.write_all(&self.fence)?;
        self.written += self.ids * ID_BYTES as u64 + self.fence.len() as u64;
        self.fence.clear();
        Ok((self.start, std::mem::take(&mut self.ids)))
    }

    /// Ends the file, on disk for good.
    pub fn finish(self) -> io::Result<()> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()
    }
}
