//! Record text with slots: what is the same in all records of a kind is stored once, what differs is filled in.
//!
//! A template is written as text in which [`TIME`], [`EVENT_ID`] … stand for what each record has of its own.

use super::random::word;

/// The record's second, `2026-01-05T10:00:00Z`.
pub(super) const TIME: &str = "\u{1}t";
/// The record's day, `2026-01-05`.
pub(super) const DAY: &str = "\u{1}d";
/// The request's id.
pub(super) const REQUEST_ID: &str = "\u{1}r";
/// The id of this copy of the event.
pub(super) const EVENT_ID: &str = "\u{1}e";
/// The id that all copies of the event share.
pub(super) const SHARED_ID: &str = "\u{1}h";
/// Sixteen characters of a temporary access key.
pub(super) const ACCESS_KEY: &str = "\u{1}a";
/// Sixteen hexadecimal characters that belong to the caller's session.
pub(super) const SESSION: &str = "\u{1}s";
/// When the caller's session began.
pub(super) const SESSION_START: &str = "\u{1}b";
/// The last three parts of an address in 10.0.0.0/8.
pub(super) const ADDRESS: &str = "\u{1}i";
/// Sixteen hexadecimal characters of the record's own, for object names and the like.
pub(super) const TOKEN: &str = "\u{1}o";
/// The request's id as S3 writes it, sixteen characters.
pub(super) const S3_REQUEST_ID: &str = "\u{1}q";
/// S3's second id of a request, `x-amz-id-2`.
pub(super) const HOST_ID: &str = "\u{1}x";
/// Sixteen characters of the access key that the request was given.
pub(super) const CREDENTIAL_KEY: &str = "\u{1}c";
/// The session token that the request was given, but for its first sixteen characters, which all tokens share.
pub(super) const SESSION_TOKEN: &str = "\u{1}k";
/// The key material's id of the (source) key.
pub(super) const MATERIAL: &str = "\u{1}m";
/// The key material's id of the destination key.
pub(super) const DESTINATION_MATERIAL: &str = "\u{1}n";

/// What fills a template's slots.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    /// Seconds since 1970.
    pub second: u32,
    /// The event's own number, from which its ids follow.
    pub draw: u64,
    /// Which copy of the event: 0 in the caller's trail, 1 and 2 in the key owners'.
    pub copy: u8,
    /// The caller's session.
    pub session: u64,
    /// When the session began.
    pub session_start: u32,
    /// What the key materials' ids follow from.
    pub materials: [u64; 2],
}

/// The words of a draw are told apart by their number.
const REQUEST_WORDS: u64 = 0;
const SHARED_WORDS: u64 = 2;
const TOKEN_WORD: u64 = 4;
const S3_REQUEST_WORDS: u64 = 5;
const EVENT_WORDS: u64 = 8;
const HOST_WORDS: u64 = 16;
const CREDENTIAL_WORDS: u64 = 24;
const SESSION_TOKEN_WORDS: u64 = 32;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Crockford's alphabet, in which S3 writes its requests' ids.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Text with slots, ready to be filled.
#[derive(Debug)]
pub(super) struct Template {
    text: Box<str>,
    /// Where the text before each slot ends, and the slot's letter.
    slots: Box<[(u32, u8)]>,
}

impl Template {
    /// Reads a template.
    pub(super) fn new(source: &str) -> Self {
        let (mut text, mut slots) = (String::with_capacity(source.len()), Vec::new());
        let mut parts = source.split('\u{1}');
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let end = u32::try_from(text.len()).expect("a record is shorter than 4 GB");
            slots.push((end, part.as_bytes()[0]));
            text.push_str(&part[1..]);
        }
        Self { text: text.into(), slots: slots.into() }
    }

    /// Appends the text with its slots filled.
    pub(super) fn fill(&self, moment: &Moment, out: &mut Vec<u8>) {
        let text = self.text.as_bytes();
        let mut from = 0;
        for &(end, slot) in &self.slots {
            out.extend_from_slice(&text[from..end as usize]);
            from = end as usize;
            fill_slot(slot, moment, out);
        }
        out.extend_from_slice(&text[from..]);
    }
}

