//! Waiting for what another process does.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(25);

/// Asks again and again until there is an answer. `what` is awaited; `or_else` says how things are if it never comes.
pub fn until<T>(what: &str, or_else: impl Fn() -> String, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    // Nobody sends: a pause that ends by itself.
    let (_sender, pause) = channel::<()>();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < DEADLINE, "waited in vain for {what}\n{}", or_else());
        assert_eq!(pause.recv_timeout(PAUSE), Err(RecvTimeoutError::Timeout));
    }
}
