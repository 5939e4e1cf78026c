//! One record's fields, as text: what the rules of counting read, and nothing more.
//!
//! Two readers fill this struct, the scanner (`scan`) and the general one (`value`), and a test holds them equal. No
//! field is required here; `call` decides what a record must have. A field that is absent, null or empty is the empty
//! text; one of another type makes the record a reject.

/// Text of a record, escapes resolved. It is UTF-8 where the general reader made it; the scanner checks no more than
/// it must, so whoever keeps a text checks it.
pub type Text<'a> = &'a [u8];

/// The fields of one record that counting reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are CloudTrail's own")]
pub struct Fields<'a> {
    pub event_version: Text<'a>,
    pub event_time: Text<'a>,
    pub event_source: Text<'a>,
    pub event_name: Text<'a>,
    pub event_type: Text<'a>,
    pub event_category: Text<'a>,
    pub event_id: Text<'a>,
    pub shared_event_id: Text<'a>,
    pub error_code: Text<'a>,
    pub aws_region: Text<'a>,
    pub recipient_account_id: Text<'a>,
    pub vpc_endpoint_id: Text<'a>,
    /// `addendum.originalEventID`
    pub original_event_id: Text<'a>,
    pub identity: Identity<'a>,
    pub request: Request<'a>,
    pub resources: Vec<Resource<'a>>,
}

impl Fields<'_> {
    /// Whether they are enough to know a record by, as the general reader does.
    pub(super) fn are_a_record(&self) -> bool {
        let named = [self.event_source, self.event_name, self.event_time];
        !self.event_version.is_empty() || named.iter().all(|text| !text.is_empty())
    }

    /// Forgets a record; the list's memory serves the next one.
    pub(super) fn clear(&mut self) {
        let mut resources = std::mem::take(&mut self.resources);
        resources.clear();
        *self = Fields { resources, ..Fields::default() };
    }
}

/// `userIdentity`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are CloudTrail's own")]
pub struct Identity<'a> {
    /// `type`
    pub kind: Text<'a>,
    pub arn: Text<'a>,
    pub account_id: Text<'a>,
    pub invoked_by: Text<'a>,
    /// `sessionContext.sessionIssuer.arn`
    pub issuer_arn: Text<'a>,
}

impl<'a> Identity<'a> {
    /// Who calls: of all sessions of a role the same text, the role's ARN if it is told.
    pub(super) fn principal(&self) -> Text<'a> {
        match self.kind {
            b"AssumedRole" if !self.issuer_arn.is_empty() => self.issuer_arn,
            _ => self.session_less_arn(),
        }
    }

    /// An assumed role's ARN up to its session name; any other ARN whole.
    pub(super) fn session_less_arn(&self) -> Text<'a> {
        match memchr::memrchr(b'/', self.arn) {
            Some(slash) if self.kind == b"AssumedRole" => &self.arn[..slash],
            _ => self.arn,
        }
    }
}

/// `requestParameters`, as far as cryptographic requests go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are CloudTrail's own")]
pub struct Request<'a> {
    pub key_id: Text<'a>,
    pub source_key_id: Text<'a>,
    pub destination_key_id: Text<'a>,
    /// `encryptionAlgorithm`, `signingAlgorithm`, `macAlgorithm`, `keyAgreementAlgorithm` or
    /// `sourceEncryptionAlgorithm`: a request has one of them.
    pub algorithm: Text<'a>,
    pub key_pair_spec: Text<'a>,
    /// The entry of `encryptionContext` (ReEncrypt: `sourceEncryptionContext`) that names the resource best: key and
    /// value; see `cloudtrail::context`.
    pub context: Option<(Text<'a>, Text<'a>)>,
}

/// An entry of `resources`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resource<'a> {
    /// `type`
    pub kind: Text<'a>,
    /// `ARN`, also written `arn`
    pub arn: Text<'a>,
}
