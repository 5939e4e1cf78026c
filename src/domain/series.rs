//! What is counted: the identity of a series of minute counts.

use super::Operation;

/// Why a call can't be told to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unattributed {
    /// Only an alias is named; which key that was then is not in the record.
    Alias,
    /// Only a bare key id is named, without account and Region.
    KeyId,
    /// Nothing is named.
    None,
}

impl Unattributed {
    /// The reason as exported.
    pub const fn reason(self) -> &'static str {
        match self {
            Unattributed::Alias => "alias",
            Unattributed::KeyId => "key-id",
            Unattributed::None => "none",
        }
    }

    /// The reason of that name.
    pub fn parse(reason: &str) -> Option<Self> {
        [Self::Alias, Self::KeyId, Self::None].into_iter().find(|r| r.reason() == reason)
    }
}

/// The identity of a series of minute counts, outcome left open. Ownership follows the key: account and Region are
/// those of its ARN (for unattributed calls: the calling account and the endpoint's Region).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeriesKey {
    /// CloudWatch's `KeyArn, Operation`.
    Key {
        /// The key.
        key: String,
        /// The operation.
        operation: Operation,
    },
    /// CloudWatch's `SourceKeyArn, DestinationKeyArn, Operation`, for ReEncrypt. One side may be unknown (empty), if
    /// the record names one key only.
    ReEncrypt {
        /// The key that the data were encrypted under.
        source: String,
        /// The key that they are encrypted under now.
        destination: String,
    },
    /// A call whose key can't be told.
    Unattributed {
        /// The account that called.
        account: String,
        /// The endpoint's Region.
        region: String,
        /// The key as the request names it: an alias, an id, or nothing.
        key_ref: String,
        /// The operation.
        operation: Operation,
        /// Why there is no key.
        reason: Unattributed,
    },
}
