//! The scanner: a record's fields in one pass over its bytes, no tree, no copy.
//!
//! It takes records as CloudTrail writes them and gives up on everything else: an escape in a text it needs, a field
//! of another type, a stray character. What it gives up on goes to the general reader (`value`), so the scanner never
//! has to be right about the odd, only to notice it.

mod cursor;
mod members;
mod session;
#[cfg(test)]
mod tests;
mod usual;

use super::facts;
use super::fields::Fields;
use super::index::Indexed;
use super::sessions::Sessions;
use crate::domain::Operation;
use cursor::{Cursor, take_text};
use usual::Usual;

pub(in crate::cloudtrail) use cursor::{Odd, Scan};

/// Scans the record whose `{` is at `open`. Also returns the position after its `}`, `None` if it doesn't end.
pub(in crate::cloudtrail) fn record<'d>(
    doc: &Indexed<'d, '_>,
    open: usize,
    sessions: &mut Sessions,
    fields: &mut Fields<'d>,
) -> (Scan<Verdict>, Option<usize>) {
    let mut cursor = Cursor::new(*doc, open);
    match cursor.record(fields, sessions) {
        Ok(verdict) => (Ok(verdict), Some(cursor.at())),
        Err(Odd) => (Err(Odd), doc.matching_close(open).map(|close| close + 1)),
    }
}

/// What the scanner made of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloudtrail) enum Verdict {
    /// A record of KMS; its fields are filled, and this is the operation that its name is.
    Kms(Option<Operation>),
    /// A record of another service, of no interest.
    Other,
}

/// Where the value at `at` ends, whatever it is; `None` if it doesn't.
pub(in crate::cloudtrail) fn value_end(doc: &Indexed<'_, '_>, at: usize) -> Option<usize> {
    let mut cursor = Cursor::new(*doc, at);
    cursor.skip().ok().map(|()| cursor.at())
}

impl<'d> Cursor<'d, '_> {
    #[inline(always)]
    fn record(&mut self, fields: &mut Fields<'d>, sessions: &mut Sessions) -> Scan<Verdict> {
        let Some(event_version) = take_text!(self, b"{\"eventVersion\":\"") else {
            fields.clear();
            self.open(b'{')?;
            return self.apart(|cursor| cursor.other_members(fields, true, None));
        };
        match self.usual_order(event_version, fields, sessions)? {
            Usual::Whole(verdict) => Ok(verdict),
            Usual::Part(operation) => self.apart(|cursor| cursor.other_members(fields, false, operation)),
        }
    }

    /// Reads the members that are left, in any order. The operation is that of the name, if that was read.
    #[inline(never)]
    fn other_members(
        &mut self,
        fields: &mut Fields<'d>,
        mut first: bool,
        mut operation: Option<Operation>,
    ) -> Scan<Verdict> {
        while let Some(key) = self.next_key(&mut first)? {
            match key.len() {
                3..=6 => self.skip()?,
                7 if key == b"eventID" => fields.event_id = self.text()?,
                8 if key == b"addendum" => fields.original_event_id = self.original_event_id()?,
                9 => match key {
                    b"eventTime" => {
                        fields.event_time = self.text()?;
                        if self.is_of_no_interest(fields)? {
                            return Ok(Verdict::Other);
                        }
                    }
                    b"eventName" => {
                        fields.event_name = self.text()?;
                        operation = Operation::parse_bytes(fields.event_name);
                        if self.is_of_no_interest(fields)? {
                            return Ok(Verdict::Other);
                        }
                    }
                    b"eventType" => fields.event_type = self.text()?,
                    b"awsRegion" => fields.aws_region = self.text()?,
                    b"errorCode" => fields.error_code = self.text()?,
                    b"resources" => self.resources(&mut fields.resources)?,
                    _ => self.skip()?,
                },
                11 if key == b"eventSource" => {
                    fields.event_source = self.text()?;
                    if self.is_of_no_interest(fields)? {
                        return Ok(Verdict::Other);
                    }
                }
                12 => match key {
                    b"userIdentity" => fields.identity = self.identity()?,
                    b"eventVersion" => {
                        fields.event_version = self.text()?;
                        if self.is_of_no_interest(fields)? {
                            return Ok(Verdict::Other);
                        }
                    }
                    _ => self.skip()?,
                },
                13 => match key {
                    b"sharedEventID" => fields.shared_event_id = self.text()?,
                    b"eventCategory" => fields.event_category = self.text()?,
                    b"vpcEndpointId" => fields.vpc_endpoint_id = self.text()?,
                    _ => self.skip()?,
                },
                17 if key == b"requestParameters" => self.request(&mut fields.request)?,
                18 if key == b"recipientAccountId" => fields.recipient_account_id = self.text()?,
                _ => self.skip()?,
            }
        }
        if fields.event_source != facts::KMS || !fields.are_a_record() {
            return Err(Odd);
        }
        Ok(Verdict::Kms(operation))
    }

    /// Whether the record can be passed over, as soon as source and name are known: most records can, and the rest of
    /// them need not be read. The cursor is then at its end. A record that the general reader must see is odd.
    #[inline(never)]
    fn is_of_no_interest(&mut self, fields: &Fields<'_>) -> Scan<bool> {
        let (source, name) = (fields.event_source, fields.event_name);
        if source.is_empty() || (name.is_empty() && facts::is_source(source)) || !fields.are_a_record() {
            return Ok(false);
        }
        let is_call = source == facts::KMS && Operation::parse_bytes(name).is_some();
        if !is_call && facts::is_kept(source, name) {
            return Err(Odd);
        }
        if source == facts::KMS {
            return Ok(false);
        }
        self.leave_object()?;
        Ok(true)
    }
}
