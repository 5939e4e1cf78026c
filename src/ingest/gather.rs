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
    /// Bytes of text in the batch, about.
    text_bytes: usize,
    recent: Recent,
    report: IngestReport,
}

/// Objects, facts and bytes of text a batch, where requests are few.
const BATCH_OBJECTS: usize = 20_000;
const BATCH_FACTS: usize = 20_000;
const BATCH_TEXT_BYTES: usize = 32 << 20;

/// The objects that came last: the same content twice in one ingest. A reader looks at the store before its next few
/// files, so it knows those that are committed for longer; and what slipped through would be dropped as copies, request
/// by request.
#[derive(Default)]
struct Recent {
    last: HashSet<ObjectId>,
    before: HashSet<ObjectId>,
}

impl Recent {
    const OBJECTS: usize = 10 * BATCH_OBJECTS;

    /// Notes an object; whether it is new.
    fn insert(&mut self, object: ObjectId) -> bool {
        if self.before.contains(&object) || !self.last.insert(object) {
            return false;
        }
        if self.last.len() >= Self::OBJECTS {
            self.before = std::mem::take(&mut self.last);
        }
        true
    }
}

impl<'g> Gatherer<'g> {
    pub(super) fn new(
        store: &'g mut Store,
        options: &'g IngestOptions,
        profiles: &'g Profiles,
        clock: &'g dyn Clock,
        monitor: &'g dyn Monitor,
    ) -> Self {
        let (batch, recent, report) = (NewBatch::default(), Recent::default(), IngestReport::default());
        Self { store, options, profiles, clock, monitor, batch, text_bytes: 0, recent, report }
    }

    /// Notes objects that could not be read once and are no trouble any more.
    pub(super) fn release(&mut self, names: impl IntoIterator<Item = String>) {
        self.batch.released.extend(names);
    }

    pub(super) fn add(&mut self, taken: Taken) -> Result<(), StoreError> {
        let text_bytes = taken.text_bytes();
        let progress = &mut self.report.progress;
        progress.objects += u64::from(taken.known || taken.object.is_some() || taken.quarantined.is_some());
        progress.bytes += taken.bytes;
        progress.known_objects += u64::from(taken.known);
        if let Some(quarantined) = taken.quarantined {
            self.report.quarantined.push((quarantined.name.clone(), quarantined.detail.clone()));
            self.batch.quarantined.push(quarantined);
        }
        if let Some(object) = taken.object {
            if self.recent.insert(object.id) {
                let counts = &object.counts;
                progress.records += counts.records();
                progress.requests += counts.requests;
                progress.calls += counts.calls;
                progress.outside_range += counts.outside_range;
                progress.recordless_objects += u64::from(counts.records() == 0);
                for (reason, count) in &object.rejects.by_reason {
                    *self.report.rejects.entry(reason.code()).or_default() += count;
                }
                self.text_bytes += text_bytes;
                self.batch.requests.add(&taken.rows, &taken.ids);
                self.batch.facts.extend(taken.facts);
                self.batch.objects.push(object);
            } else {
                progress.known_objects += 1;
            }
        }
        self.batch.released.extend(taken.released);
        self.monitor.progress(&self.report.progress);
        let full = self.batch.requests.len() >= self.options.batch_requests
            || self.batch.objects.len() >= BATCH_OBJECTS
            || self.batch.facts.len() >= BATCH_FACTS
            || self.text_bytes >= BATCH_TEXT_BYTES;
        if full { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut self.batch);
        self.text_bytes = 0;
        if batch.objects.is_empty() && batch.quarantined.is_empty() && batch.released.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_objects_are_known_again_and_memory_does_not_grow() {
        let mut recent = Recent::default();
        for id in 0..3 * Recent::OBJECTS as u128 {
            assert!(recent.insert(ObjectId(id)));
            assert!(!recent.insert(ObjectId(id)));
            assert!(!recent.insert(ObjectId(id.saturating_sub(Recent::OBJECTS as u128 - 1))));
            assert!(recent.last.len() + recent.before.len() <= 2 * Recent::OBJECTS);
        }
    }
}
