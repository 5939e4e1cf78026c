//! One record's fields, as text: what the rules of counting read, and nothing more.
//!
//! Two readers fill this struct, the scanner (`scan`) and the general one (`value`), and a test holds them equal. No
//! field is required here; `call` decides what a record must have.

use std::borrow::Cow;

/// Text of a record: borrowed, unless it held escapes.
pub type Text<'a> = Cow<'a, str>;

/// The fields of one record that counting reads. Absent, null and non-text values are `None`, so is a text that is
/// empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are CloudTrail's own")]
pub struct Fields<'a> {
    pub event_version: Option<Text<'a>>,
    pub event_time: Option<Text<'a>>,
    pub event_source: Option<Text<'a>>,
    pub event_name: Option<Text<'a>>,
    pub event_type: Option<Text<'a>>,
    pub event_category: Option<Text<'a>>,
    pub event_id: Option<Text<'a>>,
    pub shared_event_id: Option<Text<'a>>,
    pub error_code: Option<Text<'a>>,
    pub aws_region: Option<Text<'a>>,
    pub recipient_account_id: Option<Text<'a>>,
    pub vpc_endpoint_id: Option<Text<'a>>,
    /// `addendum.originalEventID`
    pub original_event_id: Option<Text<'a>>,
    pub identity: Identity<'a>,
    pub request: Request<'a>,
    pub resources: smallvec::SmallVec<[Resource<'a>; 2]>,
}

/// `userIdentity`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are CloudTrail's own")]
pub struct Identity<'a> {
    /// `type`
    pub kind: Option<Text<'a>>,
    pub arn: Option<Text<'a>>,
    pub account_id: Option<Text<'a>>,
    pub invoked_by: Option<Text<'a>>,
    /// `sessionContext.sessionIssuer.arn`
    pub issuer_arn: Option<Text<'a>>,
}

/// `requestParameters`, as far as cryptographic requests go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are CloudTrail's own")]
pub struct Request<'a> {
    pub key_id: Option<Text<'a>>,
    pub source_key_id: Option<Text<'a>>,
    pub destination_key_id: Option<Text<'a>>,
    /// `encryptionAlgorithm`, `signingAlgorithm`, `macAlgorithm`, `keyAgreementAlgorithm` or
    /// `sourceEncryptionAlgorithm`: a request has one of them; `keyEncapsulationAlgorithm` too.
    pub algorithm: Option<Text<'a>>,
    pub key_pair_spec: Option<Text<'a>>,
    /// The most specific resource that `encryptionContext` (for ReEncrypt `sourceEncryptionContext`) names: the
    /// entry's key and value.
    pub context: Option<(Text<'a>, Text<'a>)>,
}

/// An entry of `resources`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource<'a> {
    /// `type`
    pub kind: Option<Text<'a>>,
    /// `ARN`, also written `arn`
    pub arn: Option<Text<'a>>,
}
