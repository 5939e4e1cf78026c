//! Lists whose items are no objects: a damaged item costs itself, whichever byte is wrong.

use serde_json::{Value, json};

use super::super::Shape;
use super::{Outcome, all, event_bridge, record, try_walk, walk};
use crate::cloudtrail::RejectReason;

/// Four records as items of a list, and what comes before and after the list.
type List = (&'static str, [String; 4], &'static str);

fn plain_columns(number: u32) -> Value {
    json!([{"eventid": number.to_string()}, {"eventtime": "2023-07-10 11:57:36.000"},
        {"eventsource": "kms.amazonaws.com"}, {"eventname": "Decrypt"}, {"resources": "[{accountid=1, arn=a}]"}])
}

fn lists() -> Vec<List> {
    let of = |item: &dyn Fn(u32) -> Value| [0, 1, 2, 3].map(|number| item(number).to_string());
    let rows = of(&|number| json!([{"eventID": number.to_string()}, {"eventJson": record(number).to_string()}]));
    let one_column = of(&|number| json!([{"eventJson": record(number).to_string()}]));
    let texts = of(&|number| json!(record(number).to_string()));
    let pretty = [0, 1, 2, 3].map(|number| format!("{:#}", plain_columns(number)));
    vec![
        ("{\"QueryStatus\":\"FINISHED\",\"QueryResultRows\":[", rows.clone(), "]}"),
        ("{\"QueryResultRows\": [", rows, "], \"NextToken\": \"t\"}"),
        ("{\"QueryResultRows\":[", one_column, "]}"),
        ("{\"QueryResultRows\":[", of(&plain_columns), "]}"),
        ("{\n \"QueryResultRows\": [\n", pretty, "\n]}\n"),
        ("[", texts.clone(), "]"),
        ("[\n  ", texts, "\n]\n"),
    ]
}

/// The same, of objects that hold records, and of records whose keys are sorted.
fn lists_of_objects() -> Vec<List> {
    let of = |item: &dyn Fn(u32) -> Value| [0, 1, 2, 3].map(|number| item(number).to_string());
    let lookup = of(&|number| {
        json!({"EventId": "x", "Resources": [{"ResourceType": "k"}, {"ResourceType": "k"}],
            "CloudTrailEvent": record(number).to_string()})
    });
    let messages = of(&|number| json!({"id": "1", "message": record(number).to_string(), "time": 1}));
    let wrapped = of(&|number| json!({"a": number, "record": record(number), "z": "h"}));
    // One of them begins with another key than the rest.
    let sorted = [0, 1, 2, 3].map(|number| {
        let rest = format!("\"awsRegion\":\"r\",{}", &record(number).to_string()[1..]);
        if number == 0 { format!("{{\"additionalEventData\":{{\"a\":[]}},{rest}") } else { format!("{{{rest}") }
    });
    vec![
        ("{\"Events\":[", lookup, "],\"NextToken\":\"t\"}"),
        ("{\"events\":[", messages.clone(), "]}"),
        ("{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[", messages, "],\"b\":[{}]}"),
        ("[", of(&|number| event_bridge(&record(number))), "]"),
        ("[", wrapped, "]"),
        ("[", sorted.clone(), "]"),
        ("{\"Records\":[", sorted, "]}"),
    ]
}

/// How often the walk gives each of the four records.
fn times(document: &[u8]) -> [usize; 4] {
    let (_, found, _) = try_walk(document);
    [0, 1, 2, 3].map(|number| {
        let is_it =
            |record: &Value| record["number"] == json!(number) || record["eventID"] == json!(number.to_string());
        found.iter().flatten().filter(|record| is_it(record)).count()
    })
}

fn join(items: &[Vec<u8>; 4], (begin, _, end): &List) -> Vec<u8> {
    [begin.as_bytes(), &items.join(&b","[..]), end.as_bytes()].concat()
}

