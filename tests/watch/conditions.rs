//! Each condition of an alarm, from records of a trail to messages: by caller, on a quota's share, on spend, on a band.

use chrono::Duration;
use keytide::alarm::StateValue;
use keytide::publish::text;
use keytide::tariff::QuotaList;
use serde_json::json;

use crate::support::record::{GUEST, KEY, KEY_2, OWNER, Record};
use crate::support::watched::{Watched, at, change};

pub(super) fn by_role(role: &str) -> Record {
    let issuer = format!("arn:aws:iam::{OWNER}:role/{role}");
    Record::call("Decrypt")
        .key(KEY)
        .identity("arn", format!("arn:aws:sts::{OWNER}:assumed-role/{role}/session"))
        .identity("sessionContext", json!({"sessionIssuer": {"type": "Role", "arn": issuer, "accountId": OWNER}}))
}

fn for_bucket(record: &Record, bucket: &str) -> Record {
    let object = format!("arn:aws:s3:::{bucket}/part-0001");
    record.clone().parameter("encryptionContext", json!({"aws:s3:arn": object}))
}

#[test]
fn an_alarm_by_caller_and_resource_counts_only_their_calls() {
    let rules = "[[alarm]]\nname = 'etl'\ncaller = '*:role/etl-*'\nresource = '*data-lake-*'\nperiod = '5m'\n\
                 threshold = 20\ncomparison_operator = 'GreaterThanThreshold'\n";
    let mut watched = Watched::new(rules, |_| {});
    let (etl, app) = (by_role("etl-nightly"), by_role("app"));
    // Everything stored begins at 10:00.
    watched.calls("10:00", 1, &app);
    // 10:00 to 10:05: 12 calls that count, and many that don't: of another role, for another bucket.
    watched.calls("10:01", 12, &for_bucket(&etl, "data-lake-raw"));
    watched.calls("10:02", 40, &for_bucket(&app, "data-lake-raw"));
    watched.calls("10:03", 40, &for_bucket(&etl, "logs"));
    // 10:05 to 10:10: 14 and 17 that count.
    watched.calls("10:05", 14, &for_bucket(&etl, "data-lake-raw"));
    watched.calls("10:09", 17, &for_bucket(&etl, "data-lake-out"));
    // 10:10 to 10:15: none.
    watched.calls("10:11", 40, &for_bucket(&app, "data-lake-raw"));
    watched.round("10:07");
    assert_eq!(
        watched.told(),
        [
            "etl INSUFFICIENT_DATA -> OK: Threshold Crossed: 1 datapoint [12.0 (05/01/26 10:00:00)] was not greater than \
          the threshold (20.0)."
        ]
    );
    watched.round("10:10");
    let owed = watched.owed();
    let reason = "Threshold Crossed: 1 datapoint [31.0 (05/01/26 10:05:00)] was greater than the threshold (20.0).";
    assert_eq!((owed.len(), change(&owed[0]).reason.as_str()), (1, reason));
    assert_eq!(change(&owed[0]).changed_at, at("10:25").timestamp());
    watched.round("10:17");
    assert_eq!(
        watched.told(),
        [
            "etl ALARM -> OK: Threshold Crossed: 1 datapoint [0.0 (05/01/26 10:10:00)] was not greater than the threshold \
          (20.0)."
        ]
    );
}

/// Twenty requests a second for everyone.
fn twenty_a_second() -> QuotaList {
    let text = "date = '2026-01-01'\nsource = 'a test'\nnote = ''\n[[quota]]\npools = ['Symmetric']\nper_second = 20\n";
    QuotaList::parse(text).unwrap()
}

