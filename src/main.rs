//! The `keytide` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    keytide::cli::main().into()
}
