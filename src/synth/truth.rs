//! What a correct reader must find, written down as the calls are made and never read back from the trail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::SynthError;
use super::flow::{DESTINATION, Ending, Flow, Mask, Named, SOURCE};
use super::incident::Incident;
use super::record::key_name;
use super::seconds::Pools;
use super::template::push_time;
use super::world::World;
use crate::domain::Operation;

/// Counts of the five outcomes.
type Counts = [u64; 5];

/// A file of the truth, and its path for errors.
pub(super) struct Table {
    file: BufWriter<File>,
    path: PathBuf,
}

impl Table {
    /// A new file with its header.
    pub(super) fn new(folder: &Path, name: &str, header: &str) -> Result<Self, SynthError> {
        let path = folder.join(name);
        let file = File::create(&path).map_err(SynthError::writing(&path))?;
        let mut table = Self { file: BufWriter::new(file), path };
        table.line(header)?;
        Ok(table)
    }

    /// Writes a line.
    pub(super) fn line(&mut self, line: &str) -> Result<(), SynthError> {
        writeln!(self.file, "{line}").map_err(SynthError::writing(&self.path))
    }

    /// Writes out what is buffered.
    pub(super) fn finish(mut self) -> Result<(), SynthError> {
        self.file.flush().map_err(SynthError::writing(&self.path))
    }
}

/// `2026-01-05T10:00:00Z`.
pub(super) fn time(second: u32) -> String {
    let mut text = Vec::with_capacity(20);
    push_time(second, &mut text);
    String::from_utf8(text).expect("digits are ASCII")
}

fn columns(counts: &Counts) -> String {
    counts.map(|count| count.to_string()).join(",")
}

/// The truth of the trail so far.
pub(super) struct Truth {
    minutes: Table,
    unattributed: Table,
    /// The open minute's counts by (place of the key's ARN among all, operation).
    open: hashbrown::HashMap<(u32, Operation), Counts>,
    open_unattributed: BTreeMap<(String, Operation, &'static str), u64>,
    /// Each key's place among the sorted ARNs, and the keys in that order.
    rank: Vec<u32>,
    by_rank: Vec<usize>,
    /// For each flow the counts of the calls that count for no key, the source, the destination, both.
    callers: Vec<[Counts; 4]>,
    /// Requests by quota pool and second.
    pub pools: Pools,
    /// Distinct calls.
    pub calls: u64,
    /// Distinct calls that succeeded.
    pub successful: u64,
}

impl Truth {
    /// Opens the files.
    pub(super) fn new(folder: &Path, world: &World) -> Result<Self, SynthError> {
        let keys = &world.population.keys;
        let mut by_rank: Vec<usize> = (0..keys.len()).collect();
        by_rank.sort_by(|&a, &b| keys[a].arn.cmp(&keys[b].arn));
        let mut rank = vec![0; keys.len()];
        for (place, &key) in by_rank.iter().enumerate() {
            rank[key] = u32::try_from(place).expect("there are at most a million keys");
        }
        let outcomes = "successful,throttled,denied,failed,dry_run";
        Ok(Self {
            minutes: Table::new(folder, "minutes.csv", &format!("minute,key_arn,operation,{outcomes}"))?,
            unattributed: Table::new(folder, "unattributed.csv", "minute,key_ref,operation,reason,calls")?,
            open: hashbrown::HashMap::new(),
            open_unattributed: BTreeMap::new(),
            rank,
            by_rank,
            callers: vec![[[0; 5]; 4]; world.flows.len()],
            pools: Pools::new(world),
            calls: 0,
            successful: 0,
        })
    }

    /// Counts an event of a flow, once for all of its copies.
    pub(super) fn count(&mut self, world: &World, at: usize, ending: Ending, second: u32) {
        let flow = &world.flows[at];
        self.pools.count_flow(at, second, ending == Ending::Throttled);
        let Some(operation) = flow.operation else { return };
        let outcome = ending.outcome() as usize;
        self.calls += 1;
        self.successful += u64::from(ending == Ending::Success);
        if !operation.uses_key() {
            return;
        }
        let mask = flow.keys(ending);
        self.callers[at][usize::from(mask)][outcome] += 1;
        let (first, second_key) = keys_of(flow, mask);
        for key in [first, second_key].into_iter().flatten() {
            self.open.entry((self.rank[key], operation)).or_default()[outcome] += 1;
        }
        if mask == 0 && ending == Ending::Success {
            let (key_ref, reason) = reference(world, flow);
            *self.open_unattributed.entry((key_ref, operation, reason)).or_default() += 1;
        }
    }

