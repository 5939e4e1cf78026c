//! The watched folders: what they hold, by notification and by walking them.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chrono::{DateTime, Utc};
use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::files::{Files, Sight, Stamp};
use crate::source::Walk;

/// A moment, both ways.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Since the process began: the schedule's time.
    pub(super) at: Duration,
    /// By the clock.
    pub(super) now: DateTime<Utc>,
}

/// The watched folders.
pub(super) struct Folders {
    roots: Vec<Root>,
    watcher: Option<RecommendedWatcher>,
    events: Receiver<notify::Result<Event>>,
    walked_at: Option<Duration>,
    pub(super) files: Files,
}

struct Root {
    path: PathBuf,
    /// Device and number of the folder that is watched now: another folder in its place is a new one.
    identity: Option<(u64, u64)>,
    /// Since when it is not there, seconds since 1970.
    gone_since: Option<i64>,
}

impl Folders {
    /// Nothing is looked at yet.
    pub(super) fn new(paths: Vec<PathBuf>, files: Files) -> Self {
        let (sender, events) = channel();
        let watcher = notify::recommended_watcher(move |event| {
            // Nobody listens any more at the end.
            let _ = sender.send(event);
        });
        let watcher = watcher.inspect_err(|error| tracing::warn!(%error, "folders are walked only, not watched"));
        // Notifications name absolute paths, however a folder was named.
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let roots = paths.into_iter().map(|path| Root { path: absolute(path), identity: None, gone_since: None });
        Self { roots: roots.collect(), watcher: watcher.ok(), events, walked_at: None, files }
    }

    /// The folders that are not there, and since when.
    pub(super) fn gone(&self) -> Vec<(PathBuf, i64)> {
        self.roots.iter().filter_map(|root| Some((root.path.clone(), root.gone_since?))).collect()
    }

    /// Notes what has changed.
    pub(super) fn look(&mut self, moment: Moment, rescan_every: Duration) {
        let Moment { at, now } = moment;
        let mut to_walk = self.find_roots(now.timestamp());
        let mut has_lost_events = false;
        while let Ok(event) = self.events.try_recv() {
            match event {
                Ok(event) if event.need_rescan() => has_lost_events = true,
                Ok(event) => self.heard(&event, moment),
                Err(error) => {
                    tracing::debug!(%error, "a notification failed");
                    has_lost_events = true;
                }
            }
        }
        let waiting: Vec<PathBuf> = self.files.waiting().cloned().collect();
        for path in waiting {
            self.sight(&path, moment, false);
        }
        let is_due = self.walked_at.is_none_or(|walked| at.saturating_sub(walked) >= rescan_every);
        if is_due || has_lost_events {
            self.walked_at = Some(at);
            self.walk_all(moment);
            to_walk.clear();
        }
        for path in to_walk {
            self.walk(&path, &path, moment);
        }
    }

    /// Finds out which folders are there; those that just came are returned.
    fn find_roots(&mut self, now: i64) -> Vec<PathBuf> {
        let mut new = Vec::new();
        for root in &mut self.roots {
            let found = fs::metadata(&root.path).and_then(|metadata| match metadata.is_dir() {
                true => Ok((metadata.dev(), metadata.ino())),
                false => Err(io::Error::from(io::ErrorKind::NotADirectory)),
            });
            if found.as_ref().ok() == root.identity.as_ref() && root.identity.is_some() {
                continue;
            }
            if root.identity.take().is_some()
                && let Some(watcher) = &mut self.watcher
            {
                // It may be gone with its folder.
                let _ = watcher.unwatch(&root.path);
            }
            match found {
                Ok(identity) => {
                    if root.gone_since.take().is_some() {
                        tracing::info!(folder = %root.path.display(), "is back");
                    }
                    if let Some(watcher) = &mut self.watcher
                        && let Err(error) = watcher.watch(&root.path, RecursiveMode::Recursive)
                    {
                        tracing::warn!(folder = %root.path.display(), %error, "is walked only, not watched");
                    }
                    root.identity = Some(identity);
                    new.push(root.path.clone());
                }
                Err(error) => {
                    if root.gone_since.is_none() {
                        tracing::warn!(folder = %root.path.display(), %error, "can't be found");
                    }
                    root.gone_since.get_or_insert(now);
                }
            }
        }
        new
    }

    fn heard(&mut self, event: &Event, moment: Moment) {
        let is_closed = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => true,
            EventKind::Create(_) | EventKind::Modify(_) => false,
            _ => return,
        };
        for path in &event.paths {
            let Some(root) = self.roots.iter().map(|root| &root.path).find(|root| path.starts_with(root)).cloned()
            else {
                continue;
            };
            if is_hidden(path, &root) {
                continue;
            }
            match path.is_dir() {
                // What came into it before it was watched was not heard of.
                true => drop(self.walk(path, &root, moment)),
                false => self.sight(path, moment, is_closed),
            }
        }
    }

    fn sight(&mut self, path: &Path, moment: Moment, is_closed: bool) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let is_closed = is_closed && ends_whole(path).unwrap_or(false);
                self.files.saw(path, sight_of(&metadata, moment, is_closed));
            }
            _ => self.files.lost(path),
        }
    }

    fn walk_all(&mut self, moment: Moment) {
        self.files.walk_begins();
        let mut is_complete = true;
        let roots: Vec<PathBuf> = self.roots.iter().map(|root| root.path.clone()).collect();
        for root in &roots {
            is_complete &= self.walk(root, root, moment);
        }
        if is_complete {
            self.files.walk_ended();
        }
    }

    /// Looks at all files under a path; whether all could be.
    fn walk(&mut self, path: &Path, root: &Path, moment: Moment) -> bool {
        let mut is_complete = true;
        for found in Walk::new(&[path.to_owned()]) {
            match found {
                Ok(path) if !is_hidden(&path, root) => match fs::metadata(&path) {
                    Ok(metadata) => self.files.saw(&path, sight_of(&metadata, moment, false)),
                    Err(_) => is_complete = false,
                },
                Ok(_) => {}
                Err(problem) => {
                    tracing::debug!(path = %problem.path.display(), error = %problem.source, "can't be walked");
                    is_complete = false;
                }
            }
        }
        is_complete
    }
}

fn sight_of(metadata: &Metadata, moment: Moment, is_closed: bool) -> Sight {
    let changed = metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec());
    let now = moment.now.timestamp_nanos_opt().unwrap_or(i64::MAX);
    let age = Duration::from_nanos(u64::try_from(now.saturating_sub(changed)).unwrap_or(0));
    Sight { stamp: Stamp { size: metadata.len(), changed }, at: moment.at, age, is_closed }
}

/// Whether a name on the way from the folder to the path begins with a dot: programs write so before they rename.
fn is_hidden(path: &Path, root: &Path) -> bool {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
}

/// Whether a file ends as it began: JSON with its bracket. Of other files nothing is known.
fn ends_whole(path: &Path) -> io::Result<bool> {
    const END_BYTES: u64 = 64;
    let mut file = File::open(path)?;
    let mut first = [0];
    if file.read(&mut first)? == 0 {
        return Ok(false);
    }
    let bracket = match first[0] {
        b'{' => b'}',
        b'[' => b']',
        _ => return Ok(true),
    };
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(END_BYTES)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(end.trim_ascii_end().last() == Some(&bracket))
}
