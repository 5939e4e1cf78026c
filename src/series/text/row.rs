//! A line's fields, and which of them are wanted.

use memchr::memchr;

use super::TextError;

/// Where the wanted columns are.
#[derive(Clone, Debug)]
pub(super) struct Places {
    timestamp: usize,
    value: usize,
    /// Columns that the header has.
    pub(super) columns: usize,
}

impl Places {
    /// Finds the columns in the header, whatever the case of its letters.
    pub(super) fn of(header: &[u8]) -> Result<Self, TextError> {
        let mut names = Vec::new();
        let mut rest = Some(header);
        while let Some(line) = rest {
            let Some((name, next)) = field(line) else { break };
            names.push(String::from_utf8_lossy(name).to_ascii_lowercase());
            rest = next;
        }
        let place = |missing: &'static str| {
            names.iter().position(|name| name == missing).ok_or_else(|| {
                let found = names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
                TextError::Column { missing, found: found.chars().take(200).collect() }
            })
        };
        Ok(Places { timestamp: place("timestamp")?, value: place("value")?, columns: names.len() })
    }
}

/// The stamp and the value of a line; else what the line has instead. Fields after both may be missing, and a comma may
/// end the line; more fields than the header has are none: a comma may be of a number.
pub(super) fn fields<'a>(line: &'a [u8], places: &Places) -> Result<[&'a [u8]; 2], String> {
    let mut found: [&[u8]; 2] = [&[], &[]];
    let last = places.timestamp.max(places.value);
    let mut rest = Some(line);
    for at in 0..places.columns {
        let Some(left) = rest else {
            if at > last {
                break;
            }
            return Err(if at == 1 { "1 field".to_owned() } else { format!("{at} fields") });
        };
        let Some((text, next)) = field(left) else { return Err("a quote that doesn't end".to_owned()) };
        if at == places.timestamp {
            found[0] = text;
        }
        if at == places.value {
            found[1] = text;
        }
        rest = next;
    }
    let Some(mut more) = rest.filter(|more| !more.is_empty()) else { return Ok(found) };
    let mut count = places.columns + 1;
    while let Some((_, Some(next))) = field(more) {
        (more, count) = (next, count + 1);
    }
    Err(format!("{count} fields"))
}

/// The first field, without its quotes and the blanks around it, and what follows its comma. `None` if its quotes don't
/// end.
fn field(line: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    if line.first() == Some(&b'"') {
        let mut end = 1;
        loop {
            end += memchr(b'"', &line[end..])?;
            // Two quotes are one that is meant.
            if line.get(end + 1) != Some(&b'"') {
                break;
            }
            end += 2;
        }
        let rest = &line[end + 1..];
        return match memchr(b',', rest) {
            Some(comma) => Some((line[1..end].trim_ascii(), Some(&rest[comma + 1..]))),
            None => Some((line[1..end].trim_ascii(), None)),
        };
    }
    match memchr(b',', line) {
        Some(comma) => Some((line[..comma].trim_ascii(), Some(&line[comma + 1..]))),
        None => Some((line.trim_ascii(), None)),
    }
}
