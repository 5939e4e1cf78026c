//! The file's text to settings.

use std::path::PathBuf;

use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigErrors;
use super::maintenance::MaintenanceTable;
use super::outside::Outside;
use super::overrides::{beyond, put_in};
use super::read::{in_plain_words, read, unknown};
use super::settings::Config;
use super::tables::{DaemonTable, HealthTable, LogTable, SCALAR_SECTIONS, ServeTable, SourceTable, WatchTable, zone};
use crate::domain::SettingError;

/// What stands at the top of the file.
pub(super) const TOP: &[&str] = &[
    "data_dir",
    "timezone",
    "source",
    "watch",
    "maintenance",
    "daemon",
    "serve",
    "log",
    "health",
    "alarm",
    "composite_alarm",
    "mute",
    "route",
    "report",
    "prices",
    "quotas",
];

/// Reads settings. `name` is the file's, for messages.
///
/// # Errors
/// Everything that is wrong, at once; a text that is no TOML says only that.
pub fn parse(text: &str, name: &str, outside: &Outside<'_>) -> Result<Config, ConfigErrors> {
    let mut root = root_of(text, name)?;
    let mut errors = Vec::new();
    let names = put_in(&mut root, outside.variables, beyond(text), &mut errors);
    let mut sections = Sections { root, errors: &mut errors };
    let mut config = sections.config();
    sections.of_other_rooms(&mut config, outside, name, text);
    sections.refuse_short_retention(&config);
    match errors.is_empty() {
        true => Ok(config),
        false => Err(ConfigErrors::of(name, text, &names, errors)),
    }
}

/// What every command takes of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommonSettings {
    /// The store's folder, as in [`Config`].
    pub data_dir: Option<PathBuf>,
    /// The time zone, if one is named.
    pub timezone: Option<Tz>,
}

/// Reads what every command takes. `name` is the file's, for messages; `replaced` are the settings whose place a flag
/// or a variable takes: what the file says there is not looked at. What stands in sections is left to [`parse`].
///
/// # Errors
/// The text is no TOML, one of these settings is wrong or stands in a section, or a name at the top is unknown: it may
/// be one of these, mistyped. All of it is said at once.
pub fn parse_common(text: &str, name: &str, replaced: &[&str]) -> Result<CommonSettings, ConfigErrors> {
    let mut root = root_of(text, name)?;
    for setting in replaced {
        root.remove(*setting);
    }
    let mut errors = Vec::new();
    let mut sections = Sections { root, errors: &mut errors };
    let common = sections.common();
    sections.refuse_misplaced();
    match errors.is_empty() {
        true => Ok(common),
        false => Err(ConfigErrors::in_file(name, text, errors)),
    }
}

fn root_of<'t>(text: &'t str, name: &str) -> Result<DeTable<'t>, ConfigErrors> {
    let (root, broken) = DeTable::parse_recoverable(text);
    if broken.is_empty() {
        return Ok(root.into_inner());
    }
    let at = |error: &toml::de::Error| error.span().unwrap_or(text.len()..text.len());
    let each = broken.iter().map(|error| SettingError::at(at(error), in_plain_words(error.message())));
    Err(ConfigErrors::in_file(name, text, each.collect()))
}

/// The file's tables, taken one after the other.
pub(super) struct Sections<'t, 'e> {
    pub(super) root: DeTable<'t>,
    pub(super) errors: &'e mut Vec<SettingError>,
}

