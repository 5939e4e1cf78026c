//! Documents made here, packed by other hands: flate2, the tar and the zip crate.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod joined;

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Inflater, Limits, UnpackError};

type Seen = Vec<(String, Result<Vec<u8>, UnpackError>)>;

fn unpack_with(bytes: &[u8], name: &str, limits: &Limits) -> Seen {
    let mut seen = Seen::new();
    let walked = Inflater::default().unpack::<()>(bytes, name, limits, &mut |member| {
        seen.push((member.path.to_owned(), member.content.map(<[u8]>::to_vec)));
        Ok(())
    });
    assert_eq!(walked, Ok(()));
    seen
}

fn unpack(bytes: &[u8], name: &str) -> Seen {
    unpack_with(bytes, name, &Limits::default())
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn whole(path: &str, content: &[u8]) -> (String, Result<Vec<u8>, UnpackError>) {
    (path.to_owned(), Ok(content.to_vec()))
}

/// Text that hardly compresses, so that no claim about its size looks implausible.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(length)
    .collect()
}

#[test]
fn a_plain_file_is_handed_out_as_it_is_and_not_copied() {
    let content = b"{\"Records\":[]}";
    let mut same = false;
    let walked = Inflater::default().unpack::<()>(content, "a.gz", &Limits::default(), &mut |member| {
        same = std::ptr::eq(member.content.unwrap(), content.as_slice());
        Ok(())
    });
    assert_eq!((walked, same), (Ok(()), true));
    assert_eq!(unpack(b"", "empty"), [whole("empty", b"")]);
}

#[test]
fn gzip_of_one_and_of_many_members_is_read_to_the_end() {
    let (first, second) = (noise(70_000), b"second\n".to_vec());
    let both = [first.clone(), second.clone()].concat();
    assert_eq!(unpack(&gzip(&first), "one"), [whole("one", &first)]);
    assert_eq!(unpack(&[gzip(&first), gzip(&second)].concat(), "two"), [whole("two", &both)]);
    // The last member's size and checksum are the first's: they say nothing about how many members there are.
    let twice = [second.clone(), second.clone()].concat();
    assert_eq!(unpack(&[gzip(&second), gzip(&second)].concat(), "same"), [whole("same", &twice)]);
    assert_eq!(unpack(&[gzip(&second), gzip(b"")].concat(), "empty last"), [whole("empty last", &second)]);
    assert_eq!(unpack(&[gzip(&second), vec![0; 512]].concat(), "padded"), [whole("padded", &second)]);
    assert_eq!(unpack(&gzip(b""), "nothing"), [whole("nothing", b"")]);
}

#[test]
fn one_inflater_serves_objects_of_every_size_one_after_the_other() {
    let mut inflater = Inflater::default();
    for length in [100_000, 10, 0, 200_000, 5] {
        let content = noise(length);
        let inflated = inflater.gunzip(&gzip(&content), "x", &Limits::default(), <[u8]>::to_vec);
        assert_eq!(inflated, Ok(content));
    }
}

#[test]
fn a_truncated_gzip_file_is_an_error_wherever_it_is_cut() {
    let packed = [gzip(b"first"), gzip(&noise(100))].concat();
    let boundary = gzip(b"first").len();
    for cut in (3..packed.len()).filter(|cut| *cut != boundary) {
        let expected = UnpackError::Truncated { member: "cut".to_owned() };
        let seen = unpack(&packed[..cut], "cut");
        assert_eq!(seen, [("cut".to_owned(), Err(expected))], "{cut}");
    }
}

#[test]
fn damaged_gzip_data_is_an_error() {
    let packed = gzip(&noise(1000));
    for at in [40, packed.len() - 6, packed.len() - 2] {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x55;
        let seen = unpack(&damaged, "bad");
        assert!(matches!(&seen[..], [(_, Err(UnpackError::Corrupt { .. }))]), "{at}: {seen:?}");
    }
    let seen = unpack(&[packed, b"more".to_vec()].concat(), "more");
    assert!(matches!(&seen[..], [(_, Err(UnpackError::Corrupt { .. }))]), "{seen:?}");
}

