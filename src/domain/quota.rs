//! Request quotas: which pool a request is taken from.

use super::Operation;

/// A pool of KMS's request quotas: requests of one account and Region share its rate per second.
/// Source: KMS developer guide, *Request quotas*.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuotaPool {
    /// The account that called: cross-account calls use the caller's quota.
    pub account: String,
    /// The endpoint's Region.
    pub region: String,
    /// The pool's name: `Symmetric`, `RSA`, `ECC`, `ML-DSA`, `ML-KEM`, `GenerateDataKeyPair-RSA_2048` …, or for
    /// requests that are not cryptographic the operation's own name.
    pub name: String,
}

/// The shared pools of cryptographic requests. Key pairs have a pool for each key pair spec, other requests one each
/// for their operation; those are named, not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pool {
    /// Symmetric and HMAC keys, and GenerateRandom.
    Symmetric,
    /// RSA keys.
    Rsa,
    /// ECC and SM2 keys.
    Ecc,
    /// ML-DSA keys.
    MlDsa,
    /// ML-KEM keys.
    MlKem,
}

impl Pool {
    /// The pool of an operation under an algorithm (`encryptionAlgorithm`, `signingAlgorithm`, `macAlgorithm`,
    /// `keyAgreementAlgorithm`, for ReEncrypt the source's). Records carry no key spec, so the algorithm tells it;
    /// without one the operation's usual kind of key is assumed.
    pub fn of(operation: Operation, algorithm: &str) -> Self {
        let starts = |prefix: &str| algorithm.starts_with(prefix);
        if starts("RSA") {
            Pool::Rsa
        } else if starts("ECDSA") || starts("ECDH") || starts("ED25519") || starts("SM2") {
            Pool::Ecc
        } else if starts("ML_DSA") {
            Pool::MlDsa
        } else if matches!(operation, Operation::Encapsulate | Operation::Decapsulate) {
            Pool::MlKem
        } else if matches!(operation, Operation::DeriveSharedSecret) {
            Pool::Ecc
        } else {
            Pool::Symmetric
        }
    }

    /// The pool's name.
    pub const fn name(self) -> &'static str {
        match self {
            Pool::Symmetric => "Symmetric",
            Pool::Rsa => "RSA",
            Pool::Ecc => "ECC",
            Pool::MlDsa => "ML-DSA",
            Pool::MlKem => "ML-KEM",
        }
    }
}
