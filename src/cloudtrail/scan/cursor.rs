//! Moving over JSON that is written as CloudTrail writes it, and giving up on any other.

use crate::cloudtrail::index::Indexed;

/// The scanner gives up on this record: the general reader decides.
pub(in crate::cloudtrail) struct Odd;

/// What was scanned, unless it is odd.
pub(in crate::cloudtrail) type Scan<T> = Result<T, Odd>;

/// Moves over a document. Small enough for a processor's registers, as long as nobody takes its address: what isn't
/// inlined gets a cursor of its own, see [`Cursor::apart`].
#[derive(Clone, Copy)]
pub(super) struct Cursor<'d, 'i> {
    pub doc: Indexed<'d, 'i>,
    place: Place,
}

/// Where a cursor is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    at: u32,
    /// How many quotes come before `at`. A text's end is looked up by its quote's number, and so is known before its
    /// begin is: members that come in the usual order are compared at the same time.
    quotes: u32,
}

/// How many quotes a token has.
pub(super) const fn quotes_in(token: &[u8]) -> u32 {
    let (mut at, mut count) = (0, 0);
    while at < token.len() {
        count += if token[at] == b'"' { 1 } else { 0 };
        at += 1;
    }
    count
}

/// Past the token, if it is what comes; whether it was: `take!(cursor, b",\"arn\":")`.
macro_rules! take {
    ($cursor:expr, $token:expr) => {
        $cursor.take_token::<_, { $crate::cloudtrail::scan::cursor::quotes_in($token) }>($token)
    };
}

/// Past the token, which ends within a text, and past that text, if they are what comes and the text has no escapes;
/// the text: `take_text!(cursor, b",\"arn\":\"")`.
macro_rules! take_text {
    ($cursor:expr, $token:expr) => {
        $cursor.take_token_and_text::<_, { $crate::cloudtrail::scan::cursor::quotes_in($token) }>($token)
    };
}

/// As `take_text!`, of a text that isn't wanted and may have escapes.
macro_rules! skip_text {
    ($cursor:expr, $token:expr) => {
        $cursor.skip_token_and_text::<_, { $crate::cloudtrail::scan::cursor::quotes_in($token) }>($token)
    };
}

pub(super) use {skip_text, take, take_text};

impl<'d, 'i> Cursor<'d, 'i> {
    /// At `at`, which is outside any text.
    #[inline(always)]
    pub(super) fn new(doc: Indexed<'d, 'i>, at: usize) -> Self {
        Self { doc, place: Place { at: at as u32, quotes: doc.quotes_before(at) } }
    }

    /// Reads with a cursor of its own, so that this one stays in the processor's registers.
    #[inline(always)]
    pub(super) fn apart<T>(&mut self, read: impl FnOnce(&mut Self) -> Scan<T>) -> Scan<T> {
        let mut other = *self;
        let value = read(&mut other)?;
        self.place = other.place;
        Ok(value)
    }

    /// Where it is, to come back to.
    #[inline(always)]
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Goes back.
    #[inline(always)]
    pub(super) fn back_to(&mut self, place: Place) {
        self.place = place;
    }

    /// Where it is, in bytes.
    #[inline(always)]
    pub(super) fn at(&self) -> usize {
        self.place.at as usize
    }

    /// The byte that comes.
    #[inline(always)]
    pub(super) fn byte(&self) -> u8 {
        self.doc.byte(self.at())
    }

    /// Past a byte that is no quote.
    #[inline(always)]
    pub(super) fn step(&mut self) {
        self.place.at += 1;
    }

    /// Whether the token is what comes.
    #[inline(always)]
    fn is_at<const N: usize>(&self, token: &[u8; N]) -> bool {
        self.doc.bytes().get(self.at()..self.at() + N).is_some_and(|text| is_same(text, token))
    }

    /// See `take!`.
    #[inline(always)]
    pub(super) fn take_token<const N: usize, const QUOTES: u32>(&mut self, token: &[u8; N]) -> bool {
        let found = self.is_at(token);
        if found {
            self.place.at += N as u32;
            self.place.quotes += QUOTES;
        }
        found
    }

