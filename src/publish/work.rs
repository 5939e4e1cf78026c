//! What the dispatcher has under way.

use std::collections::BTreeSet;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::outbox::Settled;
use super::sending::Told;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Messages delivered.
    pub delivered: usize,
    /// Attempts that failed.
    pub failed: usize,
    /// Messages given up.
    pub dead: usize,
}

impl Round {
    pub(super) fn add(&mut self, outcome: &Settled) {
        match outcome {
            Settled::Delivered { .. } => self.delivered += 1,
            Settled::Retry { .. } => self.failed += 1,
            Settled::Dead { .. } => self.dead += 1,
        }
    }
}

/// What is under way.
pub(super) struct Work {
    pub(super) tasks: JoinSet<()>,
    /// Routes that have a task.
    pub(super) busy: BTreeSet<String>,
    pub(super) telling: mpsc::UnboundedSender<Told>,
    pub(super) heard: mpsc::UnboundedReceiver<Told>,
    /// Outcomes that the outbox didn't take.
    pub(super) unsettled: Vec<(i64, Settled)>,
    /// Ends tasks after the message that they are at.
    pub(super) stop: CancellationToken,
    /// What came out since it was last told.
    pub(super) round: Round,
}

impl Work {
    pub(super) fn new() -> Self {
        let (telling, heard) = mpsc::unbounded_channel();
        Work {
            tasks: JoinSet::new(),
            busy: BTreeSet::new(),
            telling,
            heard,
            unsettled: Vec::new(),
            stop: CancellationToken::new(),
            round: Round::default(),
        }
    }

    /// What came out since this was last asked.
    pub(super) fn told(&mut self) -> Round {
        std::mem::take(&mut self.round)
    }
}
