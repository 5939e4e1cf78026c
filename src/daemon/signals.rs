//! What the system asks of the process.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, channel};

/// What the system asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, SIGINT: end, with what is in hand finished.
    Stop,
    /// SIGHUP: read the settings again.
    Reload,
}

/// Signals as they come. Must be called inside a Tokio runtime.
///
/// # Errors
/// The system doesn't let signals be caught.
pub fn signals() -> io::Result<Receiver<Signal>> {
    let (sender, receiver) = channel(8);
    let kinds = [
        (SignalKind::terminate(), Signal::Stop),
        (SignalKind::interrupt(), Signal::Stop),
        (SignalKind::hangup(), Signal::Reload),
    ];
    for (kind, meaning) in kinds {
        let (mut signals, sender) = (signal(kind)?, sender.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if sender.send(meaning).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}
