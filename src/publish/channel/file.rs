//! A file that is appended to, and standard output.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Failure, json_text};
use crate::alarm::Notice;
use crate::publish::table::Format;
use crate::publish::template::{Template, rendered};
use crate::publish::text::text;

/// A file that is appended to.
pub(in crate::publish) struct Lines {
    pub(in crate::publish) path: PathBuf,
    pub(in crate::publish) format: Format,
    pub(in crate::publish) body: Option<Template>,
}

/// Standard output.
pub(in crate::publish) struct Printed {
    pub(in crate::publish) format: Format,
    pub(in crate::publish) body: Option<Template>,
}

impl Lines {
    /// Appends and syncs: the message is on disk before it counts as delivered.
    pub(super) async fn send(&self, notice: &Notice) -> Result<(), Failure> {
        let entry = entry(notice, self.format, self.body.as_ref())?;
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || append(&path, &entry)).await;
        let failed =
            |error: &dyn std::fmt::Display| Failure::later(format!("can't append to {}: {error}", self.path.display()));
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }
}

impl Printed {
    pub(super) async fn send(&self, notice: &Notice) -> Result<(), Failure> {
        let entry = entry(notice, self.format, self.body.as_ref())?;
        let print = move || {
            let mut out = io::stdout().lock();
            out.write_all(entry.as_bytes()).and_then(|()| out.flush())
        };
        // Whoever reads may be slow.
        let written = tokio::task::spawn_blocking(print).await.unwrap_or_else(|error| Err(io::Error::other(error)));
        written.map_err(|error| Failure::later(format!("can't write to standard output: {error}")))
    }
}

/// What is written of a notice, a line end at its end: one line of JSON, or a page and an empty line.
fn entry(notice: &Notice, format: Format, template: Option<&Template>) -> Result<String, Failure> {
    let built_in = match format {
        Format::Json => json_text(notice)?,
        Format::Text => text(notice),
    };
    let mut entry = rendered(template, notice, || built_in);
    if !entry.ends_with('\n') {
        entry.push('\n');
    }
    if format == Format::Text {
        entry.push('\n');
    }
    Ok(entry)
}

fn append(path: &Path, entry: &str) -> io::Result<()> {
    let mut file = File::options().read(true).append(true).create(true).open(path)?;
    // After a crash the file may end within a line; the next message gets one of its own.
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let mut bytes = Vec::with_capacity(entry.len() + 1);
    if last != *b"\n" {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(entry.as_bytes());
    file.write_all(&bytes)?;
    file.sync_data()
}
