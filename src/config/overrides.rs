//! `KEYTIDE_…` variables that take a setting's place: `KEYTIDE_WATCH__FALSE_PAGES_PER_WEEK=0.5`.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::read::unknown;
use super::tables::SCALAR_SECTIONS;
use crate::domain::SettingError;

/// The first place that no byte of the file has: there variables are, one place each.
pub(super) const fn beyond(text: &str) -> usize {
    text.len() + 1
}

/// Puts the variables into the file's tables. Returns their names, in the order of their places; a variable that fits
/// no setting is an error.
pub(super) fn put_in<'v>(
    root: &mut DeTable<'v>,
    variables: &'v [(String, String)],
    beyond: usize,
    errors: &mut Vec<SettingError>,
) -> Vec<String> {
    let mut names = Vec::new();
    for (variable, value) in variables {
        let place = beyond + names.len()..beyond + names.len();
        let (section, setting) = match meaning(variable) {
            Meaning::Setting { section, setting } => (section, setting),
            Meaning::Nothing => continue,
            Meaning::Mistyped(message) => {
                errors.push(SettingError::at(place, message));
                names.push(variable.clone());
                continue;
            }
        };
        let value = Spanned::new(place.clone(), value_of(value));
        names.push(variable.clone());
        match section {
            None => put(root, setting, value),
            Some(section) => match table_of(root, section, &place) {
                Some(table) => put(table, setting, value),
                // The file's own error says what is wrong.
                None => continue,
            },
        }
    }
    names
}

/// What a variable means.
enum Meaning {
    Setting {
        section: Option<&'static str>,
        setting: &'static str,
    },
    Mistyped(String),
    /// Not a setting: `KEYTIDE_CONFIG`, or a secret of that name.
    Nothing,
}

fn meaning(variable: &str) -> Meaning {
    let Some(name) = variable.strip_prefix("KEYTIDE_") else { return Meaning::Nothing };
    // These are flags too, and read with them.
    if ["DATA_DIR", "CONFIG", "LOG_FORMAT", "COLOR"].contains(&name) {
        return Meaning::Nothing;
    }
    let name = name.to_ascii_lowercase();
    if name == "timezone" {
        return Meaning::Setting { section: None, setting: "timezone" };
    }
    let spelled = |(section, fields): &(&str, fn() -> &'static [&'static str])| -> Vec<String> {
        fields().iter().map(|field| format!("{section}__{field}")).collect()
    };
    let Some((section, setting)) = name.split_once("__") else {
        let all: Vec<String> = SCALAR_SECTIONS.iter().flat_map(spelled).collect();
        return match all.iter().find(|known| known.replace("__", "_") == name) {
            Some(known) => Meaning::Mistyped(format!(
                "two underscores stand between section and setting; write KEYTIDE_{}",
                known.to_ascii_uppercase()
            )),
            None => Meaning::Nothing,
        };
    };
    let Some((section, fields)) = SCALAR_SECTIONS.iter().find(|(known, _)| *known == section) else {
        let sections: Vec<&str> = SCALAR_SECTIONS.iter().map(|(name, _)| *name).collect();
        return Meaning::Mistyped(unknown("section", section, &sections));
    };
    match fields().iter().find(|known| **known == setting) {
        Some(setting) => Meaning::Setting { section: Some(section), setting },
        None => Meaning::Mistyped(unknown("setting", setting, fields())),
    }
}

/// The value as the file would have it: a number, a flag, a quoted text; anything else is a text as it stands.
fn value_of(text: &str) -> DeValue<'_> {
    match DeValue::parse(text).map(Spanned::into_inner) {
        Ok(value @ (DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::String(_))) => value,
        _ => DeValue::String(Cow::Borrowed(text)),
    }
}

fn put<'v>(table: &mut DeTable<'v>, setting: &'static str, value: Spanned<DeValue<'v>>) {
    table.remove(setting);
    table.insert(Spanned::new(value.span(), Cow::Borrowed(setting)), value);
}

fn table_of<'r, 'v>(
    root: &'r mut DeTable<'v>,
    section: &'static str,
    place: &std::ops::Range<usize>,
) -> Option<&'r mut DeTable<'v>> {
    if !root.contains_key(section) {
        let empty = Spanned::new(place.clone(), DeValue::Table(DeTable::new()));
        root.insert(Spanned::new(place.clone(), Cow::Borrowed(section)), empty);
    }
    match root.get_mut(section)?.get_mut() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}
