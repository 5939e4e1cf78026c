//! By what a call's series, caller and quota pool are known again.
//!
//! Millions of calls are made of a few thousand combinations, so that a reader asks for the details of a combination
//! once, and knows it by this hash from then on.

use super::call::{Call, is_key};
use super::hash::Hash;
use crate::domain::Operation;

impl Call<'_> {
    /// A hash of all that determines series, caller and quota pool: two calls with the same have the same of each.
    pub fn profile(&self) -> u128 {
        let mut hash = Hash::default();
        self.hash_caller(&mut hash);
        self.hash_keys(&mut hash);
        hash.0
    }

    /// Adds what determines caller and quota pool.
    #[inline(always)]
    fn hash_caller(&self, hash: &mut Hash) {
        let (fields, identity, request) = (self.fields, &self.fields.identity, &self.fields.request);
        let kind = [&b"AssumedRole"[..], b"AWSService", b"AWSAccount"].iter().position(|kind| *kind == identity.kind);
        let choices = [
            self.operation.map_or(u8::MAX, |operation| operation as u8),
            kind.map_or(u8::MAX, |kind| kind as u8),
            u8::from(request.context.is_some()),
        ];
        let mut add = |part: Part, text| hash.add(part as u64, text);
        add(Part::Choices, &choices);
        add(Part::Region, fields.aws_region);
        add(Part::Principal, identity.principal());
        add(Part::Account, identity.account_id);
        add(Part::InvokedBy, identity.invoked_by);
        if identity.account_id.is_empty() {
            add(Part::Recipient, fields.recipient_account_id);
        }
        add(Part::VpcEndpoint, fields.vpc_endpoint_id);
        if self.operation.is_none() {
            add(Part::EventName, fields.event_name);
        }
        add(Part::KeyPairSpec, request.key_pair_spec);
    }

    /// Adds what determines keys, algorithm and resource.
    #[inline(always)]
    fn hash_keys(&self, hash: &mut Hash) {
        let request = &self.fields.request;
        hash.add(Part::Algorithm as u64, request.algorithm);
        if let Some((key, value)) = request.context {
            hash.add(Part::ContextKey as u64, key);
            hash.add(Part::ContextValue as u64, value);
        }
        let mut keys = 0;
        for (place, resource) in (Part::Resource as u64..).zip(&self.fields.resources) {
            let is_key = is_key(resource);
            hash.add(place, if is_key { resource.arn } else { b"no key" });
            keys += usize::from(is_key);
        }
        // Without a key the request names it; of a ReEncrypt with one key the request tells which side that is.
        if keys == 0 || (keys == 1 && self.operation == Some(Operation::ReEncrypt)) {
            hash.add(Part::KeyId as u64, request.key_id);
            hash.add(Part::SourceKeyId as u64, request.source_key_id);
            hash.add(Part::DestinationKeyId as u64, request.destination_key_id);
        }
    }
}

/// The parts of a profile, each at its place.
#[derive(Clone, Copy)]
enum Part {
    /// What is one of few.
    Choices,
    Region,
    Principal,
    Account,
    InvokedBy,
    Recipient,
    VpcEndpoint,
    EventName,
    KeyPairSpec,
    Algorithm,
    ContextKey,
    ContextValue,
    KeyId,
    SourceKeyId,
    DestinationKeyId,
    /// The first resource; the others follow it.
    Resource,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::fields::{Fields, Identity, Request, Resource};
    use crate::domain::{Outcome, Second};

    fn profile(change: impl FnOnce(&mut Fields<'static>)) -> u128 {
        let mut fields = Fields {
            event_name: b"Decrypt",
            aws_region: b"eu-west-1",
            identity: Identity {
                kind: b"AssumedRole",
                arn: b"arn:aws:sts::111122223333:assumed-role/payments/i-0123",
                account_id: b"111122223333",
                issuer_arn: b"arn:aws:iam::111122223333:role/payments",
                ..Identity::default()
            },
            resources: vec![Resource { kind: b"AWS::KMS::Key", arn: KEY }],
            ..Fields::default()
        };
        change(&mut fields);
        let operation = Operation::parse_bytes(fields.event_name);
        let call = Call { fields: &fields, second: Second(0), operation, outcome: Outcome::Successful };
        call.profile()
    }

    const KEY: &[u8] = b"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn sessions_of_a_role_are_one_caller_and_users_federated_by_one_user_are_several() {
        let as_before = |_: &mut Fields<'static>| {};
        let other_session = |fields: &mut Fields<'static>| {
            fields.identity.arn = b"arn:aws:sts::111122223333:assumed-role/payments/i-4567";
        };
        assert_eq!(profile(as_before), profile(other_session));
        let federated = |arn: &'static [u8]| {
            profile(|fields| {
                fields.identity.kind = b"FederatedUser";
                fields.identity.arn = arn;
                fields.identity.issuer_arn = b"arn:aws:iam::111122223333:user/broker";
            })
        };
        assert_ne!(
            federated(b"arn:aws:sts::111122223333:federated-user/ann"),
            federated(b"arn:aws:sts::111122223333:federated-user/bob")
        );
    }

    #[test]
    fn whatever_changes_the_series_the_caller_or_the_pool_changes_the_profile() {
        let request = |request: Request<'static>| move |fields: &mut Fields<'static>| fields.request = request;
        // What looks like a key's ARN and is none leaves it to the request to name the key.
        let no_key = |key_id: &'static [u8]| {
            profile(|fields| {
                fields.resources[0].arn =
                    b"arn:aws:kms:eu-west-1:111122223333:key/1234abcd/12ab-34cd-56ef-1234567890ab";
                fields.request.key_id = key_id;
            })
        };
        let all: Vec<u128> = vec![
            profile(|_| {}),
            profile(|fields| fields.event_name = b"Encrypt"),
            profile(|fields| fields.event_name = b"DescribeKey"),
            profile(|fields| fields.event_name = b"ListAliases"),
            profile(|fields| fields.aws_region = b"eu-west-2"),
            profile(|fields| fields.identity.kind = b"AWSAccount"),
            profile(|fields| fields.identity.account_id = b"444455556666"),
            profile(|fields| fields.identity.account_id = b""),
            profile(|fields| {
                fields.identity.account_id = b"";
                fields.recipient_account_id = b"444455556666";
            }),
            profile(|fields| fields.identity.invoked_by = b"s3.amazonaws.com"),
            profile(|fields| fields.vpc_endpoint_id = b"RSA_2048"),
            profile(request(Request { key_pair_spec: b"RSA_2048", ..Request::default() })),
            profile(request(Request { algorithm: b"RSA_2048", ..Request::default() })),
            profile(request(Request { context: Some((b"a", b"b")), ..Request::default() })),
            profile(request(Request { context: Some((b"ab", b"")), ..Request::default() })),
            profile(|fields| fields.resources.clear()),
            profile(|fields| fields.resources.push(Resource { kind: b"AWS::KMS::Key", arn: KEY })),
            no_key(b"alias/app"),
            no_key(KEY),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
