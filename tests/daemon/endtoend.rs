//! A month of log files in the order of their delivery, some late and some twice, into a program that is killed again
//! and again: counts equal the truth, and every page is sent under one key, as if nothing had happened.
//!
//! Waiting for a random moment to kill is what this test is about, so here it waits without asking for anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use chrono::{DateTime, Utc};
use keytide::synth::{SynthOptions, generate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::{Place, Running};
use crate::support::program::{keytide_with, run};
use crate::support::stores::passing_folder;
use crate::support::wait::until;

const KILLS: usize = 20;
/// Of so many files one comes two pieces later than the others of its time, and one comes twice.
const LATE: usize = 97;
const TWICE: usize = 61;

/// Writes down what is posted to it: the key that repeats share, and the body.
#[derive(Clone)]
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let receiver = Receiver { url, got: Arc::default() };
        let got = Arc::clone(&receiver.got);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // One that is killed while it posts is none that posted.
                if let Some(posted) = take(stream) {
                    got.lock().unwrap().push(posted);
                }
            }
        });
        receiver
    }

    fn got(&self) -> Vec<(String, Value)> {
        self.got.lock().unwrap().clone()
    }
}

/// Reads a request and takes it.
fn take(stream: TcpStream) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None if line.trim().is_empty() => break,
            None => continue,
        };
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let posted = (headers.get("idempotency-key")?.clone(), serde_json::from_slice(&body).ok()?);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    // It is taken, whether its sender lives to hear so or not.
    let _ = reader.get_mut().write_all(answer);
    Some(posted)
}

fn files_in(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files_in(&path, found),
            false => found.push(path),
        }
    }
}

/// The files of a trail in pieces, as they are delivered: names have the time of delivery as their fourth part.
fn pieces(trail: &Path) -> Vec<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    files_in(trail, &mut files);
    let named = |path: PathBuf| (path.file_name().unwrap().to_str().unwrap().to_owned(), path);
    let mut files: Vec<(String, PathBuf)> = files.into_iter().map(named).collect();
    files.sort_by_key(|(name, _)| (name.split('_').nth(3).unwrap().to_owned(), name.clone()));
    let count = files.len().div_ceil(KILLS);
    let mut pieces: Vec<Vec<(String, PathBuf)>> = vec![Vec::new(); KILLS + 2];
    for (number, (name, path)) in files.into_iter().enumerate() {
        let piece = number / count;
        pieces[if number % LATE == 5 { piece + 2 } else { piece }].push((name.clone(), path.clone()));
        if number % TWICE == 7 {
            pieces[piece + 1].push((format!("again-{name}"), path));
        }
    }
    pieces
}

fn deliver(place: &Place, piece: &[(String, PathBuf)]) {
    for (name, path) in piece {
        let hidden = place.logs().join(format!(".{name}"));
        fs::copy(path, &hidden).unwrap();
        fs::rename(hidden, place.logs().join(name)).unwrap();
    }
}

/// A Monday five weeks ago: the month that it begins is over, and within the reach of a page that is set here.
fn a_monday() -> DateTime<Utc> {
    let day = Utc::now().timestamp() / 86_400 - 31;
    // The first of January 1970 was a Thursday.
    DateTime::from_timestamp((day - (day + 3) % 7) * 86_400, 0).unwrap()
}

/// A place whose pages go to a receiver and into a file, however long ago in two months they were due.
fn place_with(receiver: &Receiver) -> Place {
    let place = Place::new();
    let pages = place.folder.path().join("pages.ndjson");
    place.set(&format!(
        "[daemon]\ningest_every = \"1s\"\nrescan_every = \"1s\"\nsettle_for = \"1s\"\nevaluate_every = \"1s\"\n\
         [watch]\npage_back = \"60d\"\n\
         [[route]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         [[route]]\nname = \"journal\"\nkind = \"file\"\npath = \"{}\"\nformat = \"json\"\n",
        receiver.url,
        pages.display()
    ));
    place
}

/// What a page is about: its incident's onset, and whether it began or is over.
type Page = (i64, String);

fn page_of(notice: &Value) -> Option<Page> {
    let change = &notice["subject"];
    let onset = change["incident"]["onset"].as_i64()?;
    Some((onset, change["new_state"].as_str().unwrap().to_owned()))
}

