//! The rules by which a record counts: is it a call, of which key, how did it end, who made it.
//!
//! Everything here is derived from [`Fields`] on demand, so that a reader which sees the same caller, key and operation
//! again and again can recognise them by [`Call::profile`] and ask for the details once.

use smallvec::SmallVec;

use super::context;
use super::facts;
use super::fields::{Fields, Resource};
use super::reject::RejectReason;
use super::value::{Unreadable, shortened};
use crate::domain::{
    Caller, KeyArn, Operation, Outcome, Pool, QuotaPool, Second, SeriesKey, Unattributed, parse_event_time,
};

/// A request to KMS: a call, if it has an operation, or another API request, which only uses quota.
pub struct Call<'a> {
    /// The record's fields.
    pub fields: &'a Fields<'a>,
    /// When the request completed.
    pub second: Second,
    /// The cryptographic operation; `None` for other API requests (DescribeKey …).
    pub operation: Option<Operation>,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a record of KMS is.
pub enum Classified<'a> {
    /// A request.
    Request(Call<'a>),
    /// A record that repeats or describes requests: network activity, Insights, aggregated events, service events.
    NotARequest,
}

/// 2013-01-01: CloudTrail's first year.
const FIRST_SECOND: i64 = 1_356_998_400;
/// 2100-01-01.
const LAST_SECOND: i64 = 4_102_444_800;

/// Classifies a record of KMS by the rules; the operation is that of its name.
pub(super) fn classify<'a>(
    fields: &'a Fields<'a>,
    operation: Option<Operation>,
    hour: &mut KnownHour,
) -> Result<Classified<'a>, Unreadable> {
    let counted_category = matches!(fields.event_category, b"" | b"Management");
    let counted_type = !matches!(
        fields.event_type,
        b"AwsVpceEvent" | b"AwsVpceEvents" | b"AwsCloudTrailInsight" | b"AwsAggregatedEvent" | b"AwsServiceEvent"
    );
    // A service event is nobody's request, unless it bears the name of a cryptographic operation.
    let counted_type = counted_type || (fields.event_type == b"AwsServiceEvent" && operation.is_some());
    if !counted_category || !counted_type {
        return Ok(Classified::NotARequest);
    }
    let second = hour.second_of(fields.event_time)?;
    let outcome = Outcome::of_error_code(fields.error_code);
    Ok(Classified::Request(Call { fields, second, operation, outcome }))
}

/// The hour that the last record was of: the next is of the same.
#[derive(Default)]
pub(super) struct KnownHour {
    /// `2026-01-05T10:`, and its first second.
    text: [u8; 14],
    start: Second,
}

impl KnownHour {
    /// The second of an `eventTime`.
    #[inline]
    pub(super) fn second_of(&mut self, event_time: &[u8]) -> Result<Second, Unreadable> {
        if let Ok([hour @ .., m1, m0, b':', s1, s0, b'Z']) = <&[u8; 20]>::try_from(event_time)
            && *hour == self.text
            && [m1, m0, s1, s0].iter().all(|digit| digit.is_ascii_digit())
            && *m1 < b'6'
            && *s1 < b'6'
        {
            let two = |tens: u8, ones: u8| u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
            return Ok(Second(self.start.0 + two(*m1, *m0) * 60 + two(*s1, *s0)));
        }
        let second = second_of(event_time)?;
        if let (Some(hour), b'Z') = (event_time.first_chunk(), event_time.last().unwrap_or(&0)) {
            self.text = *hour;
            self.start = Second(second.hour() * 3600);
        }
        Ok(second)
    }
}

/// The second of an `eventTime`.
pub(super) fn second_of(event_time: &[u8]) -> Result<Second, Unreadable> {
    let text = utf8(event_time)?;
    let seconds = parse_event_time(text).ok_or_else(|| match text {
        "" => (RejectReason::NoTime, "eventTime is missing".to_owned()),
        _ => (RejectReason::NoTime, format!("eventTime is {}", shortened(text))),
    })?;
    if !(FIRST_SECOND..LAST_SECOND).contains(&seconds) {
        return Err((RejectReason::TimeOutOfRange, format!("eventTime is {}", shortened(text))));
    }
    Ok(Second(u32::try_from(seconds).expect("a second between 2013 and 2100 has 32 bits")))
}

/// The text, if it is UTF-8.
pub(super) fn utf8(text: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(text)
        .map_err(|_| (RejectReason::InvalidUtf8, format!("{} is no UTF-8", shortened(&String::from_utf8_lossy(text)))))
}

