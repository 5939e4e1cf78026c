//! A few dozen names, and which of them a text is.

/// Names to find texts among. Of nearly every record some text is asked for, and nearly none has the length of more
/// than a few of the names.
pub(crate) struct NameSet<const N: usize> {
    names: [&'static str; N],
    /// The names that have a length, a bit a name.
    of_length: [u64; LENGTHS],
}

/// One more than the longest name may have.
const LENGTHS: usize = 48;

impl<const N: usize> NameSet<N> {
    /// At most 64 names, shorter than 48 bytes.
    pub(crate) const fn new(names: [&'static str; N]) -> Self {
        assert!(N <= u64::BITS as usize);
        let mut of_length = [0; LENGTHS];
        let mut place = 0;
        while place < N {
            of_length[names[place].len()] |= 1 << place;
            place += 1;
        }
        Self { names, of_length }
    }

    /// The text's place among the names.
    #[inline]
    pub(crate) fn place_of(&self, text: &[u8]) -> Option<usize> {
        let mut candidates = self.of_length.get(text.len()).copied().unwrap_or_default();
        while candidates != 0 {
            let place = candidates.trailing_zeros() as usize;
            if same(self.names[place].as_bytes(), text) {
                return Some(place);
            }
            candidates &= candidates - 1;
        }
        None
    }
}

/// Whether two texts of the same length are equal. Nearly all names have at most 32 characters, and are then compared
/// as two numbers each.
#[inline(always)]
fn same(name: &[u8], text: &[u8]) -> bool {
    fn ends<const N: usize>(text: &[u8]) -> Option<([u8; N], [u8; N])> {
        Some((*text.first_chunk()?, *text.last_chunk()?))
    }
    match text.len() {
        4..8 => ends::<4>(name) == ends::<4>(text),
        8..16 => ends::<8>(name) == ends::<8>(text),
        16..=32 => ends::<16>(name) == ends::<16>(text),
        _ => name == text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_place_and_any_other_text_none() {
        let names = NameSet::new(["sign", "verify", "open", ""]);
        let places = [&b"sign"[..], b"verify", b"open", b"", b"close", b"opens", &[b'x'; 100]];
        assert_eq!(places.map(|text| names.place_of(text)), [Some(0), Some(1), Some(2), Some(3), None, None, None]);
    }
}
