//! The table `[[mute]]`: windows in which nothing is sent.

use std::collections::HashSet;

use chrono_tz::Tz;
use serde::Deserialize;
use toml::Spanned;

use super::Reading;
use super::time::TimeSetting;
use crate::alarm::cron::{CRON_FORM, read_cron};
use crate::alarm::mute::{INCIDENT_PREFIX, MuteRule, Schedule};
use crate::domain::{Pattern, WrittenTime, parse_zone};

/// Seconds of the shortest window.
const SHORTEST: u32 = 60;
/// Seconds of the longest window.
const LONGEST: u32 = 15 * 86_400;
/// Alarms that a rule may name.
const ALARMS_MAX: usize = 100;

/// `[[mute]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MuteTable {
    name: Spanned<String>,
    schedule: Spanned<String>,
    duration: Spanned<String>,
    timezone: Option<Spanned<String>>,
    alarms: Spanned<Vec<Spanned<String>>>,
    start: Option<Spanned<TimeSetting>>,
    expire: Option<Spanned<TimeSetting>>,
}

/// Reads one table.
pub(super) fn read(table: MuteTable, names: &mut HashSet<String>, reading: &mut Reading) {
    if !names.insert(table.name.get_ref().clone()) {
        reading.wrong(table.name.span(), format!("there is another mute rule named `{}`", table.name.get_ref()));
    }
    let zone = table.timezone.as_ref().map_or(Some(Tz::UTC), |zone| {
        parse_zone(zone.get_ref()).map_err(|message| reading.wrong(zone.span(), message)).ok()
    });
    let duration = reading.duration(&table.duration);
    if let Some(seconds) = duration
        && !(SHORTEST..=LONGEST).contains(&seconds)
    {
        reading.wrong(table.duration.span(), "a window lasts 1m to 15d");
    }
    let alarms = read_alarms(&table.alarms, reading);
    let Some(zone) = zone else { return };
    let schedule = read_schedule(&table.schedule, zone, reading);
    let start = table.start.as_ref().and_then(|text| moment(text, zone, reading));
    let expire = table.expire.as_ref().and_then(|text| moment(text, zone, reading));
    if let (Some(from), Some(to), Some(text)) = (start, expire, &table.expire)
        && from >= to
    {
        reading.wrong(text.span(), "the rule expires before it starts");
    }
    let (Some(schedule), Some(duration_seconds)) = (schedule, duration) else { return };
    let name = table.name.into_inner();
    reading.definitions.mutes.push(MuteRule { name, schedule, duration_seconds, zone, alarms, start, expire });
}

fn read_alarms(list: &Spanned<Vec<Spanned<String>>>, reading: &mut Reading) -> Vec<Pattern> {
    if list.get_ref().is_empty() {
        reading.wrong(list.span(), "the rule mutes no alarm; write `alarms = [\"*\"]` for all");
    }
    if let Some(surplus) = list.get_ref().get(ALARMS_MAX) {
        reading.wrong(surplus.span(), format!("a mute rule names at most {ALARMS_MAX} alarms; use a pattern with *"));
    }
    let patterns = list.get_ref().iter().filter_map(|name| {
        let pattern = reading.pattern(name)?;
        // What numbers there will be, nobody knows.
        let is_of_incidents =
            name.get_ref().starts_with(INCIDENT_PREFIX) || pattern.matches(&format!("{INCIDENT_PREFIX}1"));
        if !reading.names.iter().any(|alarm| pattern.matches(alarm)) && !is_of_incidents {
            let message = format!(
                "there is no alarm `{}`; define it or correct its name here (the watch's incidents are \
                 `{INCIDENT_PREFIX}*`)",
                name.get_ref()
            );
            reading.wrong(name.span(), message);
        }
        Some(pattern)
    });
    patterns.collect()
}

fn read_schedule(text: &Spanned<String>, zone: Tz, reading: &mut Reading) -> Option<Schedule> {
    let mut wrong = |message: String| reading.wrong(text.span(), message);
    if let Some(read) = read_cron(text.get_ref()) {
        return read.map(|cron| Schedule::Cron(Box::new(cron))).map_err(wrong).ok();
    }
    if let Some(time) = text.get_ref().strip_prefix("at(").and_then(|rest| rest.strip_suffix(')')) {
        let read = time.parse::<WrittenTime>().map_err(wrong).ok();
        return read.map(|written| Schedule::At(written.in_zone(zone).timestamp()));
    }
    wrong(format!("`{}` is no schedule; write {CRON_FORM}, or at(2026-12-24T20:00)", text.get_ref()));
    None
}

/// A moment: with its own offset, or in the zone.
fn moment(setting: &Spanned<TimeSetting>, zone: Tz, reading: &mut Reading) -> Option<i64> {
    setting.get_ref().second(zone).map_err(|message| reading.wrong(setting.span(), message)).ok()
}
