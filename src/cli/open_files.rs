//! How many files the program may hold open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Where the system names no bound: what macOS lets a process have.
const UNBOUNDED: u64 = 10_240;

/// Takes as many open files as the system allows. The usual 1,024 are a courtesy to old programs; a day of a large
/// backfill may have more segments until it is compacted.
pub(super) fn allow_many_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(UNBOUNDED);
    if limit.current.is_some_and(|current| current < most) {
        // Where more is refused it stays as it was.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum });
    }
}
