//! The house's order: which room may name what, how long files are, and what no file may hold.
//!
//! The rules are those of ARCHITECTURE.md. A new room fails here until it has a line in [`ROOMS`]: that is the moment
//! to think about what it may know.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room of `src/`: the rooms it may name, and what else it may do.
struct Room {
    name: &'static str,
    rooms: &'static [&'static str],
    may: &'static [May],
}

/// What a room must be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    /// Touch files, sockets, standard input.
    Outside,
    /// Ask what time it is.
    Clock,
    /// Print.
    Print,
    /// Draw random numbers.
    Random,
    /// Name Polars.
    Polars,
    /// Name SQLite.
    Sqlite,
    /// Name an AWS SDK crate.
    AwsSdk,
    /// Name statrs.
    Statrs,
    /// Name sqlparser.
    Sqlparser,
}

const fn room(name: &'static str, rooms: &'static [&'static str], may: &'static [May]) -> Room {
    Room { name, rooms, may }
}

const ROOMS: &[Room] = &[
    room("domain", &[], &[]),
    room("source", &["cloudtrail"], &[May::Outside]),
    room("cloudtrail", &["domain"], &[]),
    room("tally", &["domain", "cloudtrail"], &[]),
    room("store", &["domain", "cloudtrail", "tally", "series"], &[May::Outside, May::Polars, May::Sqlite]),
    room("series", &["domain"], &[May::Polars]),
    room("insights", &["domain", "series"], &[May::Polars, May::Sqlparser]),
    room("band", &[], &[May::Statrs]),
    room("alarm", &["domain", "tariff"], &[]),
    room("tariff", &["domain"], &[]),
    room("report", &["domain", "series", "alarm", "tariff"], &[May::Polars]),
    room("publish", &["domain", "alarm", "render", "aws"], &[May::Outside]),
    room("aws", &[], &[May::AwsSdk]),
    room("serve", &[], &[May::Outside]),
    room("config", &["domain", "alarm", "publish", "report", "tariff", "watch"], &[]),
    room("watch", &["domain", "store", "series", "band", "alarm", "tariff"], &[]),
    room("daemon", &["*"], &[May::Outside, May::Clock]),
    room("render", &["domain", "band"], &[]),
    room("ingest", &["domain", "source", "cloudtrail", "tally", "store"], &[]),
    room("synth", &["domain"], &[May::Outside, May::Random]),
    room("cli", &["*"], &[May::Outside, May::Clock, May::Print]),
];

/// What shows in the text that a room does something.
const MARKS: &[(&str, May)] = &[
    ("std::fs", May::Outside),
    ("std::net", May::Outside),
    ("std::process", May::Outside),
    ("std::env", May::Outside),
    ("io::stdin", May::Outside),
    ("io::stdout", May::Outside),
    ("io::stderr", May::Outside),
    ("tokio::fs", May::Outside),
    ("tokio::net", May::Outside),
    ("tokio::process", May::Outside),
    ("tokio::signal", May::Outside),
    ("axum", May::Outside),
    ("lettre", May::Outside),
    ("reqwest", May::Outside),
    ("SystemTime", May::Clock),
    ("Instant", May::Clock),
    ("Utc::now", May::Clock),
    ("Local::now", May::Clock),
    ("println!", May::Print),
    ("print!", May::Print),
    ("eprintln!", May::Print),
    ("eprint!", May::Print),
    ("rand::", May::Random),
    ("rand_chacha", May::Random),
    ("polars", May::Polars),
    ("rusqlite", May::Sqlite),
    ("aws_sdk", May::AwsSdk),
    ("aws_config", May::AwsSdk),
    ("statrs", May::Statrs),
    ("sqlparser", May::Sqlparser),
];

const LINES_MAX: usize = 400;
const TEST_LINES_MAX: usize = 500;
const COLUMNS_MAX: usize = 120;

/// A Rust file.
struct Source {
    path: PathBuf,
    /// Its lines before the test module inside it, comments left out, each `use` on one line as in [`paths_of`].
    code: Vec<(usize, String)>,
    /// Lines of the file before its test module, and of that.
    lengths: (usize, usize),
}

impl Source {
    fn read(path: &Path, is_test: bool) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let inner = lines.windows(2).position(|pair| pair[0] == "#[cfg(test)]" && pair[1].ends_with('{'));
        let end = if is_test { 0 } else { inner.unwrap_or(lines.len()) };
        let is_code = |line: &str| !line.trim_start().starts_with("//");
        let code = lines[..end].iter().enumerate().filter(|(_, line)| is_code(line));
        let code = code.map(|(number, line)| (number + 1, (*line).to_owned()));
        Self { path: path.to_owned(), code: with_whole_uses(code), lengths: (end, lines.len() - end) }
    }

    /// The room it belongs to; none for `lib.rs` and `main.rs`.
    fn room(&self) -> Option<&Room> {
        let name = self.path.strip_prefix(root().join("src")).ok()?.components().next()?.as_os_str().to_str()?;
        let known = |name: &str| ROOMS.iter().find(|room| room.name == name);
        match name {
            "lib.rs" | "main.rs" => None,
            name => Some(known(name).unwrap_or_else(|| panic!("say in tests/tidy.rs what the room `{name}` may name"))),
        }
    }

    /// What a line names of the crate's root, by `crate` or by as many `super` as lead there.
    fn named<'l>(&self, line: &'l str) -> Vec<&'l str> {
        let modules = self.path.strip_prefix(root().join("src")).unwrap().with_extension("");
        let depth = modules.iter().filter(|name| *name != "mod").count();
        let roots = ["crate::".to_owned(), "super::".repeat(depth)];
        roots.iter().flat_map(|root| line.split(root.as_str()).skip(1).map(first_name)).collect()
    }
}

