//! `keytide run`, as the real program: what it reads and when, what it is asked, and how it ends.

mod asked;
mod endtoend;
mod failing;
mod folders;
mod manager;
mod reports;
mod retention;
mod sending;
mod settings;
mod signals;
mod unseen;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::files;
use crate::support::program::{keytide, keytide_with};
use crate::support::record::Record;
use crate::support::stores::passing_folder;
use crate::support::wait::until;

/// A place to run in: a watched folder, a store, settings.
struct Place {
    folder: TempDir,
}

impl Place {
    /// With an empty folder to watch, and settings that make it quick.
    fn new() -> Self {
        let place = Self { folder: passing_folder() };
        std::fs::create_dir(place.logs()).unwrap();
        place.set(
            "[daemon]\ningest_every = \"1s\"\nrescan_every = \"1s\"\nsettle_for = \"1s\"\nevaluate_every = \"1s\"\n",
        );
        place
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("keytide.toml")
    }

    /// Writes settings: what every run has here, and more.
    fn set(&self, more: &str) {
        let text = format!(
            "[[source]]\nkind = \"folder\"\npath = \"logs\"\n[serve]\naddress = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n{more}"
        );
        std::fs::write(self.settings(), text).unwrap();
    }

    /// A log file with these calls, moved into the folder as a whole.
    fn deliver(&self, name: &str, calls: std::ops::Range<usize>) {
        let hidden = files::write(&self.logs(), &format!(".{name}"), &log_of(calls));
        std::fs::rename(hidden, self.logs().join(name)).unwrap();
    }

    fn command(&self) -> Command {
        let mut command = keytide(&self.store());
        command.arg("run").arg("--config").arg(self.settings());
        command
    }

    fn start(&self) -> Running {
        Running::start(self.command())
    }

    /// What `keytide status` says; none before there is a store.
    fn status(&self) -> Option<Value> {
        let ran = keytide_with(&self.store(), &["status", "--output", "json"]);
        (ran.code == Some(0)).then(|| serde_json::from_str(&ran.out).unwrap())
    }

    fn awaits_requests(&self, running: &Running, requests: u64) {
        let what = format!("{requests} requests");
        until(
            &what,
            || format!("{:?}\n{}", self.status(), running.said()),
            || (self.status()?["requests"] == requests).then_some(()),
        );
    }
}

/// A log file with Decrypt calls of these numbers.
fn log_of(calls: std::ops::Range<usize>) -> Vec<u8> {
    let records = calls.map(|number| Record::decrypt(&format!("{number:08x}-0000-4000-8000-000000000000")).value());
    files::log_file(&records.collect::<Vec<_>>())
}

/// Asks for a page: status and body.
fn get(address: &str, page: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The program while it runs. It is killed with the value.
struct Running {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (said, heard) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&lines));
        std::thread::spawn(move || {
            said.lines().map_while(Result::ok).for_each(|line| heard.lock().unwrap().push(line))
        });
        Self { child, lines }
    }

    /// Everything on standard error so far.
    fn said(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// The first log line with this message.
    fn line(&self, message: &str) -> Option<Value> {
        let lines = self.lines.lock().unwrap();
        let mut parsed = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        parsed.find(|line| line["fields"]["message"].as_str().is_some_and(|said| said.starts_with(message)))
    }

    fn awaits_line(&self, message: &str) -> Value {
        until(message, || self.said(), || self.line(message))
    }

    fn address(&self) -> String {
        self.awaits_line("started")["fields"]["address"].as_str().unwrap().to_owned()
    }

    /// Asks for a page: status and body.
    fn get(&self, page: &str) -> (u16, String) {
        get(&self.address(), page)
    }

    fn awaits_figure(&self, line: &str) {
        until(
            line,
            || format!("{}\n{}", self.get("/metrics").1, self.said()),
            || self.get("/metrics").1.lines().any(|found| found == line).then_some(()),
        );
    }

    fn awaits_ready(&self) {
        until("readiness", || self.said(), || (self.get("/readyz").0 == 200).then_some(()));
    }

    /// Sends a signal by its name.
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// The exit code of a program that ends by itself.
    fn awaits_end(mut self) -> (Option<i32>, String) {
        let lines = Arc::clone(&self.lines);
        let said = || lines.lock().unwrap().join("\n");
        let status = until("the end", said, || self.child.try_wait().unwrap());
        (status.code(), said())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a folder has a file of that name.
fn has_file(folder: &Path, name: &str) -> bool {
    folder.join(name).is_file()
}