#[test]
fn a_gzip_bomb_ends_at_the_limit_and_its_claim_costs_nothing() {
    // 2 GiB of zeros: 16 MiB, flushed to a byte boundary, 128 times; then an empty last block, any checksum, the size.
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![0; 16 << 20]).unwrap();
    encoder.flush().unwrap();
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    bomb.extend(encoder.get_ref().repeat(128));
    bomb.extend([3, 0, 0, 0, 0, 0]);
    bomb.extend((2_u32 << 30).to_le_bytes());
    let limits = Limits { member_bytes: 1 << 20, ..Limits::default() };
    let error = UnpackError::TooLarge { member: "bomb".to_owned(), limit: 1 << 20 };
    assert_eq!(unpack_with(&bomb, "bomb", &limits), [("bomb".to_owned(), Err(error))]);

    // A small file that claims 200 MB.
    let mut lie = gzip(b"small");
    let size = lie.len() - 4;
    lie[size..].copy_from_slice(&200_000_000_u32.to_le_bytes());
    let mut inflater = Inflater::default();
    assert!(inflater.gunzip(&lie, "lie", &Limits::default(), |_| ()).is_err());
    assert!(inflater.take_buffer(0).len() <= 1 << 20);
}

#[test]
fn archives_are_opened_one_inside_the_other() {
    let inner = zip(&[("deep.json.gz", &gzip(b"deep")), ("__MACOSX/deep.json", b"no"), ("folder/", b"")]);
    let outer = tar(&[
        ("day/a.json.gz", &gzip(b"a")),
        ("day/._a.json.gz", b"no"),
        ("day/.DS_Store", b"no"),
        ("inner.zip", &inner),
        ("b\n.json", b"b"),
    ]);
    let expected = |name: &str| {
        [
            whole(&format!("{name}!day/a.json.gz"), b"a"),
            whole(&format!("{name}!inner.zip!deep.json.gz"), b"deep"),
            whole(&format!("{name}!b\u{fffd}.json"), b"b"),
        ]
    };
    assert_eq!(unpack(&outer, "x.tar"), expected("x.tar"));
    assert_eq!(unpack(&gzip(&outer), "x.tgz"), expected("x.tgz"));
}

#[test]
fn tar_headers_of_every_age_are_known() {
    let long = format!("{}/file.json", "directory".repeat(30));
    assert_eq!(unpack(&tar(&[(&long, b"gnu")]), "t"), [whole(&format!("t!{long}"), b"gnu")]);
    for mut header in [tar::Header::new_old(), tar::Header::new_ustar()] {
        header.set_path("old.json").unwrap();
        header.set_size(3);
        header.set_cksum();
        let mut builder = tar::Builder::new(Vec::new());
        builder.append(&header, &b"old"[..]).unwrap();
        assert_eq!(unpack(&builder.into_inner().unwrap(), "t"), [whole("t!old.json", b"old")]);
    }
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("path", &b"pax.json"[..])]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("short").unwrap();
    header.set_size(3);
    header.set_cksum();
    builder.append(&header, &b"pax"[..]).unwrap();
    assert_eq!(unpack(&builder.into_inner().unwrap(), "t"), [whole("t!pax.json", b"pax")]);
}

#[test]
fn a_compressed_tar_may_be_larger_than_a_member() {
    let (first, second) = (noise(60_000), noise(70_000));
    let packed = gzip(&tar(&[("1", &first), ("large", &noise(150_000)), ("2", &second)]));
    let limits = Limits { member_bytes: 100_000, ..Limits::default() };
    let error = UnpackError::TooLarge { member: "t!large".to_owned(), limit: 100_000 };
    let expected = [whole("t!1", &first), ("t!large".to_owned(), Err(error)), whole("t!2", &second)];
    assert_eq!(unpack_with(&packed, "t", &limits), expected);
}

