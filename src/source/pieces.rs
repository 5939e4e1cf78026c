//! A long stream in pieces.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use crate::cloudtrail::unpack::GzipReader;

/// The most that is taken at once: of a document that can't be cut, of a compressed file, of an archive.
pub const READ_BYTES_MAX: usize = 256 << 20;
/// The size of a piece, in bytes.
pub const PIECE_BYTES: usize = 32 << 20;
/// How many times its size a stream may inflate to once it is long: trails inflate nine- to thirtyfold, what is made to
/// harm up to a thousandfold.
const RATIO_MAX: u64 = 200;

/// How large pieces are.
#[derive(Clone, Copy, Debug)]
pub struct PieceLimits {
    /// Bytes of a piece.
    pub piece: usize,
    /// Bytes of one that can't be cut sooner.
    pub whole: usize,
}

impl Default for PieceLimits {
    fn default() -> Self {
        Self { piece: PIECE_BYTES, whole: READ_BYTES_MAX }
    }
}

/// Where a stream may be cut. This room doesn't know; whoever reads it tells.
pub struct Cuts {
    /// Bytes at the stream's beginning that every piece needs: a table's header.
    pub header: usize,
    /// The last place where a beginning of the stream, or of a later piece, may be cut.
    pub last: Box<LastCut>,
}

/// Finds the last cut in a text, if there is one.
pub type LastCut = dyn Fn(&[u8]) -> Option<usize>;

/// Tells from a stream's beginning where it may be cut.
pub type TellCuts = fn(&[u8]) -> Cuts;

/// The pieces of a stream: whole records, or all of it if it is one document; of an empty one a piece that is empty, as
/// a file would be. A gzip stream is inflated on the way. The same stream gives the same pieces, so each is an object
/// of its own that is known again.
pub struct Pieces<'r> {
    input: Box<dyn BufRead + 'r>,
    /// What was read beyond the last piece's end, after the header.
    rest: Vec<u8>,
    limits: PieceLimits,
    tell: TellCuts,
    state: State,
    taken: Rc<Cell<u64>>,
    /// Bytes that came out, if they are inflated.
    inflated: Option<u64>,
}

enum State {
    First,
    Cut { cuts: Cuts, header: Vec<u8> },
    Done,
}

impl<'r> Pieces<'r> {
    /// Begins a stream.
    pub fn new(input: impl Read + 'r, limits: PieceLimits, tell: TellCuts) -> io::Result<Self> {
        let taken = Rc::new(Cell::new(0));
        let counted = Counted { input, taken: Rc::clone(&taken) };
        let mut input = BufReader::with_capacity(1 << 20, counted);
        let is_gzip = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let input: Box<dyn BufRead + 'r> =
            if is_gzip { Box::new(BufReader::with_capacity(1 << 20, GzipReader::new(input))) } else { Box::new(input) };
        let inflated = is_gzip.then_some(0);
        Ok(Self { input, rest: Vec::new(), limits, tell, state: State::First, taken, inflated })
    }

    /// Bytes that were read, as they lie: what pieces were inflated from.
    pub fn bytes_taken(&self) -> u64 {
        self.taken.get()
    }

    /// Reads until `piece` holds `bytes`, or the stream ends (false).
    fn fill(&mut self, piece: &mut Vec<u8>, bytes: usize) -> io::Result<bool> {
        let wanted = bytes.saturating_sub(piece.len());
        let read = self.input.by_ref().take(wanted as u64).read_to_end(piece)?;
        if let Some(inflated) = &mut self.inflated {
            *inflated += read as u64;
            if *inflated > self.limits.whole as u64 && *inflated / RATIO_MAX > self.taken.get() {
                let what = format!(
                    "inflates to more than {RATIO_MAX} times its size, as no log does; if it is one, inflate it first: \
                     zcat FILE | keytide ingest -"
                );
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
            }
        }
        Ok(read == wanted)
    }

    fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let PieceLimits { piece: mut wanted, whole } = self.limits;
        let mut piece = std::mem::take(&mut self.rest);
        loop {
            if !self.fill(&mut piece, wanted)? {
                let is_new =
                    if let State::Cut { header, .. } = &self.state { piece.len() > header.len() } else { true };
                self.state = State::Done;
                return Ok(is_new.then_some(piece));
            }
            if matches!(self.state, State::First) {
                let cuts = (self.tell)(&piece);
                let header = piece[..cuts.header].to_vec();
                self.state = State::Cut { cuts, header };
            }
            if let State::Cut { cuts, header } = &self.state
                && let Some(end) = (cuts.last)(&piece).filter(|end| *end > header.len())
            {
                self.rest.extend_from_slice(header);
                self.rest.extend_from_slice(&piece[end..]);
                piece.truncate(end);
                return Ok(Some(piece));
            }
            if piece.len() > whole {
                return Err(too_large(whole, self.inflated.is_some()));
            }
            wanted = (wanted * 2).min(whole + 1);
        }
    }
}

fn too_large(limit: usize, is_inflated: bool) -> io::Error {
    let verb = if is_inflated { "inflates to " } else { "" };
    let megabytes = limit >> 20;
    let what =
        format!("{verb}more than {megabytes} MB without a place to cut at; split it into files of whole records");
    io::Error::new(io::ErrorKind::FileTooLarge, what)
}

