//! What was made.

use std::path::Path;

use serde::Serialize;

use super::error::SynthError;
use super::options::SynthOptions;

/// How far the making is.
#[derive(Clone, Copy, Debug, Default)]
pub struct SynthProgress {
    /// Seconds of the trail made.
    pub seconds: u64,
    /// Seconds of the whole trail.
    pub total_seconds: u64,
    /// Records made.
    pub records: u64,
    /// Calls made.
    pub calls: u64,
}

/// What was made: `truth/summary.json`.
#[derive(Clone, Debug, Serialize)]
pub struct SynthSummary {
    /// The seed.
    pub seed: u64,
    /// Log objects, second deliveries included.
    pub objects: u64,
    /// Objects delivered a second time under another name.
    pub objects_repeated: u64,
    /// Digest files.
    pub digests: u64,
    /// Records in all log objects, repeats included.
    pub records: u64,
    /// Distinct records, the copies of a cross-account call each for itself.
    pub distinct_records: u64,
    /// Distinct records of KMS.
    pub kms_records: u64,
    /// Records repeated in another object.
    pub records_repeated: u64,
    /// Records delivered hours late.
    pub records_late: u64,
    /// Distinct cryptographic calls, GenerateRandom and failed ones included.
    pub calls: u64,
    /// Those that succeeded.
    pub successful_calls: u64,
    /// Lifecycle records.
    pub lifecycle_records: u64,
    /// Bytes of all log objects.
    pub gzip_bytes: u64,
    /// The same, unpacked.
    pub raw_bytes: u64,
    /// The most events that ever waited for their delivery.
    pub most_waiting: usize,
    /// The options.
    pub options: SynthOptions,
}

impl SynthSummary {
    pub(super) fn write(&self, folder: &Path) -> Result<(), SynthError> {
        let path = folder.join("summary.json");
        let mut text = serde_json::to_string_pretty(self).expect("numbers and texts are JSON");
        text.push('\n');
        std::fs::write(&path, text).map_err(SynthError::writing(&path))
    }
}
