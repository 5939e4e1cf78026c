//! `docs/publishing.md` says what is.

use std::path::Path;

use keytide::publish::{Kind, sample, text};

use super::{Clock, dispatcher};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/publishing.md");
    std::fs::read_to_string(path).unwrap()
}

/// The page's indented blocks that begin with a text.
fn blocks(start: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in page().lines() {
        let last = blocks.last_mut().unwrap();
        match line.strip_prefix("    ") {
            Some(code) => last.push_str(&format!("{code}\n")),
            None if line.is_empty() && !last.is_empty() => last.push('\n'),
            None => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| block.starts_with(start));
    blocks
}

#[test]
fn its_routes_are_accepted() {
    let secrets = [
        ("PAGERDUTY_KEY", "key"),
        ("BOT_SECRET", "secret"),
        ("BOT_TOKEN", "token"),
        ("/run/secrets/slack-url", "https://hooks.slack.com/services/T0/B0/x"),
    ];
    let tables = blocks("[[route]]");
    assert_eq!(tables.len(), 3);
    for tables in tables {
        dispatcher(&tables.replace("{ file = ", "{ env = "), &secrets, &Clock::new());
    }
}

#[test]
fn its_templates_are_accepted() {
    let own = blocks("subject = ").concat();
    assert!(own.contains("body = "));
    let tables = format!(
        "[[route]]\nname = \"it\"\nkind = \"email\"\nserver = \"localhost\"\ntls = \"none\"\n\
         from = \"a@example.com\"\nto = [\"b@example.com\"]\n{own}"
    );
    dispatcher(&tables, &[], &Clock::new());
}

#[test]
fn its_page_is_the_page() {
    let sent = text(&sample::page());
    let shown = blocks("ALARM: ").concat();
    for line in shown.lines() {
        assert!(sent.lines().any(|sent| sent == line), "no page says: {line}");
    }
    assert!(shown.lines().count() > 15);
}

#[test]
fn it_has_every_kind() {
    let page = page();
    for kind in ["sns", "pagerduty", "slack", "alertmanager", "webhook", "email", "file", "stdout"] {
        let kind: Kind = serde_json::from_value(kind.into()).unwrap();
        assert!(page.contains(&format!("`{}`", kind.name())));
    }
}
