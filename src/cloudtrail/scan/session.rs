//! Requests for sessions: which of them the general reader must see.

use xxhash_rust::xxh3::xxh3_128;

use super::Verdict;
use super::cursor::{Cursor, Odd, Scan};
use crate::cloudtrail::facts;
use crate::cloudtrail::fields::{Fields, Identity};
use crate::cloudtrail::sessions::Sessions;

impl<'d> Cursor<'d, '_, '_> {
    /// Whether a request for a session needs reading: it tells something that this thread has not met on that day. The
    /// cursor is after its `eventName`; its `userIdentity` lies at `identity`.
    pub(super) fn session(
        &mut self,
        fields: &mut Fields<'d>,
        identity: (usize, usize),
        sessions: &mut Sessions,
    ) -> Scan<Verdict> {
        let mut told = std::mem::take(&mut sessions.told);
        told.clear();
        let verdict = self.session_told(fields, identity, &mut told).and_then(|is_telling| {
            if !is_telling {
                return Ok(Verdict::Other);
            }
            // What the general reader sets aside is set aside each time.
            sessions.hour.second_of(fields.event_time).map_err(|_| Odd)?;
            Ok(if sessions.insert(xxh3_128(&told)) { Verdict::Odd } else { Verdict::Other })
        });
        sessions.told = told;
        verdict
    }

    /// Reads to the record's end; whether it tells something, which is then in `told`. Most sessions are a service's
    /// and carry no tags: of these nothing is read after the request.
    fn session_told(&mut self, fields: &mut Fields<'d>, identity: (usize, usize), told: &mut Vec<u8>) -> Scan<bool> {
        let identity_text = &self.doc.bytes()[identity.0..identity.1];
        let may_chain = identity_text.starts_with(b"{\"type\":\"AssumedRole\"") || !identity_text.starts_with(KIND);
        self.usual_until_request(fields)?;
        let mut is_telling = false;
        if self.take(b",\"requestParameters\":") {
            is_telling = self.told_by_request(told)?;
            if !is_telling && !may_chain {
                self.leave_object()?;
                return Ok(false);
            }
        }
        self.usual_until_resources(fields)?;
        if self.take(b",\"resources\":") {
            self.skip()?;
        }
        self.usual_from_type(fields)?;
        let mut first = false;
        while let Some(key) = self.next_key(&mut first)? {
            match key {
                b"errorCode" => fields.error_code = self.text()?,
                b"awsRegion" => fields.aws_region = self.text()?,
                b"recipientAccountId" => fields.recipient_account_id = self.text()?,
                b"requestParameters" => is_telling |= self.told_by_request(told)?,
                _ => self.skip()?,
            }
        }
        let Identity { kind, arn, account_id, invoked_by, issuer_arn, .. } =
            Cursor { doc: self.doc, at: identity.0 }.identity()?;
        // Who has no name there has one that is not among the fields.
        let named = [issuer_arn, arn, invoked_by, identity_text].into_iter().find(|name| !name.is_empty());
        let day = fields.event_time.get(..10).ok_or(Odd)?;
        let place = [fields.aws_region, fields.recipient_account_id, account_id];
        for part in [fields.event_name, day, fields.error_code, named.unwrap_or_default(), kind].iter().chain(&place) {
            add(told, part);
        }
        Ok(is_telling || kind == b"AssumedRole")
    }

    /// Adds what the request tells, and whether it is more than the role.
    fn told_by_request(&mut self, told: &mut Vec<u8>) -> Scan<bool> {
        let mut telling = false;
        if self.null_or_open(b'{')? {
            return Ok(telling);
        }
        let mut first = true;
        while let Some(key) = self.next_key(&mut first)? {
            let start = self.at;
            self.skip()?;
            let tells = facts::is_session_member(key);
            telling |= tells;
            if tells || key == b"roleArn" {
                add(told, key);
                add(told, &self.doc.bytes()[start..self.at]);
            }
        }
        Ok(telling)
    }
}

/// How an identity begins.
const KIND: &[u8] = b"{\"type\":\"";

/// Adds a part, told apart from the next by its length.
fn add(told: &mut Vec<u8>, part: &[u8]) {
    told.extend_from_slice(part);
    told.extend_from_slice(&part.len().to_le_bytes());
}
