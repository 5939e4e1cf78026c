//! Silence: log files of one account that don't come are not calls that don't come.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use keytide::alarm::{Incident, IncidentSeries};
use keytide::store::Store;
use keytide::synth::{SynthOptions, generate};
use keytide::watch::{RoundReport, Setup, SilentStream, Watch};

use super::rounds::{Known, assert_same, known};
use super::{calls_alone, delivered, now, setup, take};
use crate::support::files;
use crate::support::record::Record;
use crate::support::stores::passing_folder;

/// On the tenth day at ten, the files of an account stop; at noon this is looked at, at one they come again.
const STOPS: &str = "20260114T1000Z";
const NOON: &str = "20260114T1200Z";
const RESUMES: &str = "20260114T1300Z";
const END: &str = "20260114T1500Z";

/// Ten days of two accounts, each with keys of its own and callers of the other's; the files by delivery.
struct Trail {
    _folder: tempfile::TempDir,
    files: Vec<(String, PathBuf)>,
    /// The account that stops: the busier one.
    account: String,
}

fn account_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap().split('_').next().unwrap()
}

impl Trail {
    /// With so many calls a second, and this share of a key's use by the other account.
    fn new(rate: f64, cross_account_share: f64) -> Self {
        let folder = passing_folder();
        let options = SynthOptions {
            cross_account_share,
            seed: 3,
            seconds: 10 * 86_400,
            rate,
            keys: 6,
            accounts: 2,
            ..calls_alone()
        };
        generate(&options, folder.path(), &mut |_| {}).unwrap();
        let files = delivered(folder.path());
        let mut bytes: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, path) in &files {
            *bytes.entry(account_of(path)).or_default() += fs::metadata(path).unwrap().len();
        }
        let busiest = bytes.into_iter().max_by_key(|(_, bytes)| *bytes).unwrap().0.to_owned();
        Trail { _folder: folder, files, account: busiest }
    }

    /// The files of a range, of all accounts or of the one that goes on.
    fn between(&self, since: &str, until: &str, stopped: bool) -> Vec<PathBuf> {
        let is_in = |(time, path): &&(String, PathBuf)| {
            (since..until).contains(&time.as_str()) && !(stopped && account_of(path) == self.account)
        };
        self.files.iter().filter(is_in).map(|(_, path)| path.clone()).collect()
    }

    /// The files of the account that stops, under their names, but without a call to KMS in them.
    fn without_calls(&self, folder: &Path, since: &str, until: &str) -> Vec<PathBuf> {
        let all = self.between(since, until, false);
        let of_account = all.into_iter().filter(|path| account_of(path) == self.account);
        let written = of_account.enumerate().map(|(number, path)| {
            let id = format!("{number:08x}-0000-4000-8000-00000000aaaa");
            let record = Record::call("GetObject").with("eventSource", "s3.amazonaws.com").id(&id);
            let log = files::gzip(&files::log_file(&[record.value()]));
            files::write(folder, path.file_name().unwrap().to_str().unwrap(), &log)
        });
        written.collect()
    }
}

struct Watching {
    _dir: tempfile::TempDir,
    store: Store,
    watch: Watch,
}

impl Watching {
    fn new() -> Self {
        Watching::with(setup())
    }

    fn with(setup: Setup) -> Self {
        let dir = passing_folder();
        let store = Store::open_for_writing(dir.path()).unwrap();
        let watch = Watch::open(&store, setup).unwrap();
        Watching { _dir: dir, store, watch }
    }

    fn round(&mut self, files: Vec<PathBuf>) -> RoundReport {
        take(&mut self.store, files);
        self.watch.round(&mut self.store, now()).unwrap()
    }

    fn known(&mut self) -> Known {
        known(&mut self.watch, &mut self.store)
    }
}

fn is_silent(report: &RoundReport, trail: &Trail) -> bool {
    let [SilentStream { account, since, .. }] = &report.silent[..] else { return false };
    // The last file, of 09:55, tells of calls until a minute before. `date -u -d '2026-01-14 09:55' +%s`.
    *account == trail.account && *since == 1_768_384_500
}

