//! One sorted run of ids in a ledger file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::{FENCE_EVERY, ID_BYTES, MAGIC, hash_of};

/// A run: so many ids from a place in a file on.
#[derive(Clone, Debug)]
pub(in crate::store) struct Run {
    pub file: Arc<File>,
    /// The place of the first id, in bytes.
    pub start: u64,
    pub ids: u64,
}

/// Bytes read at a time when a run is read through.
const BUFFER_BYTES: usize = 64 * 1024;

/// How many times more ids a run must have than are looked for, until reading single blocks beats reading it through.
const SPARSE: u64 = 64;

impl Run {
    /// Reads the run from its first id on.
    pub fn reader(&self) -> Reader<'_> {
        Reader { run: self, next: 0, buffer: Vec::new(), at: 0 }
    }

    /// Looks for sorted hashes; `each` gets the place of a known one and the id it is known as.
    pub fn find(&self, hashes: &[u128], each: &mut impl FnMut(usize, u128)) -> io::Result<()> {
        if self.ids / SPARSE > hashes.len() as u64 {
            return self.find_in_blocks(hashes, each);
        }
        let mut reader = self.reader();
        let mut known = reader.next()?;
        for (place, &hash) in hashes.iter().enumerate() {
            while let Some(id) = known {
                if hash_of(id) >= hash {
                    break;
                }
                known = reader.next()?;
            }
            match known {
                Some(id) if hash_of(id) == hash => each(place, id),
                Some(_) => {}
                None => break,
            }
        }
        Ok(())
    }

    fn find_in_blocks(&self, hashes: &[u128], each: &mut impl FnMut(usize, u128)) -> io::Result<()> {
        let blocks = self.ids.div_ceil(FENCE_EVERY as u64) as usize;
        let mut fence = vec![0; blocks * 8];
        self.file.read_exact_at(&mut fence, self.start + self.ids * ID_BYTES as u64)?;
        let (fence, _) = fence.as_chunks::<8>();
        let mut block = usize::MAX;
        let mut bytes = Vec::new();
        for (place, &hash) in hashes.iter().enumerate() {
            let top = (hash >> 64) as u64;
            // The last block that begins below: an equal id may begin a block, or end the one before.
            let after = fence.partition_point(|first| u64::from_le_bytes(*first) < top);
            for (candidate, first) in fence.iter().enumerate().skip(after.saturating_sub(1)) {
                if candidate > after && u64::from_le_bytes(*first) > top {
                    break;
                }
                if candidate != block {
                    let start = candidate * FENCE_EVERY;
                    let ids = FENCE_EVERY.min(self.ids as usize - start);
                    bytes.resize(ids * ID_BYTES, 0);
                    self.file.read_exact_at(&mut bytes, self.start + (start * ID_BYTES) as u64)?;
                    block = candidate;
                }
                let (ids, _) = bytes.as_chunks::<ID_BYTES>();
                if let Ok(at) = ids.binary_search_by_key(&hash, |id| hash_of(u128::from_le_bytes(*id))) {
                    each(place, u128::from_le_bytes(ids[at]));
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Reads a run in order.
pub(in crate::store) struct Reader<'r> {
    run: &'r Run,
    /// The number of the first id that is not in the buffer.
    next: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Reader<'_> {
    /// The next id.
    #[inline]
    pub fn next(&mut self) -> io::Result<Option<u128>> {
        if self.at == self.buffer.len() {
            let left = (self.run.ids - self.next).min((BUFFER_BYTES / ID_BYTES) as u64);
            if left == 0 {
                return Ok(None);
            }
            self.buffer.resize(left as usize * ID_BYTES, 0);
            self.run.file.read_exact_at(&mut self.buffer, self.run.start + self.next * ID_BYTES as u64)?;
            self.next += left;
            self.at = 0;
        }
        let bytes = self.buffer[self.at..].first_chunk().expect("the buffer holds whole ids");
        self.at += ID_BYTES;
        Ok(Some(u128::from_le_bytes(*bytes)))
    }
}

/// Writes the runs of one file.
pub(in crate::store) struct RunWriter {
    out: BufWriter<File>,
    written: u64,
    start: u64,
    ids: u64,
    fence: Vec<u8>,
}

impl RunWriter {
    /// Begins a file, replacing litter of that name.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).truncate(true).write(true).read(true).open(path)?;
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
        out.write_all(MAGIC)?;
        Ok(Self { out, written: MAGIC.len() as u64, start: MAGIC.len() as u64, ids: 0, fence: Vec::new() })
    }

    /// Adds an id to the run; ids come in ascending order.
    #[inline]
    pub fn push(&mut self, id: u128) -> io::Result<()> {
        if self.ids.is_multiple_of(FENCE_EVERY as u64) {
            self.fence.extend_from_slice(&((id >> 64) as u64).to_le_bytes());
        }
        self.ids += 1;
        self.out.write_all(&id.to_le_bytes())
    }

    /// Ends the run: its place in bytes and its number of ids.
    pub fn end_run(&mut self) -> io::Result<(u64, u64)> {
        self.out.write_all(&self.fence)?;
        self.written += self.ids * ID_BYTES as u64 + self.fence.len() as u64;
        self.fence.clear();
        let ended = (self.start, std::mem::take(&mut self.ids));
        self.start = self.written;
        Ok(ended)
    }

    /// Ends the file, on disk for good; its handle and its length.
    pub fn finish(self) -> io::Result<(File, u64)> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok((file, self.written))
    }
}

/// Opens a ledger file for reading.
pub(in crate::store) fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    let mut magic = [0; MAGIC.len()];
    file.read_exact_at(&mut magic, 0)?;
    if &magic != MAGIC {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no ledger file of this version"));
    }
    Ok(file)
}
