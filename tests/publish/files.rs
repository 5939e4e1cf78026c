//! Files and standard output.

use std::fs;

use keytide::alarm::Notice;
use keytide::publish::{sample, text};

use super::outbox::Memory;
use super::servers::in_own_process;
use super::{Clock, alarm, dispatcher, over};

fn table(kind: &str, settings: &str) -> String {
    format!("[[route]]\nname = \"it\"\nkind = \"{kind}\"\n{settings}\n")
}

#[tokio::test]
async fn a_file_gets_one_line_of_json_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alarms.jsonl");
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&table("file", &format!("path = {path:?}")), &[], &clock);
    // As if a crash had cut the line before.
    fs::write(&path, "{\"dedup_key\":\"cut").unwrap();
    let notices = [alarm("a"), over("a"), sample::report(), sample::test()];
    for notice in &notices {
        outbox.owe("it", notice.clone(), clock.now());
    }
    assert_eq!(dispatcher.run_once(&mut outbox).await.unwrap().delivered, 4);
    let text = fs::read_to_string(&path).unwrap();
    let read: Vec<Notice> = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, notices);
    assert!(text.ends_with("}\n"));
}

#[tokio::test]
async fn a_file_may_hold_pages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alarms.txt");
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&table("file", &format!("path = {path:?}\nformat = \"text\"")), &[], &clock);
    outbox.owe("it", sample::page(), clock.now());
    outbox.owe("it", sample::resolved(), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    let expect = format!("{}\n{}\n", text(&sample::page()), text(&sample::resolved()));
    assert_eq!(fs::read_to_string(&path).unwrap(), expect);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/alarms.jsonl");
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&table("file", &format!("path = {path:?}")), &[], &clock);
    let id = outbox.owe("it", sample::page(), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    let (_, error) = outbox.retry(id);
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    fs::create_dir(path.parent().unwrap()).unwrap();
    clock.forward(2);
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert!(outbox.is_delivered(id));
}

#[test]
fn standard_output_shows_the_page() {
    let out = in_own_process("publish::files::a_page_on_standard_output", &[]);
    assert!(out.contains(&text(&sample::page())), "{out}");
}

#[tokio::test]
#[ignore = "run by standard_output_shows_the_page, which looks at what it prints"]
async fn a_page_on_standard_output() {
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let mut dispatcher = dispatcher(&table("stdout", ""), &[], &clock);
    let id = outbox.owe("it", sample::page(), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    assert!(outbox.is_delivered(id));
}
