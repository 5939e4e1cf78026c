//! How far readers may be ahead of the gatherer.
//!
//! They go on while a batch is committed, so that no core waits for that. What lies between them is bounded in bytes: a
//! bound on how many parts there are would be idle cores where they are small, and memory where they are large.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel as channel;

/// What parts between readers and gatherer may hold, about the requests of a batch.
pub(super) const AHEAD_BYTES_MAX: usize = 16 << 20;

/// A queue of parts that together hold at most so many bytes; one that is larger goes through alone.
pub(super) fn queue<P>(bytes_max: usize) -> (Sender<P>, Receiver<P>) {
    let (parts, taken) = channel::unbounded();
    let room = Arc::new(Room { state: Mutex::default(), changed: Condvar::new(), bytes_max });
    (Sender { parts, room: room.clone() }, Receiver { parts: taken, room })
}

/// A reader's end.
pub(super) struct Sender<P> {
    parts: channel::Sender<(P, usize)>,
    room: Arc<Room>,
}

impl<P> Clone for Sender<P> {
    fn clone(&self) -> Self {
        Self { parts: self.parts.clone(), room: self.room.clone() }
    }
}

/// Nobody listens any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed;

impl<P> Sender<P> {
    /// Hands over a part of so many bytes, as soon as there is room for it.
    pub(super) fn send(&self, part: P, bytes: usize) -> Result<(), Closed> {
        self.room.enter(bytes)?;
        self.parts.send((part, bytes)).map_err(|_| Closed)
    }
}

/// The gatherer's end. Iterating ends when all senders are gone.
pub(super) struct Receiver<P> {
    parts: channel::Receiver<(P, usize)>,
    room: Arc<Room>,
}

impl<P> Iterator for Receiver<P> {
    type Item = P;

    fn next(&mut self) -> Option<P> {
        let (part, bytes) = self.parts.recv().ok()?;
        self.room.leave(bytes);
        Some(part)
    }
}

impl<P> Drop for Receiver<P> {
    fn drop(&mut self) {
        self.room.close();
    }
}

struct Room {
    state: Mutex<State>,
    changed: Condvar,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    bytes: usize,
    is_closed: bool,
}

impl Room {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, bytes: usize) -> Result<(), Closed> {
        let is_full = |state: &mut State| state.bytes > 0 && state.bytes + bytes > self.bytes_max && !state.is_closed;
        let mut state = self.changed.wait_while(self.lock(), is_full).unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return Err(Closed);
        }
        state.bytes += bytes;
        Ok(())
    }

    fn leave(&self, bytes: usize) {
        self.lock().bytes -= bytes;
        self.changed.notify_all();
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn all_parts_arrive_and_never_more_bytes_wait_than_may_unless_one_part_is_larger() {
        let (sender, mut receiver) = queue(100);
        let readers: Vec<_> = (1..=3_usize)
            .map(|reader| {
                let sender = sender.clone();
                // The third's parts are larger than all the room.
                thread::spawn(move || (0..200).try_for_each(|_| sender.send(reader, 60 * reader)))
            })
            .collect();
        drop(sender);
        let mut arrived = [0; 4];
        loop {
            let waiting = receiver.room.lock().bytes;
            assert!(waiting <= 100 || waiting == 120 || waiting == 180, "{waiting} bytes wait");
            let Some(reader) = receiver.next() else { break };
            arrived[reader] += 1;
        }
        assert_eq!(arrived, [0, 200, 200, 200]);
        assert_eq!(receiver.room.lock().bytes, 0);
        for reader in readers {
            assert_eq!(reader.join().expect("a reader ends"), Ok(()));
        }
    }

    #[test]
    fn a_reader_that_waits_for_room_is_told_that_nobody_listens_any_more() {
        let (sender, mut receiver) = queue(100);
        let reader = thread::spawn(move || (0..).try_for_each(|part| sender.send(part, 60)));
        assert_eq!(receiver.next(), Some(0));
        drop(receiver);
        assert_eq!(reader.join().expect("a reader ends"), Err(Closed));
    }
}
