//! A long stream in pieces, cut at line ends.

use std::io::{self, BufRead, BufReader, Read};

use crate::cloudtrail::unpack::GzipReader;

/// The most that is taken at once: of a document that has no lines to be cut at, of a compressed file, of an archive.
pub const READ_BYTES_MAX: usize = 256 << 20;
/// The size of a piece, in bytes.
pub const PIECE_BYTES: usize = 32 << 20;

/// The pieces of a stream: whole lines of records, or all of it if it is one document. A gzip stream is inflated on the
/// way. The same stream gives the same pieces, so each is an object of its own that is known again.
pub struct Pieces<'r> {
    input: Box<dyn BufRead + 'r>,
    /// What was read beyond the last piece's end.
    rest: Vec<u8>,
    limits: (usize, usize),
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    First,
    Lines,
    Done,
}

impl<'r> Pieces<'r> {
    /// Begins a stream.
    pub fn new(input: impl Read + 'r) -> io::Result<Self> {
        Self::with_limits(input, PIECE_BYTES, READ_BYTES_MAX)
    }

    fn with_limits(input: impl Read + 'r, piece: usize, whole: usize) -> io::Result<Self> {
        let mut input = BufReader::with_capacity(1 << 20, input);
        let is_gzip = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let input: Box<dyn BufRead + 'r> =
            if is_gzip { Box::new(BufReader::with_capacity(1 << 20, GzipReader::new(input))) } else { Box::new(input) };
        Ok(Self { input, rest: Vec::new(), limits: (piece, whole), state: State::First })
    }

    /// Reads until `piece` holds `bytes`, or the stream ends (false).
    fn fill(&mut self, piece: &mut Vec<u8>, bytes: usize) -> io::Result<bool> {
        let wanted = bytes.saturating_sub(piece.len());
        let read = self.input.by_ref().take(wanted as u64).read_to_end(piece)?;
        Ok(read == wanted)
    }

    fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (piece_bytes, whole_bytes) = self.limits;
        let mut piece = std::mem::take(&mut self.rest);
        let more = self.fill(&mut piece, piece_bytes)?;
        if !more {
            self.state = State::Done;
            return Ok((!piece.is_empty()).then_some(piece));
        }
        if self.state == State::First && !is_of_lines(&piece) {
            self.state = State::Done;
            if self.fill(&mut piece, whole_bytes + 1)? {
                return Err(too_large(whole_bytes));
            }
            return Ok(Some(piece));
        }
        self.state = State::Lines;
        let mut wanted = piece_bytes;
        loop {
            if let Some(end) = memchr::memrchr(b'\n', &piece) {
                self.rest = piece.split_off(end + 1);
                return Ok(Some(piece));
            }
            wanted = (wanted * 2).min(whole_bytes + 1);
            if !self.fill(&mut piece, wanted)? {
                self.state = State::Done;
                return Ok(Some(piece));
            }
            if piece.len() > whole_bytes {
                return Err(too_large(whole_bytes));
            }
        }
    }
}

fn too_large(limit: usize) -> io::Error {
    let what = format!("more than {} MB without a line end to cut at; split it into files", limit >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, what)
}

/// Whether a stream's beginning is one of lines that stand alone: its first line is a whole JSON value, or ends in one.
fn is_of_lines(start: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', start) else { return false };
    let line = start[..end].trim_ascii();
    let value = match memchr::memchr(b'{', line) {
        Some(brace) if brace < 64 => &line[brace..],
        _ => return false,
    };
    serde_json::from_slice::<&serde_json::value::RawValue>(value).is_ok()
}

impl Iterator for Pieces<'_> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Done {
            return None;
        }
        let piece = self.next_piece();
        if piece.is_err() {
            self.state = State::Done;
        }
        piece.transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn pieces(input: &[u8], piece: usize, whole: usize) -> Vec<Result<Vec<u8>, String>> {
        let pieces = Pieces::with_limits(input, piece, whole).unwrap();
        pieces.map(|piece| piece.map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn lines_are_cut_at_their_ends_and_none_is_lost() {
        let lines: Vec<u8> = (0..100).flat_map(|i| format!("{{\"n\":{i}}}\n").into_bytes()).collect();
        let cut: Vec<Vec<u8>> = pieces(&lines, 50, 1000).into_iter().map(|piece| piece.unwrap()).collect();
        assert!(cut.len() > 10);
        assert!(cut.iter().all(|piece| piece.ends_with(b"\n")));
        assert_eq!(cut.concat(), lines);
    }

    #[test]
    fn one_document_stays_whole() {
        let document = b"{\n \"Records\": [\n 1, 2, 3, 4, 5, 6, 7, 8, 9\n ]\n}\n";
        assert_eq!(pieces(document, 10, 100), [Ok(document.to_vec())]);
    }

    #[test]
    fn a_document_beyond_the_limit_is_refused_with_what_to_do() {
        let cut = pieces(&[b'x'; 300 << 10], 10, 200 << 10);
        assert_eq!(cut.len(), 1);
        assert!(cut[0].as_ref().unwrap_err().contains("split it"), "{cut:?}");
    }

    #[test]
    fn a_gzip_stream_of_several_members_is_inflated() {
        let mut stream = Vec::new();
        for member in ["{\"a\":1}\n", "{\"b\":2}\n"] {
            let mut gzip = flate2::write::GzEncoder::new(&mut stream, flate2::Compression::fast());
            gzip.write_all(member.as_bytes()).unwrap();
            gzip.finish().unwrap();
        }
        let content = b"{\"a\":1}\n{\"b\":2}\n".to_vec();
        assert_eq!(pieces(&stream, 1000, 1000), [Ok(content.clone())]);
        // Padded, as tapes and some copies leave it.
        assert_eq!(pieces(&[&stream[..], &[0; 512]].concat(), 1000, 1000), [Ok(content)]);
        for end in [&b"more"[..], b"\0more"] {
            assert!(pieces(&[&stream[..], end].concat(), 1000, 1000)[0].is_err(), "{end:?}");
        }
    }

    #[test]
    fn an_empty_stream_has_no_pieces() {
        assert_eq!(pieces(b"", 10, 100), []);
    }
}
