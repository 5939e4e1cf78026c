//! What is answered on loopback.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Place, log_of};
use crate::support::files;

#[test]
fn it_says_that_it_lives_that_it_is_ready_and_what_it_did() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    place.deliver("b.json", 2..5);
    let log = files::gzip(&log_of(5..9));
    files::write(&place.logs(), "broken.json.gz", &log[..log.len() / 2]);
    let running = place.start();
    assert_eq!(running.get("/healthz"), (200, "ok\n".to_owned()));
    running.awaits_ready();
    running.awaits_figure("keytide_records_total{outcome=\"counted\"} 5");
    running.awaits_figure("keytide_records_total{outcome=\"duplicate\"} 1");
    running.awaits_figure("keytide_objects_total{outcome=\"read\"} 2");
    running.awaits_figure("keytide_objects_total{outcome=\"quarantined\"} 1");
    running.awaits_figure("keytide_files_waiting 0");
    // 15 minutes before the minute after the records' at 2026-01-05T10:00Z.
    running.awaits_figure("keytide_watermark_timestamp_seconds 1767606360.0");
    assert_eq!(running.get("/nothing").0, 404);
}

#[test]
fn prometheus_has_nothing_to_say_against_its_figures() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    let running = place.start();
    running.awaits_figure("keytide_records_total{outcome=\"counted\"} 3");
    running.awaits_figure("keytide_condition_active{condition=\"no-data\"} 0");
    let text = running.get("/metrics").1;
    let promtool =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut promtool = promtool.unwrap_or_else(|error| {
        panic!("promtool: {error}; it is in Debian's and Ubuntu's package prometheus, which tests/run installs")
    });
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let checked = promtool.wait_with_output().unwrap();
    assert!(checked.status.success(), "{}\n{text}", String::from_utf8_lossy(&checked.stderr));
    for family in [
        "keytide_build_info",
        "keytide_records_total",
        "keytide_ingest_lag_seconds",
        "keytide_watermark_age_seconds",
        "keytide_commit_seconds_bucket",
        "keytide_evaluation_seconds_bucket",
        "keytide_outbox_depth",
        "keytide_dead_letters",
        "keytide_incidents_open",
    ] {
        assert!(text.lines().any(|line| line.starts_with(family)), "{family} is not in\n{text}");
    }
}

#[test]
fn an_address_that_is_taken_ends_it_with_advice() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = place.command();
    command.env("KEYTIDE_SERVE__ADDRESS", taken.local_addr().unwrap().to_string());
    let ran = crate::support::program::run(&mut command);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("can't answer on 127.0.0.1:") && ran.err.contains("set [serve] address"), "{}", ran.err);
}
