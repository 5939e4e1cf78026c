//! Who made a call.

/// Who made a call, without what changes from session to session. Fields that the record doesn't tell are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller {
    /// The calling account: it pays, and its quota is used. Empty when an AWS service called with its own authority.
    pub account: String,
    /// The role, user or root as an ARN, session name dropped: `arn:aws:iam::111122223333:role/etl`.
    pub principal: String,
    /// The AWS service that forwarded the call (`s3.amazonaws.com`), empty for direct calls.
    pub service: String,
    /// What the encryption context names, as an ARN or `kind:name`: bucket, function, volume, secret, table …
    pub resource: String,
    /// The VPC endpoint of a direct call.
    pub vpc_endpoint: String,
}