#[test]
fn a_bad_member_costs_no_other() {
    let mut bad = gzip(&noise(500));
    bad.truncate(300);
    let files: [(&str, &[u8]); 3] = [("1.gz", &gzip(b"one")), ("2.gz", &bad), ("3.gz", &gzip(b"three"))];
    for packed in [tar(&files), zip(&files)] {
        let error = UnpackError::Truncated { member: "x!2.gz".to_owned() };
        let expected = [whole("x!1.gz", b"one"), ("x!2.gz".to_owned(), Err(error)), whole("x!3.gz", b"three")];
        assert_eq!(unpack(&packed, "x"), expected);
    }
    let mut packed = zip(&[("1", &noise(400)), ("2", b"two")]);
    packed[100] ^= 0xff;
    let seen = unpack(&packed, "x");
    assert!(matches!(&seen[0], (path, Err(UnpackError::Corrupt { .. })) if path == "x!1"), "{seen:?}");
    assert_eq!(seen[1..], [whole("x!2", b"two")]);
}

#[test]
fn a_cut_archive_gives_the_members_before_the_cut() {
    let packed = tar(&[("1", b"one"), ("2", &noise(2000))]);
    let expected = [whole("t!1", b"one"), ("t!2".to_owned(), Err(UnpackError::Truncated { member: "t!2".to_owned() }))];
    assert_eq!(unpack(&packed[..2500], "t"), expected);

    let packed = zip(&[("1", b"one"), ("2", b"two")]);
    let seen = unpack(&packed[..packed.len() - 10], "z");
    assert_eq!(seen, [("z".to_owned(), Err(UnpackError::Truncated { member: "z".to_owned() }))]);
    let seen = unpack(&packed[..packed.len() / 2], "z");
    assert!(matches!(&seen[..], [(path, Err(UnpackError::Corrupt { .. }))] if path == "z"), "{seen:?}");
}

#[test]
fn what_cannot_be_opened_says_why() {
    let mut encrypted = zip(&[("secret", b"x")]);
    // Bit 0 of the general purpose flags, in the local and in the central header.
    encrypted[6] |= 1;
    let central = memchr::memmem::find(&encrypted, b"PK\x01\x02").unwrap();
    encrypted[central + 8] |= 1;
    let error = UnpackError::Encrypted { member: "z!secret".to_owned() };
    assert_eq!(unpack(&encrypted, "z"), [("z!secret".to_owned(), Err(error))]);

    let seen = unpack(b"\x28\xb5\x2f\xfd\0\0", "a.zst");
    assert_eq!(
        seen[0].1.clone().unwrap_err().to_string(),
        "a.zst: zstd is not supported; unpack it first, or use gzip"
    );

    let mut deep = b"x".to_vec();
    for _ in 0..4 {
        deep = gzip(&deep);
    }
    assert_eq!(unpack(&deep, "d"), [whole("d", b"x")]);
    let error = UnpackError::NestedTooDeep { member: "d".to_owned(), limit: 4 };
    assert_eq!(unpack(&gzip(&deep), "d"), [("d".to_owned(), Err(error))]);
}

#[test]
fn an_object_has_a_bound_on_its_members_and_on_its_bytes() {
    let packed = tar(&[("1", b"one"), ("2", b"two"), ("3", b"three"), ("4", b"four")]);
    let limits = Limits { members: 2, ..Limits::default() };
    let error = UnpackError::TooManyMembers { member: "t!3".to_owned(), limit: 2 };
    let expected = [whole("t!1", b"one"), whole("t!2", b"two"), ("t!3".to_owned(), Err(error))];
    assert_eq!(unpack_with(&packed, "t", &limits), expected);

    let content = vec![b'x'; 1000];
    let files: [(&str, &[u8]); 3] = [("1", &content), ("2", &content), ("3", &content)];
    let limits = Limits { total_bytes: 1500, ..Limits::default() };
    let error = UnpackError::TotalTooLarge { member: "t!2".to_owned(), limit: 1500 };
    let expected = [whole("t!1", &content), ("t!2".to_owned(), Err(error))];
    for packed in [tar(&files), zip(&files)] {
        assert_eq!(unpack_with(&packed, "t", &limits), expected);
    }
}

#[test]
fn the_visitor_can_end_the_walk() {
    let packed = tar(&[("1", b"one"), ("2", b"two")]);
    let mut visits = 0;
    let walked = Inflater::default().unpack(&packed, "t", &Limits::default(), &mut |_| {
        visits += 1;
        Err("enough")
    });
    assert_eq!((walked, visits), (Err("enough"), 1));
}