/// With any byte of an item lost, added or another, each other item is given once, but where `may_end` says that this
/// ends the list: with the byte put where, in which item, before what.
fn one_wrong_byte_costs_no_other(lists: Vec<List>, may_end: impl Fn(&List, u8, usize, Option<&u8>) -> bool) {
    for list in lists {
        let items = list.1.clone().map(String::into_bytes);
        assert_eq!(times(&join(&items, &list)), [1; 4]);
        for at in [0, 1, 3] {
            for place in 0..items[at].len() {
                let mut damaged = vec![items.clone()];
                damaged[0][at].remove(place);
                for byte in *b"\"\\{}[],x\n" {
                    let (mut added, mut other) = (items.clone(), items.clone());
                    added[at].insert(place, byte);
                    other[at][place] = byte;
                    damaged.extend((!may_end(&list, byte, place, items[at].get(place))).then_some(added));
                    damaged.extend((!may_end(&list, byte, place, items[at].get(place + 1))).then_some(other));
                }
                for items in damaged {
                    let document = join(&items, &list);
                    let mut times = times(&document);
                    times[at] = 1;
                    assert_eq!(times, [1; 4], "{}", String::from_utf8_lossy(&document));
                }
            }
        }
    }
}

#[test]
fn one_wrong_byte_in_a_row_or_a_text_costs_no_other() {
    // In a list that is no member of an object nothing is known after a bracket where a text begins, or after a quote
    // before a bracket in a text.
    one_wrong_byte_costs_no_other(lists(), |list, byte, place, next| {
        list.0.starts_with('[') && (byte == b']' && place == 0 || byte == b'"' && next == Some(&b']'))
    });
}

#[test]
fn one_wrong_byte_in_an_object_that_holds_a_record_costs_no_other() {
    one_wrong_byte_costs_no_other(lists_of_objects(), |_, _, _, _| false);
}

#[test]
fn a_bracket_for_a_comma_between_two_items_costs_neither() {
    for list in lists_of_objects() {
        let (begin, items, end) = &list;
        for between in ["", "]", "],", "x", ":", ",,", "],\"a\":1,"] {
            let document = format!("{begin}{}{between}{}{end}", items[..2].join(","), items[2..].join(","));
            assert_eq!(times(document.as_bytes()), [1; 4], "{document}");
        }
    }
}

#[test]
fn a_lost_quote_is_one_reject() {
    for (begin, mut items, end) in lists() {
        let with_quote = items[1].rfind("Decrypt").unwrap() + "Decrypt".len();
        items[1].remove(with_quote);
        let document = [begin, &items.join(","), end].concat();
        let (_, found, _) = try_walk(document.as_bytes());
        let rejects: Vec<_> = found.iter().filter(|outcome| outcome.is_err()).collect();
        assert_eq!((found.len(), rejects), (4, vec![&Err(RejectReason::Malformed)]), "{document}");
    }
}

#[test]
fn what_is_wrong_between_two_rows_or_texts_costs_neither() {
    for (begin, items, end) in lists() {
        for between in ["", " ", "]", "],", "x", ":", ",,"] {
            let list = format!("{}{between}{}", items[..2].join(","), items[2..].join(","));
            let document = [begin, &list, end].concat();
            assert_eq!(times(document.as_bytes()), [1; 4], "{document}");
            assert!(try_walk(document.as_bytes()).1.iter().any(Result::is_err), "{document}");
        }
    }
}

#[test]
fn a_record_inside_a_damaged_text_is_not_taken_for_an_item() {
    let forged = json!({"eventVersion": "1.11", "number": 9}).to_string();
    let holder = json!({"eventVersion": "1.11", "list": [forged.clone()], "text": forged, "number": 1}).to_string();
    let [first, last] = [record(0), record(2)];
    let texts = json!([first.to_string(), holder, last.to_string()]).to_string();
    let row = |text: &str| json!([{"eventJson": text}]);
    let rows = json!({"QueryResultRows": [row(&first.to_string()), row(&holder), row(&last.to_string())]}).to_string();
    for (shape, document) in [(Shape::List, texts), (Shape::LakeRows, rows)] {
        // The quote after the holder's version is lost, or only its backslash.
        let at = document.match_indices("1.11").nth(1).unwrap().0 + 4;
        assert_eq!(&document[at..at + 2], "\\\"");
        for lost in [at..at + 1, at..at + 2] {
            let mut document = document.clone();
            document.replace_range(lost, "");
            let (told, found) = walk(&document);
            let records: Vec<Outcome> = found.into_iter().filter(Result::is_ok).collect();
            assert_eq!((told, records), (shape, all(&[first.clone(), last.clone()])), "{document}");
        }
    }
}
