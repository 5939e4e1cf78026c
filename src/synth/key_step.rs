//! What a step in a key's life says of itself: what was requested, what KMS answered, what it is about.

use super::fact::{Fact, creation, grant_id, locale_date, material_answer, policy, resources};
use super::population::Key;
use super::template::{hex, material_id};
use super::world::World;

/// A step in the life of a key: the key's number, and the second.
#[derive(Clone, Copy)]
pub(super) struct KeyStep<'w> {
    pub world: &'w World,
    pub key: usize,
    pub at: u32,
}

const NULL: &str = "null";

impl KeyStep<'_> {
    fn key(&self) -> &Key {
        &self.world.population.keys[self.key]
    }

    fn account(&self) -> &str {
        &self.world.population.accounts[self.key().account]
    }

    /// The member that names the key by its id.
    fn id(&self) -> String {
        format!("\"keyId\":\"{}\"", self.key().id)
    }

    /// The member that names the key by its ARN.
    fn arn(&self) -> String {
        format!("\"keyId\":\"{}\"", self.key().arn)
    }

    /// What KMS answers where it has no more to say than the key.
    fn answer(&self) -> String {
        format!("{{{}}}", self.arn())
    }

    fn call(&self, name: &'static str, request: &str, response: String) -> Fact {
        Fact {
            service: "kms",
            name,
            request: format!("{{{request}}}"),
            response,
            resources: resources(self.key(), self.world, None),
            key: Some(self.key),
            account: self.key().account,
            region: self.key().region,
            ..Fact::default()
        }
    }

    /// What KMS did by itself.
    fn event(&self, name: &'static str, details: &str) -> Fact {
        Fact {
            request: NULL.to_owned(),
            more: format!(",\"serviceEventDetails\":{{{details}}}"),
            service_event: true,
            ..self.call(name, "", NULL.to_owned())
        }
    }

    pub(super) fn creates(self) -> Fact {
        let (request, response) = creation(self.key(), self.world, self.at);
        self.call("CreateKey", &request, response)
    }

    pub(super) fn replicates(self) -> Fact {
        let regions = &self.world.population.regions;
        let here = regions[self.key().region];
        let there = regions[(self.key().region + 1) % regions.len()];
        let request = format!("{},\"replicaRegion\":\"{there}\",\"description\":\"\"", self.id());
        let response = format!(
            "{{\"replicaKeyMetadata\":{{\"aWSAccountId\":\"{}\",{},\"arn\":\"{}\",\"creationDate\":\"{}\",\
             \"enabled\":false,\"keyState\":\"Creating\",\"multiRegion\":true}},\"replicaTags\":[]}}",
            self.account(),
            self.id(),
            self.key().arn.replacen(here, there, 1),
            locale_date(self.at)
        );
        self.call("ReplicateKey", &request, response)
    }

    /// CreateAlias or UpdateAlias.
    pub(super) fn sets_alias(self, name: &'static str, alias: &str) -> Fact {
        let request = format!("\"aliasName\":\"{alias}\",\"targetKeyId\":\"{}\"", self.key().id);
        self.about_alias(alias, self.call(name, &request, NULL.to_owned()))
    }

    pub(super) fn deletes_alias(self, alias: &str) -> Fact {
        let request = format!("\"aliasName\":\"{alias}\"");
        self.about_alias(alias, self.call("DeleteAlias", &request, NULL.to_owned()))
    }

    fn about_alias(&self, alias: &str, fact: Fact) -> Fact {
        let (account, region) = (self.account(), self.world.population.regions[self.key().region]);
        let arn = format!("arn:aws:kms:{region}:{account}:{alias}");
        Fact { resources: resources(self.key(), self.world, Some(&arn)), ..fact }
    }

    pub(super) fn enables_rotation(self) -> Fact {
        let request = format!("{},\"rotationPeriodInDays\":{}", self.id(), 90 + 5 * (self.at % 40));
        self.call("EnableKeyRotation", &request, self.answer())
    }

    /// RotateKeyOnDemand, CancelKeyDeletion, DisableKey, EnableKey: what asks for nothing but the key.
    pub(super) fn asks_for_key(self, name: &'static str) -> Fact {
        self.call(name, &self.id(), self.answer())
    }

    /// `generation` counts the key's rotations before.
    pub(super) fn is_rotated(self, on_demand: bool, generation: u8) -> Fact {
        let material = |generation| material_id(self.key().material_seed(generation));
        let details = format!(
            "\"rotationType\":\"{}\",\"keyOrigin\":\"AWS_KMS\",\"previousKeyMaterialId\":\"{}\",\
             \"currentKeyMaterialId\":\"{}\",{}",
            if on_demand { "ON_DEMAND" } else { "AUTOMATIC" },
            material(generation),
            material(generation.wrapping_add(1)),
            self.id()
        );
        self.event("RotateKey", &details)
    }

    pub(super) fn gets_parameters(self) -> Fact {
        let request =
            format!("{},\"wrappingAlgorithm\":\"RSAES_OAEP_SHA_256\",\"wrappingKeySpec\":\"RSA_3072\"", self.arn());
        Fact { read_only: true, ..self.call("GetParametersForImport", &request, NULL.to_owned()) }
    }

    pub(super) fn imports_material(self) -> Fact {
        let valid_to = locale_date(self.at + 6 * 3600);
        let request = format!(
            "{},\"validTo\":\"{valid_to}\",\"expirationModel\":\"KEY_MATERIAL_EXPIRES\",\
             \"importType\":\"EXISTING_KEY_MATERIAL\"",
            self.arn()
        );
        self.call("ImportKeyMaterial", &request, material_answer(self.key()))
    }

    pub(super) fn deletes_material(self) -> Fact {
        self.call("DeleteImportedKeyMaterial", &self.arn(), material_answer(self.key()))
    }

    pub(super) fn loses_material(self) -> Fact {
        let material = material_id(self.key().material_seed(0));
        self.event("DeleteExpiredKeyMaterial", &format!("{},\"keyMaterialId\":\"{material}\"", self.id()))
    }

    pub(super) fn schedules_deletion(self) -> Fact {
        let request = format!("{},\"pendingWindowInDays\":7", self.id());
        let response = format!(
            "{{{},\"deletionDate\":\"{}\",\"keyState\":\"PendingDeletion\",\"pendingWindowInDays\":7}}",
            self.arn(),
            locale_date(self.at + 7 * 86_400)
        );
        self.call("ScheduleKeyDeletion", &request, response)
    }

    pub(super) fn is_deleted(self) -> Fact {
        self.event("DeleteKey", &self.id())
    }

    pub(super) fn puts_policy(self) -> Fact {
        let request = format!(
            "{},\"policyName\":\"default\",\"policy\":\"{}\",\"bypassPolicyLockoutSafetyCheck\":false",
            self.id(),
            policy(self.account())
        );
        self.call("PutKeyPolicy", &request, self.answer())
    }

    pub(super) fn tags(self) -> Fact {
        let project = ["atlas", "beacon", "comet"][self.key % 3];
        let request = format!(
            "{},\"tags\":[{{\"tagKey\":\"Project\",\"tagValue\":\"{project}\"}},\
             {{\"tagKey\":\"CostCenter\",\"tagValue\":\"{}\"}}]",
            self.arn(),
            4000 + self.key % 7
        );
        self.call("TagResource", &request, self.answer())
    }

    pub(super) fn untags(self) -> Fact {
        self.call("UntagResource", &format!("{},\"tagKeys\":[\"CostCenter\"]", self.arn()), self.answer())
    }

    pub(super) fn grants(self) -> Fact {
        let request = format!(
            "{},\"granteePrincipal\":\"arn:aws:iam::{}:role/node-scaler\",\
             \"operations\":[\"Decrypt\",\"GenerateDataKeyWithoutPlaintext\",\"ReEncryptFrom\"],\
             \"constraints\":{{\"encryptionContextSubset\":{{\"aws:ebs:id\":\"vol-0{}\"}}}}",
            self.arn(),
            self.account(),
            hex(u64::from(self.at), 16)
        );
        let response = format!("{{\"grantId\":\"{}\",{}}}", grant_id(u64::from(self.at)), self.arn());
        self.call("CreateGrant", &request, response)
    }

    pub(super) fn retires_grant(self, grant: u64) -> Fact {
        Fact {
            request: NULL.to_owned(),
            more: format!(",\"additionalEventData\":{{\"grantId\":\"{}\"}}", grant_id(grant)),
            ..self.call("RetireGrant", "", self.answer())
        }
    }
}
