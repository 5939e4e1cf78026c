//! One thread's work: read an object, open it, decode what is in it.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crossbeam_channel::Receiver;

use super::ahead::{Closed, Sender};
use crate::cloudtrail::shape::{Seams, Shape};
use crate::cloudtrail::unpack::{Inflater, Limits, Member, UnpackError};
use crate::cloudtrail::{Decoder, Fact, Reject, RejectReason};
use crate::source::{self, Content, Cuts, PieceLimits, Pieces, Problem};
use crate::store::{KnownObjects, ObjectId, ObjectRecord, Quarantined, StoreError};
use crate::tally::{Id, ObjectTally, Profiles, Rejects, Row, Scope, Workbench};

/// Something to read.
pub(super) enum Job {
    /// A file.
    File(PathBuf),
    /// A path that can't be walked.
    Problem(Problem),
    /// Standard input.
    StandardInput,
}

impl Job {
    pub(super) fn of(found: Result<PathBuf, Problem>) -> Self {
        found.map_or_else(Job::Problem, Job::File)
    }

    /// What its object is called; the objects in it begin with that.
    fn name(&self) -> String {
        match self {
            Job::File(path) | Job::Problem(Problem { path, .. }) => path.display().to_string(),
            Job::StandardInput => STANDARD_INPUT.to_owned(),
        }
    }
}

const STANDARD_INPUT: &str = "standard input";

/// What became of a part of a job. Each job sends one or more, the last of a file with `bytes`.
#[derive(Default)]
pub(super) struct Taken {
    /// The object, if it was read and not known.
    pub object: Option<ObjectRecord>,
    /// Its requests, their ids and its facts.
    pub rows: Vec<Row>,
    pub ids: Vec<Id>,
    pub facts: Vec<Fact>,
    /// Why it could not be read.
    pub quarantined: Option<Quarantined>,
    /// Whether it was known.
    pub known: bool,
    /// Bytes on disk that are done with it.
    pub bytes: u64,
    /// Objects that could not be read once and are no trouble any more.
    pub released: Vec<String>,
}

impl Taken {
    /// Bytes that wait with it for the gatherer, about.
    fn bytes_in_memory(&self) -> usize {
        size_of::<Self>() + size_of_val(&self.rows[..]) + size_of_val(&self.ids[..]) + self.text_bytes()
    }

    /// Bytes of text that wait with it for the commit, about.
    pub(super) fn text_bytes(&self) -> usize {
        let details = self.facts.iter().map(|fact| fact.details.len());
        let rejects = self.object.iter().flat_map(|object| &object.rejects.kept);
        details.chain(rejects.map(|reject| size_of::<Reject>() + reject.detail.len())).sum()
    }
}

/// What a reader hands over at a time, or why it ended.
pub(super) type Part = Result<Vec<Taken>, StoreError>;

/// A thread's tools.
pub(super) struct Reader<'s> {
    known: KnownObjects,
    /// Names of objects that could not be read before.
    quarantined: &'s BTreeSet<String>,
    profiles: &'s Profiles,
    scope: &'s Scope,
    workbench: Workbench,
    decoder: Decoder,
    inflater: Inflater,
    limits: Limits,
    piece_limits: PieceLimits,
    /// The file in hand; its memory serves the next too.
    content: Vec<u8>,
}

/// Bytes and objects that are handed over without waiting for more: threads don't wake each other up for little, and
/// a reader keeps little to itself.
const BYTES_AT_ONCE: usize = 1 << 20;
const OBJECTS_AT_ONCE: usize = 64;

/// What ends a reader's work early.
enum End {
    /// Nobody listens.
    Closed,
    /// The store fails.
    Store(StoreError),
}

