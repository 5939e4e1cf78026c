//! The members of a record that are objects or lists themselves.

use super::cursor::{Cursor, Odd, Scan, skip_text, take, take_text};
use crate::cloudtrail::context;
use crate::cloudtrail::fields::{Identity, Request, Resource};

impl<'d> Cursor<'d, '_> {
    #[inline(always)]
    pub(super) fn identity(&mut self) -> Scan<Identity<'d>> {
        let before = self.place();
        if let Some(identity) = self.role() {
            return Ok(identity);
        }
        self.back_to(before);
        self.apart(Self::any_identity)
    }

    /// A role's identity, the members in the order in which CloudTrail writes them; `None` if it is anything else.
    #[inline(always)]
    fn role(&mut self) -> Option<Identity<'d>> {
        skip_text!(self, b"{\"type\":\"AssumedRole\",\"principalId\":\"")?;
        let arn = take_text!(self, b",\"arn\":\"")?;
        let account_id = take_text!(self, b",\"accountId\":\"")?;
        skip_text!(self, b",\"accessKeyId\":\"")?;
        skip_text!(self, b",\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\",\"principalId\":\"")?;
        let issuer_arn = take_text!(self, b",\"arn\":\"")?;
        skip_text!(self, b",\"accountId\":\"")?;
        skip_text!(self, b",\"userName\":\"")?;
        skip_text!(self, b"},\"attributes\":{\"creationDate\":\"")
            .or_else(|| skip_text!(self, b"},\"webIdFederationData\":{},\"attributes\":{\"creationDate\":\""))?;
        if !take!(self, b",\"mfaAuthenticated\":\"false\"}}") {
            return None;
        }
        let invoked_by = take_text!(self, b",\"invokedBy\":\"").unwrap_or_default();
        let identity = Identity { kind: b"AssumedRole", arn, account_id, invoked_by, issuer_arn };
        take!(self, b"}").then_some(identity)
    }

    #[inline(never)]
    fn any_identity(&mut self) -> Scan<Identity<'d>> {
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
        if !take!(self, b"\"type\":") {
            return Ok(false);
        }
        identity.kind = self.text()?;
        if take!(self, b",\"principalId\":") {
            self.skip()?;
        }
        if take!(self, b",\"arn\":") {
            identity.arn = self.text()?;
        }
        if take!(self, b",\"accountId\":") {
            identity.account_id = self.text()?;
        }
        if take!(self, b",\"accessKeyId\":") {
            self.skip()?;
        }
        if take!(self, b",\"sessionContext\":") {
            identity.issuer_arn = self.issuer_arn()?;
        }
        if take!(self, b",\"invokedBy\":") {
            identity.invoked_by = self.text()?;
        }
        Ok(true)
    }

    /// `sessionIssuer.arn` of a `sessionContext`.
    fn issuer_arn(&mut self) -> Scan<&'d [u8]> {
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

    #[inline(never)]
    pub(super) fn request(&mut self, request: &mut Request<'d>) -> Scan<()> {
        *request = Request::default();
        if self.null_or_open(b'{')? {
            return Ok(());
        }
        let mut first = true;
        loop {
            // These are nearly all, in any order: what is asked one by one is foreseen better than a choice of many.
            if first || self.byte() == b',' {
                let before = self.place();
                if !first {
                    self.step();
                }
                if let Some(key) = take_text!(self, b"\"keyId\":\"") {
                    (request.key_id, first) = (key, false);
                    continue;
                }
                if take!(self, b"\"encryptionContext\":{") {
                    (request.context, first) = (self.entries()?, false);
                    continue;
                }
                if let Some(algorithm) = take_text!(self, b"\"encryptionAlgorithm\":\"") {
                    (request.algorithm, first) = (algorithm, false);
                    continue;
                }
                self.back_to(before);
            }
            let Some(key) = self.next_key(&mut first)? else { break };
            match key {
                b"keyId" => request.key_id = self.text()?,
                b"sourceKeyId" => request.source_key_id = self.text()?,
                b"destinationKeyId" => request.destination_key_id = self.text()?,
                b"encryptionAlgorithm"
                | b"signingAlgorithm"
                | b"macAlgorithm"
                | b"keyAgreementAlgorithm"
                | b"sourceEncryptionAlgorithm" => request.algorithm = self.text()?,
                b"keyPairSpec" => request.key_pair_spec = self.text()?,
                b"encryptionContext" | b"sourceEncryptionContext" => request.context = self.context()?,
                _ => self.skip()?,
            }
        }
        Ok(())
    }

    fn context(&mut self) -> Scan<Option<(&'d [u8], &'d [u8])>> {
        if self.null_or_open(b'{')? {
            return Ok(None);
        }
        self.entries()
    }

    /// The best entry of an encryption context, from after its bracket.
    #[inline(always)]
    fn entries(&mut self) -> Scan<Option<(&'d [u8], &'d [u8])>> {
        let (mut best, mut first) = (None, true);
        while let Some(key) = self.next_key(&mut first)? {
            best = context::better(best, key, self.text()?);
        }
        Ok(best)
    }

    #[inline(always)]
    pub(super) fn resources(&mut self, resources: &mut Vec<Resource<'d>>) -> Scan<()> {
        resources.clear();
        let before = self.place();
        if let Some(key) = self.one_key() {
            resources.push(key);
            return Ok(());
        }
        self.back_to(before);
        self.apart(|cursor| cursor.any_resources(resources))
    }

    /// A list of one key as CloudTrail writes it; `None` if it is anything else.
    #[inline(always)]
    fn one_key(&mut self) -> Option<Resource<'d>> {
        skip_text!(self, b"[{\"accountId\":\"")?;
        let arn = take_text!(self, b",\"type\":\"AWS::KMS::Key\",\"ARN\":\"")?;
        take!(self, b"}]").then_some(Resource { kind: b"AWS::KMS::Key", arn })
    }

    #[inline(never)]
    fn any_resources(&mut self, resources: &mut Vec<Resource<'d>>) -> Scan<()> {
        if self.null_or_open(b'[')? {
            return Ok(());
        }
        self.skip_space();
        if self.byte() == b']' {
            self.step();
            return Ok(());
        }
        loop {
            self.skip_space();
            resources.push(self.resource()?);
            self.skip_space();
            match self.byte() {
                b',' => self.step(),
                b']' => break,
                _ => return Err(Odd),
            }
        }
        self.step();
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
}
