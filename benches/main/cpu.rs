//! CPU seconds: of this process, and of child processes.

use std::fs;
use std::process::Command;

/// CPU seconds of this process's threads so far, user and system. Linux counts them in nanoseconds.
pub fn of_process() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux lists a process's threads");
    let nanoseconds = tasks.flatten().filter_map(|task| {
        // A thread may end meanwhile.
        let schedstat = fs::read_to_string(task.path().join("schedstat")).ok()?;
        schedstat.split(' ').next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e9
}

/// CPU seconds of the calling thread so far.
pub fn of_thread() -> f64 {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts a thread's time");
    schedstat.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).expect("it is a number") / 1e9
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

/// Runs a child to its end under GNU time, which must be installed.
pub fn child(program: &str, arguments: &[&str]) -> Child {
    let output = Command::new("/usr/bin/time").args(["-f", "\n%e %U %S %M"]).arg(program).args(arguments).output();
    let output = output.expect("GNU time is installed (Debian: apt-get install time)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?} failed: {said}");
    let figures: Vec<f64> =
        said.lines().last().unwrap_or_default().split(' ').filter_map(|figure| figure.parse().ok()).collect();
    let [wall_seconds, user, system, kilobytes] = figures[..] else { panic!("GNU time printed {said:?}") };
    Child { wall_seconds, cpu_seconds: user + system, peak_megabytes: kilobytes / 1024.0 }
}