impl<'s> Reader<'s> {
    pub(super) fn open(
        dir: &Path,
        quarantined: &'s BTreeSet<String>,
        profiles: &'s Profiles,
        scope: &'s Scope,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            known: KnownObjects::open(dir)?,
            quarantined,
            profiles,
            scope,
            workbench: Workbench::default(),
            decoder: Decoder::default(),
            inflater: Inflater::default(),
            limits: Limits::default(),
            piece_limits: PieceLimits::default(),
            content: Vec::new(),
        })
    }

    /// Works until no job is left.
    pub(super) fn work(&mut self, jobs: &Receiver<Vec<Job>>, parts: &Sender<Part>) -> Result<(), StoreError> {
        let (mut part, mut bytes): (Vec<Taken>, usize) = (Vec::new(), 0);
        let mut send = |taken: Taken| {
            bytes += taken.bytes_in_memory();
            part.push(taken);
            if bytes < BYTES_AT_ONCE && part.len() < OBJECTS_AT_ONCE {
                return Ok(());
            }
            parts.send(Ok(std::mem::take(&mut part)), std::mem::take(&mut bytes)).map_err(|Closed| End::Closed)
        };
        for at_once in jobs {
            // What this ingest commits meanwhile is known to the gatherer, and nobody else writes.
            self.known.begin()?;
            for job in at_once {
                match self.job(job, &mut send) {
                    Ok(()) => {}
                    Err(End::Closed) => return Ok(()),
                    Err(End::Store(error)) => return Err(error),
                }
            }
            self.known.end()?;
        }
        // If nobody listens any more, another error ended the ingest first.
        let _ = parts.send(Ok(part), bytes);
        Ok(())
    }

    /// Does a job. What could not be read of it before, and isn't met again as such, is released.
    fn job(&mut self, job: Job, send: &mut dyn FnMut(Taken) -> Result<(), End>) -> Result<(), End> {
        if self.quarantined.is_empty() {
            return self.take(job, send);
        }
        let mut over = quarantined_of(self.quarantined, &job.name());
        self.take(job, &mut |taken: Taken| {
            if let Some(again) = &taken.quarantined {
                over.retain(|name| *name != again.name);
            }
            send(taken)
        })?;
        if over.is_empty() { Ok(()) } else { send(Taken { released: over, ..Taken::default() }) }
    }

    fn take(&mut self, job: Job, send: &mut dyn FnMut(Taken) -> Result<(), End>) -> Result<(), End> {
        match job {
            Job::Problem(Problem { path, source }) => send(unreadable(&path, &source, 0)),
            Job::StandardInput => self.stream(STANDARD_INPUT, || source::standard_input(cuts), send),
            Job::File(path) => {
                let mut content = std::mem::take(&mut self.content);
                let done = match source::read(&path, &mut content) {
                    Ok(Content::Whole) => {
                        self.object(&path.display().to_string(), &content, content.len() as u64, send)
                    }
                    Ok(Content::InPieces(file)) => {
                        self.stream(&path.display().to_string(), || source::pieces(file, cuts), send)
                    }
                    Err(source) => {
                        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
                        send(unreadable(&path, &source, bytes))
                    }
                };
                self.content = content;
                done
            }
        }
    }

    /// Reads what comes in pieces.
    fn stream(
        &mut self,
        name: &str,
        open: impl FnOnce() -> io::Result<Pieces<'static>>,
        send: &mut dyn FnMut(Taken) -> Result<(), End>,
    ) -> Result<(), End> {
        // It may last for long.
        self.known.end().map_err(End::Store)?;
        match open() {
            Ok(pieces) => self.pieces(name, pieces, send)?,
            Err(source) => send(unreadable(Path::new(name), &source, 0))?,
        }
        self.known.begin().map_err(End::Store)
    }

    fn pieces(
        &mut self,
        name: &str,
        mut pieces: Pieces<'_>,
        send: &mut dyn FnMut(Taken) -> Result<(), End>,
    ) -> Result<(), End> {
        let (mut number, mut taken) = (0, 0);
        while let Some(piece) = pieces.next() {
            number += 1;
            let bytes = pieces.bytes_taken() - taken;
            taken += bytes;
            match piece {
                Ok(content) => {
                    let name = if number == 1 { name.to_owned() } else { format!("{name} (piece {number})") };
                    self.object(&name, &content, bytes, send)?;
                }
                Err(source) => send(unreadable(Path::new(name), &source, bytes))?,
            }
        }
        Ok(())
    }

    /// Reads an object. What an archive holds are objects of their own, and so is the archive, to be known as a whole.
    fn object(
        &mut self,
        name: &str,
        content: &[u8],
        bytes: u64,
        send: &mut dyn FnMut(Taken) -> Result<(), End>,
    ) -> Result<(), End> {
        let id = ObjectId::of(content);
        let known = self.known.contains(id).map_err(End::Store)?;
        tracing::debug!(object = ?name, bytes = content.len(), known, "object opened");
        if known {
            return send(Taken { known: true, bytes, ..Taken::default() });
        }
        let mut inflater = std::mem::take(&mut self.inflater);
        let (mut archive, mut whole, mut too_large) = (false, true, false);
        let limits = self.limits;
        let walked = inflater.unpack(content, name, &limits, &mut |member| {
            let of_archive = member.path != name;
            archive |= of_archive;
            if !of_archive && matches!(member.content, Err(UnpackError::TooLarge { .. })) {
                too_large = true;
                return Ok(());
            }
            let (id, bytes) = match (&member.content, of_archive) {
                (Ok(inner), true) => (ObjectId::of(inner), 0),
                _ => (id, bytes),
            };
            if of_archive && self.known.contains(id).map_err(End::Store)? {
                return send(Taken { known: true, ..Taken::default() });
            }
            let part = self.member(&member, id, bytes);
            whole &= part.object.as_ref().is_some_and(|object| object.whole);
            send(part)
        });
        self.inflater = inflater;
        walked?;
        if too_large {
            return match Pieces::new(content, self.piece_limits, cuts) {
                Ok(pieces) => self.pieces(name, pieces, send),
                Err(source) => send(unreadable(Path::new(name), &source, bytes)),
            };
        }
        if !archive {
            return Ok(());
        }
        let counts = crate::tally::ObjectCounts::default();
        let name = name.to_owned();
        let object = ObjectRecord { id, name, shape: "archive", bytes, whole, counts, rejects: Rejects::default() };
        send(Taken { object: Some(object), bytes, ..Taken::default() })
    }

    fn member(&mut self, member: &Member<'_>, id: ObjectId, bytes: u64) -> Taken {
        let name = member.path.to_owned();
        let quarantined = |reason: &'static str, detail: String| Taken {
            quarantined: Some(Quarantined { name: name.clone(), reason, detail }),
            bytes,
            ..Taken::default()
        };
        let content = match &member.content {
            Ok(content) => *content,
            Err(error) => return quarantined(error.code(), error.to_string()),
        };
        let mut tally = ObjectTally::new(self.profiles, &mut self.workbench, self.scope, id.0);
        let shape = match self.decoder.document(content, &mut tally) {
            Ok(shape) => shape,
            Err(error) => return quarantined(error.code(), error.to_string()),
        };
        let (rows, ids) = (std::mem::take(&mut tally.rows), std::mem::take(&mut tally.ids));
        let (facts, rejects, counts) =
            (std::mem::take(&mut tally.facts), std::mem::take(&mut tally.rejects), tally.counts);
        // An object is done with when every record is; one of an hour that is closed will never be taken.
        let whole = !tally.left_out && !rejects.by_reason.contains_key(&RejectReason::TimeInFuture);
        let object = ObjectRecord { id, name, shape: shape_name(shape), bytes, whole, counts, rejects };
        Taken { object: Some(object), rows, ids, facts, bytes, ..Taken::default() }
    }
}

