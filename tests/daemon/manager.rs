//! What systemd hears of the program: real datagrams at the socket that `NOTIFY_SOCKET` names.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::{Place, Running};

/// The manager's end of the socket.
struct Manager(UnixDatagram);

impl Manager {
    fn hears(&self) -> String {
        let mut text = [0; 4096];
        let length = self.0.recv(&mut text).expect("a message comes");
        String::from_utf8(text[..length].to_vec()).unwrap()
    }

    /// The next message that is not a sign of life.
    fn hears_change(&self) -> String {
        std::iter::repeat_with(|| self.hears()).find(|text| text != "WATCHDOG=1\n").unwrap()
    }
}

fn start(place: &Place) -> (Manager, Running) {
    let path = place.folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    // Longer than anything takes: a message that never comes fails the test.
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut command = place.command();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000").env_remove("WATCHDOG_PID");
    (Manager(socket), Running::start(command))
}

#[test]
fn it_says_that_it_is_ready_and_alive_that_it_reloads_and_that_it_ends() {
    let place = Place::new();
    let (manager, running) = start(&place);
    assert_eq!(manager.hears(), "READY=1\n");
    for _ in 0..3 {
        assert_eq!(manager.hears(), "WATCHDOG=1\n");
    }
    running.signal("HUP");
    let reloading = manager.hears_change();
    let since = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap_or_else(|| panic!("{reloading:?}"));
    assert!(since.trim_end().parse::<u64>().unwrap() > 0);
    assert_eq!(manager.hears_change(), "READY=1\n");
    // Settings that are wrong change nothing; it is ready again all the same.
    std::fs::write(place.settings(), "nonsense").unwrap();
    running.signal("HUP");
    assert!(manager.hears_change().starts_with("RELOADING=1\n"));
    assert_eq!(manager.hears_change(), "READY=1\n");
    running.awaits_line("the old settings stay in force");
    running.signal("TERM");
    assert_eq!(manager.hears_change(), "STOPPING=1\n");
    assert_eq!(running.awaits_end().0, Some(0));
}
