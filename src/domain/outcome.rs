//! How a call ended.

/// How a call ended, as one of the five metrics that count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// No error code: what CloudWatch counts.
    Successful,
    /// Refused for its rate.
    Throttled,
    /// Refused by a policy.
    Denied,
    /// Any other error. A Verify that answers "invalid" is one (KMSInvalidSignatureException).
    Failed,
    /// A dry run: it ends in DryRunOperationException when it would have worked.
    DryRun,
}

impl Outcome {
    /// All of them, in the order of the stored columns.
    pub const ALL: [Outcome; 5] =
        [Outcome::Successful, Outcome::Throttled, Outcome::Denied, Outcome::Failed, Outcome::DryRun];

    /// The outcome of a record's `errorCode`; absent is empty, and means success. CloudTrail writes some codes with and
    /// some without the suffix `Exception`.
    pub fn of_error_code(code: &[u8]) -> Self {
        match code {
            b"" => Outcome::Successful,
            b"ThrottlingException" | b"Throttling" | b"ThrottledException" | b"RequestLimitExceeded" => {
                Outcome::Throttled
            }
            b"AccessDenied" | b"AccessDeniedException" | b"UnauthorizedOperation" | b"VpceAccessDenied" => {
                Outcome::Denied
            }
            b"DryRunOperationException" | b"DryRunOperation" => Outcome::DryRun,
            _ => Outcome::Failed,
        }
    }

    /// The metric that counts it.
    pub const fn metric(self) -> &'static str {
        match self {
            Outcome::Successful => "SuccessfulRequest",
            Outcome::Throttled => "ThrottledRequest",
            Outcome::Denied => "DeniedRequest",
            Outcome::Failed => "FailedRequest",
            Outcome::DryRun => "DryRunRequest",
        }
    }

    /// Its column in minute counts and exports.
    pub const fn column(self) -> &'static str {
        match self {
            Outcome::Successful => "successful",
            Outcome::Throttled => "throttled",
            Outcome::Denied => "denied",
            Outcome::Failed => "failed",
            Outcome::DryRun => "dry_run",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_fall_into_their_outcome() {
        for (code, outcome) in [
            ("", Outcome::Successful),
            ("ThrottlingException", Outcome::Throttled),
            ("AccessDenied", Outcome::Denied),
            ("AccessDeniedException", Outcome::Denied),
            ("DryRunOperationException", Outcome::DryRun),
            ("KMSInvalidSignatureException", Outcome::Failed),
            ("NotFoundException", Outcome::Failed),
        ] {
            assert_eq!(Outcome::of_error_code(code.as_bytes()), outcome, "{code:?}");
        }
    }
}
