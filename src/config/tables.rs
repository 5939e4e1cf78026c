//! The sections of the file that belong to no other room.

use core::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use serde::Deserialize;
use toml::Spanned;

use super::duration::{duration, keep};
use super::fields::fields_of;
use super::read::unknown;
use super::settings::{DaemonSettings, HealthSettings, LogFormat, LogLevel, LogSettings, SourceSettings};
use crate::domain::{Outcome, SettingError, parse_zone};
use crate::watch::WatchSettings;

/// Asks a table for the names in it.
type Names = fn() -> &'static [&'static str];

/// Sections of plain settings, which variables may set, and the names in them.
pub(super) const SCALAR_SECTIONS: &[(&str, Names)] = &[
    ("watch", fields_of::<WatchTable>),
    ("daemon", fields_of::<DaemonTable>),
    ("serve", fields_of::<ServeTable>),
    ("log", fields_of::<LogTable>),
    ("health", fields_of::<HealthTable>),
];

const DAY: u64 = 86_400;

type Written<T> = Option<Spanned<T>>;

/// `[[source]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct SourceTable {
    kind: Spanned<SourceKind>,
    path: Written<PathBuf>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SourceKind {
    Folder,
}

impl SourceTable {
    pub(super) fn check(self, errors: &mut Vec<SettingError>) -> Option<SourceSettings> {
        let SourceKind::Folder = self.kind.get_ref();
        match self.path {
            Some(path) if !path.get_ref().as_os_str().is_empty() => {
                Some(SourceSettings::Folder { path: path.into_inner() })
            }
            _ => {
                let span = self.path.map_or_else(|| self.kind.span(), |path| path.span());
                errors.push(SettingError::at(span, "a folder needs its `path`"));
                None
            }
        }
    }
}

/// `[watch]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct WatchTable {
    every_series: Option<bool>,
    period: Written<String>,
    false_pages_per_week: Written<f64>,
    metrics: Option<Vec<Spanned<String>>>,
    quiet_for: Written<String>,
    together_within: Written<String>,
    page_back: Written<String>,
}

impl WatchTable {
    pub(super) fn check(self, errors: &mut Vec<SettingError>) -> WatchSettings {
        let mut watch = WatchSettings::default();
        watch.every_series = self.every_series.unwrap_or(watch.every_series);
        if let Some(written) = self.period
            && let Some(period) = duration(&written, 60..=DAY, errors)
        {
            match period.as_secs() % 60 == 0 && DAY.is_multiple_of(period.as_secs()) {
                true => watch.period_seconds = period.as_secs() as u32,
                false => {
                    let message =
                        format!("a period is whole minutes that divide a day; `{}` is not", written.get_ref());
                    errors.push(SettingError::at(written.span(), message));
                }
            }
        }
        if let Some(written) = self.false_pages_per_week {
            match *written.get_ref() {
                pages if pages > 0.0 && pages <= 1000.0 => watch.false_pages_per_week = pages,
                pages => {
                    let message = format!("{pages} is not more than 0 and at most 1000");
                    errors.push(SettingError::at(written.span(), message));
                }
            }
        }
        if let Some(names) = self.metrics {
            watch.metrics = names.iter().filter_map(|name| metric(name, errors)).collect();
        }
        let mut seconds = |written: Written<String>, most: u64, into: &mut u32| {
            if let Some(duration) = written.and_then(|written| duration(&written, 60..=most, errors)) {
                *into = duration.as_secs() as u32;
            }
        };
        seconds(self.quiet_for, DAY, &mut watch.quiet_seconds);
        seconds(self.together_within, DAY, &mut watch.together_seconds);
        seconds(self.page_back, 366 * DAY, &mut watch.page_back_seconds);
        watch
    }
}

fn metric(name: &Spanned<String>, errors: &mut Vec<SettingError>) -> Option<Outcome> {
    let found = Outcome::ALL.into_iter().find(|outcome| outcome.metric() == name.get_ref());
    if found.is_none() {
        let message = unknown("metric", name.get_ref(), &Outcome::ALL.map(Outcome::metric));
        errors.push(SettingError::at(name.span(), message));
    }
    found
}