#[test]
fn an_alarm_on_a_quota_judges_the_busiest_second_of_each_pool_for_itself() {
    let rules = "[[alarm]]\nname = 'quota'\nquota_share = 0.5\nperiod = '1m'\n\
                 comparison_operator = 'GreaterThanThreshold'\n";
    let mut watched = Watched::new(rules, |setup| setup.quotas = twenty_a_second());
    let call = by_role("app");
    // Ten in the first second are half of 20, which is not more; what is in other seconds changes nothing.
    watched.calls_within("10:00", 9, 1, &call);
    watched.calls("10:00", 58, &call);
    // Eleven in the first second of 10:01, from two keys: a pool is the account's.
    watched.calls_within("10:01", 6, 1, &call);
    watched.calls_within("10:01", 5, 1, &Record::call("Encrypt").key(KEY_2));
    watched.calls_within("10:02", 1, 1, &call);
    watched.round("10:01");
    assert_eq!(watched.told(), [] as [&str; 0], "a pool that is fine is no news");
    watched.round("10:02");
    let owed = watched.owed();
    let [notice] = &owed[..] else { panic!("{owed:?}") };
    assert_eq!(
        change(notice).reason,
        "Threshold Crossed: 1 datapoint was greater than the threshold (0.5). The most recent datapoint which crossed \
         the threshold: [0.55 (05/01/26 10:01:00)]."
    );
    assert_eq!(notice.accounts, [OWNER]);
    watched.round("10:03");
    assert_eq!(
        watched.told(),
        [
            "quota ALARM -> OK: Threshold Crossed: 1 datapoint was not greater than the threshold (0.5). The most recent \
          datapoint: [0.05 (05/01/26 10:02:00)]."
        ]
    );
    // Without a request its pool is still there, at zero.
    watched.round("10:40");
    assert_eq!((watched.told().len(), watched.state("quota")), (0, StateValue::Ok));
}

#[test]
fn an_alarm_on_a_quota_says_which_second_was_the_busiest_and_who_called() {
    let rules = "[[alarm]]\nname = 'quota'\nquota_share = 0.5\nperiod = '1m'\n\
                 comparison_operator = 'GreaterThanThreshold'\n";
    let one = format!("{rules}quota_pool = 'Symmetric'\naccount = '{OWNER}'\nregion = 'us-east-1'\n");
    for rules in [rules, &one] {
        let mut watched = Watched::new(rules, |setup| setup.quotas = twenty_a_second());
        // Once a minute as ever; then fifteen in one second, two of them without a key in their records.
        for minute in 0..9 {
            watched.calls(&format!("10:0{minute}"), 1, &by_role("app"));
        }
        let keyless = by_role("etl").without("resources");
        watched.calls_within("10:06", 12, 1, &by_role("etl"));
        watched.calls_within("10:06", 2, 1, &keyless);
        // The same key, from another account's quota.
        watched.calls_within("10:06", 9, 1, &by_role("guest").identity("accountId", GUEST));
        watched.round("10:06");
        watched.owed();
        watched.round("10:07");
        let owed = watched.owed();
        let [notice] = &owed[..] else { panic!("{owed:?}") };
        assert_eq!(change(notice).new_state, StateValue::Alarm);
        let incident = change(notice).incident.as_ref().unwrap();
        let quota = incident.quota.as_ref().unwrap();
        let (peak, limit) = (quota.peak_per_second, quota.quota_per_second);
        assert_eq!((peak, limit, quota.peak_at), (15, 20.0, at("10:06").timestamp()));
        let first = &incident.attribution[0];
        assert_eq!((first.account.as_str(), first.excess), (OWNER, 14.0));
        assert!(first.caller.ends_with(":role/etl") && first.share > 0.9, "{:?}", incident.attribution);
        assert!(incident.attribution.iter().all(|part| part.account != GUEST), "{:?}", incident.attribution);
        let page = text(notice);
        assert!(page.starts_with("ALARM: 75 % of Symmetric in 111122223333, us-east-1: 15 of 20 a second\n"), "{page}");
        assert!(page.ends_with("Next     keytide top --by caller --since 2026-01-05T10:06:00Z\n"), "{page}");
    }
}

#[test]
fn an_alarm_on_a_quota_that_nothing_is_asked_of_is_ok() {
    let rules = format!(
        "[[alarm]]\nname = 'quota'\nquota_share = 0.5\nperiod = '1m'\nquota_pool = 'Symmetric'\naccount = '{GUEST}'\n\
         region = 'eu-west-1'\ncomparison_operator = 'GreaterThanThreshold'\n"
    );
    let mut watched = Watched::new(&rules, |setup| setup.quotas = twenty_a_second());
    watched.calls("10:00", 58, &by_role("app"));
    watched.round("10:01");
    assert_eq!(
        watched.told(),
        [
            "quota INSUFFICIENT_DATA -> OK: Threshold Crossed: 1 datapoint [0.0 (05/01/26 10:00:00)] was not greater than \
          the threshold (0.5)."
        ]
    );
}