    /// See `take_text!`.
    #[inline(always)]
    pub(super) fn take_token_and_text<const N: usize, const QUOTES: u32>(
        &mut self,
        token: &[u8; N],
    ) -> Option<&'d [u8]> {
        let start = self.at() + N;
        let end = self.doc.quote(self.place.quotes + QUOTES)?;
        if !self.is_at(token) || self.doc.has_escape(start, end as usize) {
            return None;
        }
        let text = self.doc.bytes().get(start..end as usize)?;
        self.place = Place { at: end + 1, quotes: self.place.quotes + QUOTES + 1 };
        Some(text)
    }

    /// See `skip_text!`.
    #[inline(always)]
    pub(super) fn skip_token_and_text<const N: usize, const QUOTES: u32>(&mut self, token: &[u8; N]) -> Option<()> {
        let end = self.doc.quote(self.place.quotes + QUOTES)?;
        if !self.is_at(token) {
            return None;
        }
        self.place = Place { at: end + 1, quotes: self.place.quotes + QUOTES + 1 };
        Some(())
    }

    /// The next member's key, the cursor then on its value; `None` after the object's `}`.
    #[inline(always)]
    pub(super) fn next_key(&mut self, first: &mut bool) -> Scan<Option<&'d [u8]>> {
        match [self.byte(), self.doc.byte(self.at() + 1)] {
            [b'}', _] => {
                self.step();
                return Ok(None);
            }
            [b',', b'"'] if !*first => self.step(),
            [b'"', _] if *first => {}
            _ if self.spaced_key(*first)? => {}
            _ => return Ok(None),
        }
        *first = false;
        let key = self.quoted()?;
        if self.byte() != b':' {
            self.skip_space();
        }
        self.open(b':')?;
        self.skip_space();
        Ok(Some(key))
    }

    /// To where the next member's key begins, past white space; false after the object's `}`.
    #[cold]
    fn spaced_key(&mut self, first: bool) -> Scan<bool> {
        self.skip_space();
        match self.byte() {
            b'}' => {
                self.step();
                return Ok(false);
            }
            b',' if !first => {
                self.step();
                self.skip_space();
            }
            _ if first => {}
            _ => return Err(Odd),
        }
        Ok(true)
    }

    /// A text or null, the latter as the empty text.
    #[inline(always)]
    pub(super) fn text(&mut self) -> Scan<&'d [u8]> {
        if self.byte() == b'n' {
            self.null()?;
            return Ok(b"");
        }
        self.quoted()
    }

    /// A quoted text without escapes.
    #[inline(always)]
    pub(super) fn quoted(&mut self) -> Scan<&'d [u8]> {
        take_text!(self, b"\"").ok_or(Odd)
    }

    /// Past the expected character.
    #[inline(always)]
    pub(super) fn open(&mut self, byte: u8) -> Scan<()> {
        if self.byte() != byte {
            return Err(Odd);
        }
        self.step();
        Ok(())
    }

    /// Past `null` (true), or past the bracket that is expected otherwise (false).
    #[inline(always)]
    pub(super) fn null_or_open(&mut self, bracket: u8) -> Scan<bool> {
        if self.byte() == b'n' {
            self.null()?;
            return Ok(true);
        }
        self.open(bracket)?;
        Ok(false)
    }

    pub(super) fn null(&mut self) -> Scan<()> {
        if !self.doc.bytes()[self.at()..].starts_with(b"null") {
            return Err(Odd);
        }
        self.place.at += 4;
        Ok(())
    }

    /// Past any value, unread.
    #[inline(always)]
    pub(super) fn skip(&mut self) -> Scan<()> {
        match self.byte() {
            b'"' => skip_text!(self, b"\"").ok_or(Odd)?,
            b'{' | b'[' => *self = Self::new(self.doc, self.doc.matching_close(self.at()).ok_or(Odd)? + 1),
            _ => {
                let rest = &self.doc.bytes()[self.at()..];
                // A quote here is a mistake, and must not go uncounted.
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | b'"');
                match rest.iter().position(ends) {
                    Some(length @ 1..) => self.place.at += length as u32,
                    _ => return Err(Odd),
                }
            }
        }
        Ok(())
    }

    /// Past an object whose members are texts, unread; past any other value as well, which takes longer.
    #[inline(always)]
    pub(super) fn skip_texts(&mut self) -> Scan<()> {
        let before = self.place;
        while matches!(self.byte(), b'{' | b',') && self.doc.byte(self.at() + 1) == b'"' {
            self.step();
            let Some(&[_, key_end, begin, end]) = self.doc.quotes_from(self.place.quotes) else { break };
            if begin != key_end + 2 || self.doc.byte(key_end as usize + 1) != b':' {
                break;
            }
            self.place = Place { at: end + 1, quotes: self.place.quotes + 4 };
            if self.byte() == b'}' {
                self.step();
                return Ok(());
            }
        }
        self.place = before;
        self.skip()
    }

    /// Past the end of the object, from between two of its members.
    #[inline(always)]
    pub(super) fn leave_object(&mut self) -> Scan<()> {
        *self = Self::new(self.doc, self.doc.enclosing_close(self.at()).ok_or(Odd)? + 1);
        Ok(())
    }

    #[inline(always)]
    pub(super) fn skip_space(&mut self) {
        while matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
            self.step();
        }
    }
}

/// Whether the text is the token, sixteen bytes at a time: of longer ones the standard library asks the C library,
/// which takes several times as long.
#[inline(always)]
fn is_same<const N: usize>(text: &[u8], token: &[u8; N]) -> bool {
    const LANE: usize = 16;
    if N <= LANE {
        return text == token;
    }
    let number = |lane: &[u8; LANE]| u128::from_le_bytes(*lane);
    let (Some(text_end), Some(token_end)) = (text.last_chunk(), token.last_chunk()) else { return false };
    let lanes = text.as_chunks().0.iter().zip(token.as_chunks().0);
    let differs = |(text, token)| number(text) ^ number(token);
    lanes.map(differs).fold(differs((text_end, token_end)), |all, lane| all | lane) == 0
}
