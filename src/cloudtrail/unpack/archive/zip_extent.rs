//! How far a zip archive reaches. The zip crate tells its files apart by their names, and takes no notice of what lies
//! before an archive and after it.

use std::io::Cursor;

/// Beginnings of the records that end an archive, in their order (APPNOTE.TXT, 4.3.6).
const CENTRAL_HEADER: &[u8] = b"PK\x01\x02";
const ZIP64_END: &[u8] = b"PK\x06\x06";
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const END: &[u8] = b"PK\x05\x06";

/// What `bytes` hold beside the files that `archive` gives; `None` if that is nothing. Zeros at the end are padding.
pub(super) fn unread(bytes: &[u8], archive: &zip::ZipArchive<Cursor<&[u8]>>) -> Option<String> {
    if archive.offset() > 0 {
        return Some("what lies before the zip archive is unread".to_owned());
    }
    let (files, end) = extent(bytes, usize::try_from(archive.central_directory_start()).ok()?);
    let after = bytes.get(end..).unwrap_or_default();
    if after.iter().any(|byte| *byte != 0) {
        return Some("what lies after the zip archive is unread".to_owned());
    }
    let names = archive.len();
    (files > names).then(|| format!("{files} files have {names} names, and one of each name is read"))
}

/// The files that the directory at `start` lists, and where the archive ends.
fn extent(bytes: &[u8], start: usize) -> (usize, usize) {
    let (mut at, mut files) = (start, 0);
    while follows(bytes, at, CENTRAL_HEADER) {
        at += 46 + [28, 30, 32].iter().map(|field| usize::from(number(bytes, at + field))).sum::<usize>();
        files += 1;
    }
    if follows(bytes, at, ZIP64_END) {
        let size = bytes.get(at + 4..).and_then(|size| size.first_chunk()).copied().unwrap_or_default();
        at = at.saturating_add(12).saturating_add(usize::try_from(u64::from_le_bytes(size)).unwrap_or(usize::MAX));
    }
    if follows(bytes, at, ZIP64_LOCATOR) {
        at += 20;
    }
    if follows(bytes, at, END) {
        at += 22 + usize::from(number(bytes, at + 20));
    }
    (files, at)
}

fn follows(bytes: &[u8], at: usize, beginning: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(beginning))
}

/// Two bytes, zero past the end.
fn number(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |field| u16::from_le_bytes(*field))
}
