//! Walking JSON text without reading it: where values begin and end, however deep, in constant stack.

use memchr::{memchr, memchr3};
use smallvec::SmallVec;

use crate::cloudtrail::RejectReason;

/// UTF-8's byte order mark, with which a file may begin.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a value's end can't be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Truncated or malformed.
    pub(super) reason: RejectReason,
    /// Offset in the text.
    pub(super) at: usize,
    /// Whether it was handed out as a reject already.
    pub(super) reported: bool,
}

/// A place in JSON text.
///
/// It holds brackets, commas, colons and strings to the grammar, so that a cut value is noticed where the next one
/// begins, and leaves numbers, words and escapes to whoever reads the value.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

/// The open brackets, a bit each: set for an object.
#[derive(Default)]
struct Open {
    bits: SmallVec<[u64; 4]>,
    depth: usize,
}

impl Open {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[word] = self.bits[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
    }

    fn in_object(&self) -> bool {
        let top = self.depth - 1;
        self.bits[top / 64] >> (top % 64) & 1 == 1
    }
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Passes white space; the byte that follows.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Passes white space and `byte`, if it follows.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let follows = self.peek() == Some(byte);
        self.at += usize::from(follows);
        follows
    }

    /// Passes a byte order mark, if it follows.
    pub(super) fn eat_mark(&mut self) -> bool {
        let follows = self.text[self.at..].starts_with(MARK);
        self.at += if follows { MARK.len() } else { 0 };
        follows
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.eat(byte) { Ok(()) } else { Err(self.fault()) }
    }

    /// What is wrong here: the text ends, or something else is expected.
    pub(super) fn fault(&self) -> Fault {
        let reason = if self.at >= self.text.len() { RejectReason::Truncated } else { RejectReason::Malformed };
        Fault { reason, at: self.at, reported: false }
    }

    /// Passes a string; its text between the quotes, escapes as they are.
    pub(super) fn string(&mut self) -> Result<&'a [u8], Fault> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            let rest = &self.text[self.at.min(self.text.len())..];
            let Some(found) = memchr3(b'"', b'\\', b'\n', rest) else {
                self.at = self.text.len();
                return Err(self.fault());
            };
            self.at += found;
            match self.text[self.at] {
                b'"' => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at - 1]);
                }
                b'\\' => self.at += 2,
                // No string holds a raw line end: the line is cut.
                _ => return Err(Fault { reason: RejectReason::Malformed, at: self.at, reported: false }),
            }
        }
    }

    /// Passes an object's key and the colon.
    pub(super) fn key(&mut self) -> Result<&'a [u8], Fault> {
        self.peek();
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Passes one value of any kind.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        let mut open = Open::default();
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    let object = bracket == b'{';
                    open.push(object);
                    if self.eat(if object { b'}' } else { b']' }) {
                        open.depth -= 1;
                    } else {
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'-' | b'0'..=b'9') => self.number(),
                _ => self.word()?,
            }
            loop {
                if open.depth == 0 {
                    return Ok(());
                }
                let object = open.in_object();
                if self.eat(b',') {
                    if object {
                        self.key()?;
                    }
                    break;
                }
                self.expect(if object { b'}' } else { b']' })?;
                open.depth -= 1;
            }
        }
    }

    fn number(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte)) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Result<(), Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for word in [&b"null"[..], b"true", b"false"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(());
            }
            if !rest.is_empty() && word.starts_with(rest) {
                self.at = self.text.len();
            }
        }
        Err(self.fault())
    }

    /// The rest of the line, and where the next begins.
    pub(super) fn line(&self) -> (&'a [u8], usize) {
        let rest = &self.text[self.at..];
        match memchr(b'\n', rest) {
            Some(end) => (&rest[..end], self.at + end + 1),
            None => (rest, self.text.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_the_grammar_ends_it() {
        for (text, end) in [
            (r#"{"a":[1,{"b":"}]"}],"c":-1.5e3} x"#, 31),
            (r#"[] ]"#, 2),
            (r#""a\"b\\" ,"#, 8),
            ("null,", 4),
            ("{ }", 3),
        ] {
            let mut cursor = Cursor::new(text.as_bytes());
            assert_eq!((cursor.skip(), cursor.at), (Ok(()), end), "{text}");
        }
    }

    #[test]
    fn a_cut_value_is_truncated_and_a_wrong_one_malformed_where_it_goes_wrong() {
        for (text, reason, at) in [
            (r#"{"a":"#, RejectReason::Truncated, 5),
            (r#"{"a"#, RejectReason::Truncated, 3),
            (r#"["a\"#, RejectReason::Truncated, 4),
            ("[1,", RejectReason::Truncated, 3),
            ("{\"a\":\"b\n{\"c\":1}", RejectReason::Malformed, 7),
            ("{\"a\":1,\n{\"c\":1}", RejectReason::Malformed, 8),
            ("[1}", RejectReason::Malformed, 2),
            ("{\"a\" 1}", RejectReason::Malformed, 5),
            ("hello", RejectReason::Malformed, 0),
        ] {
            assert_eq!(Cursor::new(text.as_bytes()).skip(), Err(Fault { reason, at, reported: false }), "{text}");
        }
    }

    #[test]
    fn a_million_brackets_take_no_stack() {
        let text = [vec![b'['; 1_000_000], vec![b']'; 1_000_000]].concat();
        let mut cursor = Cursor::new(&text);
        assert_eq!((cursor.skip(), cursor.at), (Ok(()), 2_000_000));
    }
}
