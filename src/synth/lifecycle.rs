//! Records of what happens to keys, to sessions with tags and to the trail itself.

use super::agenda::{Agenda, Step};
use super::delivery::{Delivery, Event, What};
use super::error::SynthError;
use super::fact::{
    Fact, assumed_session, creation, grant_id, locale_date, material_answer, policy, record, resources, trail_change,
};
use super::template::{event_id, hex, material_id};
use super::truth::{Table, Truth, time};
use super::world::World;

/// Writes the records of the steps that come due, and their truth.
pub(super) struct Lifecycle {
    agenda: Agenda,
    table: Table,
    /// Rotations of each key's material so far.
    pub generations: Vec<u8>,
    /// Records written.
    pub count: u64,
}

impl Lifecycle {
    /// Follows an agenda.
    pub(super) fn new(agenda: Agenda, table: Table, world: &World) -> Self {
        Self { agenda, table, generations: vec![0; world.population.keys.len()], count: 0 }
    }

    /// Plans a day.
    pub(super) fn plan_day(&mut self, world: &World, day_start: u32, end: u32) {
        self.agenda.plan_day(&world.population, day_start, end);
    }

    /// Takes the steps due before `second`; says how many records of KMS that were.
    pub(super) fn take_steps(
        &mut self,
        world: &World,
        second: u32,
        mut number: impl FnMut() -> u64,
        truth: &mut Truth,
        delivery: &mut Delivery,
    ) -> Result<u64, SynthError> {
        let mut of_kms = 0;
        while let Some((at, step)) = self.agenda.next_before(second, &world.population) {
            let draw = number();
            let fact = self.fact(world, step, at);
            let population = &world.population;
            let (account, region) = (&population.accounts[fact.account], population.regions[fact.region]);
            if fact.service == "kms" && !fact.service_event {
                truth.pools.count_request(account, region, fact.name, at);
            }
            let arn = fact.key.map_or("", |key| population.keys[key].arn.as_str());
            self.table.line(&format!("{},{},{},{arn}", event_id(draw, 0), time(at), fact.name))?;
            self.count += 1;
            of_kms += u64::from(fact.service == "kms");
            let lane = population.lane(fact.account, fact.region);
            let text = record(world, &fact, draw, at);
            delivery.post(lane, Event { second: at, what: What::Text(text.into()) });
        }
        Ok(of_kms)
    }

    /// Writes the truth out.
    pub(super) fn finish(self) -> Result<u64, SynthError> {
        self.table.finish()?;
        Ok(self.count)
    }

