//! A record in the order in which CloudTrail writes its members.
//!
//! Each member is known by one comparison, and so is what nearly all records have in common. Where the order ends the
//! cursor is between two members, and the rest is read one by one.

use super::Verdict;
use super::cursor::{Cursor, Scan, skip_text, take, take_text};
use crate::cloudtrail::facts;
use crate::cloudtrail::fields::{Fields, Identity};
use crate::cloudtrail::sessions::Sessions;
use crate::domain::Operation;

/// Reads a text into a field, if it is what comes: `usual!(cursor, fields.aws_region, b",\"awsRegion\":\"")`.
macro_rules! usual {
    ($cursor:expr, $field:expr, $token:expr) => {
        if let Some(text) = take_text!($cursor, $token) {
            $field = text;
        }
    };
}

/// How far the usual order goes.
pub(super) enum Usual {
    /// No more of the record need be read.
    Whole(Verdict),
    /// Other members may come; the operation that the record's name is, if it has come.
    Part(Option<Operation>),
}

impl<'d> Cursor<'d, '_> {
    /// Reads on after the `eventVersion`, which a record begins with. Most records are other services', so that little
    /// is done until the source is known: `fields` are then those of the record before.
    #[inline(always)]
    pub(super) fn usual_order(
        &mut self,
        event_version: &'d [u8],
        fields: &mut Fields<'d>,
        sessions: &mut Sessions,
    ) -> Scan<Usual> {
        let (mut identity, start) = (Identity::default(), self.at());
        if take!(self, b",\"userIdentity\":") {
            identity = self.identity()?;
        }
        let identity_text = &self.doc.bytes()[start..self.at()];
        let event_time = take_text!(self, b",\"eventTime\":\"").unwrap_or_default();
        let mut event_source: &[u8] = b"";
        if take!(self, b",\"eventSource\":\"kms.amazonaws.com\"") {
            event_source = facts::KMS;
        } else if let Some(source) = take_text!(self, b",\"eventSource\":\"") {
            if !facts::is_source(source) {
                self.leave_object()?;
                return Ok(Usual::Whole(Verdict::Other));
            }
            event_source = source;
        }
        fields.clear();
        (fields.event_version, fields.event_time, fields.event_source) = (event_version, event_time, event_source);
        fields.identity = identity;
        let mut operation = None;
        if let Some(event_name) = take_text!(self, b",\"eventName\":\"") {
            fields.event_name = event_name;
            // A session's member that is `null` looks like a telling one here; the general reader knows better.
            if event_source == facts::STS && facts::is_kept(facts::STS, event_name) {
                return self.apart(|cursor| cursor.session(fields, identity_text, sessions)).map(Usual::Whole);
            }
            if event_source == facts::KMS {
                operation = Operation::parse_bytes(event_name);
            }
            if operation.is_none() && self.apart(|cursor| cursor.is_of_no_interest(fields))? {
                return Ok(Usual::Whole(Verdict::Other));
            }
        }
        self.usual_until_request(fields);
        if take!(self, b",\"requestParameters\":") {
            self.apart(|cursor| cursor.request(&mut fields.request))?;
        }
        self.usual_until_resources(fields)?;
        if take!(self, b",\"resources\":") {
            self.resources(&mut fields.resources)?;
        }
        self.usual_from_type(fields)?;
        Ok(Usual::Part(operation))
    }

    /// The members between `eventName` and `requestParameters`.
    #[inline(always)]
    pub(super) fn usual_until_request(&mut self, fields: &mut Fields<'d>) {
        usual!(self, fields.aws_region, b",\"awsRegion\":\"");
        skip_text!(self, b",\"sourceIPAddress\":\"");
        skip_text!(self, b",\"userAgent\":\"");
        usual!(self, fields.error_code, b",\"errorCode\":\"");
        skip_text!(self, b",\"errorMessage\":\"");
    }

    /// The members between `requestParameters` and `resources`.
    #[inline(always)]
    pub(super) fn usual_until_resources(&mut self, fields: &mut Fields<'d>) -> Scan<()> {
        if !take!(self, b",\"responseElements\":null") && take!(self, b",\"responseElements\":") {
            self.skip()?;
        }
        if take!(self, b",\"additionalEventData\":") {
            self.skip_texts()?;
        }
        skip_text!(self, b",\"requestID\":\"");
        usual!(self, fields.event_id, b",\"eventID\":\"");
        if !take!(self, b",\"readOnly\":true") {
            take!(self, b",\"readOnly\":false");
        }
        Ok(())
    }

    /// The members after `resources`.
    #[inline(always)]
    pub(super) fn usual_from_type(&mut self, fields: &mut Fields<'d>) -> Scan<()> {
        const CALL: &[u8; 71] = b",\"eventType\":\"AwsApiCall\",\"managementEvent\":true,\"recipientAccountId\":\"";
        if let Some(account) = take_text!(self, CALL) {
            (fields.event_type, fields.recipient_account_id) = (b"AwsApiCall", account);
        } else {
            usual!(self, fields.event_type, b",\"eventType\":\"");
            take!(self, b",\"managementEvent\":true");
            usual!(self, fields.recipient_account_id, b",\"recipientAccountId\":\"");
        }
        usual!(self, fields.shared_event_id, b",\"sharedEventID\":\"");
        usual!(self, fields.vpc_endpoint_id, b",\"vpcEndpointId\":\"");
        skip_text!(self, b",\"vpcEndpointAccountId\":\"");
        if take!(self, b",\"eventCategory\":\"Management\"") {
            fields.event_category = b"Management";
        } else {
            usual!(self, fields.event_category, b",\"eventCategory\":\"");
        }
        if take!(self, b",\"tlsDetails\":") {
            self.skip_texts()?;
        }
        Ok(())
    }
}
