//! Requests for sessions: which of them the general reader must see.

use xxhash_rust::xxh3::xxh3_128;

use super::Verdict;
use super::cursor::{Cursor, Odd, Scan};
use crate::cloudtrail::facts;
use crate::cloudtrail::fields::{Fields, Identity};
use crate::cloudtrail::memory::Memory;

impl<'d> Cursor<'d, '_, '_> {
    /// Whether a request for a session needs reading: it tells something that this thread has not met on that day. The
    /// cursor is after its `eventName`; `identity` is the whole of that member.
    pub(super) fn session(&mut self, fields: &mut Fields<'d>, identity: &[u8], memory: &mut Memory) -> Scan<Verdict> {
        let mut told = std::mem::take(&mut memory.sessions.told);
        told.clear();
        let verdict = self.session_telling(fields, &mut told).and_then(|telling| {
            let Identity { kind, arn, account_id, invoked_by, issuer_arn, .. } = fields.identity;
            let named = [issuer_arn, arn, invoked_by].into_iter().find(|name| !name.is_empty());
            // Who has no name there has one that is not among the fields.
            let who = named.unwrap_or(identity);
            // What the general reader sets aside is set aside each time.
            memory.sessions.hour.second_of(fields.event_time).map_err(|_| Odd)?;
            let day = fields.event_time.get(..10).ok_or(Odd)?;
            let place = [fields.aws_region, fields.recipient_account_id, account_id];
            for part in [fields.event_name, day, fields.error_code, who, kind].iter().chain(&place) {
                add(&mut told, part);
            }
            let known = !telling || !memory.sessions.insert(xxh3_128(&told));
            Ok(if known { Verdict::Other } else { Verdict::Odd })
        });
        memory.sessions.told = told;
        verdict
    }

    /// Reads to the record's end; whether it tells something. What it asks for is added to `told`.
    fn session_telling(&mut self, fields: &mut Fields<'d>, told: &mut Vec<u8>) -> Scan<bool> {
        let mut telling = fields.identity.kind == b"AssumedRole";
        self.usual_until_request(fields)?;
        if self.take(b",\"requestParameters\":") {
            telling |= self.told_by_request(told)?;
        }
        self.usual_from_response(fields)?;
        let mut first = false;
        while let Some(key) = self.next_key(&mut first)? {
            match key {
                b"errorCode" => fields.error_code = self.text()?,
                b"awsRegion" => fields.aws_region = self.text()?,
                b"recipientAccountId" => fields.recipient_account_id = self.text()?,
                b"requestParameters" => telling |= self.told_by_request(told)?,
                _ => self.skip()?,
            }
        }
        Ok(telling)
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
            let tells = facts::SESSION_MEMBERS.iter().any(|name| name.as_bytes() == key);
            telling |= tells;
            if tells || key == b"roleArn" {
                add(told, key);
                add(told, &self.doc.bytes()[start..self.at]);
            }
        }
        Ok(telling)
    }
}

/// Adds a part, told apart from the next by its length.
fn add(told: &mut Vec<u8>, part: &[u8]) {
    told.extend_from_slice(part);
    told.extend_from_slice(&part.len().to_le_bytes());
}
