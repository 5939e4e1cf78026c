//! What isn't: a damaged part costs itself, and says why.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Shape, Unreadable, each_record, recognise};
use super::{all, details, envelopes, event_bridge, lines, record, try_walk, unreadable, walk};
use crate::cloudtrail::RejectReason;

#[test]
fn a_bad_line_is_set_aside_with_its_number_and_the_rest_goes_on() {
    let records: Vec<_> = (0..3).map(record).collect();
    let good: Vec<_> = records.iter().map(Value::to_string).collect();
    for bad in [
        &good[1][..60],
        &good[1][..14],
        r#"{"eventVersion":"1","a":"#,
        r#"{"eventVersion":"1","a":[1,"#,
        r#"{"eventVersion":"1","a":1,"#,
        "no JSON at all",
        "{",
        r#"{"eventVersion":"1"]}"#,
        "\"text",
    ] {
        let document = format!("{}\n\n{bad}\n{}\n{}\n", good[0], good[1], good[2]);
        let (shape, found) = walk(&document);
        let expected = [all(&records[..1]), vec![Err(RejectReason::Malformed)], all(&records[1..])].concat();
        assert_eq!((shape, found), (Shape::Lines, expected), "{bad}");
        let (first_bad, _) = walk(format!("{bad}\n{}", lines(&records)));
        assert_eq!(first_bad, Shape::Lines, "{bad}");
    }
    let document = format!("{}\n\n{}\n{}\n", good[0], &good[1][..60], good[2]);
    assert!(details(document)[0].starts_with("line 3: begins with \"{"));
    let document = format!("{}\n{}", good[0], &good[1][..60]);
    assert_eq!(walk(document).1, [Ok(records[0].clone()), Err(RejectReason::Truncated)]);
}

#[test]
fn a_cut_document_gives_the_records_before_the_cut() {
    let records: Vec<_> = (0..3).map(record).collect();
    for (shape, document) in envelopes(&records) {
        if matches!(shape, Shape::LogsLambda | Shape::LakeCsv) {
            continue;
        }
        let document = document.trim_end();
        for cut in 1..document.len() {
            let Some(part) = document.get(..document.len() - cut) else { continue };
            let (_, found, _) = try_walk(part.as_bytes());
            let whole: Vec<_> = found.into_iter().filter_map(Result::ok).collect();
            assert_eq!(whole, records[..whole.len()], "{part}");
        }
    }
    for document in [json!({ "Records": records }).to_string(), format!("{:#}", json!({ "Records": records }))] {
        let cut = document.rfind("\"number\"").unwrap();
        let expected = [all(&records[..2]), vec![Err(RejectReason::Truncated)]].concat();
        assert_eq!(walk(&document[..cut]), (Shape::Trail, expected));
        let expected = [all(&records), vec![Err(RejectReason::Truncated)]].concat();
        assert_eq!(walk(&document[..document.len() - 1]), (Shape::Trail, expected.clone()));
        let end = document.rfind(']').unwrap();
        assert_eq!(walk(document[..end].trim_end()), (Shape::Trail, expected));
    }
}

