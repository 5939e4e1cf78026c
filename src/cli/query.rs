//! Stub.
use crate::series::Counts;
use std::io::Write;
#[derive(Debug, clap::Args)]
pub(super) struct Args {}
pub(super) fn run(
    _: &Args,
    _: &dyn Counts,
    _: chrono::DateTime<chrono::Utc>,
    _: &mut dyn Write,
) -> std::io::Result<()> {
    Ok(())
}