/// The name that a path begins with.
fn first_name(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()
}

/// Lines in which each `use` is one line, its braces written out.
fn with_whole_uses(mut lines: impl Iterator<Item = (usize, String)>) -> Vec<(usize, String)> {
    let mut whole = Vec::new();
    while let Some((number, mut line)) = lines.next() {
        let visibility = line.trim_start().split_once("use ").map(|(before, _)| before.to_owned());
        if visibility.is_some_and(|before| before.is_empty() || before.starts_with("pub")) {
            while !line.ends_with(';') {
                line += lines.next().expect("a use has an end").1.trim();
            }
            line = paths_of(line.trim_end_matches(';')).join("; ");
        }
        whole.push((number, line));
    }
    whole
}

/// The paths of a `use`, its braces written out: `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn paths_of(tree: &str) -> Vec<String> {
    let Some((before, list)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let (mut paths, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                let part = list[start..at].trim();
                if !part.is_empty() {
                    paths.extend(paths_of(&format!("{before}{part}")));
                }
                start = at + 1;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    paths
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files under a folder with one of these extensions; `#!` stands for scripts without one.
fn files_under(folder: &Path, wanted: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let generated = ["target", "corpus", "artifacts", "coverage", "keytide-demo"].contains(&name.as_str());
        if path.is_dir() && !generated && (!name.starts_with('.') || name == ".ci") {
            found.extend(files_under(&path, wanted));
        } else if path.extension().is_some_and(|extension| wanted.contains(&extension.to_str().unwrap()))
            || wanted.contains(&"#!") && is_script(&path)
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The sources of `src/`. Files that only tests bring in have no code.
fn sources() -> Vec<Source> {
    let paths = files_under(&root().join("src"), &["rs"]);
    let mut of_tests = BTreeSet::new();
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
        let names = declared.filter_map(|pair| pair[1].strip_suffix(';')?.split("mod ").nth(1));
        let elsewhere = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
        let paths = elsewhere.filter_map(|pair| pair[1].strip_prefix("#[path = \"")?.strip_suffix(".rs\"]"));
        let folder = path.parent().unwrap();
        of_tests.extend(names.chain(paths).map(|name| folder.join(name)));
    }
    let is_test = |path: &PathBuf| path.ancestors().any(|part| of_tests.contains(&part.with_extension("")));
    paths.iter().map(|path| Source::read(path, is_test(path))).collect()
}

fn assert_none(violations: &[String], rule: &str) {
    assert!(violations.is_empty(), "{rule}:\n{}", violations.join("\n"));
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Whether a file without an extension is a script.
fn is_script(path: &Path) -> bool {
    path.extension().is_none() && fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"#!"))
}

/// Whether a text has a word, not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let starts = !word.starts_with(is_part) || !line[..at].ends_with(is_part);
        let ends = !word.ends_with(is_part) || !line[at + word.len()..].starts_with(is_part);
        starts && (ends || word == "aws_sdk")
    })
}