/// How much of its caller a record tells. The copy in a key owner's trail shows of a foreign caller only the account;
/// when the caller's own copy comes, the request counts for the caller that this one tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallerDetail {
    /// The principal is reduced to its account, or not told at all; a service has none.
    pub reduced: bool,
    /// The encryption context names a resource.
    pub context: bool,
    /// A service forwarded the call.
    pub service: bool,
}

impl CallerDetail {
    /// In three bits.
    pub const fn bits(self) -> u8 {
        self.reduced as u8 | (self.context as u8) << 1 | (self.service as u8) << 2
    }

    /// From three bits.
    pub const fn from_bits(bits: u8) -> Self {
        Self { reduced: bits & 1 != 0, context: bits & 2 != 0, service: bits & 4 != 0 }
    }
}

impl<'a> Call<'a> {
    /// How much of its caller the record tells.
    pub fn caller_detail(&self) -> CallerDetail {
        let identity = &self.fields.identity;
        let has_principal = !(identity.arn.is_empty() && identity.issuer_arn.is_empty());
        CallerDetail {
            reduced: identity.kind == b"AWSAccount" || !has_principal && identity.kind != b"AWSService",
            context: self.fields.request.context.is_some(),
            service: !identity.invoked_by.is_empty(),
        }
    }

    /// The series it counts in: usually one; several if a record names several keys and is no ReEncrypt; none if it is
    /// no call, or GenerateRandom.
    pub fn series(&self) -> Result<SmallVec<[SeriesKey; 1]>, Unreadable> {
        let Some(operation) = self.operation.filter(|operation| operation.uses_key()) else {
            return Ok(SmallVec::new());
        };
        let (source, destination) = self.keys()?;
        if operation == Operation::ReEncrypt && !(source.is_empty() && destination.is_empty()) {
            let (source, destination) = (source.first(), destination.first());
            let owned = |key: Option<&&str>| key.map_or_else(String::new, |key| (*key).to_owned());
            return Ok(smallvec::smallvec![SeriesKey::ReEncrypt {
                source: owned(source),
                destination: owned(destination)
            }]);
        }
        if source.is_empty() {
            return Ok(smallvec::smallvec![self.unattributed(operation)?]);
        }
        Ok(source.iter().map(|key| SeriesKey::Key { key: (*key).to_owned(), operation }).collect())
    }

    /// The keys by rule 6: the distinct key ARNs of `resources`, else those of the request. Of a ReEncrypt the source
    /// comes first and the destination second; one alone is told by the request, or taken for the source.
    #[allow(clippy::type_complexity, reason = "two short lists of borrowed keys")]
    fn keys(&self) -> Result<(SmallVec<[&'a str; 2]>, SmallVec<[&'a str; 1]>), Unreadable> {
        let mut keys: SmallVec<[&'a str; 2]> = SmallVec::new();
        let mut listed = 0;
        for resource in self.fields.resources.iter().filter(|resource| is_key(resource)) {
            let arn = utf8(resource.arn)?;
            listed += 1;
            if !keys.contains(&arn) {
                keys.push(arn);
            }
        }
        let key_arn = |text: &'a [u8]| Ok::<_, Unreadable>(KeyArn::parse(utf8(text)?).map(|key| key.as_str()));
        let request = &self.fields.request;
        if self.operation != Some(Operation::ReEncrypt) {
            if keys.is_empty() {
                keys.extend(key_arn(request.key_id)?);
            }
            return Ok((keys, SmallVec::new()));
        }
        if keys.is_empty() {
            let source = key_arn(request.source_key_id)?.into_iter().collect();
            return Ok((source, key_arn(request.destination_key_id)?.into_iter().collect()));
        }
        let first = keys[0];
        match keys.get(1) {
            Some(second) => Ok((smallvec::smallvec![first], smallvec::smallvec![*second])),
            None if listed > 1 => Ok((smallvec::smallvec![first], smallvec::smallvec![first])),
            None if key_arn(request.destination_key_id)? == Some(first) => {
                Ok((SmallVec::new(), smallvec::smallvec![first]))
            }
            None => Ok((smallvec::smallvec![first], SmallVec::new())),
        }
    }

    fn unattributed(&self, operation: Operation) -> Result<SeriesKey, Unreadable> {
        let request = &self.fields.request;
        let named = [request.key_id, request.destination_key_id, request.source_key_id];
        let key_ref = utf8(named.into_iter().find(|name| !name.is_empty()).unwrap_or_default())?;
        let reason = match key_ref {
            "" => Unattributed::None,
            name if name.starts_with("alias/") || name.contains(":alias/") => Unattributed::Alias,
            _ => Unattributed::KeyId,
        };
        Ok(SeriesKey::Unattributed {
            account: self.calling_account()?.to_owned(),
            region: utf8(self.fields.aws_region)?.to_owned(),
            key_ref: key_ref.to_owned(),
            operation,
            reason,
        })
    }

    /// The account that called; for a service with its own authority the account whose trail has the record.
    fn calling_account(&self) -> Result<&'a str, Unreadable> {
        let account = utf8(self.fields.identity.account_id)?;
        if account.is_empty() { utf8(self.fields.recipient_account_id) } else { Ok(account) }
    }

