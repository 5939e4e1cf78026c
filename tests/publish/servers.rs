//! Programs that receive for real, started for a test and stopped at its end.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use super::PATIENT;

/// A running program and the lines that it prints.
pub struct Server {
    child: Child,
    lines: Receiver<String>,
}

impl Server {
    /// Starts one of the scripts in `tests/receivers/`; its first line tells where it listens.
    pub fn script(name: &str, arguments: &[&OsStr]) -> (Server, Value) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/receivers").join(name);
        let mut command = Command::new(python());
        command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = Server::start(command, |child| Box::new(child.stdout.take().unwrap()));
        let ready = server.line();
        (server, ready)
    }

    /// Starts Alertmanager; its address.
    pub fn alertmanager(config: &str, folder: &Path) -> (Server, String) {
        let path = folder.join("alertmanager.yml");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new(installed("KEYTIDE_TEST_ALERTMANAGER", "/usr/bin/prometheus-alertmanager"));
        command
            .arg(format!("--config.file={}", path.display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="])
            .stderr(Stdio::piped());
        let server = Server::start(command, |child| Box::new(child.stderr.take().unwrap()));
        loop {
            let line = server.lines.recv_timeout(PATIENT).expect("Alertmanager says where it listens");
            if let Some((_, address)) = line.split_once("msg=\"Listening on\" address=") {
                return (server, format!("http://{}", address.split_whitespace().next().unwrap()));
            }
        }
    }

    fn start(mut command: Command, output: impl FnOnce(&mut Child) -> Box<dyn Read + Send>) -> Server {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("can't start {command:?}: {error}"));
        let output = output(&mut child);
        let (sender, lines) = channel();
        // Reads on to the end, so that the program is never held up by a full pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Server { child, lines }
    }

    /// Writes a line to the program.
    pub fn ask(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line that it prints, which is JSON.
    pub fn line(&mut self) -> Value {
        let line = self.lines.recv_timeout(PATIENT).expect("the server says something");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Python that has moto and aiosmtpd.
fn python() -> PathBuf {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    installed("KEYTIDE_TEST_PYTHON", built.join("receivers/bin/python"))
}

/// A program, where the variable or the installer has it.
fn installed(variable: &str, usual: impl Into<PathBuf>) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(|| usual.into(), PathBuf::from);
    assert!(
        path.exists(),
        "this test talks to a real receiver, and {} is missing: run tests/receivers/install once (tests/run does), \
         or name another in {variable}",
        path.display()
    );
    path
}

/// Runs an ignored test of this binary in a process of its own, with variables; what it printed.
pub fn in_own_process(test: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]).envs(variables.iter().copied());
    for variable in ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}{err}");
    out.into_owned()
}
