//! What the tests are made of: records, trails, a second way of counting them, stores and the program itself.

pub mod files;
pub mod oracle;
pub mod program;
pub mod record;
pub mod runs;
pub mod stores;
pub mod trail;
pub mod wait;
pub mod watched;

/// Says that a check was left out, past the harness's capture: a check that is silently missing looks like one that
/// passed.
pub fn skipped(check: &str, reason: &str) {
    use std::io::Write;
    // Nobody to tell is no failure.
    let _ = writeln!(std::io::stderr(), "SKIPPED {check}: {reason}");
}