#[test]
fn a_damaged_item_of_a_list_costs_itself() {
    let records: Vec<_> = (0..3).map(|number| json!({"eventVersion": "1", "number": number})).collect();
    for bad in [r#"{"eventVersion":"1","a":}"#, r#"{"eventVersion":"1","a":[1}"#, r#"{"eventVersion" "1"}"#, "oops"] {
        let document = format!(r#"{{"Records":[{},{bad},{},{}]}}"#, records[0], records[1], records[2]);
        let expected = [all(&records[..1]), vec![Err(RejectReason::Malformed)], all(&records[1..])].concat();
        assert_eq!(walk(document), (Shape::Trail, expected), "{bad}");
    }
    // Items of other envelopes begin alike too.
    let events: Vec<_> = records.iter().map(|record| event_bridge(record).to_string()).collect();
    let document = format!("[{},{},{}]", events[0], events[1].replace("\"0\"", "zero"), events[2]);
    let expected = [Ok(records[0].clone()), Err(RejectReason::Malformed), Ok(records[2].clone())];
    assert_eq!(walk(document), (Shape::EventBridge, expected.to_vec()));
    let document = json!({"Records": [1, record(0), "text", null, [], record(1)]}).to_string();
    let not = Err(RejectReason::NotAnObject);
    assert_eq!(walk(document).1, [not.clone(), Ok(record(0)), not.clone(), not, Ok(record(1))]);
}

#[test]
fn a_damaged_item_is_walked_again_and_nothing_in_it_is_handed_out_twice() {
    let records: Vec<_> = (0..3).map(|number| json!({"eventVersion": "1", "number": number})).collect();
    let trail = json!({"Records": records[..2]}).to_string();
    let open = trail.strip_suffix('}').unwrap();
    let document = format!("[{open},\"x\":}},{}]", json!({"Records": records[2..]}));
    let expected = [all(&records[..2]), vec![Err(RejectReason::Malformed)], all(&records[2..])].concat();
    assert_eq!(walk(document).1, expected);
    let document = format!("[{}", open.strip_suffix(']').unwrap());
    assert_eq!(walk(document).1, [all(&records[..2]), vec![Err(RejectReason::Truncated)]].concat());
}

#[test]
fn a_record_that_is_too_large_and_envelopes_that_are_too_deep_are_set_aside_alone() {
    let bad = format!(r#"{{"eventVersion":"1","a":"{}"}}"#, "x".repeat(100 << 20));
    for [begin, separator, end] in [["{\"Records\":[", ",", "]}"], ["", "\n", "\n"], ["", "", ""]] {
        let document =
            [begin, &record(0).to_string(), separator, &bad, separator, &record(1).to_string(), end].concat();
        assert_eq!(walk(document).1, [Ok(record(0)), Err(RejectReason::TooLarge), Ok(record(1))], "{separator:?}");
    }
    // Texts in texts too.
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let envelope = format!("{}{}", "{\"Records\":[".repeat(10_000), "]}".repeat(10_000));
    assert_eq!(walk(envelope).1, [Err(RejectReason::NestedTooDeep)]);
    let quoted = (0..6).fold(record(0), |inner, _| json!({"message": inner.to_string()}));
    assert_eq!(walk(quoted.to_string()).1, [Ok(record(0))]);
    let quoted = (0..9).fold(record(0), |inner, _| json!({"message": inner.to_string()}));
    assert_eq!(walk(quoted.to_string()).1, [Err(RejectReason::NestedTooDeep)]);
    assert_eq!(unreadable(nested(100_000)).code(), "no-records");
}

#[test]
fn payloads_that_cannot_be_decoded_are_set_aside() {
    for data in [json!("no base64!"), json!("bm8gZ3ppcA=="), json!(5)] {
        let document = json!({"awslogs": {"data": data}}).to_string();
        assert_eq!(walk(document), (Shape::LogsLambda, vec![Err(RejectReason::UndecodablePayload)]));
    }
    let events = json!({"events": [{"message": "plain"}, {"message": "{\"cut\":"}, {"message": "{} x"}, {"x": 1}]});
    let found = walk(events.to_string()).1;
    let expected = [
        Err(RejectReason::NotARecord),
        Err(RejectReason::Truncated),
        Err(RejectReason::NotARecord),
        Err(RejectReason::Malformed),
        Err(RejectReason::NotARecord),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_nothing_known_says_what_was_seen() {
    for empty in ["", " \r\n\t", "\u{feff}"] {
        assert_eq!(unreadable(empty), Unreadable::Empty);
    }
    assert_eq!(unreadable(b"\xff\xfe{\0\"\0"), Unreadable::Utf16);
    let not_json = |seen: &str| Unreadable::NotJson { seen: seen.to_owned() };
    assert_eq!(unreadable("hello, world\nagain"), not_json("\"hello, world\\nagain\""));
    assert_eq!(unreadable(b"PAR1\x15\x04"), not_json("\"PAR1\\x15\\x04\""));
    assert_eq!(unreadable(r#"{"foo":"#), not_json(r#""{\"foo\":""#));
    for document in ["{}", "42", "null", r#"{"foo":{"bar":[1]}}"#, r#"[{"eventName":"x"}]"#] {
        assert_eq!(unreadable(document).code(), "no-records", "{document}");
    }
}

#[test]
fn the_items_of_a_list_that_cannot_be_walked_are_found_one_by_one() {
    let wrapped: Vec<_> = (0..5).map(|number| json!({"ts": number, "record": record(number)}).to_string()).collect();
    for [begin, separator, end] in [
        ["{\"took\":1,\"hits\":{\"total\":5,\"hits\":[", ",", "]}}"],
        ["{\"hits\":{\"hits\":[\n  ", ",\n  ", "\n]}}\n"],
        ["[", ",", "]"],
        ["[\n  ", ",\n  ", "\n]\n"],
    ] {
        for damaged in 0..5_u32 {
            let mut items = wrapped.clone();
            let item = &mut items[damaged as usize];
            *item = item.replacen("\"Decrypt\"", "\"Decrypt", 1);
            let found = walk([begin, &items.join(separator), end].concat()).1;
            let (whole, rejects): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
            let others: Vec<_> = (0..5).filter(|number| *number != damaged).map(record).collect();
            assert_eq!(whole, all(&others), "{begin} with {damaged} damaged");
            assert!(!rejects.is_empty());
        }
    }
}

#[test]
fn items_of_which_many_were_left_open_cost_themselves() {
    let items: Vec<_> = (0..200)
        .map(|number| {
            let item = json!({"eventVersion": "1", "number": number, "z": [{"a": "x".repeat(20_000)}]}).to_string();
            if number % 8 == 1 { item.strip_suffix("]}").unwrap().to_owned() } else { item }
        })
        .collect();
    for [begin, end] in [["{\"Records\":[", "]}"], ["[", "]"], ["{\"a\":1,\"Records\":[", "],\"b\":2}"]] {
        let found = walk([begin, &items.join(","), end].concat()).1;
        let numbers: Vec<_> = found.iter().flatten().map(|record| record["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (0..200).filter(|number| number % 8 != 1).collect::<Vec<_>>(), "{begin}");
        assert_eq!(found.len(), 200, "{begin}");
    }
}

#[test]
fn a_bracket_too_many_costs_no_document_that_follows_without_a_space() {
    let records: Vec<_> = (0..3).map(record).collect();
    let [first, rest @ ..] = [0, 1, 2].map(|number: usize| {
        format!("{{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":{}}}", records[number])
    });
    for name in ["\"eventName\"", "\"insightDetails\"", "\"text\""] {
        let first = first.replacen(name, &format!("}},{name}"), 1).replacen(",}", "}", 1);
        let document = [&[first][..], &rest].concat().concat();
        let found = walk(&document).1;
        assert_eq!(found[found.len() - 2..], all(&records[1..]), "{document}");
        assert!(found.iter().any(Result::is_err), "{document}");
    }
}

#[test]
fn hostile_documents_come_to_an_end() {
    // Each would be walked or searched anew from every part of it, if faults were followed without a bound.
    let csv = "\neventJson\n[{\"x\"\n";
    for part in ["{\"eventVersion\":[1,", "{\"eventVersion\":1,\"a\":", "{\"a\":[\n", "{\"eventVersion\":\"\\\n", csv] {
        let document = format!("{{\"Records\":[{}}}", part.repeat(100_000));
        for document in [document, part.repeat(100_000)] {
            assert!(try_walk(document.as_bytes()).1.iter().all(Result::is_err));
        }
    }
    let other =
        ["[{}x\n", "{\"a\":[{\"b\":{\"", "[{\"a\":", "{\"a\":{\"QueryResultRows\":[[[1]]]}}\n", "{\"a\":1,}\n", "x\n"];
    for part in other {
        let document = part.repeat(100_000);
        assert_eq!(recognise(document.as_bytes()), Shape::Unknown, "{part}");
        let document = format!("{}{document}", lines(&[record(0)]));
        assert_eq!(try_walk(document.as_bytes()).1.iter().flatten().count(), 1, "{part}");
    }
    let open = format!("[{}", "{\"eventVersion\":1},[1,".repeat(100_000));
    assert!(try_walk(open.as_bytes()).1.len() > 1);
    let rows = "{\"QueryResultRows\":[[{\"";
    for part in ["[{}x\n", "[\"{\\\"x\n", "[x{\\\n", "\u{feff}[{}x", &format!("{rows}\n"), &format!("{rows}a\":\n")] {
        let document = format!("{{\"Records\":[]}}\n{}", part.repeat(100_000));
        assert!(try_walk(document.as_bytes()).1.iter().all(Result::is_err));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_break_the_walk(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..2000) {
        let mut document = json!({"Records": [record(0), record(1)]}).to_string().into_bytes();
        let at = at.min(document.len());
        document.splice(at..at, bytes);
        let _ = each_record(&document, recognise(&document), &mut |_, _| {});
    }
}
