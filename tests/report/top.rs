//! `keytide report top`: growth, shares, spend and peaks, worked out again from the truth.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::MADE;
use crate::support::program::{Ran, keytide, run};

/// The last two days of the trail, and the two before.
const SINCE: &str = "2026-01-09";
const UNTIL: &str = "2026-01-11";
const BEFORE: &str = "2026-01-07";

fn report(output: &str, more: &[&str]) -> Ran {
    let mut command = keytide(&MADE.store);
    command.args(["report", "top", "--since", SINCE, "--until", UNTIL, "--output", output]).args(more);
    let ran = run(command.env("COLUMNS", "100"));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    ran
}

fn truth(name: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(MADE.truth.join(name)).unwrap();
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

/// Calls of a range of days by key, from the truth's minutes.
fn by_key(since: &str, until: &str) -> BTreeMap<String, u64> {
    let mut calls = BTreeMap::new();
    for row in truth("minutes.csv") {
        let day = &row["minute"][..10];
        if (since..until).contains(&day) {
            *calls.entry(row["key_arn"].clone()).or_default() += row["successful"].parse::<u64>().unwrap();
        }
    }
    calls.retain(|_, calls| *calls > 0);
    calls
}

/// Name, calls, calls before, growth, share.
type Row = (String, u64, Option<u64>, Option<f64>, f64);

fn rows(report: &Value, list: &str) -> Vec<Row> {
    let row = |row: &Value| {
        let name = row["name"].as_str().unwrap().to_owned();
        let share = row["share"].as_f64().unwrap();
        (name, row["calls"].as_u64().unwrap(), row["previous"].as_u64(), row["growth"].as_f64(), share)
    };
    report[list].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn keys_their_shares_and_growth_are_those_of_the_truth() {
    let report: Value = serde_json::from_str(&report("json", &["--previous", "--limit", "5"]).out).unwrap();
    let (now, before) = (by_key(SINCE, UNTIL), by_key(BEFORE, SINCE));
    // A ReEncrypt is in it twice, in all calls once.
    let (total, twice) = (report["totals"]["successful"]["calls"].as_u64().unwrap(), now.values().sum::<u64>());
    assert!(total <= twice && total * 100 > twice * 95, "{total} of {twice}");
    let mut ranked: Vec<(&String, u64)> = now.iter().map(|(key, calls)| (key, *calls)).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    assert!(ranked.len() > 5, "a limit that cuts");
    let said = rows(&report, "keys");
    assert_eq!(said.len(), 5);
    for ((name, calls, previous, growth, share), (key, true_calls)) in said.into_iter().zip(ranked) {
        assert_eq!((&name, calls, previous), (key, true_calls, Some(before.get(key).copied().unwrap_or(0))));
        assert!((share - true_calls as f64 * 100.0 / total as f64).abs() <= 0.005, "{share}");
        let true_growth = before.get(key).map(|before| (true_calls as f64 / *before as f64 - 1.0) * 100.0);
        assert!((growth.unwrap() - true_growth.unwrap()).abs() <= 0.005, "{growth:?}");
    }
    let names = now.keys().chain(before.keys().filter(|key| !now.contains_key(*key)));
    let change = |key: &String| now.get(key).unwrap_or(&0).abs_diff(*before.get(key).unwrap_or(&0));
    let mut changed: Vec<(u64, &String)> = names.map(|key| (change(key), key)).filter(|(by, _)| *by > 0).collect();
    changed.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let said: Vec<String> = rows(&report, "changes").into_iter().map(|row| row.0).collect();
    let expected: Vec<String> = changed.into_iter().take(5).map(|(_, key)| key.clone()).collect();
    assert_eq!(said, expected);
}

#[test]
fn what_lies_before_the_trail_is_not_compared() {
    // The trail begins on 2026-01-05: of the four days before the last four there are two.
    for (since, previous) in [("2026-01-08", Some("2026-01-05")), ("2026-01-07", None)] {
        let mut command = keytide(&MADE.store);
        command.args(["report", "top", "--since", since, "--until", UNTIL, "--previous", "--output", "json"]);
        let report: Value = serde_json::from_str(&run(&mut command).out).unwrap();
        let before = previous.map(|previous| by_key(previous, since));
        let said = rows(&report, "keys");
        assert!(!said.is_empty());
        for (name, _, calls_before, growth, _) in said {
            let true_before = before.as_ref().map(|before| before.get(&name).copied().unwrap_or(0));
            assert_eq!(calls_before, true_before, "{name}");
            assert_eq!(growth.is_some(), true_before.is_some_and(|calls| calls > 0), "{name}");
        }
        for compared in [&report["callers"][0]["previous"], &report["spend"]["previous"], &report["previous"]] {
            assert_eq!(compared.is_null(), previous.is_none(), "{since}: {report}");
        }
        let notes = report["notes"].as_array().unwrap();
        let begin = |note: &Value| note == "Counts begin at 2026-01-05 00:00; no comparison.";
        assert_eq!((notes.len(), notes.iter().all(begin)), (usize::from(previous.is_none()), true), "{notes:?}");
    }
}

#[test]
fn without_a_range_all_of_the_trail_is_reported() {
    let ran = run(keytide(&MADE.store).args(["report", "top", "--output", "json", "--limit", "1000"]));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    // Peaks, requests and throttled requests by pool. A pool of which nothing was let in has no peak in the truth.
    let mut said: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for line in report["quotas"].as_array().unwrap() {
        let text = |name: &str| line[name].as_str().unwrap();
        let name = format!("{} {} {}", text("account"), text("region"), text("pool"));
        let peak = line["peak_per_second"].as_u64().unwrap();
        let at = if peak > 0 { text("peak_at") } else { "" };
        said.insert(format!("{name} {at}"), (peak, line["throttled"].as_u64().unwrap()));
    }
    let mut expected = BTreeMap::new();
    let (mut requests, mut dollars) = (BTreeMap::<String, u64>::new(), 0.0);
    for row in truth("seconds.csv") {
        let number = |name: &str| row[name].parse::<u64>().unwrap();
        let name = format!("{} {} {} {}", row["account"], row["region"], row["pool"], row["peak_second"]);
        expected.insert(name, (number("peak_requests"), number("throttled")));
        *requests.entry(row["account"].clone()).or_default() += number("requests");
        // Prices of the pricing page for 10,000: asymmetric keys, pairs, everything else.
        let per_10000 = match row["pool"].as_str() {
            "RSA" | "ECC" | "ML-DSA" | "ML-KEM" => 0.15,
            pool if pool.starts_with("GenerateDataKeyPair-RSA") => 12.0,
            pool if pool.starts_with("GenerateDataKeyPair-ECC") => 0.10,
            _ => 0.03,
        };
        dollars += number("requests") as f64 * per_10000 / 10_000.0;
    }
    assert_eq!(said, expected);
    let spend = &report["spend"];
    assert!((spend["dollars"].as_f64().unwrap() - dollars).abs() < 1e-6, "{} instead of {dollars}", spend["dollars"]);
    let accounts = spend["accounts"].as_array().unwrap().iter();
    let accounts = accounts.map(|of| (of["account"].as_str().unwrap().to_owned(), of["requests"].as_u64().unwrap()));
    assert_eq!(accounts.collect::<BTreeMap<_, _>>(), requests);
    // Resources, of the whole trail, since the truth has no times of callers.
    let mut resources: BTreeMap<String, u64> = BTreeMap::new();
    for row in truth("callers.csv") {
        // A ReEncrypt has a row for each of its keys, without a resource.
        if !row["resource"].is_empty() && !row["key_arn"].is_empty() {
            *resources.entry(row["resource"].clone()).or_default() += row["successful"].parse::<u64>().unwrap();
        }
    }
    resources.retain(|_, calls| *calls > 0);
    let said = rows(&report, "resources").into_iter().map(|row| (row.0, row.1)).collect::<BTreeMap<_, _>>();
    assert_eq!(said, resources);
}

#[test]
fn prices_and_quotas_are_those_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("keytide.toml");
    // A route's secret is nothing that a report needs.
    let text = "[[route]]\nname = 'chat'\nkind = 'slack'\nurl = { env = 'NO_SUCH_VARIABLE' }\n\
                [[prices.override]]\npool = 'Symmetric'\nper_10000 = 3.0\n\
                [[quotas.override]]\npool = 'Symmetric'\nper_second = 7.0\n";
    fs::write(&settings, text).unwrap();
    let symmetric = |report: &Value| {
        let quotas = report["quotas"].as_array().unwrap().clone();
        quotas.into_iter().filter(|line| line["pool"] == "Symmetric").collect::<Vec<_>>()
    };
    let limit = ["--limit", "1000"];
    let listed: Value = serde_json::from_str(&report("json", &limit).out).unwrap();
    let config = ["--config", settings.to_str().unwrap()];
    let own: Value = serde_json::from_str(&report("json", &[&limit[..], &config].concat()).out).unwrap();
    // A hundred times the list's three cents.
    let dollars = |report: &Value| report["spend"]["dollars"].as_f64().unwrap();
    assert!(dollars(&own) > 10.0 * dollars(&listed), "{} and {}", dollars(&own), dollars(&listed));
    let label = own["spend"]["label"].as_str().unwrap();
    assert!(label.contains("and own prices"), "{label}");
    assert!(!symmetric(&own).is_empty());
    assert!(symmetric(&own).iter().all(|line| line["quota_per_second"] == 7.0), "{:?}", symmetric(&own));
    assert!(symmetric(&listed).iter().all(|line| line["quota_per_second"] != 7.0));
}

#[test]
fn every_form_has_the_same_figures() {
    let json: Value = serde_json::from_str(&report("json", &[]).out).unwrap();
    let calls = json["totals"]["successful"]["calls"].as_u64().unwrap().to_string();
    let calls = format!("{},{}", &calls[..calls.len() - 3], &calls[calls.len() - 3..]);
    let title = "Keytide report, 2026-01-09 to 2026-01-10";
    assert_eq!(json["title"], title);
    let markdown = report("md", &[]).out;
    assert!(markdown.starts_with(&format!("# {title}\n")) && markdown.contains(&format!("**{calls}**")), "{markdown}");
    let page = report("html", &[]).out;
    assert!(page.contains(&format!("<h1>{title}</h1>")) && page.contains(&format!("<dd>{calls}</dd>")), "{page}");
    let table = report("table", &[]).out;
    assert!(table.starts_with(&format!("{title}\n")) && table.contains("\nTop keys\n"), "{table}");
}

#[test]
fn a_table_fits_80_columns_and_its_times_are_whole() {
    let narrow = |more: &[&str]| {
        let mut command = keytide(&MADE.store);
        command.args(["report", "top", "--since", SINCE, "--until", UNTIL]).args(more);
        run(command.env("COLUMNS", "80")).out
    };
    let json: Value = serde_json::from_str(&report("json", &[]).out).unwrap();
    for more in [&["--limit", "10"][..], &["--previous"]] {
        let table = narrow(more);
        let wide: Vec<&str> = table.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}\n{table}");
        let (_, busiest) = table.split_once("Busiest seconds").unwrap();
        let quotas = json["quotas"].as_array().unwrap();
        assert!(!quotas.is_empty());
        for quota in quotas {
            // `01-10 09:08:07` of `2026-01-10T09:08:07Z`; whole minutes go without seconds.
            let at = &quota["peak_at"].as_str().unwrap()[5..19];
            let at = at.strip_suffix(":00").unwrap_or(at).replace('T', " ");
            assert!(busiest.contains(&at), "{at}\n{busiest}");
        }
    }
}

#[test]
fn a_key_is_called_by_the_alias_that_it_had_last() {
    let report: Value = serde_json::from_str(&report("json", &["--limit", "1000"]).out).unwrap();
    let aliases: Vec<(&str, &str)> = report["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| Some((row["name"].as_str()?, row["alias"].as_str()?)))
        .collect();
    assert!(!aliases.is_empty());
    assert!(aliases.iter().all(|(_, alias)| alias.starts_with("alias/")), "{aliases:?}");
}

#[test]
fn a_range_before_anything_is_a_report_of_nothing_and_an_empty_one_a_mistake() {
    let mut command = keytide(&MADE.store);
    let ran =
        run(command.args(["report", "top", "--since", "2025-01-01", "--until", "2025-01-02", "--output", "json"]));
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.code, &json["keys"], &json["totals"]["successful"]["calls"]),
        (Some(0), &Value::Array(vec![]), &Value::from(0))
    );
    let ran = run(keytide(&MADE.store).args(["report", "top", "--since", UNTIL, "--until", SINCE]));
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--since comes first"), "{}", ran.err);
}
