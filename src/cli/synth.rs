//! Stub.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}
pub(super) fn run(_: &Args) -> std::io::Result<()> {
    Ok(())
}
