//! Whom an ingest reports to.

/// How far an ingest is. Bytes are as they lie on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Objects met, known ones included.
    pub objects: u64,
    /// Of these, objects that were consumed before.
    pub known_objects: u64,
    /// Objects that name the trail's digests, or hold no records.
    pub recordless_objects: u64,
    /// Bytes met.
    pub bytes: u64,
    /// Records read.
    pub records: u64,
    /// Requests to KMS, duplicates included.
    pub requests: u64,
    /// Of these, cryptographic calls.
    pub calls: u64,
    /// Requests outside the wanted range.
    pub outside_range: u64,
}

/// Receives an ingest's progress. Called from one thread.
pub trait Monitor: Sync {
    /// An object was read.
    fn progress(&self, progress: &Progress);
    /// A batch was committed.
    fn committed(&self, _progress: &Progress) {}
}

/// Says nothing.
pub struct Silent;

impl Monitor for Silent {
    fn progress(&self, _progress: &Progress) {}
}
