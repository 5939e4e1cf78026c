//! The real program, as a user starts it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a run of the program left.
pub struct Ran {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// The program over the store in `dir`, free of what the environment may set.
pub fn keytide(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keytide"));
    clean(&mut command).arg("--data-dir").arg(dir);
    command
}

/// Without the variables that change what the program says.
pub fn clean(command: &mut Command) -> &mut Command {
    for setting in ["CONFIG", "DATA_DIR", "TIMEZONE", "LOG_FORMAT", "COLOR"] {
        command.env_remove(format!("KEYTIDE_{setting}"));
    }
    command.env_remove("RUST_LOG");
    command.env_remove("COLUMNS");
    command.stdin(Stdio::null())
}

/// Runs to the end.
pub fn run(command: &mut Command) -> Ran {
    command.output().unwrap().into()
}

/// Runs `keytide` with arguments to the end.
pub fn keytide_with(dir: &Path, arguments: &[&str]) -> Ran {
    run(keytide(dir).args(arguments))
}
