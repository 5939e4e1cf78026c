//! A damaged record of a log file costs itself, and whatever the file's shape the others are heard.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fmt;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Call, Decoder, Fact, PassedOver, RejectReason, Sink};

/// The event ids of requests, records passed over, and rejects, as they come.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    ids: Vec<String>,
    passed_over: usize,
    rejects: Vec<(u64, RejectReason)>,
}

impl Sink for Heard {
    fn request(&mut self, _: u64, call: &Call<'_>) -> Result<(), (RejectReason, String)> {
        self.ids.push(String::from_utf8_lossy(call.fields.event_id).into_owned());
        Ok(())
    }

    fn fact(&mut self, _: Fact) -> Result<(), (RejectReason, String)> {
        Ok(())
    }

    fn reject(&mut self, position: u64, reason: RejectReason, detail: fmt::Arguments<'_>) {
        assert!(!detail.to_string().is_empty());
        self.rejects.push((position, reason));
    }

    fn passed_over(&mut self, _: PassedOver) {
        self.passed_over += 1;
    }
}

fn heard(document: impl AsRef<[u8]>) -> Heard {
    let mut heard = Heard::default();
    Decoder::default().document(document.as_ref(), &mut heard).unwrap();
    heard
}

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A record as CloudTrail writes it, of KMS or of another service.
fn record(id: &str, source: &str, name: &str) -> String {
    let text = json!({
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/a", "accountId": "111122223333"},
        "eventTime": "2026-01-05T10:00:00Z", "eventSource": source, "eventName": name, "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.1", "userAgent": "[\"a\\b\" {c}]",
        "requestParameters": {"keyId": KEY, "encryptionContext": {"a": "b"}}, "responseElements": null,
        "eventID": id, "resources": [{"accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": KEY}],
    });
    text.to_string().replacen('{', "{\"eventVersion\":\"1.11\",", 1)
}

/// Five records, all of KMS but the third of another service.
fn records() -> [String; 5] {
    [("e0", true), ("e1", true), ("e2", false), ("e3", true), ("e4", true)].map(|(id, kms)| match kms {
        true => record(id, "kms.amazonaws.com", "Decrypt"),
        false => record(id, "s3.amazonaws.com", "GetObject"),
    })
}

const SHAPES: [[&str; 2]; 4] = [
    ["{\"Records\":[", "]}"],
    ["[", "]"],
    ["{ \"Records\" : [\n", "\n]\n}\n"],
    ["{\"a\":1,\"Records\":[", "],\"b\":2}"],
];

/// The five records, the text in the place of one, in every shape.
fn with_damage(at: usize, text: &str) -> Vec<Heard> {
    let mut items = records();
    text.clone_into(&mut items[at]);
    SHAPES.map(|[begin, end]| heard([begin, &items.join(","), end].concat())).into()
}

#[test]
fn whole_files_are_heard_to_the_end() {
    for heard in with_damage(0, &records()[0]) {
        assert_eq!((heard.ids.len(), heard.passed_over, heard.rejects), (4, 1, vec![]));
    }
}

#[test]
fn a_record_that_cannot_be_read_is_set_aside_and_loses_nothing_else() {
    for at in [0, 1, 2, 4] {
        let good = &records()[at];
        let damaged = [
            (String::new(), "a comma too many"),
            (good[..good.len() - 1].to_owned(), "a bracket too few"),
            (good.replace("\"b\"}", "\"b\""), "an inner bracket too few"),
            (good.replace("192.0.2.1", "192\".0.2.1"), "a quote inside a text"),
            (good.replace("192.0.2.1\"", "192.0.2.1"), "a quote too few"),
            (good.replace("\"sourceIPAddress\":", "\"sourceIPAddress\" "), "a colon too few"),
            (good.replace("\"192.0.2.1\"", ""), "a value too few"),
            (good[..good.len() / 2].to_owned(), "half a record"),
            ("oops".to_owned(), "no record at all"),
        ];
        for (text, what) in damaged {
            // What of another service's record is not read may be anything that leaves its brackets whole.
            if at == 2 && matches!(what, "a colon too few" | "a value too few") {
                continue;
            }
            for heard in with_damage(at, &text) {
                let others: Vec<String> =
                    [0, 1, 3, 4].into_iter().filter(|other| *other != at).map(|id| format!("e{id}")).collect();
                if what == "a comma too many" && at == 4 {
                    // At the list's end it is no harm.
                    assert_eq!((&heard.ids, &heard.rejects[..]), (&others, &[][..]), "{what}");
                    continue;
                }
                let passed_over = usize::from(at != 2);
                assert_eq!((&heard.ids, heard.passed_over), (&others, passed_over), "{what} in record {at}");
                let reason = if heard.rejects[0].1 == RejectReason::Truncated && at == 4 {
                    RejectReason::Truncated
                } else {
                    RejectReason::Malformed
                };
                assert_eq!(heard.rejects, [(at as u64, reason)], "{what} in record {at}");
            }
        }
    }
}

