//! What happens to keys when: births at the start, then a few changes a day, and what follows from each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::population::Population;
use super::random::Chance;
use super::spec::Spec;

/// A change to a key (an index), to an account's sessions or to its trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Create(usize),
    CreateReplica(usize),
    Replicate(usize),
    /// The key's own alias, or another one.
    CreateAlias(usize, bool),
    UpdateAlias(usize),
    DeleteAlias(usize),
    EnableRotation(usize),
    RotateOnDemand(usize),
    Rotated(usize, bool),
    GetParameters(usize),
    Import(usize),
    DeleteMaterial(usize),
    MaterialExpired(usize),
    ScheduleDeletion(usize),
    CancelDeletion(usize),
    Deleted(usize),
    Disable(usize),
    Enable(usize),
    PutPolicy(usize),
    Tag(usize),
    Untag(usize),
    Grant(usize),
    RetireGrant(usize, u64),
    AssumeTagged(usize),
    PutSelectors(usize),
    StopLogging(usize),
    StartLogging(usize),
}

const HOUR: u32 = 3600;
const DAY: u32 = 86_400;

/// Steps to come. Each step begets at most one, so it holds no more than the steps of a day and a follow-up a key.
pub(super) struct Agenda {
    steps: BinaryHeap<Reverse<(u32, u64, Step)>>,
    planned: u64,
    chance: Chance,
    start: u32,
}

impl Agenda {
    /// With every second key being born as the trail starts.
    pub(super) fn new(population: &Population, start: u32, chance: Chance) -> Self {
        let mut agenda = Self { steps: BinaryHeap::new(), planned: 0, chance, start };
        for (at, key) in population.keys.iter().enumerate() {
            if !is_born(at) {
                continue;
            }
            let replica = population.keys[..at].iter().position(|primary| primary.id == key.id);
            let second = start + agenda.chance.below(20);
            match replica {
                Some(primary) => {
                    agenda.plan(second, Step::Replicate(primary));
                    agenda.plan(second + 1, Step::CreateReplica(at));
                }
                None => agenda.plan(second, Step::Create(at)),
            }
            agenda.plan(second + 20, Step::CreateAlias(at, true));
        }
        agenda
    }

    /// Plans a step.
    pub(super) fn plan(&mut self, second: u32, step: Step) {
        self.planned += 1;
        self.steps.push(Reverse((second, self.planned, step)));
    }

    /// Plans the steps of a day, given its first second and that of the trail's end.
    pub(super) fn plan_day(&mut self, population: &Population, day_start: u32, end: u32) {
        let length = (end - day_start).min(DAY);
        let first = day_start == self.start;
        let keys = &population.keys[..population.used];
        let symmetric: Vec<usize> = (0..keys.len()).filter(|&at| keys[at].spec == Spec::Symmetric).collect();
        let imported = (0..population.keys.len()).filter(|&at| population.keys[at].imported);
        let imported: Vec<usize> = imported.collect();
        // Every kind of step on the first day; later a few, more for more keys.
        let rounds = if first { 12 } else { 5 + keys.len() / 40 };
        for round in 0..rounds {
            let kind = if first { round as u32 } else { self.chance.below(12) };
            let key = symmetric[self.chance.index(symmetric.len())];
            let step = match kind {
                0 => Step::EnableRotation(key),
                1 => Step::RotateOnDemand(key),
                2 => Step::Rotated(key, false),
                3 => Step::PutPolicy(key),
                4 => Step::Tag(key),
                5 => Step::Untag(key),
                6 => Step::Grant(key),
                7 => Step::CreateAlias(key, false),
                8 => Step::UpdateAlias(key),
                9 => Step::DeleteAlias(key),
                10 => match imported.as_slice() {
                    [] => Step::Tag(key),
                    imported => Step::GetParameters(imported[self.chance.index(imported.len())]),
                },
                _ => Step::PutSelectors(self.chance.index(population.accounts.len())),
            };
            let second = day_start + 60 + self.chance.below(length.max(61) - 60);
            self.plan(second, step);
        }
        for _ in 0..4 {
            let account = self.chance.index(population.accounts.len());
            let second = day_start + self.chance.below(length);
            self.plan(second, Step::AssumeTagged(account));
        }
        if first {
            self.plan_retirements(population);
            self.plan(self.start + 2 * HOUR, Step::StopLogging(population.accounts.len() - 1));
        }
    }

    /// The keys without use are retired: one after the other disabled or scheduled for deletion.
    fn plan_retirements(&mut self, population: &Population) {
        for key in population.used..population.keys.len() {
            let second = self.start + 600 + self.chance.below(HOUR);
            match (population.keys[key].imported, key % 2) {
                (true, _) => self.plan(second, Step::GetParameters(key)),
                (false, 0) => self.plan(second, Step::ScheduleDeletion(key)),
                (false, _) => self.plan(second, Step::Disable(key)),
            }
        }
        if let Some(only) = population.keys.last() {
            // A trail with one retired key still has a deletion.
            if population.keys.len() == population.used + 1 && only.imported {
                self.plan(self.start + 2 * HOUR, Step::ScheduleDeletion(population.used));
                self.plan(self.start + 3 * HOUR, Step::Disable(population.used));
            }
        }
    }

    /// The next step before a second, and what follows from it planned.
    pub(super) fn next_before(&mut self, second: u32, population: &Population) -> Option<(u32, Step)> {
        let Reverse((at, _, step)) = *self.steps.peek()?;
        if at >= second {
            return None;
        }
        self.steps.pop();
        let retired = |key: usize| key >= population.used;
        match step {
            Step::RotateOnDemand(key) => self.plan(at + 420, Step::Rotated(key, true)),
            Step::GetParameters(key) => self.plan(at + 900, Step::Import(key)),
            // The material of a retired key expires or is deleted, and comes back.
            Step::Import(key) if retired(key) && self.chance.happens(0.5) => {
                self.plan(at + 6 * HOUR, Step::MaterialExpired(key));
            }
            Step::Import(key) if retired(key) => self.plan(at + 2 * HOUR, Step::DeleteMaterial(key)),
            Step::MaterialExpired(key) | Step::DeleteMaterial(key) => {
                self.plan(at + 5 * HOUR, Step::GetParameters(key));
            }
            Step::ScheduleDeletion(key) if self.chance.happens(0.5) => {
                self.plan(at + 20 * HOUR, Step::CancelDeletion(key));
            }
            Step::ScheduleDeletion(key) => self.plan(at + 7 * DAY, Step::Deleted(key)),
            Step::CancelDeletion(key) => self.plan(at + HOUR, Step::Enable(key)),
            Step::Disable(key) => self.plan(at + 9 * HOUR, Step::Enable(key)),
            Step::Enable(key) => self.plan(at + DAY, Step::ScheduleDeletion(key)),
            Step::StopLogging(account) => self.plan(at + 600, Step::StartLogging(account)),
            Step::Grant(key) => self.plan(at + 1800, Step::RetireGrant(key, u64::from(at))),
            _ => {}
        }
        Some((at, step))
    }
}

/// Whether a key is created as the trail starts; the others are older.
pub(super) fn is_born(key: usize) -> bool {
    key.is_multiple_of(2)
}
