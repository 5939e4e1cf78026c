//! Requests for sessions: which of them the general reader must see.

use super::Verdict;
use super::cursor::{Cursor, Odd, Scan, take};
use crate::cloudtrail::facts;
use crate::cloudtrail::fields::{Fields, Identity};
use crate::cloudtrail::hash::Hash;
use crate::cloudtrail::sessions::Sessions;

/// Where the texts of a session lie in its hash, before those of the request.
#[derive(Clone, Copy)]
enum Part {
    EventName,
    Day,
    ErrorCode,
    Name,
    Kind,
    Region,
    Recipient,
    Account,
    Role,
    /// The first member of the request that tells something; the others follow it.
    Member,
}

impl<'d> Cursor<'d, '_> {
    /// Whether a request for a session needs reading: it tells something that this thread has not met on that day. The
    /// cursor is after its `eventName`; its `userIdentity` is read, and its text is `identity`.
    #[inline(never)]
    pub(super) fn session(
        &mut self,
        fields: &mut Fields<'d>,
        identity: &'d [u8],
        sessions: &mut Sessions,
    ) -> Scan<Verdict> {
        let Some(told) = self.session_told(fields, identity)? else { return Ok(Verdict::Other) };
        // What the general reader sets aside is set aside each time.
        sessions.hour.second_of(fields.event_time).map_err(|_| Odd)?;
        if sessions.insert(told.0) { Err(Odd) } else { Ok(Verdict::Other) }
    }

    /// Reads to the record's end; the hash of what it tells, if that is anything. Most sessions are a service's and
    /// carry no tags: of these nothing is read after the request.
    #[inline(always)]
    fn session_told(&mut self, fields: &mut Fields<'d>, identity_text: &'d [u8]) -> Scan<Option<Hash>> {
        let (mut told, mut is_telling) = (Hash::default(), false);
        let Identity { kind, arn, account_id, invoked_by, issuer_arn, .. } = fields.identity;
        let is_chained = kind == b"AssumedRole";
        self.usual_until_request(fields);
        if take!(self, b",\"requestParameters\":") {
            is_telling = self.told_by_request(&mut told)?;
            if !is_telling && !is_chained {
                self.leave_object()?;
                return Ok(None);
            }
        }
        self.usual_until_resources(fields)?;
        if take!(self, b",\"resources\":") {
            self.skip()?;
        }
        self.usual_from_type(fields)?;
        let mut first = false;
        while let Some(key) = self.next_key(&mut first)? {
            match key {
                b"errorCode" => fields.error_code = self.text()?,
                b"awsRegion" => fields.aws_region = self.text()?,
                b"recipientAccountId" => fields.recipient_account_id = self.text()?,
                b"requestParameters" => is_telling |= self.told_by_request(&mut told)?,
                _ => self.skip()?,
            }
        }
        if !is_telling && !is_chained {
            return Ok(None);
        }
        // Who has no name there has one that is not among the fields.
        let name = [issuer_arn, arn, invoked_by].into_iter().find(|name| !name.is_empty()).unwrap_or(identity_text);
        let mut add = |part: Part, text| told.add(part as u64, text);
        add(Part::EventName, fields.event_name);
        add(Part::Day, fields.event_time.get(..10).ok_or(Odd)?);
        add(Part::ErrorCode, fields.error_code);
        add(Part::Name, name);
        add(Part::Kind, kind);
        add(Part::Region, fields.aws_region);
        add(Part::Recipient, fields.recipient_account_id);
        add(Part::Account, account_id);
        Ok(Some(told))
    }

    /// Adds what the request tells, and whether it is more than the role.
    fn told_by_request(&mut self, told: &mut Hash) -> Scan<bool> {
        let mut is_telling = false;
        if self.null_or_open(b'{')? {
            return Ok(is_telling);
        }
        let mut first = true;
        while let Some(key) = self.next_key(&mut first)? {
            let start = self.at();
            self.skip()?;
            let value = &self.doc.bytes()[start..self.at()];
            if let Some(place) = facts::session_member(key) {
                told.add(Part::Member as u64 + place as u64, value);
                is_telling = true;
            } else if key == b"roleArn" {
                told.add(Part::Role as u64, value);
            }
        }
        Ok(is_telling)
    }
}
