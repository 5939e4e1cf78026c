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

impl QuotaPool {
    /// The name of the pool of key pairs of a spec; without one, of a spec that is usual.
    pub fn of_key_pairs(spec: &str) -> String {
        if spec.is_empty() { Self::USUAL_KEY_PAIRS.to_owned() } else { format!("GenerateDataKeyPair-{spec}") }
    }

    /// The name of the pool that an operation's requests are usually taken from, where nothing tells the kind of key.
    pub const fn usual(operation: Operation) -> &'static str {
        match operation {
            Operation::GenerateDataKeyPair | Operation::GenerateDataKeyPairWithoutPlaintext => Self::USUAL_KEY_PAIRS,
            _ => Pool::usual(operation).name(),
        }
    }

    /// The elliptic pairs are taken for usual: they cost far less than RSA pairs.
    const USUAL_KEY_PAIRS: &str = "GenerateDataKeyPair-ECC_NIST_P256";
}

impl Pool {
    /// The pool of an operation under an algorithm (`encryptionAlgorithm`, `signingAlgorithm`, `macAlgorithm`,
    /// `keyAgreementAlgorithm`, for ReEncrypt the source's). Records carry no key spec, so the algorithm tells it;
    /// without one (a denied call may have none) the operation's usual kind of key is assumed.
    pub fn of(operation: Operation, algorithm: &str) -> Self {
        let starts = |prefix: &str| algorithm.starts_with(prefix);
        if starts("RSA") {
            Pool::Rsa
        } else if starts("ECDSA") || starts("ECDH") || starts("ED25519") || starts("SM2") {
            Pool::Ecc
        } else if starts("ML_DSA") {
            Pool::MlDsa
        } else {
            Self::usual(operation)
        }
    }

    /// The pool of the kind of key that an operation usually is of: signatures are of asymmetric ones, most of them
    /// elliptic.
    const fn usual(operation: Operation) -> Self {
        match operation {
            Operation::Sign | Operation::Verify | Operation::DeriveSharedSecret => Pool::Ecc,
            Operation::Encapsulate | Operation::Decapsulate => Pool::MlKem,
            _ => Pool::Symmetric,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithm_tells_the_pool_and_without_one_the_operation() {
        for (operation, algorithm, name) in [
            (Operation::Decrypt, "SYMMETRIC_DEFAULT", "Symmetric"),
            (Operation::Decrypt, "RSAES_OAEP_SHA_256", "RSA"),
            (Operation::Sign, "ECDSA_SHA_256", "ECC"),
            (Operation::Sign, "RSASSA_PSS_SHA_256", "RSA"),
            (Operation::Verify, "ML_DSA_SHAKE_256", "ML-DSA"),
            (Operation::GenerateMac, "HMAC_SHA_256", "Symmetric"),
            (Operation::Decrypt, "", "Symmetric"),
            (Operation::GenerateRandom, "", "Symmetric"),
            (Operation::Sign, "", "ECC"),
            (Operation::Verify, "", "ECC"),
            (Operation::DeriveSharedSecret, "", "ECC"),
            (Operation::Encapsulate, "", "ML-KEM"),
        ] {
            assert_eq!(Pool::of(operation, algorithm).name(), name, "{operation} {algorithm}");
        }
        assert_eq!(QuotaPool::of_key_pairs("RSA_2048"), "GenerateDataKeyPair-RSA_2048");
        assert_eq!(QuotaPool::of_key_pairs(""), QuotaPool::usual(Operation::GenerateDataKeyPair));
    }
}
