//! Records of what happens to keys, to sessions with tags and to the trail itself.

use super::agenda::{Agenda, Step};
use super::delivery::{Delivery, Event, What};
use super::error::SynthError;
use super::fact::{Fact, assumed_session, record, trail_change};
use super::key_step::KeyStep;
use super::template::event_id;
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
        let on = |key| KeyStep { world, key, at };
        match step {
            Step::Create(key) | Step::CreateReplica(key) => on(key).creates(),
            Step::Replicate(key) => on(key).replicates(),
            Step::CreateAlias(key, true) => on(key).sets_alias("CreateAlias", &population.keys[key].alias),
            Step::CreateAlias(key, false) => on(key).sets_alias("CreateAlias", &format!("alias/blue-{key}")),
            Step::UpdateAlias(key) => on(key).sets_alias("UpdateAlias", "alias/current"),
            Step::DeleteAlias(key) => on(key).deletes_alias(&format!("alias/old-{key}")),
            Step::EnableRotation(key) => on(key).enables_rotation(),
            Step::RotateOnDemand(key) => on(key).asks_for_key("RotateKeyOnDemand"),
            Step::Rotated(key, on_demand) => {
                let generation = self.generations[key];
                self.generations[key] = generation.wrapping_add(1);
                on(key).is_rotated(on_demand, generation)
            }
            Step::GetParameters(key) => on(key).gets_parameters(),
            Step::Import(key) => on(key).imports_material(),
            Step::DeleteMaterial(key) => on(key).deletes_material(),
            Step::MaterialExpired(key) => on(key).loses_material(),
            Step::ScheduleDeletion(key) => on(key).schedules_deletion(),
            Step::CancelDeletion(key) => on(key).asks_for_key("CancelKeyDeletion"),
            Step::Deleted(key) => on(key).is_deleted(),
            Step::Disable(key) => on(key).asks_for_key("DisableKey"),
            Step::Enable(key) => on(key).asks_for_key("EnableKey"),
            Step::PutPolicy(key) => on(key).puts_policy(),
            Step::Tag(key) => on(key).tags(),
            Step::Untag(key) => on(key).untags(),
            Step::Grant(key) => on(key).grants(),
            Step::RetireGrant(key, grant) => on(key).retires_grant(grant),
            Step::AssumeTagged(account) => assumed_session(&population.accounts[account], account, at),
            Step::PutSelectors(account) => trail_change("PutEventSelectors", population, account),
            Step::StopLogging(account) => trail_change("StopLogging", population, account),
            Step::StartLogging(account) => trail_change("StartLogging", population, account),
        }
    }
}