/// The names among these that belong to an object: its own, and those of its pieces and of what it holds.
fn quarantined_of(quarantined: &BTreeSet<String>, object: &str) -> Vec<String> {
    let names = quarantined.range(object.to_owned()..).map_while(|name| Some((name, name.strip_prefix(object)?)));
    names.filter(|(_, rest)| is_rest_of_part(rest)).map(|(name, _)| name.clone()).collect()
}

/// Whether a name is that of an object, or of one of its pieces, or of what it holds as an archive.
pub fn is_part_of(name: &str, object: &str) -> bool {
    name.strip_prefix(object).is_some_and(is_rest_of_part)
}

/// Whether what follows an object's name makes it that of a part.
fn is_rest_of_part(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('!') || rest.starts_with(" (piece ")
}

/// Where a stream may be cut: what the bytes mean decides.
fn cuts(start: &[u8]) -> Cuts {
    let seams = Seams::of(start);
    Cuts { header: seams.header(), last: Box::new(move |text| seams.last(text)) }
}

fn unreadable(path: &Path, source: &io::Error, bytes: u64) -> Taken {
    let reason = match source.kind() {
        io::ErrorKind::NotFound => "not-found",
        io::ErrorKind::PermissionDenied => "no-permission",
        io::ErrorKind::FileTooLarge => "too-large",
        _ => "unreadable",
    };
    let name = path.display().to_string();
    Taken { quarantined: Some(Quarantined { name, reason, detail: source.to_string() }), bytes, ..Taken::default() }
}

fn shape_name(shape: Shape) -> &'static str {
    match shape {
        Shape::Trail => "trail",
        Shape::List => "list",
        Shape::Record => "record",
        Shape::Lines => "lines",
        Shape::LookupEvents => "lookup-events",
        Shape::LakeRows => "lake-rows",
        Shape::LakeCsv => "lake-csv",
        Shape::EventBridge => "eventbridge",
        Shape::LogsSubscription => "logs-subscription",
        Shape::LogsLambda => "logs-lambda",
        Shape::LogsEvents => "logs-events",
        Shape::LogsExport => "logs-export",
        Shape::Digest => "digest",
        Shape::WriteTest => "write-test",
        Shape::Wrapped => "wrapped",
        Shape::Unknown => "unknown",
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