#[test]
fn what_is_wrong_between_two_records_costs_neither() {
    let records = records();
    for between in ["", " ", "},", "]", "],", "x", ":", ",,"] {
        let list = format!("{}{between}{}", records[..2].join(","), records[2..].join(","));
        for [begin, end] in SHAPES {
            let heard = heard([begin, &list, end].concat());
            assert_eq!((heard.ids.len(), heard.passed_over), (4, 1), "{between:?}: {heard:?}");
            assert!(!heard.rejects.is_empty(), "{between:?}");
        }
    }
}

#[test]
fn what_a_record_has_beside_the_fields_that_are_read_counts_in_no_shape() {
    let of_shape = [SHAPES.to_vec(), vec![["", "\n"], ["", ""]]].concat();
    let [good, ..] = records();
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let deep = |name: &str, depth: usize| {
        let field = format!("\"{name}\":{},", nested(depth));
        good.replacen("\"sourceIPAddress\"", &format!("{field}\"sourceIPAddress\""), 1).into_bytes()
    };
    let ill = |text: &str| {
        let at = good.find(text).unwrap();
        [&good.as_bytes()[..at], b"\xff\xfe\x80", &good.as_bytes()[at + 3..]].concat()
    };
    let counted = [deep("additionalEventData", 126), deep("additionalEventData", 10_000), ill("192.0.2.1")];
    // What is read must be a text.
    let set_aside = [
        (deep("errorCode", 10_000), RejectReason::NestedTooDeep),
        (deep("errorCode", 127), RejectReason::NestedTooDeep),
        (deep("errorCode", 126), RejectReason::WrongType),
    ];
    for [begin, end] in of_shape {
        let around = |text: &[u8]| {
            let [first, last] = ["first", "last"].map(|id| record(id, "kms.amazonaws.com", "Decrypt"));
            let separator = if begin.is_empty() { end } else { "," };
            let before = [begin, &first, separator].concat();
            heard([before.as_bytes(), text, separator.as_bytes(), last.as_bytes(), end.as_bytes()].concat())
        };
        for text in &counted {
            let heard = around(text);
            assert_eq!(
                (heard.ids, heard.rejects),
                (["first", "e0", "last"].map(str::to_owned).into(), vec![]),
                "{begin}"
            );
        }
        for (text, reason) in &set_aside {
            let heard = around(text);
            let expected = (["first", "last"].map(str::to_owned).into(), vec![(1, *reason)]);
            assert_eq!((heard.ids, heard.rejects), expected, "{begin}");
        }
    }
}

#[test]
fn what_follows_a_damaged_file_is_read_too() {
    let [first, second, ..] = records();
    let broken = first.replace("192.0.2.1", "192\".0.2.1");
    for between in ["", "\n"] {
        let document = format!("{{\"Records\":[{broken},{second}],\"x\":[1]}}{between}{{\"Records\":[{first}]}}");
        let heard = heard(document);
        assert_eq!(
            (heard.ids, heard.rejects),
            (vec!["e1".to_owned(), "e0".to_owned()], vec![(0, RejectReason::Malformed)])
        );
    }
}

#[test]
fn a_file_that_is_cut_gives_the_records_before_the_cut_and_one_reject() {
    let records = records();
    let document = format!("{{\"Records\":[{}]}}", records.join(","));
    let ends: Vec<usize> = (1..=5).map(|count| "{\"Records\":[".len() + records[..count].join(",").len()).collect();
    for cut in "{\"Records\":[".len()..document.len() {
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let heard = heard(&document[..cut]);
        assert_eq!(heard.ids.len() + heard.passed_over, whole, "cut at {cut}: {heard:?}");
        assert_eq!(heard.rejects, [(whole as u64, RejectReason::Truncated)], "cut at {cut}");
    }
}

/// How a byte goes astray.
#[derive(Clone, Copy, Debug)]
enum Stray {
    Added,
    InPlaceOfAnother,
    Missing,
}

/// With one stray byte in the record `at`, at `place`, each other record of KMS is heard once in every shape.
fn others_are_heard(at: usize, place: usize, byte: u8, stray: Stray) -> Result<(), TestCaseError> {
    let mut items = records().map(String::into_bytes);
    match stray {
        Stray::Added => items[at].insert(place, byte),
        Stray::InPlaceOfAnother => items[at][place] = byte,
        Stray::Missing => drop(items[at].remove(place)),
    }
    for [begin, end] in SHAPES {
        let document = [begin.as_bytes(), &items.join(&b","[..]), end.as_bytes()].concat();
        let heard = heard(&document);
        for other in [0, 1, 3, 4].into_iter().filter(|other| *other != at) {
            let id = format!("e{other}");
            let times = heard.ids.iter().filter(|heard| **heard == id).count();
            prop_assert_eq!(times, 1, "{} in {:?}", id, String::from_utf8_lossy(&document));
        }
    }
    Ok(())
}

