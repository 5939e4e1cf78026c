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

/// The least CPU seconds of each piece of work, which `spend` does when it is given its number. The pieces take turns,
/// so that a slow spell of the machine meets them all and their ratios stay what they are.
pub fn best_in_turns<const PIECES: usize>(runs: usize, mut spend: impl FnMut(usize) -> f64) -> [f64; PIECES] {
    let mut best = [f64::INFINITY; PIECES];
    for _ in 0..runs {
        for (piece, best) in best.iter_mut().enumerate() {
            *best = best.min(spend(piece));
        }
    }
    best
}

/// The CPU seconds that `work` takes, and its answer.
pub fn of<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let before = of_process();
    let answer = work();
    (of_process() - before, answer)
}

/// CPU seconds of a child of one thread, in nanoseconds' steps where GNU time has hundredths: the kernel is asked
/// between the child's end and its burial.
pub fn of_single_thread(program: &str, arguments: &[&str]) -> f64 {
    let mut child = Command::new(program).args(arguments).spawn().expect("the program starts");
    let of_child = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap_or_default();
    // The state follows the name in parentheses; Z is a process that has ended.
    while !of_child("stat").rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z') {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let nanoseconds = of_child("schedstat").split(' ').next().and_then(|first| first.parse::<f64>().ok());
    assert!(
        child.wait().expect("a child that has ended can be waited for").success(),
        "{program} {arguments:?} failed"
    );
    nanoseconds.expect("Linux counts a process's time") / 1e9
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
