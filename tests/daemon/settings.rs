//! Settings that can't be, as a user sees it; `src/config/tests.rs` has every one.

use super::Place;
use crate::support::program::run;

#[test]
fn wrong_settings_end_it_with_every_line_that_is_wrong() {
    let place = Place::new();
    place.set("[daemon]\ningest_every = \"soon\"\nkeep_minute = \"30d\"\n");
    let ran = run(&mut place.command());
    assert_eq!(ran.code, Some(1));
    for expected in [
        "keytide.toml:9: `soon` is no duration",
        "  9 | ingest_every = \"soon\"\n    |                ^^^^^^",
        "keytide.toml:10: unknown setting `keep_minute`; did you mean `keep_minutes`?",
    ] {
        assert!(ran.err.contains(expected), "{expected}\nis not in\n{}", ran.err);
    }
    assert!(!place.store().exists());
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let place = Place::new();
    place.set("[daemon]\ningest_every = \"soon\"\n");
    let mut command = place.command();
    command.arg("--once").env("KEYTIDE_DAEMON__INGEST_EVERY", "1s").env("KEYTIDE_LOG__FORMAT", "json");
    command.args(["--log-format", "text"]);
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.lines().all(|line| !line.starts_with('{')), "{}", ran.err);
    command.env("KEYTIDE_DAEMON__INGEST_EVRY", "1s");
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("KEYTIDE_DAEMON__INGEST_EVRY: unknown setting"), "{}", ran.err);
}

#[test]
fn every_command_takes_the_stores_folder_from_the_file_that_is_found() {
    let place = Place::new();
    let text = std::fs::read_to_string(place.settings()).unwrap();
    std::fs::write(place.settings(), format!("data_dir = \"elsewhere\"\n{text}")).unwrap();
    place.deliver("a.json", 0..3);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_keytide"));
    let ran =
        run(crate::support::program::clean(&mut command).current_dir(place.folder.path()).args(["run", "--once"]));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_keytide"));
    let ran = run(crate::support::program::clean(&mut command).current_dir(place.folder.path()).args(["status"]));
    assert!(ran.out.contains("elsewhere") && ran.out.contains("requests to KMS      3"), "{}{}", ran.out, ran.err);
}

#[test]
fn a_mistake_in_what_the_store_is_called_sends_nothing_to_another_one() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    let home = place.folder.path().join("home");
    let said = |text: &str, arguments: &[&str]| {
        std::fs::write(place.settings(), text).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_keytide"));
        crate::support::program::clean(&mut command).current_dir(place.folder.path());
        command.env("HOME", &home).env("XDG_DATA_HOME", &home).args(arguments).arg(place.logs());
        run(&mut command)
    };
    for (text, told) in [
        ("data_dir = 5\n", "keytide.toml:1: expected a text in quotes"),
        ("\ndata_dri = \"mine\"\n", "keytide.toml:2: unknown setting `data_dri`; did you mean `data_dir`?"),
        ("data_dir \"mine\"\n", "keytide.toml:1: "),
        ("data_dir = \"mine\n", "keytide.toml:1: "),
        ("[log]\ndata_dir = \"mine\"\n", "keytide.toml:2: `data_dir` belongs to the top of the file"),
    ] {
        let ran = said(text, &["ingest"]);
        assert_eq!(ran.code, Some(1), "{text}");
        assert!(ran.err.contains("settings are wrong") && ran.err.contains(told), "{text}\n{}", ran.err);
        assert!(!home.exists() && !place.folder.path().join("mine").exists(), "{text}");
    }
    // A flag wins over what the file says there, and over nothing else.
    assert_eq!(said("data_dri = \"mine\"\n", &["ingest", "--data-dir", "typed"]).code, Some(1));
    let typed = said("data_dir = 5\n", &["ingest", "--data-dir", "typed"]);
    assert_eq!(typed.code, Some(0), "{}", typed.err);
    assert!(place.folder.path().join("typed").exists() && !home.exists());
}

#[test]
fn without_a_folder_there_is_nothing_to_run_on() {
    let place = Place::new();
    std::fs::write(place.settings(), "").unwrap();
    let ran = run(&mut place.command());
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("there is no folder to watch") && ran.err.contains("[[source]]"), "{}", ran.err);
    let missing = run(place.command().arg("--config").arg(place.folder.path().join("none.toml")));
    assert_ne!(missing.code, Some(0));
}
