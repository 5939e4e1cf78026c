//! Rounds over a synthetic trail: late counts, restarts, damage and a clock that jumps back change nothing of what is
//! known in the end.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::Duration;
use keytide::store::Store;
use keytide::synth::{SynthOptions, generate};
use keytide::watch::Watch;

use super::{calls_alone, delivered, now, setup, take};
use crate::support::stores::passing_folder;

/// Twelve days with one runaway on the last; the files with the time of their delivery, as their names have it.
fn trail(folder: &Path) -> Vec<(String, PathBuf)> {
    let options = SynthOptions {
        seed: 5,
        seconds: 12 * 86_400,
        rate: 0.02,
        keys: 4,
        accounts: 1,
        incidents: vec!["runaway:0:11d9h:60m:80".parse().unwrap()],
        ..calls_alone()
    };
    generate(&options, folder, &mut |_| {}).unwrap();
    delivered(folder)
}

fn between(files: &[(String, PathBuf)], since: &str, until: &str) -> Vec<PathBuf> {
    let is_in = |(time, _): &&(String, PathBuf)| since <= time.as_str() && time.as_str() < until;
    files.iter().filter(is_in).map(|(_, path)| path.clone()).collect()
}

pub(super) type Known = (BTreeMap<String, Vec<u8>>, Vec<(i64, Option<i64>)>);

pub(super) fn assert_same(ours: &Known, theirs: &Known) {
    assert_eq!(ours.1, theirs.1);
    assert!(ours.0.keys().eq(theirs.0.keys()), "other series");
    let differ: Vec<&String> =
        ours.0.iter().filter(|(name, bytes)| theirs.0[*name] != **bytes).map(|one| one.0).collect();
    assert!(differ.is_empty(), "{} of {} models differ, as of {:?}", differ.len(), ours.0.len(), differ.first());
}

/// Every model's bytes as of now, and the incidents: onset, end, series in numbers.
pub(super) fn known(watch: &mut Watch, store: &mut Store) -> Known {
    watch.save(store).unwrap();
    let mut models = BTreeMap::new();
    let saved = store.saved_models().unwrap();
    store.read_models(&saved[0], |name, bytes| drop(models.insert(name.to_owned(), bytes.to_vec()))).unwrap();
    let incidents = store.incidents_since(0).unwrap();
    (models, incidents.iter().map(|row| (row.onset, row.resolved_at)).collect())
}

fn damage_models(dir: &Path) {
    for entry in fs::read_dir(dir.join("models")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn late_counts_restarts_and_damage_lead_to_what_an_undisturbed_watch_knows() {
    let folder = passing_folder();
    let files = trail(&folder.path().join("trail"));
    let (first, last) = ("20260105", "20260117T9");
    let (saved, late, later) = ("20260115T0000Z", "20260115T1200Z", "20260115T1800Z");

    let (plain, disturbed) = (passing_folder(), passing_folder());
    let mut store = Store::open_for_writing(plain.path()).unwrap();
    let mut watch = Watch::open(&store, setup()).unwrap();
    take(&mut store, between(&files, first, saved));
    watch.round(&mut store, now()).unwrap();
    take(&mut store, between(&files, saved, last));
    watch.round(&mut store, now()).unwrap();
    let expected = known(&mut watch, &mut store);
    assert!(!expected.1.is_empty());
    let owed = store.outbox_depth().unwrap().owed;

    let mut store = Store::open_for_writing(disturbed.path()).unwrap();
    let mut watch = Watch::open(&store, setup()).unwrap();
    take(&mut store, between(&files, first, saved));
    watch.round(&mut store, now()).unwrap();
    // A part of a day comes after the rest of it, and the watch was saved in between.
    take(&mut store, between(&files, saved, late));
    take(&mut store, between(&files, later, "20260116T0300Z"));
    watch.round(&mut store, now()).unwrap();
    let mut watch = Watch::open(&store, setup()).unwrap();
    take(&mut store, between(&files, late, later));
    assert!(watch.round(&mut store, now()).unwrap().looked_again);
    let mut watch = Watch::open(&store, setup()).unwrap();
    take(&mut store, between(&files, "20260116T0300Z", last));
    watch.round(&mut store, now()).unwrap();
    let mut watch = Watch::open(&store, setup()).unwrap();
    let report = watch.round(&mut store, now() - Duration::days(3)).unwrap();
    assert_eq!((report.owed, report.begun.len()), (0, 0), "an earlier now pages nobody");
    assert_same(&known(&mut watch, &mut store), &expected);
    assert_eq!(store.outbox_depth().unwrap().owed, owed);

    // Models that can't be read are learned again, and nobody is paged again.
    drop(store);
    damage_models(disturbed.path());
    let mut store = Store::open_for_writing(disturbed.path()).unwrap();
    let mut watch = Watch::open(&store, setup()).unwrap();
    watch.round(&mut store, now()).unwrap();
    assert_same(&known(&mut watch, &mut store), &expected);
    assert_eq!(store.outbox_depth().unwrap().owed, owed);
}