#[test]
fn no_way_of_writing_a_path_hides_it() {
    let source = |path: &str, text: &str| {
        let lines = text.lines().enumerate().map(|(number, line)| (number, line.to_owned()));
        Source { path: root().join("src").join(path), code: with_whole_uses(lines), lengths: (0, 0) }
    };
    for text in
        ["use std::{env, fmt};", "pub use std::{\n    fmt::{self, Write},\n    env::{\n        args,\n    },\n};"]
    {
        let source = source("band/model.rs", text);
        assert!(source.code.iter().any(|(_, line)| has_word(line, "std::env")), "{:?}", source.code);
    }
    for (path, text) in [
        ("band/model.rs", "use crate::{\n    domain::Minute,\n    store::Store,\n};"),
        ("band/model.rs", "use super::super::store::Store;"),
        ("band/mod.rs", "let store = super::store::Store::open();"),
        ("band/season/day.rs", "use super::super::{super::store::Store, model};"),
    ] {
        let source = source(path, text);
        assert!(source.named(&source.code[0].1).contains(&"store"), "{:?}", source.code);
    }
}

#[test]
fn rooms_name_only_the_rooms_they_may() {
    let mut violations = Vec::new();
    for source in sources() {
        let Some(room) = source.room() else { continue };
        for (number, line) in &source.code {
            for named in source.named(line) {
                let may = room.rooms.contains(&named) || room.rooms == ["*"] || named == room.name;
                if !may && ROOMS.iter().any(|room| room.name == named) {
                    violations.push(format!("{}:{number}: {} names {named}", shown(&source.path), room.name));
                }
            }
        }
    }
    assert_none(&violations, "a room names another that it may not know");
}

#[test]
fn rooms_do_only_what_they_may() {
    let mut violations = Vec::new();
    for source in sources() {
        let Some(room) = source.room() else { continue };
        for (number, line) in &source.code {
            for (mark, may) in MARKS.iter().filter(|(mark, may)| has_word(line, mark) && !room.may.contains(may)) {
                violations.push(format!("{}:{number}: `{mark}` needs May::{may:?}", shown(&source.path)));
            }
        }
    }
    assert_none(&violations, "a room does what it may not");
}

#[test]
fn rooms_use_what_they_may() {
    let sources = sources();
    let mut violations = Vec::new();
    for room in ROOMS.iter().filter(|room| room.rooms != ["*"]) {
        let of_room = || sources.iter().filter(|source| source.room().is_some_and(|of| of.name == room.name));
        let code = || of_room().flat_map(|source| source.code.iter().map(move |(_, line)| (source, line)));
        let names = |other: &str| code().any(|(source, line)| source.named(line).contains(&other));
        for other in room.rooms.iter().filter(|other| !names(other)) {
            violations.push(format!("{} may name {other}, and doesn't", room.name));
        }
        let does = |may: May| MARKS.iter().any(|(mark, of)| *of == may && code().any(|(_, line)| has_word(line, mark)));
        for may in room.may.iter().filter(|may| !does(**may)) {
            violations.push(format!("{} has May::{may:?}, and doesn't need it", room.name));
        }
    }
    assert_none(&violations, "a permission that nobody uses hides the day when somebody does");
}