fn fill_slot(slot: u8, moment: &Moment, out: &mut Vec<u8>) {
    let draw = moment.draw;
    match slot {
        b't' => push_time(moment.second, out),
        b'd' => push_date(moment.second / 86_400, out),
        b'r' => push_uuid(word(draw, REQUEST_WORDS), word(draw, REQUEST_WORDS + 1), out),
        b'e' => {
            let (high, low) = event_id_words(draw, moment.copy);
            push_uuid(high, low, out);
        }
        b'h' => push_uuid(word(draw, SHARED_WORDS), word(draw, SHARED_WORDS + 1), out),
        b'a' => push_base32(BASE32, moment.session, 0, out),
        b's' => push_hex(&word(moment.session, 2).to_be_bytes(), out),
        b'b' => push_time(moment.session_start, out),
        b'i' => {
            let [a, b, c, ..] = word(moment.session, 3).to_be_bytes();
            push_number(a, out);
            out.push(b'.');
            push_number(b, out);
            out.push(b'.');
            push_number(c, out);
        }
        b'o' => push_hex(&word(draw, TOKEN_WORD).to_be_bytes(), out),
        b'q' => push_base32(CROCKFORD, draw, S3_REQUEST_WORDS, out),
        b'x' => {
            push_base64(draw, HOST_WORDS, 75, out);
            out.push(b'=');
        }
        b'c' => push_base32(BASE32, draw, CREDENTIAL_WORDS, out),
        b'k' => push_base64(draw, SESSION_TOKEN_WORDS, 544, out),
        b'm' => push_material(moment.materials[0], out),
        b'n' => push_material(moment.materials[1], out),
        _ => unreachable!("the slots are those of this file's constants"),
    }
}

fn event_id_words(draw: u64, copy: u8) -> (u64, u64) {
    let at = EVENT_WORDS + 2 * u64::from(copy);
    (word(draw, at), word(draw, at + 1))
}

/// The id of an event's copy, as its record has it.
pub(super) fn event_id(draw: u64, copy: u8) -> String {
    let mut text = Vec::with_capacity(36);
    let (high, low) = event_id_words(draw, copy);
    push_uuid(high, low, &mut text);
    String::from_utf8(text).expect("hexadecimal is ASCII")
}

/// The id of a key material, 64 hexadecimal characters.
pub(super) fn material_id(seed: u64) -> String {
    let mut text = Vec::with_capacity(64);
    push_material(seed, &mut text);
    String::from_utf8(text).expect("hexadecimal is ASCII")
}

/// Lower-case hexadecimal, `length` characters (at most 32), of what follows from a seed.
pub(super) fn hex(seed: u64, length: usize) -> String {
    let text = format!("{:016x}{:016x}", word(seed, 0), word(seed, 1));
    text[..length].to_owned()
}

/// A version 4 UUID that follows from a seed.
pub(super) fn uuid(seed: u64) -> String {
    let mut text = Vec::with_capacity(36);
    push_uuid(word(seed, 0), word(seed, 1), &mut text);
    String::from_utf8(text).expect("hexadecimal is ASCII")
}

/// Sixteen characters as in access keys and unique ids (`AROA…`).
pub(super) fn base32(seed: u64) -> String {
    let mut text = Vec::with_capacity(16);
    push_base32(BASE32, seed, 0, &mut text);
    String::from_utf8(text).expect("base 32 is ASCII")
}

