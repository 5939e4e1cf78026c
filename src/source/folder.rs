//! Files of folders, in the order of their names.

use std::collections::HashSet;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// A path that can't be walked.
#[derive(Debug)]
pub struct Problem {
    /// The path.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// Walks files and folders. What is neither is handed out if it was named itself, as `<(zcat logs.gz)` names a pipe,
/// and passed over in folders. Memory holds the entries of the folders on the way down, never of the whole tree.
pub struct Walk {
    /// What is left, the next at the end.
    stack: Vec<Entry>,
    /// The folders that this walk has entered, links followed: a loop of links is entered once.
    entered: HashSet<PathBuf>,
}

/// Something to walk.
struct Entry {
    path: PathBuf,
    /// Its kind, if the folder told it.
    kind: Option<FileType>,
    /// Whether it is one of the paths that the walk was given.
    is_named: bool,
}

impl Walk {
    /// Begins a walk over several paths, in their order.
    pub fn new(paths: &[PathBuf]) -> Self {
        let named = |path: &PathBuf| Entry { path: path.clone(), kind: None, is_named: true };
        Self { stack: paths.iter().rev().map(named).collect(), entered: HashSet::new() }
    }

    fn enter(&mut self, folder: &Path) -> io::Result<()> {
        if !self.entered.insert(folder.canonicalize()?) {
            return Ok(());
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // What editors, macOS and version control leave beside the logs.
            if !entry.file_name().to_string_lossy().starts_with('.') {
                // A link's own kind says nothing of what it leads to.
                let kind = entry.file_type().ok().filter(|kind| !kind.is_symlink());
                entries.push(Entry { path: entry.path(), kind, is_named: false });
            }
        }
        // By bytes: comparing paths part by part takes ten times as long.
        entries.sort_unstable_by(|a, b| b.path.as_os_str().cmp(a.path.as_os_str()));
        self.stack.append(&mut entries);
        Ok(())
    }
}

/// Whether a folder can be walked.
pub fn is_open_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok()
}

impl Iterator for Walk {
    type Item = Result<PathBuf, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(Entry { path, kind, is_named }) = self.stack.pop() {
            let kind = match kind.map_or_else(|| fs::metadata(&path).map(|metadata| metadata.file_type()), Ok) {
                Ok(kind) => kind,
                Err(source) => return Some(Err(Problem { path, source })),
            };
            if kind.is_dir() {
                if let Err(source) = self.enter(&path) {
                    return Some(Err(Problem { path, source }));
                }
            } else if kind.is_file() || is_named {
                return Some(Ok(path));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(walk: Walk, root: &Path) -> Vec<String> {
        walk.map(|found| match found {
            Ok(found) => found.strip_prefix(root).unwrap().display().to_string(),
            Err(problem) => {
                format!("{}: {}", problem.path.strip_prefix(root).unwrap().display(), problem.source.kind())
            }
        })
        .collect()
    }

    #[test]
    fn files_come_in_the_order_of_their_names_and_hidden_ones_do_not() {
        let root = tempfile::tempdir().unwrap();
        for name in ["b/2.json", "b/1.json", "a.json", ".hidden/x", "b/.DS_Store"] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        assert_eq!(names(Walk::new(&[root.path().to_owned()]), root.path()), ["a.json", "b/1.json", "b/2.json"]);
    }

    #[test]
    fn a_loop_of_symbolic_links_is_entered_once() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("logs")).unwrap();
        fs::write(root.path().join("logs/a.json"), "x").unwrap();
        std::os::unix::fs::symlink(root.path().join("logs"), root.path().join("logs/again")).unwrap();
        std::os::unix::fs::symlink("self", root.path().join("self")).unwrap();
        let names = names(Walk::new(&[root.path().to_owned()]), root.path());
        assert_eq!(names[0], "logs/a.json");
        assert_eq!(names.len(), 2);
        assert!(names[1].starts_with("self: "), "{names:?}");
    }

    #[test]
    fn a_path_that_does_not_exist_is_a_problem_and_the_rest_goes_on() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.json"), "x").unwrap();
        let paths = [root.path().join("missing"), root.path().join("a.json")];
        assert_eq!(names(Walk::new(&paths), root.path()), ["missing: entity not found", "a.json"]);
    }
}
