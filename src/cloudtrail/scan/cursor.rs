//! Moving over JSON that is written as CloudTrail writes it, and giving up on any other.

use crate::cloudtrail::index::Indexed;

/// The scanner gives up on this record.
pub(super) struct Odd;

pub(super) type Scan<T> = Result<T, Odd>;

/// A place in a document.
pub(super) struct Cursor<'d, 'c, 'i> {
    pub doc: &'c Indexed<'d, 'i>,
    pub at: usize,
}

impl<'d> Cursor<'d, '_, '_> {
    /// Past the token, if it is what comes.
    #[inline(always)]
    pub(super) fn take<const N: usize>(&mut self, token: &[u8; N]) -> bool {
        let found = self.doc.bytes().get(self.at..).and_then(|rest| rest.first_chunk::<N>()) == Some(token);
        self.at += if found { N } else { 0 };
        found
    }

    /// The next member's key, the cursor then on its value; `None` after the object's `}`.
    #[inline(always)]
    pub(super) fn next_key(&mut self, first: &mut bool) -> Scan<Option<&'d [u8]>> {
        self.at = match [self.doc.byte(self.at), self.doc.byte(self.at + 1)] {
            [b'}', _] => {
                self.at += 1;
                return Ok(None);
            }
            [b',', b'"'] if !*first => self.at + 1,
            [b'"', _] if *first => self.at,
            _ => match self.spaced_key(*first)? {
                Some(quote) => quote,
                None => return Ok(None),
            },
        };
        *first = false;
        let key = self.quoted()?;
        if self.doc.byte(self.at) != b':' {
            self.skip_space();
        }
        self.open(b':')?;
        self.skip_space();
        Ok(Some(key))
    }

    /// Where the next member's key begins, past white space; `None` after the object's `}`.
    #[cold]
    fn spaced_key(&mut self, first: bool) -> Scan<Option<usize>> {
        self.skip_space();
        match self.doc.byte(self.at) {
            b'}' => {
                self.at += 1;
                return Ok(None);
            }
            b',' if !first => {
                self.at += 1;
                self.skip_space();
            }
            _ if first => {}
            _ => return Err(Odd),
        }
        Ok(Some(self.at))
    }

    /// A text or null, the latter as the empty text.
    #[inline(always)]
    pub(super) fn text(&mut self) -> Scan<&'d [u8]> {
        if self.doc.byte(self.at) == b'n' {
            self.null()?;
            return Ok(b"");
        }
        self.quoted()
    }

    /// A quoted text without escapes.
    #[inline(always)]
    pub(super) fn quoted(&mut self) -> Scan<&'d [u8]> {
        self.open(b'"')?;
        let start = self.at;
        let end = self.doc.next_quote(start).ok_or(Odd)?;
        if self.doc.has_escape(start, end) {
            return Err(Odd);
        }
        self.at = end + 1;
        Ok(&self.doc.bytes()[start..end])
    }

    /// Past the token, which ends with a quote, and a text of a fixed length and its quote, if they are what comes; the
    /// text.
    #[inline(always)]
    pub(super) fn take_text<const N: usize, const LENGTH: usize>(&mut self, token: &[u8; N]) -> Option<&'d [u8]> {
        let (before, rest) = self.doc.bytes().get(self.at..)?.split_first_chunk::<N>()?;
        let text = rest.first_chunk::<LENGTH>()?;
        let start = self.at + N;
        if before != token || !self.doc.is_quoted_for::<LENGTH>(start) || self.doc.has_escape(start, start + LENGTH) {
            return None;
        }
        self.at = start + LENGTH + 1;
        Some(text)
    }

    /// Past the expected character.
    #[inline(always)]
    pub(super) fn open(&mut self, byte: u8) -> Scan<()> {
        if self.doc.byte(self.at) != byte {
            return Err(Odd);
        }
        self.at += 1;
        Ok(())
    }

    /// Past `null` (true), or past the bracket that is expected otherwise (false).
    #[inline(always)]
    pub(super) fn null_or_open(&mut self, bracket: u8) -> Scan<bool> {
        if self.doc.byte(self.at) == b'n' {
            self.null()?;
            return Ok(true);
        }
        self.open(bracket)?;
        Ok(false)
    }

    pub(super) fn null(&mut self) -> Scan<()> {
        if !self.doc.bytes()[self.at..].starts_with(b"null") {
            return Err(Odd);
        }
        self.at += 4;
        Ok(())
    }

    /// Past any value, unread.
    #[inline(always)]
    pub(super) fn skip(&mut self) -> Scan<()> {
        match self.doc.byte(self.at) {
            b'"' => self.at = self.doc.next_quote(self.at + 1).ok_or(Odd)? + 1,
            b'{' | b'[' => self.at = self.doc.matching_close(self.at).ok_or(Odd)? + 1,
            _ => {
                let rest = &self.doc.bytes()[self.at..];
                let end =
                    rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
                match end {
                    Some(length @ 1..) => self.at += length,
                    _ => return Err(Odd),
                }
            }
        }
        Ok(())
    }

    /// Past the end of the object, from between two of its members.
    #[inline(always)]
    pub(super) fn leave_object(&mut self) -> Scan<()> {
        self.at = self.doc.enclosing_close(self.at).ok_or(Odd)? + 1;
        Ok(())
    }

    #[inline(always)]
    pub(super) fn skip_space(&mut self) {
        while matches!(self.doc.byte(self.at), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }
}