#[test]
fn an_account_whose_files_stop_is_told_as_silent_and_pages_for_none_of_its_keys() {
    let trail = Trail::new(0.15, 0.08);
    let mut watching = Watching::new();
    let report = watching.round(trail.between("", STOPS, false));
    assert_eq!((&report.begun[..], &report.silent[..]), (&[][..], &[][..]));
    let report = watching.round(trail.between(STOPS, NOON, true));
    assert!(is_silent(&report, &trail), "{:?}", report.silent);
    assert_eq!(report.begun, [0_u64; 0]);
    let mut resumed = trail.between(NOON, RESUMES, true);
    resumed.extend(trail.between(RESUMES, END, false));
    let report = watching.round(resumed);
    assert_eq!((&report.begun[..], &report.silent[..]), (&[][..], &[][..]));
    // What was missing comes after all: it is as if it had never been missing.
    let late = trail.between(STOPS, RESUMES, false);
    let late = late.into_iter().filter(|path| account_of(path) == trail.account).collect();
    assert!(watching.round(late).looked_again);
    let mut undisturbed = Watching::new();
    undisturbed.round(trail.between("", END, false));
    assert_same(&watching.known(), &undisturbed.known());
}

#[test]
fn an_account_whose_files_come_without_a_call_is_paged_for_as_one_incident() {
    let trail = Trail::new(0.35, 0.0);
    // Ten days tell little of how rare it is that nothing comes.
    let mut sensitive = setup();
    sensitive.settings.false_pages_per_week = 20.0;
    let mut watching = Watching::with(sensitive);
    watching.round(trail.between("", STOPS, false));
    let folder = passing_folder();
    let mut files = trail.between(STOPS, NOON, true);
    files.extend(trail.without_calls(folder.path(), STOPS, NOON));
    let report = watching.round(files);
    assert_eq!((&report.begun[..], &report.silent[..]), (&[1][..], &[][..]));
    let row = watching.store.incident(report.begun[0]).unwrap().unwrap();
    let incident: Incident = serde_json::from_str(&row.body).unwrap();
    let of_account = |series: &IncidentSeries| series.key_arn.split(':').nth(4) == Some(&trail.account);
    assert!(incident.series.len() >= 2 && incident.series.iter().all(of_account), "{:#?}", incident.series);
    assert!(incident.excess < -50.0 && incident.onset == 1_768_384_500, "{} from {}", incident.excess, incident.onset);
}

#[test]
fn without_names_that_tell_of_files_an_account_of_which_no_call_comes_is_silent() {
    // Calls by the other account would come all the same.
    let trail = Trail::new(0.15, 0.0);
    let folder = passing_folder();
    let renamed = |files: Vec<PathBuf>| -> Vec<PathBuf> {
        let copied = files.into_iter().map(|path| {
            let to = folder.path().join(format!("copy-of-{}", path.file_name().unwrap().to_str().unwrap()));
            fs::copy(&path, &to).unwrap();
            to
        });
        copied.collect()
    };
    let mut watching = Watching::new();
    watching.round(renamed(trail.between("", STOPS, false)));
    let report = watching.round(renamed(trail.between(STOPS, NOON, true)));
    assert!(is_silent(&report, &trail), "{:?}", report.silent);
}

#[test]
fn a_restart_forgets_neither_what_was_expected_nor_who_is_silent() {
    let trail = Trail::new(0.15, 0.08);
    let fares = [false, true].map(|restarts| {
        let mut watching = Watching::new();
        watching.round(trail.between("", STOPS, false));
        let mut silent = Vec::new();
        for (since, until) in [(STOPS, "20260114T1030Z"), ("20260114T1030Z", "20260114T1100Z")] {
            if restarts {
                // In the middle of the silence too.
                watching.watch.save(&mut watching.store).unwrap();
                watching.watch = Watch::open(&watching.store, setup()).unwrap();
            }
            let report = watching.round(trail.between(since, until, true));
            assert_eq!(report.begun, [0_u64; 0], "restarts: {restarts}");
            silent.push(report.silent);
        }
        (watching.known(), silent)
    });
    assert!(fares[0].1.iter().all(|silent| silent.len() == 1), "{:?}", fares[0].1);
    assert_eq!(fares[1].1, fares[0].1);
    assert_same(&fares[1].0, &fares[0].0);
}

#[test]
fn where_the_watch_is_switched_off_no_account_is_silent_any_more() {
    let trail = Trail::new(0.15, 0.08);
    let mut watching = Watching::new();
    watching.round(trail.between("", STOPS, false));
    assert!(is_silent(&watching.round(trail.between(STOPS, NOON, true)), &trail));
    let mut off = setup();
    off.settings.every_series = false;
    watching.watch = Watch::open(&watching.store, off).unwrap();
    let report = watching.watch.round(&mut watching.store, now()).unwrap();
    assert_eq!(report.silent, []);
}
