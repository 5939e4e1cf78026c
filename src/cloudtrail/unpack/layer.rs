//! What a file is, by its first bytes.

use memchr::memmem;

/// The outermost layer of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Gzip,
    Zip,
    Tar,
    /// A compression known by name only.
    Unsupported(&'static str),
    /// Anything else: a document, for all this room knows.
    Plain,
}

/// A tar header, and the unit of which tar files are made.
pub(super) const TAR_BLOCK: usize = 512;

impl Layer {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, 0x08, ..] => Self::Gzip,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Unsupported("zstd"),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Unsupported("xz"),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Self::Unsupported("bzip2"),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Self::Unsupported("7-zip"),
            [4, 0x22, 0x4d, 0x18, ..] => Self::Unsupported("lz4"),
            _ if is_tar(bytes) => Self::Tar,
            _ => Self::Plain,
        }
    }
}

/// Whether the file begins with a tar header: the header's checksum says so, which holds for old tar files without the
/// word "ustar" too, and for no JSON or CSV text (they have no NUL-ended octal number there).
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.first_chunk::<TAR_BLOCK>() else { return false };
    let field = &header[148..156];
    let digits = field.trim_ascii().split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii();
    let Some(claimed) = std::str::from_utf8(digits).ok().and_then(|text| u32::from_str_radix(text, 8).ok()) else {
        return false;
    };
    let sum = header.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let own = field.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    claimed == sum - own + 8 * u32::from(b' ')
}

/// Whether another gzip member could begin after the first one's header. It errs to yes: compressed data holds these
/// bytes by chance once in a hundred million; a member that is there is never missed.
pub(super) fn may_have_second_member(bytes: &[u8]) -> bool {
    // A member has a header of ten bytes, two of data at least, and a trailer of eight.
    let Some(rest) = bytes.get(20..) else { return false };
    memmem::find_iter(rest, b"\x1f\x8b\x08").any(|at| rest.get(at + 3).is_none_or(|flags| flags & 0xe0 == 0))
}

/// Files that operating systems leave in archives, and that hold no log.
pub(super) fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("._") || name == ".DS_Store" || path.split('/').any(|part| part == "__MACOSX")
}
