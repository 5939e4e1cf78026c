//! A flow: calls that are alike but for their time, session and outcome. It is the unit of generation.

use crate::domain::{Operation, Outcome};

use super::template::Template;

/// How a request names its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Not at all (Decrypt finds the key in the ciphertext).
    Absent,
    /// By its ARN.
    Arn,
    /// By its id.
    Id,
    /// By its alias.
    Alias,
    /// By its alias' ARN.
    AliasArn,
}

/// How `resources` lists the key of a call that reached it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// As an entry with a type.
    Typed,
    /// As an entry without a type, as for MACs.
    Untyped,
    /// With an entry for the alias after it.
    WithAlias,
    /// Not at all: there is no `resources`.
    Absent,
}

/// How a call ends, in more kinds than there are outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Success,
    Throttled,
    /// Denied before the key was looked at: no `resources`.
    Denied,
    /// Denied by the key's policy: the key is listed.
    DeniedByKey,
    /// The key is disabled.
    Disabled,
    /// The key is pending deletion.
    PendingDeletion,
    /// The alias that was asked for doesn't exist: no `resources`.
    NotFound,
    /// What the operation itself answers: an invalid signature, MAC or ciphertext, a wrong key usage.
    Refused,
    DryRun,
}

impl Ending {
    /// The outcome it is counted as.
    pub(super) const fn outcome(self) -> Outcome {
        match self {
            Ending::Success => Outcome::Successful,
            Ending::Throttled => Outcome::Throttled,
            Ending::Denied | Ending::DeniedByKey => Outcome::Denied,
            Ending::DryRun => Outcome::DryRun,
            Ending::Disabled | Ending::PendingDeletion | Ending::NotFound | Ending::Refused => Outcome::Failed,
        }
    }

    /// Whether the call got as far as the key, so that `resources` can name it.
    pub(super) const fn reached_key(self) -> bool {
        !matches!(self, Ending::Throttled | Ending::Denied | Ending::NotFound)
    }

    /// Whether the key owner's trail has the call too. Denied cross-account calls are in the caller's alone.
    pub(super) const fn seen_by_owner(self) -> bool {
        self.reached_key() && !matches!(self, Ending::DeniedByKey)
    }
}

/// The resource that a call is for, told by its encryption context.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    /// The `encryptionContext` object, with slots; empty for none.
    pub json: String,
    /// The resource, without what differs from call to call; empty if the context names none.
    pub resource: String,
}

/// How often calls end otherwise than well, in 65,536ths.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rates {
    pub throttled: u16,
    pub denied: u16,
    pub failed: u16,
    pub dry_run: u16,
}

/// Calls that are alike.
pub(super) struct Flow {
    /// The operation; `None` for what is no cryptographic call.
    pub operation: Option<Operation>,
    /// The key (of ReEncrypt: the source), as an index.
    pub source: Option<usize>,
    /// ReEncrypt's destination, as an index.
    pub destination: Option<usize>,
    /// Who calls, as an index.
    pub caller: usize,
    /// What for.
    pub context: Context,
    /// How the key (of ReEncrypt: the destination) is named.
    pub named: Named,
    /// How ReEncrypt's source is named.
    pub source_named: Named,
    /// How the key is listed.
    pub listed: Listed,
    /// Where the records go: the caller's lane, then those of the key owners.
    pub lanes: Vec<usize>,
    /// Whether there is a `sharedEventID` though no other copy is ours: the other party is an AWS service's account.
    pub shared: bool,
    /// How often calls end otherwise than well.
    pub rates: Rates,
    /// `eventVersion`.
    pub version: &'static str,
    /// `keyPairSpec` of key pair operations, `keySpec` or `numberOfBytes` of data keys.
    pub wanted: &'static str,
    /// The quota pool of requests to KMS; empty for other services.
    pub pool: String,
    /// What follows `userIdentity` in a successful call's record, for each lane.
    pub bodies: Vec<Template>,
}

/// Which of a call's two keys a call counts for, by rule 6: a bit for the source, one for the destination.
pub(super) type Mask = u8;
/// The only or source key.
pub(super) const SOURCE: Mask = 1;
/// The destination key.
pub(super) const DESTINATION: Mask = 2;

impl Flow {
    /// How a call ends that has this draw.
    pub(super) fn ending(&self, draw: u64) -> Ending {
        let (chance, kind) = ((draw & 0xFFFF) as u16, (draw >> 16) & 3);
        let throttled = self.rates.throttled;
        let denied = throttled.saturating_add(self.rates.denied);
        let failed = denied.saturating_add(self.rates.failed);
        let dry_run = failed.saturating_add(self.rates.dry_run);
        if chance >= dry_run {
            Ending::Success
        } else if chance < throttled {
            Ending::Throttled
        } else if chance < denied {
            if kind == 0 { Ending::DeniedByKey } else { Ending::Denied }
        } else if chance < failed {
            [Ending::Disabled, Ending::PendingDeletion, Ending::NotFound, Ending::Refused][kind as usize]
        } else {
            Ending::DryRun
        }
    }

    /// The keys that a call with this ending counts for: those listed, else those named by ARN.
    pub(super) fn keys(&self, ending: Ending) -> Mask {
        let both = match (self.source, self.destination) {
            (None, _) => return 0,
            (Some(_), None) => SOURCE,
            (Some(_), Some(_)) => SOURCE | DESTINATION,
        };
        if ending.reached_key() && self.listed != Listed::Absent {
            return both;
        }
        if ending == Ending::NotFound {
            return 0;
        }
        if self.destination.is_none() {
            return if self.named == Named::Arn { SOURCE } else { 0 };
        }
        let source = if self.source_named == Named::Arn { SOURCE } else { 0 };
        let destination = if self.named == Named::Arn { DESTINATION } else { 0 };
        source | destination
    }

    /// The lanes that a call with this ending is recorded in, as places in `lanes`.
    pub(super) fn copies(&self, ending: Ending) -> usize {
        if ending.seen_by_owner() { self.lanes.len() } else { 1 }
    }
}