/// `[daemon]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct DaemonTable {
    ingest_every: Written<String>,
    rescan_every: Written<String>,
    settle_for: Written<String>,
    evaluate_every: Written<String>,
    compact_every: Written<String>,
    keep_minutes: Written<String>,
    keep_callers: Written<String>,
    keep_seconds: Written<String>,
}

impl DaemonTable {
    pub(super) fn check(self, errors: &mut Vec<SettingError>) -> DaemonSettings {
        let mut daemon = DaemonSettings::default();
        let set = |written: Written<String>, into: &mut Duration, errors: &mut Vec<SettingError>| {
            if let Some(duration) = written.and_then(|written| duration(&written, 1..=7 * DAY, errors)) {
                *into = duration;
            }
        };
        set(self.ingest_every, &mut daemon.ingest_every, errors);
        set(self.rescan_every, &mut daemon.rescan_every, errors);
        set(self.settle_for, &mut daemon.settle_for, errors);
        set(self.evaluate_every, &mut daemon.evaluate_every, errors);
        set(self.compact_every, &mut daemon.compact_every, errors);
        let mut kept =
            |written: Written<String>| written.and_then(|written| keep(&written, errors)).unwrap_or_default();
        daemon.keep_minutes = kept(self.keep_minutes);
        daemon.keep_callers = kept(self.keep_callers);
        daemon.keep_seconds = kept(self.keep_seconds);
        daemon
    }
}

/// `[serve]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct ServeTable {
    address: Written<String>,
}

impl ServeTable {
    pub(super) fn check(self, default: Option<SocketAddr>, errors: &mut Vec<SettingError>) -> Option<SocketAddr> {
        let Some(written) = self.address else { return default };
        if written.get_ref() == "off" {
            return None;
        }
        let text = written.get_ref();
        let message = match text.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => return Some(address),
            Ok(address) => format!(
                "{address} can be reached from other machines, and what is served has no password; \
                 use 127.0.0.1 or [::1], and put a proxy that asks for one in front"
            ),
            Err(_) => format!("`{text}` is no address; write \"127.0.0.1:9632\", or \"off\""),
        };
        errors.push(SettingError::at(written.span(), message));
        None
    }
}

/// `[log]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct LogTable {
    level: Option<LogLevel>,
    format: Option<LogFormat>,
}

impl LogTable {
    pub(super) fn check(self) -> LogSettings {
        LogSettings { level: self.level.unwrap_or_default(), format: self.format.unwrap_or_default() }
    }
}

/// `[health]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct HealthTable {
    no_data_for: Written<String>,
    quarantine_growth: Written<i64>,
    outbox_stuck_for: Written<String>,
}

impl HealthTable {
    pub(super) fn check(self, errors: &mut Vec<SettingError>) -> HealthSettings {
        let mut health = HealthSettings::default();
        if let Some(written) = self.quarantine_growth {
            match u64::try_from(*written.get_ref()) {
                Ok(growth) if growth > 0 => health.quarantine_growth = growth,
                _ => errors.push(SettingError::at(written.span(), "expected a whole number from 1 on")),
            }
        }
        let mut set = |written: Written<String>, into: &mut Duration| {
            if let Some(duration) = written.and_then(|written| duration(&written, 60..=30 * DAY, errors)) {
                *into = duration;
            }
        };
        set(self.no_data_for, &mut health.no_data_for);
        set(self.outbox_stuck_for, &mut health.outbox_stuck_for);
        health
    }
}

/// A time zone by its IANA name.
pub(super) fn zone(written: &Spanned<String>, errors: &mut Vec<SettingError>) -> Option<Tz> {
    let read = parse_zone(written.get_ref());
    read.map_err(|message| errors.push(SettingError::at(written.span(), message))).ok()
}
