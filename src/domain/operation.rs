//! KMS's cryptographic operations: the closed set that CloudWatch counts, and GenerateRandom, which uses no key.

use super::name_set::NameSet;

macro_rules! operations {
    ($($name:ident),+ $(,)?) => {
        /// A cryptographic operation. Source: the KMS developer guide, *Cryptographic operations*, with the two of
        /// ML-KEM (2026) from the KMS API model (`KeyLastUsageTrackingOperation`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the names are AWS's own")]
        pub enum Operation { $($name),+ }

        impl Operation {
            /// All of them, in alphabetical order.
            pub const ALL: &'static [Operation] = &[$(Operation::$name),+];

            /// The API's name.
            pub const fn name(self) -> &'static str {
                match self { $(Operation::$name => stringify!($name)),+ }
            }

            /// The operation of that exact name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::parse_bytes(name.as_bytes())
            }

            /// As [`Self::parse`], for a name not yet known to be text.
            pub fn parse_bytes(name: &[u8]) -> Option<Self> {
                static NAMES: NameSet<{ Operation::ALL.len() }> = NameSet::new([$(stringify!($name)),+]);
                NAMES.place_of(name).map(|place| Self::ALL[place])
            }
        }
    };
}

operations![
    Decapsulate,
    Decrypt,
    DeriveSharedSecret,
    Encapsulate,
    Encrypt,
    GenerateDataKey,
    GenerateDataKeyPair,
    GenerateDataKeyPairWithoutPlaintext,
    GenerateDataKeyWithoutPlaintext,
    GenerateMac,
    GenerateRandom,
    ReEncrypt,
    Sign,
    Verify,
    VerifyMac,
];

impl Operation {
    /// Whether the operation uses a key, and so has a series in `AWS/KMS`. GenerateRandom has none.
    pub const fn uses_key(self) -> bool {
        !matches!(self, Operation::GenerateRandom)
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        assert_eq!(Operation::ALL.len(), 15);
        for &operation in Operation::ALL {
            assert_eq!(Operation::parse(operation.name()), Some(operation));
        }
        assert_eq!(Operation::parse("GetPublicKey"), None);
        assert_eq!(Operation::parse("decrypt"), None);
    }
}
