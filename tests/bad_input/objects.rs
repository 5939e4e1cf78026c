//! Objects that can't be read, and folders that can't be walked.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

use super::{Place, assert_says};
use crate::support::files;
use crate::support::program::{Ran, clean, run};
use crate::support::record::Record;
use crate::support::skipped;

/// Asserts that an object is set aside with that reason, that the program says so, and that the rest is counted.
fn assert_quarantined(name: &str, content: &[u8], reason: &str, says: &str) {
    let place = Place::with_good_files();
    let path = place.put(name, content);
    let ran = place.ingest();
    assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
    assert_says(&ran.err, &["1 object could not be read", path.to_str().unwrap(), says]);
    let quarantined = &place.status()["objects_quarantined"];
    assert_eq!(quarantined[0]["object"], path.to_str().unwrap(), "{name}");
    assert_eq!(quarantined[0]["reason"], reason, "{name}: {quarantined}");
    assert_eq!(place.decrypts(), 4, "{name}");
    assert_eq!(place.run(&["ingest", "--strict", place.trail().to_str().unwrap()]).code, Some(3), "{name}");
    // Mended, it is taken, and no longer listed.
    place.put(name, &files::log_file(&[Record::decrypt("mended").value()]));
    assert_eq!(place.ingest().code, Some(0));
    assert_eq!((place.decrypts(), place.status()["objects_quarantined"].as_array().unwrap().len()), (5, 0), "{name}");
    assert_eq!(place.run(&["ingest", "--strict", place.trail().to_str().unwrap()]).code, Some(0), "{name}");
}

fn good_gzip() -> Vec<u8> {
    let records: Vec<_> = (0..200).map(|id| Record::decrypt(&format!("gzip-{id}")).value()).collect();
    files::gzip(&files::log_file(&records))
}

#[test]
fn a_truncated_gzip_is_quarantined_until_it_is_whole() {
    let whole = good_gzip();
    assert_quarantined("m.json.gz", &whole[..whole.len() / 2], "truncated-archive", "the data ends early");
    // Cut in the trailer: all data are there, and nothing proves it.
    assert_quarantined("m.json.gz", &whole[..whole.len() - 3], "truncated-archive", "the data ends early");
}

#[test]
fn a_damaged_gzip_is_quarantined() {
    let mut damaged = good_gzip();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0xff);
    assert_quarantined("m.json.gz", &damaged, "corrupt-archive", "m.json.gz");
}

#[test]
fn a_gzip_bomb_is_quarantined_before_it_fills_the_memory() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::copy(&mut io::repeat(b' ').take(300 << 20), &mut bomb).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 4 << 20);
    assert_quarantined("m.json.gz", &bomb, "too-large", "inflates to more than");
    // A bomb of bombs: each layer is small.
    assert_quarantined("m.json.gz", &files::gzip(&bomb), "too-large", "inflates to more than");
}

#[test]
fn an_empty_file_is_quarantined_as_empty() {
    assert_quarantined("m.json", b"", "empty", "the file is empty");
    assert_quarantined("m.json.gz", &files::gzip(b""), "empty", "the file is empty");
}

