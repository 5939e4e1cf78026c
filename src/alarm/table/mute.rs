//! The table `[[mute]]`: windows in which nothing is sent.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};
use serde::Deserialize;
use toml::Spanned;

use super::Reading;
use crate::alarm::mute::{MuteRule, Schedule};
use crate::alarm::pattern::Pattern;
use crate::domain::local_time;

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
    start: Option<Spanned<String>>,
    expire: Option<Spanned<String>>,
}

/// Reads one table.
pub(super) fn read(table: MuteTable, names: &mut HashSet<String>, reading: &mut Reading) {
    if !names.insert(table.name.get_ref().clone()) {
        reading.wrong(table.name.span(), format!("there is another mute rule named `{}`", table.name.get_ref()));
    }
    let zone = table.timezone.as_ref().map_or(Some(Tz::UTC), |zone| {
        let found = zone.get_ref().parse::<Tz>().ok();
        if found.is_none() {
            let message = format!("there is no time zone `{}`; write it as Europe/Berlin", zone.get_ref());
            reading.wrong(zone.span(), message);
        }
        found
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
        if !reading.names.iter().any(|alarm| pattern.matches(alarm)) && name.get_ref() != "*" {
            let message = format!("there is no alarm `{}`; define it or correct its name here", name.get_ref());
            reading.wrong(name.span(), message);
        }
        Some(pattern)
    });
    patterns.collect()
}

fn read_schedule(text: &Spanned<String>, zone: Tz, reading: &mut Reading) -> Option<Schedule> {
    let inside = |word: &str| text.get_ref().strip_prefix(word)?.strip_suffix(')').map(str::trim);
    if let Some(fields) = inside("cron(") {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        return match parser.parse(fields) {
            Ok(cron) if fields.split_whitespace().count() == 5 => Some(Schedule::Cron(Box::new(cron))),
            Ok(_) => {
                reading.wrong(text.span(), CRON_FIELDS);
                None
            }
            Err(error) => {
                let error = error.to_string();
                let reason = error.trim_start_matches("Component error: ").trim_end_matches('.').to_lowercase();
                reading.wrong(text.span(), format!("`{fields}` is no schedule: {reason}; {CRON_FIELDS}"));
                None
            }
        };
    }
    if let Some(time) = inside("at(") {
        let read = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].iter();
        let read = read.filter_map(|form| NaiveDateTime::parse_from_str(time, form).ok()).next();
        if read.is_none() {
            let message = format!("`{time}` is no time; write at(2026-12-24T20:00), in the rule's time zone");
            reading.wrong(text.span(), message);
        }
        return read.map(|local| Schedule::At(local_time(local, zone).timestamp()));
    }
    let message = "a schedule is cron(MINUTE HOUR DAY MONTH WEEKDAY), as cron(0 2 * * 1), or at(2026-12-24T20:00)";
    reading.wrong(text.span(), message);
    None
}

const CRON_FIELDS: &str = "there are five fields: minute, hour, day of the month, month, day of the week";

/// A moment: with its own offset, or in the zone.
fn moment(text: &Spanned<String>, zone: Tz, reading: &mut Reading) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text.get_ref()) {
        return Some(time.timestamp());
    }
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text.get_ref(), form).ok());
    let date = || chrono::NaiveDate::parse_from_str(text.get_ref(), "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let local = local.or_else(date);
    if local.is_none() {
        let message = format!("`{}` is no time; write it as 2026-12-24T20:00", text.get_ref());
        reading.wrong(text.span(), message);
    }
    local.map(|local| local_time(local, zone).timestamp())
}
