//! Where answers go: to standard output, or to a file that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::exit::Failure;

/// Writes an answer to a file, or without one to standard output.
pub(super) fn write_to(
    file: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match file {
        Some(path) => write_file(path, write),
        None => noting("standard output", BufWriter::new(io::stdout().lock()), write).map(drop),
    }
}

/// Refuses to write what is no text to a terminal.
pub(super) fn no_terminal(format: &str) -> Result<(), Failure> {
    match io::stdout().is_terminal() {
        true => Err(Failure::usage(format!("{format} is no text for a terminal; write it to a file: … > FILE"))),
        false => Ok(()),
    }
}

/// Writes beside the file, then takes its name: whoever reads it finds what was there before, or all of this.
fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let name = path.display().to_string();
    let failed = |error: io::Error| unwritten(&name, &error);
    // A link stays one; pipes and devices have no beside.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        let file = File::options().write(true).open(&path).map_err(failed)?;
        return noting(&name, BufWriter::new(file), write).map(drop);
    }
    let beside = beside(&path);
    let whole = File::create(&beside).map_err(failed).and_then(|file| {
        let file = noting(&name, BufWriter::new(file), write)?;
        file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&beside, &path).map_err(failed)
    });
    if whole.is_err() {
        // What can't be removed was never made, or will be seen beside the file that is named in the error.
        let _ = fs::remove_file(&beside);
    }
    whole
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    path.with_file_name(name)
}

/// Writes and flushes. An error of the writing wins over what whoever wrote made of it: of some only words are left.
fn noting<W: Write>(
    name: &str,
    out: W,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<W, Failure> {
    let mut out = Noting { out, failed: None };
    let written = write(&mut out).and_then(|()| out.flush().map_err(Failure::from));
    match (out.failed, written) {
        (Some(error), _) => Err(unwritten(name, &error)),
        (None, Err(failure)) => Err(failure),
        (None, Ok(())) => Ok(out.out),
    }
}

/// A writer that remembers its first error.
struct Noting<W> {
    out: W,
    failed: Option<io::Error>,
}

impl<W> Noting<W> {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                let copy = || error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
                self.failed.get_or_insert_with(copy);
            }
        })
    }
}

impl<W: Write> Write for Noting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.note(flushed)
    }
}

fn unwritten(name: &str, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull => "make room on the disk, or write to another one",
        _ => "write to another file",
    };
    Failure::new(format!("can't write {name}: {error}"), Some(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_replaced_by_all_of_the_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        fs::write(&path, "before").unwrap();
        write_to(Some(&path), |out| Ok(out.write_all(b"after")?)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(names(folder.path()), ["x.csv"]);
    }

    #[test]
    fn what_fails_half_way_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        fs::write(&path, "before").unwrap();
        let told = write_to(Some(&path), |out| {
            out.write_all(b"half")?;
            Err(Failure::new("no counts", None))
        });
        assert_eq!(told.unwrap_err().to_string(), "no counts");
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(names(folder.path()), ["x.csv"]);
    }

    #[test]
    fn a_full_disk_is_told_with_the_files_name_whatever_the_writer_made_of_it() {
        let told = write_to(Some(Path::new("/dev/full")), |out| {
            out.write_all(&[0; 100_000]).map_err(|_| Failure::new("File out of specification", None))
        });
        let told = told.unwrap_err().to_string();
        assert!(told.starts_with("can't write /dev/full: No space left on device"), "{told}");
    }

    #[test]
    fn a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("x.csv"), folder.path().join("link.csv"));
        fs::write(&path, "before").unwrap();
        std::os::unix::fs::symlink("x.csv", &link).unwrap();
        write_to(Some(&link), |out| Ok(out.write_all(b"after")?)).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
    }
}