    /// Writes down a minute (its first second), of which no more calls will come.
    pub(super) fn close_minute(&mut self, world: &World, minute_start: u32) -> Result<(), SynthError> {
        let minute = time(minute_start);
        let mut rows: Vec<((u32, Operation), Counts)> = self.open.drain().collect();
        rows.sort_unstable();
        for ((rank, operation), counts) in rows {
            let arn = &world.population.keys[self.by_rank[rank as usize]].arn;
            self.minutes.line(&format!("{minute},{arn},{operation},{}", columns(&counts)))?;
        }
        for ((key_ref, operation, reason), calls) in std::mem::take(&mut self.open_unattributed) {
            self.unattributed.line(&format!("{minute},{key_ref},{operation},{reason},{calls}"))?;
        }
        self.pools.close_minute(minute_start);
        Ok(())
    }

    /// Writes the totals.
    pub(super) fn finish(self, folder: &Path, world: &World, incidents: &[Incident]) -> Result<(), SynthError> {
        let header = "account,principal,service,resource,key_arn,operation,successful,throttled,denied,failed,dry_run";
        let mut table = Table::new(folder, "callers.csv", header)?;
        for (row, counts) in caller_rows(world, &self.callers) {
            table.line(&format!("{},{}", row.join(","), columns(&counts)))?;
        }
        table.finish()?;
        self.pools.finish(folder)?;
        write_keys(folder, world)?;
        write_incidents(folder, world, incidents)?;
        self.minutes.finish()?;
        self.unattributed.finish()
    }
}

/// The distinct keys that a call counts for.
fn keys_of(flow: &Flow, mask: Mask) -> (Option<usize>, Option<usize>) {
    let source = flow.source.filter(|_| mask & SOURCE != 0);
    let destination = flow.destination.filter(|_| mask & DESTINATION != 0);
    (source, destination.filter(|_| destination != source))
}

/// What an unattributed request names, and why that tells no key.
fn reference(world: &World, flow: &Flow) -> (String, &'static str) {
    let named = match (flow.named, flow.destination) {
        (Named::Absent, Some(_)) => (flow.source_named, flow.source),
        (named, Some(destination)) => (named, Some(destination)),
        (named, None) => (named, flow.source),
    };
    let key = named.1.map(|key| &world.population.keys[key]);
    let name = key.and_then(|key| key_name(key, &world.population, named.0)).unwrap_or_default();
    let reason = match named.0 {
        Named::Absent => "none",
        Named::Id => "key-id",
        Named::Alias | Named::AliasArn => "alias",
        Named::Arn => unreachable!("a request that names a key's ARN counts for the key"),
    };
    (name, reason)
}

/// Totals by caller and key. A call that counts for no key has an empty key.
fn caller_rows(world: &World, callers: &[[Counts; 4]]) -> BTreeMap<[String; 6], Counts> {
    let mut rows: BTreeMap<[String; 6], Counts> = BTreeMap::new();
    for (flow, by_mask) in world.flows.iter().zip(callers) {
        let Some(operation) = flow.operation else { continue };
        let caller = world.callers.get(flow.caller);
        let account = caller.account.map_or("", |account| &world.population.accounts[account]);
        for (mask, counts) in by_mask.iter().enumerate() {
            if counts.iter().all(|count| *count == 0) {
                continue;
            }
            let (first, second) = keys_of(flow, mask as Mask);
            let arns: BTreeSet<&str> = if mask == 0 {
                BTreeSet::from([""])
            } else {
                [first, second].into_iter().flatten().map(|key| world.population.keys[key].arn.as_str()).collect()
            };
            for arn in arns {
                let texts = [account, &caller.principal, caller.invoked_by, &flow.context.resource, arn];
                let [account, principal, service, resource, arn] = texts.map(str::to_owned);
                let row = [account, principal, service, resource, arn, operation.name().to_owned()];
                let total = rows.entry(row).or_default();
                for (total, count) in total.iter_mut().zip(counts) {
                    *total += count;
                }
            }
        }
    }
    rows
}

fn write_keys(folder: &Path, world: &World) -> Result<(), SynthError> {
    let mut table = Table::new(folder, "keys.csv", "index,key_arn,alias,spec,usage,origin,in_use")?;
    for (at, key) in world.population.keys.iter().enumerate() {
        let (spec, usage) = (key.spec.name(), key.spec.usage());
        let origin = if key.imported { "EXTERNAL" } else { "AWS_KMS" };
        let used = key.weight > 0.0;
        table.line(&format!("{at},{},{},{spec},{usage},{origin},{used}", key.arn, key.alias))?;
    }
    table.finish()
}

fn write_incidents(folder: &Path, world: &World, incidents: &[Incident]) -> Result<(), SynthError> {
    let header = "kind,key_arn,operation,start,end,factor,principal,resource,excess_calls";
    let mut table = Table::new(folder, "incidents.csv", header)?;
    for incident in incidents {
        let flow = &world.flows[incident.flow];
        let (start, end) = (time(incident.start), time(incident.end));
        let principal = &world.callers.get(flow.caller).principal;
        table.line(&format!(
            "runaway,{},Decrypt,{start},{end},{},{principal},{},{}",
            world.population.keys[incident.key].arn, incident.factor, flow.context.resource, incident.excess
        ))?;
    }
    table.finish()
}
