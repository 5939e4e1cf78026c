//! The members of a record that are objects or lists themselves.

use super::cursor::{Cursor, Odd, Scan};
use super::usual::ACCOUNT;
use crate::cloudtrail::context;
use crate::cloudtrail::fields::{Fields, Identity, Request, Resource};

impl<'d> Cursor<'d, '_, '_> {
    pub(super) fn identity(&mut self) -> Scan<Identity<'d>> {
        let mut identity = Identity::default();
        if self.null_or_open(b'{')? {
            return Ok(identity);
        }
        let mut first = !self.usual_identity(&mut identity)?;
        while let Some(key) = self.next_key(&mut first)? {
            match key {
                b"arn" => identity.arn = self.text()?,
                b"type" => identity.kind = self.text()?,
                b"accountId" => identity.account_id = self.text()?,
                b"invokedBy" => identity.invoked_by = self.text()?,
                b"sessionContext" => identity.issuer_arn = self.issuer_arn()?,
                _ => self.skip()?,
            }
        }
        Ok(identity)
    }

    /// The members in the order in which CloudTrail writes them, as far as it goes; whether any was read.
    #[inline(always)]
    fn usual_identity(&mut self, identity: &mut Identity<'d>) -> Scan<bool> {
        if !self.take(b"\"type\":") {
            return Ok(false);
        }
        identity.kind = self.text()?;
        if self.take(b",\"principalId\":") {
            self.skip()?;
        }
        if self.take(b",\"arn\":") {
            identity.arn = self.text()?;
        }
        if self.take(b",\"accountId\":") {
            identity.account_id = self.text()?;
        }
        if self.take(b",\"accessKeyId\":") {
            self.skip()?;
        }
        if self.take(b",\"sessionContext\":") {
            identity.issuer_arn = self.issuer_arn()?;
        }
        if self.take(b",\"invokedBy\":") {
            identity.invoked_by = self.text()?;
        }
        Ok(true)
    }

    /// `sessionIssuer.arn` of a `sessionContext`.
    fn issuer_arn(&mut self) -> Scan<&'d [u8]> {
        let start = self.at;
        if self.take(b"{\"sessionIssuer\":{\"type\":\"Role\",\"principalId\":") {
            self.skip()?;
            if self.take(b",\"arn\":") {
                let arn = self.text()?;
                self.leave_object()?;
                self.leave_object()?;
                return Ok(arn);
            }
            self.at = start;
        }
        let mut arn: &[u8] = b"";
        if self.null_or_open(b'{')? {
            return Ok(arn);
        }
        let mut first = true;
        while let Some(key) = self.next_key(&mut first)? {
            if key == b"sessionIssuer" { arn = self.member_text(b"arn")? } else { self.skip()? }
        }
        Ok(arn)
    }

    pub(super) fn original_event_id(&mut self) -> Scan<&'d [u8]> {
        self.member_text(b"originalEventID")
    }

    /// One text member of an object; empty if the object is null or has none.
    pub(super) fn member_text(&mut self, name: &[u8]) -> Scan<&'d [u8]> {
        let mut found: &[u8] = b"";
        if self.null_or_open(b'{')? {
            return Ok(found);
        }
        let mut first = true;
        while let Some(key) = self.next_key(&mut first)? {
            if key == name { found = self.text()? } else { self.skip()? }
        }
        Ok(found)
    }

    pub(super) fn request(&mut self) -> Scan<Request<'d>> {
        let mut request = Request::default();
        if self.null_or_open(b'{')? {
            return Ok(request);
        }
        let mut first = true;
        while let Some(key) = self.next_key(&mut first)? {
            // These three are nearly all, in any order: what is asked one by one is foreseen better than a choice of
            // many.
            if key == b"keyId" {
                request.key_id = self.text()?;
                continue;
            }
            if key == b"encryptionContext" {
                request.context = self.context()?;
                continue;
            }
            if key == b"encryptionAlgorithm" {
                request.algorithm = self.text()?;
                continue;
            }
            match key {
                b"sourceKeyId" => request.source_key_id = self.text()?,
                b"destinationKeyId" => request.destination_key_id = self.text()?,
                b"signingAlgorithm" | b"macAlgorithm" | b"keyAgreementAlgorithm" | b"sourceEncryptionAlgorithm" => {
                    request.algorithm = self.text()?
                }
                b"keyPairSpec" => request.key_pair_spec = self.text()?,
                b"sourceEncryptionContext" => request.context = self.context()?,
                _ => self.skip()?,
            }
        }
        Ok(request)
    }

    pub(super) fn context(&mut self) -> Scan<Option<(&'d [u8], &'d [u8])>> {
        let mut best = None;
        if self.null_or_open(b'{')? {
            return Ok(best);
        }
        let mut first = true;
        while let Some(key) = self.next_key(&mut first)? {
            best = context::better(best, key, self.text()?);
        }
        Ok(best)
    }

    pub(super) fn resources(&mut self, fields: &mut Fields<'d>) -> Scan<()> {
        fields.resources.clear();
        if self.null_or_open(b'[')? {
            return Ok(());
        }
        self.skip_space();
        if self.doc.byte(self.at) == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_space();
            let resource = match self.usual_resource()? {
                Some(resource) => resource,
                None => self.resource()?,
            };
            fields.resources.push(resource);
            self.skip_space();
            match self.doc.byte(self.at) {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(Odd),
            }
        }
        self.at += 1;
        Ok(())
    }
    fn resource(&mut self) -> Scan<Resource<'d>> {
        self.open(b'{')?;
        let mut resource = Resource::default();
        let (mut first, mut lower): (bool, &[u8]) = (true, b"");
        while let Some(key) = self.next_key(&mut first)? {
            match key {
                b"ARN" => resource.arn = self.text()?,
                b"arn" => lower = self.text()?,
                b"type" => resource.kind = self.text()?,
                _ => self.skip()?,
            }
        }
        if resource.arn.is_empty() {
            resource.arn = lower;
        }
        Ok(resource)
    }

    /// A key as CloudTrail lists it. If what comes is anything else the cursor stays.
    #[inline(always)]
    fn usual_resource(&mut self) -> Scan<Option<Resource<'d>>> {
        let start = self.at;
        if self.take_text::<_, ACCOUNT>(b"{\"accountId\":\"").is_some()
            && self.take(b",\"type\":\"AWS::KMS::Key\",\"ARN\":")
        {
            let arn = self.text()?;
            if self.take(b"}") {
                return Ok(Some(Resource { kind: b"AWS::KMS::Key", arn }));
            }
        }
        self.at = start;
        Ok(None)
    }
}
