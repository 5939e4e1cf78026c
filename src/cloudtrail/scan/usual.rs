//! A record in the order in which CloudTrail writes its members.
//!
//! Each member is known by one comparison, and so is what nearly all records have in common. A value of a fixed length
//! is looked for where it usually ends. Where the order ends early the cursor is between two members, and the rest is
//! read one by one.

use super::Verdict;
use super::cursor::{Cursor, Odd, Scan};
use crate::cloudtrail::facts;
use crate::cloudtrail::fields::Fields;
use crate::cloudtrail::sessions::Sessions;

/// Characters of `2026-01-05T10:00:00Z`.
const TIME: usize = 20;
/// Characters of an account's number.
pub(super) const ACCOUNT: usize = 12;
/// Characters of `1234abcd-12ab-34cd-56ef-1234567890ab`.
const UUID: usize = 36;

impl<'d> Cursor<'d, '_, '_> {
    /// Reads on after `{"eventVersion":`. Most records are other services', so that it does little until it knows the
    /// source: `fields` are then those of the record before.
    pub(super) fn usual_order(&mut self, fields: &mut Fields<'d>, sessions: &mut Sessions) -> Scan<Option<Verdict>> {
        let event_version = self.text()?;
        let mut identity = None;
        if self.take(b",\"userIdentity\":") {
            let start = self.at;
            self.skip()?;
            identity = Some((start, self.at));
        }
        let event_time = match self.take_text::<_, TIME>(b",\"eventTime\":\"") {
            Some(time) => time,
            None if self.take(b",\"eventTime\":") => self.text()?,
            None => b"",
        };
        let mut event_source: &[u8] = b"";
        if self.take(b",\"eventSource\":\"kms.amazonaws.com\"") {
            event_source = facts::KMS;
        } else if self.take(b",\"eventSource\":") {
            event_source = self.text()?;
            if !facts::is_source(event_source) {
                self.leave_object()?;
                return Ok(Some(Verdict::Other));
            }
        }
        fields.clear();
        (fields.event_version, fields.event_time, fields.event_source) = (event_version, event_time, event_source);
        if self.take(b",\"eventName\":") {
            fields.event_name = self.text()?;
            // A session's member that is `null` looks like a telling one here; the general reader knows better.
            if event_source == facts::STS && facts::is_kept(facts::STS, fields.event_name) {
                return self.session(fields, identity.ok_or(Odd)?, sessions).map(Some);
            }
            if self.is_of_no_interest(fields)? {
                return Ok(Some(Verdict::Other));
            }
        }
        if let Some((start, _)) = identity {
            fields.identity = Cursor { doc: self.doc, at: start }.identity()?;
        }
        self.usual_until_request(fields)?;
        if self.take(b",\"requestParameters\":") {
            fields.request = self.request()?;
        }
        self.usual_until_resources(fields)?;
        if self.take(b",\"resources\":") {
            self.resources(fields)?;
        }
        self.usual_from_type(fields)?;
        Ok(None)
    }

    /// The members between `eventName` and `requestParameters`.
    #[inline(always)]
    pub(super) fn usual_until_request(&mut self, fields: &mut Fields<'d>) -> Scan<()> {
        if self.take(b",\"awsRegion\":") {
            fields.aws_region = self.text()?;
        }
        if self.take(b",\"sourceIPAddress\":") {
            self.skip()?;
        }
        if self.take(b",\"userAgent\":") {
            self.skip()?;
        }
        if self.take(b",\"errorCode\":") {
            fields.error_code = self.text()?;
            if self.take(b",\"errorMessage\":") {
                self.skip()?;
            }
        }
        Ok(())
    }

    /// The members between `requestParameters` and `resources`.
    #[inline(always)]
    pub(super) fn usual_until_resources(&mut self, fields: &mut Fields<'d>) -> Scan<()> {
        if !self.take(b",\"responseElements\":null") && self.take(b",\"responseElements\":") {
            self.skip()?;
        }
        if self.take(b",\"additionalEventData\":") {
            self.skip()?;
        }
        if self.take_text::<_, UUID>(b",\"requestID\":\"").is_none() && self.take(b",\"requestID\":") {
            self.skip()?;
        }
        if let Some(id) = self.take_text::<_, UUID>(b",\"eventID\":\"") {
            fields.event_id = id;
        } else if self.take(b",\"eventID\":") {
            fields.event_id = self.text()?;
        }
        if !self.take(b",\"readOnly\":true") && self.take(b",\"readOnly\":") {
            self.skip()?;
        }
        Ok(())
    }

    /// The members after `resources`.
    #[inline(always)]
    pub(super) fn usual_from_type(&mut self, fields: &mut Fields<'d>) -> Scan<()> {
        if let Some(account) = self.take_text::<_, ACCOUNT>(
            b",\"eventType\":\"AwsApiCall\",\"managementEvent\":true,\"recipientAccountId\":\"",
        ) {
            (fields.event_type, fields.recipient_account_id) = (b"AwsApiCall", account);
        } else {
            if self.take(b",\"eventType\":") {
                fields.event_type = self.text()?;
            }
            if self.take(b",\"managementEvent\":") {
                self.skip()?;
            }
            if self.take(b",\"recipientAccountId\":") {
                fields.recipient_account_id = self.text()?;
            }
        }
        if let Some(id) = self.take_text::<_, UUID>(b",\"sharedEventID\":\"") {
            fields.shared_event_id = id;
        } else if self.take(b",\"sharedEventID\":") {
            fields.shared_event_id = self.text()?;
        }
        if self.take(b",\"vpcEndpointId\":") {
            fields.vpc_endpoint_id = self.text()?;
        }
        if self.take(b",\"vpcEndpointAccountId\":") {
            self.skip()?;
        }
        if self.take(b",\"eventCategory\":\"Management\"") {
            fields.event_category = b"Management";
        } else if self.take(b",\"eventCategory\":") {
            fields.event_category = self.text()?;
        }
        if self.take(b",\"tlsDetails\":") {
            self.skip()?;
        }
        Ok(())
    }
}
