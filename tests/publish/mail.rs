//! A real SMTP server with STARTTLS and AUTH, and what a mail program reads.

use std::path::Path;

use keytide::publish::{html, sample, text};
use serde_json::Value;

use super::outbox::Memory;
use super::servers::Server;
use super::{Clock, alarm, dispatcher, over};

const PASSWORD: &str = "pass w0rd";

struct Mailbox {
    server: Server,
    port: u64,
    folder: tempfile::TempDir,
}

fn start() -> Mailbox {
    let folder = tempfile::tempdir().unwrap();
    let (server, ready) = Server::script("smtp.py", &[folder.path().as_os_str(), PASSWORD.as_ref()]);
    Mailbox { server, port: ready["port"].as_u64().unwrap(), folder }
}

impl Mailbox {
    fn table(&self, settings: &str) -> String {
        let ca = self.folder.path().join("ca.pem");
        self.with_ca(&ca, settings)
    }

    fn with_ca(&self, ca: &Path, settings: &str) -> String {
        format!(
            "[[route]]\nname = \"it\"\nkind = \"email\"\nserver = \"localhost\"\nport = {}\nca_file = {ca:?}\n\
             username = \"keytide\"\npassword = {{ env = \"MAIL\" }}\nfrom = \"Keytide <keytide@example.com>\"\n{settings}\n",
            self.port
        )
    }
}

#[tokio::test]
async fn a_page_arrives_as_text_html_and_picture() {
    let mut mailbox = start();
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let tables = mailbox.table("to = [\"oncall@example.com\", \"Ann <ann@example.com>\"]");
    let mut dispatcher = dispatcher(&tables, &[("MAIL", PASSWORD)], &clock);
    for notice in [alarm("a"), over("a"), sample::report(), sample::test()] {
        outbox.owe("it", notice, clock.now());
    }
    let round = dispatcher.run_once(&mut outbox).await.unwrap();
    assert_eq!(round.delivered, 4, "{:?}", outbox.told);
    let [begun, ended, report, test] = [0; 4].map(|_| mailbox.server.line());
    assert_eq!(begun["encrypted"], true);
    assert_eq!(begun["user"], "keytide");
    assert_eq!(begun["recipients"], serde_json::json!(["oncall@example.com", "ann@example.com"]));
    assert_eq!(begun["subject"], "ALARM: 415,230 Decrypt on alias/data-lake-raw, 3,230 expected");
    assert_eq!(begun["text"], text(&alarm("a")));
    assert_eq!(begun["html"], html(&alarm("a"), Some("cid:picture")));
    assert_eq!(begun["pictures"], serde_json::json!([["<picture>", "image/png", "89504e470d0a1a0a"]]));
    assert_eq!(begun["headers"]["Auto-Submitted"], "auto-generated");
    let id = &begun["headers"]["Message-ID"];
    assert_eq!((&ended["headers"]["In-Reply-To"], &ended["headers"]["References"]), (id, id));
    assert_eq!(report["subject"], "Keytide weekly report, 2026-11-16 to 2026-11-22");
    assert_eq!(report["html"], html(&sample::report(), None));
    assert_eq!((&test["pictures"], &test["headers"]["In-Reply-To"]), (&serde_json::json!([]), &Value::Null));
}

#[tokio::test]
async fn an_operators_own_words_replace_subject_and_text() {
    let mut mailbox = start();
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let own = "to = [\"oncall@example.com\"]\nsubject = \"[{{ severity }}] {{ alarm_name }} – größer\"\nbody = \"Excess <{{ incident.excess|signed }}>\"";
    let mut dispatcher = dispatcher(&mailbox.table(own), &[("MAIL", PASSWORD)], &clock);
    outbox.owe("it", alarm("a"), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    let mail = mailbox.server.line();
    assert_eq!(mail["subject"], "[critical] keytide-watch – größer");
    assert_eq!(mail["text"].as_str().unwrap().trim_end(), "Excess <+412,000>");
    assert!(mail["html"].as_str().unwrap().contains("Excess &lt;+412,000&gt;"));
}

#[tokio::test]
async fn what_the_server_refuses_for_now_is_tried_again_and_for_good_is_dead() {
    for (mailbox_name, is_dead) in [("later", false), ("never", true)] {
        let mailbox = start();
        let (clock, mut outbox) = (Clock::new(), Memory::default());
        let tables = mailbox.table(&format!("to = [\"{mailbox_name}@example.com\"]"));
        let mut dispatcher = dispatcher(&tables, &[("MAIL", PASSWORD)], &clock);
        let id = outbox.owe("it", alarm("a"), clock.now());
        dispatcher.run_once(&mut outbox).await.unwrap();
        let error = if is_dead { outbox.dead(id) } else { outbox.retry(id).1 };
        assert!(error.contains(if is_dead { "550" } else { "451" }), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_tried_again_and_not_told() {
    let mailbox = start();
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let tables = mailbox.table("to = [\"oncall@example.com\"]");
    let mut dispatcher = dispatcher(&tables, &[("MAIL", "s3cret")], &clock);
    let id = outbox.owe("it", alarm("a"), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    // Someone may mend it.
    let (_, error) = outbox.retry(id);
    assert!(error.contains("535") && !error.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_whose_certificate_is_not_trusted() {
    let mailbox = start();
    let (clock, mut outbox) = (Clock::new(), Memory::default());
    let other = mailbox.folder.path().join("other-ca.pem");
    let tables = mailbox.with_ca(&other, "to = [\"oncall@example.com\"]");
    let mut dispatcher = dispatcher(&tables, &[("MAIL", PASSWORD)], &clock);
    let id = outbox.owe("it", alarm("a"), clock.now());
    dispatcher.run_once(&mut outbox).await.unwrap();
    let (_, error) = outbox.retry(id);
    assert!(error.contains("certificate"), "{error}");
}
