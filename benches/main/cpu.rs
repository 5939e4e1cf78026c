//! CPU seconds: of this thread, and of child processes.

use std::process::Command;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// CPU seconds of this process so far, user and system.
pub fn of_process() -> f64 {
    seconds(UsageWho::RUSAGE_SELF)
}

fn seconds(who: UsageWho) -> f64 {
    let usage = getrusage(who).expect("the kernel tells a process its own usage");
    (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6
}

/// The least CPU seconds of several runs of `work`, and its last answer.
pub fn best_of<T>(runs: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut measure = || {
        let before = of_process();
        let answer = work();
        (of_process() - before, answer)
    };
    let (mut best, mut answer) = measure();
    for _ in 1..runs {
        let (seconds, next) = measure();
        best = best.min(seconds);
        answer = next;
    }
    (best, answer)
}

/// What a child process took.
pub struct Child {
    /// User and system time.
    pub cpu_seconds: f64,
    /// Wall time.
    pub wall_seconds: f64,
    /// Peak resident memory, as `/usr/bin/time -v` reports it.
    pub peak_megabytes: f64,
}

/// Runs a child to its end. Its peak comes from GNU time, which must be installed.
pub fn child(program: &str, arguments: &[&str]) -> Child {
    let before = seconds(UsageWho::RUSAGE_CHILDREN);
    let started = Instant::now();
    let output = Command::new("/usr/bin/time").arg("-v").arg(program).args(arguments).output();
    let output = output.expect("GNU time is installed (Debian: apt-get install time)");
    let (wall_seconds, cpu_seconds) = (started.elapsed().as_secs_f64(), seconds(UsageWho::RUSAGE_CHILDREN) - before);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?} failed: {said}");
    let kilobytes = said.lines().find_map(|line| line.trim().strip_prefix("Maximum resident set size (kbytes): "));
    let peak_megabytes = kilobytes.and_then(|text| text.parse::<f64>().ok()).expect("GNU time -v prints it") / 1024.0;
    Child { cpu_seconds, wall_seconds, peak_megabytes }
}
