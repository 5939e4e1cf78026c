//! How it ends, and how it takes new settings over.

use super::{Place, has_file};

#[test]
fn sigterm_ends_it_with_what_it_has_read_remembered() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    let running = place.start();
    running.awaits_ready();
    place.awaits_requests(&running, 3);
    running.signal("TERM");
    let (code, said) = running.awaits_end();
    assert_eq!(code, Some(0), "{said}");
    assert!(has_file(&place.store(), "watched"));

    let again = place.start();
    place.deliver("b.json", 3..4);
    again.awaits_figure("keytide_objects_total{outcome=\"read\"} 1");
    again.awaits_figure("keytide_objects_total{outcome=\"known\"} 0");
    again.signal("INT");
    assert_eq!(again.awaits_end().0, Some(0));
    assert_eq!(place.status().unwrap()["requests"], 4);
}

#[test]
fn a_store_that_is_behind_what_is_remembered_gets_every_file_again() {
    let place = Place::new();
    place.deliver("a.json", 0..3);
    let running = place.start();
    place.awaits_requests(&running, 3);
    running.signal("TERM");
    assert_eq!(running.awaits_end().0, Some(0));
    let memory = std::fs::read(place.store().join("watched")).unwrap();
    std::fs::remove_dir_all(place.store()).unwrap();
    std::fs::create_dir(place.store()).unwrap();
    std::fs::write(place.store().join("watched"), memory).unwrap();
    let again = place.start();
    place.awaits_requests(&again, 3);
}

#[test]
fn settings_that_are_wrong_at_a_reload_change_nothing() {
    let place = Place::new();
    let good = std::fs::read_to_string(place.settings()).unwrap();
    let running = place.start();
    running.awaits_ready();
    std::fs::write(place.settings(), format!("{good}\n[wach]\nperiod = \"5m\"\n")).unwrap();
    running.signal("HUP");
    let line = running.awaits_line("the old settings stay in force");
    let said = line["fields"]["message"].as_str().unwrap();
    assert!(said.contains("keytide.toml:14: unknown setting `wach`; did you mean `watch`?"), "{said}");
    place.deliver("a.json", 0..3);
    place.awaits_requests(&running, 3);
    let address = running.address();
    std::fs::write(place.settings(), good.replace("127.0.0.1:0", "off") + "[health]\nno_data_for = \"2h\"\n").unwrap();
    running.signal("HUP");
    running.awaits_line("the settings were read again");
    assert_eq!(running.awaits_line("takes effect at the next start only")["fields"]["setting"], "serve");
    assert_eq!((running.address(), running.get("/healthz").0), (address, 200));
}

#[test]
fn a_second_daemon_on_the_same_store_is_refused() {
    let place = Place::new();
    let running = place.start();
    running.awaits_ready();
    let ran = crate::support::program::run(&mut place.command());
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("in use"), "{}", ran.err);
}
