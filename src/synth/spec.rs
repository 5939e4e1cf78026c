//! Kinds of keys: what each can do, and what keys are used for.

use crate::domain::Operation;

/// A key's spec and usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spec {
    Symmetric,
    RsaEncrypt,
    RsaSign,
    EccSign,
    EccAgree,
    Hmac256,
    Hmac512,
    MlDsa,
    MlKem,
}

impl Spec {
    /// KMS's `KeySpec`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Spec::Symmetric => "SYMMETRIC_DEFAULT",
            Spec::RsaEncrypt => "RSA_4096",
            Spec::RsaSign => "RSA_2048",
            Spec::EccSign => "ECC_NIST_P256",
            Spec::EccAgree => "ECC_NIST_P384",
            Spec::Hmac256 => "HMAC_256",
            Spec::Hmac512 => "HMAC_512",
            Spec::MlDsa => "ML_DSA_65",
            Spec::MlKem => "ML_KEM_768",
        }
    }

    /// KMS's `KeyUsage`.
    pub(super) const fn usage(self) -> &'static str {
        match self {
            Spec::Symmetric | Spec::RsaEncrypt => "ENCRYPT_DECRYPT",
            Spec::RsaSign | Spec::EccSign | Spec::MlDsa => "SIGN_VERIFY",
            Spec::EccAgree => "KEY_AGREEMENT",
            Spec::Hmac256 | Spec::Hmac512 => "GENERATE_VERIFY_MAC",
            Spec::MlKem => "ENCAPSULATE_DECAPSULATE",
        }
    }

    /// The algorithm that its users ask for.
    pub(super) const fn algorithm(self) -> &'static str {
        match self {
            Spec::Symmetric => "SYMMETRIC_DEFAULT",
            Spec::RsaEncrypt => "RSAES_OAEP_SHA_256",
            Spec::RsaSign => "RSASSA_PSS_SHA_256",
            Spec::EccSign => "ECDSA_SHA_256",
            Spec::EccAgree => "ECDH",
            Spec::Hmac256 => "HMAC_SHA_256",
            Spec::Hmac512 => "HMAC_SHA_512",
            Spec::MlDsa => "ML_DSA_SHAKE_256",
            Spec::MlKem => "ML_KEM_768",
        }
    }

    /// The pool of request quotas that its calls are taken from (KMS developer guide, *Request quotas*).
    pub(super) const fn pool(self) -> &'static str {
        match self {
            Spec::Symmetric | Spec::Hmac256 | Spec::Hmac512 => "Symmetric",
            Spec::RsaEncrypt | Spec::RsaSign => "RSA",
            Spec::EccSign | Spec::EccAgree => "ECC",
            Spec::MlDsa => "ML-DSA",
            Spec::MlKem => "ML-KEM",
        }
    }

    /// What a key that isn't symmetric is asked for, and how often.
    pub(super) const fn operations(self) -> &'static [(Operation, f64)] {
        match self {
            Spec::Symmetric => &[],
            Spec::RsaEncrypt => &[(Operation::Encrypt, 0.3), (Operation::Decrypt, 0.7)],
            Spec::RsaSign | Spec::EccSign | Spec::MlDsa => &[(Operation::Sign, 0.7), (Operation::Verify, 0.3)],
            Spec::EccAgree => &[(Operation::DeriveSharedSecret, 1.0)],
            Spec::Hmac256 | Spec::Hmac512 => &[(Operation::GenerateMac, 0.4), (Operation::VerifyMac, 0.6)],
            Spec::MlKem => &[(Operation::Encapsulate, 0.5), (Operation::Decapsulate, 0.5)],
        }
    }
}

/// What a key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Objects in S3, each read and write a call.
    Lake,
    /// Objects in S3 under bucket keys.
    BucketKey,
    /// Secrets Manager.
    Secrets,
    /// Systems Manager's Parameter Store.
    Parameters,
    /// Lambda's environment variables.
    Functions,
    /// EBS volumes.
    Volumes,
    /// DynamoDB tables.
    Tables,
    /// CloudWatch Logs and CloudTrail.
    Logs,
    /// An application's own calls.
    App,
    /// A key that isn't symmetric.
    Asymmetric,
}

impl Purpose {
    /// What symmetric keys are used for.
    pub(super) const SYMMETRIC: &'static [Purpose] = &[
        Purpose::Lake,
        Purpose::BucketKey,
        Purpose::Secrets,
        Purpose::Parameters,
        Purpose::Functions,
        Purpose::Volumes,
        Purpose::Tables,
        Purpose::Logs,
        Purpose::App,
        Purpose::App,
    ];

    /// A word for aliases.
    pub(super) const fn name(self, spec: Spec) -> &'static str {
        match (self, spec) {
            (Purpose::Lake, _) => "data-lake",
            (Purpose::BucketKey, _) => "archive",
            (Purpose::Secrets, _) => "secrets",
            (Purpose::Parameters, _) => "parameters",
            (Purpose::Functions, _) => "functions",
            (Purpose::Volumes, _) => "volumes",
            (Purpose::Tables, _) => "tables",
            (Purpose::Logs, _) => "logs",
            (Purpose::App, _) => "payments",
            (Purpose::Asymmetric, Spec::Hmac256 | Spec::Hmac512) => "webhook-mac",
            (Purpose::Asymmetric, Spec::MlDsa) => "firmware-signing",
            (Purpose::Asymmetric, Spec::RsaSign | Spec::EccSign) => "token-signing",
            (Purpose::Asymmetric, Spec::EccAgree | Spec::MlKem) => "key-exchange",
            (Purpose::Asymmetric, _) => "partner-upload",
        }
    }
}
