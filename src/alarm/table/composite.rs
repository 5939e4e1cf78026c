//! The table `[[composite_alarm]]`: an alarm on the states of others.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::Reading;
use super::actions::{Common, yes};
use super::reading::place_in;
use crate::alarm::composite::{CompositeRule, Suppressor, order};
use crate::alarm::definition::{Alarm, AlarmKind, CompositeAlarm};
use crate::alarm::state::Severity;

/// Composite alarms that may name one alarm.
const PARENTS_MAX: usize = 150;

/// `[[composite_alarm]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompositeAlarmTable {
    name: Spanned<String>,
    description: Option<Spanned<String>>,
    #[serde(default)]
    severity: Severity,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default = "yes")]
    actions_enabled: bool,
    #[serde(default)]
    ok_actions: Vec<Spanned<String>>,
    #[serde(default)]
    alarm_actions: Vec<Spanned<String>>,
    #[serde(default)]
    insufficient_data_actions: Vec<Spanned<String>>,
    alarm_rule: Spanned<String>,
    actions_suppressor: Option<Spanned<String>>,
    actions_suppressor_wait_period: Option<Spanned<String>>,
    actions_suppressor_extension_period: Option<Spanned<String>>,
}

/// An alarm that is read, and where its rule stands.
struct Read {
    alarm: Alarm,
    rule: Spanned<String>,
    suppressor: Option<Spanned<String>>,
}

/// Reads all tables: they name each other.
pub(super) fn read_all(tables: Vec<CompositeAlarmTable>, reading: &mut Reading) {
    let before = reading.errors.len();
    for table in &tables {
        reading.name(&table.name);
    }
    let read: Vec<Read> = tables.into_iter().filter_map(|table| read(table, reading)).collect();
    check_parents(&read, reading);
    // What is wrong in one would look like a gap in another.
    if reading.errors.len() > before {
        return;
    }
    let places: HashMap<&str, usize> =
        read.iter().enumerate().map(|(place, read)| (read.alarm.name.as_str(), place)).collect();
    let children: Vec<Vec<usize>> = read
        .iter()
        .map(|read| {
            let suppressor = read.suppressor.iter().map(|name| name.get_ref().as_str());
            named_by(&read.alarm).chain(suppressor).filter_map(|name| places.get(name).copied()).collect()
        })
        .collect();
    match order(&children) {
        Ok(ordered) => {
            let mut alarms: Vec<Option<Alarm>> = read.into_iter().map(|read| Some(read.alarm)).collect();
            let ordered = ordered.into_iter().filter_map(|place| alarms[place].take());
            reading.definitions.alarms.extend(ordered);
        }
        Err(circle) => {
            let names: Vec<&str> = circle.iter().map(|place| read[*place].alarm.name.as_str()).collect();
            let message = format!("these alarms depend on each other in a circle: {}", names.join(" -> "));
            reading.wrong(read[circle[0]].rule.span(), message);
        }
    }
}

fn named_by(alarm: &Alarm) -> impl Iterator<Item = &str> {
    alarm.composite().map(|composite| composite.rule.children()).unwrap_or_default().into_iter()
}

fn read(table: CompositeAlarmTable, reading: &mut Reading) -> Option<Read> {
    let rule = match CompositeRule::parse(table.alarm_rule.get_ref()) {
        Ok(rule) => {
            for child in rule.children() {
                if !reading.names.contains(child) {
                    let at = table.alarm_rule.get_ref().find(child);
                    let span = at.map_or(table.alarm_rule.span(), |at| place_in(&table.alarm_rule, at));
                    reading.wrong(span, format!("there is no alarm `{child}`; define it or correct its name here"));
                }
            }
            Some(rule)
        }
        Err(error) => {
            let span = error.at.map_or(table.alarm_rule.span(), |at| place_in(&table.alarm_rule, at));
            reading.wrong(span, error.message);
            None
        }
    };
    let suppressor = read_suppressor(&table, reading);
    let kind = AlarmKind::Composite(CompositeAlarm { rule: rule?, suppressor });
    let common = Common {
        name: table.name,
        description: table.description,
        severity: table.severity,
        tags: table.tags,
        actions_enabled: table.actions_enabled,
        ok_actions: table.ok_actions,
        alarm_actions: table.alarm_actions,
        insufficient_data_actions: table.insufficient_data_actions,
    };
    let alarm = common.read(kind, reading);
    Some(Read { alarm, rule: table.alarm_rule, suppressor: table.actions_suppressor })
}

fn read_suppressor(table: &CompositeAlarmTable, reading: &mut Reading) -> Option<Suppressor> {
    let periods = [
        ("actions_suppressor_wait_period", &table.actions_suppressor_wait_period),
        ("actions_suppressor_extension_period", &table.actions_suppressor_extension_period),
    ];
    let Some(name) = &table.actions_suppressor else {
        for (word, period) in periods {
            if let Some(period) = period {
                reading.wrong(period.span(), format!("`{word}` needs an `actions_suppressor`"));
            }
        }
        return None;
    };
    if !reading.names.contains(name.get_ref()) {
        let message = format!("there is no alarm `{}`; define it or correct its name here", name.get_ref());
        reading.wrong(name.span(), message);
    }
    let [wait_seconds, extension_seconds] = periods.map(|(word, period)| {
        let Some(period) = period else {
            reading.wrong(name.span(), format!("an `actions_suppressor` needs `{word}` too: write \"0s\" for none"));
            return None;
        };
        reading.duration(period)
    });
    Some(Suppressor {
        alarm: name.get_ref().clone(),
        wait_seconds: wait_seconds?,
        extension_seconds: extension_seconds?,
    })
}

fn check_parents(read: &[Read], reading: &mut Reading) {
    let mut parents: HashMap<&str, Vec<Range<usize>>> = HashMap::new();
    for read in read {
        for child in named_by(&read.alarm) {
            parents.entry(child).or_default().push(read.rule.span());
        }
    }
    for (child, spans) in parents {
        if let Some(span) = spans.get(PARENTS_MAX) {
            let message = format!("`{child}` is named by more than {PARENTS_MAX} composite alarms");
            reading.wrong(span.clone(), message);
        }
    }
}
