//! Two weeks of a key with a call every five minutes, then a storm of refused ones: an incident of the watch.

use keytide::store::Store;

use super::{take, time_text};
use crate::support::files;
use crate::support::record::{KEY, Record};
use crate::support::stores::passing_folder;

/// Minutes from 2026-01-05T00:00:00Z to noon of the fifteenth day.
pub(super) const STORM: u32 = 14 * 1440 + 720;

/// The key's files as far as they have come.
pub(super) struct Storm {
    pub store: Store,
    _dir: tempfile::TempDir,
    folder: tempfile::TempDir,
}

impl Storm {
    /// The two weeks, and the storm up to a minute after its begin; the watermark is fifteen minutes before.
    pub(super) fn new(minutes: u32) -> Self {
        let mut storm = Storm::coming();
        storm.deliver(STORM..STORM + minutes, 6);
        storm
    }

    /// The two weeks before it.
    pub(super) fn coming() -> Self {
        let (dir, folder) = (passing_folder(), passing_folder());
        let store = Store::open_for_writing(dir.path()).unwrap();
        let mut storm = Storm { store, _dir: dir, folder };
        storm.deliver(0..STORM, 0);
        storm
    }

    /// A calm hour and a half after it.
    pub(super) fn passes(&mut self, minutes: u32) {
        self.deliver(STORM + minutes..STORM + minutes + 90, 0);
    }

    /// The minutes of a range, so many refused calls in each. What came before of them doesn't count again.
    pub(super) fn deliver(&mut self, minutes: std::ops::Range<u32>, refused: u32) {
        let calls = minutes.clone().flat_map(|minute| (0..refused).map(move |number| (minute, number)));
        let calm = minutes.clone().step_by(5).map(|minute| (minute, 59));
        let record = |minute: u32, number: u32| {
            let id = format!("{minute:08x}-0000-4000-8000-{number:012x}");
            Record::call("Decrypt").key(KEY).id(&id).with("eventTime", time_text(minute, number))
        };
        let refused = calls.map(|(minute, number)| record(minute, number).error("AccessDenied").value());
        let records: Vec<_> = refused.chain(calm.map(|(minute, number)| record(minute, number).value())).collect();
        let name = format!("{}.json", minutes.start);
        take(&mut self.store, vec![files::write(self.folder.path(), &name, &files::log_file(&records))]);
    }
}
