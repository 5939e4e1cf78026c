//! The trails that are measured on.

use std::fs;
use std::path::{Path, PathBuf};

use keytide::synth::{SynthOptions, generate};

/// A folder for what benches make, kept between runs.
pub fn folder() -> PathBuf {
    let target = option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    target.join("keytide-benches")
}

/// A trail of about 730,000 records over two days: four accounts, two Regions, a thousand keys; `times` as long.
pub fn make(name: &str, kms_share: f64, times: u64) -> PathBuf {
    let out = folder().join(format!("{name}-x{times}"));
    if out.join("truth/summary.json").exists() {
        return out.join("AWSLogs");
    }
    // What an interrupted run left is no whole trail.
    if out.exists() {
        fs::remove_dir_all(&out).expect("the benches' own folder can be removed");
    }
    let records_per_second = 730_000.0 / (2.0 * 86_400.0);
    let options = SynthOptions {
        seconds: times * 2 * 86_400,
        rate: records_per_second * kms_share * 0.92,
        keys: 1000,
        accounts: 4,
        regions: 2,
        kms_share,
        ..SynthOptions::default()
    };
    generate(&options, &out, &mut |_| {}).expect("a trail can be made");
    out.join("AWSLogs")
}

/// Name, share of KMS, and length of the trails that ratios are measured on.
pub const MEASURED: &[(&str, f64, u64)] = &[("all-kms", 1.0, 1), ("30-percent-kms", 0.3, 1), ("all-kms", 1.0, 3)];

/// All log files of a trail.
pub fn files(trail: &Path) -> Vec<PathBuf> {
    keytide::source::Walk::new(&[trail.to_owned()])
        .map(|found| found.expect("a trail that was just made can be walked"))
        .filter(|path| path.to_string_lossy().contains("/CloudTrail/"))
        .collect()
}
