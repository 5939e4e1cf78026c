//! Archives that are joined, damaged between their files, or hold more than what their directories lead to.

use std::io::{Cursor, Write};

use super::{gzip, noise, tar, unpack, unpack_with, whole, zip};
use crate::cloudtrail::unpack::{Limits, UnpackError};

#[test]
fn tars_that_are_joined_are_all_read() {
    let (first, second) = (tar(&[("1", b"one"), ("2", b"two")]), tar(&[("3", &noise(2000))]));
    // GNU tar fills its last record of many blocks with zeros.
    let padded = [first.clone(), vec![0; 3 << 20]].concat();
    let expected = [whole("t!1", b"one"), whole("t!2", b"two"), whole("t!3", &noise(2000))];
    for joined in [[first, second.clone()].concat(), [padded.clone(), second.clone()].concat()] {
        assert_eq!(unpack(&joined, "t"), expected);
        assert_eq!(unpack(&gzip(&joined), "t"), expected);
    }
    assert_eq!(unpack(&padded, "t"), expected[..2]);
    assert_eq!(unpack(&[gzip(&padded), gzip(&second)].concat(), "t"), expected);
    // One that is read as it is inflated, since it is larger than a member may be.
    let limits = Limits { member_bytes: 100_000, ..Limits::default() };
    assert_eq!(unpack_with(&gzip(&[padded, second].concat()), "t", &limits), expected);
}

#[test]
fn a_lost_header_of_a_tar_is_reported_and_costs_its_own_file() {
    let content = noise(700);
    let packed = tar(&[("1", &content), ("2", &content), ("3", &content), ("4", &content)]);
    // A header and 700 bytes are three blocks.
    let second = 3 * 512;
    for lost in [512, 2 * 512, 3 * 512] {
        for byte in [0, b'x'] {
            let mut damaged = packed.clone();
            damaged[second..second + lost].fill(byte);
            for damaged in [gzip(&damaged), damaged] {
                let mut seen = unpack(&damaged, "t");
                let errors: Vec<_> = seen.extract_if(.., |(_, content)| content.is_err()).collect();
                assert_eq!(seen, [whole("t!1", &content), whole("t!3", &content), whole("t!4", &content)]);
                // Where the whole file is zeros, nothing shows that it was there.
                let expected = usize::from(!(byte == 0 && lost == 3 * 512));
                assert_eq!(errors.len(), expected, "{lost} times {byte}: {errors:?}");
                assert!(
                    errors.iter().all(|(path, error)| path == "t" && matches!(error, Err(UnpackError::Corrupt { .. })))
                );
            }
        }
    }
}

#[test]
fn what_follows_a_tar_and_is_none_is_reported() {
    let packed = tar(&[("1", b"one")]);
    for more in [&b"{\"Records\":[]}"[..], &[b'x'; 512], &noise(5000)] {
        let seen = unpack(&[&packed[..], more].concat(), "t");
        assert_eq!(seen[0], whole("t!1", b"one"));
        assert!(matches!(&seen[1..], [(path, Err(UnpackError::Corrupt { .. }))] if path == "t"), "{seen:?}");
    }
}

#[test]
fn zeros_after_a_tar_are_paid_by_the_bound_on_its_bytes() {
    let packed = [tar(&[("1", b"one")]), vec![0; 1 << 20]].concat();
    let limits = Limits { total_bytes: 100_000, ..Limits::default() };
    let error = UnpackError::TotalTooLarge { member: "t".to_owned(), limit: 100_000 };
    assert_eq!(unpack_with(&packed, "t", &limits), [whole("t!1", b"one"), ("t".to_owned(), Err(error))]);
}

/// What is said of a zip of which a part is unread, after the files that are read.
fn part_unread(packed: &[u8], read: &[(&str, &[u8])]) -> String {
    let seen = unpack(packed, "z");
    let expected: Vec<_> = read.iter().map(|(name, content)| whole(&format!("z!{name}"), content)).collect();
    let [first @ .., (path, Err(error @ UnpackError::PartUnread { .. }))] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((first, path.as_str()), (&expected[..], "z"));
    error.to_string()
}