/// Appends `2026-01-05T10:00:00Z`.
pub(super) fn push_time(second: u32, out: &mut Vec<u8>) {
    push_date(second / 86_400, out);
    let of_day = second % 86_400;
    out.push(b'T');
    push_two(of_day / 3600, out);
    out.push(b':');
    push_two(of_day / 60 % 60, out);
    out.push(b':');
    push_two(of_day % 60, out);
    out.push(b'Z');
}

/// The year, month and day of a day since 1970 (Hinnant's `civil_from_days`).
pub(super) fn civil(day: u32) -> (u32, u32, u32) {
    let z = day + 719_468;
    let era = z / 146_097;
    let of_era = z % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u32::from(month <= 2), month, of_year - (153 * shifted_month + 2) / 5 + 1)
}

fn push_date(day: u32, out: &mut Vec<u8>) {
    let (year, month, day) = civil(day);
    push_two(year / 100, out);
    push_two(year % 100, out);
    out.push(b'-');
    push_two(month, out);
    out.push(b'-');
    push_two(day, out);
}

fn push_two(value: u32, out: &mut Vec<u8>) {
    out.push(b'0' + (value / 10) as u8);
    out.push(b'0' + (value % 10) as u8);
}

fn push_number(value: u8, out: &mut Vec<u8>) {
    if value >= 100 {
        out.push(b'0' + value / 100);
    }
    if value >= 10 {
        out.push(b'0' + value / 10 % 10);
    }
    out.push(b'0' + value % 10);
}

fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

fn push_uuid(high: u64, low: u64, out: &mut Vec<u8>) {
    let high = (high & !0xF000) | 0x4000;
    let low = (low & !(0xC000 << 48)) | (0x8000 << 48);
    let (high, low) = (high.to_be_bytes(), low.to_be_bytes());
    push_hex(&high[..4], out);
    out.push(b'-');
    push_hex(&high[4..6], out);
    out.push(b'-');
    push_hex(&high[6..], out);
    out.push(b'-');
    push_hex(&low[..2], out);
    out.push(b'-');
    push_hex(&low[2..], out);
}

/// Sixteen characters of an alphabet, from two words of a draw.
fn push_base32(letters: &[u8; 32], draw: u64, from_word: u64, out: &mut Vec<u8>) {
    for n in 0..2 {
        let half = word(draw, from_word + n);
        out.extend((0..8).map(|at| letters[(half >> (5 * at)) as usize & 31]));
    }
}

/// `length` characters of base 64 without padding, ten from a word.
fn push_base64(draw: u64, from_word: u64, length: usize, out: &mut Vec<u8>) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let words = (from_word..).map(|n| word(draw, n));
    out.extend(words.flat_map(|word| (0..10).map(move |at| LETTERS[(word >> (6 * at)) as usize & 63])).take(length));
}

fn push_material(seed: u64, out: &mut Vec<u8>) {
    for n in 0..4 {
        push_hex(&word(seed, n).to_be_bytes(), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_where_they_stand() {
        let template = Template::new(&format!("{{\"t\":\"{TIME}\",\"d\":\"{DAY}\",\"e\":\"{EVENT_ID}\"}}"));
        let mut out = Vec::new();
        template.fill(&Moment { second: 1_767_607_200, draw: 9, ..Moment::default() }, &mut out);
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["t"], "2026-01-05T10:00:00Z");
        assert_eq!(value["d"], "2026-01-05");
        assert_eq!(value["e"], event_id(9, 0));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for second in [0_u32, 951_782_400, 1_709_164_800, 1_767_571_200, 1_798_675_200, 4_102_358_400] {
            let mut out = Vec::new();
            push_time(second, &mut out);
            let expect = chrono::DateTime::from_timestamp(i64::from(second), 0).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expect.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        }
    }

    #[test]
    fn ids_are_version_4_uuids_and_differ_from_copy_to_copy() {
        let (caller, owner) = (event_id(1, 0), event_id(1, 1));
        assert_ne!(caller, owner);
        for id in [caller, owner] {
            assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'));
            assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{id}");
        }
    }
}
