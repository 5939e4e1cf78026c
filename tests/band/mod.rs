//! `keytide band` as a user starts it: over files, over a store, and over a folder to be scored.

mod input;
mod score;
mod store;

use std::io::Write;
use std::process::Stdio;

use crate::support::program::{Ran, keytide};
use crate::support::stores::passing_folder;

/// Gives a text to `keytide band --input -`.
fn band(text: &str, arguments: &[&str]) -> Ran {
    let folder = passing_folder();
    let mut command = keytide(folder.path());
    command.args(["band", "--input", "-"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that has failed needn't read on.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    child.wait_with_output().unwrap().into()
}

/// The fields of each row below the header.
fn rows(csv: &str) -> Vec<Vec<String>> {
    csv.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// Rows of five minutes from 2026-01-05T00:00:00Z on.
fn series(values: impl IntoIterator<Item = String>) -> String {
    let stamp = |row: usize| 1_767_571_200 + row * 300;
    let rows = values.into_iter().enumerate().map(|(row, value)| format!("{},{value}\n", stamp(row)));
    "timestamp,value\n".to_owned() + &rows.collect::<String>()
}

/// Values around a hundred that look random and are the same in every run.
fn noisy(count: u64) -> impl Iterator<Item = String> {
    (0..count).map(|row| (80 + row * 7919 % 41).to_string())
}