#[test]
fn what_a_zip_holds_beside_its_files_is_reported() {
    let (first, second) = (zip(&[("1", b"one")]), zip(&[("2", &noise(2000))]));
    let joined = [&first[..], &second].concat();
    let said = part_unread(&joined, &[("2", &noise(2000))]);
    assert!(said.contains("what lies before the zip archive is unread"), "{said}");
    // Of two that are as long, the second's directory seems to lie where the first's does.
    let twin = zip(&[("2", b"two")]);
    assert_eq!(twin.len(), first.len());
    assert!(matches!(
        unpack(&[&first[..], &twin].concat(), "z").last(),
        Some((_, Err(UnpackError::PartUnread { .. })))
    ));
    let said = part_unread(&[&first[..], b"{\"Records\":[]}"].concat(), &[("1", b"one")]);
    assert!(said.contains("what lies after the zip archive is unread"), "{said}");
}

#[test]
fn files_of_one_name_in_a_zip_are_reported() {
    let mut packed = zip(&[("1", b"one"), ("2", b"two"), ("3", b"three")]);
    let names: Vec<usize> = memchr::memmem::find_iter(&packed, b"2").collect();
    // The zip crate writes no name twice: one is changed, in the local and in the central header.
    for header in [&b"PK\x03\x04"[..], b"PK\x01\x02"] {
        let length = if header[2] == 3 { 30 } else { 46 };
        let second = memchr::memmem::find_iter(&packed, header).nth(1).unwrap();
        assert!(names.contains(&(second + length)));
        packed[second + length] = b'3';
    }
    let seen = unpack(&packed, "z");
    let (path, error) = seen.last().unwrap();
    let said = error.as_ref().unwrap_err().to_string();
    assert!(path == "z" && said.contains("3 files have 2 names"), "{seen:?}");
}

#[test]
fn a_zip_with_a_comment_or_padded_with_zeros_or_of_many_files_is_whole() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.set_comment("PK: a comment");
    writer.start_file("1", zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(b"one").unwrap();
    let commented = writer.finish().unwrap().into_inner();
    assert_eq!(unpack(&commented, "z"), [whole("z!1", b"one")]);
    assert_eq!(unpack(&[commented, vec![0; 512]].concat(), "z"), [whole("z!1", b"one")]);
    assert!(unpack(&zip(&[]), "z").is_empty());
    // More files than fit the old end record's number: a zip64.
    let names: Vec<String> = (0..0x1_0001).map(|number| number.to_string()).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let packed = zip(&files);
    assert!(memchr::memmem::find(&packed, b"PK\x06\x06").is_some());
    let seen = unpack(&packed, "z");
    assert_eq!(seen.len(), files.len());
    assert!(seen.iter().all(|(_, content)| content.is_ok()));
}

/// A volume's label, as `tar -V` writes it: without a mode, owner and size.
fn label() -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes().fill(0);
    header.set_path("logs-2026").unwrap();
    header.set_mtime(1_767_607_200);
    header.as_mut_bytes()[156] = b'V';
    header.set_cksum();
    header.as_bytes().to_vec()
}

#[test]
fn a_volume_label_is_no_damage() {
    let (one, two) = (tar(&[("1", b"one")]), tar(&[("2", &noise(2000))]));
    let expected = [whole("t!1", b"one"), whole("t!2", &noise(2000))];
    // Joined by `cat`, and by `tar -A`, which takes the blocks of zeros away that end an archive.
    let files = &one[..one.len() - 1024];
    for joined in
        [[label(), one.clone(), label(), two.clone()].concat(), [&label()[..], files, &label(), &two].concat()]
    {
        assert_eq!(unpack(&joined, "t"), expected);
        assert_eq!(unpack(&gzip(&joined), "t"), expected);
        let limits = Limits { member_bytes: 3000, ..Limits::default() };
        assert_eq!(unpack_with(&gzip(&joined), "t", &limits), expected);
    }
    // One whose checksum is wrong is none.
    let mut damaged = [label(), one].concat();
    damaged[512 + 130] ^= 1;
    let seen = unpack(&damaged, "t");
    assert!(matches!(&seen[..], [(path, Err(UnpackError::Corrupt { .. }))] if path == "t"), "{seen:?}");
}

#[test]
fn a_file_in_a_zip_that_is_named_like_a_folder_is_read() {
    let packed = zip(&[("logs/", b"one"), ("empty/", b""), ("back\\", b"two")]);
    assert_eq!(unpack(&packed, "z"), [whole("z!logs/", b"one"), whole("z!back\\", b"two")]);
}
