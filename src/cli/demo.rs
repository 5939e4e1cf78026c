//! Stub.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}
pub(super) fn run(_: &Args, _: &super::Global) -> Result<super::Exit, super::exit::Failure> {
    Ok(super::Exit::Success)
}