#[test]
fn what_is_no_json_is_quarantined_with_its_beginning() {
    assert_quarantined("m.log", b"Jan 5 10:00:00 host sshd[1]: hello", "not-json", "Jan 5 10:00:00 host");
    assert_quarantined("m.json", br#"{"hello":"world"}"#, "no-records", "hello");
}

#[test]
fn text_in_utf_16_is_quarantined_with_what_to_do() {
    let text = String::from_utf8(files::log_file(&[Record::decrypt("m").value()])).unwrap();
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_quarantined("m.json", &utf_16, "utf-16", "write it as UTF-8");
}

#[test]
fn one_bad_file_in_an_archive_leaves_the_others() {
    let place = Place::with_good_files();
    let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let good = files::gzip(&files::log_file(&[Record::decrypt("in-archive").value()]));
    for (name, content) in [("day/good.json.gz", &good[..]), ("day/bad.json.gz", &good[..good.len() - 9])] {
        archive.start_file(name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    place.put("m.zip", &archive.finish().unwrap().into_inner());
    let ran = place.ingest();
    assert_says(&ran.err, &["m.zip!day/bad.json.gz", "the data ends early"]);
    assert_eq!(place.decrypts(), 5);
}

#[test]
fn a_path_that_was_mistyped_is_an_error_before_anything_is_read() {
    let place = Place::with_good_files();
    let missing = place.trail().join("missing");
    for paths in [[missing.as_path(), place.trail()], [place.trail(), missing.as_path()]] {
        let ran = place.run(&["ingest", paths[0].to_str().unwrap(), paths[1].to_str().unwrap()]);
        assert_eq!(ran.code, Some(1));
        assert_says(&ran.err, &["error: ", missing.to_str().unwrap(), "No such file", "help: ", "nothing was read"]);
    }
    assert_eq!(place.run(&["status"]).code, Some(1), "there is no store yet");
}

#[test]
fn a_folder_that_could_not_be_walked_once_is_released_when_it_can() {
    let place = Place::with_good_files();
    let nowhere = place.trail().join("link");
    symlink(place.trail().join("later"), &nowhere).unwrap();
    assert_says(&place.ingest().err, &["1 object could not be read", nowhere.to_str().unwrap()]);
    fs::create_dir(place.trail().join("later")).unwrap();
    assert_eq!(place.ingest().code, Some(0));
    assert_eq!(place.status()["objects_quarantined"], serde_json::json!([]));
}

#[test]
fn an_object_that_was_mended_is_released_though_its_content_is_known() {
    let place = Place::with_good_files();
    let whole = files::gzip(&files::log_file(&[Record::decrypt("m").value()]));
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in [("good.json.gz", &whole[..]), ("bad.json.gz", &whole[..whole.len() - 9])] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, content).unwrap();
    }
    place.put("m.tar", &archive.into_inner().unwrap());
    place.put("n.json.gz", &whole[..whole.len() - 9]);
    place.put("n.json.gz.txt", b"a stranger with the beginning of its name");
    let names = |place: &Place| {
        let status = place.status();
        let entries = status["objects_quarantined"].as_array().unwrap();
        entries.iter().map(|entry| entry["object"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    place.ingest();
    let of_trail = |name: &str| place.trail().join(name).to_str().unwrap().to_owned();
    assert_eq!(names(&place), [of_trail("m.tar!bad.json.gz"), of_trail("n.json.gz"), of_trail("n.json.gz.txt")]);
    // What is whole now was read under other names.
    place.put("n.json.gz", &whole);
    fs::write(place.trail().join("m.tar"), &whole).unwrap();
    place.ingest();
    assert_eq!((names(&place), place.decrypts()), (vec![of_trail("n.json.gz.txt")], 5));
    // What fails again keeps its count of tries.
    assert_eq!(place.status()["objects_quarantined"][0]["attempts"], 2);
}

#[test]
fn a_loop_of_symbolic_links_is_walked_once_and_a_link_to_itself_is_named() {
    let place = Place::with_good_files();
    symlink(place.trail(), place.trail().join("loop")).unwrap();
    fs::create_dir(place.trail().join("sub")).unwrap();
    symlink("..", place.trail().join("sub/up")).unwrap();
    symlink("itself", place.trail().join("itself")).unwrap();
    symlink("nowhere", place.trail().join("dangling")).unwrap();
    let ran = place.ingest();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_says(&ran.err, &["2 objects could not be read", "itself", "symbolic links", "dangling", "2 objects read"]);
    assert_eq!(place.decrypts(), 4);
}

/// Runs the program as a user without rights; `None` if that can't be done here.
fn as_nobody(place: &Place, arguments: &[&str]) -> Option<Ran> {
    let program = env!("CARGO_BIN_EXE_keytide");
    let is_root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let mut command = Command::new(if is_root { "setpriv" } else { program });
    if is_root {
        let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", program];
        command.args(nobody);
        let works = Command::new("setpriv").args(nobody).arg("--version").output();
        if !works.is_ok_and(|output| output.status.success()) {
            return None;
        }
        for folder in [place.trail(), place.store()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
            chown(folder, Some(65534), Some(65534)).unwrap();
        }
    }
    Some(run(clean(&mut command).arg("--data-dir").arg(place.store()).args(arguments)))
}

#[test]
fn a_folder_and_a_file_without_rights_are_named_and_the_rest_is_read() {
    let place = Place::with_good_files();
    let file = place.put("locked.json", b"{}");
    let folder = place.put("closed/m.json", b"{}").parent().unwrap().to_owned();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o0)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o0)).unwrap();
    let Some(ran) = as_nobody(&place, &["ingest", place.trail().to_str().unwrap()]) else {
        return skipped("folders without rights", "no user without rights can run the program here");
    };
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let names = [file.to_str().unwrap(), folder.to_str().unwrap()];
    assert_says(&ran.err, &["2 objects could not be read", names[0], names[1], "Permission denied"]);
    for entry in place.status()["objects_quarantined"].as_array().unwrap() {
        assert_eq!(entry["reason"], "no-permission");
    }
    assert_eq!(place.decrypts(), 4);
}

#[test]
fn a_store_without_rights_is_named_with_what_to_do() {
    let place = Place::with_good_files();
    let Some(_) = as_nobody(&place, &["ingest", place.trail().to_str().unwrap()]) else {
        return skipped("a store without rights", "no user without rights can run the program here");
    };
    for part in ["segments", "lock"] {
        fs::set_permissions(place.store().join(part), fs::Permissions::from_mode(0o0)).unwrap();
        let more = place.put(&format!("{part}.json"), &files::log_file(&[Record::decrypt(part).value()]));
        fs::set_permissions(more, fs::Permissions::from_mode(0o644)).unwrap();
        let ran = as_nobody(&place, &["ingest", place.trail().to_str().unwrap()]).unwrap();
        assert_eq!(ran.code, Some(1), "{part}: {}", ran.err);
        assert_says(
            &ran.err,
            &["error: ", place.store().join(part).to_str().unwrap(), "Permission denied", "help: give"],
        );
        fs::set_permissions(place.store().join(part), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn what_follows_a_log_files_end_is_set_aside_and_the_file_is_counted() {
    for (end, reason) in [("garbage", "malformed"), (r#"{"hello":"world"}"#, "not-a-record"), ("}", "malformed")] {
        let place = Place::with_good_files();
        let file = files::log_file(&[Record::decrypt("m").value()]);
        let path = place.put("m.json", &[&file[..], b"\n", end.as_bytes()].concat());
        let ran = place.ingest();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(place.decrypts(), 5, "{end}: {}", ran.err);
        let rejects = place.rejects();
        assert_eq!(rejects.len(), 1, "{end}: {rejects:?}");
        assert_eq!((&rejects[0]["object"], &rejects[0]["reason"]), (&path.to_str().unwrap().into(), &reason.into()));
    }
}
