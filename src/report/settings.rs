//! `[[report]]` of `keytide.toml`.

use std::str::FromStr;

use chrono::{NaiveTime, Weekday};
use chrono_tz::Tz;
use serde::Deserialize;
use toml::Spanned;

use super::schedule::{ReportSchedule, When};
use crate::alarm::{CRON_FORM, read_cron};
use crate::domain::{SettingError, parse_zone};

/// A scheduled report.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportTable {
    /// Its name.
    pub name: Spanned<String>,
    /// `daily` or `weekly`.
    every: Option<Spanned<String>>,
    /// The local time of a daily or weekly report: `08:00`.
    at: Option<Spanned<String>>,
    /// The day of a weekly report.
    on: Option<Spanned<String>>,
    /// In place of `every`: `cron(0 8 1 * *)`, with minute, hour, day of the month, month and day of the week.
    schedule: Option<Spanned<String>>,
    /// The time zone of the schedule and of the times in the report.
    timezone: Option<Spanned<String>>,
    /// Rows of a ranking, at most.
    limit: Option<Spanned<i64>>,
    /// Names of the routes that it goes to.
    pub routes: Vec<Spanned<String>>,
}

/// When reports are made, if nothing is said.
const AT: NaiveTime = NaiveTime::from_hms_opt(8, 0, 0).expect("eight o'clock is a time");
const LIMIT: usize = 10;
const LIMIT_MAX: i64 = 1000;

impl ReportTable {
    /// The schedule. Whether its routes exist is for those to say who know them.
    pub fn schedule(&self) -> Result<ReportSchedule, Vec<SettingError>> {
        let mut errors = Vec::new();
        let mut keep = |error: SettingError| errors.push(error);
        if self.name.get_ref().trim().is_empty() {
            keep(SettingError::at(self.name.span(), "a report needs a name"));
        }
        if self.routes.is_empty() {
            keep(SettingError::at(self.name.span(), "routes is empty; a report that goes nowhere isn't made"));
        }
        let zone = read(self.timezone.as_ref(), Tz::UTC, &mut keep, parse_zone);
        let at = read(self.at.as_ref(), AT, &mut keep, |text| {
            NaiveTime::parse_from_str(text, "%H:%M")
                .map_err(|_| format!("'{text}' is no time of day; expected one such as 08:00"))
        });
        let on = read(self.on.as_ref(), Weekday::Mon, &mut keep, |text| {
            Weekday::from_str(text).map_err(|_| format!("'{text}' is no day of the week; expected one such as monday"))
        });
        let limit = match &self.limit {
            None => LIMIT,
            Some(limit) => match usize::try_from(*limit.get_ref()) {
                Ok(rows) if (1..=LIMIT_MAX).contains(limit.get_ref()) => rows,
                _ => {
                    let message = format!("limit is {}; expected 1 to {LIMIT_MAX} rows", limit.get_ref());
                    keep(SettingError::at(limit.span(), message));
                    LIMIT
                }
            },
        };
        let when = self.when(at, on, &mut keep);
        match (when, errors.is_empty()) {
            (Some(when), true) => Ok(ReportSchedule {
                name: self.name.get_ref().clone(),
                routes: self.routes.iter().map(|route| route.get_ref().clone()).collect(),
                limit,
                zone,
                when,
            }),
            _ => Err(errors),
        }
    }

    fn when(&self, at: NaiveTime, on: Weekday, keep: &mut impl FnMut(SettingError)) -> Option<When> {
        let (every, schedule) = match (&self.every, &self.schedule) {
            (Some(every), None) => (every, None),
            (None, Some(schedule)) => (schedule, Some(schedule)),
            (Some(_), Some(schedule)) => {
                keep(SettingError::at(schedule.span(), "schedule and every exclude each other; leave one out"));
                return None;
            }
            (None, None) => {
                let message =
                    "the report has no schedule; give every = \"daily\", every = \"weekly\" or schedule = \"cron(…)\"";
                keep(SettingError::at(self.name.span(), message));
                return None;
            }
        };
        if let Some(schedule) = schedule {
            for (setting, name) in [(&self.at, "at"), (&self.on, "on")] {
                if let Some(setting) = setting {
                    keep(SettingError::at(setting.span(), format!("{name} is for every; the schedule tells the time")));
                }
            }
            let text = schedule.get_ref();
            let read = read_cron(text).unwrap_or_else(|| Err(format!("`{text}` is no schedule; write {CRON_FORM}")));
            let read = read.map_err(|message| keep(SettingError::at(schedule.span(), message)));
            return read.map(|cron| When::Cron(Box::new(cron))).ok();
        }
        match every.get_ref().as_str() {
            "daily" => {
                if let Some(on) = &self.on {
                    keep(SettingError::at(on.span(), "on is for weekly reports"));
                }
                Some(When::Daily(at))
            }
            "weekly" => Some(When::Weekly(on, at)),
            other => {
                keep(SettingError::at(every.span(), format!("'{other}' is no interval; expected daily or weekly")));
                None
            }
        }
    }
}

/// A setting's value; the default if there is none, or if it is wrong.
fn read<T>(
    setting: Option<&Spanned<String>>,
    default: T,
    keep: &mut impl FnMut(SettingError),
    parse: impl Fn(&str) -> Result<T, String>,
) -> T {
    let Some(setting) = setting else { return default };
    parse(setting.get_ref()).unwrap_or_else(|message| {
        keep(SettingError::at(setting.span(), message));
        default
    })
}