    fn fact(&mut self, world: &World, step: Step, at: u32) -> Fact {
        let population = &world.population;
        let keys = &population.keys;
        let on_key = |name, at: usize, request: String, response: String| Fact {
            service: "kms",
            name,
            request: format!("{{{request}}}"),
            response,
            resources: resources(&keys[at], world, None),
            key: Some(at),
            account: keys[at].account,
            region: keys[at].region,
            ..Fact::default()
        };
        let id = |at: usize| format!("\"keyId\":\"{}\"", keys[at].id);
        let arn = |at: usize| format!("\"keyId\":\"{}\"", keys[at].arn);
        let answer = |at: usize| format!("{{\"keyId\":\"{}\"}}", keys[at].arn);
        let null = || "null".to_owned();
        let nothing = String::new;
        let by_itself = |fact: Fact| Fact { request: null(), response: null(), service_event: true, ..fact };
        let aliased = |name, at: usize, alias: &str, target: bool| {
            let mut request = format!("\"aliasName\":\"{alias}\"");
            if target {
                request += &format!(",\"targetKeyId\":\"{}\"", keys[at].id);
            }
            let mut fact = on_key(name, at, request, null());
            let (account, region) = (&population.accounts[keys[at].account], population.regions[keys[at].region]);
            fact.resources = resources(&keys[at], world, Some(&format!("arn:aws:kms:{region}:{account}:{alias}")));
            fact
        };
        match step {
            Step::Create(key) | Step::CreateReplica(key) => {
                let (request, response) = creation(&keys[key], world, at);
                on_key("CreateKey", key, request, response)
            }
            Step::Replicate(key) => {
                let here = population.regions[keys[key].region];
                let there = population.regions[(keys[key].region + 1) % population.regions.len()];
                let request = format!("{},\"replicaRegion\":\"{there}\",\"description\":\"\"", id(key));
                let response = format!(
                    "{{\"replicaKeyMetadata\":{{\"aWSAccountId\":\"{}\",{},\"arn\":\"{}\",\"creationDate\":\"{}\",\
                     \"enabled\":false,\"keyState\":\"Creating\",\"multiRegion\":true}},\"replicaTags\":[]}}",
                    population.accounts[keys[key].account],
                    id(key),
                    keys[key].arn.replacen(here, there, 1),
                    locale_date(at)
                );
                on_key("ReplicateKey", key, request, response)
            }
            Step::CreateAlias(key, true) => aliased("CreateAlias", key, &keys[key].alias, true),
            Step::CreateAlias(key, false) => aliased("CreateAlias", key, &format!("alias/blue-{key}"), true),
            Step::UpdateAlias(key) => aliased("UpdateAlias", key, "alias/current", true),
            Step::DeleteAlias(key) => aliased("DeleteAlias", key, &format!("alias/old-{key}"), false),
            Step::EnableRotation(key) => {
                let request = format!("{},\"rotationPeriodInDays\":{}", id(key), 90 + 5 * (at % 40));
                on_key("EnableKeyRotation", key, request, answer(key))
            }
            Step::RotateOnDemand(key) => on_key("RotateKeyOnDemand", key, id(key), answer(key)),
            Step::Rotated(key, on_demand) => {
                let before = material_id(keys[key].material_seed(self.generations[key]));
                self.generations[key] = self.generations[key].wrapping_add(1);
                let after = material_id(keys[key].material_seed(self.generations[key]));
                let kind = if on_demand { "ON_DEMAND" } else { "AUTOMATIC" };
                let mut fact = by_itself(on_key("RotateKey", key, nothing(), null()));
                fact.more = format!(
                    ",\"serviceEventDetails\":{{\"rotationType\":\"{kind}\",\"keyOrigin\":\"AWS_KMS\",\
                     \"previousKeyMaterialId\":\"{before}\",\"currentKeyMaterialId\":\"{after}\",{}}}",
                    id(key)
                );
                fact
            }
            Step::GetParameters(key) => {
                let request = format!(
                    "{},\"wrappingAlgorithm\":\"RSAES_OAEP_SHA_256\",\"wrappingKeySpec\":\"RSA_3072\"",
                    arn(key)
                );
                Fact { read_only: true, ..on_key("GetParametersForImport", key, request, null()) }
            }
            Step::Import(key) => {
                let valid_to = locale_date(at + 6 * 3600);
                let request = format!(
                    "{},\"validTo\":\"{valid_to}\",\"expirationModel\":\"KEY_MATERIAL_EXPIRES\",\
                     \"importType\":\"EXISTING_KEY_MATERIAL\"",
                    arn(key)
                );
                on_key("ImportKeyMaterial", key, request, material_answer(&keys[key]))
            }
            Step::DeleteMaterial(key) => {
                on_key("DeleteImportedKeyMaterial", key, arn(key), material_answer(&keys[key]))
            }
            Step::MaterialExpired(key) => {
                let mut fact = by_itself(on_key("DeleteExpiredKeyMaterial", key, nothing(), null()));
                let material = material_id(keys[key].material_seed(0));
                fact.more = format!(",\"serviceEventDetails\":{{{},\"keyMaterialId\":\"{material}\"}}", id(key));
                fact
            }
            Step::ScheduleDeletion(key) => {
                let response = format!(
                    "{{{},\"deletionDate\":\"{}\",\"keyState\":\"PendingDeletion\",\"pendingWindowInDays\":7}}",
                    arn(key),
                    locale_date(at + 7 * 86_400)
                );
                on_key("ScheduleKeyDeletion", key, format!("{},\"pendingWindowInDays\":7", id(key)), response)
            }
            Step::CancelDeletion(key) => on_key("CancelKeyDeletion", key, id(key), answer(key)),
            Step::Deleted(key) => {
                let mut fact = by_itself(on_key("DeleteKey", key, nothing(), null()));
                fact.more = format!(",\"serviceEventDetails\":{{{}}}", id(key));
                fact
            }
            Step::Disable(key) => on_key("DisableKey", key, id(key), answer(key)),
            Step::Enable(key) => on_key("EnableKey", key, id(key), answer(key)),
            Step::PutPolicy(key) => {
                let policy = policy(&population.accounts[keys[key].account]);
                let request = format!(
                    "{},\"policyName\":\"default\",\"policy\":\"{policy}\",\"bypassPolicyLockoutSafetyCheck\":false",
                    id(key)
                );
                on_key("PutKeyPolicy", key, request, answer(key))
            }
            Step::Tag(key) => {
                let project = ["atlas", "beacon", "comet"][key % 3];
                let tags = format!(
                    "\"tags\":[{{\"tagKey\":\"Project\",\"tagValue\":\"{project}\"}},\
                     {{\"tagKey\":\"CostCenter\",\"tagValue\":\"{}\"}}]",
                    4000 + key % 7
                );
                on_key("TagResource", key, format!("{},{tags}", arn(key)), answer(key))
            }
            Step::Untag(key) => {
                on_key("UntagResource", key, format!("{},\"tagKeys\":[\"CostCenter\"]", arn(key)), answer(key))
            }
            Step::Grant(key) => {
                let request = format!(
                    "{},\"granteePrincipal\":\"arn:aws:iam::{}:role/node-scaler\",\
                     \"operations\":[\"Decrypt\",\"GenerateDataKeyWithoutPlaintext\",\"ReEncryptFrom\"],\
                     \"constraints\":{{\"encryptionContextSubset\":{{\"aws:ebs:id\":\"vol-0{}\"}}}}",
                    arn(key),
                    population.accounts[keys[key].account],
                    hex(u64::from(at), 16)
                );
                let response = format!("{{\"grantId\":\"{}\",{}}}", grant_id(u64::from(at)), arn(key));
                on_key("CreateGrant", key, request, response)
            }
            Step::RetireGrant(key, grant) => {
                let mut fact = on_key("RetireGrant", key, nothing(), answer(key));
                fact.request = null();
                fact.more = format!(",\"additionalEventData\":{{\"grantId\":\"{}\"}}", grant_id(grant));
                fact
            }
            Step::AssumeTagged(account) => assumed_session(&population.accounts[account], account, at),
            Step::PutSelectors(account) => trail_change("PutEventSelectors", population, account),
            Step::StopLogging(account) => trail_change("StopLogging", population, account),
            Step::StartLogging(account) => trail_change("StartLogging", population, account),
        }
    }
}