#[test]
fn code_is_finished() {
    let mut violations = Vec::new();
    for source in sources() {
        for (number, line) in &source.code {
            for word in [".unwrap()", "todo!", "unimplemented!", "dbg!"] {
                if has_word(line, word) {
                    violations.push(format!("{}:{number}: {word}", shown(&source.path)));
                }
            }
        }
    }
    assert_none(&violations, "code outside tests has what only drafts have");
}

#[test]
fn files_hold_one_idea() {
    let mut violations = Vec::new();
    let of_tests = files_under(&root().join("tests"), &["rs"]).into_iter().map(|path| Source::read(&path, true));
    for source in sources().into_iter().chain(of_tests) {
        let (code, tests) = source.lengths;
        if code > LINES_MAX || tests > TEST_LINES_MAX {
            violations.push(format!("{}: {code} lines and {tests} of tests", shown(&source.path)));
        }
    }
    assert_none(&violations, &format!("files are longer than {LINES_MAX} lines, or {TEST_LINES_MAX} of tests"));
}

#[test]
fn every_source_file_says_what_it_is() {
    let mut paths = files_under(&root().join("src"), &["rs"]);
    paths.extend(files_under(&root().join("tests"), &["rs"]));
    let silent = paths.iter().filter(|path| !fs::read_to_string(path).unwrap().starts_with("//! "));
    assert_none(&silent.map(|path| shown(path)).collect::<Vec<_>>(), "files don't begin with what they are");
}

#[test]
fn texts_are_clean() {
    // In two pieces, so that this file is clean too.
    let machine_paths = [("/ho", "me/"), ("/ro", "ot/"), ("/wo", "rk/"), ("/Us", "ers/")].map(|(a, b)| [a, b].concat());
    let unfinished = [("TO", "DO"), ("FIX", "ME"), ("XX", "X")].map(|(a, b)| [a, b].concat());
    let mut violations = Vec::new();
    let paths = files_under(&root(), &["rs", "toml", "md", "sql", "sh", "yml", "py", "service", "timer", "#!"]);
    let named = |name: &str| paths.iter().any(|path| path.ends_with(name));
    assert!([".ci/run", "tests/run", "tests/receivers/install"].into_iter().all(named), "a script isn't read");
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let is_markdown = path.extension().is_some_and(|extension| extension == "md");
        let mut is_fenced = false;
        for (number, line) in text.lines().enumerate() {
            let mut wrong = |what: &str| violations.push(format!("{}:{}: {what}", shown(&path), number + 1));
            if line.ends_with(char::is_whitespace) {
                wrong("ends with a space");
            }
            // Strings are not cut by the formatter, and need not be by hand.
            if is_rust && line.chars().count() > COLUMNS_MAX && !line.contains('"') {
                wrong("is too long");
            }
            is_fenced ^= line.starts_with("```");
            // Tables, code and what HTML there is can't be wrapped.
            let is_prose =
                is_markdown && !is_fenced && !["|", "    ", "  <", "<"].iter().any(|mark| line.starts_with(mark));
            if is_prose && line.chars().count() > COLUMNS_MAX {
                wrong("is too long");
            }
            if is_rust && line.contains('\t') {
                wrong("has a tab");
            }
            if let Some(found) = machine_paths.iter().find(|found| line.contains(found.as_str())) {
                wrong(&format!("has a path of one machine, {found}"));
            }
            if let Some(found) = unfinished.iter().find(|found| has_word(line, found)) {
                wrong(&format!("is unfinished: {found}"));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            violations.push(format!("{}: has no line end at its end", shown(&path)));
        }
    }
    assert_none(&violations, "texts are not clean");
}
