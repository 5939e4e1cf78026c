//! Objects to batches.

use hashbrown::HashSet;

use super::monitor::Monitor;
use super::reader::Taken;
use super::{IngestOptions, IngestReport};
use crate::domain::Clock;
use crate::store::{NewBatch, ObjectId, Store, StoreError};
use crate::tally::Profiles;

/// Collects what the readers send, and commits it batch by batch.
pub(super) struct Gatherer<'g> {
    store: &'g mut Store,
    options: &'g IngestOptions,
    profiles: &'g Profiles,
    clock: &'g dyn Clock,
    monitor: &'g dyn Monitor,
    batch: NewBatch,
    /// Objects of this ingest: the same content twice in one run.
    seen: HashSet<ObjectId>,
    report: IngestReport,
}

/// Objects and facts a batch, where requests are few.
const BATCH_OBJECTS: usize = 20_000;
const BATCH_FACTS: usize = 20_000;

impl<'g> Gatherer<'g> {
    pub(super) fn new(
        store: &'g mut Store,
        options: &'g IngestOptions,
        profiles: &'g Profiles,
        clock: &'g dyn Clock,
        monitor: &'g dyn Monitor,
    ) -> Self {
        let (batch, seen, report) = (NewBatch::default(), HashSet::new(), IngestReport::default());
        Self { store, options, profiles, clock, monitor, batch, seen, report }
    }

    pub(super) fn add(&mut self, taken: Taken) -> Result<(), StoreError> {
        let progress = &mut self.report.progress;
        progress.objects += 1;
        progress.bytes += taken.bytes;
        progress.known_objects += u64::from(taken.known);
        if let Some(quarantined) = taken.quarantined {
            self.report.quarantined.push((quarantined.name.clone(), quarantined.detail.clone()));
            self.batch.quarantined.push(quarantined);
        }
        if let Some(object) = taken.object {
            if self.seen.insert(object.id) {
                let counts = &object.counts;
                progress.records += counts.records();
                progress.requests += counts.requests;
                progress.calls += counts.calls;
                progress.outside_range += counts.outside_range;
                progress.recordless_objects += u64::from(counts.records() == 0);
                for reject in &object.rejects {
                    *self.report.rejects.entry(reject.reason.code()).or_default() += 1;
                }
                self.batch.requests.add(&taken.rows, &taken.ids);
                self.batch.facts.extend(taken.facts);
                self.batch.objects.push(object);
            } else {
                progress.known_objects += 1;
            }
        }
        self.monitor.progress(&self.report.progress);
        let full = self.batch.requests.len() >= self.options.batch_requests
            || self.batch.objects.len() >= BATCH_OBJECTS
            || self.batch.facts.len() >= BATCH_FACTS;
        if full { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut self.batch);
        if batch.objects.is_empty() && batch.quarantined.is_empty() {
            return Ok(());
        }
        let committed = self.store.commit(batch, self.profiles, self.clock.now())?;
        self.report.new_requests += committed.new_requests;
        self.report.duplicates += committed.duplicates;
        self.report.new_facts += committed.new_facts;
        self.report.batches += 1;
        self.monitor.committed(&self.report.progress);
        Ok(())
    }

    /// Commits what is left.
    pub(super) fn finish(mut self) -> Result<IngestReport, StoreError> {
        self.commit()?;
        Ok(self.report)
    }
}