#[test]
fn an_alarm_on_spend_judges_dollars_an_hour_at_list_price() {
    let rules = format!(
        "[[alarm]]\nname = 'dear'\nkey = '{KEY}'\noperations = ['Decrypt']\nspend_per_hour = 0.003\nperiod = '5m'\n\
         comparison_operator = 'GreaterThanThreshold'\n"
    );
    let mut watched = Watched::new(&rules, |_| {});
    // $0.03 for 10,000: 50 in five minutes are 600 an hour and $0.0018, 100 are $0.0036, 35 are $0.00126.
    watched.calls("10:00", 50, &Record::call("Decrypt").key(KEY));
    watched.calls("10:05", 100, &Record::call("Decrypt").key(KEY));
    watched.calls("10:07", 35, &Record::call("Decrypt").key(KEY));
    // Neither another operation nor another key.
    watched.calls("10:00", 300, &Record::call("Encrypt").key(KEY));
    watched.calls("10:00", 300, &Record::call("Decrypt").key(KEY_2));
    watched.round("10:05");
    assert_eq!(
        watched.told(),
        [
            "dear INSUFFICIENT_DATA -> OK: Threshold Crossed: 1 datapoint [0.0018 (05/01/26 10:00:00)] was not greater than \
          the threshold (0.003)."
        ]
    );
    // Periods slide: the first that crosses is 10:01 to 10:06.
    watched.round("10:10");
    let owed = watched.owed();
    let [notice] = &owed[..] else { panic!("{owed:?}") };
    let reason = "Threshold Crossed: 1 datapoint [0.0036 (05/01/26 10:01:00)] was greater than the threshold (0.003).";
    assert_eq!((change(notice).new_state, change(notice).reason.as_str()), (StateValue::Alarm, reason));
    let cause = change(notice).incident.as_ref().unwrap();
    assert_eq!((cause.observed, cause.series[0].key_arn.as_str()), (100.0, KEY));
    watched.round("10:13");
    assert_eq!(
        watched.told(),
        ["dear ALARM -> OK: Threshold Crossed: 1 datapoint [0.00126 (05/01/26 10:06:00)] was not greater than the \
          threshold (0.003)."]
    );
}

