//! What the service manager (systemd) is told, where there is one: `NOTIFY_SOCKET` names its socket.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// It runs, or has taken new settings over.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// New settings are being taken over; [`ready`] follows, whatever becomes of them.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        // `Type=notify-reload` wants to know since when.
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// It ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// It is alive.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// Ticks twice as often as the manager wants to hear of it; none if it doesn't. Must be called inside a Tokio runtime.
pub(super) fn watchdog() -> Option<Interval> {
    let every = sd_notify::watchdog_enabled()?.max(Duration::from_millis(2)) / 2;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Some(ticks)
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager can't be told");
    }
}
