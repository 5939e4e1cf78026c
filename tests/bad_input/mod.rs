//! What a damaged trail, a full disk or a foreign store may do: say which object and why, and lose nothing else.
//!
//! Everything here goes through the real program, since its words and its exit code are what is promised.

mod again;
mod disk;
mod objects;
mod records;
mod stores;
mod streams;

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::files;
use crate::support::program::{Ran, keytide_with};
use crate::support::record::Record;
use crate::support::stores::passing_folder;

/// A trail on disk and a store to take it in.
struct Place {
    trail: TempDir,
    store: TempDir,
}

impl Place {
    /// A trail with two good files, the first and the last by name: four Decrypts.
    fn with_good_files() -> Self {
        let place = Self { trail: passing_folder(), store: passing_folder() };
        for (name, ids) in [("a-good.json", ["1", "2"]), ("z-good.json", ["3", "4"])] {
            let records: Vec<Value> = ids.iter().map(|id| Record::decrypt(id).value()).collect();
            place.put(name, &files::log_file(&records));
        }
        place
    }

    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        files::write(self.trail.path(), name, content)
    }

    fn trail(&self) -> &Path {
        self.trail.path()
    }

    fn store(&self) -> &Path {
        self.store.path()
    }

    /// Runs the program over the store.
    fn run(&self, arguments: &[&str]) -> Ran {
        keytide_with(self.store.path(), arguments)
    }

    /// Ingests the whole trail.
    fn ingest(&self) -> Ran {
        self.run(&["ingest", self.trail().to_str().unwrap()])
    }

    /// Successful Decrypts of all minutes.
    fn decrypts(&self) -> u64 {
        let export = self.run(&["export", "minutes"]);
        assert_eq!(export.code, Some(0), "{}", export.err);
        let of_decrypt = export.out.lines().filter(|line| line.contains(",Decrypt,"));
        of_decrypt.map(|line| line.split(',').nth(3).unwrap().parse::<u64>().unwrap()).sum()
    }

    /// `keytide status`, as JSON.
    fn status(&self) -> Value {
        let status = self.run(&["status", "--output", "json"]);
        assert_eq!(status.code, Some(0), "{}", status.err);
        serde_json::from_str(&status.out).unwrap()
    }

    /// The records set aside: object, position, reason, detail.
    fn rejects(&self) -> Vec<Value> {
        let rejects = self.run(&["status", "--rejects", "--output", "json"]);
        assert_eq!(rejects.code, Some(0), "{}", rejects.err);
        rejects.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Asserts that a text has all these parts.
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}