#[test]
fn an_alarm_on_a_band_judges_periods_of_the_clock_with_their_edges() {
    let rules = format!("[[alarm]]\nname = 'strays'\nkey = '{KEY}'\nband = 3\nperiod = '1h'\n");
    let mut watched = Watched::new(&rules, |_| {});
    // A hundred an hour for eight days; then a busy and a quiet hour among others.
    let call = Record::call("Decrypt").key(KEY);
    let time = |minutes: i64| (at("00:00") + Duration::minutes(minutes)).format("%Y-%m-%dT%H:%M").to_string();
    let mut told = Vec::new();
    for hours in 0..197 {
        let count = match hours {
            192 => 400,
            194 => 0,
            _ => 100,
        };
        watched.calls(&time(hours * 60), count, &call);
        if hours >= 191 {
            watched.round(&time(hours * 60 + 30));
            told.extend(watched.owed().into_iter().map(|notice| (hours, notice)));
            // Within an hour nothing is judged but what was complete before.
            watched.round(&time(hours * 60 + 45));
            assert_eq!(watched.owed(), []);
        }
    }
    let found = told.iter().map(|(hours, notice)| {
        let (state, data) = (change(notice).new_state, &change(notice).reason_data);
        let newest = |name: &str| data[name].as_array().unwrap().last().unwrap().as_f64().unwrap();
        let (lower, upper) = (newest("recentLowerThresholds"), newest("recentUpperThresholds"));
        assert!(0.0 < lower && lower < 100.0 && 100.0 < upper && upper < 400.0, "{lower} to {upper}");
        let start = data["startDate"].as_str().unwrap()[..16].to_owned();
        (*hours, state, newest("recentDatapoints"), start)
    });
    // What is judged first is a page's reach of a day ago.
    let (ok, alarm) = (StateValue::Ok, StateValue::Alarm);
    let expected = [
        (191, ok, 100.0, time(167 * 60)),
        (193, alarm, 400.0, time(192 * 60)),
        (194, ok, 100.0, time(193 * 60)),
        (195, alarm, 0.0, time(194 * 60)),
        (196, ok, 100.0, time(195 * 60)),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    let reason = &change(&told[1].1).reason;
    let words = "Thresholds Crossed: 1 datapoint [400.0 (13/01/26 00:00:00)] was less than the lower thresholds [";
    assert!(reason.starts_with(words), "{reason}");
}

#[test]
fn a_key_is_not_dead_before_its_first_call() {
    let rules = "[[alarm]]\nname = 'dead'\nkey = '*'\noperations = ['Decrypt']\nthreshold = 5\nperiod = '5m'\n\
                 evaluation_periods = 2\ncomparison_operator = 'LessThanThreshold'\n";
    let mut watched = Watched::new(rules, |_| {});
    let (old, new) = (Record::call("Decrypt").key(KEY), Record::call("Decrypt").key(KEY_2));
    for minute in 0..33 {
        watched.calls(&format!("10:{minute:02}"), 2, &old);
    }
    // The second key's first call is at 10:20, and its last at 10:29.
    for minute in 20..30 {
        watched.calls(&format!("10:{minute}"), 2, &new);
    }
    watched.round("10:19");
    assert_eq!(watched.told(), [] as [&str; 0]);
    for minute in 33..40 {
        watched.calls(&format!("10:{minute}"), 2, &old);
    }
    watched.round("10:30");
    assert_eq!(watched.told(), [] as [&str; 0], "ten minutes before its first call tell nothing");
    // Of both periods before 10:38 the older has 10:28 and 10:29, the newer none: 4 and 0.
    watched.round("10:38");
    let owed = watched.owed();
    let [notice] = &owed[..] else { panic!("{owed:?}") };
    assert_eq!((change(notice).new_state, &notice.keys[..]), (StateValue::Alarm, &[KEY_2.to_owned()][..]));
    assert_eq!(
        change(notice).reason,
        "Threshold Crossed: 2 datapoints were less than the threshold (5.0). The most recent datapoints which crossed \
         the threshold: [0.0 (05/01/26 10:33:00), 4.0 (05/01/26 10:28:00)]."
    );
}

#[test]
fn a_page_compares_calls_with_what_was_normal_before_however_long_it_lasts() {
    let rules = format!(
        "[[alarm]]\nname = 'hourly'\nkey = '{KEY}'\noperations = ['Decrypt']\nthreshold = 600\nperiod = '1h'\n\
         comparison_operator = 'GreaterThanThreshold'\n"
    );
    let mut watched = Watched::new(&rules, |_| {});
    let call = Record::call("Decrypt").key(KEY);
    let time = |minutes: i64| (at("00:00") + Duration::minutes(minutes)).format("%Y-%m-%dT%H:%M").to_string();
    // Two a minute for two days, then twenty.
    let begin = 2 * 1_440;
    for minute in 0..begin + 40 {
        watched.calls(&time(minute), if minute < begin { 2 } else { 20 }, &call);
    }
    watched.round(&time(begin + 30));
    // 27 minutes of twenty and 33 of two are 606, the first hour with more than 600.
    let owed = watched.owed();
    let notice = owed.iter().find(|notice| change(notice).new_state == StateValue::Alarm).unwrap();
    let cause = change(notice).incident.as_ref().unwrap();
    assert_eq!(cause.observed, 606.0);
    assert!((cause.expected - 120.0).abs() < 20.0, "{} expected of an hour of two a minute", cause.expected);
}

#[test]
fn a_page_of_an_alarm_by_the_minute_knows_what_is_normal_and_how_often_it_went_off_before() {
    let rules = format!(
        "[[alarm]]\nname = 'minutely'\nkey = '{KEY}'\noperations = ['Decrypt']\nthreshold = 10\nperiod = '1m'\n\
         comparison_operator = 'GreaterThanThreshold'\n"
    );
    let mut watched = Watched::new(&rules, |_| {});
    let call = Record::call("Decrypt").key(KEY);
    let time = |minutes: i64| (at("00:00") + Duration::minutes(minutes)).format("%Y-%m-%dT%H:%M").to_string();
    // Two a minute for two days; then twenty in one minute, and again ten minutes later.
    let begin = 2 * 1_440 + 3;
    let mut counted = 0;
    for (burst, before) in [(begin, 0), (begin + 10, 1)] {
        for minute in counted..burst + 4 {
            watched.calls(&time(minute), if minute == burst { 20 } else { 2 }, &call);
        }
        counted = burst + 4;
        watched.round(&time(burst + 1));
        let owed = watched.owed();
        let mut changes = owed.iter().map(change);
        let alarm = changes.rfind(|of| of.alarm_name == "minutely" && of.new_state == StateValue::Alarm).unwrap();
        let series = &alarm.incident.as_ref().unwrap().series[0];
        assert_eq!((series.observed, series.alarms_last_month), (20.0, before));
        assert!((series.expected - 2.0).abs() < 0.5, "{} expected of a minute of two", series.expected);
        watched.round(&time(burst + 3));
    }
}
