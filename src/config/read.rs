//! A table of the file to a struct, with every error of it.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::domain::{SettingError, nearest};

/// Reads a table. Serde ends at its first error; so what is wrong is noted, taken out, and the rest read again.
pub(super) fn read<T: DeserializeOwned>(value: &Spanned<DeValue<'_>>, errors: &mut Vec<SettingError>) -> Option<T> {
    let mut rest = value.clone();
    let mut is_first = true;
    loop {
        let error = match T::deserialize(ValueDeserializer::from(rest.clone())) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let span = error.span().unwrap_or_else(|| rest.span());
        // What is missing now may be what was taken out.
        let is_consequence = !is_first && error.message().starts_with("missing field");
        if is_consequence {
            return None;
        }
        errors.push(SettingError::at(span.clone(), in_plain_words(error.message())));
        is_first = false;
        let DeValue::Table(table) = rest.get_mut() else { return None };
        if !take_out(table, &span) {
            return None;
        }
    }
}

/// Takes the entry at a place out of a table; whether there is one.
fn take_out(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let mut found = None;
    for (key, value) in table.iter_mut() {
        if let DeValue::Table(inner) = value.get_mut()
            && take_out(inner, span)
        {
            return true;
        }
        let place = value.span();
        if key.span() == *span || (place.start <= span.start && span.end <= place.end) {
            found = Some(key.clone());
        }
    }
    found.is_some_and(|key| table.remove(&key).is_some())
}

/// Serde's message in the words of settings.
pub(super) fn in_plain_words(message: &str) -> String {
    let message = message.trim_end();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let Some(rest) = message.strip_prefix("missing field ") {
        return format!("{rest} is missing");
    }
    for (start, what) in [("unknown field ", "setting"), ("unknown variant ", "value")] {
        if message.starts_with(start)
            && let [typed, known @ ..] = quoted.as_slice()
        {
            return unknown(what, typed, known);
        }
    }
    if let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        let expected = match expected {
            "f32" | "f64" => "a number",
            "u8" | "u16" | "u32" | "u64" | "i64" => "a whole number",
            "a boolean" => "true or false",
            "a string" | "path string" => "a text in quotes",
            other => other,
        };
        return format!("expected {expected}, found {found}");
    }
    message.to_owned()
}

/// What to say of a name that nobody knows.
pub(super) fn unknown(what: &str, typed: &str, known: &[&str]) -> String {
    match nearest(typed, known.iter().copied()) {
        Some(meant) => format!("unknown {what} `{typed}`; did you mean `{meant}`?"),
        None if known.is_empty() => format!("unknown {what} `{typed}`"),
        None => format!("unknown {what} `{typed}`; known here: {}", known.join(", ")),
    }
}
