//! Maintenance ranges, and the configured alarms: what is called in one counts for nothing.

use keytide::alarm::StateValue;

use crate::support::record::{KEY, Record};
use crate::support::watched::{Watched, at};

fn watched(range: (&str, &str), more: &str) -> Watched {
    let rules = format!(
        "[[alarm]]\nname = 'busy'\nkey = '{KEY}'\nthreshold = 10\nperiod = '1m'\nevaluation_periods = 2\n\
         comparison_operator = 'GreaterThanThreshold'\n{more}"
    );
    let range = (at(range.0).timestamp(), at(range.1).timestamp());
    Watched::new(&rules, |setup| setup.settings.maintenance = vec![range])
}

fn busy(watched: &mut Watched, minutes: std::ops::Range<u32>) {
    for minute in minutes {
        watched.calls(&format!("10:{minute:02}"), 20, &Record::call("Decrypt").key(KEY));
    }
}

#[test]
fn what_is_called_in_a_maintenance_range_pages_nobody_not_even_after_it() {
    let mut watched = watched(("10:10", "10:20"), "");
    watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
    busy(&mut watched, 10..20);
    watched.round("10:10");
    assert_eq!(watched.told().len(), 1, "INSUFFICIENT_DATA to OK");
    for minute in 11..30 {
        watched.round(&format!("10:{minute}"));
    }
    assert_eq!(watched.told(), [] as [&str; 0]);
    assert_eq!(watched.state("busy"), StateValue::Ok);
}

#[test]
fn what_goes_on_after_a_maintenance_range_is_told_by_what_came_after_it() {
    let mut watched = watched(("10:10", "10:20"), "");
    watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
    busy(&mut watched, 10..25);
    watched.round("10:21");
    assert_eq!(watched.told().len(), 1, "one period after the range is not two");
    watched.round("10:22");
    assert_eq!(
        watched.told(),
        [
            "busy OK -> ALARM: Threshold Crossed: 2 datapoints [20.0 (05/01/26 10:21:00), 20.0 (05/01/26 10:20:00)] were \
          greater than the threshold (10.0)."
        ]
    );
}

#[test]
fn an_alarm_stays_through_a_maintenance_range_whatever_missing_data_stands_for() {
    for treat in ["missing", "ignore", "breaching", "notBreaching"] {
        let mut watched = watched(("10:10", "10:20"), &format!("treat_missing_data = '{treat}'\n"));
        watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
        busy(&mut watched, 5..10);
        watched.round("10:10");
        watched.owed();
        assert_eq!(watched.state("busy"), StateValue::Alarm);
        for minute in 11..=20 {
            watched.round(&format!("10:{minute}"));
        }
        assert_eq!(watched.told(), [] as [&str; 0], "{treat}");
        // The first period after the range is good: more than none of two.
        watched.round("10:21");
        assert_eq!(watched.told().len(), 1, "{treat}");
        assert_eq!(watched.state("busy"), StateValue::Ok, "{treat}");
    }
}

#[test]
fn what_was_wrong_before_a_maintenance_range_is_told() {
    let mut watched = watched(("10:10", "10:20"), "");
    watched.calls("10:00", 1, &Record::call("Decrypt").key(KEY));
    busy(&mut watched, 8..10);
    watched.round("10:09");
    watched.owed();
    // 10:08 and 10:09 were wrong; what follows is known within the range only.
    watched.round("10:15");
    assert_eq!(watched.told().len(), 1);
    assert_eq!(watched.state("busy"), StateValue::Alarm);
}