/// The incidents of a store: onset, end, series.
fn incidents(store: &Path) -> BTreeSet<(i64, Option<i64>, String)> {
    let store = keytide::store::Store::open_for_reading(store).unwrap();
    let rows = store.incidents_since(0).unwrap();
    let of = |body: &str| {
        let body: Value = serde_json::from_str(body).unwrap();
        let series = body["series"].as_array().unwrap().iter();
        let mut names: Vec<String> = series.map(|one| format!("{} {}", one["key_arn"], one["operation"])).collect();
        names.sort();
        names.join(", ")
    };
    rows.iter().map(|row| (row.onset, row.resolved_at, of(&row.body))).collect()
}

fn export(place: &Place) -> String {
    let ran = keytide_with(&place.store(), &["export", "minutes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran.out
}

#[test]
fn killed_twenty_times_it_counts_what_is_true_and_sends_each_page_under_one_key() {
    let seed: u64 = rand::random();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let folder = passing_folder();
    let trail = folder.path().join("trail");
    let options = SynthOptions {
        seed: 11,
        start: a_monday(),
        seconds: 30 * 86_400,
        rate: 0.03,
        keys: 5,
        accounts: 1,
        regions: 1,
        kms_share: 1.0,
        lifecycle: false,
        digests: false,
        incidents: [
            "runaway:0:9d6h:90m:60",
            "runaway:1:16d15h:60m:60",
            "runaway:0:22d9h:90m:60",
            "runaway:1:28d02h:60m:60",
        ]
        .map(|text| text.parse().unwrap())
        .to_vec(),
        ..SynthOptions::default()
    };
    generate(&options, &trail, &mut |_| {}).unwrap();
    let pieces = pieces(&trail.join("AWSLogs"));

    let receiver = Receiver::start();
    let place = place_with(&receiver);
    let mut kills = 0;
    for piece in &pieces {
        let running = Running::start(place.command());
        deliver(&place, piece);
        if kills < KILLS {
            sleep(Duration::from_millis(rng.random_range(200..2_000)));
            kills += 1;
            // It is killed with the value.
            drop(running);
        }
    }
    assert_eq!(kills, KILLS);
    let running = place.start();
    let truth = fs::read_to_string(trail.join("truth/minutes.csv")).unwrap();
    until("all counts", || running.said(), || (place.status().is_some() && export(&place) == truth).then_some(()));
    running.awaits_figure("keytide_files_waiting 0");

    let other = Receiver::start();
    let undisturbed = place_with(&other);
    pieces.iter().for_each(|piece| deliver(&undisturbed, piece));
    let ran = run(undisturbed.command().arg("--once"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(export(&undisturbed), truth);
    let expected = incidents(&undisturbed.store());
    assert!(expected.len() >= 4, "{expected:?}");
    let said = || format!("seed {seed}\n{:#?}\nbut undisturbed\n{expected:#?}", incidents(&place.store()));
    until("the incidents of an undisturbed run", said, || (incidents(&place.store()) == expected).then_some(()));
    running.awaits_figure("keytide_outbox_depth 0");

    // No page is lost, and none came under two keys.
    let pages = |receiver: &Receiver| {
        let mut pages: BTreeMap<Page, BTreeSet<String>> = BTreeMap::new();
        for (key, notice) in receiver.got() {
            if let Some(page) = page_of(&notice) {
                pages.entry(page).or_default().insert(key);
            }
        }
        pages
    };
    let sent = pages(&receiver);
    let both: BTreeSet<Page> =
        expected.iter().flat_map(|(onset, _, _)| ["ALARM", "OK"].map(|state| (*onset, state.to_owned()))).collect();
    assert_eq!(sent.keys().cloned().collect::<BTreeSet<_>>(), both, "seed {seed}");
    assert_eq!(pages(&other).keys().cloned().collect::<BTreeSet<_>>(), both, "seed {seed}");
    for (page, keys) in &sent {
        assert_eq!(keys.len(), 1, "seed {seed}: {page:?} came under {keys:?}");
    }
    // What came twice is the same.
    let mut bodies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (key, notice) in receiver.got() {
        bodies.entry(key).or_default().insert(notice.to_string());
    }
    assert!(bodies.values().all(|bodies| bodies.len() == 1), "seed {seed}: {bodies:?}");
    let journal = fs::read_to_string(place.folder.path().join("pages.ndjson")).unwrap();
    let written: BTreeSet<Page> =
        journal.lines().filter_map(|line| page_of(&serde_json::from_str(line).unwrap())).collect();
    assert_eq!(written, both, "seed {seed}");
}
