//! What isn't stored is not taken for no calls.

use super::*;
use crate::series::CountKind;

/// A store of three days to the end of 2026-01-06, each with the same calls: 10 of one key by one caller, at 10:00.
fn three_days() -> Fake {
    let tens = [DAY - 2880, DAY - 1440, DAY].map(|day| day + 600);
    Fake {
        minutes: tens.map(|minute| (minute, 0, [10, 0, 0, 0, 0])).to_vec(),
        slots: tens.map(|minute| (minute / 5, 0, 0, [10, 0, 0, 0, 0])).to_vec(),
        seconds: tens.map(|minute| (minute * 60, 0, 10, 0)).to_vec(),
        ..fake()
    }
}

/// Calls before, by key, caller and in all, and dollars before.
fn before(report: &ReportData) -> (Option<u64>, Option<u64>, Option<u64>, bool) {
    let of = |rows: &[Ranked]| rows[0].change.previous;
    (of(&report.keys), of(&report.callers), report.totals.successful.previous, report.spend.previous.is_some())
}

fn minutes(start: u32, end: u32) -> MinuteRange {
    MinuteRange { start: Minute(start), end: Minute(end) }
}

#[test]
fn a_range_before_that_is_stored_in_part_is_not_compared() {
    // Of the two days before, one is stored: the calls of a day would have doubled.
    let report = compared(&three_days(), minutes(DAY - 1440, DAY + 1440), Some(minutes(DAY - 4320, DAY - 1440)));
    assert_eq!(before(&report), (None, None, None, false));
    assert_eq!((report.keys[0].change.calls, report.keys[0].change.growth), (20, None));
    assert_eq!((report.previous, &report.changes), (None, &vec![]));
    let json = report.json();
    assert_eq!(json["notes"], serde_json::json!(["Counts begin at 2026-01-04 10:00; no comparison."]));
    let begin = "2026-01-04T10:00:00Z";
    assert_eq!(json["stored_from"], serde_json::json!({"minutes": begin, "callers": begin, "seconds": begin}));
    assert!(json["previous"].is_null() && json["keys"][0]["growth"].is_null(), "{json}");
    for form in [report.markdown(), report.html()] {
        assert!(form.contains("Counts begin at 2026-01-04 10:00; no comparison."), "{form}");
        for word in ["Compared with", "growth", "Largest changes", "new", "+"] {
            assert!(!form.split("<body>").last().is_some_and(|body| body.contains(word)), "{word} in {form}");
        }
    }
}

#[test]
fn the_range_before_may_begin_within_the_first_records_hour() {
    let counts = Fake { minutes: vec![(DAY - 60 + 47, 0, [10, 0, 0, 0, 0]), (DAY, 0, [10, 0, 0, 0, 0])], ..fake() };
    let counts = Fake { slots: vec![], seconds: vec![], ..counts };
    for (start, calls_before) in [(DAY - 60, Some(10)), (DAY - 61, None)] {
        let report = compared(&counts, minutes(DAY, 2 * DAY - start), Some(minutes(start, DAY)));
        assert_eq!(report.keys[0].change.previous, calls_before);
        assert_eq!(report.notes.is_empty(), calls_before.is_some(), "{:?}", report.notes);
    }
}

#[test]
fn each_kind_of_counts_is_compared_as_far_as_it_is_kept() {
    let (range, previous) = (minutes(DAY - 720, DAY + 720), Some(minutes(DAY - 2160, DAY - 720)));
    let all = compared(&three_days(), range, previous);
    assert_eq!(before(&all), (Some(10), Some(10), Some(10), true));
    assert_eq!((all.keys[0].change.growth, all.notes.len()), (Some(0.0), 0));
    for (dropped, without, note) in [
        (
            CountKind::Minutes,
            (None, Some(10), None, true),
            "Counts by minute begin at 2026-01-05 00:00; no comparison of calls, keys and operations.",
        ),
        (
            CountKind::Callers,
            (Some(10), None, Some(10), true),
            "Counts by caller begin at 2026-01-05 00:00; no comparison of callers and resources.",
        ),
        (
            CountKind::Seconds,
            (Some(10), Some(10), Some(10), false),
            "Counts by second begin at 2026-01-05 00:00; no comparison of spend.",
        ),
    ] {
        let report = compared(&three_days().drop_before(dropped, DAY - 1440), range, previous);
        assert_eq!((before(&report), report.notes.as_slice()), (without, &[note.to_owned()][..]));
        assert!(report.markdown().contains("Compared with 2026-01-04 12:00 to 2026-01-05 12:00.\n\nCounts by "));
    }
}

#[test]
fn what_isnt_stored_of_the_range_itself_is_said() {
    let range = minutes(DAY - 2880, DAY + 1440);
    let counts = three_days().drop_before(CountKind::Callers, DAY - 1440);
    let report = compared(&counts, range, None);
    assert_eq!((report.keys[0].change.calls, report.callers[0].change.calls), (30, 20));
    assert_eq!(report.callers_range.start.at, i64::from(DAY - 1440) * 60);
    // A range that begins before the first record is stored from there on.
    assert_eq!(report.notes, ["Counts begin at 2026-01-04 10:00.", "Counts by caller begin at 2026-01-05 00:00."]);
    assert!(report.markdown().contains("\nStored, and counted, of 2026-01-05 to 2026-01-06 only.\n"));
    let dropped = counts.drop_before(CountKind::Seconds, DAY - 1440);
    let report = compared(&dropped, minutes(DAY - 2160, DAY - 1440), None);
    let markdown = report.markdown();
    for title in ["Top callers", "Top resources", "Spend", "Busiest seconds"] {
        assert!(markdown.contains(&format!("## {title}\n\nNothing is stored of this range.\n")), "{markdown}");
    }
    assert!(markdown.contains("## Top keys\n\nNone.\n"), "{markdown}");
    assert!(!markdown.contains("Spend on requests"), "{markdown}");
    assert_eq!((report.callers_range.start, report.callers_range.end), (report.range.end, report.range.end));
}

#[test]
fn an_empty_store_says_so() {
    let report = compared(&Fake::default(), minutes(DAY, DAY + 1440), Some(minutes(DAY - 1440, DAY)));
    assert_eq!((report.previous, report.notes.as_slice()), (None, &["Nothing is stored yet.".to_owned()][..]));
}
