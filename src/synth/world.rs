//! The trail's cast, fixed before the first minute: who calls what how often.

use super::caller::{Callers, Principal};
use super::error::SynthError;
use super::flow::Flow;
use super::flows::Flows;
use super::incident::Incident;
use super::noise;
use super::options::SynthOptions;
use super::population::Population;
use super::random::Chance;
use crate::domain::Operation;

/// Flows that rise and fall together: those of a key, or the noise of an account and Region.
pub(super) struct Source {
    /// Mean calls a minute.
    pub per_minute: f64,
    /// Its rhythm, as an index.
    pub rhythm: usize,
    /// The shape of the negative binomial.
    pub shape: f64,
    /// Its flows, each with the sum of the shares up to it; the last sum is 1.
    pub flows: Vec<(f64, usize)>,
}

impl Source {
    /// Draws one of the flows.
    pub(super) fn draw(&self, chance: &mut Chance) -> usize {
        let at = chance.unit();
        let place = self.flows.partition_point(|(sum, _)| *sum <= at);
        self.flows[place.min(self.flows.len() - 1)].1
    }
}

/// Everything that doesn't change while the trail is made.
pub(super) struct World {
    pub population: Population,
    pub callers: Callers,
    pub flows: Vec<Flow>,
    /// Each account's administrator of keys, as a caller.
    pub admins: Vec<usize>,
    /// The sources; the first ones are the keys', in the keys' order.
    pub sources: Vec<Source>,
}

impl World {
    /// Draws the cast, and finds the incidents in it.
    pub(super) fn new(options: &SynthOptions, chance: &mut Chance) -> Result<(Self, Vec<Incident>), SynthError> {
        let population = Population::new(options, chance);
        let mut callers = Callers::new();
        let (mut flows, mut sources) = (Vec::new(), Vec::new());
        let (start, end) = options.minutes()?;
        let mut incidents = Vec::with_capacity(options.incidents.len());
        for spec in &options.incidents {
            incidents.push(Incident::new(spec, &population, (start * 60, end * 60))?);
        }
        let cross_account_share = options.cross_account_share;
        let mut making = Flows { population: &population, callers: &mut callers, chance, cross_account_share };

        let total: f64 = population.keys.iter().map(|key| key.weight).sum();
        // One call in a hundred is GenerateRandom.
        let per_minute = options.rate * 60.0;
        for (at, key) in population.keys[..population.used].iter().enumerate() {
            let mean = 0.99 * per_minute * key.weight / total;
            sources.push(source(mean, key.rhythm, key.shape, making.of_key(at), &mut flows));
        }
        for incident in &mut incidents {
            incident.flow = flows.len();
            flows.push(making.runaway(incident.key));
        }
        let lanes = population.lanes();
        let main_lane = |lane: usize| 1.0 / (lane as f64 + 1.0);
        let lane_total: f64 = (0..lanes).map(main_lane).sum();
        let calls_share = options.rate * 60.0 / lane_total;
        for lane in 0..lanes {
            let (account, region) = (lane / population.regions.len(), lane % population.regions.len());
            let random = vec![(1.0, making.random_bytes(account, region))];
            sources.push(source(0.01 * calls_share * main_lane(lane), 0, 8.0, random, &mut flows));
        }
        for lane in 0..lanes {
            let asked = noise::flows(&population, &mut callers, chance, lane, true);
            sources.push(source(0.01 * calls_share * main_lane(lane), 1, 8.0, asked, &mut flows));
        }
        // A call has as many records as trails have it, so other services' events are measured against those.
        let kms_records: f64 = sources.iter().map(|source| records_per_minute(source, &flows)).sum();
        let others = kms_records * (1.0 - options.kms_share) / options.kms_share;
        if others > 0.0 {
            for lane in 0..lanes {
                let mean = others * main_lane(lane) / lane_total;
                let noise = noise::flows(&population, &mut callers, chance, lane, false);
                sources.push(source(mean, lane % 3, 10.0, noise, &mut flows));
            }
        }
        let mut admins = Vec::with_capacity(population.accounts.len());
        for account in population.accounts.iter().enumerate() {
            let account = (account.0, account.1.as_str());
            admins.push(callers.of_account(account, Principal::Role, "key-admin", "", chance));
        }
        Ok((Self { population, callers, flows, admins, sources }, incidents))
    }

    /// The usual number of Decrypt calls a minute of a key.
    pub(super) fn decrypts_per_minute(&self, key: usize) -> f64 {
        let source = &self.sources[key];
        let mut before = 0.0;
        let mut share = 0.0;
        for &(sum, flow) in &source.flows {
            if self.flows[flow].operation == Some(Operation::Decrypt) {
                share += sum - before;
            }
            before = sum;
        }
        source.per_minute * share
    }
}

fn records_per_minute(source: &Source, flows: &[Flow]) -> f64 {
    let mut before = 0.0;
    let mut records = 0.0;
    for &(sum, flow) in &source.flows {
        records += (sum - before) * flows[flow].lanes.len() as f64;
        before = sum;
    }
    source.per_minute * records
}

fn source(per_minute: f64, rhythm: usize, shape: f64, drawn: Vec<(f64, Flow)>, flows: &mut Vec<Flow>) -> Source {
    let total: f64 = drawn.iter().map(|(share, _)| share).sum();
    let mut sum = 0.0;
    let mut sums = Vec::with_capacity(drawn.len());
    for (share, flow) in drawn {
        sum += share / total;
        sums.push((sum, flows.len()));
        flows.push(flow);
    }
    Source { per_minute, rhythm, shape, flows: sums }
}