impl Sections<'_, '_> {
    fn config(&mut self) -> Config {
        let mut config = Config::default();
        let common = self.common();
        config.data_dir = common.data_dir;
        config.timezone = common.timezone.unwrap_or(config.timezone);
        let sources = self.tables::<SourceTable>("source");
        config.sources = sources.into_iter().filter_map(|table| table.check(self.errors)).collect();
        let maintenance = self.tables::<MaintenanceTable>("maintenance");
        let zone = config.timezone;
        config.maintenance = maintenance.into_iter().filter_map(|table| table.check(zone, self.errors)).collect();
        config.watch = self.table::<WatchTable>("watch").check(self.errors);
        config.watch.zone = zone;
        config.watch.maintenance = config.maintenance.iter().map(|range| (range.start, range.end)).collect();
        config.daemon = self.table::<DaemonTable>("daemon").check(self.errors);
        config.serve = self.table::<ServeTable>("serve").check(config.serve, self.errors);
        config.log = self.table::<LogTable>("log").check();
        config.health = self.table::<HealthTable>("health").check(self.errors);
        config
    }

    /// The settings of the top, and whether there are others.
    fn common(&mut self) -> CommonSettings {
        for key in self.root.keys().filter(|key| !TOP.contains(&&**key.get_ref())) {
            self.errors.push(SettingError::at(key.span(), unknown("setting", key.get_ref(), TOP)));
        }
        let data_dir = self.value::<PathBuf>("data_dir").and_then(|dir| {
            if dir.get_ref().as_os_str().is_empty() {
                self.errors.push(SettingError::at(dir.span(), "the folder's name is empty"));
                return None;
            }
            Some(dir.into_inner())
        });
        let timezone = self.value::<String>("timezone").and_then(|written| zone(&written, self.errors));
        CommonSettings { data_dir, timezone }
    }

    /// Refuses settings of the top that stand in a section, where TOML puts whatever comes after its header.
    fn refuse_misplaced(&mut self) {
        for (section, value) in &self.root {
            let tables: Vec<&DeTable<'_>> = match value.get_ref() {
                DeValue::Table(table) => vec![table],
                DeValue::Array(entries) => entries.iter().filter_map(|entry| entry.get_ref().as_table()).collect(),
                _ => continue,
            };
            // Mute windows have time zones of their own.
            let is_plain = SCALAR_SECTIONS.iter().any(|(known, _)| *known == &**section.get_ref());
            let names: &[&str] = if is_plain { &["data_dir", "timezone"] } else { &["data_dir"] };
            for key in tables.iter().flat_map(|table| table.keys()).filter(|key| names.contains(&&**key.get_ref())) {
                let message = format!("`{}` belongs to the top of the file, above all sections", key.get_ref());
                self.errors.push(SettingError::at(key.span(), message));
            }
        }
    }

    /// A setting of the top.
    fn value<T: DeserializeOwned>(&mut self, name: &str) -> Option<Spanned<T>> {
        let value = self.root.get(name)?;
        read::<T>(value, self.errors).map(|read| Spanned::new(value.span(), read))
    }

    /// A section; empty if it is not there or can't be read.
    pub(super) fn table<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        let Some(value) = self.root.get(name) else { return T::default() };
        if !value.get_ref().is_table() {
            self.errors.push(SettingError::at(value.span(), format!("there is one only; write [{name}]")));
            return T::default();
        }
        read(value, self.errors).unwrap_or_default()
    }

    /// A section that may occur several times.
    pub(super) fn tables<T: DeserializeOwned>(&mut self, name: &str) -> Vec<T> {
        let Some(value) = self.root.get(name) else { return Vec::new() };
        let DeValue::Array(tables) = value.get_ref() else {
            self.errors.push(SettingError::at(value.span(), format!("there may be several; write [[{name}]]")));
            return Vec::new();
        };
        tables.iter().filter_map(|table| read(table, self.errors)).collect()
    }

    /// The names in a section that may occur several times, also of entries that can't be read.
    pub(super) fn names_of(&self, name: &str) -> Vec<String> {
        let tables = self.root.get(name).and_then(|value| value.get_ref().as_array());
        let names = tables.into_iter().flatten().filter_map(|table| table.get_ref().get("name"));
        names.filter_map(|name| Some(name.get_ref().as_str()?.to_owned())).collect()
    }
}