#[test]
fn a_bracket_or_quote_anywhere_in_a_record_costs_that_record_alone() {
    for at in [1, 2] {
        for place in 0..records()[at].len() {
            for byte in *b"\"}]" {
                others_are_heard(at, place, byte, Stray::Added).unwrap();
                others_are_heard(at, place, byte, Stray::InPlaceOfAnother).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_stray_byte_costs_one_record_at_most(
        at in 0..5_usize,
        place in any::<prop::sample::Index>(),
        byte in prop::sample::select(&b"\"\\{}[]:,x7 \n\xff"[..]),
        stray in prop::sample::select(&[Stray::Added, Stray::InPlaceOfAnother, Stray::Missing][..]),
    ) {
        others_are_heard(at, place.index(records()[at].len()), byte, stray)?;
    }
}

#[test]
fn a_value_that_is_no_record_is_set_aside_in_its_place() {
    let list: Vec<Value> = vec![json!(1), json!("text"), json!(null), json!([]), json!({"a": 1})];
    let heard = heard(json!({ "Records": list }).to_string());
    let reasons = [RejectReason::NotAnObject; 4].into_iter().chain([RejectReason::NotARecord]);
    assert_eq!(heard.rejects, (0..).zip(reasons).collect::<Vec<_>>());
}

/// The five records, the third one of KMS too, with a block lost: from inside the key's ARN in the record `at` to
/// inside the address in the next. The list of resources stays open.
fn with_list_left_open(at: usize) -> String {
    let mut items = records();
    items[2] = record("e2", "kms.amazonaws.com", "Decrypt");
    let from = items[at].find("\"ARN\":\"arn").unwrap() + 20;
    let to = items[at + 1].find("192.0.2.1").unwrap() + 4;
    let joined = [&items[at][..from], &items[at + 1][to..]].concat();
    [&items[..at], &[joined], &items[at + 2..]].concat().join(",")
}

#[test]
fn a_lost_block_that_leaves_a_list_open_costs_the_two_records_that_it_lay_in() {
    for at in 0..3 {
        let others: Vec<String> =
            (0..5).filter(|other| ![at, at + 1].contains(other)).map(|id| format!("e{id}")).collect();
        for [begin, end] in SHAPES {
            let heard = heard([begin, &with_list_left_open(at), end].concat());
            assert_eq!((&heard.ids, heard.passed_over), (&others, 0), "at {at} in {begin}");
            let [(position, _)] = heard.rejects[..] else { panic!("{heard:?}") };
            assert_eq!(position, at as u64, "in {begin}");
        }
    }
}

#[test]
fn what_follows_a_file_with_a_list_left_open_is_read_too() {
    let last = record("last", "kms.amazonaws.com", "Decrypt");
    for between in ["", "\n"] {
        let document = format!("{{\"Records\":[{}]}}{between}{{\"Records\":[{last}]}}", with_list_left_open(1));
        let heard = heard(document);
        assert_eq!(
            (heard.ids, heard.rejects),
            (["e0", "e3", "e4", "last"].map(str::to_owned).into(), vec![(1, RejectReason::Malformed)],)
        );
    }
}

#[test]
fn a_second_list_of_records_in_one_object_is_read_like_the_first() {
    let [first, second, ..] = records();
    let third = record("e2", "kms.amazonaws.com", "Decrypt");
    let both = ["e0", "e1", "e2"].map(str::to_owned);
    let (list, more) = (format!("{{\"Records\":[{first}]"), format!("\"Records\":[{second},{third}]"));
    for document in [
        format!("{list},{more}}}"),
        format!("{list},\"a\":[1],{more},\"b\":2}}"),
        format!("{list},\"a\":{{}},{more}}}\n"),
    ] {
        let heard = heard(&document);
        assert_eq!((&heard.ids[..], &heard.rejects[..]), (&both[..], &[][..]), "{document}");
    }
    // A record of the second list that is damaged costs itself, and so does the member after it.
    let bad = more.replacen("192.0.2.1\"", "192.0.2.1", 1);
    for (tail, rejects) in [("}", 1), (",\"b\":}", 2)] {
        let heard =
            heard(format!("{list},{bad}{tail}\n{{\"Records\":[{}]}}", record("e3", "kms.amazonaws.com", "Sign")));
        assert_eq!((heard.ids.last(), heard.ids.len(), heard.rejects.len()), (Some(&"e3".to_owned()), 3, rejects));
    }
}