impl Iterator for Pieces<'_> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if matches!(self.state, State::Done) {
            return None;
        }
        let piece = self.next_piece();
        if piece.is_err() {
            self.state = State::Done;
        }
        piece.transpose()
    }
}

/// Counts what is read.
struct Counted<R> {
    input: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.taken.set(self.taken.get() + read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Lines; with `#` as the first, that is a header; `x` can't be cut.
    fn lines(start: &[u8]) -> Cuts {
        let header = if start.starts_with(b"#\n") { 2 } else { 0 };
        let whole = start.starts_with(b"x");
        Cuts { header, last: Box::new(move |text| memchr::memrchr(b'\n', text).filter(|_| !whole).map(|end| end + 1)) }
    }

    fn pieces(input: &[u8], piece: usize, whole: usize) -> Vec<Result<Vec<u8>, String>> {
        let pieces = Pieces::new(input, PieceLimits { piece, whole }, lines).unwrap();
        pieces.map(|piece| piece.map_err(|error| error.to_string())).collect()
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    fn numbered(count: u32) -> Vec<u8> {
        (0..count).flat_map(|i| format!("{{\"n\":{i}}}\n").into_bytes()).collect()
    }

    #[test]
    fn a_stream_is_cut_where_it_may_be_and_nothing_is_lost() {
        let lines = numbered(100);
        let cut: Vec<Vec<u8>> = pieces(&lines, 50, 1000).into_iter().map(|piece| piece.unwrap()).collect();
        assert!(cut.len() > 10);
        assert!(cut.iter().all(|piece| piece.ends_with(b"\n")));
        assert_eq!(cut.concat(), lines);
    }

    #[test]
    fn every_piece_of_a_table_has_its_header() {
        let rows = numbered(100);
        let cut: Vec<Vec<u8>> =
            pieces(&[b"#\n", &rows[..]].concat(), 50, 1000).into_iter().map(|piece| piece.unwrap()).collect();
        assert!(cut.len() > 10);
        let rest: Vec<&[u8]> = cut.iter().map(|piece| piece.strip_prefix(b"#\n").unwrap()).collect();
        assert!(rest.iter().all(|rows| !rows.is_empty()));
        assert_eq!(rest.concat(), rows);
        // No row, and a row that is longer than a piece.
        assert_eq!(pieces(b"#\n", 50, 1000), [Ok(b"#\n".to_vec())]);
        let long = [b"#\n".to_vec(), vec![b'a'; 120], b"\nb\n".to_vec()].concat();
        assert_eq!(pieces(&long, 50, 1000), [Ok(long.clone())]);
    }

    #[test]
    fn one_document_stays_whole() {
        let document = b"x{\n \"Records\": [\n 1, 2, 3, 4, 5, 6, 7, 8, 9\n ]\n}\n";
        assert_eq!(pieces(document, 10, 100), [Ok(document.to_vec())]);
    }

    #[test]
    fn a_document_beyond_the_limit_is_refused_with_what_to_do() {
        let cut = pieces(&[b'x'; 300 << 10], 10, 200 << 10);
        assert_eq!(cut.len(), 1);
        assert!(cut[0].as_ref().unwrap_err().contains("split it"), "{cut:?}");
    }

    #[test]
    fn a_gzip_stream_of_several_members_is_inflated_and_counted_as_it_lies() {
        let stream = [gzip(b"{\"a\":1}\n"), gzip(b"{\"b\":2}\n")].concat();
        let content = b"{\"a\":1}\n{\"b\":2}\n";
        let mut cut = Pieces::new(&stream[..], PieceLimits { piece: 1000, whole: 1000 }, lines).unwrap();
        assert_eq!(cut.next().unwrap().unwrap(), content);
        assert!(cut.next().is_none());
        assert_eq!(cut.bytes_taken(), stream.len() as u64);
        // Padded, as tapes and some copies leave it.
        assert_eq!(pieces(&[&stream[..], &[0; 512]].concat(), 1000, 1000), [Ok(content.to_vec())]);
        for end in [&b"more"[..], b"\0more"] {
            assert!(pieces(&[&stream[..], end].concat(), 1000, 1000)[0].is_err(), "{end:?}");
        }
    }

    #[test]
    fn a_gzip_stream_may_inflate_to_more_than_is_taken_at_once_but_not_a_thousandfold() {
        let lines = numbered(2000);
        let cut: Vec<Vec<u8>> = pieces(&gzip(&lines), 500, 1000).into_iter().map(|piece| piece.unwrap()).collect();
        assert_eq!(cut.concat(), lines);
        let bomb = gzip(&vec![b'\n'; 50 << 20]);
        let told = pieces(&bomb, 32 << 20, 32 << 20).pop().and_then(Result::err);
        assert!(told.is_some_and(|told| told.contains("200 times its size")));
    }

    #[test]
    fn an_empty_stream_is_one_empty_piece() {
        assert_eq!(pieces(b"", 10, 100), [Ok(Vec::new())]);
        assert_eq!(pieces(&gzip(b""), 10, 100), [Ok(Vec::new())]);
    }
}