    /// Who called.
    pub fn caller(&self) -> Result<Caller, Unreadable> {
        let identity = &self.fields.identity;
        let invoked_by = utf8(identity.invoked_by)?;
        let context = match self.fields.request.context {
            Some((key, value)) => Some((utf8(key)?, utf8(value)?)),
            None => None,
        };
        let service = match context.and_then(|(key, _)| context::service(key)) {
            Some(service) if !invoked_by.is_empty() => service,
            _ => invoked_by.strip_prefix("fas.").unwrap_or(invoked_by),
        };
        let is_service = identity.kind == b"AWSService";
        // A service's endpoint says nothing of the caller, and an owner's copy must look the same with and without one.
        let direct = invoked_by.is_empty() && !is_service && identity.kind != b"AWSAccount";
        Ok(Caller {
            account: if is_service { String::new() } else { self.calling_account()?.to_owned() },
            principal: self.principal()?,
            service: service.to_owned(),
            resource: context.map_or_else(String::new, |(key, value)| context::resource(key, value)),
            vpc_endpoint: if direct { utf8(self.fields.vpc_endpoint_id)?.to_owned() } else { String::new() },
        })
    }

    /// The principal's ARN without its session: of an assumed role the role.
    fn principal(&self) -> Result<String, Unreadable> {
        let identity = &self.fields.identity;
        let principal = utf8(identity.principal())?;
        if identity.kind != b"AssumedRole" || !identity.issuer_arn.is_empty() {
            return Ok(principal.to_owned());
        }
        Ok(principal.replacen(":sts::", ":iam::", 1).replacen(":assumed-role/", ":role/", 1))
    }

    /// The quota pool that the request is taken from.
    pub fn pool(&self) -> Result<QuotaPool, Unreadable> {
        let request = &self.fields.request;
        let name = match self.operation {
            Some(Operation::GenerateDataKeyPair | Operation::GenerateDataKeyPairWithoutPlaintext) => {
                QuotaPool::of_key_pairs(utf8(request.key_pair_spec)?)
            }
            Some(operation) => Pool::of(operation, utf8(request.algorithm)?).name().to_owned(),
            None => utf8(self.fields.event_name)?.to_owned(),
        };
        Ok(QuotaPool {
            account: self.calling_account()?.to_owned(),
            region: utf8(self.fields.aws_region)?.to_owned(),
            name,
        })
    }
}

/// Whether an entry of `resources` is a key: of no type or of the key's, and a key's ARN.
#[inline]
pub(super) fn is_key(resource: &Resource<'_>) -> bool {
    let typed = resource.kind == b"AWS::KMS::Key" || resource.kind.is_empty();
    typed && (is_usual_key_arn(resource.arn) || is_key_arn(resource.arn))
}

/// Whether it is a key's ARN as nearly all are. Each record is asked, and to parse takes longer.
#[inline]
fn is_usual_key_arn(arn: &[u8]) -> bool {
    const ACCOUNT: usize = "111122223333".len();
    const ID: usize = "1234abcd-12ab-34cd-56ef-1234567890ab".len();
    let has = |text: &[u8], byte: u8| text.iter().fold(false, |has, other| has | (*other == byte));
    let Some((rest, id)) = arn.split_last_chunk::<ID>() else { return false };
    let Some((rest, account)) = rest.strip_suffix(b":key/").and_then(<[u8]>::split_last_chunk::<ACCOUNT>) else {
        return false;
    };
    let region = rest.strip_prefix(b"arn:aws:kms:").and_then(|rest| rest.strip_suffix(b":"));
    region.is_some_and(|region| !region.is_empty() && !has(region, b':')) && !has(account, b':') && !has(id, b'/')
}

#[cold]
fn is_key_arn(arn: &[u8]) -> bool {
    // What is no text is taken for one if it looks like one: who reads it sets the record aside.
    let looks_so = || memchr::memmem::find(arn, b":key/").is_some();
    std::str::from_utf8(arn).map_or_else(|_| looks_so(), |arn| KeyArn::parse(arn).is_some())
}

/// Whether a record is KMS's.
pub(super) fn is_kms(fields: &Fields<'_>) -> bool {
    fields.event_source == facts::KMS
}
